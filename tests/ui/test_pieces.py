"""A message sent in several pieces in the reader: joined, or what is missing."""

from pathlib import Path

import pytest

from tests.pieces import in_pieces, whole
from tests.ui.stage import Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.ui.widgets.text import SafeInput


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def test_pieces_are_read_as_the_message_and_its_file_is_saved(
    stage: Stage, tmp_path: Path
) -> None:
    raw = whole()
    pieces = in_pieces(raw, [raw.index(b"seconda"), raw.index(b"JVBE") + 70])
    folder = tmp_path / "salvati"
    folder.mkdir()
    await stage.take(pieces[1])
    await stage.take(pieces[2])
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("⚠ piece 3 of 3; 1 is missing")
        await stage.take(pieces[0])
        await shown.sees("Disegni della pompa", "▪ joined from 3 pieces", "pompa.pdf")
        await shown.sees("prima riga", "seconda riga")
        await shown.lacks("piece 3 of 3")
        await shown.press("S")
        await shown.sees("Save 1 file in")
        shown.console.screen.query_one(SafeInput).value = str(folder)
        await shown.sees("salvati/", "save here")
        await shown.press("enter")
        await shown.sees("Saved ")
        await shown.press("ctrl+u")  # the source is the piece's, as it came
        await shown.sees("Content-Type: message/partial")
    (saved,) = folder.iterdir()
    assert saved.read_bytes() == b"%PDF-1.4\n" * 48


async def test_a_stranger_who_adds_a_piece_is_not_vouched_for(stage: Stage) -> None:
    """The checks on one piece say nothing of the others."""
    pieces = in_pieces(whole(), [400])
    results = "Authentication-Results: localhost; dkim={0} header.d=ferri.it; dmarc={0}\r\n"
    await stage.take(results.format("pass").encode() + pieces[0])
    await stage.take(results.format("fail").encode() + pieces[1])
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees(
            "▪ joined from 2 pieces", "the sender's domain says that this is not from it"
        )
        await shown.lacks("✓ DKIM")
