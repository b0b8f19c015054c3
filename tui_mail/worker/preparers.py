"""Who prepares messages: this process a few small ones, other processes many or large ones.

Hides starting those late, so that neither the console's start nor a single new message waits for
them, keeping them while they are wanted, and what happens when one of them fails on a message:
the others of its batch are prepared, and that one is kept as it came.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from tui_mail.worker.child import Child, ChildFailed
from tui_mail.worker.preparing import Parcel, prepare, prepare_all, unread

_FEW = 60  # messages that are prepared here sooner than a process has started
_LARGE = 1 << 20  # bytes of a message that another process reads, where it may take what it likes
_READ_AT_ONCE = 20
_SENT_AT_ONCE = 50
_SENT_BYTES = 4 << 20
_MOST_CHILDREN = 4
_NICE = 10  # who stores what they prepare is behind them, and has the processor first
_PROCESSOR_SECONDS = 20.0
_WALL_SECONDS = 300.0
_UNWANTED_SECONDS = 60.0

log = logging.getLogger(__name__)


class Preparers:
    """Prepares messages for storing. `background`: somebody works here meanwhile, who is left a
    processor; the processes give way to everything else in any case.

    `there`: what the processes are given to do, by a name that they can import.
    """

    def __init__(
        self, *, background: bool, there: Callable[[Any], list[Parcel]] = prepare_all
    ) -> None:
        self._do = there
        processors = os.cpu_count() or 1
        # One is left to whoever types; who only waits for this has them all.
        self._most = max(1, min(_MOST_CHILDREN, processors - 1 if background else processors))
        # Reading takes the interpreter, which only one thread has at a time.
        self._here = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._there = ThreadPoolExecutor(self._most, thread_name_prefix="prepare-child")
        self._lock = threading.Lock()
        self._idle: list[Child[list[Parcel]]] = []
        self._starting: Future[None] | None = None
        self._users = 0
        self._ending: asyncio.TimerHandle | None = None

    async def prepare(self, raws: Sequence[bytes], own: Collection[str]) -> list[Parcel]:
        """The messages in their order; `own`: addresses of ours, lower case."""
        self._want(len(raws))
        try:
            parts = await asyncio.gather(*(self._part(part, own) for part in _parts(raws)))
        finally:
            self._leave()
        return [one for part in parts for one in part]

    def close(self) -> None:
        """End the processes. Only when nobody prepares any more."""
        if self._starting is not None:
            self._starting.result()
        for child in self._taken():
            child.close()
        self._here.shutdown()
        self._there.shutdown()

    # -- whether there are processes

    def _want(self, number: int) -> None:
        self._users += 1
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if number > _FEW and self._starting is None:
            self._starting = self._there.submit(self._start)

    def _leave(self) -> None:
        self._users -= 1
        if not self._users and self._idle:
            loop = asyncio.get_running_loop()
            self._ending = loop.call_later(_UNWANTED_SECONDS, self._rest)

    def _rest(self) -> None:
        """Nobody has wanted them for a while."""
        for child in self._taken():
            child.close()
        self._starting = None

    def _start(self) -> None:
        try:
            for _number in range(self._most):
                self._give_back(self._new())
        except ChildFailed:
            log.warning("no process for reading mail; this one does it", exc_info=True)

    def _new(self) -> Child[list[Parcel]]:
        return Child(
            self._do,
            list[Parcel],
            processor_seconds=_PROCESSOR_SECONDS,
            wall_seconds=_WALL_SECONDS,
            nice=_NICE,
            confined=True,
        )

    def _give_back(self, child: Child[list[Parcel]]) -> None:
        with self._lock:
            self._idle.append(child)

    def _taken(self, most: int = _MOST_CHILDREN) -> list[Child[list[Parcel]]]:
        with self._lock:
            return [self._idle.pop() for _number in range(min(most, len(self._idle)))]

    # -- preparing

    async def _part(self, raws: Sequence[bytes], own: Collection[str]) -> list[Parcel]:
        loop = asyncio.get_running_loop()
        there = self._starting is not None and self._starting.done()
        if there or any(len(raw) > _LARGE for raw in raws):
            return await loop.run_in_executor(self._there, self._prepared_there, raws, own)
        prepared: list[Parcel] = []
        for start in range(0, len(raws), _READ_AT_ONCE):
            few = raws[start : start + _READ_AT_ONCE]
            prepared += await loop.run_in_executor(self._here, prepare_all, (few, own))
        return prepared

    def _prepared_there(self, raws: Sequence[bytes], own: Collection[str]) -> list[Parcel]:
        idle = self._taken(1)
        try:
            child = idle[0] if idle else self._new()
        except ChildFailed:
            return [prepare(raw, own) if len(raw) <= _LARGE else unread(raw) for raw in raws]
        try:
            prepared = child.call((raws, own))
        except ChildFailed:
            return self._one_by_one(raws, own)
        self._give_back(child)
        return prepared

    def _one_by_one(self, raws: Sequence[bytes], own: Collection[str]) -> list[Parcel]:
        """One of them is too much for a process: find it, with a new one each time that ends."""
        if len(raws) == 1:
            log.error("a message of %d bytes could not be read: kept as it came", len(raws[0]))
            return [unread(raws[0])]
        middle = len(raws) // 2
        return [
            one
            for half in (raws[:middle], raws[middle:])
            for one in self._prepared_there(half, own)
        ]


def _parts(raws: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """`raws` in pieces that are worth a trip to another process."""
    start = size = 0
    for number, raw in enumerate(raws):
        if number - start >= _SENT_AT_ONCE or (number > start and size + len(raw) > _SENT_BYTES):
            yield raws[start:number]
            start, size = number, 0
        size += len(raw)
    if raws:
        yield raws[start:]
