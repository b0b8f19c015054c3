"""Schedules: windows of days and hours by the clock on the wall."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import WrongUse
from tui_mail.worker.schedule import DAYS, Rule, Window, read_schedule, rule_of, written

_ROME = ZoneInfo("Europe/Rome")
_OFFICE = "mon-fri 08:00-18:00 128; sat,sun 00:00-24:00 off"


@dataclass(frozen=True)
class Account:
    schedule: str = ""
    rate: int = 0
    paused: bool = False


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=_ROME)


@pytest.mark.parametrize(
    ("schedule", "local", "rule"),
    [
        (_OFFICE, "2026-11-27T07:59", Rule(rate=7)),
        (_OFFICE, "2026-11-27T08:00", Rule(rate=128, until="18:00")),
        (_OFFICE, "2026-11-27T17:59", Rule(rate=128, until="18:00")),
        (_OFFICE, "2026-11-27T18:00", Rule(rate=7)),
        (_OFFICE, "2026-11-28T00:00", Rule(paused=True, until="00:00")),
        ("22:00-06:00 off", "2026-11-27T23:00", Rule(paused=True, until="06:00")),
        ("22:00-06:00 off", "2026-11-28T05:59", Rule(paused=True, until="06:00")),
        ("22:00-06:00 off", "2026-11-28T06:00", Rule(rate=7)),
        ("fri 22:00-06:00 off", "2026-11-28T03:00", Rule(paused=True, until="06:00")),
        ("fri 22:00-06:00 off", "2026-11-27T03:00", Rule(rate=7)),
        ("sun 22:00-06:00 off", "2026-11-30T03:00", Rule(paused=True, until="06:00")),
        ("sat-mon 10:00-11:00 9", "2026-11-29T10:30", Rule(rate=9, until="11:00")),
        ("sat-mon 10:00-11:00 9", "2026-12-01T10:30", Rule(rate=7)),
        ("Lun-Ven 08:00-18:00 OFF", "2026-11-24T09:00", Rule(paused=True, until="18:00")),
        ("mar 08:00-18:00 off", "2026-11-24T09:00", Rule(paused=True, until="18:00")),
        ("08:00-12:00 full; mon-sun 00:00-24:00 5", "2026-11-24T09:00", Rule(until="12:00")),
        ("08:00-08:00 5", "2026-11-24T03:00", Rule(rate=5, until="08:00")),
        ("", "2026-11-24T09:00", Rule(rate=7)),
        (" ; ", "2026-11-24T09:00", Rule(rate=7)),
    ],
)
def test_the_first_window_that_holds_counts(schedule: str, local: str, rule: Rule) -> None:
    assert rule_of(Account(schedule, 7), at(local)) == rule


def test_a_pause_by_hand_holds_in_every_window() -> None:
    account = Account("00:00-24:00 full", 7, paused=True)
    assert rule_of(account, at("2026-11-24T09:00")) == Rule(paused=True)


@pytest.mark.parametrize(
    ("utc", "off"),
    [
        # 2026-10-25: at 3:00 it is 2:00 again, so the window lasts two hours.
        ("2026-10-24T23:59", False),
        ("2026-10-25T00:00", True),
        ("2026-10-25T01:59", True),
        ("2026-10-25T02:00", False),
        # 2026-03-29: after 1:59 comes 3:00, so the window is not there.
        ("2026-03-29T00:59", False),
        ("2026-03-29T01:00", False),
    ],
)
def test_windows_go_by_the_wall_also_when_its_clock_is_put_on_or_back(utc: str, off: bool) -> None:
    local = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(_ROME)
    assert rule_of(Account("02:00-03:00 off"), local).paused is off


@pytest.mark.parametrize(
    "wrong",
    [
        "mon-fri",
        "mon-fri 08:00-18:00",
        "mon-fri 8-18 128",
        "mon-fri 08:00-18:60 128",
        "mon-fri 08:00-24:01 128",
        "mon-fri 24:00-08:00 128",
        "mon-fri 08:00-18:00 -1",
        "mon-fri 08:00-18:00 fast",
        "mon-fri 08:00-18:00 99999999",
        "someday 08:00-18:00 128",
        "mon- 08:00-18:00 128",
        "mon, 08:00-18:00 128",
        "mon 08:00-18:00 128 off",
        "mon 08:00-18:00 128; nonsense",
        "x" * 2000,
    ],
)
def test_what_cannot_be_read_is_said(wrong: str) -> None:
    with pytest.raises(WrongUse):
        read_schedule(wrong)


def test_a_schedule_that_nobody_could_have_set_stops_nothing() -> None:
    assert rule_of(Account("nonsense", 7), at("2026-11-24T09:00")) == Rule(rate=7)


_WINDOWS = st.builds(
    Window,
    st.sets(st.integers(0, len(DAYS) - 1), min_size=1).map(lambda days: tuple(sorted(days))),
    st.integers(0, 24 * 60 - 1),
    st.integers(0, 24 * 60),
    st.none() | st.integers(0, 1 << 20),
)


@given(st.lists(_WINDOWS, max_size=5).map(tuple))
def test_what_is_kept_is_read_as_it_was(windows: tuple[Window, ...]) -> None:
    assert read_schedule(written(windows)) == windows


@given(_WINDOWS, st.integers(0, 60 * 24 * 14))
def test_a_window_holds_for_its_length_from_each_of_its_days(window: Window, minutes: int) -> None:
    local = at("2026-11-02T00:00") + timedelta(minutes=minutes)
    length = (window.end - window.start - 1) % (24 * 60) + 1
    begins = [
        local.replace(hour=0, minute=0) - timedelta(days=ago) + timedelta(minutes=window.start)
        for ago in (0, 1)
    ]
    expected = any(
        begin.weekday() in window.days and begin <= local < begin + timedelta(minutes=length)
        for begin in begins
    )
    assert window.holds(local) is expected


@given(st.text(max_size=60))
def test_nothing_but_a_word_for_people_comes_of_any_text(text: str) -> None:
    try:
        read_schedule(text)
    except WrongUse:
        return
