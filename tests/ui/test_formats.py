"""Dates, sums and names as people read them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from decimal import Decimal

import pytest

from tui_mail.db.rows import Chip
from tui_mail.i18n import set_language
from tui_mail.ui import formats

TODAY = Day(2026, 11, 24)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def _local(year: int, month: int, day: int, hour: int = 12) -> datetime:
    return datetime(year, month, day, hour, 5).astimezone()


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (_local(2026, 11, 24, 10), "10:05"),
        (_local(2026, 11, 23), "yesterday"),
        (_local(2026, 11, 20), "20 Nov"),
        (_local(2025, 11, 12), "12/11/25"),
    ],
)
def test_a_list_says_when_in_as_few_words_as_will_do(at: datetime, shown: str) -> None:
    assert formats.when(at.astimezone(UTC), _local(2026, 11, 24, 18)) == shown


def test_a_header_says_when_in_full() -> None:
    now = _local(2026, 11, 24, 18)
    assert formats.when_in_full(now - timedelta(hours=8), now) == "today 10:05"
    assert formats.when_in_full(_local(2025, 3, 2), now) == "2 Mar 2025 12:05"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("2026/119", "119"),
        ("2025/119", "119/25"),
        ("2026/A/88", "88/A"),
        ("2025/A/88", "88/A/25"),
        ("2026/41#2", "41/2"),
        ("invoice:2026/A/41#2", "41/A/2"),
        ("S00042", "S00042"),
        ("a\x1b[2Jb", "a␛[2Jb"),
    ],
)
def test_documents_are_called_as_people_call_them(code: str, shown: str) -> None:
    assert formats.short_code(code, TODAY) == shown


def test_sums_follow_the_language() -> None:
    assert formats.money(Decimal(1240), "EUR") == "€1,240.00"
    set_language("it")
    assert formats.money(Decimal(1240)).startswith("1")
    assert formats.money(Decimal(5), "no\x1bcoin") == formats.money(Decimal(5)) + " no␛coin"


@pytest.mark.parametrize(
    ("count", "shown"), [(12, "12 B"), (84_000, "84 kB"), (2_150_000, "2.1 MB")]
)
def test_sizes(count: int, shown: str) -> None:
    assert formats.size(count) == shown


def test_a_chip_has_the_sign_of_its_link() -> None:
    document = Chip(1, "", "invoice", "2026/A/88", "", "proposed")
    party = Chip(2, "", "customer", "C107", "Ferri Impianti", "confirmed")
    assert formats.chip(document, TODAY) == "INV 88/A ?"
    assert formats.chip(party, TODAY) == "Ferri Impianti ✓"
