"""One account while it is served: a task for its mailbox, one for its outbox.

Hides connecting, waiting for news here and there, back-off, and what goes wrong.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tui_mail.backends import MailStore
from tui_mail.backends.pace import Pace
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.db import accounts, operations, outbox, wanted
from tui_mail.db.engine import Database
from tui_mail.db.sent_copies import server_files
from tui_mail.db.tables import Account
from tui_mail.errors import NotAllowed, Paused, ProtocolRefused, TuiMailError, TurnLost
from tui_mail.i18n import _
from tui_mail.worker.account_turns import AccountTurns
from tui_mail.worker.admission import Admission, Place
from tui_mail.worker.bringing import Bringing
from tui_mail.worker.connections import Connections
from tui_mail.worker.fetch import Progress, Sync
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.outbox import send_due
from tui_mail.worker.pop3 import PickUp
from tui_mail.worker.push import push
from tui_mail.worker.schedule import Rule

_FIRST_DELAY_SECONDS = 5.0
_LONGEST_DELAY_SECONDS = 300.0
_LONGEST_REST_SECONDS = 60.0
_MOMENT_SECONDS = 5.0  # what has come is stored in it

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every account's work is done with. `check_seconds`: between looks at every folder."""

    database: Database
    connections: Connections
    ingest: Ingest
    turns: AccountTurns
    admission: Admission
    locks: Path
    check_seconds: float


