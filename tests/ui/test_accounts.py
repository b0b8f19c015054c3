"""The screen that says how the accounts are and who works on them, live."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.ui.stage import EMAIL, Stage, aside, build, showing
from tui_mail.db import accounts, turns
from tui_mail.db.engine import Database
from tui_mail.db.turns import Holder


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def test_it_says_who_serves_an_account_and_what_is_wrong_as_it_happens(stage: Stage) -> None:
    database = stage.database
    async with showing(stage) as shown:
        await shown.press("f8")
        await shown.sees("1 account", EMAIL, "never up to date", "nobody serves it")
        token = aside(
            lambda: database.write_now(turns.seize, stage.account, Holder("mail2.rossi.it", 812))
        )
        success = datetime.now(UTC) - timedelta(minutes=5)
        aside(lambda: database.write_now(accounts.record_success, stage.account, success))
        await shown.sees("served by mail2.rossi.it, process 812", "5 min ago")
        failure = "The server [/] does not\x1b[2J answer."
        now = datetime.now(UTC)
        aside(lambda: database.write_now(accounts.record_failure, stage.account, failure, now))
        await shown.sees("The server [/] does not", "answer.")
        aside(lambda: database.write_now(turns.give_back, stage.account, token))
        await shown.sees("nobody serves it")
        await shown.press("q")
        await shown.lacks("nobody serves it")


async def test_it_speaks_italian_and_is_found_among_the_commands(stage: Stage) -> None:
    async with showing(stage, language="it") as shown:
        await shown.press("ctrl+p")
        await shown.press(*"stanno")
        await shown.press("enter")
        await shown.sees("1 account", "mai aggiornato", "nessuno lo serve")
