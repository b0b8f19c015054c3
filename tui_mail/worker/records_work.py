"""Writes to the ERP what was made here, and reads it again and again, beside everything else.

In a thread of its own that nobody waits for at the end: an ERP may take minutes to answer, and what is
cut off is taken up again the next time.
"""

import asyncio
import logging
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from tui_mail.db.engine import Database
from tui_mail.errors import TuiMailError
from tui_mail.worker.record_writing import write_due
from tui_mail.worker.records import Connect, refresh_due

_LOOKED_SECONDS = 20.0

log = logging.getLogger(__name__)


class RecordsWork:
    """`every`: how often each place is read."""

    def __init__(self, database: Database, connect: Connect, every: timedelta) -> None:
        self._url = database.url
        self._connect = connect
        self._every = every
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        self._task = asyncio.create_task(self._go_on(), name="records")

    async def stop(self) -> None:
        """End; a reading under way ends with the process, or before it."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _go_on(self) -> None:
        while True:
            await self._once()
            await asyncio.sleep(_LOOKED_SECONDS)

    async def _once(self) -> None:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def read() -> None:
            # Its own connections: what it writes is noticed as any other process's is.
            database = Database(self._url)
            try:
                write_due(database, self._connect, datetime.now(UTC))
                refresh_due(database, self._connect, self._every)
            except TuiMailError:
                log.warning("the ERP cannot be read now", exc_info=True)
            except Exception:
                log.exception("the ERP")
            finally:
                database.close_now()
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(done.set)

        threading.Thread(target=read, name="records", daemon=True).start()
        await done.wait()
