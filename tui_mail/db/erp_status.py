"""How the places are doing that records come from, and how many records wait for their mail."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from tui_mail.db.erp import sources
from tui_mail.db.erp_concerned import count_waiting
from tui_mail.db.shown import crm_of, shown
from tui_mail.db.tables import Entity
from tui_mail.db.writing import NOTHING, companies_written, counts
from tui_mail.values import ENTITY_KINDS


@dataclass(frozen=True, slots=True)
class PlaceStatus:
    """A place that is read again by itself. `error`: why the last reading failed, "" when it did not;
    `reading_until`: the end of the turn of whoever reads it, None when nobody has begun. `writes`:
    the companies whose records made here are written there, "*" for all; `to_write`, `refused`: how
    many of them wait, and were refused.
    """

    name: str
    location: str
    last_success: datetime | None
    error: str
    reading_until: datetime | None
    writes: tuple[str, ...] = ()
    to_write: int = 0
    refused: int = 0

    def is_read(self, now: datetime) -> bool:
        """Whether somebody is reading it."""
        return self.reading_until is not None and self.reading_until > now


@dataclass(frozen=True, slots=True)
class ErpStatus:
    """The places by name; `waiting`: records, of all places, whose mail is to be linked anew."""

    places: tuple[PlaceStatus, ...] = ()
    waiting: int = 0


def erp_status(session: Session) -> ErpStatus:
    """The places that have a location; records without one are ours, or came in once."""
    written = counts(session)
    places = tuple(
        PlaceStatus(
            one.name,
            one.location,
            one.last_success,
            one.last_error,
            one.until,
            companies_written(one),
            written.get(one.name, NOTHING).waiting,
            written.get(one.name, NOTHING).refused,
        )
        for one in sources(session)
        if one.location
    )
    return ErpStatus(places, count_waiting(session) if places else 0)


def kinds_from(session: Session, source: str) -> list[str]:
    """The kinds of record that a place gave and still has, in the order of the contract."""
    of_it = col(Entity.source) == source
    query = select(col(Entity.kind)).where(of_it, ~col(Entity.gone)).distinct()
    found = set(session.scalars(query))
    return [kind for kind in ENTITY_KINDS if kind in found]


@dataclass(frozen=True, slots=True)
class KindStatus:
    """A kind of record: how many there are, gone ones not counted, and the code of one, "" for none."""

    kind: str
    records: int
    code: str


def kinds(session: Session) -> list[KindStatus]:
    """Every kind of record that is worked with, in the order of the contract."""
    crm = crm_of(session)
    query = (
        select(col(Entity.kind), func.count().label("records"), func.max(col(Entity.code)))
        .where(~col(Entity.gone), *shown(crm))
        .group_by(col(Entity.kind))
    )
    found = {kind: (records, code) for kind, records, code in session.execute(query)}
    return [
        KindStatus(kind, *found.get(kind, (0, "")))
        for kind in ENTITY_KINDS
        if kind not in crm.unshown
    ]
