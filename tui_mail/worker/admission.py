"""At most so many connections of this process to one server, shared out among its accounts.

Whoever finds none free asks the one that has been connected for longest; that one leaves as soon as
nothing is under way, and queues up again. So all accounts are served by turns.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

STAY_SECONDS = 30.0


class Place:
    """A connection that may be had. `asked`: another account waits for it."""

    def __init__(self, stay_seconds: float) -> None:
        self.asked = asyncio.Event()
        self._stay_until = asyncio.get_running_loop().time() + stay_seconds

    @property
    def seconds_left(self) -> float:
        """How long it may be kept: for ever unless another waits."""
        if not self.asked.is_set():
            return float("inf")
        return max(self._stay_until - asyncio.get_running_loop().time(), 0.0)

    @property
    def is_over(self) -> bool:
        return self.seconds_left <= 0


@dataclass(slots=True)
class _Server:
    """Who is connected, longest first, and who waits, in order."""

    places: list[Place] = field(default_factory=list)
    waiting: deque["asyncio.Future[Place]"] = field(default_factory=deque)


class Admission:
    """`most`: connections to a server. `stay_seconds`: before another may have the place."""

    def __init__(self, most: int, stay_seconds: float = STAY_SECONDS) -> None:
        self._most = most
        self._stay_seconds = stay_seconds
        self._servers: defaultdict[str, _Server] = defaultdict(_Server)

    @asynccontextmanager
    async def place(self, server: str) -> AsyncIterator[Place]:
        """A connection to the server of that name, in order of asking."""
        there = self._servers[server]
        place = await self._admitted(there)
        try:
            yield place
        finally:
            self._leave(there, place)

    async def _admitted(self, there: _Server) -> Place:
        if len(there.places) < self._most:
            return self._enter(there)
        ready: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        there.waiting.append(ready)
        self._ask(there)
        try:
            return await ready
        except asyncio.CancelledError:
            if ready in there.waiting:
                there.waiting.remove(ready)
            elif not ready.cancelled():  # let in just now
                self._leave(there, ready.result())
            raise

    def _enter(self, there: _Server) -> Place:
        place = Place(self._stay_seconds)
        there.places.append(place)
        return place

    def _leave(self, there: _Server, place: Place) -> None:
        there.places.remove(place)
        while there.waiting:
            ready = there.waiting.popleft()
            if not ready.done():
                ready.set_result(self._enter(there))
                break
        self._ask(there)

    def _ask(self, there: _Server) -> None:
        """As many are asked to leave as there are waiting."""
        for place in there.places[: len(there.waiting)]:
            place.asked.set()
