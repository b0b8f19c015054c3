"""Files that are with their server only, in the console: marked, asked for, waited for, left."""

import asyncio
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from tests.ui.stage import Showing, Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account, Blob, WantedMessage
from tui_mail.ui.widgets.text import SafeInput
from tui_mail.worker.ingest import Ingest


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


def _letter() -> bytes:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "Luca Ferri <l.ferri@ferri.it>", "Fattura"
    letter["Message-ID"] = "<fattura@ferri.it>"
    letter.set_content("Ecco la fattura.\n")
    letter.add_attachment(b"%PDF one", "application", "pdf", filename="fattura.pdf")
    return letter.as_bytes()


async def _one_away(stage: Stage, tmp_path: Path) -> None:
    """A message whose file is with its server only."""
    await stage.take(_letter())
    (blob,) = (tmp_path / "blobs").glob("*/*")
    blob.unlink()
    await stage.database.write(lambda session: session.execute(update(Blob).values(away=True)))


async def _bring(stage: Stage) -> None:
    """What the worker does, in another process."""
    assert await Ingest(stage.database, stage.blobs).bring_back(1, _letter())


def _asked(session: Session) -> bool:
    return session.scalar(select(col(WantedMessage.by_hand))) is True


async def _until_asked(stage: Stage, shown: Showing) -> None:
    while not await stage.database.read(_asked):
        await shown.pilot.pause()


async def _save_into(shown: Showing, folder: Path) -> None:
    await shown.press("S")
    await shown.sees("Save 1 file in")
    shown.console.screen.query_one(SafeInput).value = str(folder)
    await shown.sees(f"{folder.name}/", "save here")
    await shown.press("enter")


async def test_what_is_opened_is_asked_for_and_shown_when_it_has_come(
    stage: Stage, tmp_path: Path
) -> None:
    await _one_away(stage, tmp_path)
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("Ecco la fattura.", "fattura.pdf", "on the server")
        await shown.lacks("⚠", "backup")
        await asyncio.wait_for(_until_asked(stage, shown), 20)
        await _bring(stage)
        await shown.lacks("on the server")
        await shown.sees("Ecco la fattura.", "fattura.pdf")


async def test_saving_waits_for_the_file(stage: Stage, tmp_path: Path) -> None:
    await _one_away(stage, tmp_path)
    folder = tmp_path / "salvati"
    folder.mkdir()
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("on the server")
        await _save_into(shown, folder)
        await shown.sees("Fetching the files from the server")
        await _bring(stage)
        await shown.sees("Saved ")
    assert [one.read_bytes() for one in folder.iterdir()] == [b"%PDF one"]


async def test_esc_leaves_the_wait_and_the_wish_stays(stage: Stage, tmp_path: Path) -> None:
    await _one_away(stage, tmp_path)
    folder = tmp_path / "salvati"
    folder.mkdir()
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("on the server")
        await _save_into(shown, folder)
        await shown.sees("Fetching the files from the server")
        await shown.press("escape")
        await shown.sees("Not waited for", "Ecco la fattura.")
        assert await stage.database.read(_asked)
        await _bring(stage)
        await shown.lacks("fattura.pdf  8 B, on the server")
    assert list(folder.iterdir()) == []


async def test_a_forward_waits_for_the_file_and_takes_it_along(
    stage: Stage, tmp_path: Path
) -> None:
    await _one_away(stage, tmp_path)
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("on the server")
        await shown.press("f")
        await shown.sees("Fetching the files from the server")
        await _bring(stage)
        await shown.sees("Forward", "fattura.pdf")


async def test_a_paused_account_says_what_to_do(stage: Stage, tmp_path: Path) -> None:
    await _one_away(stage, tmp_path)
    await stage.database.write(lambda session: session.execute(update(Account).values(paused=True)))
    folder = tmp_path / "salvati"
    folder.mkdir()
    async with showing(stage, (200, 36)) as shown:
        await shown.press("enter")
        await shown.sees("on the server")
        await _save_into(shown, folder)
        await shown.sees("which is paused", "account resume")
