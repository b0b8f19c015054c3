"""What is lost of a message comes back with it, from a server or from a file, on either database."""

from pathlib import Path

import pytest

from tests.cli.program import WITH_FILES
from tests.worker.office import NOW, Office, office_on
from tui_mail.db import blob_rows, checkup
from tui_mail.db.accounts import add_account
from tui_mail.db.engine import Database
from tui_mail.db.folders import folder_named
from tui_mail.db.tables import Account, Folder, MessageSource
from tui_mail.values import Fetched


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return office_on(database, tmp_path / "home")


def _files(office: Office) -> list[Path]:
    return [one for one in office.folder.rglob("*") if one.is_file() and len(one.name) == 62]


async def _folder(office: Office, name: str) -> Folder:
    account = Account(email="anna@rossi.example", protocol="local")
    added = await office.database.write(add_account, account, office.operator_id)
    return await office.database.write(folder_named, added.id or 0, name)


@pytest.mark.parametrize("key", ["", "1:7"])
async def test_lost_bytes_come_back_with_the_message(office: Office, key: str) -> None:
    folder = await _folder(office, "INBOX")
    take = office.ingest.store if key else office.ingest.take_in
    first = await take(
        folder.account_id, folder.id or 0, [Fetched(key, WITH_FILES, frozenset(), NOW)]
    )
    assert (first.stored, first.restored) == (1, 0)
    lost, damaged = _files(office)
    lost.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"\0")
    await office.database.write(lambda session: session.delete(session.get(MessageSource, 1)))
    again = await take(
        folder.account_id, folder.id or 0, [Fetched(key, WITH_FILES, frozenset(), NOW)]
    )
    assert (again.stored, again.restored) == (0, 1)
    assert await office.raws() == {WITH_FILES}
    rows = await office.database.read(blob_rows.blobs_after, "", 10)
    assert [row.references for row in rows] == [1, 1]
    for look in checkup.looks():
        assert not (await office.database.read(look.find)).count, look.slug
    whole = await take(
        folder.account_id, folder.id or 0, [Fetched(key, WITH_FILES, frozenset(), NOW)]
    )
    assert whole.restored == 0
