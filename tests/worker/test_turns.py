"""Whose turn it is, among real processes: each message once, whoever is stopped, goes on or dies."""

import asyncio
import os
import re
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.worker.installation import Installation
from tests.worker.office import PASSWORD, Office, letter, office_on, until
from tui_mail.db import accounts, turns
from tui_mail.db.engine import Database
from tui_mail.db.many import key_of
from tui_mail.db.tables import Account
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.errors import TurnLost
from tui_mail.worker.account_turns import AccountTurns

_WHOLE = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
_MESSAGES = 1000 if _WHOLE else 20
_SECONDS = 900 if _WHOLE else 120
_TAKEOVER_SECONDS = {True: 5, False: 20}  # on SQLite, on PostgreSQL
_STARTED_SECONDS = 3  # of fetching, on a busy machine

pytestmark = pytest.mark.xdist_group("processes")


# -- programs ----------------------------------------------------------------------------------------


class Company:
    """Accounts on one server, and the program that runs several times on one database."""

    def __init__(self, installation: Installation, boxes: dict[str, UserMailbox]) -> None:
        self.installation = installation
        self.boxes = boxes
        self.names: list[str] = []
        self.workers: list[asyncio.subprocess.Process] = []

    def deliver(self, what: str, number: int = 1) -> None:
        """So many messages to each account."""
        for user, box in self.boxes.items():
            for n in range(number):
                name = f"{user}-{what}-{n}"
                box.deliver("INBOX", letter(name))
                self.names.append(name)

    async def has_all(self) -> bool:
        return len(await self.installation.office.names()) >= len(self.names)

    async def wait_for_all(self, what: str, seconds: float = _SECONDS) -> None:
        await until(self.has_all, what=what, seconds=seconds)

    async def has_each_once(self) -> bool:
        return await self.installation.office.names() == sorted(self.names)

    async def holders(self) -> dict[int, int]:
        """Which process has which account's turn."""
        database = self.installation.database
        found = await database.read(turns.holders, range(1, len(self.boxes) + 1))
        return {account: turn.holder.process for account, turn in found.items()}

    async def busiest(self) -> asyncio.subprocess.Process:
        """The worker that has the most turns, once all are given."""

        async def given() -> bool:
            return len(await self.holders()) == len(self.boxes)

        await until(given, what="the turns", seconds=60)
        held = list((await self.holders()).values())
        return max(self.workers, key=lambda one: held.count(one.pid))


async def _company(
    stack: AsyncExitStack, installation: Installation, *, accounts_: int, workers: int
) -> Company:
    users = [f"utente{n}" for n in range(accounts_)]
    company = Company(installation, {user: UserMailbox(PASSWORD) for user in users})
    server = ImapServer(company.boxes)
    await server.start()
    stack.push_async_callback(server.stop)
    company.deliver("first", _MESSAGES)
    for user in users:
        await installation.add(user, server.port)
    company.workers = await asyncio.gather(
        *(stack.enter_async_context(installation.worker()) for _number in range(workers))
    )
    return company


@pytest.fixture
async def installation(database_url: str, tmp_path: Path) -> AsyncIterator[Installation]:
    made = await asyncio.to_thread(Installation, tmp_path / "home", database_url)
    yield made
    await made.database.close()


async def test_several_workers_fetch_each_message_once_and_a_dead_ones_share_goes_on(
    installation: Installation,
) -> None:
    is_sqlite = installation.database.is_sqlite
    async with AsyncExitStack() as stack:
        company = await _company(
            stack, installation, accounts_=4 if is_sqlite else 10, workers=4 if is_sqlite else 3
        )
        busiest = await company.busiest()
        busiest.send_signal(signal.SIGKILL)  # it may be in the midst of the first fetch
        await busiest.wait()
        await company.wait_for_all("all mail, though one was killed")
        company.deliver("news")
        await company.wait_for_all("news", seconds=_TAKEOVER_SECONDS[is_sqlite] + _STARTED_SECONDS)
        assert await company.has_each_once()
        assert busiest.pid not in (await company.holders()).values()