class AccountWork:
    """Serves one account until cancelled; what it is doing may be read at any time."""

    def __init__(self, workshop: Workshop, account_id: int, rule: Rule) -> None:
        self.progress: Progress | None = None
        self.last_success: datetime | None = None
        self.errors: dict[str, str] = {}
        self._shop = workshop
        self._database = workshop.database
        self._account_id = account_id
        self._changed_here = asyncio.Event()
        self._letters = asyncio.Event()
        self._asked = asyncio.Event()
        self._well: set[str] = set()
        self._pace = Pace()
        self._going = asyncio.Event()
        self._paused = asyncio.Event()
        self.keep_to(rule)

    def tell(self, *, changed: bool = False, letters: bool = False) -> None:
        """There are operations for the server, or files wanted of it, or letters to be sent."""
        if changed:
            self._changed_here.set()
        if letters:
            self._letters.set()

    def check_now(self) -> None:
        """Look at every folder at once, and send what is due; no back-off holds."""
        self._asked.set()
        self._changed_here.set()
        self._letters.set()

    def keep_to(self, rule: Rule) -> None:
        """Go at this rate from now on, or leave the mailbox alone; letters go out all the same."""
        self._pace.change(rule.rate << 10)
        if not rule.paused and not self._going.is_set():
            self._pace.go_on()
            self._paused.clear()
            self._going.set()
            self._asked.set()
        elif rule.paused and not self._paused.is_set():
            self._going.clear()
            self._paused.set()
            self._pace.stop(Paused(_("The account is paused.")))
            self.errors.pop("mailbox", None)

    async def run(self) -> None:
        """Wait until no other process serves the account, then do."""
        await self._again_and_again("", self._turn_after_turn, self._asked)

    async def _turn_after_turn(self) -> None:
        """Who has lost the turn lets go of everything, and waits for it anew."""
        while True:
            try:
                await self._while_ours()
            except* TurnLost:
                log.warning("account %d: another process has taken it over", self._account_id)
            self.errors.clear()

    async def _while_ours(self) -> None:
        async with self._shop.turns.hold(self._account_id), asyncio.TaskGroup() as group:
            self.errors.pop("", None)
            group.create_task(
                self._again_and_again("mailbox", self._mailbox, self._asked),
                name=f"mailbox-{self._account_id}",
            )
            group.create_task(
                self._again_and_again("outbox", self._outbox, self._letters),
                name=f"outbox-{self._account_id}",
            )

    # -- the mailbox

    async def _mailbox(self) -> None:
        account = await self._database.read(accounts.account_by_id, self._account_id)
        if not account.host:
            await asyncio.Event().wait()
        while True:
            await self._going.wait()
            await self._until_paused(self._connections(account))

    async def _until_paused(self, work: Coroutine[Any, Any, None]) -> None:
        """Do `work` until the account is paused, when its connection ends: it has a moment left to
        keep what has come."""
        doing = asyncio.ensure_future(work)
        paused = asyncio.ensure_future(self._paused.wait())
        try:
            await asyncio.wait({doing, paused}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({doing}, timeout=_MOMENT_SECONDS)
        finally:
            doing.cancel()
            paused.cancel()
            await asyncio.wait({doing, paused})
        error = None if doing.cancelled() else doing.exception()
        if isinstance(error, TurnLost) or (error is not None and not self._paused.is_set()):
            raise error

    async def _connections(self, account: Account) -> None:
        """Connect, one time after another."""
        while True:
            # In a thread, as it is imported when it is first used.
            store = await asyncio.to_thread(self._shop.connections.mailbox, account, self._pace)
            if isinstance(store, Pop3Drop):
                await self._keep_picking_up(store)
                return
            async with self._shop.admission.place(account.host) as place:
                try:
                    await store.open()
                    await self._stay_connected(store, place)
                finally:
                    self.progress = None
                    await store.close()

    async def _keep_picking_up(self, drop: Pop3Drop) -> None:
        """Go to a POP3 mailbox every so often."""

        def report(progress: Progress) -> None:
            self.progress = progress

        pick_up = PickUp(self._database, drop, self._shop.ingest, report=report)
        while True:
            self._asked.clear()
            try:
                account = await self._database.read(accounts.account_by_id, self._account_id)
                async with self._shop.admission.place(account.host):
                    await pick_up.account(account)
            finally:
                self.progress = None
            await self._succeeded("mailbox")
            seconds = max(self._shop.check_seconds, drop.login_delay)
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._asked.wait()

    async def _stay_connected(self, store: MailStore, place: Place) -> None:
        """Until the place at the server is wanted by another account, and has been had for a while."""
        loop = asyncio.get_running_loop()
        next_full = 0.0
        while True:
            await self._push(store)
            if loop.time() >= next_full or self._asked.is_set():
                self._asked.clear()
                await self._sync_all(store)
                next_full = loop.time() + self._shop.check_seconds
            if self._changed_here.is_set() or self._asked.is_set():
                continue
            if place.is_over:
                return
            seconds = min(
                next_full - loop.time(), await self._until_next_operation(), place.seconds_left
            )
            wakes = (
                [self._changed_here]
                if place.asked.is_set()
                else [
                    self._changed_here,
                    place.asked,
                ]
            )
            if await _wait(store, wakes, seconds):
                next_full = 0.0

    async def _sync_all(self, store: MailStore) -> None:
        """What the server refuses is said; the connection is well, and tells of news all the same."""
        try:
            await self._sync(store).account(self._account_id)
        except ProtocolRefused as refusal:
            self._well.add("mailbox")
            await self._failed("mailbox", refusal)
        else:
            await self._succeeded("mailbox")

    def _sync(self, store: MailStore) -> Sync:
        async def pause() -> None:
            if self._changed_here.is_set():
                await self._push(store)

        def report(progress: Progress) -> None:
            self.progress = progress

        return Sync(self._database, store, self._shop.ingest, report=report, pause=pause)

    async def _push(self, store: MailStore) -> None:
        self._changed_here.clear()

        async def look(folder: str) -> None:
            await self._sync(store).folder(self._account_id, folder)

        shop, account_id = self._shop, self._account_id
        await push(self._database, shop.ingest.blobs, store, account_id, look)
        if await Bringing(self._database, shop.ingest, store, account_id, look).some():  # or more
            self._changed_here.set()

    async def _until_next_operation(self) -> float:
        """Seconds until one that was put off is due, or a wish for files."""
        now = datetime.now(UTC)
        times = [
            await self._database.read(operations.next_try, self._account_id, now),
            await self._database.read(wanted.next_try, now),
        ]
        return min((_seconds_until(at) for at in times if at), default=_LONGEST_DELAY_SECONDS)

    # -- the outbox

    async def _outbox(self) -> None:
        # Nobody else sends for this account, and this task is not sending now.
        await self._database.write(outbox.recover, self._account_id, datetime.now(UTC))
        account = await self._database.read(accounts.account_by_id, self._account_id)
        while account.smtp_host:
            self._letters.clear()
            now = datetime.now(UTC)
            if await self._database.read(outbox.has_due, self._account_id, now):
                sender = await asyncio.to_thread(self._shop.connections.sender, account)
                sent = await send_due(self._database, sender, self._shop.ingest, self._account_id)
                await self._succeeded("outbox")
                account = await self._database.read(accounts.account_by_id, self._account_id)
                if sent and server_files(account):  # whose copy is there now, or soon
                    self._asked.set()
            at = await self._database.read(outbox.next_due, self._account_id)
            seconds = _LONGEST_REST_SECONDS if at is None else _seconds_until(at)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(seconds, _LONGEST_REST_SECONDS)):
                    await self._letters.wait()
        await asyncio.Event().wait()

    # -- what went well and what did not

    async def _succeeded(self, part: str) -> None:
        self._well.add(part)
        now = datetime.now(UTC)
        await self._database.write(
            accounts.record_success, self._account_id, now, sending=part == "outbox"
        )
        self.errors.pop(part, None)
        if part == "mailbox":
            self.last_success = now

    async def _again_and_again(
        self, part: str, work: Callable[[], Awaitable[None]], nudge: asyncio.Event
    ) -> None:
        """Do `work` for ever; after a failure it is recorded, and the wait grows."""
        delay = _FIRST_DELAY_SECONDS
        while True:
            self._well.discard(part)
            try:
                await work()
            except TurnLost:
                raise
            except TuiMailError as failure:
                error = failure
            except Exception:
                log.exception("account %d", self._account_id)
                error = TuiMailError(_("Something went wrong; the log says what."))
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # what went wrong went wrong in leaving
                raise asyncio.CancelledError
            if part in self._well:
                delay = _FIRST_DELAY_SECONDS
            if isinstance(error, NotAllowed):
                delay = _LONGEST_DELAY_SECONDS
            nudge.clear()
            await self._failed(part, error)
            with suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await nudge.wait()
            delay = min(delay * 2, _LONGEST_DELAY_SECONDS)

    async def _failed(self, part: str, error: TuiMailError) -> None:
        self.errors[part] = error.message
        with suppress(TuiMailError):
            await self._database.write(
                accounts.record_failure,
                self._account_id,
                error.message,
                datetime.now(UTC),
                sending=part == "outbox",
            )


def _seconds_until(at: datetime) -> float:
    return max((at - datetime.now(UTC)).total_seconds(), 0.0)


async def _wait(store: MailStore, wakes: Collection[asyncio.Event], seconds: float) -> bool:
    """Wait for the server or for one of `wakes`; True when the server said that something changed."""
    server = asyncio.ensure_future(store.wait(max(seconds, 0.0)))
    here = [asyncio.ensure_future(wake.wait()) for wake in wakes]
    try:
        await asyncio.wait({server, *here}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in here:
            one.cancel()
        server.cancel()
        await asyncio.wait({server})
        broken = None if server.cancelled() else server.exception()
    if broken is not None:
        raise broken
    return not server.cancelled() and server.result()
