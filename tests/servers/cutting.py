"""A way to a server that is cut after so many bytes, wherever in the conversation that is."""

import asyncio
import contextlib
from typing import Self


class Cutting:
    """Passes connections on to a port of this machine. `left`: bytes until all are cut, None: never."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._ways: set[asyncio.StreamWriter] = set()
        self.left: int | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._cut()
        await self._server.wait_closed()

    def _cut(self) -> None:
        for way in self._ways:
            way.transport.abort()
        self._ways.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._ways |= {writer, back}
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(1 << 16):
                if self.left is not None:
                    part = part[: self.left]
                    self.left -= len(part)
                writer.write(part)
                await writer.drain()
                if self.left == 0:
                    self._cut()
                    return
        writer.close()
