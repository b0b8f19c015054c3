"""When an account's mailbox is fetched from, and how fast: windows of days and hours.

    mon-fri 08:00-18:00 128; sat,sun 22:00-06:00 off

The first window that holds counts: KiB a second, `full`, or `off`; outside of all, the account's own
rate. Days and hours are those of the host's clock on the wall, so a window begins and ends by it
also on the days on which that is put forward or back; one over midnight belongs to the day on which
it begins. Days may be written in Italian. Pure.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from tui_mail.errors import WrongUse
from tui_mail.i18n import _

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ITALIAN = ("lun", "mar", "mer", "gio", "ven", "sab", "dom")
_NUMBERS = {name: number for names in (DAYS, _ITALIAN) for number, name in enumerate(names)}
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})-([0-9]{1,2}):([0-9]{2})\Z")
_DAY = 24 * 60
_HOUR = 60
_MOST_RATE = 1 << 20  # KiB a second
_MOST_LENGTH = 1000  # characters

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Window:
    """`start` and `end`: minutes of the day, `end` at or before `start` when it is over midnight.
    `rate`: KiB a second, 0 as fast as can be, None not at all."""

    days: tuple[int, ...]
    start: int
    end: int
    rate: int | None

    def holds(self, local: datetime) -> bool:
        day, minute = local.weekday(), local.hour * _HOUR + local.minute
        if self.end > self.start:
            return day in self.days and self.start <= minute < self.end
        begun = day in self.days and minute >= self.start
        return begun or ((day - 1) % 7 in self.days and minute < self.end)

    def __str__(self) -> str:
        days = ",".join(DAYS[day] for day in self.days)
        rate = "off" if self.rate is None else str(self.rate) if self.rate else "full"
        return f"{days} {clock(self.start)}-{clock(self.end)} {rate}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for a mailbox now. `rate`: KiB a second, 0 as fast as can be.

    `until`: the hour at which a window ends that it is by, "" when it is by none.
    """

    paused: bool = False
    rate: int = 0
    until: str = ""


class Paced(Protocol):
    """Of an account: how it is paced."""

    @property
    def paused(self) -> bool: ...
    @property
    def rate(self) -> int: ...
    @property
    def schedule(self) -> str: ...


def clock(minute: int) -> str:
    """A minute of the day as HH:MM."""
    return f"{minute // _HOUR:02}:{minute % _HOUR:02}"


def here() -> datetime:
    """Now, by the host's clock on the wall."""
    return datetime.now(UTC).astimezone()


def rule_of(account: Paced, local: datetime) -> Rule:
    """What holds for an account at a time of the wall clock."""
    if account.paused:
        return Rule(paused=True)
    try:
        windows = read_schedule(account.schedule)
    except WrongUse:  # nobody could have set it here
        log.warning("a schedule cannot be read: the account goes by its own rate")
        windows = ()
    for window in windows:
        if window.holds(local):
            return Rule(window.rate is None, window.rate or 0, clock(window.end % _DAY))
    return Rule(rate=account.rate)


def read_schedule(text: str) -> tuple[Window, ...]:
    """The windows of a schedule, none of "". Raises WrongUse, which says what cannot be read."""
    if len(text) > _MOST_LENGTH:
        raise WrongUse(_("A schedule has at most {number} characters.").format(number=_MOST_LENGTH))
    return tuple(_window(part) for part in text.lower().split(";") if part.strip())


def written(windows: tuple[Window, ...]) -> str:
    """The windows as they are kept."""
    return "; ".join(map(str, windows))


def read_rate(text: str) -> int:
    """KiB a second as written: a whole number, 0 for as fast as can be. Raises WrongUse."""
    if not (text.isascii() and text.isdigit()) or len(text) > 7 or int(text) > _MOST_RATE:
        raise WrongUse(
            _("{text} is no rate: give whole KiB a second, 0 for as fast as can be.").format(
                text=text
            )
        )
    return int(text)


def _window(part: str) -> Window:
    words = part.split()
    if len(words) == 2:
        words = ["mon-sun", *words]
    if len(words) != 3:
        raise _unread(part)
    days, hours, rate = words
    match = _HOURS.match(hours)
    if match is None:
        raise _unread(part)
    start, end = (_minute(part, match[one], match[one + 1]) for one in (1, 3))
    if start == _DAY:
        raise _unread(part)
    found = None if rate == "off" else 0 if rate == "full" else read_rate(rate)
    return Window(tuple(sorted(set(_days(part, days)))), start, end, found)


def _minute(part: str, hour: str, minute: str) -> int:
    found = int(hour) * _HOUR + int(minute)
    if int(minute) >= _HOUR or found > _DAY:
        raise _unread(part)
    return found


def _days(part: str, text: str) -> Iterator[int]:
    for piece in text.split(","):
        first, dash, last = piece.partition("-")
        start, end = _NUMBERS.get(first), _NUMBERS.get(last if dash else first)
        if start is None or end is None:
            raise _unread(part)
        yield from ((start + step) % 7 for step in range((end - start) % 7 + 1))


def _unread(part: str) -> WrongUse:
    return WrongUse(
        _(
            '"{part}" is no window of a schedule: write days, hours, and KiB a second, full or '
            "off, as in: mon-fri 08:00-18:00 128; sat,sun 00:00-24:00 off"
        ).format(part=part.strip())
    )
