"""What linking wants to know, for many messages at once: a handful of queries, none in a loop.

`described` says what each message is, from its own row; `knowledge_for` looks up parties,
documents, the answered message's links and what a person has rejected.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.many import chunks
from tui_mail.db.tables import Address, Company, Entity, Link, Message
from tui_mail.linking.facts import (
    Knowledge,
    KnownDocument,
    KnownParty,
    MessageFacts,
    Needs,
    Parent,
    ParentLink,
)
from tui_mail.safetext import folded
from tui_mail.values import DOCUMENT_KINDS, PARTY_KINDS, LinkState, Mailbox

_MOST_OF_A_DOMAIN = 50
_MOST_OF_A_NUMBER = 200
_MOST_OF_A_THREAD = 500


@dataclass(frozen=True, slots=True)
class Described:
    """A message as linking needs it. `answers`: identifiers that it answers, the nearest first."""

    message_id: int
    thread_id: int
    header: str
    answers: tuple[str, ...]
    received_at: datetime
    facts: MessageFacts


def own_domains(session: Session) -> frozenset[str]:
    """The mail domains of the companies themselves, lower case."""
    found = session.scalars(select(col(Company.domains)))
    return frozenset(one.lower().lstrip("@") for text in found for one in text.split())


def described(
    session: Session,
    message_ids: Collection[int],
    own_addresses: frozenset[str],
    own: frozenset[str],
) -> list[Described]:
    """The messages and the later ones of their conversations, oldest first.

    The later ones because what they answer may only have come now. `own`: own domains.
    """
    earliest: dict[int, datetime] = {}
    for part in chunks(message_ids):
        query = (
            select(col(Message.thread_id), func.min(col(Message.received_at)))
            .where(col(Message.id).in_(part))
            .group_by(col(Message.thread_id))
        )
        for thread_id, at in session.execute(query):
            earliest[thread_id] = min(at, earliest.get(thread_id, at))
    wanted = set(message_ids)
    found: list[Described] = []
    for part in chunks(earliest):
        counts: defaultdict[int, int] = defaultdict(int)
        for row in session.execute(_rows().where(col(Message.thread_id).in_(part))):
            counts[row.thread_id] += 1
            later = row.received_at >= earliest[row.thread_id]
            if row.id in wanted or (later and counts[row.thread_id] <= _MOST_OF_A_THREAD):
                found.append(_described(row, own_addresses, own))
    return sorted(found, key=lambda one: (one.received_at, one.message_id))


@cache
def _rows() -> Select[*tuple[Any, ...]]:
    return select(
        col(Message.id),
        col(Message.thread_id),
        col(Message.message_id),
        col(Message.in_reply_to),
        col(Message.references),
        col(Message.subject),
        col(Message.sender_name),
        col(Message.sender_address),
        col(Message.reply_addresses),
        col(Message.recipient_addresses),
        col(Message.copy_addresses),
        col(Message.kind),
        col(Message.outgoing),
        col(Message.received_at),
        col(Message.date),
    ).order_by(col(Message.thread_id), col(Message.received_at), col(Message.id))


def _described(
    row: Row[*tuple[Any, ...]], own_addresses: frozenset[str], own: frozenset[str]
) -> Described:
    answers = (*row.in_reply_to.split(), *reversed(row.references.split()))
    copies = row.copy_addresses.split()
    sender = (Mailbox(row.sender_address, row.sender_name),) if row.sender_address else ()
    facts = MessageFacts(
        subject=row.subject,
        senders=sender,
        reply_to=_boxes(row.reply_addresses.split()),
        to=_boxes(one for one in row.recipient_addresses.split() if one not in copies),
        cc=_boxes(copies),
        kind=row.kind,
        outgoing=row.outgoing,
        date=(row.date or row.received_at).date(),
        own_addresses=own_addresses,
        own_domains=own,
    )
    return Described(
        row.id,
        row.thread_id,
        row.message_id,
        tuple(dict.fromkeys(one for one in answers if one != row.message_id)),
        row.received_at,
        facts,
    )


def _boxes(addresses: Iterable[str]) -> tuple[Mailbox, ...]:
    return tuple(Mailbox(one) for one in addresses)


class Records:
    """The parties and documents that messages may mean, looked up once for many."""

    def __init__(self, session: Session, needs: Collection[Needs]) -> None:
        self._addresses = _parties(session, {a for need in needs for a in need.addresses})
        self._domains = _domain_parties(session, {d for need in needs for d in need.domains})
        self._by_number: defaultdict[str, list[KnownDocument]] = defaultdict(list)
        self._by_code: defaultdict[str, list[KnownDocument]] = defaultdict(list)
        for one in _documents(session, needs):
            self._by_number[one.number].append(one)
            self._by_code[one.code.upper()].append(one)

    def knowledge(self, need: Needs, parent: Parent | None, rejected: frozenset[int]) -> Knowledge:
        """What is known of one message."""
        return Knowledge(
            addresses={a: self._addresses[a] for a in need.addresses if a in self._addresses},
            domains={d: self._domains[d] for d in need.domains if d in self._domains},
            documents=self._documents(need),
            parent=parent,
            rejected=rejected,
        )

    def _documents(self, need: Needs) -> tuple[KnownDocument, ...]:
        """Those of the right kind that have one of the numbers or codes, in the order of ids."""
        if not need.candidates:
            return ()
        kinds = need.kinds
        found = {
            one.entity_id: one
            for there, names in ((self._by_number, need.numbers), (self._by_code, need.codes))
            for name in names
            for one in there.get(name, ())
            if one.kind in kinds
        }
        return tuple(found[key] for key in sorted(found))


def knowledge_for(
    session: Session, wanted: Sequence[tuple[Described, Needs]], records: Records | None = None
) -> dict[int, Knowledge]:
    """What is known for each message, by its id; the links of what it answers as they are now.

    `records`: what was looked up for these and others before.
    """
    if records is None:
        records = Records(session, [need for _one, need in wanted])
    parents = _parents(session, [one for one, _need in wanted])
    rejected = _rejected(session, {one.thread_id for one, _need in wanted})
    return {
        one.message_id: records.knowledge(
            need, parents.get(one.message_id), rejected.get(one.thread_id, frozenset())
        )
        for one, need in wanted
    }


# -- parties ---------------------------------------------------------------------------------------


@cache  # adapting columns to aliases takes longer than the query
def _address_rows() -> Select[*tuple[Any, ...]]:
    party, contact = aliased(Entity), aliased(Entity)
    return (
        select(
            col(Address.email),
            col(party.id).label("party_id"),
            col(party.title).label("name"),
            col(party.company).label("company"),
            col(party.kind).label("kind"),
            col(Address.contact_id),
            func.coalesce(col(contact.title), "").label("contact_name"),
        )
        .join(party, col(party.id) == col(Address.party_id))
        .outerjoin(contact, col(contact.id) == col(Address.contact_id))
        .where(~col(party.gone))
        .order_by(col(Address.email), col(party.id), col(Address.id))
    )


def _party(row: Row[*tuple[Any, ...]], *, declared: bool = False) -> KnownParty:
    return KnownParty(
        row.party_id, row.name, row.company, row.kind, row.contact_id, row.contact_name, declared
    )


def _parties(session: Session, addresses: Collection[str]) -> dict[str, tuple[KnownParty, ...]]:
    found: defaultdict[str, dict[int, KnownParty]] = defaultdict(dict)
    for part in chunks(addresses):
        for row in session.execute(_address_rows().where(col(Address.email).in_(part))):
            found[row.email].setdefault(row.party_id, _party(row))
    return {address: tuple(parties.values()) for address, parties in found.items()}


def _domain_parties(
    session: Session, domains: Collection[str]
) -> dict[str, tuple[KnownParty, ...]]:
    """Parties that have `@domain`, or some address there (by the domain kept beside the address)."""
    found: defaultdict[str, dict[int, KnownParty]] = defaultdict(dict)
    for part in chunks(domains):
        query = (
            _address_rows().add_columns(col(Address.domain)).where(col(Address.domain).in_(part))
        )
        for row in session.execute(query):
            parties = found[row.domain]
            declared = row.email.startswith("@")
            if len(parties) < _MOST_OF_A_DOMAIN and (declared or row.party_id not in parties):
                parties[row.party_id] = _party(row, declared=declared)
    return {domain: tuple(parties.values()) for domain, parties in found.items()}


# -- documents -------------------------------------------------------------------------------------


@cache
def _document_rows() -> Select[*tuple[Any, ...]]:
    party = aliased(Entity)
    return (
        select(
            col(Entity.id),
            col(Entity.kind),
            col(Entity.code),
            col(Entity.company),
            col(Entity.year),
            col(Entity.series),
            col(Entity.number),
            col(Entity.version),
            col(Entity.party_id),
            func.coalesce(col(party.title), ""),
            col(Entity.date),
            col(Entity.state),
            col(Entity.their_reference),
            col(Entity.title),
        )
        .outerjoin(party, col(party.id) == col(Entity.party_id))
        .where(col(Entity.kind).in_(DOCUMENT_KINDS), ~col(Entity.gone))
        .order_by(col(Entity.id))
    )


def _documents(session: Session, needs: Collection[Needs]) -> list[KnownDocument]:
    numbers = {number for need in needs for number in need.numbers}
    codes = {code for need in needs for code in need.codes}
    query = _document_rows()
    # By number there is an index within a company.
    companies = [*session.scalars(select(col(Company.code))), ""]
    query = query.where(col(Entity.company).in_(companies))
    found: dict[int, KnownDocument] = {}
    folded_codes = {folded(code) for code in codes}
    for column, values in (
        (col(Entity.number), numbers),
        (col(Entity.code_folded), folded_codes),
    ):
        for part in chunks(values):
            for row in session.execute(query.where(column.in_(part))):
                found[row[0]] = KnownDocument(*row)
    return [found[key] for key in sorted(found)]


# -- conversations ---------------------------------------------------------------------------------


def _parents(session: Session, wanted: Sequence[Described]) -> dict[int, Parent]:
    """The answered message of each, or else the nearest that is here of those it refers to."""
    headers = {header for one in wanted for header in one.answers}
    rows: dict[str, Row[*tuple[Any, ...]]] = {}
    for part in chunks(headers):
        for row in session.execute(_rows().where(col(Message.message_id).in_(part))):
            rows.setdefault(row.message_id, row)
    chosen = {
        one.message_id: next(
            (
                rows[header]
                for header in one.answers
                if header in rows and rows[header].thread_id == one.thread_id
            ),
            None,
        )
        for one in wanted
    }
    links = _links(session, {row.id for row in chosen.values() if row is not None})
    return {
        message_id: Parent(
            links=tuple(links.get(row.id, ())),
            participants=frozenset(
                one.lower() for one in (row.sender_address, *row.recipient_addresses.split()) if one
            ),
            subject=row.subject,
            date=(row.date or row.received_at).date(),
        )
        for message_id, row in chosen.items()
        if row is not None
    }


def _links(session: Session, message_ids: Collection[int]) -> dict[int, list[ParentLink]]:
    found: defaultdict[int, list[ParentLink]] = defaultdict(list)
    for part in chunks(message_ids):
        query = (
            select(
                col(Link.message_id),
                col(Link.entity_id),
                col(Entity.kind),
                col(Entity.party_id),
                col(Entity.company),
                col(Entity.title),
                col(Entity.code),
                col(Link.state),
                col(Link.score),
            )
            .join(Entity, col(Entity.id) == col(Link.entity_id))
            .where(col(Link.message_id).in_(part))
            .order_by(col(Link.id))
        )
        for row in session.execute(query):
            label = row.title if row.kind in PARTY_KINDS else row.code
            found[row.message_id].append(
                ParentLink(
                    row.entity_id,
                    row.kind,
                    LinkState(row.state),
                    row.score,
                    row.party_id,
                    row.company,
                    label,
                )
            )
    return found


def _rejected(session: Session, thread_ids: Collection[int]) -> dict[int, frozenset[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for part in chunks(thread_ids):
        query = (
            select(col(Message.thread_id), col(Link.entity_id))
            .join(Link, col(Link.message_id) == col(Message.id))
            .where(col(Message.thread_id).in_(part), col(Link.state) == LinkState.REJECTED.value)
        )
        for thread_id, entity_id in session.execute(query):
            found[thread_id].add(entity_id)
    return {thread_id: frozenset(entities) for thread_id, entities in found.items()}


def message_ids_after(session: Session, after: int, limit: int) -> list[int]:
    """Ids of messages above `after`, in order, for work on all of them piece by piece."""
    query = select(col(Message.id)).where(col(Message.id) > after).order_by(col(Message.id))
    return [key for key in session.scalars(query.limit(limit)) if key is not None]
