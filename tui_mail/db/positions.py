"""Where a message stands among all others: one number that every search is ordered by.

A message's position is the second it was received in and a place within that second. Full-text
indexes give their hits in the order of this number, so that the newest ones are read first and
the rest never.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import text
from sqlmodel import Session

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Room for 256 messages a second; more go on into the next one. Wider numbers would make every
# entry of SQLite's index wider.
_SLOT_BITS = 8
SLOTS = 1 << _SLOT_BITS
_AHEAD = 500  # seconds looked at together where one is full: an import without dates fills many

# One index look-up a second asked for, whichever seconds they are.
_TAKEN = {
    "sqlite": "SELECT value, (SELECT max(position) FROM message"
    " WHERE position >= value AND position < value + :slots) FROM json_each(:starts)",
    "postgresql": "SELECT value, (SELECT max(position) FROM message"
    " WHERE position >= value AND position < value + :slots)"
    " FROM unnest(CAST(:starts AS bigint[])) AS given (value)",
}


def first_position(at: datetime) -> int:
    """The least position of messages received at `at` (aware) or later, to the second."""
    return max(int((at - _EPOCH).total_seconds()), 0) << _SLOT_BITS


def next_positions(session: Session, times: Sequence[datetime]) -> list[int]:
    """A free position for each of some new messages received at `times`, in their order.

    Of two in the same second the later one in `times` stands higher.
    """
    starts = [first_position(at) for at in times]
    free = _free(session, sorted(set(starts)))
    given: list[int] = []
    for start in starts:
        slots = free[start]
        while slots[0] == slots[1]:  # the second is full
            following = slots[1]
            if following not in free:
                more = range(following, following + _AHEAD * SLOTS, SLOTS)
                free = _free(session, more) | free
            slots = free[following]
        given.append(slots[0])
        slots[0] += 1
    return given


def _free(session: Session, starts: Sequence[int]) -> dict[int, list[int]]:
    """The first free position of each second, and the end of the second."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    statement = text(_TAKEN["sqlite" if sqlite else "postgresql"])
    values = {"slots": SLOTS, "starts": str(list(starts)) if sqlite else list(starts)}
    return {
        start: [start if last is None else last + 1, start + SLOTS]
        for start, last in session.connection().execute(statement, values)
    }
