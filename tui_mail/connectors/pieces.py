"""Changes of an ERP in pieces that can be taken one after the other, each by itself.

Whoever is referred to comes before whoever refers; a record comes with all of its addresses and lines.
None says what is missing: that is only known of all of them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from tui_mail.values import (
    PARTY_KINDS,
    AddressRecord,
    EntityRecord,
    ErpChanges,
    LineRecord,
    Reference,
)

_T = TypeVar("_T")


def pieces(changes: ErpChanges, size: int) -> Iterator[ErpChanges]:
    """`changes` in pieces of about `size` records, none of which is complete."""
    part = ErpChanges(cursor=changes.cursor, complete=False)
    yield replace(part, companies=changes.companies)
    addresses: dict[Reference, list[AddressRecord]] = defaultdict(list)
    for address in changes.addresses:
        addresses[address.contact or address.party].append(address)
    lines: dict[Reference, list[LineRecord]] = defaultdict(list)
    for line in changes.lines:
        lines[line.document].append(line)
    for some in _runs(sorted(changes.entities, key=_rank), size):
        names = [Reference(one.kind, one.code, one.company) for one in some]
        yield replace(
            part,
            entities=tuple(some),
            addresses=tuple(one for name in names for one in addresses.pop(name, ())),
            lines=tuple(one for name in names for one in lines.pop(name, ())),
        )
    for left in _runs([one for several in addresses.values() for one in several], size):
        yield replace(part, addresses=tuple(left))
    for alone in _runs([one for several in lines.values() for one in several], size):
        yield replace(part, lines=tuple(alone))
    for pairs in _runs(changes.relations, size):
        yield replace(part, relations=tuple(pairs))
    if changes.gone:
        yield replace(part, gone=changes.gone)


def _rank(record: EntityRecord) -> int:
    return 0 if record.kind in PARTY_KINDS else 1 if record.kind == "contact" else 2


def _runs(values: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """Records of one rank do not wait for each other, so a run may hold several ranks."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
