"""Attachments that nothing needs are collected: in time, and from nobody who wants them."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.worker.office import Office, office_on
from tui_mail.blobs import FolderBlobs
from tui_mail.db import accounts, folders
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account
from tui_mail.errors import TryLater
from tui_mail.values import Fetched
from tui_mail.vault import open_vault
from tui_mail.worker.collect import (
    collect_unused,
    collect_when_due,
    note_use,
    nothing_collected,
    other_users,
)
from tui_mail.worker.doctor import Doctor, Finding
from tui_mail.worker.surroundings import Places

_LATER = datetime.now(UTC) + timedelta(days=2)
_RAW = (
    b"Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\n%PDF\r\n"
)


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return office_on(database, tmp_path)


def _take_in(office: Office) -> str:
    """One message with an attachment in a local account; the address of the account."""
    email = "anna@rossi.it"
    account = Account(email=email, protocol="local")
    made = office.database.write_now(accounts.add_account, account, office.operator_id)
    inbox = office.database.write_now(folders.folder_named, made.id or 0, "INBOX")
    fetched = Fetched("", _RAW, frozenset(), datetime.now(UTC))
    asyncio.run(office.ingest.take_in(made.id or 0, inbox.id or 0, [fetched]))
    return email


def _store(office: Office) -> Path:
    return office.folder / "attachments"


def _names(blobs: FolderBlobs) -> list[str]:
    return [one.name for one in blobs.names()]


def _findings(office: Office, folder: Path, *, repair: bool) -> list[Finding]:
    doctor = Doctor(
        office.database,
        office.blobs,
        open_vault(office.folder / "key"),
        Places((), folder, None),
        lambda _text: None,
        now=_LATER,
        repair=repair,
        deep=True,
    )
    return list(doctor.findings())


def test_what_is_needed_stays_and_what_is_not_goes_after_a_day(office: Office) -> None:
    email = _take_in(office)
    database, blobs, folder = office.database, office.blobs, _store(office)

    def collected(now: datetime) -> int:
        return collect_unused(database, blobs, folder, now)

    assert collected(_LATER) == 0
    database.write_now(accounts.remove_account, office.operator_id, email)
    assert collected(datetime.now(UTC)) == 0
    assert len(_names(blobs)) == 1
    blobs.put(b"%PDF\r\n")  # somebody is about to need it again
    assert collected(_LATER) == 1
    assert _names(blobs) == []
    assert _findings(office, folder, repair=False) == []


def test_half_written_files_go_after_a_day(office: Office) -> None:
    _take_in(office)
    (name,) = _names(office.blobs)
    half = _store(office) / name[:2] / f".{name[2:]}.0123456789abcdef.new"
    half.write_bytes(b"half")
    (found,) = _findings(office, _store(office), repair=True)
    assert (found.slug, found.count, found.left) == ("attachments_unused", 1, 0)
    assert not half.exists()
    assert _findings(office, _store(office), repair=False) == []


def test_while_a_backup_is_made_nothing_is_collected(office: Office) -> None:
    _take_in(office)
    with nothing_collected(_store(office)):
        with pytest.raises(TryLater):
            collect_unused(office.database, office.blobs, _store(office), _LATER)
        assert collect_when_due(office.database, office.blobs, _store(office), _LATER) == 0


def test_a_second_database_in_the_folder_is_known(
    office: Office, sqlite_database: Database
) -> None:
    note_use(_store(office), office.database)
    assert other_users(_store(office), office.database) == []
    note_use(_store(office), sqlite_database)
    assert len(other_users(_store(office), office.database)) == 1
    assert collect_unused(office.database, office.blobs, _store(office), _LATER) == 0
