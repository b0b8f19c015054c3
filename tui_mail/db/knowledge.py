"""What linking wants to know, for many messages at once: a handful of queries, none in a loop.

`described` says what each message is, from its own row; `Records` looks up the parties and documents
that messages may mean, `rejected` what a person has refused.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Day
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

from msgspec import Struct
from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers, among_texts
from tui_mail.db.known_documents import documents, payable
from tui_mail.db.learned import learned
from tui_mail.db.many import rows_of
from tui_mail.db.tables import Address, Company, Entity, Link, Message
from tui_mail.db.unindexed import unindexed
from tui_mail.linking.facts import (
    Knowledge,
    KnownDocument,
    KnownParty,
    MessageFacts,
    Needs,
    Parent,
)
from tui_mail.values import PARTY_KINDS, LinkState, Mailbox

_MOST_OF_A_DOMAIN = 50
_MOST_OF_A_THREAD = 500
MessageRows = Mapping[int, Mapping[str, Any]]  # by id, by column


class Answered(Struct, frozen=True):
    """A message as linking needs it of what others answer. `participants`: every address in its
    From, To and Cc, lower case.
    """

    message_id: int
    participants: frozenset[str]
    subject: str
    date: Day | None


class Described(Answered, frozen=True):
    """A message as linking needs it. `answers`: identifiers that it answers, the nearest first."""

    thread_id: int
    header: str
    answers: tuple[str, ...]
    received_at: datetime
    facts: MessageFacts
    position: int = 0


class KnownRecord(Struct, frozen=True):
    """What a link says of its record. `party_id`: a document's; `label`: a party's name, a
    document's code.
    """

    kind: str
    party_id: int | None
    company: str
    label: str


@dataclass(frozen=True, slots=True)
class OwnHouse:
    """What is ours: `addresses` and mail `domains`, lower case; the company whose each is, of those
    that are one company's alone.
    """

    addresses: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    companies: Mapping[str, str] = field(default_factory=dict)

    def company_of(self, addresses: Iterable[str]) -> str:
        """The company that is meant by all of the addresses that tell; "" when none is, or several."""
        if not self.companies:
            return ""
        found = set()
        for one in addresses:
            lower = one.lower()
            found.add(self.companies.get(lower) or self.companies.get(lower.rpartition("@")[2]))
        found.discard(None)
        return (found.pop() or "") if len(found) == 1 else ""


def own_house(session: Session, addresses: frozenset[str]) -> OwnHouse:
    """`addresses`: ours, lower case."""
    rows = session.execute(
        select(col(Company.code), col(Company.addresses), col(Company.domains))
    ).all()
    owners: defaultdict[str, set[str]] = defaultdict(set)
    domains: set[str] = set()
    for code, known, mail_domains in rows:
        there = {one.lower().lstrip("@") for one in mail_domains.split()}
        domains |= there
        for one in (*there, *known.lower().split()):
            owners[one].add(code)
    companies = {one: codes.copy().pop() for one, codes in owners.items() if len(codes) == 1}
    return OwnHouse(addresses, frozenset(domains), companies if len(rows) > 1 else {})


def described(
    session: Session, message_ids: Collection[int], own: OwnHouse, rows: MessageRows
) -> list[Described]:
    """The messages and the later ones of their conversations, oldest first.

    The later ones because what they answer may only have come now. `rows`: those that need not be
    read again.
    """
    wanted = {*message_ids}
    counts: defaultdict[int, int] = defaultdict(int)
    found = [_described(SimpleNamespace(**row), own) for row in rows.values()]
    values = {"some": wanted, "known": rows.keys()}
    for row in rows_of(session, _conversations(), values):
        counts[row.thread_id] += 1
        if row.id in wanted or counts[row.thread_id] <= _MOST_OF_A_THREAD:
            found.append(_described(row, own))
    return sorted(found, key=lambda one: (one.received_at, one.message_id))


def described_alone(
    session: Session, message_ids: Collection[int], own: OwnHouse
) -> list[Described]:
    """These messages and no others."""
    rows = rows_of(session, _alone(), {"some": message_ids})
    return [_described(row, own) for row in rows]


@cache
def _alone() -> Select[*tuple[Any, ...]]:
    return _rows().where(among_numbers(col(Message.id), "some"))


def answered(session: Session, message_ids: Collection[int]) -> list[Answered]:
    """What answers want to know of these messages."""
    return [
        Answered(
            row.id,
            _participants(row.sender_address, row.recipient_addresses.split()),
            row.subject,
            (row.date or row.received_at).date(),
        )
        for row in rows_of(session, _answered(), {"some": message_ids})
    ]


@cache
def _answered() -> Select[*tuple[Any, ...]]:
    names = ("id", "sender_address", "recipient_addresses", "subject", "received_at", "date")
    columns = [getattr(Message, name) for name in names]
    return select(*columns).where(among_numbers(col(Message.id), "some"))


def with_identifiers(session: Session, headers: Collection[str]) -> dict[tuple[str, int], int]:
    """Identifier and conversation -> the oldest message there that has it."""
    rows = rows_of(session, _with_identifiers(), {"some": headers})
    return {(header, thread_id): key for header, thread_id, key in rows}


@cache
def _with_identifiers() -> Select[*tuple[Any, ...]]:
    return (
        select(col(Message.message_id), col(Message.thread_id), col(Message.id))
        .where(among_texts(col(Message.message_id), "some"))
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
    )


@cache
def _conversations() -> Select[*tuple[Any, ...]]:
    earliest = (
        select(col(Message.thread_id), func.min(col(Message.received_at)).label("at"))
        .where(among_numbers(col(Message.id), "some"))
        .group_by(col(Message.thread_id))
        .subquery()
    )
    later = (earliest.c.thread_id == col(Message.thread_id)) & (
        earliest.c.at <= col(Message.received_at)
    )
    return _rows().join(earliest, later).where(~among_numbers(col(Message.id), "known"))


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
        col(Message.position),
    ).order_by(col(Message.thread_id), col(Message.received_at), col(Message.id))


def _described(row: Row[*tuple[Any, ...]] | SimpleNamespace, own: OwnHouse) -> Described:
    answers = (*row.in_reply_to.split(), *reversed(row.references.split()))
    copies = row.copy_addresses.split()
    recipients = row.recipient_addresses.split()
    sender = (Mailbox(row.sender_address, row.sender_name),) if row.sender_address else ()
    facts = MessageFacts(
        subject=row.subject,
        senders=sender,
        reply_to=_boxes(row.reply_addresses.split()),
        to=_boxes(one for one in recipients if one not in copies),
        cc=_boxes(copies),
        kind=row.kind,
        outgoing=row.outgoing,
        date=(row.date or row.received_at).date(),
        own_addresses=own.addresses,
        own_domains=own.domains,
        company=own.company_of((row.sender_address, *recipients)),
    )
    return Described(
        row.id,
        _participants(row.sender_address, recipients),
        facts.subject,
        facts.date,
        row.thread_id,
        row.message_id,
        tuple(dict.fromkeys([one for one in answers if one != row.message_id])),
        row.received_at,
        facts,
        row.position,
    )


def _participants(sender: str, recipients: Sequence[str]) -> frozenset[str]:
    return frozenset((sender.lower(), *recipients) if sender else recipients)


def _boxes(addresses: Iterable[str]) -> tuple[Mailbox, ...]:
    return tuple([Mailbox(one) for one in addresses])


class Records:
    """The parties and documents that messages may mean, looked up once for many."""

    def __init__(self, session: Session, needs: Collection[Needs]) -> None:
        addresses = {a for need in needs for a in need.addresses}
        self._addresses = _parties(session, addresses)
        self._addresses |= learned(session, addresses - self._addresses.keys())
        self._domains = _domain_parties(session, self._unknown_domains(needs))
        self._by_number: defaultdict[str, list[KnownDocument]] = defaultdict(list)
        self._by_code: defaultdict[str, list[KnownDocument]] = defaultdict(list)
        self._by_reference: defaultdict[str, list[KnownDocument]] = defaultdict(list)
        self.known: dict[int, KnownRecord] = {}
        self._vats = _vat_parties(session, {vat for need in needs for vat in need.vats})
        for there in (self._addresses, self._domains, self._vats):
            for party in (one for known in there.values() for one in known):
                record = KnownRecord(party.kind, None, party.company, party.name)
                self.known[party.party_id] = record
        self._payable = payable(session, self._payers(needs), needs)
        for each in (one for some in self._payable.values() for one in some):
            record = KnownRecord(each.kind, each.party_id, each.company, each.code)
            self.known[each.entity_id] = record
        self._by_file: defaultdict[str, list[KnownDocument]] = defaultdict(list)
        for one in documents(session, needs):
            if one.sdi_file:
                self._by_file[one.sdi_file].append(one)
            self._by_number[one.number].append(one)
            self._by_code[one.code.upper()].append(one)
            if one.their_reference:
                self._by_reference[one.their_reference].append(one)
            record = KnownRecord(one.kind, one.party_id, one.company, one.code)
            self.known[one.entity_id] = record

    def _unknown_domains(self, needs: Collection[Needs]) -> set[str]:
        """A domain says something only of an address that is in no book."""
        unknown = (
            address.rpartition("@")[2]
            for need in needs
            for address in need.addresses
            if address not in self._addresses
        )
        return {domain for need in needs for domain in need.domains}.intersection(unknown)

    def _payers(self, needs: Collection[Needs]) -> set[int]:
        """The parties on messages that tell of a payment."""
        return {one for need in needs if need.paid for one in self._on(need)}

    def _on(self, need: Needs) -> set[int]:
        known = [*(self._addresses.get(one, ()) for one in need.addresses)]
        known += [self._domains.get(one, ()) for one in need.domains]
        return {party.party_id for some in known for party in some}

    def knowledge(self, need: Needs, parent: Parent | None, rejected: frozenset[int]) -> Knowledge:
        """What is known of one message."""
        return Knowledge(
            addresses={a: self._addresses[a] for a in need.addresses if a in self._addresses},
            domains={d: self._domains[d] for d in need.domains if d in self._domains},
            documents=self._documents(need) if need.candidates else (),
            vats={vat: self._vats[vat] for vat in need.vats if vat in self._vats},
            filed=tuple(one for name in need.files for one in self._by_file.get(name, ())),
            payable=self._payable_of(need) if need.paid else (),
            parent=parent,
            rejected=rejected,
        )

    def _payable_of(self, need: Needs) -> tuple[KnownDocument, ...]:
        found = [one for party in self._on(need) for one in self._payable.get(party, ())]
        return tuple(sorted(found, key=lambda one: one.entity_id))

    def _documents(self, need: Needs) -> tuple[KnownDocument, ...]:
        """Those of the right kind that have one of the numbers or codes, in the order of ids."""
        kinds = need.kinds
        found = {
            one.entity_id: one
            for reference in need.references
            for one in self._by_reference.get(reference, ())
        }
        found |= {
            one.entity_id: one
            for there, names in ((self._by_number, need.numbers), (self._by_code, need.codes))
            for name in names
            for one in there.get(name, ())
            if one.kind in kinds
        }
        return tuple(found[key] for key in sorted(found))


# -- parties ---------------------------------------------------------------------------------------


@cache  # adapting columns to aliases takes longer than the query
def _address_rows() -> Select[*tuple[Any, ...]]:
    party, contact = aliased(Entity), aliased(Entity)
    return (
        select(
            col(Address.email),
            col(Address.domain),
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
        .order_by(col(party.id), col(Address.id))
    )


def _party(row: Row[*tuple[Any, ...]], *, declared: bool = False) -> KnownParty:
    return KnownParty(
        row.party_id, row.name, row.company, row.kind, row.contact_id, row.contact_name, declared
    )


def _parties(session: Session, addresses: Collection[str]) -> dict[str, tuple[KnownParty, ...]]:
    found: defaultdict[str, dict[int, KnownParty]] = defaultdict(dict)
    for row in _among_addresses(session, addresses, Address.email):
        found[row.email].setdefault(row.party_id, _party(row))
    return {address: tuple(parties.values()) for address, parties in found.items()}


def _domain_parties(
    session: Session, domains: Collection[str]
) -> dict[str, tuple[KnownParty, ...]]:
    """Parties that have `@domain`, or some address there (by the domain kept beside the address)."""
    found: defaultdict[str, dict[int, KnownParty]] = defaultdict(dict)
    for row in _among_addresses(session, domains, Address.domain):
        parties = found[row.domain]
        declared = row.email.startswith("@")
        if len(parties) < _MOST_OF_A_DOMAIN and (declared or row.party_id not in parties):
            parties[row.party_id] = _party(row, declared=declared)
    return {domain: tuple(parties.values()) for domain, parties in found.items()}


def _vat_parties(session: Session, vats: Collection[str]) -> dict[str, tuple[KnownParty, ...]]:
    """Parties by their VAT number."""
    found: defaultdict[str, list[KnownParty]] = defaultdict(list)
    if vats:
        query = (
            select(
                col(Entity.vat),
                col(Entity.id),
                col(Entity.title),
                col(Entity.company),
                col(Entity.kind),
            )
            .where(
                among_texts(col(Entity.vat), "some"),
                unindexed(col(Entity.kind)).in_(PARTY_KINDS),
                ~col(Entity.gone),
            )
            .order_by(col(Entity.id))
        )
        for vat, *party in session.execute(query, {"some": vats}):
            found[vat].append(KnownParty(*party))
    return {vat: tuple(parties) for vat, parties in found.items()}


def _among_addresses(
    session: Session, values: Collection[str], column: Any
) -> Iterable[Row[*tuple[Any, ...]]]:
    if not values:
        return ()
    return rows_of(session, _addresses_among(column), {"some": values})


@cache
def _addresses_among(column: Any) -> Select[*tuple[Any, ...]]:
    return _address_rows().where(among_texts(col(column), "some"))


# -- conversations ---------------------------------------------------------------------------------


def rejected(session: Session, thread_ids: Collection[int]) -> dict[int, frozenset[int]]:
    """What a person has refused in these conversations."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for thread_id, entity_id in rows_of(session, _rejected(), {"some": thread_ids}):
        found[thread_id].add(entity_id)
    return {thread_id: frozenset(entities) for thread_id, entities in found.items()}


@cache
def _rejected() -> Select[*tuple[Any, ...]]:
    return (
        select(col(Message.thread_id), col(Link.entity_id))
        .join(Link, col(Link.message_id) == col(Message.id))
        .where(
            among_numbers(col(Message.thread_id), "some"),
            col(Link.state) == LinkState.REJECTED.value,
        )
    )


def message_ids_after(session: Session, after: int, limit: int) -> list[int]:
    """Ids of messages above `after`, in order, for work on all of them piece by piece."""
    query = select(col(Message.id)).where(col(Message.id) > after).order_by(col(Message.id))
    return [key for key in session.scalars(query.limit(limit)) if key is not None]
