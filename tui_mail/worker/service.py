"""The worker: fetches, pushes and sends for every account, in this process.

Each account has one task for its mailbox and one for its outbox; a file lock for each account
sees to it that of several processes on a host exactly one works on it, and another takes over
when that one ends. Hides connecting, waiting, back-off and what goes wrong.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from tui_mail.backends import MailStore
from tui_mail.db import accounts, outbox
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account
from tui_mail.db.topics import Topic
from tui_mail.errors import NotAllowed, TuiMailError
from tui_mail.i18n import _
from tui_mail.worker.connections import Connections
from tui_mail.worker.fetch import Progress, sync_account
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.outbox import send_due
from tui_mail.worker.push import push

_LOCK_RETRY_SECONDS = 2.0
_FIRST_DELAY_SECONDS = 5.0
_LONGEST_DELAY_SECONDS = 300.0
_OUTBOX_SECONDS = 1.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Summary:
    """What the worker is doing, for the line at the top. `busy` and `error` are for people."""

    last_success: datetime | None = None
    busy: str = ""
    error: str = ""


class Worker:
    """Runs until stopped; `check_now` cuts every wait short."""

    def __init__(
        self,
        database: Database,
        connections: Connections,
        ingest: Ingest,
        *,
        locks: Path,
        check_seconds: float,
    ) -> None:
        self._database = database
        self._connections = connections
        self._ingest = ingest
        self._locks = locks
        self._check_seconds = check_seconds
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._wakes: dict[int, asyncio.Event] = {}
        self._send_wakes: dict[int, asyncio.Event] = {}
        self._summary = Summary()
        self._progress: dict[int, Progress] = {}
        self._manager: asyncio.Task[None] | None = None
        self._accounts_changed = asyncio.Event()
        self._unsubscribe: Callable[[], None] | None = None
        self._full_check: set[int] = set()

    def summary(self) -> Summary:
        """What there is to say now."""
        busy = ", ".join(
            _("{folder} {done} of {total}").format(folder=p.folder, done=p.done, total=p.total)
            for p in self._progress.values()
            if p.done < p.total
        )
        return replace(self._summary, busy=busy)

    def check_now(self) -> None:
        """Look at every folder of every account at once, and send what is due."""
        self._full_check.update(self._wakes)
        for wake in (*self._wakes.values(), *self._send_wakes.values()):
            wake.set()

    async def start(self) -> None:
        """Begin; returns at once."""
        self._unsubscribe = self._database.subscribe(self._hear)
        self._manager = asyncio.create_task(self._manage(), name="worker")

    async def stop(self) -> None:
        """End every task; what was under way is done again next time."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        tasks = [task for task in (self._manager, *self._tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self._manager = None

    def _hear(self, topics: frozenset[Topic]) -> None:
        if Topic.ACCOUNTS in topics:
            self._accounts_changed.set()
        if Topic.OPERATIONS in topics:
            for wake in self._wakes.values():
                wake.set()
        if Topic.OUTBOX in topics:
            for wake in self._send_wakes.values():
                wake.set()

    async def _manage(self) -> None:
        """Keep one task for each account that has servers."""
        while True:
            self._accounts_changed.clear()
            wanted = {
                account.id: account
                for account in await self._database.read(accounts.all_accounts)
                if account.id is not None and (account.host or account.smtp_host)
            }
            for account_id in self._tasks.keys() - wanted.keys():
                self._tasks.pop(account_id).cancel()
                self._wakes.pop(account_id, None)
                self._send_wakes.pop(account_id, None)
            for account_id in wanted.keys() - self._tasks.keys():
                self._wakes[account_id] = asyncio.Event()
                self._send_wakes[account_id] = asyncio.Event()
                self._tasks[account_id] = asyncio.create_task(
                    self._account(account_id), name=f"account-{account_id}"
                )
            await self._accounts_changed.wait()

    # -- one account

    async def _account(self, account_id: int) -> None:
        lock = FileLock(self._locks / f"account-{account_id}.lock", thread_local=False)
        await _turn(lock)
        try:
            await self._database.write(outbox.recover, account_id, datetime.now(UTC))
            async with asyncio.TaskGroup() as group:
                group.create_task(self._mailbox(account_id))
                group.create_task(self._outbox(account_id))
        finally:
            lock.release()

    async def _mailbox(self, account_id: int) -> None:
        async def once() -> None:
            account = await self._database.read(accounts.account_by_id, account_id)
            if account.host:
                await self._stay_connected(account)
            else:
                await self._wakes[account_id].wait()
                self._wakes[account_id].clear()

        await self._again_and_again(account_id, self._wakes[account_id], once)

    async def _stay_connected(self, account: Account) -> None:
        assert account.id is not None
        wake, loop = self._wakes[account.id], asyncio.get_running_loop()
        store = self._connections.store(account)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(store.close)
            await store.open()
            next_full = 0.0
            while True:
                wake.clear()
                await push(self._database, self._ingest.blobs, store, account.id)
                if loop.time() >= next_full or account.id in self._full_check:
                    self._full_check.discard(account.id)
                    await self._sync(store, account.id)
                    next_full = loop.time() + self._check_seconds
                if not wake.is_set() and await _wait(store, wake, next_full - loop.time()):
                    next_full = 0.0

    async def _sync(self, store: MailStore, account_id: int) -> None:
        def report(progress: Progress) -> None:
            self._progress[account_id] = progress

        try:
            await sync_account(self._database, store, self._ingest, account_id, report)
        finally:
            self._progress.pop(account_id, None)
        now = datetime.now(UTC)
        await self._database.write(accounts.record_success, account_id, now)
        self._summary = Summary(last_success=now)

    async def _outbox(self, account_id: int) -> None:
        wake = self._send_wakes[account_id]

        async def once() -> None:
            account = await self._database.read(accounts.account_by_id, account_id)
            due = await self._database.read(outbox.has_due, account_id, datetime.now(UTC))
            if due and account.smtp_host:
                sender = self._connections.sender(account)
                await send_due(self._database, sender, self._ingest, account_id)
            wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), _OUTBOX_SECONDS)

        await self._again_and_again(account_id, wake, once)

    async def _again_and_again(
        self, account_id: int, wake: asyncio.Event, once: Callable[[], Awaitable[None]]
    ) -> None:
        """Do `once` for ever; after a failure it is recorded, and the wait grows."""
        delay = _FIRST_DELAY_SECONDS
        while True:
            try:
                await once()
                delay = _FIRST_DELAY_SECONDS
                continue
            except* TuiMailError as group:
                error = _first(group)
            except* Exception as group:
                log.exception("account %s", account_id)
                error = TuiMailError(_("Something went wrong; the log says what."))
                error.__cause__ = group
            await self._failed(account_id, error)
            if isinstance(error, NotAllowed):
                delay = _LONGEST_DELAY_SECONDS
            wake.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), delay)
            delay = min(delay * 2, _LONGEST_DELAY_SECONDS)

    async def _failed(self, account_id: int, error: TuiMailError) -> None:
        self._summary = replace(self._summary, error=error.message)
        with suppress(TuiMailError):
            await self._database.write(
                accounts.record_failure, account_id, error.message, datetime.now(UTC)
            )


