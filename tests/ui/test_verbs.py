"""The verbs that ask first, the last one done again, and keys that are not there yet."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ui.stage import Showing, Stage, aside, build, showing
from tui_mail.db import actions
from tui_mail.db.engine import Database
from tui_mail.db.messages import message


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


def _said(shown: Showing) -> str:
    bar = shown.main.status
    return "".join(piece.text for piece in bar.left)


def _tag(stage: Stage, name: str) -> None:
    ids = [stage.rows()[0].placement_id or 0]
    now = datetime.now(UTC)
    add = frozenset({name})
    aside(lambda: stage.database.write_now(actions.mark, stage.anna, ids, add=add, now=now))


def _flags(stage: Stage, number: int = 0, folder: str = "INBOX") -> frozenset[str]:
    row = stage.rows(folder)[number]
    return aside(lambda: stage.database.read_now(message, stage.anna, row.message_id)).flags


# -- copies


async def test_a_conversation_is_copied_to_a_folder_and_back(stage: Stage) -> None:
    first = await stage.receive("Preventivo")
    await stage.receive("Re: Preventivo", reply_to=first)
    async with showing(stage) as shown:
        await shown.press("comma", "c")
        await shown.sees("Copy “Re: Preventivo” to")
        await shown.press(*"arch", "enter")
        await shown.sees("Copied “Re: Preventivo” to Archive – z to undo", "Inbox · 1")
        assert [row.total for row in stage.rows("Archive")] == [2]
        assert [row.total for row in stage.rows()] == [2]
        await shown.press("z")
        await shown.until(lambda: not stage.rows("Archive"))
        assert [row.total for row in stage.rows()] == [2]


async def test_the_marked_rows_are_copied_together(stage: Stage) -> None:
    for number in range(3):
        await stage.receive(f"Offerta {number}")
    async with showing(stage) as shown:
        await shown.press("x", "x", "comma", "c")
        await shown.sees("Copy 2 marked to")
        await shown.press(*"arch", "enter")
        await shown.sees("Copied 2 marked to Archive")
        assert [row.subject for row in stage.rows("Archive")] == ["Offerta 2", "Offerta 1"]
        await shown.press("z")
        await shown.until(lambda: not stage.rows("Archive"))


# -- tags


async def test_a_new_tag_is_put_on_found_again_and_taken_off(stage: Stage) -> None:
    await stage.receive("Offerta 55", seen=True)
    await stage.receive("Offerta 56", seen=True)
    async with showing(stage) as shown:
        await shown.press("l")
        await shown.sees("Tag “Offerta 56”")
        await shown.press(*"fiera")
        await shown.sees("a new tag")
        await shown.press("enter")
        await shown.sees("“Offerta 56” tagged fiera – z to undo")
        assert "fiera" in _flags(stage)
        await shown.press("j", "l")
        await shown.sees("Tag “Offerta 55”", "fiera")
        await shown.press("enter")
        await shown.until(lambda: "fiera" in _flags(stage, 1))
        await shown.press("l")
        await shown.sees("✓ fiera", "take it off")
        await shown.press("enter")
        await shown.sees("fiera taken off “Offerta 55”")
        assert "fiera" not in _flags(stage, 1)
        await shown.press("z")
        await shown.until(lambda: "fiera" in _flags(stage, 1))


@pytest.mark.parametrize("wrong", ["due parole", "seen", "è"])
async def test_what_can_be_no_tag_is_refused_with_a_sentence(stage: Stage, wrong: str) -> None:
    await stage.receive("Offerta 55")
    async with showing(stage) as shown:
        await shown.press("l")
        await shown.sees("Tag “Offerta 55”")
        await shown.press(*("space" if key == " " else key for key in wrong), "enter")
        await shown.sees("choose another name")
        assert _flags(stage) == frozenset()


async def test_all_marked_rows_are_tagged(stage: Stage) -> None:
    for number in range(3):
        await stage.receive(f"Offerta {number}", seen=True)
    async with showing(stage) as shown:
        await shown.press("asterisk", "a", "l")
        await shown.sees("Tag 3 marked")
        await shown.press(*"fiera", "enter")
        await shown.sees("3 marked tagged fiera")
        assert all("fiera" in _flags(stage, number) for number in range(3))
        await shown.press("l")
        await shown.sees("✓ fiera")  # all of them have it


async def test_a_tag_of_a_program_is_not_offered(stage: Stage) -> None:
    await stage.receive("Offerta 55")
    _tag(stage, "NonJunk")
    _tag(stage, "$MDNSent")
    _tag(stage, "lavoro")
    async with showing(stage) as shown:
        await shown.press("l")
        await shown.sees("✓ lavoro")
        await shown.lacks("NonJunk", "$MDNSent")


# -- again


async def test_a_dot_does_the_last_verb_on_the_row_in_hand(stage: Stage) -> None:
    for number in range(4):
        await stage.receive(f"Offerta {number}", seen=True)
    async with showing(stage) as shown:
        await shown.press("full_stop")
        await shown.sees("Nothing was done yet that could be done again.")
        await shown.press("v", *"arch", "enter")
        await shown.sees("Moved “Offerta 3” to Archive", "Inbox · 3")
        await shown.press("full_stop")
        await shown.sees("Moved “Offerta 2” to Archive – z to undo", "Inbox · 2")
        await shown.press("l", *"fiera", "enter")
        await shown.sees("“Offerta 1” tagged fiera")
        await shown.press("j", "full_stop")
        await shown.sees("“Offerta 0” tagged fiera")


async def test_a_dot_does_the_last_verb_on_the_marked_rows(stage: Stage) -> None:
    for number in range(3):
        await stage.receive(f"Offerta {number}", seen=True)
    async with showing(stage) as shown:
        await shown.press("e")
        await shown.sees("Inbox · 2")
        await shown.press("asterisk", "a", "full_stop")
        await shown.sees("Archived 2 marked", "Nothing in this folder")
        assert len(stage.rows("Archive")) == 3


async def test_marked_rows_are_assigned_together(stage: Stage) -> None:
    for number in range(2):
        await stage.receive(f"Offerta {number}", seen=True)
    async with showing(stage) as shown:
        await shown.press("asterisk", "a", "@")
        await shown.sees("Assign 2 marked to")
        await shown.press("enter")
        await shown.sees("Assigned 2 marked to anna")
        assert [row.care.login for row in stage.rows()] == ["anna", "anna"]


# -- what does nothing says so


@pytest.mark.parametrize("where", ["list", "reader"])
@pytest.mark.parametrize("language", ["en", "it"])
async def test_keys_that_are_not_there_yet_say_so(stage: Stage, where: str, language: str) -> None:
    await stage.receive("Offerta 55")
    keys = ["b", "M", "N", "w", "vertical_line", "P", "g b", "comma b"]
    async with showing(stage, language=language) as shown:
        await shown.sees("Offerta 55")
        if where == "reader":
            await shown.press("enter")
            await shown.until(lambda: shown.focused == "reader")
        sentences = {"en": "This key does nothing yet.", "it": "Questo tasto non fa ancora nulla."}
        for key in keys:
            shown.main.status.show(())
            await shown.press(*key.split())
            await shown.until(lambda: sentences[language] in _said(shown))


async def test_arrows_to_the_side_say_when_there_is_nothing_to_fold(stage: Stage) -> None:
    quoted = "\n".join(f"> citata {number}" for number in range(8))
    await stage.receive("Re: x", body=f"Grazie.\n\n{quoted}\n")
    await stage.receive("Senza", body="ecco\n")
    async with showing(stage) as shown:
        for key in ("left", "right"):
            shown.main.status.show(())
            await shown.press(key)
            await shown.sees("There is nothing to fold here: Enter reads, T shows")
        await shown.press("enter")
        await shown.sees("ecco")
        await shown.press("right")
        await shown.sees("There is nothing to fold here: nothing is quoted.")
        await shown.press("J")
        await shown.sees("Grazie.")
        await shown.press("left")
        await shown.sees("All that is quoted is folded.")
        await shown.press("right")
        await shown.sees("citata 5")
        await shown.press("right")
        await shown.sees("All that is quoted is shown.")
