"""Ways of writing numbers that people have taught, by saying what a message is about.

Kept by message and record, and made anew whenever a person says something of these, so that undoing
it is forgetting it. What the grammar reads by itself teaches nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import case, delete, func, select
from sqlmodel import Session, col

from tui_mail.db import accounts
from tui_mail.db.among import among_numbers, among_texts
from tui_mail.db.bulk import insert_rows
from tui_mail.db.knowledge import Described, described_alone, own_house
from tui_mail.db.known_documents import document_rows
from tui_mail.db.said_in import with_mentions
from tui_mail.db.tables import Entity, Link, Message, TaughtFormat
from tui_mail.linking.documents import is_named
from tui_mail.linking.facts import WRITTEN_KINDS, KnownDocument
from tui_mail.linking.formats import Format, candidates_of, formats_taught
from tui_mail.linking.numbers import NumberCandidate, Taught
from tui_mail.linking.tokens import Token
from tui_mail.values import LinkState

_MOST_READ = 20  # of one message
_REFUSAL = 2  # conversations that one in which a person refused outweighs


def with_formats(session: Session, messages: Sequence[Described]) -> list[Described]:
    """The messages with what they say in ways that people have taught."""
    if session.scalar(select(col(TaughtFormat.message_id)).limit(1)) is None:
        return [*messages]
    shapes = {token.shape for one in messages for token in _tokens(one)}
    taught = _taught(session, shapes)
    return [_with_formats(one, taught) for one in messages] if taught else [*messages]


def _tokens(message: Described) -> Sequence[Token]:
    facts = message.facts
    return facts.tokens if facts.kind in WRITTEN_KINDS else ()


def _with_formats(message: Described, taught: Mapping[str, Mapping[Format, Taught]]) -> Described:
    found: dict[NumberCandidate, None] = {}
    for token in _tokens(message):
        for learned, by_whom in taught.get(token.shape, {}).items():
            found |= dict.fromkeys(candidates_of(token, learned, by_whom))
    if not found:
        return message
    mentions = message.facts.mentions
    more = tuple(found)[:_MOST_READ]
    read = replace(mentions, candidates=(*mentions.candidates, *more))
    return replace(message, facts=replace(message.facts, found=read))


def _taught(session: Session, shapes: Collection[str]) -> dict[str, dict[Format, Taught]]:
    """By shape, each way and in how many conversations it was taught; a refusal takes two away."""
    way = (
        col(TaughtFormat.shape),
        col(TaughtFormat.kind),
        col(TaughtFormat.company),
        col(TaughtFormat.written),
        col(TaughtFormat.lead),
        col(TaughtFormat.meant),
        col(TaughtFormat.party_id),
    )
    refused, thread = col(TaughtFormat.refused), col(Message.thread_id)
    said, denied = (func.count(case((which, thread)).distinct()) for which in (~refused, refused))
    times = said - _REFUSAL * denied
    query = (
        select(*way, times)
        .join(Message, col(Message.id) == col(TaughtFormat.message_id))
        .where(among_texts(col(TaughtFormat.shape), "some"))
        .group_by(*way)
        .having(times > 0)
        .order_by(*way)
    )
    found_by: defaultdict[tuple[str, Format], list[tuple[int, int]]] = defaultdict(list)
    for shape, kind, company, written, lead, meant, party_id, count in session.execute(
        query, {"some": shapes}
    ):
        found_by[shape, Format(kind, company, written, lead, meant)].append((party_id, count))
    found: defaultdict[str, dict[Format, Taught]] = defaultdict(dict)
    for (shape, learned), by_party in found_by.items():
        found[shape][learned] = Taught(learned.company, tuple(by_party))
    return found


# -- learning --------------------------------------------------------------------------------------


def learn_again(
    session: Session, message_ids: Collection[int], entity_ids: Collection[int]
) -> None:
    """Learn from what people say now of these messages and records."""
    query = document_rows().where(among_numbers(col(Entity.id), "some"))
    documents = {
        row.id: KnownDocument(*row) for row in session.execute(query, {"some": entity_ids})
    }
    if not documents:
        return
    session.execute(
        delete(TaughtFormat).where(
            among_numbers(col(TaughtFormat.message_id), "messages"),
            among_numbers(col(TaughtFormat.entity_id), "documents"),
        ),
        {"messages": message_ids, "documents": documents},
    )
    said = _said(session, message_ids, documents)
    own = own_house(session, accounts.own_addresses(session))
    there = described_alone(session, {message_id for message_id, _entity in said}, own)
    messages = {one.message_id: one for one in with_mentions(session, there, {})}
    rows = [
        row
        for (message_id, entity_id), state in said.items()
        for row in _lessons(messages[message_id], documents[entity_id], state)
    ]
    insert_rows(session, TaughtFormat, rows)


def _said(
    session: Session, message_ids: Collection[int], entity_ids: Collection[int]
) -> dict[tuple[int, int], LinkState]:
    """Message and record -> a person's word."""
    query = select(col(Link.message_id), col(Link.entity_id), col(Link.state)).where(
        among_numbers(col(Link.message_id), "messages"),
        among_numbers(col(Link.entity_id), "documents"),
        col(Link.operator_id).is_not(None),
    )
    rows = session.execute(query, {"messages": message_ids, "documents": entity_ids})
    return {(row[0], row[1]): LinkState(row[2]) for row in rows}


def _lessons(
    message: Described, document: KnownDocument, state: LinkState
) -> Iterator[dict[str, Any]]:
    if is_named(message.facts, document):
        return
    ways = {
        (learned.written, learned.lead, learned.meant): (token.shape, learned)
        for token in _tokens(message)
        for learned in formats_taught(token, document)
    }
    for (written, lead, meant), (shape, learned) in ways.items():
        yield {
            "message_id": message.message_id,
            "entity_id": document.entity_id,
            "written": written,
            "lead": lead,
            "meant": meant,
            "shape": shape,
            "kind": learned.kind,
            "company": learned.company,
            "party_id": (document.party_id or 0) if meant else 0,
            "refused": state is LinkState.REJECTED,
        }
