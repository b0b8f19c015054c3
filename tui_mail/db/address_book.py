"""Who can write, and who can be written to: accounts, addresses of the ERP, correspondents.

Hides where an address is known from: the address book that the ERP filled, or the latest mail
that the operator may read.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.prefix import begins
from tui_mail.db.rights import sendable, visible
from tui_mail.db.shown import crm_of, shown
from tui_mail.db.tables import Account, Address, Entity, Message
from tui_mail.db.unindexed import unindexed
from tui_mail.safetext import folded
from tui_mail.values import PARTY_KINDS

_RECENT = 2_000  # of the latest messages, whose people are suggested
_PARTIES = 40
_PEOPLE = (*PARTY_KINDS, "contact")


@dataclass(frozen=True, slots=True)
class SenderRow:
    """An account that the operator may send from."""

    account_id: int
    email: str
    name: str
    signature: str
    sends: bool  # has a sending server


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An address for what was typed: whose it is, and of which party ("" for a correspondent)."""

    address: str
    name: str
    party: str = ""


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """What is known of an address. `met`: it wrote or was written to lately; `ours`: an account."""

    address: str
    party_ids: frozenset[int] = frozenset()
    party: str = ""
    met: bool = False
    ours: bool = False

    @property
    def known(self) -> bool:
        return bool(self.party_ids) or self.met or self.ours


def senders(session: Session, operator_id: int) -> list[SenderRow]:
    """The accounts that the operator may send from, by address."""
    query = (
        select(
            col(Account.id),
            col(Account.email),
            col(Account.name),
            col(Account.signature),
            col(Account.smtp_host) != "",
        )
        .where(col(Account.id).in_(sendable(operator_id)))
        .order_by(col(Account.email))
    )
    return [SenderRow(*row) for row in session.execute(query)]


def suggest(session: Session, operator_id: int, text: str, limit: int = 8) -> list[Suggestion]:
    """Addresses whose own beginning, or a word of whose name, is `text`; correspondents first."""
    wanted = folded(text.strip())
    if not wanted:
        return []
    met = _correspondents(session, operator_id)
    found: dict[str, Suggestion] = {}
    for one in (*_book_by_address(session, wanted), *_book_by_name(session, wanted, limit)):
        found.setdefault(one.address, one)
    for address, name in met.items():
        if address not in found and (address.startswith(wanted) or _has_word(name, wanted)):
            found[address] = Suggestion(address, name)
    order = {address: place for place, address in enumerate(met)}
    ranked = sorted(found.values(), key=lambda one: (order.get(one.address, len(order)), one.name))
    return ranked[:limit]


def _has_word(name: str, wanted: str) -> bool:
    return f" {folded(name)}".find(f" {wanted}") >= 0


def _book(session: Session, *conditions: ColumnElement[bool]) -> Iterator[Suggestion]:
    party, contact = aliased(Entity), aliased(Entity)
    query: Select[*tuple[Any, ...]] = (
        select(
            col(Address.email),
            col(party.title).label("party"),
            col(contact.title).label("contact"),
        )
        .join(party, col(party.id) == col(Address.party_id))
        .outerjoin(contact, col(contact.id) == col(Address.contact_id))
        .where(*conditions, *shown(crm_of(session), party))
        .order_by(col(Address.primary).desc(), col(Address.email))
        .limit(_PARTIES)
    )
    for row in session.execute(query):
        yield Suggestion(row.email, row.contact or row.party, row.party)


def _book_by_address(session: Session, wanted: str) -> Iterator[Suggestion]:
    if wanted.startswith("@"):  # a whole domain is nobody that can be written to
        return iter(())
    return _book(session, begins(session, col(Address.email), wanted))


def _book_by_name(session: Session, wanted: str, limit: int) -> Iterator[Suggestion]:
    """Whole names first, which an index finds; then words within names."""
    title = col(Entity.title_folded)
    ids: list[int] = []
    kind = col(Entity.kind)
    for condition, of_kind in (
        (begins(session, title, wanted), unindexed(kind)),
        (title.contains(f" {wanted}", autoescape=True), kind),
    ):
        query = select(col(Entity.id)).where(
            of_kind.in_(_PEOPLE),
            ~col(Entity.gone),
            condition,
            *shown(crm_of(session)),
        )
        ids += [one for one in session.scalars(query.limit(_PARTIES)) if one is not None]
        if len(ids) >= limit:
            break
    theirs = or_(col(Address.party_id).in_(ids), col(Address.contact_id).in_(ids))
    return _book(session, theirs, ~col(Address.email).startswith("@"))


def _correspondents(session: Session, operator_id: int) -> dict[str, str]:
    """Address and name of those who wrote or were written to lately, the latest first."""
    latest = (
        select(
            col(Message.sender_address),
            col(Message.sender_name),
            col(Message.recipient_addresses),
            col(Message.outgoing),
        )
        .where(visible(operator_id, col(Message.id)))
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
        .limit(_RECENT)
    )
    found: dict[str, str] = {}
    for address, name, recipients, outgoing in session.execute(latest):
        for one in recipients.split() if outgoing else [address.lower()]:
            if not found.get(one):
                found[one] = "" if outgoing else name
    return {address: name for address, name in found.items() if "@" in address}


def acquaintances(
    session: Session, operator_id: int, addresses: Collection[str]
) -> dict[str, Acquaintance]:
    """What is known of each address, by the address in lower case."""
    wanted = {address.lower() for address in addresses}
    if not wanted:
        return {}
    ours = set(session.scalars(select(col(Account.email)).where(col(Account.email).in_(wanted))))
    met = _correspondents(session, operator_id)
    book = _parties_of(session, wanted)
    return {
        address: Acquaintance(
            address,
            party_ids=frozenset(party_id for party_id, _title in book.get(address, ())),
            party=next((title for _party_id, title in book.get(address, ())), ""),
            met=address in met,
            ours=address in ours,
        )
        for address in wanted
    }


def _parties_of(session: Session, wanted: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """Parties by address: those of the very address, else those of its domain."""
    domains = {address: f"@{address.rpartition('@')[2]}" for address in wanted}
    query = (
        select(col(Address.email), col(Address.party_id), col(Entity.title))
        .join(Entity, col(Entity.id) == col(Address.party_id))
        .where(col(Address.email).in_({*domains, *domains.values()}), *shown(crm_of(session)))
        .order_by(col(Entity.gone), col(Entity.title))
    )
    rows: dict[str, list[tuple[int, str]]] = {}
    for email, party_id, title in session.execute(query):
        rows.setdefault(email, []).append((party_id, title))
    return {
        address: rows.get(address) or rows.get(domain) or [] for address, domain in domains.items()
    }
