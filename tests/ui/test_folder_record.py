"""Saying at the keyboard which record a folder stands for."""

from pathlib import Path

import pytest

from tests.db.house import NOW
from tests.ui.stage import Showing, Stage, build, showing
from tui_mail.db import folder_verbs
from tui_mail.db.engine import Database


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    found = build(sqlite_database, tmp_path)
    for name in ("Varie", "Bianchi Spa"):
        sqlite_database.write_now(folder_verbs.create_folder, found.anna, found.account, name, NOW)
    return found


async def _on(shown: Showing, name: str) -> None:
    """The cursor is on a folder of that name."""
    await shown.press("alt+1", "home")
    for _step in range(8):
        node = shown.main.folders.chosen
        if node is not None and node.folder is not None and node.folder.name == name:
            return
        await shown.press("down")
    raise AssertionError(f"{name} is not in the tree")


async def test_a_folder_called_as_a_firm_is_marked_and_takes_two_keys(stage: Stage) -> None:
    await stage.receive("Prezzi", sender="x@altrove.example", folder="Bianchi Spa")
    async with showing(stage) as shown:
        await shown.sees("Bianchi Spa ?")
        await _on(shown, "Bianchi Spa")
        await shown.press("L")
        await shown.sees("Which record does the folder “Bianchi Spa” stand for?", "Customer C200")
        await shown.press("enter")
        await shown.sees("Bianchi Spa →", "“Bianchi Spa” stands for Bianchi Spa")
        await shown.press("L")
        await shown.sees("stands for Bianchi Spa: Enter ends that")
        await shown.press("enter")
        await shown.sees("“Bianchi Spa” stands for no record any more", "Bianchi Spa ?")
        await shown.press("z")
        await shown.sees("Bianchi Spa →")


async def test_any_record_can_be_found_for_a_folder_and_none_for_the_inbox(stage: Stage) -> None:
    async with showing(stage, (80, 24), language="it") as shown:
        await _on(shown, "Varie")
        await shown.press("L")
        await shown.press(*"119")
        await shown.sees("Ordine 119")
        await shown.press("enter")
        await shown.sees("Varie → OC 119", "Bianchi Spa ? Bianchi Spa")
        await _on(shown, "INBOX")
        await shown.press("L")
        await shown.press(*"119", "enter")
        await shown.sees("contiene posta di ogni genere")
