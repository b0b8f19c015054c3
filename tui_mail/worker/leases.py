"""Turns that end by time: taken and renewed in the database, all of this process in one statement.

A holder that stops for longer than a turn lasts loses it: who waits takes it, and the holder's work is
cancelled as soon as it goes on. Hides when the database is asked, and that it may not answer.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

from tui_mail.db import turns
from tui_mail.db.engine import Database
from tui_mail.db.guard import guarded
from tui_mail.db.turns import Fence, Round
from tui_mail.errors import TuiMailError

LASTING_SECONDS = 15.0
_RENEWED_SECONDS = 4.0
_LOOKED_SECONDS = 1.0
_GIVING_BACK_SECONDS = 2.0

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Held:
    """A turn of ours. `ends`, in the loop's time, is never later than what the database says."""

    token: int
    ends: float
    limit: asyncio.Timeout | None = None

    def end_at(self, moment: float) -> None:
        self.ends = moment
        if self.limit is not None and not self.limit.expired():
            self.limit.reschedule(moment)


@dataclass(frozen=True, slots=True)
class _Wish:
    """A turn that is waited for, in the loop's time until `latest`."""

    token: "asyncio.Future[int | None]"
    latest: float | None


class Leases:
    """The turns of this process that end by time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = turns.this_process()
        self._held: dict[int, _Held] = {}
        self._wanted: dict[int, _Wish] = {}
        self._rounds: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._next_renewal = 0.0

    @asynccontextmanager
    async def hold(self, account_id: int, seconds: float | None) -> AsyncIterator[bool]:
        """Have the account's turn; gives False when another had it all of `seconds`.

        Raises TurnLost when it was not renewed in time or another has it.
        """
        token = await self._taken(account_id, seconds)
        if token is None:
            yield False
            return
        held = self._held[account_id]
        try:
            async with asyncio.timeout_at(held.ends) as limit:
                held.limit = limit
                with guarded(Fence(account_id, token)):
                    yield True
        except TimeoutError as error:
            if limit.expired():
                raise turns.lost() from error
            raise
        finally:
            del self._held[account_id]
            await self._give_back(account_id, token)

    async def _taken(self, account_id: int, seconds: float | None) -> int | None:
        loop = asyncio.get_running_loop()
        latest = None if seconds is None else loop.time() + seconds
        wish = _Wish(loop.create_future(), latest)
        self._wanted[account_id] = wish
        self._news.set()
        if self._rounds is None or self._rounds.done():
            self._rounds = asyncio.create_task(self._go_rounds(), name="turns")
        try:
            return await wish.token
        except asyncio.CancelledError:
            if wish.token.done() and not wish.token.cancelled():  # just now: nobody uses it
                held = self._held.pop(account_id, None)
                if held is not None:
                    await self._give_back(account_id, held.token)
            raise
        finally:
            if self._wanted.get(account_id) is wish:
                del self._wanted[account_id]

    async def _give_back(self, account_id: int, token: int) -> None:
        """When the database cannot be told, the turn ends by itself."""
        with suppress(TuiMailError, TimeoutError):
            async with asyncio.timeout(_GIVING_BACK_SECONDS):
                await self._database.tend(turns.give_back, account_id, token)

    async def _go_rounds(self) -> None:
        """Ask the database again and again, while there is a turn to be kept or waited for."""
        loop = asyncio.get_running_loop()
        well = True
        while self._held or self._wanted:
            self._news.clear()
            wanted = dict(self._wanted)
            try:
                await self._go_round(loop.time(), wanted)
                well = True
            except TuiMailError as error:
                if well:
                    log.warning("turns cannot be renewed or taken: %s", error.message)
                well = False
                _give_up(wanted.values(), loop.time(), error)
            except Exception:
                log.exception("turns cannot be renewed or taken")
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOKED_SECONDS):
                    await self._news.wait()

    async def _go_round(self, began: float, wanted: Mapping[int, _Wish]) -> None:
        held: dict[int, int] = {}
        if began >= self._next_renewal:
            held = {account_id: one.token for account_id, one in self._held.items()}
        if not held and not wanted:
            return
        lasting = timedelta(seconds=LASTING_SECONDS)
        found = await self._database.tend(
            turns.go_round, held, sorted(wanted), self._holder, lasting
        )
        if held:
            self._next_renewal = began + _RENEWED_SECONDS
        self._renewed(held, found, began)
        for account_id, token in found.taken.items():
            wish = wanted[account_id]
            if wish.token.done():
                await self._give_back(account_id, token)
            else:
                self._held[account_id] = _Held(token, began + LASTING_SECONDS)
                wish.token.set_result(token)
        _give_up(wanted.values(), asyncio.get_running_loop().time(), None)

    def _renewed(self, asked: dict[int, int], found: Round, began: float) -> None:
        for account_id, token in asked.items():
            one = self._held.get(account_id)
            if one is not None and one.token == token:
                ours = account_id in found.renewed
                one.end_at(began + LASTING_SECONDS if ours else began)


def _give_up(wishes: Iterable[_Wish], now: float, error: TuiMailError | None) -> None:
    """Those that have waited for long enough are told."""
    for wish in wishes:
        if wish.latest is not None and now >= wish.latest and not wish.token.done():
            if error is None:
                wish.token.set_result(None)
            else:
                wish.token.set_exception(error)
