"""What linking leaves in the database: the machine's own links, in bulk.

A conversation hands its links on within a batch: what is concluded about a message is known here
before it is written. Hides how a person's word outlasts the machine's: links confirmed, rejected or
made by hand are never touched here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, Select, select
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.knowledge import KnownRecord
from tui_mail.db.link_store import known_links, write_links
from tui_mail.db.many import rows_of
from tui_mail.db.tables import Entity
from tui_mail.linking.facts import ParentLink
from tui_mail.values import PARTY_KINDS, LinkProposal, LinkState

_MACHINE = (LinkState.AUTOMATIC.value, LinkState.PROPOSED.value)
_WITHOUT_PARTY = frozenset({"contact", *PARTY_KINDS})
_SURE = frozenset({LinkState.AUTOMATIC, LinkState.CONFIRMED})


class Proposed(Struct, frozen=True):
    """What linking concluded about one message. `copied`: what else links have of it, by column,
    where that is known."""

    message_id: int
    received_at: datetime
    proposals: Sequence[LinkProposal]
    copied: Mapping[str, Any] = {}


class MachineLinks:
    """The links of some messages: as they are stored, and as they will be.

    A link of a document that is sure brings one to its party with it. Whatever a person has
    confirmed, rejected or added stays as it is. Concluding the same again changes nothing.
    """

    def __init__(
        self,
        session: Session,
        message_ids: Collection[int],
        records: Mapping[int, KnownRecord],
        others: Iterable[int] = (),
    ) -> None:
        """The records that may be concluded are among `records` and, by their ids, `others`; those of
        stored links are looked up here."""
        self._session = session
        self._known = known_links(session, message_ids)
        linked = {entity_id for there in self._known.values() for entity_id in there}
        unknown = linked.union(others).difference(records)
        self._records = {**records, **_records(session, unknown)}
        self._standing: dict[int, list[ParentLink]] = {}
        self._new: list[dict[str, Any]] = []
        self._changed: list[dict[str, Any]] = []
        self._gone: list[int] = []

    def of(self, message_id: int) -> tuple[ParentLink, ...]:
        """The links of a message as they stand by now."""
        standing = self._standing.get(message_id)
        if standing is None:
            rows = self._known.get(message_id, {})
            standing = [*self._stored(rows.values())]
            self._standing[message_id] = standing
        return tuple(standing)

    def conclude(self, item: Proposed, now: datetime) -> None:
        """Make the machine's links of a message what `item` says."""
        there = self._known.get(item.message_id, {})
        wanted = {one.entity_id: one for one in self._with_parties(item.proposals)}
        kept = []
        for entity_id, one in wanted.items():
            row = there.get(entity_id)
            if row is None:
                self._new.append(_new_link(item, one, now))
            elif not _is_machine(row):
                continue
            elif _differs(row, one):
                self._changed.append({"id": row.id, **_said(one), "at": now})
            kept.append(one)
        said = [row for row in there.values() if not _is_machine(row)]
        self._gone += [
            row.id for key, row in there.items() if key not in wanted and _is_machine(row)
        ]
        self._standing[item.message_id] = [*self._stored(said), *self._concluded(kept)]

    def write(self) -> int:
        """Write what was concluded; how many links changed."""
        return write_links(self._session, self._new, self._changed, self._gone)

    def _with_parties(self, proposals: Sequence[LinkProposal]) -> Iterator[LinkProposal]:
        named = {one.entity_id for one in proposals}
        for one in proposals:
            yield one
            record = self._records.get(one.entity_id)
            party = record.party_id if record and one.state in _SURE else None
            if party is not None and party not in named:
                named.add(party)
                yield LinkProposal(party, one.state, one.method, one.score, one.why, one.found_in)

    def _stored(self, rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[ParentLink]:
        for row in rows:
            record = self._records.get(row.entity_id)
            if record is not None:
                yield _standing(row.entity_id, LinkState(row.state), row, record)

    def _concluded(self, proposals: Iterable[LinkProposal]) -> Iterator[ParentLink]:
        for one in proposals:
            record = self._records.get(one.entity_id)
            if record is not None:
                yield _standing(one.entity_id, one.state, one, record)


def save_links(session: Session, batch: Sequence[Proposed], now: datetime) -> int:
    """Make the machine's links of these messages what `batch` says; returns how many changed."""
    named = {one.entity_id for item in batch for one in item.proposals}
    links = MachineLinks(session, [item.message_id for item in batch], _records(session, named))
    for item in batch:
        links.conclude(item, now)
    return links.write()


def _records(session: Session, ids: Collection[int]) -> dict[int, KnownRecord]:
    if not ids:
        return {}
    return {
        row.id: KnownRecord(
            row.kind,
            row.party_id if row.kind not in _WITHOUT_PARTY else None,
            row.company,
            row.title if row.kind in PARTY_KINDS else row.code,
        )
        for row in rows_of(session, _records_of(), {"some": ids})
    }


@cache
def _records_of() -> Select[*tuple[Any, ...]]:
    names = ("id", "kind", "party_id", "company", "title", "code")
    columns = [getattr(Entity, name) for name in names]
    return select(*columns).where(among_numbers(col(Entity.id), "some"))


def _standing(
    entity_id: int,
    state: LinkState,
    said: LinkProposal | Row[*tuple[Any, ...]],
    record: KnownRecord,
) -> ParentLink:
    return ParentLink(
        entity_id,
        record.kind,
        state,
        said.score,
        record.party_id,
        record.company,
        record.label,
        said.method,
    )


def _is_machine(row: Row[*tuple[Any, ...]]) -> bool:
    return row.operator_id is None and row.state in _MACHINE


def _said(one: LinkProposal) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "method": one.method,
        "score": one.score,
        "why": one.why,
        "found_in": one.found_in,
    }


def _differs(row: Row[*tuple[Any, ...]], one: LinkProposal) -> bool:
    return any(getattr(row, name) != value for name, value in _said(one).items())


def _new_link(item: Proposed, one: LinkProposal, now: datetime) -> dict[str, Any]:
    return {
        "message_id": item.message_id,
        "entity_id": one.entity_id,
        "received_at": item.received_at,
        "operator_id": None,
        "at": now,
        **_said(one),
        **item.copied,
    }
