"""Addresses that people have linked to a party by hand, again and again: in no book, yet known.

Counted anew from the links whenever a person says something, so that undoing it is forgetting it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, select
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers, among_texts
from tui_mail.db.bulk import insert_rows
from tui_mail.db.many import rows_of
from tui_mail.db.tables import Entity, LearnedAddress, Link, Message
from tui_mail.linking.facts import KnownParty
from tui_mail.mail.kinds import REPORT_KINDS
from tui_mail.values import PARTY_KINDS, LinkState

_LEAST = 2  # conversations: once may be a slip


def learned(session: Session, addresses: Collection[str]) -> dict[str, tuple[KnownParty, ...]]:
    """The parties that these addresses, in lower case, were linked to often enough."""
    if not addresses:
        return {}
    found: defaultdict[str, list[KnownParty]] = defaultdict(list)
    for row in rows_of(session, _learned(), {"some": addresses}):
        party = KnownParty(row.id, row.title, row.company, row.kind, times=row.times)
        found[row.email].append(party)
    return {email: tuple(parties) for email, parties in found.items()}


@cache
def _learned() -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(LearnedAddress.email),
            col(LearnedAddress.times),
            col(Entity.id),
            col(Entity.title),
            col(Entity.company),
            col(Entity.kind),
        )
        .join(Entity, col(Entity.id) == col(LearnedAddress.entity_id))
        .where(among_texts(col(LearnedAddress.email), "some"), ~col(Entity.gone))
        .order_by(col(LearnedAddress.email), col(Entity.id))
    )


def count_again(session: Session, message_ids: Collection[int], entity_ids: Iterable[int]) -> None:
    """Learn from what people say now of these messages and records; a refusal forgets."""
    parties = _parties(session, entity_ids)
    writers = _writers(session, message_ids)
    if not parties or not writers:
        return
    told: defaultdict[tuple[str, int], list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in session.execute(_said(), {"parties": parties, "writers": writers}):
        told[row.email, row.entity_id].append(row)
    session.execute(
        delete(LearnedAddress).where(
            col(LearnedAddress.email).in_(writers), col(LearnedAddress.entity_id).in_(parties)
        )
    )
    counted = {pair: _times(rows) for pair, rows in told.items()}
    insert_rows(
        session,
        LearnedAddress,
        [
            {"email": email, "entity_id": entity_id, "times": times}
            for (email, entity_id), times in counted.items()
            if times >= _LEAST
        ],
    )


def _said() -> Any:
    """What people said of the parties' links to messages of the writers."""
    email = func.lower(col(Message.sender_address)).label("email")
    return (
        select(email, col(Link.entity_id), col(Link.state), col(Message.thread_id))
        .join(Message, col(Message.id) == col(Link.message_id))
        .where(
            among_numbers(col(Link.entity_id), "parties"),
            col(Link.operator_id).is_not(None),
            _is_somebodys(),
            among_texts(func.lower(col(Message.sender_address)), "writers"),
        )
    )


def _is_somebodys() -> ColumnElement[bool]:
    """A provider writes its receipts for everybody; a program's report says nothing of a party."""
    return col(Message.kind).not_in(REPORT_KINDS)


def _times(rows: Iterable[Row[*tuple[Any, ...]]]) -> int:
    """In how many conversations they were linked; none when somebody refused it in one."""
    states = {row.thread_id: row.state for row in rows}
    refused = LinkState.REJECTED.value in {row.state for row in rows}
    return 0 if refused else len(states)


def _parties(session: Session, entity_ids: Iterable[int]) -> list[int]:
    query = select(col(Entity.id)).where(
        among_numbers(col(Entity.id), "some"), col(Entity.kind).in_(PARTY_KINDS)
    )
    return [*session.scalars(query, {"some": {*entity_ids}})]


def _writers(session: Session, message_ids: Collection[int]) -> list[str]:
    """Whose letters these are; ours say nothing."""
    query = select(func.lower(col(Message.sender_address))).where(
        among_numbers(col(Message.id), "some"),
        ~col(Message.outgoing),
        _is_somebodys(),
        col(Message.sender_address) != "",
    )
    return [*session.scalars(query.distinct(), {"some": {*message_ids}})]
