"""Letters that are being written here, where one looks for drafts."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from tests.ui.stage import FOLDERS, Stage, aside, build, showing
from tui_mail.db import drafts, folders
from tui_mail.db.draft_content import DraftContent, encode
from tui_mail.db.engine import Database
from tui_mail.values import FolderRole, RemoteFolder


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


def _with_drafts_folder(stage: Stage) -> None:
    names = {**FOLDERS, "Drafts": FolderRole.DRAFTS}
    remote = [RemoteFolder(name, name, role) for name, role in names.items()]
    aside(lambda: stage.database.write_now(folders.reconcile_folders, stage.account, remote))


def _begin(stage: Stage, subject: str) -> int:
    def write(session: Session) -> int:
        content = encode(DraftContent(to="l.ferri@ferri.it", subject=subject))
        now = datetime.now(UTC)
        row = drafts.save_draft(
            session, stage.anna, None, stage.account, content, version=0, now=now
        )
        return row.id

    return aside(lambda: stage.database.write_now(write))


async def test_the_folder_of_drafts_counts_and_names_what_is_written_here(stage: Stage) -> None:
    _with_drafts_folder(stage)
    await stage.receive("Da un altro programma", folder="Drafts")
    _begin(stage, "Offerta 55")
    _begin(stage, "Offerta 56")
    async with showing(stage) as shown:
        tree = [line for line in shown.screen() if "Drafts" in line]
        assert any("3" in line for line in tree)
        drafts_folder = next(row for row in stage.folders() if row.role == "drafts")
        shown.main.show_folder(drafts_folder)
        shown.main.go_to("threads")
        await shown.sees(
            "2 letters are being written here: g d goes on with one", "Da un altro programma"
        )
        await shown.press("g", "d")
        await shown.sees("Offerta 55", "Offerta 56")


async def test_an_empty_folder_of_drafts_shows_just_what_is_written_here(stage: Stage) -> None:
    _with_drafts_folder(stage)
    number = _begin(stage, "Offerta 55")
    async with showing(stage) as shown:
        shown.main.show_folder(next(row for row in stage.folders() if row.role == "drafts"))
        await shown.sees("1 letter is being written here: g d goes on with it")
        await shown.lacks("Nothing in this folder")
        aside(lambda: stage.database.write_now(drafts.delete_draft, stage.anna, number))
        await shown.sees("Nothing in this folder")
        await shown.lacks("being written here")
