"""Files that are with their server only: let go by their account's wish, and had again byte for byte."""

import asyncio
import base64
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from tests.servers.dovecot import Dovecot
from tests.worker.installation import Installation
from tests.worker.office import (
    DovecotRemote,
    EmbeddedRemote,
    Office,
    Remote,
    make_due,
    office_on,
    until,
)
from tests.worker.test_pausing import change, pause, working
from tui_mail.db import accounts, actions, folders, keeping, links, turns, wanted
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account, Blob, Entity, Message
from tui_mail.errors import Away, NotFound
from tui_mail.values import Fetched
from tui_mail.worker.bringing import work_wanted
from tui_mail.worker.collect import collect_unused, note_use
from tui_mail.worker.keeping import want_missed
from tui_mail.worker.reading import Reader, attachment_of
from tui_mail.worker.waiting import bring_files, files_of

_LATER = datetime.now(UTC) + timedelta(days=2)
_SMALL, _LARGE = 2_000, 60_000


def _file(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def with_file(name: str, content: bytes, *, subject: str = "", media: str = "image/x-raw") -> bytes:
    encoded = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = (
        f"From: luca@ferri.it\r\nTo: vendite@rossi.it\r\nSubject: {subject or name}\r\n"
        f"Message-ID: <{name}@test>\r\nDate: Mon, 23 Nov 2026 10:00:00 +0100\r\n"
        'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nEcco il file\r\n"
        f"--b\r\nContent-Type: {media}; name={name}.bin\r\n"
        f"Content-Disposition: attachment; filename={name}.bin\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + encoded + b"--b--\r\n"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return office_on(database, tmp_path / "home")


@pytest.fixture
def dovecot_remote(dovecot: Dovecot) -> DovecotRemote:
    return DovecotRemote(dovecot)


async def _keep(office: Office, account_id: int, days: int | None, kib: int | None) -> None:
    account = await office.database.read(accounts.account_by_id, account_id)
    await change(
        office,
        account.email,
        keep_days=days,
        keep_kib=kib,
        keep_all_days=days is None,
        keep_all_sizes=kib is None,
    )


async def _let_go(office: Office, now: datetime = _LATER) -> int:
    folder = office.folder / "attachments"
    return await asyncio.to_thread(collect_unused, office.database, office.blobs, folder, now)


async def _files(office: Office) -> int:
    return await asyncio.to_thread(lambda: len(list(office.blobs.names())))


def _away(session: Session) -> int:
    return wanted.count_away(session)


async def _message(office: Office, name: str) -> int:
    return next(one.message_id for one in await office.held() if one.header == f"{name}@test")


def _reader(office: Office) -> Reader:
    return Reader(office.database, office.blobs, office.operator_id)


async def _one_away(office: Office, remote: Remote, *, kib: int | None = 30) -> tuple[int, int]:
    """An account with one large file, which is on the server only: account and message."""
    await remote.deliver(with_file("grande", _file(_LARGE)))
    account_id = await office.add(remote.account())
    await office.sync()
    await _keep(office, account_id, None, kib)
    assert await _let_go(office) == 1
    assert await _files(office) == 0
    return account_id, await _message(office, "grande")


async def test_large_files_go_and_come_back_byte_for_byte_when_they_are_wanted(
    office: Office, remote: Remote
) -> None:
    raws = [with_file("piccolo", _file(_SMALL)), with_file("grande", _file(_LARGE, 1))]
    for raw in raws:
        await remote.deliver(raw)
    account_id = await office.add(remote.account())
    await office.sync()
    assert await _let_go(office) == 0
    await _keep(office, account_id, None, 30)
    assert await _let_go(office, datetime.now(UTC)) == 0  # it came within the last day
    assert await _let_go(office) == 1
    assert await _files(office) == 1
    message_id = await _message(office, "grande")
    reader = _reader(office)
    opened = await reader.open(message_id)
    assert (opened.away, opened.lost, opened.parsed.text.strip()) == (True, "", "Ecco il file")
    with pytest.raises(Away):
        attachment_of(opened, 1)
    assert not (await reader.open(await _message(office, "piccolo"))).away
    await office.sync()  # nobody wants it: it stays there
    assert await _files(office) == 1
    async with working(office):
        await asyncio.wait_for(files_of(office.database, office.operator_id, message_id), 20)
    opened = await reader.open(message_id)
    assert opened.raw == raws[1]
    assert attachment_of(opened, 1).content == _file(_LARGE, 1)
    assert await _let_go(office) == 0  # it was opened
    assert await _let_go(office, _LATER + timedelta(days=40)) == 1


async def test_files_of_old_mail_go_and_those_of_new_mail_stay(
    office: Office, dovecot_remote: DovecotRemote
) -> None:
    for number in range(3):
        await dovecot_remote.deliver(with_file(f"m{number}", _file(_SMALL, number)))
    account_id = await office.add(dovecot_remote.account())
    await office.sync()
    await office.database.write(_age, {"m0@test": 100, "m1@test": 20})
    await _keep(office, account_id, 30, None)
    assert await _let_go(office) == 1
    await _keep(office, account_id, 10, None)
    assert await _let_go(office) == 1
    assert await office.database.read(_away) == 2
    await _keep(office, account_id, None, None)
    assert await asyncio.to_thread(want_missed, office.database) == 2
    await office.sync()
    assert await office.database.read(_away) == 0
    assert await _files(office) == 3
    assert await office.database.read(wanted.count_wanted) == 0


def _age(session: Session, days: dict[str, int]) -> None:
    for header, number in days.items():
        then = datetime.now(UTC) - timedelta(days=number)
        session.execute(
            update(Message).where(col(Message.message_id) == header).values(received_at=then)
        )


async def test_what_another_account_or_a_folder_of_this_place_has_stays(
    office: Office, embedded: EmbeddedRemote
) -> None:
    raw = with_file("grande", _file(_LARGE))
    await embedded.deliver(raw)
    account_id = await office.add(embedded.account())
    await office.sync()
    local = await office.add(Account(email="archivio@rossi.it", protocol="local"))
    inbox = await office.database.write(folders.folder_named, local, "INBOX")
    await office.ingest.take_in(
        local, inbox.id or 0, [Fetched("", raw, frozenset(), datetime.now(UTC))]
    )
    await _keep(office, account_id, None, 30)
    assert await _let_go(office) == 0
    await office.database.write(accounts.remove_account, office.operator_id, "archivio@rossi.it")
    assert await _let_go(office) == 1


async def test_the_same_file_taken_in_again_is_here_again(
    office: Office, embedded: EmbeddedRemote
) -> None:
    account_id, message_id = await _one_away(office, embedded)
    local = await office.add(Account(email="archivio@rossi.it", protocol="local"))
    inbox = await office.database.write(folders.folder_named, local, "INBOX")
    raw = with_file("grande", _file(_LARGE))
    again = Fetched("", raw, frozenset(), datetime.now(UTC))
    outcome = await office.ingest.take_in(local, inbox.id or 0, [again])
    assert outcome.restored == 1
    assert await office.database.read(_away) == 0
    assert await office.raw(message_id) == raw
    assert account_id


async def test_new_mail_with_a_file_that_is_away_brings_it(
    office: Office, embedded: EmbeddedRemote
) -> None:
    _account_id, message_id = await _one_away(office, embedded)
    await embedded.deliver(with_file("altra", _file(_LARGE)))
    await office.sync()
    assert await office.database.read(_away) == 0
    assert await office.raw(message_id) == with_file("grande", _file(_LARGE))


async def test_what_a_person_linked_stays_and_comes_back(
    office: Office, dovecot_remote: DovecotRemote
) -> None:
    account_id, message_id = await _one_away(office, dovecot_remote)
    entity_id = await office.database.write(_entity)
    now = datetime.now(UTC)
    await office.database.write(
        links.add, office.operator_id, message_id, entity_id, now=now
    )  # fmt: skip
    await office.sync()
    assert await office.database.read(_away) == 0
    assert await _let_go(office) == 0
    await dovecot_remote.remove(1)
    await office.sync()
    assert await office.held() == []
    assert await office.raw(message_id) == with_file("grande", _file(_LARGE))
    assert account_id


def _entity(session: Session) -> int:
    made = Entity(kind="invoice", code="2026/7", company="")
    session.add(made)
    session.flush()
    return made.id or 0


async def test_a_paused_account_says_so_and_the_wish_is_served_when_it_goes_on(
    office: Office, embedded: EmbeddedRemote
) -> None:
    account_id, message_id = await _one_away(office, embedded)
    await pause(office, account_id)
    async with working(office):
        with pytest.raises(Away, match="paused"):
            await files_of(office.database, office.operator_id, message_id)
        await pause(office, account_id, paused=False)
        await until(lambda: _is_here(office), what="the file")


async def _is_here(office: Office) -> bool:
    return await office.database.read(_away) == 0


async def test_without_a_server_it_is_said_and_comes_later(
    office: Office, embedded: EmbeddedRemote
) -> None:
    _account_id, message_id = await _one_away(office, embedded)
    await embedded.server.stop()
    await office.once()
    with pytest.raises(Away, match="cannot be had now"):
        await files_of(office.database, office.operator_id, message_id)
    await embedded.server.start()
    await office.database.write(_move_account, embedded.server.port)
    await office.sync()
    assert await office.database.read(_away) == 0


def _move_account(session: Session, port: int) -> None:
    session.execute(update(Account).values(port=port))


@pytest.mark.parametrize("synced", [True, False])
async def test_what_is_deleted_there_is_gone_and_said_so(
    office: Office, dovecot_remote: DovecotRemote, synced: bool
) -> None:
    account_id, message_id = await _one_away(office, dovecot_remote)
    await dovecot_remote.remove(1)
    if synced:
        await office.sync()
        assert await office.held() == []
        with pytest.raises(NotFound):
            await _reader(office).open(message_id)
        return

    async def serve(number: int) -> bool:
        return await work_wanted(
            office.database, office.connections, office.ingest, number, locks=office.locks
        )

    failed = await bring_files(office.database, office.operator_id, [message_id], serve=serve)
    assert "deleted there" in failed[message_id].message
    assert isinstance(failed[message_id], NotFound)
    assert account_id


async def test_another_content_under_the_same_key_is_not_taken(
    office: Office, embedded: EmbeddedRemote
) -> None:
    account_id, message_id = await _one_away(office, embedded)
    await office.database.write(wanted.ask, office.operator_id, [message_id], datetime.now(UTC))
    other = with_file("grande", _file(_LARGE, 9))
    assert not await office.ingest.bring_back(message_id, other)
    assert await _files(office) == 0
    rewritten = (
        other.replace(
            base64.encodebytes(_file(_LARGE, 9)).replace(b"\n", b"\r\n"),
            base64.encodebytes(_file(_LARGE)).replace(b"\n", b"\r\n"),
        )
        .replace(b'boundary="b"', b'boundary="c"')
        .replace(b"--b", b"--c")
    )
    assert await office.ingest.bring_back(message_id, rewritten)  # another writing, the same file
    assert await office.raw(message_id) == with_file("grande", _file(_LARGE))
    assert account_id


async def test_a_copy_for_another_account_waits_for_its_file_and_nothing_is_deleted_before(
    office: Office, embedded: EmbeddedRemote, dovecot_remote: DovecotRemote
) -> None:
    _account_id, message_id = await _one_away(office, embedded)
    other = await office.add(dovecot_remote.account())
    await office.sync()
    inbox = await office.database.write(folders.folder_named, other, "INBOX")
    [one] = await office.held()
    await office.database.write(
        actions.move, office.operator_id, [one.placement_id], inbox.id or 0, datetime.now(UTC)
    )
    raw = with_file("grande", _file(_LARGE))
    for _round in range(4):
        there = [raw for raw, _flags in await embedded.contents()]
        copied = [raw for raw, _flags in await dovecot_remote.contents()]
        assert raw in there + copied
        await office.database.write(make_due)
        await office.sync()
    assert await embedded.contents() == []
    assert [raw for raw, _flags in await dovecot_remote.contents()] == [raw]
    assert message_id


async def test_a_move_to_a_folder_of_this_place_deletes_nothing_there_before_the_file_is_here(
    office: Office, embedded: EmbeddedRemote
) -> None:
    _account_id, message_id = await _one_away(office, embedded)
    local = await office.add(Account(email="archivio@rossi.it", protocol="local"))
    inbox = await office.database.write(folders.folder_named, local, "INBOX")
    [one] = await office.held()
    await office.database.write(
        actions.move, office.operator_id, [one.placement_id], inbox.id or 0, datetime.now(UTC)
    )
    await embedded.server.stop()
    await office.once()
    assert len(await embedded.contents()) == 1
    await embedded.server.start()
    await office.database.write(_move_account, embedded.server.port)
    await office.sync()
    await office.sync()
    assert await embedded.contents() == []
    assert await office.raw(message_id) == with_file("grande", _file(_LARGE))


async def test_while_another_database_uses_the_folder_nothing_goes(
    office: Office, embedded: EmbeddedRemote, tmp_path: Path
) -> None:
    await embedded.deliver(with_file("grande", _file(_LARGE)))
    account_id = await office.add(embedded.account())
    await office.sync()
    await _keep(office, account_id, None, 30)
    folder = office.folder / "attachments"
    await asyncio.to_thread(note_use, folder, office.database)
    (mark,) = (folder / ".databases").iterdir()
    other = mark.with_name("0" * 32)
    other.write_text("{}")
    assert await _let_go(office) == 0
    assert await office.database.read(_away) == 0
    other.unlink()
    assert await _let_go(office) == 1


async def test_a_mark_without_its_file_gone_is_taken_up_by_the_next_pass(
    office: Office, embedded: EmbeddedRemote
) -> None:
    """Who dies between mark and file, or between both and the next look, loses nothing."""
    await embedded.deliver(with_file("grande", _file(_LARGE)))
    account_id = await office.add(embedded.account())
    await office.sync()
    await _keep(office, account_id, None, 30)
    database, now = office.database, _LATER
    names = await database.read(keeping.blobs_after, "", 10)
    found = await database.read(keeping.policies, now)
    assert await database.write(keeping.mark_away, names, found, now) == 1
    message_id = await _message(office, "grande")
    assert not (await _reader(office).open(message_id)).away  # its file is here still
    assert await _let_go(office) == 1
    # The account wishes otherwise before the file has gone: it stays.
    await office.database.write(wanted.ask, office.operator_id, [message_id], now)
    await office.sync()
    assert await database.write(_mark_all) == 1
    await _keep(office, account_id, None, None)
    assert await _let_go(office) == 0
    assert (await _files(office), await database.read(_away)) == (1, 0)


def _mark_all(session: Session) -> int:
    session.execute(update(Blob).values(away=True))
    return wanted.count_away(session)


async def test_a_worker_in_another_process_leaves_its_idle_for_whoever_waits(
    database_url: str, dovecot: Dovecot, tmp_path: Path
) -> None:
    remote = DovecotRemote(dovecot)
    raw = with_file("grande", _file(_LARGE))
    await remote.deliver(raw)
    here = await asyncio.to_thread(Installation, tmp_path / "home", database_url)
    await here.add(remote.user, dovecot.port_imap)
    await here.run("worker", "--once")
    await here.run("account", "set", remote.account().email, "--keep-kib", "30")
    assert await _let_go(here.office) == 1
    message_id = await _message(here.office, "grande")
    into = tmp_path / "into"
    into.mkdir()
    async with here.worker():
        await until(lambda: _is_served(here.office), what="the worker's turn")
        await here.run("save", str(message_id), "--to", str(into))
    (saved,) = into.iterdir()
    assert await asyncio.to_thread(saved.read_bytes) == _file(_LARGE)
    await asyncio.to_thread(here.database.close_now)


async def _is_served(office: Office) -> bool:
    [row] = await office.database.read(turns.served, office.operator_id)
    return row.turn is not None
