"""One POP3 connection: lines go out; lines and blocks of lines come back, within limits.

Hides how bytes arrive, how more of them are held back while nobody wants them, and STLS.
"""

import asyncio
import ssl
from contextlib import AbstractAsyncContextManager

from tui_mail.backends.pace import Line, Pace
from tui_mail.backends.tls import connection_error
from tui_mail.errors import Offline, ProtocolRefused, TlsRefused, TuiMailError
from tui_mail.i18n import _
from tui_mail.values import Endpoint

LINE_LIMIT = 8 << 10
"""Bytes of a status line; RFC 2449 §4 allows 512."""

_ROOM = 4 << 20  # bytes that wait for whoever asked for them
_END = b"\r\n.\r\n"


class Pop3Wire(asyncio.Protocol):
    """What is read comes in the order in which it was asked for; one task reads.

    Every method but `drop` raises what the connection was lost by: `Offline`, `ProtocolRefused`.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, pace: Pace) -> None:
        self._loop = loop
        self._line = Line(loop, pace, self.drop)
        self._buffer = bytearray()
        self._news = asyncio.Event()
        self._lost: TuiMailError | None = None

    # -- asyncio's side ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # asyncio promises it
        self._line.begin(transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._news.set()
        if self._lost is not None:
            return
        self._line.came(len(data))
        if len(self._buffer) > _ROOM:  # until whoever reads asks for more
            self._line.fill(full=True)

    def connection_lost(self, exc: Exception | None) -> None:
        error = Offline(_("The connection with the server was lost: it is tried again later."))
        error.__cause__ = exc
        self._lost = self._lost or error
        self._line.end()
        self._news.set()

    # -- ours --------------------------------------------------------------------------------

    def write(self, line: bytes) -> None:
        """Write a command. Raises `ProtocolRefused` when it would be two."""
        if self._lost is not None:
            raise self._lost
        if any(byte in line for byte in b"\r\n\0"):
            raise ProtocolRefused(_("What the server was to be told has a line break in it."))
        self._line.write(line + b"\r\n")

    def within(self, seconds: float) -> AbstractAsyncContextManager[None]:
        """Raises TimeoutError after so many seconds in which we did not hold the line back."""
        return self._line.within(seconds)

    async def line(self) -> bytes:
        """The next line, without its end; it is no longer than `LINE_LIMIT`."""
        while (end := self._buffer.find(b"\r\n", 0, LINE_LIMIT + 2)) < 0:
            if len(self._buffer) > LINE_LIMIT:
                raise self._refused(
                    _("The server sent a line of more than {number} bytes, which is the limit."),
                    LINE_LIMIT,
                )
            await self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    async def block(self, limit: int) -> bytes:
        """The lines up to the one that is a dot, which is left out; no more than `limit` bytes."""
        while len(self._buffer) < len(_END) - 2:
            await self._more()
        if self._buffer.startswith(_END[2:]):
            del self._buffer[: len(_END) - 2]
            return b""
        searched = 0
        while (end := self._buffer.find(_END, searched)) < 0 and len(self._buffer) <= limit:
            searched = max(len(self._buffer) - len(_END) + 1, 0)
            await self._more()
        if not 0 <= end <= limit:
            raise self._refused(
                _("The server sent an answer of more than {number} bytes, which is the limit."),
                limit,
            )
        block = bytes(self._buffer[: end + 2])
        del self._buffer[: end + len(_END)]
        return block

    async def upgrade(self, endpoint: Endpoint, context: ssl.SSLContext, deadline: float) -> None:
        """Begin TLS after the +OK to STLS (RFC 2595 §4).

        Raises `TlsRefused` when more than that came in the clear, or the handshake fails.
        """
        self._refuse_injection()
        if self._line.transport is None or self._lost is not None:
            raise self._lost or Offline(_("The connection with the server was lost."))
        try:
            transport = await self._loop.start_tls(
                self._line.transport,
                self,
                context,
                server_hostname=endpoint.host,
                ssl_handshake_timeout=deadline,
            )
        except (OSError, TimeoutError) as error:
            refusal = connection_error(endpoint, error)
            self.drop(refusal)
            raise refusal from error
        if transport is None:  # the connection was lost meanwhile
            raise self._lost or Offline(_("The connection with the server was lost."))
        self._line.begin(transport)
        self._refuse_injection()

    def _refuse_injection(self) -> None:
        if self._buffer:
            refusal = TlsRefused(
                _(
                    "Somebody on the way wrote into the connection before it was private: "
                    "it was ended."
                )
            )
            self.drop(refusal)
            raise refusal

    def drop(self, error: TuiMailError) -> None:
        """End the connection now; whoever reads gets `error`."""
        self._lost = self._lost or error
        self._buffer.clear()
        self._news.set()
        self._line.end()

    async def _more(self) -> None:
        if self._lost is not None:
            raise self._lost
        self._news.clear()
        self._line.fill(full=False)
        await self._news.wait()

    def _refused(self, sentence: str, limit: int) -> ProtocolRefused:
        refusal = ProtocolRefused(sentence.format(number=limit))
        self.drop(refusal)
        return refusal


async def connect(
    endpoint: Endpoint, context: ssl.SSLContext | None, deadline: float, pace: Pace
) -> Pop3Wire:
    """A connection to `endpoint`, under TLS when a context is given.

    Raises `Offline` when it is not reached, `TlsRefused` when its certificate is refused.
    """
    loop = asyncio.get_running_loop()
    wire = Pop3Wire(loop, pace)
    try:
        async with asyncio.timeout(deadline):
            await loop.create_connection(lambda: wire, endpoint.host, endpoint.port, ssl=context)
    except (OSError, TimeoutError) as error:
        refusal = connection_error(endpoint, error)
        wire.drop(refusal)
        raise refusal from error
    return wire
