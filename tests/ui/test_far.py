"""Lists of more rows than are loaded: what keys reach, mark and say of the rest."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.ui.stage import Showing, Stage, build, showing
from tests.worker.office import letter
from tui_mail.db.engine import Database
from tui_mail.ui.widgets.text import SafeInput
from tui_mail.values import Fetched, Flag
from tui_mail.worker.ingest import Ingest

_MANY = 450


@pytest.fixture
async def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    """An inbox of many messages that are read, but for the oldest but three and the newest."""
    stage = build(sqlite_database, tmp_path)
    began = datetime.now(UTC) - timedelta(days=14)
    mail = [
        Fetched(
            f"1:{n}",
            letter(f"m{n}", subject=f"lettera {n}"),
            frozenset[str]() if n in {3, _MANY - 1} else frozenset({Flag.SEEN.value}),
            began + timedelta(minutes=n),
        )
        for n in range(_MANY)
    ]
    folder = stage.folder_id("INBOX")
    await Ingest(stage.database, stage.blobs).store(stage.account, folder, mail)
    return stage


def _subject(shown: Showing) -> str:
    row = shown.main.threads.row
    return "" if row is None else row.subject


async def test_tab_goes_to_what_is_unread_far_below_and_back(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.sees(f"Inbox · {_MANY}")
        await shown.press("tab")
        await shown.until(lambda: _subject(shown) == "lettera 3")
        assert shown.main.threads.cursor == _MANY - 4
        await shown.press("tab")
        await shown.sees("Nothing is unread further down.")
        await shown.until(lambda: shown.main.threads.row_at(_MANY - 10) is not None)
        await shown.press("shift+tab")
        await shown.until(lambda: _subject(shown) == f"lettera {_MANY - 1}")
        assert shown.main.threads.cursor == 0
        await shown.press("shift+tab")
        await shown.sees("Nothing is unread further up.")


async def test_tab_goes_on_in_what_a_search_finds(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.sees(f"Inbox · {_MANY}")
        await shown.press("/")
        shown.main.query_one("#search", SafeInput).value = "lettera"
        await shown.press("enter")
        await shown.sees(f"Search: lettera · {_MANY}")
        await shown.press("tab")
        await shown.until(lambda: _subject(shown) == "lettera 3")
        await shown.press("tab")
        await shown.sees("Nothing is unread further down.")


@pytest.mark.parametrize("query", ["", "lettera"])
async def test_what_cannot_be_marked_any_more_is_told(
    stage: Stage, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_mail.db.marking.MOST_MARKED", 100)
    async with showing(stage) as shown:
        await shown.sees(f"Inbox · {_MANY}")
        if query:
            await shown.press("/")
            shown.main.query_one("#search", SafeInput).value = query
            await shown.press("enter")
            await shown.sees(f"Search: lettera · {_MANY}")
        await shown.press("asterisk", "a")
        if query:
            await shown.sees("The first 100 are marked, no more can be at once; there are more.")
        else:
            await shown.sees(f"The first 100 of {_MANY} are marked: no more can be at once.")
        assert len(shown.main.threads.marks) == 100