async def test_a_killed_worker_is_followed_within_the_stated_time(
    installation: Installation,
) -> None:
    async with AsyncExitStack() as stack:
        company = await _company(stack, installation, accounts_=2, workers=2)
        await company.wait_for_all("all mail")
        holder = await company.busiest()
        holder.send_signal(signal.SIGKILL)
        await holder.wait()
        killed = time.monotonic()

        async def followed() -> bool:
            held = list((await company.holders()).values())
            return len(held) == len(company.boxes) and holder.pid not in held

        is_sqlite = installation.database.is_sqlite
        await until(followed, what="the takeover", seconds=_TAKEOVER_SECONDS[is_sqlite])
        assert time.monotonic() - killed < _TAKEOVER_SECONDS[is_sqlite]
        company.deliver("after")
        await company.wait_for_all("mail after the takeover")
        assert await company.has_each_once()


async def test_a_worker_that_slept_past_its_turn_queues_up_again(
    installation: Installation,
) -> None:
    if installation.database.is_sqlite:
        pytest.skip("a stopped process keeps its lock file")
    async with AsyncExitStack() as stack:
        company = await _company(stack, installation, accounts_=3, workers=2)
        holder = await company.busiest()
        holder.send_signal(signal.SIGSTOP)  # maybe in the midst of the first fetch

        async def followed() -> bool:
            held = list((await company.holders()).values())
            return len(held) == len(company.boxes) and holder.pid not in held

        await until(followed, what="the takeover", seconds=45)
        company.deliver("meanwhile")
        await company.wait_for_all("mail while the holder is stopped")
        before = await company.holders()
        holder.send_signal(signal.SIGCONT)
        log = installation.home / "logs" / "tui_mail.log"

        async def noticed() -> bool:
            said = await asyncio.to_thread(log.read_text, "utf-8")
            return re.search("another process has taken it over", said) is not None

        await until(noticed, what="the loss of the turn")
        assert await company.holders() == before
        company.deliver("after")
        await company.wait_for_all("mail after that")
        assert await company.has_each_once()
        [other] = [one for one in company.workers if one is not holder]
        other.send_signal(signal.SIGTERM)
        await other.wait()

        async def again() -> bool:
            held = list((await company.holders()).values())
            return held == [holder.pid] * len(company.boxes)

        await until(again, what="the turns of who left in order", seconds=5)


# -- consoles ----------------------------------------------------------------------------------------


@asynccontextmanager
async def _console(installation: Installation) -> AsyncIterator[Terminal]:
    """A console in a terminal of its own, which is read all the while."""
    program = (sys.executable, "-m", "tui_mail", "--home", str(installation.home), "--as", "anna")
    environment = {"TUI_MAIL_DATABASE": installation.url}
    terminal = await asyncio.to_thread(Terminal, program, environment=environment)
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            terminal.read(0.1)

    watching = asyncio.create_task(asyncio.to_thread(watch))
    try:
        yield terminal
    finally:
        ended.set()
        await watching
        await asyncio.to_thread(terminal.close)


async def test_four_consoles_on_one_file_share_the_accounts_and_say_who_serves_them(
    installation: Installation,
) -> None:
    if not installation.database.is_sqlite:
        pytest.skip("of consoles on one host")
    async with AsyncExitStack() as stack:
        company = await _company(stack, installation, accounts_=4, workers=0)
        consoles = [await stack.enter_async_context(_console(installation)) for _number in range(4)]

        async def served(without: int = 0) -> bool:
            held = set((await company.holders()).values())
            return len(await company.holders()) == 4 and without not in held

        await until(served, what="all turns", seconds=60)
        company.deliver("news")
        await company.wait_for_all("all mail")
        held = list((await company.holders()).values())
        assert set(held) <= {one.pid for one in consoles}
        busiest = max(consoles, key=lambda one: held.count(one.pid))
        os.kill(busiest.pid, signal.SIGKILL)
        await until(lambda: served(busiest.pid), what="the takeover", seconds=5)
        company.deliver("after")
        await company.wait_for_all("mail after that")
        assert await company.has_each_once()

        other = next(one for one in consoles if one is not busiest)
        other.send("\x1b[19~")  # F8
        holder = (await company.holders())[1]
        await until(lambda: f"process {holder}," in other.text, what="who it is, on the screen")


# -- the fence ---------------------------------------------------------------------------------------

_SLEEPER = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tui_mail.db import accounts
from tui_mail.db.engine import Database
from tui_mail.errors import TurnLost
from tui_mail.worker.account_turns import AccountTurns

