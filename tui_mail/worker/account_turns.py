"""Whose turn an account is: exactly one process works on it, and what another writes is refused.

On SQLite the account's lock file decides, which the system lets go when its holder dies; on
PostgreSQL a row that its holder renews, and that anybody may take once it is not renewed. Either way
every write below `hold` asks in its own transaction whether the turn is still ours.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tui_mail.db import turns
from tui_mail.db.engine import Database
from tui_mail.db.guard import guarded
from tui_mail.db.turns import Fence
from tui_mail.errors import TuiMailError
from tui_mail.worker.leases import Leases
from tui_mail.worker.turns import turn


class AccountTurns:
    """The turns of this process."""

    def __init__(self, database: Database, locks: Path) -> None:
        self._database = database
        self._locks = locks
        self._leases = None if database.is_sqlite else Leases(database)

    @asynccontextmanager
    async def hold(self, account_id: int, *, seconds: float | None = None) -> AsyncIterator[bool]:
        """Have the account's turn; gives False when another had it all of `seconds` (None: for
        ever).

        Raises TurnLost when another has taken it meanwhile, CannotWrite when there can be no lock
        file.
        """
        if self._leases is not None:
            async with self._leases.hold(account_id, seconds) as ours:
                yield ours
            return
        async with turn(self._locks, f"account-{account_id}", seconds=seconds) as ours:
            if not ours:
                yield False
                return
            token = await self._seize(account_id)
            try:
                with guarded(Fence(account_id, token)):
                    yield True
            finally:
                with suppress(TuiMailError):
                    await self._database.tend(turns.give_back, account_id, token)

    async def _seize(self, account_id: int) -> int:
        seizing = asyncio.ensure_future(
            self._database.tend(turns.seize, account_id, turns.this_process())
        )
        try:
            return await asyncio.shield(seizing)
        except asyncio.CancelledError:
            # It goes on: a turn that is taken now would be said to be ours.
            with suppress(TuiMailError):
                await self._database.tend(turns.give_back, account_id, await seizing)
            raise
