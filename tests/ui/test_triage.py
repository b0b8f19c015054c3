"""Whose a conversation is and whose turn it is, by the keys."""

from pathlib import Path

import pytest

from tests.ui.stage import Stage, aside, build, showing
from tui_mail.db.accounts import operator_for
from tui_mail.db.engine import Database


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def test_a_conversation_is_given_to_a_colleague_and_taken_back(stage: Stage) -> None:
    aside(lambda: stage.database.write_now(operator_for, "giulia", "Giulia Neri"))
    await stage.receive("Offerta 55", seen=True)
    async with showing(stage, (200, 40)) as shown:
        await shown.sees("Offerta 55")
        await shown.press("@")
        await shown.sees("Assign “Offerta 55” to", "to me", "nobody", "Giulia Neri")
        await shown.press(*"giu", "enter")
        await shown.sees("Assigned “Offerta 55” to giulia – z to undo")
        line = next(line for line in shown.screen() if "Luca Ferri" in line)
        assert "giulia" in line
        assert stage.rows()[0].care.login == "giulia"
        await shown.press("z")
        await shown.until(lambda: stage.rows()[0].care.login == "")


async def test_a_conversation_waits_and_is_done(stage: Stage) -> None:
    await stage.receive("Offerta 55", seen=True)
    async with showing(stage) as shown:
        await shown.sees("Offerta 55")
        await shown.press("m", *"wai", "enter")
        await shown.sees("“Offerta 55”: waiting – z to undo", "▌…  Luca Ferri")
        await shown.press("m", *"don", "enter")
        await shown.sees("▌✓  Luca Ferri")
        assert stage.rows()[0].care.state == "done"


async def test_the_reader_has_the_same_keys(stage: Stage) -> None:
    await stage.receive("Offerta 55")
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("ci sentiamo.")
        await shown.press("@", "enter")
        await shown.until(lambda: stage.rows()[0].care.login == "anna")
