"""Whose turn it is: of several processes on a host exactly one works on an account.

A file lock, which the system lets go when its holder dies. Hides polling and cancellation.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from tui_mail.errors import CannotWrite
from tui_mail.i18n import _

_RETRY_SECONDS = 1.0


@asynccontextmanager
async def turn(locks: Path, name: str, *, seconds: float | None = None) -> AsyncIterator[bool]:
    """Hold the lock of that name; gives False when another held it all of `seconds` (None: for ever).

    Raises CannotWrite when there can be no lock file.
    """
    lock = FileLock(locks / f"{name}.lock", thread_local=False)
    loop = asyncio.get_running_loop()
    end = None if seconds is None else loop.time() + seconds
    while not (held := await _try(lock)):
        left = _RETRY_SECONDS if end is None else min(_RETRY_SECONDS, end - loop.time())
        if left <= 0:
            break
        await asyncio.sleep(left)
    try:
        yield held
    finally:
        if held:
            lock.release()


async def _try(lock: FileLock) -> bool:
    attempt = asyncio.ensure_future(asyncio.to_thread(_take, lock))
    try:
        return await asyncio.shield(attempt)
    except asyncio.CancelledError:
        # The thread goes on: a lock that it takes now would have no owner.
        with suppress(CannotWrite):
            if await attempt:
                lock.release()
        raise


def _take(lock: FileLock) -> bool:
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    except OSError as error:
        raise CannotWrite(
            _("{file} cannot be written ({reason}).").format(
                file=lock.lock_file, reason=error.strerror
            )
        ) from error
    return True
