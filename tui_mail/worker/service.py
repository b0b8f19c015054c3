"""The worker: fetches, pushes and sends for every account, in this process.

Keeps house, and one `AccountWork` for each account that has servers, begun anew when its settings
change; of several processes on a host exactly one serves an account, and another takes over when that
one ends. Or everything is done once.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui_mail.backends.pace import Pace
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.db import accounts, outbox
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account
from tui_mail.db.topics import Topic
from tui_mail.errors import TuiMailError, TurnLost
from tui_mail.worker import schedule
from tui_mail.worker.account import AccountWork, Workshop
from tui_mail.worker.account_turns import AccountTurns
from tui_mail.worker.admission import STAY_SECONDS, Admission
from tui_mail.worker.bringing import Bringing, quiet_sync
from tui_mail.worker.collect import collect_when_due
from tui_mail.worker.connections import Connections
from tui_mail.worker.fetch import Progress
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.keeping import Missed, want_missed
from tui_mail.worker.link import link_all_filed
from tui_mail.worker.outbox import send_due
from tui_mail.worker.pop3 import PickUp
from tui_mail.worker.push import push
from tui_mail.worker.record_writing import write_due
from tui_mail.worker.records import Connect, refresh_due
from tui_mail.worker.records_work import RecordsWork
from tui_mail.worker.texts import read_waiting

SERVER_CONNECTIONS = 10
_RETRY_SECONDS = 5.0
_ONCE_WAIT_SECONDS = 30.0
_REST_SECONDS = 1.0
_SHORT_REST_SECONDS = 0.2
_HOUSEKEEPING_SECONDS = 600.0
_MINUTE_SECONDS = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Summary:
    """What the worker is doing, for the line at the top. `error` is for people."""

    last_success: datetime | None = None
    fetching: tuple[Progress, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Served:
    """An account's work under way, and the settings that it goes by."""

    settings: tuple[object, ...]
    work: AccountWork
    task: asyncio.Task[None]


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
        server_connections: int = SERVER_CONNECTIONS,
        stay_seconds: float = STAY_SECONDS,
        attachments: Path | None = None,
        clock: Callable[[], datetime] = schedule.here,
        records: RecordsWork | None = None,
    ) -> None:
        """`stay_seconds`: how long an account may stay connected when others wait for its place.
        `clock`: the wall's, by which schedules go."""
        self._clock = clock
        self._database = database
        self._blobs = ingest.blobs
        self._attachments = attachments
        self._housekeeping: asyncio.Task[None] | None = None
        self._records = records
        self._shop = _workshop(
            database,
            connections,
            ingest,
            locks,
            Admission(server_connections, stay_seconds),
            check_seconds,
        )
        self._served: dict[int, _Served] = {}
        self._manager: asyncio.Task[None] | None = None
        self._accounts_changed = asyncio.Event()
        self._reader: asyncio.Task[None] | None = None
        self._mail_came = asyncio.Event()
        self._filer: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._unsubscribe: Callable[[], None] | None = None

    def summary(self) -> Summary:
        """What there is to say now."""
        works = [one.work for one in self._served.values()]
        progress = [one.progress for one in works if one.progress is not None]
        return Summary(
            last_success=max((w.last_success for w in works if w.last_success), default=None),
            fetching=tuple(one for one in progress if one.done < one.total),
            error=next((error for one in works for error in one.errors.values()), ""),
        )

    def check_now(self) -> None:
        """Look at every folder of every account at once, and send what is due."""
        for one in self._served.values():
            one.work.check_now()

    async def start(self) -> None:
        """Begin; returns at once."""
        self._unsubscribe = self._database.subscribe(self._hear)
        self._manager = asyncio.create_task(self._manage(), name="worker")
        self._reader = asyncio.create_task(self._read_files(), name="texts")
        self._filer = asyncio.create_task(self._link_filed(), name="filed")
        if self._records is not None:
            self._records.start()
        if self._attachments is not None:
            self._housekeeping = asyncio.create_task(
                self._keep_house(self._attachments), name="housekeeping"
            )

    async def stop(self) -> None:
        """End every task; what was under way is done again next time."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._records is not None:
            await self._records.stop()
        tasks = [
            task
            for task in (self._manager, self._reader, self._filer, self._housekeeping)
            if task is not None
        ]
        self._manager = self._reader = self._filer = self._housekeeping = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._end(list(self._served))

    def _hear(self, topics: frozenset[Topic]) -> None:
        if Topic.ACCOUNTS in topics:
            self._accounts_changed.set()
        if topics & {Topic.MAIL, Topic.FILES}:
            self._mail_came.set()
        if Topic.MAIL in topics:
            self._moved.set()
        changed = bool(topics & {Topic.OPERATIONS, Topic.FILES})
        for one in self._served.values():
            one.work.tell(changed=changed, letters=Topic.OUTBOX in topics)

    async def _manage(self) -> None:
        """Keep what is served as the accounts are."""
        while True:
            self._accounts_changed.clear()
            try:
                found = await self._database.read(accounts.all_accounts)
            except TuiMailError:
                log.warning("the accounts cannot be read", exc_info=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_RETRY_SECONDS):
                        await self._accounts_changed.wait()
                continue
            local = self._clock()
            rules = {one.id: schedule.rule_of(one, local) for one in found if one.id}
            wanted = {one.id: _settings(one) for one in found if one.id and _has_servers(one)}
            await self._end(
                [key for key, one in self._served.items() if wanted.get(key) != one.settings]
            )
            for account_id in wanted.keys() - self._served.keys():
                work = AccountWork(self._shop, account_id, rules[account_id])
                task = asyncio.create_task(work.run(), name=f"account-{account_id}")
                self._served[account_id] = _Served(wanted[account_id], work, task)
            for account_id, one in self._served.items():
                one.work.keep_to(rules[account_id])
            next_minute = _MINUTE_SECONDS - local.second if any(a.schedule for a in found) else None
            with suppress(TimeoutError):
                async with asyncio.timeout(next_minute):
                    await self._accounts_changed.wait()

    async def _read_files(self) -> None:
        """Read the files of what has come, for the search, whenever there is nothing to fetch."""
        while True:
            self._mail_came.clear()
            try:
                await read_waiting(
                    self._database, self._shop.ingest.blobs, self._shop.locks, pause=self._rest
                )
            except TuiMailError:
                log.warning("the files of messages cannot be read now", exc_info=True)
            except Exception:
                log.exception("the files of messages")
            await asyncio.sleep(_REST_SECONDS)
            await self._mail_came.wait()

    async def _link_filed(self) -> None:
        """Link what is put into the folders of records, or taken out, wherever that was done."""
        while True:
            self._moved.clear()
            try:
                await link_all_filed(self._database)
            except TuiMailError:
                log.warning("mail in the folders of records cannot be linked now", exc_info=True)
            except Exception:
                log.exception("mail in the folders of records")
            await self._moved.wait()
            await asyncio.sleep(_SHORT_REST_SECONDS)

    async def _rest(self, _done: int) -> None:
        """Mail comes first."""
        while self.summary().fetching:  # noqa: ASYNC110 — progress is looked at, it tells nobody
            await asyncio.sleep(_REST_SECONDS)

    async def _keep_house(self, folder: Path) -> None:
        """Take away the attachments of mail that is gone, and those that may be on servers only,
        when everything else has begun."""
        missed = Missed(self._database)
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            try:
                await asyncio.to_thread(
                    collect_when_due, self._database, self._blobs, folder, datetime.now(UTC)
                )
                await asyncio.to_thread(missed.want_when_due, datetime.now(UTC))
            except TuiMailError:
                log.warning("attachments cannot be collected", exc_info=True)

    async def _end(self, account_ids: list[int]) -> None:
        tasks = [self._served.pop(account_id).task for account_id in account_ids]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _workshop(
    database: Database,
    connections: Connections,
    ingest: Ingest,
    locks: Path,
    admission: Admission,
    check_seconds: float = 0.0,
) -> Workshop:
    turns = AccountTurns(database, locks)
    return Workshop(database, connections, ingest, turns, admission, locks, check_seconds)


def _has_servers(account: Account) -> bool:
    return bool(account.host or account.smtp_host)


def _settings(account: Account) -> tuple[object, ...]:
    """What a connection is made of: when it changes, a new one is needed."""
    return (
        *(account.protocol, account.host, account.port, account.tls, account.ca_file),
        *(account.smtp_host, account.smtp_port, account.smtp_tls),
        *(account.email, account.user, account.oauth_issuer, account.oauth_client),
        account.only_subscribed,
        # Tokens are renewed all the time, and a connection that stands needs none.
        account.signed_in_at if account.oauth_issuer else account.secret,
    )


# -- once --------------------------------------------------------------------------------------------


async def work_once(
    database: Database,
    connections: Connections,
    ingest: Ingest,
    *,
    locks: Path,
    server_connections: int = SERVER_CONNECTIONS,
    attachments: Path | None = None,
    connect: Connect | None = None,
) -> dict[int, TuiMailError | None]:
    """Write to the ERP and read it, then send, push and fetch for every account, all at once, read files for the
    search and end; what went wrong, by account."""
    if connect is not None:
        await asyncio.to_thread(write_due, database, connect, datetime.now(UTC))
        await asyncio.to_thread(refresh_due, database, connect, timedelta(0))
    await asyncio.to_thread(want_missed, database)
    shop = _workshop(database, connections, ingest, locks, Admission(server_connections))
    found = [one for one in await database.read(accounts.all_accounts) if _has_servers(one)]
    errors = await asyncio.gather(*(_once(shop, account) for account in found))
    await link_all_filed(database)
    await read_waiting(database, ingest.blobs, locks, processes=2, seconds=0.0)
    if attachments is not None:
        await asyncio.to_thread(
            collect_when_due, database, ingest.blobs, attachments, datetime.now(UTC)
        )
    return {account.id or 0: error for account, error in zip(found, errors, strict=True)}


async def _once(shop: Workshop, account: Account) -> TuiMailError | None:
    """What went wrong first; nothing where another process is at it, since the work is being done."""
    assert account.id is not None
    try:
        async with shop.turns.hold(account.id, seconds=_ONCE_WAIT_SECONDS) as ours:
            return await _all_once(shop, account, account.id) if ours else None
    except TurnLost:
        return None


async def _all_once(shop: Workshop, account: Account, account_id: int) -> TuiMailError | None:
    """What is wrong with the one server does not hold up the other."""
    first: TuiMailError | None = None
    for work in (_send_once, _sync_once):
        try:
            await work(shop, account)
        except TurnLost:
            raise
        except TuiMailError as error:
            first = first or error
            await shop.database.write(
                accounts.record_failure,
                account_id,
                error.message,
                datetime.now(UTC),
                sending=work is _send_once,
            )
    return first


async def _send_once(shop: Workshop, account: Account) -> None:
    assert account.id is not None
    now = datetime.now(UTC)
    await shop.database.write(outbox.recover, account.id, now)
    due = await shop.database.read(outbox.has_due, account.id, now)
    if due and account.smtp_host:
        sender = await asyncio.to_thread(shop.connections.sender, account)
        await send_due(shop.database, sender, shop.ingest, account.id)
        await shop.database.write(
            accounts.record_success, account.id, datetime.now(UTC), sending=True
        )


async def _sync_once(shop: Workshop, account: Account) -> None:
    assert account.id is not None
    account_id = account.id
    rule = schedule.rule_of(account, schedule.here())
    if account.host and rule.paused:
        return
    if account.host:
        await _sync_mailbox(shop, account, account_id, Pace(rule.rate << 10))
    await shop.database.write(accounts.record_success, account_id, datetime.now(UTC))


async def _sync_mailbox(shop: Workshop, account: Account, account_id: int, pace: Pace) -> None:
    async def look(folder: str) -> None:
        await sync.folder(account_id, folder)

    store = await asyncio.to_thread(shop.connections.mailbox, account, pace)
    async with shop.admission.place(account.host):
        if isinstance(store, Pop3Drop):
            pick_up = PickUp(shop.database, store, shop.ingest, report=lambda _progress: None)
            await pick_up.account(account)
            return
        sync = quiet_sync(shop.database, store, shop.ingest)
        try:
            await store.open()
            await push(shop.database, shop.ingest.blobs, store, account_id, look)
            bringing = Bringing(shop.database, shop.ingest, store, account_id, look)
            while await bringing.some():
                await push(shop.database, shop.ingest.blobs, store, account_id, look)
            await sync.account(account_id)
        finally:
            await store.close()


async def work_outbox(
    database: Database,
    connections: Connections,
    ingest: Ingest,
    account_id: int,
    *,
    locks: Path,
) -> None:
    """Send what is due of one account, when no other process is at it."""
    shop = _workshop(database, connections, ingest, locks, Admission(SERVER_CONNECTIONS))
    async with shop.turns.hold(account_id, seconds=0.0) as ours:
        if ours:
            await _send_once(shop, await database.read(accounts.account_by_id, account_id))
