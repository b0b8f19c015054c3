"""Accounts that are paused: nothing is fetched or told, nothing is lost, letters go out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.servers.dovecot import Dovecot
from tests.servers.faults import FaultProxy, Kind, Side
from tests.worker.desk import Desk, Post
from tests.worker.office import NOW, DovecotRemote, EmbeddedRemote, Office, letter, until
from tests.worker.test_faults import through
from tests.worker.test_pop3 import Popped
from tui_mail.db import accounts, actions
from tui_mail.db.accounts import AccountChange
from tui_mail.db.engine import Database
from tui_mail.worker.schedule import here
from tui_mail.worker.service import Worker

_MANY = 60


class Wall:
    """A clock on the wall that is set by hand."""

    def __init__(self, text: str) -> None:
        self.set(text)

    def set(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Rome"))

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def working(office: Office, wall: Wall | None = None) -> AsyncIterator[Worker]:
    worker = Worker(
        office.database,
        office.connections,
        office.ingest,
        locks=office.locks,
        check_seconds=600,
        clock=wall or here,
    )
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def pause(office: Office, account_id: int, *, paused: bool = True) -> None:
    await office.database.write(accounts.pause, office.operator_id, [account_id], paused=paused)


async def change(office: Office, email: str, **fields: object) -> None:
    wanted = AccountChange(**fields)  # type: ignore[arg-type] # by name
    await office.database.write(accounts.change_account, office.operator_id, email, wanted)


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
async def test_what_had_come_is_kept_and_the_rest_comes_once_when_it_goes_on(
    office: Office, dovecot: Dovecot, protocol: str
) -> None:
    remote = Popped(dovecot) if protocol == "pop3" else DovecotRemote(dovecot)
    for number in range(_MANY):
        await remote.deliver(letter(f"m{number}"))
    port = dovecot.port_pop3 if protocol == "pop3" else dovecot.port_imap
    async with FaultProxy(dovecot.host, port) as proxy:
        seen = 0

        def told(side: Side, line: bytes) -> None:
            nonlocal seen
            seen += side is Side.SERVER and line.startswith(b"Message-ID:")
            if seen == _MANY // 2:
                seen += 1
                proxy.break_next(Side.SERVER, Kind.STALL)

        proxy.told = told
        account_id = await office.add(through(proxy, remote.account()))
        async with working(office):
            await until(lambda: proxy.happened, what="half of the messages")
            await pause(office, account_id)
            await until(office.held, what="what had come")
            assert len(await office.held()) < _MANY
            await until(lambda: proxy.connections == 0, what="the connection's end")
            assert await office.status() == ""
            proxy.told = lambda _side, _line: None
            await pause(office, account_id, paused=False)
            await until(lambda: _count(office, _MANY), what="the rest")
            assert sorted(await office.names()) == sorted(f"m{n}" for n in range(_MANY))


async def _count(office: Office, number: int) -> bool:
    return len(await office.held()) == number


async def test_nothing_is_told_while_it_is_paused_and_all_of_it_afterwards(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await embedded.deliver(letter("one"))
    account_id = await office.add(embedded.account())
    await office.sync()
    [one] = await office.held()
    async with working(office) as worker:
        await until(lambda: worker.summary().last_success)
        await pause(office, account_id)
        await until(lambda: embedded.server.connections == 0, what="the connection's end")
        await office.database.write(
            actions.mark, office.operator_id, [one.placement_id],
            add=frozenset({"flagged"}), now=NOW,
        )  # fmt: skip
        await embedded.deliver(letter("two"))
        worker.check_now()
        assert [flags for _raw, flags in await embedded.contents()] == [frozenset()] * 2
    # Another process begins: it is paused still.
    logins = embedded.server.received.count("LOGIN")
    async with working(office) as worker:
        worker.check_now()
        await pause(office, account_id)
        assert embedded.server.connections == 0
        assert embedded.server.received.count("LOGIN") == logins
        await pause(office, account_id, paused=False)
        await until(lambda: _count(office, 2), what="the news")

        async def flagged() -> bool:
            return "\\Flagged" in (await embedded.contents())[0][1]

        await until(flagged, what="the flag on the server")


async def test_letters_go_out_all_the_same(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    await pause(office, desk.account_id)
    await desk.write()
    async with working(office):
        await until(lambda: post.mails, what="the letter")
        assert embedded.server.connections == 0


async def test_once_leaves_it_alone_too(office: Office, embedded: EmbeddedRemote) -> None:
    await embedded.deliver(letter("one"))
    account_id = await office.add(embedded.account())
    await pause(office, account_id)
    await office.sync()
    assert await office.held() == []
    await pause(office, account_id, paused=False)
    await office.sync()
    assert await office.names() == ["one"]


async def test_a_pause_of_another_process_is_heard_of(
    office: Office, embedded: EmbeddedRemote
) -> None:
    account_id = await office.add(embedded.account())
    url = office.database.engine.url.render_as_string(hide_password=False)
    other = await asyncio.to_thread(Database, url)
    await office.database.start()
    async with working(office) as worker:
        await until(lambda: worker.summary().last_success)
        await other.write(accounts.pause, office.operator_id, [account_id], paused=True)
        await until(lambda: embedded.server.connections == 0)
    await other.close()


async def test_it_goes_on_and_pauses_by_the_clock_on_the_wall(
    office: Office, embedded: EmbeddedRemote
) -> None:
    account = embedded.account()
    account.schedule = "mon-fri 08:00-18:00 off"
    await office.add(account)
    await embedded.deliver(letter("one"))
    wall = Wall("2026-11-27T17:59:59")
    async with working(office, wall) as worker:
        await change(office, account.email, name="Anna")
        worker.check_now()
        assert embedded.server.connections == 0
        wall.set("2026-11-27T18:00:00")
        await until(lambda: _count(office, 1), what="the mail of the evening")
    wall.set("2026-11-30T07:59:59")
    async with working(office, wall):
        await until(lambda: embedded.server.connections, what="a connection")
        wall.set("2026-11-30T08:00:00")
        await until(lambda: embedded.server.connections == 0, what="its end")
