"""A bare IMAP connection for tests: what is sent and what comes back, nothing interpreted."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator

LITERAL = re.compile(rb"\{(\d+)\}\r\n\Z")
PATIENCE = 10


class Wire:
    """One connection; every wait ends after a while."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._tags = 0

    def send(self, line: bytes) -> None:
        self.writer.write(line + b"\r\n")

    async def answer(self) -> bytes:
        """Return the next answer with its literals, without its line end; b'' at the end."""
        async with asyncio.timeout(PATIENCE):
            line = await self.reader.readline()
            while found := LITERAL.search(line):
                line += await self.reader.readexactly(int(found[1]))
                line += await self.reader.readline()
        return line.removesuffix(b"\r\n")

    async def until(self, start: bytes) -> list[bytes]:
        """Return the answers up to and including the first that starts so."""
        answers = [await self.answer()]
        while not answers[-1].startswith(start):
            assert answers[-1], f"connection ended before {start!r}: {answers}"
            answers.append(await self.answer())
        return answers

    async def command(self, text: str | bytes) -> list[bytes]:
        """Send a command, and return its answers; the last is the tagged one without its tag."""
        self._tags += 1
        tag = b"t%d " % self._tags
        self.send(tag + (text.encode() if isinstance(text, str) else text))
        answers = await self.until(tag)
        return [*answers[:-1], answers[-1].removeprefix(tag)]

    async def ok(self, text: str | bytes) -> list[bytes]:
        """Send a command that must succeed, and return its untagged answers."""
        *untagged, result = await self.command(text)
        assert result.startswith(b"OK"), result
        return untagged

    async def result(self, text: str | bytes) -> bytes:
        """Send a command, and return its tagged answer."""
        return (await self.command(text))[-1]


@contextlib.asynccontextmanager
async def connected(port: int, context: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """Connect, and read the greeting."""
    name = "localhost" if context else None
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname=name, limit=2**22
    )
    wire = Wire(reader, writer)
    try:
        assert (await wire.answer()).startswith(b"* OK [CAPABILITY IMAP4rev1 ")
        yield wire
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def logged_in(port: int, select: str = "") -> AsyncIterator[Wire]:
    """Connect, log in as anna, and select a folder where one is named."""
    async with connected(port) as wire:
        await wire.ok("LOGIN anna secret")
        if select:
            await wire.ok(f"SELECT {select}")
        yield wire
