"""Days, months and ages as people type them, in English and Italian, as spans of time."""

import re
from calendar import monthrange
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from tui_mail.i18n import _
from tui_mail.safetext import folded
from tui_mail.search.mistakes import WrongValueError

_YEARS = range(1900, 2200)
_LEAP_YEARS = 8  # the most from one to the next
_AGE = re.compile(r"(\d{1,5}) ?([a-z]+)")
_UNITS = {
    "h": ("h", "hour", "hours", "ora", "ore"),
    "d": ("d", "day", "days", "g", "gg", "giorno", "giorni"),
    "w": ("w", "week", "weeks", "s", "settimana", "settimane"),
    "m": ("m", "month", "months", "mese", "mesi"),
    "y": ("y", "year", "years", "a", "anno", "anni"),
}
_UNIT = {name: unit for unit, names in _UNITS.items() for name in names}
_YEAR = re.compile(r"(\d{4})")
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/.](\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")
_SHORT_YEAR = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{2})")
_DAY_MONTH = re.compile(r"(\d{1,2})[-/.](\d{1,2})")
# Dashes within dates have no blanks around them.
_BETWEEN = re.compile(r"( *(?:\.\.\.?|…|–|—| - | to | until | al? | fino al? ) *)")
_WEEKDAYS = (
    ("monday", "lunedi"),
    ("tuesday", "martedi"),
    ("wednesday", "mercoledi"),
    ("thursday", "giovedi"),
    ("friday", "venerdi"),
    ("saturday", "sabato"),
    ("sunday", "domenica"),
)


class Span(NamedTuple):
    """From `since` on, before `until`: aware UTC; a moment has both the same."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Clock:
    """When and where a query is read. `now` is aware; `zone`: whose days are meant, None for this
    computer's."""

    now: datetime
    zone: tzinfo | None = None

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """The beginning of `day`, in UTC."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)


def span(text: str, clock: Clock) -> Span:
    """The time that `text` names: a year, month or day, a moment (ISO 8601), an age (7d), a word.

    Raises WrongValueError.
    """
    given = folded(text.strip())
    try:
        found = _named(given, clock) or _written(given, clock)
        found = found or _aged(given, clock) or _moment(text.strip(), clock)
    except (ValueError, OverflowError):
        found = None
    if found is None or found.since.year not in _YEARS:
        raise WrongValueError(
            _("“{text}” is no date: write 2026-03-31, 31/03/2026, 2026-03, 2026, yesterday or 7d.")
        )
    return found


class Period(NamedTuple):
    """From `since` on, before `until`: aware UTC; None where there is no end to it."""

    since: datetime | None
    until: datetime | None


def period(text: str, clock: Clock) -> Period:
    """The time from one date to another: `2026-01..2026-03`, `3m..7d`, `2026-01-15..`, `..yesterday`;
    of one alone all of it, and of an age what has come since.

    Raises WrongValueError.
    """
    first, between, last = (*_BETWEEN.split(text.strip(), maxsplit=1), "", "")[:3]
    if not between:
        found = span(first, clock)
        return Period(*found) if found.since < found.until else Period(found.since, None)
    if not first.strip() and not last.strip():
        span("", clock)
    start = span(first, clock) if first.strip() else None
    end = span(last, clock) if last.strip() else None
    return Period(start.since if start else None, end.until if end else None)


def day_to_come(text: str, today: date) -> date | None:
    """The day that is written (31/03, 31/03/26, 31/03/2026, 2026-03-31, today, tomorrow); without a
    year the next one that there is. None for what is none."""
    given = folded(text.strip())
    if given in {"today", "oggi"}:
        return today
    if given in {"tomorrow", "domani"}:
        return today + timedelta(days=1)
    try:
        if found := _YEAR_FIRST.fullmatch(given):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.fullmatch(given):
            return date(int(found[3]), int(found[2]), int(found[1]))
        if found := _SHORT_YEAR.fullmatch(given):
            return date(2000 + int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
    found = _DAY_MONTH.fullmatch(given)
    return _next(int(found[1]), int(found[2]), today) if found else None


def _next(day: int, month: int, today: date) -> date | None:
    """The day of that month which comes first from today on; None where no year has it."""
    for year in range(today.year, today.year + _LEAP_YEARS + 1):
        with suppress(ValueError):
            found = date(year, month, day)
            if found >= today:
                return found
    return None


def _days(first: date, after: date, clock: Clock) -> Span:
    return Span(clock.midnight(first), clock.midnight(after))


def _day(day: date, clock: Clock) -> Span:
    return _days(day, day + timedelta(days=1), clock)


def _month(year: int, month: int, clock: Clock) -> Span:
    first = date(year, month, 1)
    return _days(first, first + timedelta(days=monthrange(year, month)[1]), clock)


def _year(year: int, clock: Clock) -> Span:
    return _days(date(year, 1, 1), date(year + 1, 1, 1), clock)


def _named(given: str, clock: Clock) -> Span | None:
    today = clock.today
    if given in {"today", "oggi"}:
        return _day(today, clock)
    if given in {"yesterday", "ieri"}:
        return _day(today - timedelta(days=1), clock)
    if given in {"week", "settimana"}:
        monday = today - timedelta(days=today.weekday())
        return _days(monday, monday + timedelta(days=7), clock)
    if given in {"month", "mese"}:
        return _month(today.year, today.month, clock)
    if given in {"year", "anno"}:
        return _year(today.year, clock)
    for number, names in enumerate(_WEEKDAYS):
        if given in names:  # the last one: today's name means today
            return _day(today - timedelta(days=(today.weekday() - number) % 7), clock)
    return None


def _written(given: str, clock: Clock) -> Span | None:
    if found := _YEAR.fullmatch(given):
        return _year(int(found[1]), clock)
    if found := _YEAR_MONTH.fullmatch(given):
        return _month(int(found[1]), int(found[2]), clock)
    if found := _MONTH_YEAR.fullmatch(given):
        return _month(int(found[2]), int(found[1]), clock)
    if found := _YEAR_FIRST.fullmatch(given):
        return _day(date(int(found[1]), int(found[2]), int(found[3])), clock)
    if found := _DAY_FIRST.fullmatch(given):
        return _day(date(int(found[3]), int(found[2]), int(found[1])), clock)
    if found := _DAY_MONTH.fullmatch(given):  # the last one: mail is of the past
        day, month, year = int(found[1]), int(found[2]), clock.today.year
        return _day(
            date(year - ((month, day) > (clock.today.month, clock.today.day)), month, day), clock
        )
    return None


def _aged(given: str, clock: Clock) -> Span | None:
    found = _AGE.fullmatch(given)
    unit = _UNIT.get(found[2], "") if found else ""
    if found is None or not unit:
        return None
    return _at(_before(clock.now, int(found[1]), unit))


def _before(now: datetime, count: int, unit: str) -> datetime:
    if unit in "hdw":
        return now - timedelta(hours=count * {"h": 1, "d": 24, "w": 168}[unit])
    months = now.year * 12 + now.month - 1 - count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    day = min(now.day, monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


def _moment(text: str, clock: Clock) -> Span | None:
    if "t" not in text.lower():
        return None
    found = datetime.fromisoformat(text.upper())
    return _at(found if found.tzinfo else found.replace(tzinfo=clock.zone))


def _at(moment: datetime) -> Span:
    return Span(moment.astimezone(UTC), moment.astimezone(UTC))
