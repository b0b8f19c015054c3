"""Writes what came in: much of it in a process of its own.

A transaction of hundreds of messages is half a second of the interpreter, which reading the next
ones, and drawing a key's answer, would have to share. Writes keep their order with those of this process. When the other
process fails, this one writes the same: what is stored already is not stored again.
"""

import asyncio
import logging
import pickle
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache

from tui_mail import i18n
from tui_mail.db.arrivals import Saved
from tui_mail.db.engine import Database
from tui_mail.db.guard import Guard, guard_in_force, guarded
from tui_mail.db.prepared import Arrival
from tui_mail.db.session import Session
from tui_mail.errors import TuiMailError
from tui_mail.worker.child import Child, ChildFailed
from tui_mail.worker.preparing import Delivery

_FEW = 60
_NICE = 5  # less than who prepares: a person's own change may be waiting for it
_SECONDS = 3600.0  # a transaction may wait for others
_UNWANTED_SECONDS = 60.0

Keep = Callable[[Session, int, int, Sequence[Arrival]], list[Saved]]
_Request = tuple[str, str, Guard | None, Keep, int, int, Sequence[Delivery]]

log = logging.getLogger(__name__)


class Keeper:
    """`background`: the process gives way to everything else."""

    def __init__(self, database: Database, *, background: bool) -> None:
        self._database = database
        self._nice = _NICE if background else 0
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="keeper")
        self._starting: Future[Child[bytes] | None] | None = None
        self._ending: asyncio.TimerHandle | None = None

    async def keep(
        self, keep: Keep, account_id: int, folder_id: int, came: Sequence[Delivery]
    ) -> list[Saved]:
        """`keep(session, …)` of what came, in one transaction; raises what it raises."""
        place = (keep, account_id, folder_id, came)
        child = self._child(len(came))
        if child is None:
            return await self._database.write(_unpacked, *place)
        url, language, guard = self._database.url, i18n.language(), guard_in_force()

        def there() -> list[Saved]:
            request: _Request = (url, language, guard, keep, account_id, folder_id, came)
            answer: list[Saved] | TuiMailError = pickle.loads(child.call(request))  # noqa: S301 — it reads nothing of strangers
            if isinstance(answer, TuiMailError):
                raise answer
            return answer

        try:
            return await self._database.write_by(there)
        except ChildFailed:
            log.warning("the process that writes has failed; this one goes on", exc_info=True)
            self._starting = None
            return await self._database.write(_unpacked, *place)
        finally:
            self._rest_later()

    def close(self) -> None:
        """End the process. Only when nothing is written any more."""
        self._rest()
        self._starter.shutdown()

    def _child(self, number: int) -> Child[bytes] | None:
        if self._starting is None and number > _FEW:
            self._starting = self._starter.submit(_started, self._nice)
        if self._starting is None or not self._starting.done():
            return None
        return self._starting.result()

    def _rest_later(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(_UNWANTED_SECONDS, self._rest)

    def _rest(self) -> None:
        starting, self._starting = self._starting, None
        child = starting.result() if starting is not None else None
        if child is not None:
            child.close()


def _started(nice: int) -> Child[bytes] | None:
    try:
        return Child(
            _kept,
            bytes,
            processor_seconds=_SECONDS,
            wall_seconds=_SECONDS,
            nice=nice,
            confined=False,  # it may need what a database's client looks for there
        )
    except ChildFailed:
        log.warning("no process for writing; this one does it", exc_info=True)
        return None


def _unpacked(
    session: Session, keep: Keep, account_id: int, folder_id: int, came: Sequence[Delivery]
) -> list[Saved]:
    """The transaction begins with the first statement: nobody waits for what is unpacked here."""
    return keep(session, account_id, folder_id, [one.arrival() for one in came])


# -- in the other process --------------------------------------------------------------------------


def _kept(request: _Request) -> bytes:
    """What was saved, or the error that prevented it, as a pickle."""
    url, language, guard, keep, account_id, folder_id, came = request
    i18n.set_language(language)
    try:
        with guarded(guard):
            saved = _opened(url).write_now(_unpacked, keep, account_id, folder_id, came)
    except TuiMailError as error:
        return pickle.dumps(error)
    return pickle.dumps(saved)


@cache
def _opened(url: str) -> Database:
    database = Database(url)
    database.stand_aside()
    return database
