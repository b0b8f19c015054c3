"""Records that people make out of a message: kept as ours, linked to it, and taken back whole.

Hides the numbers that they get and that no refresh of the ERP touches them: their source is none
of the ERP's, until a place that takes them has been written to.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_numbered
from tui_mail.db.erp import entities_by_id
from tui_mail.db.erp_save import plain
from tui_mail.db.journal import journal
from tui_mail.db.links import link_by_hand, undo_links
from tui_mail.db.prefix import begins
from tui_mail.db.rows import EntityRow
from tui_mail.db.shown import crm_of
from tui_mail.db.tables import Address, Company, Entity, Link
from tui_mail.db.topics import Topic, publish
from tui_mail.db.writing import enqueue, restore, withdraw
from tui_mail.errors import NotFound, WrongData
from tui_mail.i18n import _
from tui_mail.safetext import folded
from tui_mail.values import LOCAL_SOURCE, MADE_HERE, PARTY_KINDS

_LONGEST = 500
_ENTITY = tuple(name for name in Entity.model_fields if name != "id")
_ADDRESS = tuple(name for name in Address.model_fields if name != "id")


@dataclass(frozen=True, slots=True)
class NewRecord:
    """What is to be made. `party_id`: whose it is, of a lead None; `address`: of a contact or lead;
    `details`: as `EntityRow.details`, empty ones are left out."""

    kind: str
    title: str
    party_id: int | None = None
    address: str = ""
    due: Day | None = None
    details: Mapping[str, str] | None = None


def create(
    session: Session, operator_id: int, message_id: int, wanted: NewRecord, now: datetime
) -> int:
    """Make the record, link the message to it and, of a contact or lead, know its address; its id.
    It is on its way to the ERP where a place takes it.

    Raises WrongData for what cannot be one, NotFound, and NotAllowed where the operator may only
    read the message.
    """
    party = _checked(session, wanted)
    company = party.company if party is not None else _first_company(session)
    if not crm_of(session).shows(wanted.kind, company):
        raise WrongData(_("Nothing of this kind can be made here."))
    (entity_id,) = insert_numbered(session, Entity, [_row(session, wanted, company, now)])
    address = wanted.address.strip().lower()
    if address:
        owner = wanted.party_id if wanted.kind == "contact" else entity_id
        contact = entity_id if wanted.kind == "contact" else None
        named = {"company": company, "email": plain(address), "domain": address.rpartition("@")[2]}
        ids = {"source": LOCAL_SOURCE, "party_id": owner, "contact_id": contact}
        insert_numbered(session, Address, [{**named, **ids, "purpose": "", "primary": False}])
    enqueue(session, entity_id, now)
    before = link_by_hand(session, operator_id, message_id, entity_id, now)
    publish(session, Topic.ERP, Topic.AGENDA)
    journal(session, operator_id, now, "create", wanted.kind, {"made": [[entity_id, before]]})
    return entity_id


def _checked(session: Session, wanted: NewRecord) -> Entity | None:
    """The party that the record is of. Raises WrongData, NotFound."""
    if wanted.kind not in MADE_HERE:
        raise WrongData(_("Nothing of this kind can be made here."))
    if not wanted.title.strip():
        raise WrongData(_("Write what it is called first."))
    address = wanted.address.strip()
    if address and (address.count("@") != 1 or address.startswith("@") or " " in address):
        raise WrongData(_("{text} is no address: write it as name@firm.").format(text=address))
    if wanted.party_id is None:
        if wanted.kind == "contact":
            raise WrongData(_("Whose contact? Link the firm first (L), or make a lead."))
        return None
    there = contact_of(session, address) if wanted.kind == "contact" and address else None
    if there is not None:
        words = _("{address} is the address of {name} already.")
        raise WrongData(words.format(address=address, name=there.title or there.code))
    party = session.get(Entity, wanted.party_id)
    if party is None or party.kind not in PARTY_KINDS:
        raise NotFound(_("There is no such record in the ERP's data."))
    return party


def contact_of(session: Session, address: str) -> EntityRow | None:
    """The contact whose address that is already."""
    query = select(col(Address.contact_id)).where(
        col(Address.email) == address.strip().lower(), col(Address.contact_id).is_not(None)
    )
    ids = [one for one in session.scalars(query.order_by(col(Address.id))) if one is not None]
    return next((row for row in entities_by_id(session, ids) if not row.gone), None)


def kinds_to_make(session: Session, party: EntityRow | None) -> list[str]:
    """What can be made of a message of this party, or of nobody known."""
    company = party.company if party is not None else _first_company(session)
    kinds = [kind for kind in MADE_HERE if kind != "contact" or party is not None]
    return [kind for kind in kinds if crm_of(session).shows(kind, company)]


def _first_company(session: Session) -> str:
    return session.scalar(select(col(Company.code)).order_by(col(Company.code)).limit(1)) or ""


def _row(session: Session, wanted: NewRecord, company: str, now: datetime) -> dict[str, Any]:
    title = plain(wanted.title.strip())[:_LONGEST]
    code = _next_code(session, company, wanted.kind)
    details = {name: plain(text) for name, text in (wanted.details or {}).items() if text.strip()}
    dated = wanted.kind in {"activity", "opportunity"}
    row: dict[str, Any] = {
        "source": LOCAL_SOURCE,
        "company": company,
        "kind": wanted.kind,
        "code": code,
        "code_folded": folded(code),
        "title": title,
        "title_folded": folded(title),
        "party_id": wanted.party_id,
        "contact_id": None,
        "year": None,
        "series": "",
        "number": "",
        "version": 0,
        "date": now.astimezone().date() if dated else None,
        "due_date": wanted.due,
        "amount": None,
        "open_amount": None,
        "currency": "",
        "state": "open" if dated else "",
        "their_reference": "",
        "our_reference": "",
        "url": "",
        "details": json.dumps(details, ensure_ascii=False, sort_keys=True),
        "gone": False,
    }
    row["fingerprint"] = hashlib.sha256(repr(tuple(row.values())).encode()).hexdigest()
    return row


def _next_code(session: Session, company: str, kind: str) -> str:
    """The next of the codes that are given here; the ERP's own have no plus in front."""
    ours = (
        col(Entity.company) == company,
        col(Entity.kind) == kind,
        begins(session, col(Entity.code), "+"),
    )
    codes = session.scalars(select(col(Entity.code)).where(*ours)).all()
    numbers = [int(code[1:]) for code in codes if code[1:].isdecimal()]
    return f"+{max(numbers, default=0) + 1}"


