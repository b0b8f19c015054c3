"""A record's card: the record, what it came from and led to, what is open, and whom to write to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Day
from decimal import Decimal

from sqlalchemy import ColumnElement, case, select
from sqlmodel import Session, col

from tui_mail.db.erp import document_lines, entity_by_id, entity_row, entity_rows
from tui_mail.db.record_way import place_of
from tui_mail.db.rows import Card, EntityRow
from tui_mail.db.shown import crm_of
from tui_mail.db.tables import Address, Entity, EntityRelation
from tui_mail.db.traces import chain_ids
from tui_mail.values import DOCUMENT_KINDS, PARTY_KINDS

OPEN_DOCUMENTS = 20
_MOST = 500
# In the order in which one comes out of the other.
_CHAIN = (
    "opportunity",
    "offer",
    "quote",
    "job",
    "sales_order",
    "purchase_order",
    "delivery_note",
    "goods_receipt",
    "invoice",
    "purchase_invoice",
    "credit_note",
    "due_item",
    "activity",
)
_PURPOSES = {
    "quote": "offers",
    "offer": "offers",
    "opportunity": "offers",
    "sales_order": "orders",
    "purchase_order": "orders",
    "job": "orders",
    "delivery_note": "delivery_notes",
    "goods_receipt": "delivery_notes",
    "invoice": "invoices",
    "purchase_invoice": "invoices",
    "credit_note": "invoices",
    "due_item": "reminders",
}


def card(session: Session, entity_id: int, today: Day) -> Card:
    """The card of a record: of a document its chain and instalments, of a party what is open.

    Balance and overdue are of the party, in the currency that most of its open items have.
    Raises NotFound.
    """
    entity = entity_by_id(session, entity_id)
    is_party = entity.kind in PARTY_KINDS
    party_id = entity.id if is_party else entity.party_id
    chained = chain_ids(session, entity_id)[:_MOST]
    chain = () if is_party else _chain(session, chained)
    open_items = _open_items(session, party_id)
    late = [one for one in open_items if one.due_date and one.due_date < today]
    currency = _currency(open_items)
    of_document = tuple(one for one in chain if one.kind == "due_item")
    return Card(
        entity=_without_unshown(session, entity),
        chain=chain,
        lines=tuple(document_lines(session, entity_id)),
        due_items=tuple(open_items) if is_party else of_document,
        instalments=_its_own(session, entity_id, of_document),
        open_documents=_open_documents(session, entity.id) if is_party else (),
        contacts=_rows(
            session,
            col(Entity.kind) == "contact",
            col(Entity.party_id) == (party_id or 0),
            col(Entity.id) != entity_id,
        ),
        addresses=addresses_for(session, entity_id),
        balance=_sum(open_items, currency),
        overdue=_sum(late, currency),
        overdue_since=min((one.due_date for one in late if one.due_date), default=None),
        next_activity=_next_activity(session, party_id, today),
        chained=len(chained) > 1,
        place=entity.on_its_way or place_of(session, entity.source),
    )


def _its_own(
    session: Session, entity_id: int, due_items: Sequence[EntityRow]
) -> tuple[EntityRow, ...]:
    """Those of a chain's due items that came out of the document itself."""
    if not due_items:
        return ()
    query = select(col(EntityRelation.target_id)).where(col(EntityRelation.source_id) == entity_id)
    own = set(session.scalars(query))
    return tuple(one for one in due_items if one.id in own)


def _without_unshown(session: Session, entity: EntityRow) -> EntityRow:
    """Without the details that name a record which is not shown."""
    crm = crm_of(session)
    details = {
        name: value
        for name, value in entity.details.items()
        if crm.shows(name, entity.company)
        and crm.shows(str(value).partition(":")[0], entity.company)
    }
    return replace(entity, details=details)


