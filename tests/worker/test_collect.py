"""Attachments that nothing needs are collected: in time, and from nobody who wants them."""

import asyncio
import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import gethostname

import pytest

from tests.worker.office import Office, office_on
from tui_mail.blobs import FolderBlobs
from tui_mail.db import accounts, folders
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account
from tui_mail.errors import TryLater
from tui_mail.machine import machine
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


def _mark_of(office: Office) -> Path:
    note_use(_store(office), office.database)
    (mark,) = (_store(office) / ".databases").iterdir()
    return mark


@pytest.mark.parametrize(
    "told",
    [
        {"machine": "elsewhere 0123456789abcdef", "database": "sqlite {machine}:{gone}"},
        {"machine": "{machine}", "database": "sqlite {machine}:{no_disk}"},
        {"machine": "{machine}", "database": "postgresql 1/2 mail"},
        {"host": "{host}", "folder": "/elsewhere", "database": "sqlite {host}:{gone}"},
        {},
    ],
)
def test_a_database_that_may_be_there_counts_as_somebody(
    office: Office, tmp_path: Path, told: dict[str, str]
) -> None:
    """On another machine of the same name, on a disk that is not in, or nobody knows where."""
    words = {
        "machine": machine(),
        "host": gethostname(),
        "gone": tmp_path / "gone.db",
        "no_disk": tmp_path / "disk" / "mail.db",
    }
    other = _mark_of(office).with_name("0" * 32)
    other.write_text(json.dumps({key: value.format(**words) for key, value in told.items()}))
    assert other_users(_store(office), office.database) == [other]


def test_marks_that_came_with_a_copied_folder_are_past_and_those_of_a_second_mount_are_not(
    office: Office, sqlite_database: Database, tmp_path: Path
) -> None:
    note_use(_store(office), sqlite_database)
    (mark,) = (_store(office) / ".databases").iterdir()
    copied = tmp_path / "copied"
    shutil.copytree(_store(office), copied)
    assert other_users(copied, office.database) == []
    linked = tmp_path / "linked"
    linked.symlink_to(_store(office))
    told = json.loads(mark.read_text())
    mark.write_text(json.dumps(told | {"folder": str(linked)}))
    assert other_users(_store(office), office.database) == [mark]
    assert list((copied / ".databases").iterdir()) == [copied / ".databases" / mark.name]


def test_a_database_whose_file_was_deleted_here_is_past(office: Office, tmp_path: Path) -> None:
    gone = {"machine": machine(), "database": f"sqlite {machine()}:{tmp_path / 'gone.db'}"}
    _mark_of(office).with_name("0" * 32).write_text(json.dumps(gone))
    assert other_users(_store(office), office.database) == []


def test_the_mark_that_knew_the_machine_by_its_name_alone_is_taken_over(
    sqlite_database: Database, tmp_path: Path
) -> None:
    note_use(tmp_path, sqlite_database)
    (mark,) = (tmp_path / ".databases").iterdir()
    file = json.loads(mark.read_text())["database"].removeprefix(f"sqlite {machine()}:")
    before = f"sqlite {gethostname()}:{file}"
    old = mark.with_name(hashlib.sha256(before.encode()).hexdigest()[:32])
    old.write_text(json.dumps({"database": before, "host": gethostname(), "folder": "/x"}))
    assert other_users(tmp_path, sqlite_database) == ([] if old == mark else [old])
    note_use(tmp_path, sqlite_database)
    assert other_users(tmp_path, sqlite_database) == []
