"""How the places are doing that records come from, and how many records wait for their mail."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from tui_mail.db.erp import sources
from tui_mail.db.erp_concerned import count_waiting


@dataclass(frozen=True, slots=True)
class PlaceStatus:
    """A place that is read again by itself. `error`: why the last reading failed, "" when it did not;
    `reading_until`: the end of the turn of whoever reads it, None when nobody has begun.
    """

    name: str
    location: str
    last_success: datetime | None
    error: str
    reading_until: datetime | None

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
    places = tuple(
        PlaceStatus(one.name, one.location, one.last_success, one.last_error, one.until)
        for one in sources(session)
        if one.location
    )
    return ErpStatus(places, count_waiting(session) if places else 0)
