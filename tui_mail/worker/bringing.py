"""Files that are with a server only come back: on the connection that the account has open.

A wish is a row; whoever has the account's turn serves it. What comes is kept only where its hash is
that of the file that is wanted, so a server that writes messages anew each time does no harm.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui_mail.backends import MailStore
from tui_mail.backends.pace import Pace
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.db import accounts, wanted
from tui_mail.db.engine import Database
from tui_mail.db.wanted import Copy
from tui_mail.errors import ProtocolRefused
from tui_mail.i18n import _
from tui_mail.worker.account_turns import AccountTurns
from tui_mail.worker.connections import Connections
from tui_mail.worker.fetch import Sync
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.schedule import here, rule_of

_AT_ONCE = 20

Look = Callable[[str], Awaitable[object]]


class Bringing:
    """Fetches what is wanted of one account's messages through its store.

    `look` brings a folder up to date, by its key.
    """

    def __init__(
        self, database: Database, ingest: Ingest, store: MailStore, account_id: int, look: Look
    ) -> None:
        self._database = database
        self._ingest = ingest
        self._store = store
        self._account_id = account_id
        self._look = look

    async def some(self) -> int:
        """Bring what is wanted, some messages at a time; how many were tried.

        Raises what the store raises, but for what it refuses, and CannotWrite; wishes stay.
        """
        now = datetime.now(UTC)
        found = await self._database.read(wanted.wanted_of, self._account_id, now, _AT_ONCE)
        by_message: dict[int, list[Copy]] = {}
        for one in found:
            by_message.setdefault(one.message_id, []).append(one)
        for message_id, copies in by_message.items():
            await self._bring(message_id, copies)
        return len(by_message)

    async def _bring(self, message_id: int, copies: Sequence[Copy]) -> None:
        if not await self._database.read(wanted.away_files, message_id):  # came some other way
            await self._database.write(wanted.came_back, message_id, (), datetime.now(UTC))
            return
        if await self._is_had(copies):
            return
        # Their keys may be others by now.
        for folder in {copy.folder for copy in copies}:
            await self._look(folder)
        known = await self._database.read(wanted.copies, [message_id], self._account_id)
        if await self._is_had([one for one in known if one not in copies]):
            return
        every = await self._database.read(wanted.copies, [message_id])
        elsewhere = any(one.account_id != self._account_id for one in every)
        await self._not_had(message_id, gone_sentence(), missing=not elsewhere)

    async def _is_had(self, copies: Sequence[Copy]) -> bool:
        """Whether the server gave the message, or said why not, which is noted."""
        for copy in copies:
            try:
                async for one in self._store.fetch(copy.folder, [copy.key]):
                    if not await self._ingest.bring_back(copy.message_id, one.raw):
                        await self._not_had(copy.message_id, _other_sentence(), missing=True)
                    return True
            except ProtocolRefused as error:
                await self._not_had(copy.message_id, error.message)
                return True
        return False

    async def _not_had(self, message_id: int, why: str, *, missing: bool = False) -> None:
        now = datetime.now(UTC)
        await self._database.write(wanted.not_had, message_id, why, now, missing=missing)


def _other_sentence() -> str:
    return _(
        "The server has other files under the name of this message than those that came: they "
        "cannot be had any more."
    )


def gone_sentence() -> str:
    """What is said of files that no server has any more."""
    return _(
        "The files of this message were on its server only, and it has been deleted there: they "
        "cannot be had any more."
    )


async def work_wanted(
    database: Database,
    connections: Connections,
    ingest: Ingest,
    account_id: int,
    *,
    locks: Path,
) -> bool:
    """Fetch the files that are wanted of one account, when no other process is at it; whether.

    Raises what its server does.
    """
    async with AccountTurns(database, locks).hold(account_id, seconds=0.0) as ours:
        account = await database.read(accounts.account_by_id, account_id)
        rule = rule_of(account, here())
        if not ours or rule.paused:
            return False
        store = await asyncio.to_thread(connections.mailbox, account, Pace(rule.rate << 10))
        if isinstance(store, Pop3Drop):
            return False
        sync = quiet_sync(database, store, ingest)

        async def look(folder: str) -> None:
            await sync.folder(account_id, folder)

        try:
            await store.open()
            while await Bringing(database, ingest, store, account_id, look).some():
                pass
        finally:
            await store.close()
        return True


def quiet_sync(database: Database, store: MailStore, ingest: Ingest) -> Sync:
    """A sync of which nobody is told how far it is, and that nothing interrupts."""

    async def pause() -> None:
        """Nothing that is done meanwhile is told before the next time."""

    return Sync(database, store, ingest, report=lambda _progress: None, pause=pause)
