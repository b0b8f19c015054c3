"""A connection that breaks at any step, in any way: nothing hangs, is lost or comes twice, and it
goes on by itself. TUI_MAIL_TEST_FULL=1 takes every step of what is done; else some of them.
"""

import asyncio
import itertools
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.servers.dovecot import Dovecot
from tests.servers.faults import Fault, FaultProxy, Kind, Side, faults, sampled
from tests.worker.office import (
    NOW,
    PASSWORD,
    DovecotRemote,
    EmbeddedRemote,
    Office,
    hashes,
    letter,
    office_on,
    until,
)
from tui_mail.backends.imap import CHUNK, ImapStore
from tui_mail.db import accounts, actions, folders, outbox
from tui_mail.db.engine import Database
from tui_mail.db.session import Session
from tui_mail.db.tables import Account, Outgoing
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail, SmtpServer
from tui_mail.errors import Offline
from tui_mail.values import Endpoint, Fetched, Letter, Login, Mailbox, Tls
from tui_mail.worker.submit import Submission, enqueue_letter

FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
_DEADLINE = 1.0  # seconds for a command; a minute for people
_PATIENCE = 60.0  # for all that is done at once; a large piece alone may take half a minute
_TRIES = 4
_LARGE = letter("large", text="x" * (CHUNK + 100_000))
_NUMBERS = itertools.count(1)


