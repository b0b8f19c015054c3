"""How far fetching is, in words."""

import pytest

from tui_mail import i18n
from tui_mail.ui.header import how_far
from tui_mail.worker.fetch import Progress


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress("inbox", "INBOX", 50, 12_000, 4_000, 1.0), "Inbox 50 of 12,000"),
        (
            Progress("", "Clienti", 6_000, 12_000, 61 << 20, 300.0),
            "Clienti 6,000 of 12,000 · 61 MB · 5 minutes left",
        ),
        (
            Progress("", "Clienti", 11_000, 12_000, 61 << 20, 300.0),
            "Clienti 11,000 of 12,000 · 61 MB · less than a minute left",
        ),
    ],
)
def test_how_far_fetching_is(progress: Progress, said: str) -> None:
    i18n.set_language("en")
    assert how_far(progress) == said
