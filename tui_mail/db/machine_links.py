"""What linking leaves in the database: the machine's own links, in bulk.

Hides how a person's word outlasts the machine's: links confirmed, rejected or made by hand are
never touched here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select
from sqlmodel import Session, col

from tui_mail.db.link_store import known_links, write_links
from tui_mail.db.many import chunks
from tui_mail.db.tables import Entity
from tui_mail.values import PARTY_KINDS, LinkProposal, LinkState

_MACHINE = (LinkState.AUTOMATIC.value, LinkState.PROPOSED.value)


@dataclass(frozen=True, slots=True)
class Proposed:
    """What linking concluded about one message."""

    message_id: int
    received_at: datetime
    proposals: Sequence[LinkProposal]


def save_links(session: Session, batch: Sequence[Proposed], now: datetime) -> int:
    """Make the machine's links of these messages what `batch` says; returns how many changed.

    A link of a document that is sure brings one to its party with it. Whatever a person has
    confirmed, rejected or added stays as it is. Saving the same again changes nothing.
    """
    parties = _parties_of(session, (one for item in batch for one in item.proposals))
    known = known_links(session, [item.message_id for item in batch])
    new: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    gone: list[int] = []
    for item in batch:
        there = known.get(item.message_id, {})
        wanted = {one.entity_id: one for one in _with_parties(item.proposals, parties)}
        for entity_id, one in wanted.items():
            row = there.get(entity_id)
            if row is None:
                new.append(_new_link(item, one, now))
            elif _is_machine(row) and _differs(row, one):
                changed.append({"id": row.id, **_said(one), "at": now})
        gone += [row.id for key, row in there.items() if key not in wanted and _is_machine(row)]
    return write_links(session, new, changed, gone)


def _parties_of(session: Session, proposals: Iterable[LinkProposal]) -> dict[int, int]:
    """Document -> party, of those that have one and still exist."""
    found: dict[int, int] = {}
    for some in chunks({one.entity_id for one in proposals}):
        query = select(col(Entity.id), col(Entity.party_id)).where(
            col(Entity.id).in_(some),
            col(Entity.party_id).is_not(None),
            col(Entity.kind).not_in(("contact", *PARTY_KINDS)),
        )
        found.update((row.id, row.party_id) for row in session.execute(query))
    return found


def _with_parties(
    proposals: Sequence[LinkProposal], parties: Mapping[int, int]
) -> Iterator[LinkProposal]:
    named = {one.entity_id for one in proposals}
    for one in proposals:
        yield one
        party = parties.get(one.entity_id)
        sure = one.state in {LinkState.AUTOMATIC, LinkState.CONFIRMED}
        if sure and party is not None and party not in named:
            named.add(party)
            yield LinkProposal(party, one.state, one.method, one.score, one.why, one.found_in)


def _is_machine(row: Row[tuple[Any, ...]]) -> bool:
    return row.operator_id is None and row.state in _MACHINE


def _said(one: LinkProposal) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "method": one.method,
        "score": one.score,
        "why": one.why,
        "found_in": one.found_in,
    }


def _differs(row: Row[tuple[Any, ...]], one: LinkProposal) -> bool:
    return any(getattr(row, name) != value for name, value in _said(one).items())


def _new_link(item: Proposed, one: LinkProposal, now: datetime) -> dict[str, Any]:
    return {
        "message_id": item.message_id,
        "entity_id": one.entity_id,
        "received_at": item.received_at,
        "operator_id": None,
        "at": now,
        **_said(one),
    }
