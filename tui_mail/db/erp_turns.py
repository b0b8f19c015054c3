"""Whose turn it is to read a place of the ERP, or to write there: one process at a time, whatever
the database.

A turn lasts a while and is renewed by every write that is made in it; one of a process of this host
that is not there any more is over at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session, col

from tui_mail.db.tables import ErpSource
from tui_mail.db.topics import Topic, publish
from tui_mail.db.turns import Holder, is_known_dead, lost, this_process

LASTING = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ErpFence:
    """Called with a session: renews the turn that was given with `token`. Raises TurnLost."""

    name: str
    token: int

    def __call__(self, session: Session) -> None:
        statement = (
            update(ErpSource)
            .where(col(ErpSource.name) == self.name, col(ErpSource.token) == self.token)
            .values(until=datetime.now(UTC) + LASTING)
            .returning(col(ErpSource.name))
            .execution_options(synchronize_session=False)
        )
        if session.scalar(statement) is None:
            raise lost()


def claim(session: Session, name: str, now: datetime, *, reads: bool = True) -> int | None:
    """Begin to read a place, or to write there: the token of the turn, None while another process
    is at it."""
    source = session.scalar(select(ErpSource).where(col(ErpSource.name) == name).with_for_update())
    if source is None:
        return None
    held = source.until is not None and source.until > now
    if held and source.process and not is_known_dead(Holder(source.host, source.process)):
        return None
    us = this_process()
    source.token += 1
    source.host, source.process = us.host, us.process
    source.until = now + LASTING
    if reads:
        source.tried_at = now
    session.add(source)
    return source.token


def give_back(session: Session, name: str, token: int) -> None:
    """Nobody reads the place any more, if the turn is still the one of `token`."""
    session.execute(
        update(ErpSource)
        .where(col(ErpSource.name) == name, col(ErpSource.token) == token)
        .values(host="", process=0, until=None)
        .execution_options(synchronize_session=False)
    )
    publish(session, Topic.ERP)


def due(session: Session, now: datetime, every: timedelta) -> list[str]:
    """The places that nobody has begun to read for so long, by name."""
    query = select(col(ErpSource.name), col(ErpSource.tried_at)).where(
        col(ErpSource.location) != ""
    )
    rows = session.execute(query.order_by(col(ErpSource.name)))
    return [name for name, tried_at in rows if tried_at is None or tried_at + every <= now]
