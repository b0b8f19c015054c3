"""Every message of every set goes in, is drawn, and is given back byte for byte, as files and whole.

TUI_MAIL_TEST_FULL=1 takes every message of the sets; else every thirtieth that is not large.
"""

import asyncio
import hashlib
import os
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.data import data_folder, messages
from tests.worker.office import Office, office_on
from tui_mail.archives.found import Found, found_in
from tui_mail.db import accounts, blob_rows, folders
from tui_mail.db.engine import Database
from tui_mail.db.session import Session
from tui_mail.db.tables import Account
from tui_mail.mail.render import plain, render
from tui_mail.values import Fetched
from tui_mail.vault import open_vault
from tui_mail.worker.doctor import Doctor
from tui_mail.worker.export import Export
from tui_mail.worker.export_files import Format
from tui_mail.worker.reading import Reader
from tui_mail.worker.surroundings import Places

_FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
_LARGE = 200_000
_BATCH = 200


def _chosen() -> dict[str, bytes]:
    """The messages by their hash: the sets have some of them twice."""
    found: dict[str, bytes] = {}
    for folder in sorted(data_folder().iterdir()):
        if folder.is_dir():
            for _name, raw in messages(folder.name, 1 if _FULL else 30):
                if raw and (_FULL or len(raw) <= _LARGE):
                    found[hashlib.sha256(raw).hexdigest()] = raw
    return found


def _batches(raws: list[bytes]) -> Iterator[list[Fetched]]:
    now = datetime.now(UTC)
    for start in range(0, len(raws), _BATCH):
        yield [Fetched("", raw, frozenset(), now) for raw in raws[start : start + _BATCH]]


def _take_in(office: Office, raws: list[bytes]) -> None:
    account = Account(email="anna@rossi.it", protocol="local")
    made = office.database.write_now(accounts.add_account, account, office.operator_id)
    inbox = office.database.write_now(folders.folder_named, made.id or 0, "INBOX")

    async def store() -> None:
        for batch in _batches(raws):
            await office.ingest.take_in(made.id or 0, inbox.id or 0, batch)

    asyncio.run(store())


def _ids(session: Session) -> list[int]:
    return [row.message_id for row in blob_rows.originals_after(session, 0, 1_000_000)]


@pytest.fixture
def office(sqlite_database: Database, tmp_path: Path) -> Office:
    return office_on(sqlite_database, tmp_path)


def test_every_message_is_stored_drawn_and_given_back(office: Office, tmp_path: Path) -> None:
    expected = _chosen()
    _take_in(office, list(expected.values()))
    ids = office.database.read_now(_ids)
    reader = Reader(office.database, office.blobs, office.operator_id)
    given = set()
    for one in ids:
        opened = reader.open_now(one)
        given.add(hashlib.sha256(opened.raw).hexdigest())
        for line in plain(render(opened.parsed, 80)):
            assert not [sign for sign in line if unicodedata.category(sign) in {"Cc", "Cs"}]
    assert given == set(expected)
    kinds: tuple[Format, ...] = ("mbox", "eml", "maildir")
    for kind in kinds:
        path = tmp_path / kind
        export = Export(office.database, office.blobs, path, kind, folders=False)
        done = list(export.run(office.operator_id, ids))
        assert all(one.written for one in done)
        back = [one.fetched.raw for one in found_in(path) if isinstance(one, Found)]
        as_files = {hashlib.sha256(raw).hexdigest() for raw in back}
        assert as_files == set(expected), kind
    doctor = Doctor(
        office.database,
        office.blobs,
        open_vault(office.folder / "key"),
        Places((), office.folder / "attachments", None),
        lambda _text: None,
        now=datetime.now(UTC),
        repair=False,
        deep=True,
    )
    assert [one.slug for one in doctor.findings() if one.slug != "disk_space"] == []
    assert doctor.messages == len(expected)