def _first(group: BaseExceptionGroup[TuiMailError]) -> TuiMailError:
    """The first of possibly nested errors."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TuiMailError)
    return error


async def _turn(lock: FileLock) -> None:
    """Wait until no other process works on the account."""
    while True:
        try:
            await asyncio.to_thread(lock.acquire, timeout=0)
        except Timeout:
            await asyncio.sleep(_LOCK_RETRY_SECONDS)
        else:
            return


async def _wait(store: MailStore, wake: asyncio.Event, seconds: float) -> bool:
    """Wait for the server or for `wake`; True when the server said that something changed."""
    server = asyncio.ensure_future(store.wait(max(seconds, 0.0)))
    here = asyncio.ensure_future(wake.wait())
    try:
        await asyncio.wait({server, here}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        here.cancel()
        if not server.done():
            server.cancel()
        with suppress(asyncio.CancelledError):
            await server
    return not server.cancelled() and server.result()


async def work_once(
    database: Database, connections: Connections, ingest: Ingest, *, locks: Path
) -> dict[int, TuiMailError | None]:
    """Push, fetch and send for every account, all at once, then end; what went wrong, by account."""
    found = [a for a in await database.read(accounts.all_accounts) if a.host or a.smtp_host]
    results = await asyncio.gather(
        *(_once(database, connections, ingest, account, locks) for account in found)
    )
    return dict(results)


async def _once(
    database: Database, connections: Connections, ingest: Ingest, account: Account, locks: Path
) -> tuple[int, TuiMailError | None]:
    assert account.id is not None
    lock = FileLock(locks / f"account-{account.id}.lock", thread_local=False)
    try:
        await asyncio.to_thread(lock.acquire, timeout=30)
    except Timeout:
        return account.id, None  # another process is at it: the work is being done
    try:
        await database.write(outbox.recover, account.id, datetime.now(UTC))
        due = await database.read(outbox.has_due, account.id, datetime.now(UTC))
        if due and account.smtp_host:
            await send_due(database, connections.sender(account), ingest, account.id)
        if account.host:
            store = connections.store(account)
            try:
                await store.open()
                await push(database, ingest.blobs, store, account.id)
                await sync_account(database, store, ingest, account.id, lambda _progress: None)
            finally:
                await store.close()
        await database.write(accounts.record_success, account.id, datetime.now(UTC))
    except TuiMailError as error:
        await database.write(accounts.record_failure, account.id, error.message, datetime.now(UTC))
        return account.id, error
    finally:
        lock.release()
    return account.id, None


async def work_outbox(
    database: Database,
    connections: Connections,
    ingest: Ingest,
    account_id: int,
    *,
    locks: Path,
) -> None:
    """Send what is due of one account, when no other process is at it."""
    lock = FileLock(locks / f"account-{account_id}.lock", thread_local=False)
    try:
        await asyncio.to_thread(lock.acquire, timeout=0)
    except Timeout:
        return
    try:
        account = await database.read(accounts.account_by_id, account_id)
        if account.smtp_host:
            await send_due(database, connections.sender(account), ingest, account_id)
    finally:
        lock.release()