class Offices:
    """A fresh office for each round."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._template = template
        self._folder = folder

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[Office]:
        place = self._folder / f"round{next(_NUMBERS)}"
        await asyncio.to_thread(place.mkdir)
        await asyncio.to_thread(shutil.copy, self._template, place / "tui_mail.db")
        database = await asyncio.to_thread(Database, f"sqlite:///{place / 'tui_mail.db'}")
        office = await asyncio.to_thread(office_on, database, place / "home")
        office.deadline = office.rearm = _DEADLINE
        try:
            yield office
        finally:
            await asyncio.to_thread(office.ingest.close)
            await database.close()
            await asyncio.to_thread(shutil.rmtree, place)


@pytest.fixture
def offices(sqlite_template: Path, tmp_path: Path) -> Offices:
    return Offices(sqlite_template, tmp_path)


def through(proxy: FaultProxy, account: Account) -> Account:
    """The account as it is reached through the proxy."""
    account.host, account.port, account.tls = "127.0.0.1", proxy.port, Tls.NONE
    return account


async def well(office: Office) -> None:
    """As a worker does: again after each lost connection, until all went well."""
    for _try in range(_TRIES):
        [error] = (await asyncio.wait_for(office.once(), _PATIENCE)).values()
        if error is None:
            return
        assert type(error) is Offline, error
    raise AssertionError(f"not well after {_TRIES} times: {error}")


# -- fetching and telling the server --------------------------------------------------------------

_INBOX = ("starred", "archived", "deleted", "kept")


async def both_ways(office: Office, remote: DovecotRemote, proxy: FaultProxy) -> None:
    """A first sync, changes of every kind here and there, and what comes of them."""
    for name in _INBOX:
        await remote.deliver(letter(name))
    await remote.deliver(_LARGE)
    account_id = await office.add(through(proxy, remote.account()))
    await well(office)
    ids = {one.header.removesuffix("@test"): one.placement_id for one in await office.held()}
    write, anna = office.database.write, office.operator_id
    marks = frozenset({"flagged", "Cliente"})
    await write(actions.mark, anna, [ids["starred"]], add=marks, now=NOW)
    await write(actions.archive, anna, [ids["archived"]], NOW)
    await write(actions.delete, anna, [ids["deleted"]], NOW)
    inbox = await office.database.read(folders.folder_named, account_id, "INBOX")
    filed = Fetched("", letter("filed"), frozenset(), NOW)
    await office.ingest.take_in(account_id, inbox.id or 0, [filed])
    await remote.flag(_INBOX.index("kept") + 1, "\\Answered")
    await remote.deliver(letter("news"))
    await well(office)
    await well(office)


async def same_on_both_sides(office: Office, remote: DovecotRemote) -> None:
    """What `both_ways` is to end in, here and on the server, each message once."""
    expected = {
        "INBOX": [letter(name) for name in ("starred", "kept", "filed", "news")] + [_LARGE],
        "Archive": [letter("archived")],
        "Trash": [letter("deleted")],
        "Sent": [],
        "Drafts": [],
    }
    here = await office.held()
    for folder, raws in expected.items():
        there = await remote.contents(folder)
        assert hashes([raw for raw, _flags in there]) == hashes(raws), folder
        assert sorted(one.content_hash for one in here if one.folder == folder) == hashes(raws)
    assert len(here) == sum(map(len, expected.values()))
    flags = {one.header.removesuffix("@test"): one.flags for one in here}
    assert flags["starred"] == {"flagged", "Cliente"}
    assert flags["kept"] == {"answered"}
    marks = dict(await remote.contents())
    assert marks[letter("starred")] == {"\\Flagged", "Cliente"}


async def _round(offices: Offices, dovecot: Dovecot, fault: Fault | None) -> dict[Side, int]:
    remote = DovecotRemote(dovecot)
    async with (
        FaultProxy(dovecot.host, dovecot.port_imap, fault) as proxy,
        offices.fresh() as office,
    ):
        await both_ways(office, remote, proxy)
        await same_on_both_sides(office, remote)
        return proxy.lines


@pytest.mark.parametrize("kind", list(Kind))
async def test_at_whatever_step_it_breaks_both_sides_become_the_same(
    offices: Offices, dovecot: Dovecot, kind: Kind
) -> None:
    every = faults(await _round(offices, dovecot, None), kind)
    for fault in every if FULL else sampled(every, 5):
        try:
            await _round(offices, dovecot, fault)
        except Exception as error:
            error.add_note(f"with {fault}")
            raise


async def test_a_line_that_never_lasts_for_a_batch_brings_everything(
    offices: Offices, dovecot: Dovecot
) -> None:
    remote = DovecotRemote(dovecot)
    names = [f"m{number}" for number in range(22)]
    for name in names:
        await remote.deliver(letter(name))
    async with (
        FaultProxy(dovecot.host, dovecot.port_imap) as proxy,
        offices.fresh() as office,
    ):
        await office.add(through(proxy, remote.account()))
        before = -1
        while len(await office.held()) < len(names):
            assert len(await office.held()) > before  # each connection brings something
            before = len(await office.held())
            proxy.cut_at(Side.SERVER, b"BODY[]", 5)
            await asyncio.wait_for(office.once(), _PATIENCE)
        assert await office.names() == sorted(names)


# -- a large message ------------------------------------------------------------------------------


async def test_a_large_message_goes_on_where_it_was_cut(offices: Offices, dovecot: Dovecot) -> None:
    remote = DovecotRemote(dovecot)
    raw = letter("huge", text="\r\n".join(f"{number:078}" for number in range(36_000)))
    await remote.deliver(raw)
    async with (
        FaultProxy(dovecot.host, dovecot.port_imap) as proxy,
        offices.fresh() as office,
    ):
        await office.add(through(proxy, remote.account()))
        asked: list[bytes] = []
        proxy.told = lambda side, line: asked.append(line) if b"PEEK[]<" in line else None
        proxy.cut_at(Side.CLIENT, b"PEEK[]<", 5)
        [error] = (await office.once()).values()
        assert type(error) is Offline
        await well(office)
        assert await office.raws() == {raw}
        starts = [int(line.partition(b"<")[2].partition(b".")[0]) for line in asked]
        assert starts == sorted(starts)
        assert starts.count(0) == 1
        assert list((office.folder / "spool").iterdir()) == []


# -- waiting for news -----------------------------------------------------------------------------

_WAITS = [
    (Side.SERVER, Kind.CUT),
    (Side.SERVER, Kind.STALL),
    (Side.CLIENT, Kind.STALL),
    *([(side, kind) for side in Side for kind in Kind] if FULL else []),
]


@pytest.mark.parametrize(("side", "kind"), list(dict.fromkeys(_WAITS)))
async def test_news_comes_by_itself_when_the_wait_for_it_breaks(
    offices: Offices, dovecot: Dovecot, side: Side, kind: Kind
) -> None:
    remote = DovecotRemote(dovecot)
    async with (
        FaultProxy(dovecot.host, dovecot.port_imap) as proxy,
        offices.fresh() as office,
    ):
        await office.add(through(proxy, remote.account()))
        worker = office.worker()
        await worker.start()
        try:
            await until(lambda: proxy.last[Side.SERVER] == b"+ idling\r\n", what="IDLE")
            proxy.break_next(side, kind)
            await remote.deliver(letter("news"))
            await until(office.names, what="the news", seconds=30)
            await until(lambda: proxy.happened, what="the fault")
            await remote.deliver(letter("more"))
            await until(lambda: _has(office, "more"), what="more news", seconds=30)
        finally:
            await worker.stop()
        assert await office.names() == ["more", "news"]


async def _has(office: Office, name: str) -> bool:
    return name in await office.names()


# -- sending --------------------------------------------------------------------------------------


def _make_due(session: Session) -> None:
    session.execute(update(Outgoing).values(next_try=NOW))


def _write(session: Session, operator_id: int, account_id: int) -> int:
    account = accounts.account_by_id(session, account_id)
    written = Letter(
        sender=Mailbox(account.email),
        to=(Mailbox("luca@ferri.it"), Mailbox("ugo@ferri.it")),
        subject="Conferma",
        body="Buongiorno\n.\nfine",
    )
    return enqueue_letter(session, Submission(account, operator_id, written, ()), NOW).outgoing_id


async def _send_round(offices: Offices, fault: Fault | None) -> dict[Side, int]:
    """A letter goes through the proxy; it went once, or may have gone and is shown to a person."""
    mails: list[ReceivedMail] = []

    def deliver(mail: ReceivedMail) -> list[str]:
        mails.append(mail)
        return [ACCEPTED] * len(mail.recipients)

    mailbox = UserMailbox(PASSWORD)
    imap = ImapServer({"anna": mailbox})
    smtp = SmtpServer(deliver, users={"anna": PASSWORD})
    await imap.start()
    await smtp.start()
    try:
        async with (
            FaultProxy("127.0.0.1", smtp.port, fault) as proxy,
            offices.fresh() as office,
        ):
            account = EmbeddedRemote(imap, mailbox, "anna").account()
            account.smtp_host, account.smtp_port, account.smtp_tls = "127.0.0.1", proxy.port, "none"
            account_id = await office.add(account)
            await office.database.write(_write, office.operator_id, account_id)
            for _try in range(_TRIES):
                await asyncio.wait_for(office.once(), _PATIENCE)
                await office.database.write(_make_due)
            [row] = await office.database.read(outbox.outgoing, office.operator_id)
            assert len(mails) <= 1
            if row.state == "sent":
                assert len(mails) == 1
                assert len(await office.held("Sent")) == 1
                assert len(mailbox.messages("Sent")) == 1
            else:
                assert row.state == "unknown"
                assert fault is not None
                assert fault.kind in {Kind.CUT, Kind.STALL}
            return proxy.lines
    finally:
        await smtp.stop()
        await imap.stop()


async def test_at_whatever_step_it_breaks_a_letter_goes_once_or_is_unknown(
    offices: Offices,
) -> None:
    every = faults(await _send_round(offices, None))
    for fault in every if FULL else sampled(every, 12):
        try:
            await _send_round(offices, fault)
        except Exception as error:
            error.add_note(f"with {fault}")
            raise


# -- becoming private -----------------------------------------------------------------------------


@pytest.mark.parametrize("tls", [Tls.STARTTLS, Tls.IMPLICIT])
@pytest.mark.parametrize("kind", [Kind.CUT, Kind.STALL, Kind.SLICE])
@pytest.mark.parametrize("side", list(Side))
async def test_a_connection_that_breaks_while_it_becomes_private_is_tried_again(
    dovecot: Dovecot, tls: Tls, kind: Kind, side: Side
) -> None:
    remote = DovecotRemote(dovecot)
    port = dovecot.port_imap if tls is Tls.STARTTLS else dovecot.port_imaps
    for step in (1, 2, 3):
        async with FaultProxy(dovecot.host, port, Fault(side, step, kind)) as proxy:
            endpoint = Endpoint("127.0.0.1", proxy.port, tls, dovecot.ca_file)
            store = ImapStore(endpoint, Login(remote.user, PASSWORD), deadline=_DEADLINE)
            for _try in range(2):
                try:
                    await asyncio.wait_for(store.open(), _PATIENCE)
                    # Records of TLS are no lines: the last step may be the first command.
                    folders = await asyncio.wait_for(store.folders(), _PATIENCE)
                    break
                except Offline:
                    assert proxy.happened
                    await store.close()
            assert folders[0].name == "INBOX"
            await store.close()