async def main():
    database, account_id = Database(sys.argv[1]), int(sys.argv[3])
    try:
        async with AccountTurns(database, Path(sys.argv[2])).hold(account_id):
            os.kill(os.getpid(), signal.SIGSTOP)
            # At once: nothing has told this process yet that it has slept.
            database.write_now(accounts.record_failure, account_id, "stale", datetime.now(UTC))
            print("kept", flush=True)
    except TurnLost:
        print("refused", flush=True)

asyncio.run(main())
"""


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return office_on(database, tmp_path / "office")


async def _account(office: Office) -> int:
    account = Account(email="anna@rossi.it", host="127.0.0.1", port=1)
    made = await office.database.write(accounts.add_account, account, office.operator_id)
    return key_of(made.id)


async def _stopped(pid: int) -> bool:
    state = await asyncio.to_thread(Path(f"/proc/{pid}/stat").read_text)
    return state.rpartition(")")[2].split()[0] == "T"


async def test_what_a_stopped_holder_writes_past_its_turn_is_refused(office: Office) -> None:
    if office.database.is_sqlite:
        pytest.skip("a stopped process keeps its lock file")
    account_id = await _account(office)
    sleeper = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SLEEPER, office.database.url, str(office.locks), str(account_id)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert sleeper.stdout is not None
    try:
        await until(lambda: _stopped(sleeper.pid), what="the holder's sleep")
        ours = AccountTurns(office.database, office.locks)
        async with ours.hold(account_id, seconds=1) as early:
            assert not early
        async with ours.hold(account_id, seconds=20) as late:
            assert late
            sleeper.send_signal(signal.SIGCONT)
            assert await sleeper.stdout.readline() == b"refused\n"
            assert await office.status() == ""
            await office.database.write(accounts.record_success, account_id, datetime.now(UTC))
    finally:
        if sleeper.returncode is None:
            sleeper.kill()
        await sleeper.communicate()


async def test_a_stopped_holder_on_sqlite_keeps_its_turn_and_a_killed_one_does_not(
    office: Office,
) -> None:
    if not office.database.is_sqlite:
        pytest.skip("of lock files")
    account_id = await _account(office)
    sleeper = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _SLEEPER, office.database.url, str(office.locks), str(account_id)),
        stdout=asyncio.subprocess.PIPE,
    )
    await until(lambda: _stopped(sleeper.pid), what="the holder's sleep")
    ours = AccountTurns(office.database, office.locks)
    async with ours.hold(account_id, seconds=2) as early:
        assert not early
    sleeper.kill()
    await sleeper.communicate()
    async with ours.hold(account_id, seconds=5) as late:
        assert late
        [served] = await office.database.read(turns.served, office.operator_id)
        assert served.turn is not None
        assert served.turn.holder == turns.this_process()


async def test_a_turn_is_had_by_one_at_a_time_and_passed_on_at_once(office: Office) -> None:
    account_id = await _account(office)
    one, other = (AccountTurns(office.database, office.locks) for _number in range(2))
    async with one.hold(account_id, seconds=0) as ours:
        assert ours
        async with other.hold(account_id, seconds=0) as theirs:
            assert not theirs
        waiting = asyncio.create_task(_hold_once(other, account_id))
    assert await asyncio.wait_for(waiting, 5)
    assert await _hold_once(one, account_id)


async def _hold_once(which: AccountTurns, account_id: int) -> bool:
    async with which.hold(account_id) as ours:
        return ours


async def test_who_is_cancelled_while_waiting_leaves_no_turn_behind(office: Office) -> None:
    account_id = await _account(office)
    for pauses in range(0, 60, 3):
        ours = AccountTurns(office.database, office.locks)
        task = asyncio.create_task(_hold_once(ours, account_id))
        for _pause in range(pauses):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    async with AccountTurns(office.database, office.locks).hold(account_id, seconds=5) as late:
        assert late


async def test_who_loses_its_turn_is_cancelled_in_its_work(office: Office) -> None:
    if office.database.is_sqlite:
        pytest.skip("turns end by time on PostgreSQL only")
    account_id = await _account(office)

    async def work() -> None:
        async with AccountTurns(office.database, office.locks).hold(account_id):
            await office.database.tend(turns.seize, account_id, turns.Holder("elsewhere", 1))
            await asyncio.wait_for(asyncio.Event().wait(), 10)

    with pytest.raises(TurnLost):
        await work()
