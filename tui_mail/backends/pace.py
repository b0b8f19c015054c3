"""How fast the connections of an account go, and that they end at once when it is paused.

A bucket of bytes that an account's connections share, filled by the second. Hides holding a
transport's reading back, cutting long writes up, and that time in which we hold a line back is no
time that its server took.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from tui_mail import aside
from tui_mail.errors import TuiMailError

_FASTEST = 64 << 20  # bytes a second that are taken in: more than can be stored
_MUCH = 16 << 10  # bytes at once: no answer to a person's own command
_PART = 16 << 10  # bytes that are written at once

Drop = Callable[[TuiMailError], None]


class Pace:
    """`rate`: bytes a second, both ways together; 0: as fast as can be."""

    def __init__(self, rate: int = 0, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._room = float(rate)  # bytes that may pass now; below 0: so many passed too early
        self._filled_at = clock()
        self._drops: set[Drop] = set()
        self._stopped: TuiMailError | None = None

    @property
    def rate(self) -> int:
        return self._rate

    def change(self, rate: int) -> None:
        """Go at another rate from now on."""
        self._fill()
        self._rate = rate
        self._room = min(self._room, float(rate))

    def take(self, size: int) -> float:
        """Count `size` bytes that pass now; for how many seconds none should after them."""
        if not self._rate:
            return 0.0
        self._fill()
        self._room -= size
        return max(-self._room / self._rate, 0.0)

    def _fill(self) -> None:
        """A second's worth has room at most, so that short answers need not wait."""
        now = self._clock()
        self._room = min(self._room + (now - self._filled_at) * self._rate, float(self._rate))
        self._filled_at = now

    def join(self, drop: Drop) -> None:
        """A connection begins; `drop` ends it, at once while there is to be none."""
        self._drops.add(drop)
        if self._stopped is not None:
            drop(self._stopped)

    def leave(self, drop: Drop) -> None:
        """A connection is over."""
        self._drops.discard(drop)

    def stop(self, error: TuiMailError) -> None:
        """End every connection now, and those to come; who waits for one gets `error`."""
        self._stopped = error
        for drop in tuple(self._drops):
            drop(error)

    def go_on(self) -> None:
        """There may be connections again."""
        self._stopped = None


class Line:
    """A connection's transport, for the protocol on top of it, which `drop` ends."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pace: Pace, drop: Drop) -> None:
        self.transport: asyncio.Transport | None = None
        self._loop = loop
        self._pace = pace
        self._drop = drop
        self._full = False
        self._held_until = 0.0
        self._holding: asyncio.TimerHandle | None = None
        self._unwritten = bytearray()
        self._writing: asyncio.TimerHandle | None = None
        self._write_at = 0.0
        self._limits: set[asyncio.Timeout] = set()

    def begin(self, transport: asyncio.Transport) -> None:
        """It stands, or goes on under TLS."""
        self.transport = transport
        self._pace.join(self._drop)

    def end(self) -> None:
        """It is over, or is to be so now."""
        self._pace.leave(self._drop)
        for timer in (self._holding, self._writing):
            if timer is not None:
                timer.cancel()
        self._unwritten.clear()
        if self.transport is not None:
            self.transport.abort()

    def came(self, size: int) -> None:
        """So many bytes were received: leave what follows to the operating system for as long as
        the pace asks, or after much for a moment: else, as long as a server has more to give,
        whoever types would wait for each part of it in between."""
        asked = self._pace.take(size)
        brief = max(size / _FASTEST, aside.left()) if size >= _MUCH else 0.0
        if self.transport is None or not (asked or brief):
            return
        now = self._loop.time()
        self._prolong(now + asked - max(self._held_until, now))
        self._held_until = max(self._held_until, now + max(asked, brief))
        if self._holding is not None:
            self._holding.cancel()
        self._holding = self._loop.call_at(self._held_until, self._release)
        self.transport.pause_reading()

    def fill(self, *, full: bool) -> None:
        """Whether whoever reads has enough for now."""
        self._full = full
        if self.transport is None:
            return
        if full:
            self.transport.pause_reading()
        elif self._holding is None:
            self.transport.resume_reading()

    def _release(self) -> None:
        self._holding = None
        if self.transport is not None and not self._full:
            self.transport.resume_reading()

    def write(self, data: bytes) -> None:
        """Write after what was written before; what is long, a part at a time."""
        if self.transport is None:
            return
        if not self._pace.rate and self._writing is None:
            self.transport.write(data)
            return
        self._unwritten += data
        if self._writing is None:
            self._write_on()

    def _write_on(self) -> None:
        self._writing = None
        while self._unwritten and self.transport is not None:
            part = bytes(self._unwritten[:_PART])
            del self._unwritten[:_PART]
            self.transport.write(part)
            seconds = self._pace.take(len(part))
            if seconds and self._unwritten:
                self._write_at = self._loop.time() + seconds
                self._writing = self._loop.call_at(self._write_at, self._write_on)
                self._prolong(seconds)
                return

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncGenerator[None, None]:
        """Raise TimeoutError after so many seconds in which we did not hold the line back."""
        now = self._loop.time()
        held = max(self._held_until - now, self._write_at - now, 0.0)
        async with asyncio.timeout(seconds + held) as limit:
            self._limits.add(limit)
            try:
                yield
            finally:
                self._limits.discard(limit)

    def _prolong(self, seconds: float) -> None:
        for limit in self._limits:
            at = limit.when()
            if seconds > 0 and at is not None and not limit.expired():
                limit.reschedule(at + seconds)