def _next_activity(session: Session, party_id: int | None, today: Day) -> EntityRow | None:
    """What is to be done next for the party; where nothing is to come, what is overdue longest."""
    if party_id is None:
        return None
    query = entity_rows(session).where(
        col(Entity.party_id) == party_id,
        col(Entity.kind) == "activity",
        col(Entity.state) == "open",
        col(Entity.gone).is_(False),
    )
    due = col(Entity.due_date)
    place = case((due >= today, 0), (due.is_not(None), 1), else_=2)
    query = query.order_by(place, due, col(Entity.id)).limit(1)
    row = session.execute(query).first()
    return None if row is None else entity_row(row)


def _rows(session: Session, *conditions: ColumnElement[bool]) -> tuple[EntityRow, ...]:
    query = entity_rows(session).where(*conditions, col(Entity.gone).is_(False))
    query = query.order_by(col(Entity.date), col(Entity.id)).limit(_MOST)
    return tuple(entity_row(row) for row in session.execute(query))


def _chain(session: Session, ids: Sequence[int]) -> tuple[EntityRow, ...]:
    query = entity_rows(session).where(col(Entity.id).in_(ids))
    rows = [entity_row(row) for row in session.execute(query)]
    return tuple(sorted(rows, key=_place_in_chain))


def _place_in_chain(row: EntityRow) -> tuple[Day, int, Day, str]:
    place = _CHAIN.index(row.kind) if row.kind in _CHAIN else len(_CHAIN)
    # What has no date, as an opportunity, stands before what came of it.
    return row.date or Day.min, place, row.due_date or Day.min, row.code


def _open_items(session: Session, party_id: int | None) -> list[EntityRow]:
    """The party's due items with something open, the oldest first."""
    if party_id is None:
        return []
    found = _rows(
        session,
        col(Entity.party_id) == party_id,
        col(Entity.kind) == "due_item",
        col(Entity.open_amount) != Decimal(0),
    )
    return sorted(found, key=lambda row: (row.due_date or Day.max, row.code))


def _open_documents(session: Session, party_id: int) -> tuple[EntityRow, ...]:
    kinds = [kind for kind in DOCUMENT_KINDS if kind != "due_item"]
    query = entity_rows(session).where(
        col(Entity.party_id) == party_id,
        col(Entity.kind).in_(kinds),
        col(Entity.state) == "open",
        col(Entity.gone).is_(False),
    )
    newest = col(Entity.date).desc().nulls_last()
    query = query.order_by(newest, col(Entity.id).desc()).limit(OPEN_DOCUMENTS)
    return tuple(entity_row(row) for row in session.execute(query))


def _currency(items: Sequence[EntityRow]) -> str:
    named = [one.currency for one in items if one.currency]
    return max(sorted(set(named)), key=named.count, default="")


def _sum(items: Sequence[EntityRow], currency: str) -> Decimal | None:
    """What is open in `currency`; None when there is nothing at all to add up."""
    sums = [one.open_amount for one in items if one.currency in {"", currency} and one.open_amount]
    return sum(sums, Decimal(0)) if sums else None


def addresses_for(session: Session, entity_id: int) -> tuple[str, ...]:
    """Where to write about a record, the best first; whole domains (`@domain`) are no addresses.

    Of a document: those of its contact, then those that the party wants such documents at, then
    the party's first. Each address once. Raises NotFound.
    """
    entity = session.get(Entity, entity_id)
    if entity is None:
        entity_by_id(session, entity_id)
        return ()
    party_id = entity.id if entity.kind in PARTY_KINDS else entity.party_id
    contact_id = entity.id if entity.kind == "contact" else entity.contact_id
    query = select(Address).where(col(Address.party_id) == party_id)
    if entity.kind == "contact":
        query = query.where(col(Address.contact_id) == contact_id)
    purpose = _PURPOSES.get(entity.kind)

    def place(one: Address) -> tuple[bool, bool, bool, bool, str]:
        others_purpose = bool(one.purpose) and one.purpose != purpose
        return (
            not (purpose and one.purpose == purpose),
            not (contact_id is not None and one.contact_id == contact_id),
            not one.primary,
            others_purpose,
            one.email,
        )

    found = sorted(session.scalars(query), key=place)
    return tuple(dict.fromkeys(one.email for one in found if not one.email.startswith("@")))
