"""Records made here on their way into the ERP: which place is to have them, and how far they are.

A record waits, is written and becomes the place's own, with its links; or it is refused and stays
ours. Hides when it is tried again, and what the ERP told of it before we knew that it was ours.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.entity_merge import merge
from tui_mail.db.many import key_of
from tui_mail.db.tables import Address, Company, Entity, EntityWriting, ErpSource
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotFound
from tui_mail.i18n import _
from tui_mail.linking.numbers import canonical_number
from tui_mail.safetext import folded, safe
from tui_mail.values import LOCAL_SOURCE, NewEntity, Reference, WrittenEntity

EVERY_COMPANY = "*"
_UNDO = timedelta(seconds=15)  # as long a record can be taken back before anybody else knows of it
_MINUTES = (1, 5, 15, 60)  # between tries


@dataclass(frozen=True, slots=True)
class WritingTask:
    """A record that is to be written; `ticket`: of an earlier try, "" before the first."""

    entity_id: int
    record: NewEntity
    ticket: str


# -- what may be written ---------------------------------------------------------------------------


def allow(session: Session, name: str, companies: Collection[str]) -> None:
    """Write records made for these companies to a place from now on, none for no company.

    Those that are on their way for another stay here. Raises NotFound.
    """
    source = session.get(ErpSource, name)
    if source is None:
        raise NotFound(_("There is no such source: tui-mail erp add NAME FOLDER adds one."))
    source.writes = json.dumps(sorted(set(companies))) if companies else ""
    session.add(source)
    session.flush()
    _stop(session, source)
    publish(session, Topic.ERP)


def companies_written(source: ErpSource) -> tuple[str, ...]:
    """The companies whose records a place takes; `EVERY_COMPANY` for all."""
    return tuple(json.loads(source.writes)) if source.writes else ()


def company_codes(session: Session) -> list[str]:
    """The companies that records are of, by code."""
    return list(session.scalars(select(col(Company.code)).order_by(col(Company.code))))


def _takes(source: ErpSource, company: str) -> bool:
    return not {company, EVERY_COMPANY}.isdisjoint(companies_written(source))


def _stop(session: Session, source: ErpSource) -> None:
    """What was never tried is only here again; of what was, the place may have it: that is kept."""
    query = (
        select(EntityWriting, col(Entity.company))
        .join(Entity, col(Entity.id) == col(EntityWriting.entity_id))
        .where(col(EntityWriting.source) == source.name)
    )
    for row, company in session.execute(query).all():
        if _takes(source, company):
            continue
        if not row.ticket:
            session.delete(row)
            continue
        row.refused = True
        row.error = _("Writing was switched off before the ERP had answered.")
        session.add(row)


# -- on the way ------------------------------------------------------------------------------------


def enqueue(session: Session, entity_id: int, now: datetime) -> bool:
    """Have a record made here written to the place that takes it; False where none does.

    That of the party's own; of a record of nobody, the first by name that takes its company's.
    """
    return bool(_enqueue(session, None, now + _UNDO, col(Entity.id) == entity_id))


def enqueue_again(session: Session, names: Sequence[str], now: datetime) -> None:
    """Try what these places refused once more, and write what was made before they took any."""
    again = update(EntityWriting).where(col(EntityWriting.source).in_(names))
    session.execute(again.values(refused=False, next_try=now))
    _enqueue(session, names, now)
    publish(session, Topic.ERP)


def try_again(session: Session, entity_id: int, now: datetime) -> bool:
    """Write a record that was refused once more; False when it was not."""
    row = session.get(EntityWriting, entity_id)
    if row is None or not row.refused:
        return False
    row.refused, row.error, row.next_try = False, "", now
    session.add(row)
    publish(session, Topic.ERP)
    return True


def _enqueue(
    session: Session,
    names: Collection[str] | None,
    next_try: datetime,
    *conditions: ColumnElement[bool],
) -> list[dict[str, Any]]:
    places = list(session.scalars(select(ErpSource).order_by(col(ErpSource.name))))
    if not any(one.writes for one in places):
        return []
    party = aliased(Entity)
    columns = (col(Entity.id), col(Entity.company), col(party.id), col(party.source))
    query = select(*columns).outerjoin(party, col(party.id) == col(Entity.party_id))
    query = query.where(col(Entity.source) == LOCAL_SOURCE, *conditions).order_by(col(Entity.id))
    ways = select(col(EntityWriting.entity_id), col(EntityWriting.source))
    known = {row.entity_id: row.source for row in session.execute(ways)}
    rows = []
    for entity_id, company, party_id, party_source in session.execute(query):
        only = known.get(party_id, "") if party_source == LOCAL_SOURCE else party_source
        fits = [one.name for one in places if _takes(one, company) and only in {None, one.name}]
        if fits and entity_id not in known and (names is None or fits[0] in names):
            known[entity_id] = fits[0]
            rows.append(_row(entity_id, fits[0], next_try))
    insert_rows(session, EntityWriting, rows)
    return rows


def _row(entity_id: int, source: str, next_try: datetime) -> dict[str, Any]:
    waiting = {"refused": False, "ticket": "", "tries": 0, "error": ""}
    return {"entity_id": entity_id, "source": source, "next_try": next_try, **waiting}


def withdraw(session: Session, entity_id: int) -> tuple[str, str] | None:
    """The record is taken back: nobody is to have it. What `restore` takes, if it was on its way."""
    row = session.get(EntityWriting, entity_id)
    if row is None:
        return None
    session.delete(row)
    session.flush()
    return row.source, row.ticket


def restore(session: Session, entity_id: int, source: str, ticket: str, now: datetime) -> None:
    """A record that was taken back is on its way again, known by the same ticket."""
    row = {**_row(entity_id, source, now + _UNDO), "ticket": ticket}
    insert_rows(session, EntityWriting, [row])


def places_due(session: Session, now: datetime) -> list[str]:
    """The places that something is to be written to now, by name."""
    query = select(col(EntityWriting.source)).where(*_due(now)).distinct()
    return list(session.scalars(query.order_by(col(EntityWriting.source))))


def next_task(session: Session, source: str, now: datetime, after: int) -> WritingTask | None:
    """The next record, by id, that is to be written to a place and whose party is known there."""
    party = aliased(Entity)
    there = or_(col(Entity.party_id).is_(None), col(party.source) != LOCAL_SOURCE)
    query: Select[*tuple[Any, ...]] = (
        select(Entity, party, col(EntityWriting.ticket))
        .join(EntityWriting, col(EntityWriting.entity_id) == col(Entity.id))
        .outerjoin(party, col(party.id) == col(Entity.party_id))
        .where(col(EntityWriting.source) == source, *_due(now), there)
        .where(col(EntityWriting.entity_id) > after)
        .order_by(col(EntityWriting.entity_id))
        .limit(1)
    )
    found = session.execute(query).first()
    if found is None:
        return None
    entity, whose, ticket = found
    return WritingTask(entity.id, _record(session, entity, whose), ticket)


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return col(EntityWriting.refused).is_(False), col(EntityWriting.next_try) <= now


def _record(session: Session, entity: Entity, party: Entity | None) -> NewEntity:
    whose = col(Address.contact_id) if entity.kind == "contact" else col(Address.party_id)
    address = select(col(Address.email)).where(whose == entity.id).order_by(col(Address.id))
    details = {name: _one_line(str(text)) for name, text in json.loads(entity.details).items()}
    return NewEntity(
        company=entity.company,
        kind=entity.kind,
        title=_one_line(entity.title),
        party=Reference(party.kind, party.code, party.company) if party else None,
        party_name=_one_line(party.title or party.code) if party else "",
        address=_one_line(session.scalar(address.limit(1)) or ""),
        due=entity.due_date,
        details=details,
    )


def _one_line(text: str) -> str:
    return " ".join(safe(text).split())


def keep_ticket(session: Session, entity_id: int, ticket: str) -> bool:
    """The record is about to be written; False when it was taken back meanwhile."""
    row = session.get(EntityWriting, entity_id)
    if row is None:
        return False
    row.ticket = ticket
    session.add(row)
    return True


# -- how it ended ----------------------------------------------------------------------------------


def written(session: Session, entity_id: int, source: str, made: WrittenEntity) -> None:
    """The place has it: the record is the place's from now on, under its key, with its links.

    One that was read there already becomes one with it; what was taken back here is left to be read.
    """
    withdraw(session, entity_id)
    entity = session.get(Entity, entity_id)
    if entity is None:
        return
    known = select(Entity).where(
        col(Entity.company) == entity.company,
        col(Entity.kind) == entity.kind,
        col(Entity.code) == made.code,
    )
    read = session.scalars(known).first()
    if read is not None:
        said = read.model_dump(exclude={"id"})
        merge(session, key_of(read.id), entity_id)
        for name, value in said.items():
            setattr(entity, name, value)
    else:
        entity.source, entity.code, entity.url = source, made.code, made.url
        entity.code_folded = folded(made.code)
        entity.number = canonical_number(made.code) if entity.kind in _NUMBERED else ""
        entity.fingerprint = ""  # so that it is taken as the place has it
    session.add(entity)
    mine = or_(col(Address.party_id) == entity_id, col(Address.contact_id) == entity_id)
    ours = (mine, col(Address.source) == LOCAL_SOURCE)
    session.execute(update(Address).where(*ours).values(source=source))
    publish(session, Topic.ERP, Topic.LINKS, Topic.AGENDA)


_NUMBERED = frozenset({"activity", "opportunity"})


def failed(session: Session, entity_id: int, error: str, now: datetime) -> None:
    """The place did not say whether it has the record: it is asked again later."""
    _put_off(session, error, now, col(EntityWriting.entity_id) == entity_id)


def unreached(session: Session, source: str, error: str, now: datetime) -> None:
    """The place does not answer: all that is for it waits."""
    _put_off(session, error, now, col(EntityWriting.source) == source)


def _put_off(session: Session, error: str, now: datetime, which: ColumnElement[bool]) -> None:
    wait = (which, col(EntityWriting.refused).is_(False))
    tries = session.scalar(select(func.max(col(EntityWriting.tries))).where(*wait)) or 0
    again = now + timedelta(minutes=_MINUTES[min(tries, len(_MINUTES) - 1)])
    values = {"next_try": again, "tries": col(EntityWriting.tries) + 1, "error": error}
    session.execute(update(EntityWriting).where(*wait).values(values))
    publish(session, Topic.ERP)


def refused(session: Session, entity_id: int, error: str) -> None:
    """The place does not take it: the record stays ours, and so does what hangs on it."""
    session.execute(
        update(EntityWriting)
        .where(col(EntityWriting.entity_id) == entity_id)
        .values(refused=True, error=error)
    )
    of_it = select(col(Entity.id)).where(col(Entity.party_id) == entity_id)
    session.execute(
        update(EntityWriting)
        .where(col(EntityWriting.entity_id).in_(of_it))
        .values(error=_("Whose it is must be in the ERP first: see there what is wrong."))
    )
    publish(session, Topic.ERP)


@dataclass(frozen=True, slots=True)
class WritingCount:
    """Of a place: records that wait to be written there, and those that it refused."""

    waiting: int = 0
    refused: int = 0


NOTHING = WritingCount()


def counts(session: Session) -> dict[str, WritingCount]:
    """How many records are on their way, by the name of the place."""
    columns = (col(EntityWriting.source), func.count())
    query = select(*columns, col(EntityWriting.refused))
    query = query.group_by(col(EntityWriting.source), col(EntityWriting.refused))
    found: dict[str, dict[bool, int]] = {}
    for name, number, is_refused in session.execute(query):
        found.setdefault(name, {})[bool(is_refused)] = number
    return {name: WritingCount(one.get(False, 0), one.get(True, 0)) for name, one in found.items()}
