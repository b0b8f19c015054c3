"""Periods as people type them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tui_mail.search.mistakes import WrongValueError
from tui_mail.search.times import Clock, day_to_come, period

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CLOCK = Clock(NOW, UTC)


def day(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-01..2026-03", day(2026, 1, 1), day(2026, 4, 1)),
        ("2026-01-15 – 2026-02-01", day(2026, 1, 15), day(2026, 2, 2)),
        ("15/1/2026 - 1/2/2026", day(2026, 1, 15), day(2026, 2, 2)),
        ("15.1.2026..1.2.2026", day(2026, 1, 15), day(2026, 2, 2)),
        ("2026-01-15 to 2026-02-01", day(2026, 1, 15), day(2026, 2, 2)),
        ("15/1/2026 al 1/2/2026", day(2026, 1, 15), day(2026, 2, 2)),
        ("2026-01-15..", day(2026, 1, 15), None),
        ("..ieri", None, day(2026, 11, 24)),
        ("2025", day(2025, 1, 1), day(2026, 1, 1)),
        ("7d", NOW - timedelta(days=7), None),
        ("3m..7d", datetime(2026, 8, 24, 12, tzinfo=UTC), NOW - timedelta(days=7)),
        ("3 mesi", datetime(2026, 8, 24, 12, tzinfo=UTC), None),
    ],
)
def test_a_period_is_from_one_date_to_another(
    text: str, since: datetime | None, until: datetime | None
) -> None:
    assert period(text, CLOCK) == (since, until)


@pytest.mark.parametrize("text", ["", "..", "sent", "2026-13..2026-14", "2026..chain", "-", "…"])
def test_other_words_are_no_period(text: str) -> None:
    with pytest.raises(WrongValueError):
        period(text, CLOCK)


@pytest.mark.parametrize(("text", "day"), [
    ("31/12", date(2026, 12, 31)), ("15/2", date(2027, 2, 15)), ("15-02-2028", date(2028, 2, 15)),
    ("2026-12-01", date(2026, 12, 1)), ("24/11", date(2026, 11, 24)), ("oggi", date(2026, 11, 24)),
    ("tomorrow", date(2026, 11, 25)), ("31/2", None),
    ("31/12/26", date(2026, 12, 31)), ("1.3.27", date(2027, 3, 1)), ("1/3/270", None),
    ("29/02", date(2028, 2, 29)), ("29/2/27", None), ("x", None), ("", None), ("7d", None),
])  # fmt: skip
def test_a_day_without_its_year_is_the_next_one_where_something_is_to_be_done(
    text: str, day: date | None
) -> None:
    assert day_to_come(text, date(2026, 11, 24)) == day


@pytest.mark.parametrize(("today", "day"), [
    (date(2028, 2, 29), date(2028, 2, 29)), (date(2028, 3, 1), date(2032, 2, 29)),
    (date(2096, 3, 1), date(2104, 2, 29)),
])  # fmt: skip
def test_the_day_of_leap_years_is_that_of_the_next_year_that_has_it(today: date, day: date) -> None:
    assert day_to_come("29/02", today) == day
