"""The agenda: events, and what falls due, in one list by time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, and_, delete, func, insert, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.many import chunks, key_of
from tui_mail.db.rows import Chip, EventRow
from tui_mail.db.shown import crm_of, shown
from tui_mail.db.tables import Attendee, Entity, Event
from tui_mail.db.topics import Topic, publish
from tui_mail.values import Crm

_MOST_DUE = 1_000


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to be put into the agenda, known by its `uid` (RFC 5545 §3.8.4.7).

    Times are aware; an all-day event starts and ends at midnight UTC of its days.
    `operator_id` None: everyone's. `attendees`: addresses and names.
    """

    uid: str
    title: str
    starts_at: datetime
    ends_at: datetime
    all_day: bool = False
    location: str = ""
    description: str = ""
    entity_id: int | None = None
    operator_id: int | None = None
    attendees: Sequence[tuple[str, str]] = ()


def events(session: Session, operator_id: int, start: datetime, end: datetime) -> list[EventRow]:
    """What is on from `start` to before `end`: events of everyone and of the operator, and open due
    items as all-day rows, by time, whole days first.

    The days of due items are those of `start` and `end` in their own time zone.
    """
    crm = crm_of(session)
    query = _events(crm).where(
        or_(col(Event.operator_id).is_(None), col(Event.operator_id) == operator_id),
        col(Event.starts_at) < end,
        or_(col(Event.ends_at) > start, col(Event.starts_at) >= start),
    )
    rows = [_event_row(row) for row in session.execute(query)]
    last = (end - timedelta(microseconds=1)).date()
    due = [_due_row(row) for row in session.execute(_due_items(crm, start.date(), last))]
    return sorted(rows + due, key=lambda row: (row.starts_at, not row.all_day, row.due, row.title))


def _events(crm: Crm) -> Select[*tuple[Any, ...]]:
    return select(
        col(Event.id),
        col(Event.title),
        col(Event.starts_at),
        col(Event.ends_at),
        col(Event.all_day),
        col(Event.location),
        *_chip_columns(Entity),
    ).outerjoin(Entity, and_(col(Entity.id) == col(Event.entity_id), *shown(crm)))


def _chip_columns(entity: type[Entity]) -> tuple[Any, ...]:
    return (
        col(entity.id).label("entity_id"),
        col(entity.company),
        col(entity.kind),
        col(entity.code),
        col(entity.title).label("entity_title"),
        col(entity.state),
    )


def _chip(row: Row[*tuple[Any, ...]]) -> Chip | None:
    if row.entity_id is None:
        return None
    return Chip(row.entity_id, row.company, row.kind, row.code, row.entity_title, row.state)


def _event_row(row: Row[*tuple[Any, ...]]) -> EventRow:
    return EventRow(
        id=row.id,
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        all_day=row.all_day,
        location=row.location,
        chip=_chip(row),
    )


def _due_items(crm: Crm, first: Day, last: Day) -> Select[*tuple[Any, ...]]:
    party = aliased(Entity)
    return (
        select(
            *_chip_columns(Entity),
            col(Entity.due_date),
            col(Entity.open_amount),
            col(Entity.currency),
            func.coalesce(col(party.title), "").label("party"),
        )
        .outerjoin(party, and_(col(party.id) == col(Entity.party_id), *shown(crm, party)))
        .where(
            col(Entity.due_date) >= first,
            col(Entity.due_date) <= last,
            col(Entity.kind) == "due_item",
            col(Entity.gone).is_(False),
            col(Entity.open_amount) != Decimal(0),
        )
        .order_by(col(Entity.due_date), col(Entity.id))
        .limit(_MOST_DUE)
    )


def _due_row(row: Row[*tuple[Any, ...]]) -> EventRow:
    """A due item is shown by its party, beside its code."""
    midnight = datetime(row.due_date.year, row.due_date.month, row.due_date.day, tzinfo=UTC)
    return EventRow(
        id=row.entity_id,
        title=row.party or row.entity_title or row.code,
        starts_at=midnight,
        ends_at=midnight + timedelta(days=1),
        all_day=True,
        location="",
        chip=_chip(row),
        due=True,
        amount=row.open_amount,
        currency=row.currency,
    )


def add_events(session: Session, new: Sequence[NewEvent]) -> list[int]:
    """Put events into the agenda and return their ids; one of the same uid takes the older's place."""
    if not new:
        return []
    by_uid = {one.uid: one for one in new}
    for uids in chunks(by_uid):
        session.execute(delete(Event).where(col(Event.uid).in_(uids)))
    rows = [
        Event(
            uid=one.uid,
            title=one.title,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            all_day=one.all_day,
            location=one.location,
            description=one.description,
            entity_id=one.entity_id,
            operator_id=one.operator_id,
        )
        for one in by_uid.values()
    ]
    session.add_all(rows)
    session.flush()
    attendees = [
        {"event_id": key_of(row.id), "email": email, "name": name, "status": "needs-action"}
        for row in rows
        for email, name in dict(by_uid[row.uid].attendees).items()
    ]
    if attendees:
        session.execute(insert(Attendee), attendees)
    publish(session, Topic.AGENDA)
    return [key_of(row.id) for row in rows]
