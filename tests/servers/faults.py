"""A network that breaks where it is told to: between a client and a server on this machine.

A step is a line of one side, counted over all connections, so that a fault comes at the same place
each time. What is no line yet passes at once, as on a network.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

_SLICED_BYTES = 3_000  # one at a time; then the rest, as a large body would take minutes
_DELAY_SECONDS = 0.2


class Side(StrEnum):
    """Whose bytes."""

    CLIENT = "client"
    SERVER = "server"


class Kind(StrEnum):
    """What happens to them: both ways are cut in the middle of the line; nothing of this side
    comes through any more, and nobody is told; each byte travels alone; the line is late."""

    CUT = "cut"
    STALL = "stall"
    SLICE = "slice"
    DELAY = "delay"


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the `step`th line of a side, counted from 1."""

    side: Side
    step: int
    kind: Kind

    def __str__(self) -> str:
        return f"{self.kind}-{self.side}-{self.step}"


class FaultProxy:
    """Passes everything on but for one fault, once; `host` and `port`: the server's."""

    def __init__(self, host: str, port: int, fault: Fault | None = None) -> None:
        self.lines = dict.fromkeys(Side, 0)
        self.last = dict.fromkeys(Side, b"")
        self.happened = False
        self.told: Callable[[Side, bytes], object] = lambda _side, _line: None
        self._place = (host, port)
        self._fault = fault
        self._until: tuple[Side, bytes, int] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._tasks)

    def break_next(self, side: Side, kind: Kind) -> None:
        """Let the next line of a side be where it breaks."""
        self.happened = False
        self._fault = Fault(side, self.lines[side] + 1, kind)

    def cut_at(self, side: Side, text: bytes, number: int) -> None:
        """Cut in the middle of the `number`th line of a side, from now on, that has `text`."""
        self.happened = False
        self._until = (side, text, number)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        writers = [writer]
        try:
            there, to_server = await asyncio.open_connection(*self._place)
            writers.append(to_server)
            ways = {
                asyncio.ensure_future(_Way(self, Side.CLIENT, writers).carry(reader, to_server)),
                asyncio.ensure_future(_Way(self, Side.SERVER, writers).carry(there, writer)),
            }
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for one in writers:
                one.close()
            self._tasks.discard(task)

    def kind_at(self, side: Side, line: bytes) -> Kind | None:
        """Count a line; what is to happen to it."""
        self.lines[side] += 1
        self.last[side] = line
        self.told(side, line)
        if self._until is not None:
            where, text, left = self._until
            left -= where is side and text in line
            self._until = (where, text, left) if left else None
            if not left:
                self.happened = True
                return Kind.CUT
        fault = self._fault
        if fault is None or (fault.side, fault.step) != (side, self.lines[side]):
            return None
        self._fault = None
        self.happened = True
        return fault.kind


class _Way:
    """One direction of one connection."""

    def __init__(self, proxy: FaultProxy, side: Side, writers: list[asyncio.StreamWriter]) -> None:
        self._proxy = proxy
        self._side = side
        self._writers = writers
        self._stalled = False
        self._sliced = 0

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until one end closes."""
        while data := await reader.read(1 << 16):
            for part in data.splitlines(keepends=True):
                await self._pass(part, writer)
            if not self._stalled:
                await writer.drain()
        # Its last words come first: closed at once, what is on its way would be lost.
        await writer.drain()

    async def _pass(self, part: bytes, writer: asyncio.StreamWriter) -> None:
        if self._stalled:
            return
        kind = self._proxy.kind_at(self._side, part) if part.endswith(b"\n") else None
        if kind in {Kind.CUT, Kind.STALL}:
            writer.write(part[: len(part) // 2])
            await writer.drain()
            if kind is Kind.CUT:
                for one in self._writers:
                    one.transport.abort()
                raise ConnectionAbortedError
            self._stalled = True
            return
        if kind is Kind.DELAY:
            await writer.drain()
            await asyncio.sleep(_DELAY_SECONDS)
        if kind is Kind.SLICE:
            self._sliced = _SLICED_BYTES
        alone, rest = part[: self._sliced], part[self._sliced :]
        self._sliced -= len(alone)
        for place in range(len(alone)):
            writer.write(alone[place : place + 1])
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(rest)


def faults(lines: dict[Side, int], *kinds: Kind) -> list[Fault]:
    """Every fault at every step of what took so many lines."""
    return [
        Fault(side, step, kind)
        for kind in kinds or tuple(Kind)
        for side in Side
        for step in range(1, lines[side] + 1)
    ]


def sampled(every: list[Fault], most: int) -> list[Fault]:
    """Some of them, evenly."""
    return [every[index * len(every) // most] for index in range(min(most, len(every)))]
