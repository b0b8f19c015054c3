"""What an unlinked message is likely about, for a person to take: firms by domain, name and words,
documents by the numbers that are said.

Hides how little is asked of the tables for it: indexed beginnings and numbers, at most a few rows each.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlmodel import Session, col

from tui_mail.db.accounts import own_addresses
from tui_mail.db.erp import entities_by_id
from tui_mail.db.knowledge import own_house
from tui_mail.db.links import links_of
from tui_mail.db.prefix import begins
from tui_mail.db.rights import visible
from tui_mail.db.rows import EntityRow
from tui_mail.db.tables import Address, Company, Entity, Message, MessageText
from tui_mail.db.unindexed import unindexed
from tui_mail.errors import NotFound
from tui_mail.i18n import _
from tui_mail.linking.introductions import Introduction, introduction, with_forms, without_form
from tui_mail.linking.mentions import Parts, mentions_of
from tui_mail.linking.numbers import NumberCandidate
from tui_mail.mail.quotes import LineKind, line_kinds
from tui_mail.safetext import folded
from tui_mail.values import DOCUMENT_KINDS, PARTY_KINDS, LinkState

_LONGEST_TEXT = 20_000
_MOST = 20  # records of one reason
_MOST_NUMBERS = 8
_SHORTEST_NAME = 4
_MOST_NAMESAKES = 3  # firms that are likely by the beginning of their name
_FIRMS = tuple(kind for kind in PARTY_KINDS if kind != "operator")
_TRADING = ("customer", "supplier")
_APART = re.compile(r"[^\w]+")
_WRITTEN = frozenset({LineKind.NEW, LineKind.SIGNATURE})


@dataclass(frozen=True, slots=True)
class Guess:
    """A record that the message may be about, and the sentence that says why."""

    record: EntityRow
    why: str


@dataclass(frozen=True, slots=True)
class Said:
    """What guesses are made from: who wrote, under which subject, and what is new in the text."""

    who: Introduction
    subject: str
    text: str
    outgoing: bool = False


def said(session: Session, operator_id: int, message_id: int) -> Said:
    """What a message says of its writer, and what it is about. Raises NotFound."""
    query = (
        select(
            col(Message.sender_name),
            col(Message.sender_address),
            col(Message.subject),
            col(Message.outgoing),
            func.substr(func.coalesce(col(MessageText.body), ""), 1, _LONGEST_TEXT).label("body"),
        )
        .outerjoin(MessageText, col(MessageText.message_id) == col(Message.id))
        .where(col(Message.id) == message_id, visible(operator_id, col(Message.id)))
    )
    row = session.execute(query).first()
    if row is None:
        raise NotFound(_("There is no such message: look it up with tui-mail search."))
    lines = row.body.split("\n")
    kinds = line_kinds(lines)
    text = "\n".join(line for line, kind in zip(lines, kinds, strict=False) if kind in _WRITTEN)
    who = introduction(row.sender_name, row.sender_address, text)
    return Said(who, row.subject, text, row.outgoing)


def guesses(session: Session, operator_id: int, message_id: int, limit: int = 8) -> list[Guess]:
    """The records that a message may be about, the likeliest first.

    A document that is named and is of a likely firm comes first, then the firms, then the other
    documents with a number that is said, and last the firms whose name many others have, too. Of
    our own letters only the numbers tell. Raises NotFound.
    """
    heard = said(session, operator_id, message_id)
    firms: dict[int, str] = {}
    namesakes: dict[int, str] = {}
    if not heard.outgoing:
        for found, reason, sure in _firms(session, heard):
            some = firms if sure or len(found) <= _MOST_NAMESAKES else namesakes
            some.update((one, reason) for one in found if one not in some)
    documents = _documents(session, heard)
    rows = {row.id: row for row in entities_by_id(session, [*firms, *documents, *namesakes])}
    named = [rows[one] for one in documents if one in rows]
    likely = [row for row in named if row.party_id in firms]
    few, many = ([rows[one] for one in some if one in rows] for some in (firms, namesakes))
    order = [*likely, *few, *named, *many]
    why = namesakes | documents | firms
    unique = {row.id: row for row in order if not row.gone}
    return [Guess(row, why[row.id]) for row in list(unique.values())[:limit]]


def _firms(session: Session, heard: Said) -> Iterator[tuple[Sequence[int], str, bool]]:
    """Firms with why, and whether that says something of many of them; the surest reason first."""
    who = heard.who
    if who.domain:
        theirs = or_(col(Address.domain) == who.domain, col(Address.email) == f"@{who.domain}")
        query = select(col(Address.party_id)).where(theirs).group_by(col(Address.party_id))
        found = session.scalars(query.order_by(col(Address.party_id)).limit(_MOST)).all()
        yield found, _("others write from @{domain}").format(domain=who.domain), True
    if who.firm and not _is_our_name(session, who.firm):
        name = folded(who.firm).rpartition(" ")[0]
        yield _named(session, name), _("“{words}” in the text").format(words=who.firm), False
    if who.domain:
        name = " ".join(_APART.split(folded(who.domain.rpartition(".")[0])))
        yield _named(session, name), _("the name is in the address"), False
    if who.name:
        yield _named(session, folded(who.name)), _("the name of the sender"), False


def _is_our_name(session: Session, firm: str) -> bool:
    names = session.scalars(select(col(Company.name)))
    return any(folded(name).startswith(folded(firm)[:12]) for name in names if name)


def _named(session: Session, name: str) -> list[int]:
    """Firms whose name begins so, and those of contacts of that name; the whole words of it."""
    if len(name) < _SHORTEST_NAME:
        return []
    title = col(Entity.title_folded)
    whole = or_(title == name, title.startswith(f"{name} ", autoescape=True))
    kind = unindexed(col(Entity.kind))
    firm = and_(kind.in_(_FIRMS), whole)
    person = and_(kind == "contact", title == name)
    query = select(col(Entity.id), col(Entity.kind), col(Entity.party_id)).where(
        begins(session, title, name), or_(firm, person), ~col(Entity.gone)
    )
    rows = session.execute(query.order_by(title, col(Entity.id)).limit(_MOST))
    ids = (row.party_id if row.kind == "contact" else row.id for row in rows)
    return [one for one in dict.fromkeys(ids) if one is not None]


def _documents(session: Session, heard: Said) -> dict[int, str]:
    """Documents with a number that is said, and the words that say it."""
    spoken = mentions_of(Parts(heard.subject, heard.text), ours=heard.outgoing).candidates
    found: dict[int, str] = {}
    for one in [one for one in spoken if one.number or one.code][:_MOST_NUMBERS]:
        query = select(col(Entity.id)).where(_is_called(one), ~col(Entity.gone))
        newest = query.order_by(col(Entity.date).desc().nulls_last(), col(Entity.id).desc())
        why = _("“{words}” in the text").format(words=" ".join(one.found_in.split()))
        for entity_id in session.scalars(newest.limit(_MOST)):
            if entity_id is not None:
                found.setdefault(entity_id, why)
    return found


def _is_called(one: NumberCandidate) -> ColumnElement[bool]:
    kinds = [kind for kind in one.kinds if kind in DOCUMENT_KINDS] or DOCUMENT_KINDS
    conditions: list[Any] = [col(Entity.kind).in_(kinds)]
    if one.code:
        conditions.append(col(Entity.code_folded) == folded(one.code))
    else:
        conditions.append(col(Entity.number) == one.number)
    if one.year is not None:
        conditions.append(col(Entity.year) == one.year)
    return and_(*conditions)


def is_of_firm(session: Session, operator_id: int, message_id: int) -> bool:
    """Whether the message is surely that of a customer or supplier. Raises NotFound."""
    sure = {LinkState.CONFIRMED.value, LinkState.AUTOMATIC.value}
    linked = links_of(session, operator_id, message_id)
    return any(one.kind in _TRADING and one.state in sure for one in linked)


def is_ours(session: Session, heard: Said) -> bool:
    """Whether the writer is one of our own house, in a letter that we sent or one that came back."""
    who = heard.who
    house = own_house(session, own_addresses(session))
    if heard.outgoing or who.address in house.addresses or who.domain in house.domains:
        return True
    query = select(col(Address.id)).join(Entity, col(Entity.id) == col(Address.party_id))
    colleague = (col(Address.email) == who.address, unindexed(col(Entity.kind)) == "operator")
    return session.scalar(query.where(*colleague, ~col(Entity.gone)).limit(1)) is not None


def is_firm_here(session: Session, name: str) -> bool:
    """Whether the ERP has a firm of that name, whatever its legal form is."""
    wanted = without_form(name)
    if not wanted:
        return False
    title = col(Entity.title_folded)
    firm = (unindexed(col(Entity.kind)).in_(_FIRMS), ~col(Entity.gone))
    usual = select(title).where(title.in_(with_forms(wanted)), *firm).limit(1)
    if session.scalar(usual) is not None:
        return True
    # Of those that are spelt otherwise as many as can be read: hundreds may begin with one word.
    query = select(title).where(begins(session, title, wanted), *firm)
    found = session.scalars(query.order_by(title, col(Entity.id)).limit(_MOST))
    return any(without_form(one) == wanted for one in found)


def firm_of_writer(session: Session, operator_id: int, message_id: int) -> EntityRow | None:
    """The firm that the writer is of: which people confirmed, or his address, his domain or what
    he signs with points to, the first of them that points to any; None where that is none, or
    firms of different names, and of one of our own house.

    Raises NotFound.
    """
    heard = said(session, operator_id, message_id)
    linked = [one for one in links_of(session, operator_id, message_id) if one.kind in PARTY_KINDS]
    if is_ours(session, heard):
        return None
    no = {one.entity_id for one in linked if one.state == LinkState.REJECTED.value}
    own = {heard.who.address, heard.who.domain} - {""}
    signs = [
        [one.entity_id for one in linked if one.state == LinkState.CONFIRMED.value],
        [one.entity_id for one in linked if one.found_in in own],
        _with_address(session, heard.who.address),
        *(list(found) for found, *_rest in _firms(session, heard)),
    ]
    rows = entities_by_id(session, [one for sign in signs for one in sign if one not in no])
    known = {row.id: row for row in rows if not row.gone and row.kind in _FIRMS}
    for sign in signs:
        firms = [known[one] for one in sign if one in known]
        if firms:
            return firms[0] if len({folded(firm.title) for firm in firms}) == 1 else None
    return None


def _with_address(session: Session, address: str) -> list[int]:
    """The parties that have an address."""
    party = col(Address.party_id)
    query = select(party).where(col(Address.email) == address).group_by(party)
    found = session.scalars(query.order_by(party).limit(_MOST))
    return [one for one in found if one is not None]


def likely_party(session: Session, operator_id: int, message_id: int) -> EntityRow | None:
    """Whose message it is: the party that is linked, the surest first, else the likeliest firm.

    Raises NotFound.
    """
    linked = links_of(session, operator_id, message_id)
    sure = sorted(
        (one for one in linked if one.state != LinkState.REJECTED.value),
        key=lambda one: (one.kind not in PARTY_KINDS, -one.score),
    )
    ids = [one.entity_id if one.kind in PARTY_KINDS else one.party_id for one in sure]
    rows = entities_by_id(session, [one for one in ids if one is not None][:1])
    if rows:
        return rows[0]
    guessed = (one.record for one in guesses(session, operator_id, message_id))
    return next((row for row in guessed if row.kind in PARTY_KINDS), None)