def unmake(session: Session, entries: Sequence[Any]) -> list[Any]:
    """Take back what `create` made; what `make_again` takes.

    A record that the ERP has by now stays, without its link.
    """
    back = []
    for entity_id, links_before in entries:
        links = undo_links(session, [tuple(one) for one in links_before])
        entity = session.get(Entity, entity_id)
        if entity is None or entity.source != LOCAL_SOURCE:
            continue
        way = withdraw(session, entity_id)
        whose = (col(Address.source) == LOCAL_SOURCE) & (
            (col(Address.party_id) == entity_id) | (col(Address.contact_id) == entity_id)
        )
        addresses = [_kept(one, _ADDRESS) for one in session.scalars(select(Address).where(whose))]
        columns = {"id": entity_id, **_kept(entity, _ENTITY)}
        session.execute(delete(Address).where(whose))
        session.execute(delete(Link).where(col(Link.entity_id) == entity_id))
        session.execute(delete(Entity).where(col(Entity.id) == entity_id))
        back.append([columns, addresses, links, way])
    publish(session, Topic.ERP, Topic.LINKS, Topic.AGENDA)
    return back


def make_again(session: Session, entries: Sequence[Any], now: datetime) -> list[Any]:
    """Make again what `unmake` took back; what that takes."""
    back = []
    for columns, addresses, links, *way in entries:  # earlier programs kept no way
        row = {**columns, "date": _day(columns["date"]), "due_date": _day(columns["due_date"])}
        session.execute(insert(Entity), [row])
        insert_numbered(session, Address, addresses)
        for source, ticket in filter(None, way):
            restore(session, columns["id"], source, ticket, now)
        back.append([columns["id"], undo_links(session, [tuple(one) for one in links])])
    publish(session, Topic.ERP, Topic.LINKS, Topic.AGENDA)
    return back


def _kept(row: Any, names: Sequence[str]) -> dict[str, Any]:
    """Columns as a journal can hold them."""
    found = {name: getattr(row, name) for name in names}
    return {name: one.isoformat() if isinstance(one, Day) else one for name, one in found.items()}


def _day(text: str | None) -> Day | None:
    return Day.fromisoformat(text) if text else None
