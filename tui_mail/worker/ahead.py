"""Batches on their way into the database: some are prepared while the one before them is stored.

Hides how many there may be, and that what has begun is finished, whatever goes wrong beside it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Generic, TypeVar

from tui_mail.worker.ingest import Outcome

_AT_ONCE = 3  # one more than are worked on: whoever stores never waits for one

_Batch = TypeVar("_Batch")


class Ahead(Generic[_Batch]):
    """`done(batch, outcome)` is called for each batch that has been stored, in their order."""

    def __init__(self, done: Callable[[_Batch, Outcome], None]) -> None:
        self._done = done
        self._going: deque[tuple[_Batch, asyncio.Task[Outcome]]] = deque()

    async def begin(self, batch: _Batch, storing: Coroutine[Any, Any, Outcome]) -> None:
        """Store a batch beside those before it, as soon as there is room.

        Raises what storing one of those raised.
        """
        try:
            while len(self._going) >= _AT_ONCE:
                await self._first()
        except BaseException:
            storing.close()
            raise
        self._going.append((batch, asyncio.ensure_future(storing)))

    async def _first(self) -> None:
        batch, storing = self._going[0]
        outcome = await asyncio.shield(storing)
        self._going.popleft()
        self._done(batch, outcome)

    async def __aenter__(self) -> "Ahead[_Batch]":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what has begun; after an error what else went wrong is passed over."""
        failed: BaseException | None = error
        while self._going:
            batch, storing = self._going.popleft()
            try:
                outcome = await storing
            except Exception as other:  # noqa: BLE001 — raised below, or another one was before
                failed = failed or other
            else:
                self._done(batch, outcome)
        if failed is not None and failed is not error:
            raise failed
