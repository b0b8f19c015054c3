"""What an ERP that is asked over the network has told, and how far it was read.

Such an ERP says when each record was last changed, but not what was deleted: so what changed since
is read, and from time to time everything. Hides the cursor.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tui_mail.values import (
    AddressRecord,
    CompanyRecord,
    EntityRecord,
    ErpChanges,
    LineRecord,
    RecordError,
    Reference,
    RelationRecord,
)

# A transaction there may be kept minutes after the time that its records bear.
_LATE = timedelta(minutes=10)
_WHOLE_EVERY = timedelta(hours=24)


@dataclass(slots=True)
class Gathered:
    """What was read so far. `stamps`: when each record was changed, by what names it there."""

    companies: list[CompanyRecord] = field(default_factory=list)
    entities: dict[Reference, EntityRecord] = field(default_factory=dict)
    addresses: dict[tuple[Reference, str, Reference | None], AddressRecord] = field(
        default_factory=dict
    )
    relations: dict[RelationRecord, None] = field(default_factory=dict)
    lines: list[LineRecord] = field(default_factory=list)
    errors: list[RecordError] = field(default_factory=list)
    gone: dict[Reference, None] = field(default_factory=dict)
    stamps: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, record: EntityRecord) -> Reference:
        reference = Reference(record.kind, record.code, record.company)
        self.entities[reference] = record
        return reference

    def add_address(self, record: AddressRecord) -> None:
        key = (record.party, record.email.strip().lower(), record.contact)
        self.addresses.setdefault(key, record)

    def relate(self, source: Reference, target: Reference) -> None:
        self.relations.setdefault(RelationRecord(target.company, source, target))


@dataclass(frozen=True, slots=True)
class _Cursor:
    """`at`: the newest change that was read; `whole`: when everything was; `seen`: of what has
    changed shortly before `at`, a digest."""

    at: str
    whole: str
    seen: str

    def is_fresh(self, now: datetime) -> bool:
        try:
            return datetime.fromisoformat(self.whole) + _WHOLE_EVERY > now
        except (TypeError, ValueError):  # nor one without a zone
            return False


def read_since(cursor: str, now: datetime, read: Callable[[str], Gathered]) -> ErpChanges:
    """What changed since `cursor`, or everything. `read` is told a moment in the ERP's own manner,
    "" for the beginning, and gives at least what has changed since."""
    known = _unpacked(cursor)
    if known is not None and not known.is_fresh(now):
        known = None
    found = read(_before(known.at) if known else "")
    at = max([known.at if known else "", *found.stamps.values()])
    whole = known.whole if known else now.isoformat(timespec="seconds")
    current = _Cursor(at, whole, _digest(found, _before(at)))
    if known == current:
        return ErpChanges(cursor=cursor, complete=False, errors=tuple(found.errors))
    return ErpChanges(
        cursor=json.dumps([current.at, current.whole, current.seen]),
        complete=known is None and not any(error.rest for error in found.errors),
        companies=tuple(found.companies),
        entities=tuple(found.entities.values()),
        addresses=tuple(found.addresses.values()),
        relations=tuple(found.relations),
        lines=tuple(found.lines),
        errors=tuple(found.errors),
        gone=tuple(one for one in found.gone if one not in found.entities),
    )


def _unpacked(cursor: str) -> _Cursor | None:
    try:
        found = json.loads(cursor)
    except ValueError:
        return None
    well = isinstance(found, list) and len(found) == 3 and all(isinstance(x, str) for x in found)
    return _Cursor(*found) if well else None


def _before(at: str) -> str:
    """Somewhat earlier, in the same manner."""
    try:
        moment = datetime.fromisoformat(at) - _LATE
    except (ValueError, OverflowError):
        return ""
    return moment.isoformat(sep=" ", timespec="microseconds" if "." in at else "seconds")


def _digest(found: Gathered, since: str) -> str:
    late = sorted((*key, stamp) for key, stamp in found.stamps.items() if stamp >= since)
    return hashlib.sha256(json.dumps(late).encode()).hexdigest()
