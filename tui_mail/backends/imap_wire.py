"""One IMAP connection: commands go out, pipelined; answers come back, with limits and deadlines.

The one place that knows aioimaplib: of it the connection shell is used, with a protocol class of
our own underneath. Hides framing, literals and continuations, STARTTLS, and lost connections:
every command in flight fails at once when the connection does.
"""

import asyncio
import contextlib
import itertools
import re
import socket
import ssl
from collections import deque
from dataclasses import dataclass, field

from aioimaplib import aioimaplib

from tui_mail.backends.imap_syntax import Argument, Frame, Framer, Literal, heading
from tui_mail.backends.pace import Line, Pace
from tui_mail.backends.tls import connection_error
from tui_mail.errors import Offline, ProtocolRefused, TlsRefused, TuiMailError
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.values import Endpoint

RESPONSES_LIMIT = 100_000
ANSWER_LIMIT = 80 << 20
"""Bytes one command may answer: one literal at its limit, and room around it."""

_SLOWEST = 16 << 10  # bytes a second that a big transfer may take at worst
_KEEPALIVE = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}
_STIRRING = frozenset({b"EXISTS", b"EXPUNGE", b"VANISHED", b"FETCH"})
_CAPABILITY = re.compile(rb"\[CAPABILITY ([^\]]*)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one command: OK, NO or BAD, its text, and the untagged responses before it.

    LOST: the connection was, before there was an answer.
    `challenge`: the last that the server asked of us with a `+`, as it came.
    """

    status: str
    text: bytes
    frames: tuple[Frame, ...] = ()
    challenge: bytes = b""


@dataclass(slots=True, eq=False)
class Exchange:
    """A command in flight. `waiting`: what is to be written at each `+` of the server."""

    name: str
    answer: asyncio.Future[Answer]
    waiting: deque[bytes]
    continued: asyncio.Event = field(default_factory=asyncio.Event)
    frames: list[Frame] = field(default_factory=list)
    size: int = 0
    challenge: bytes = b""


class ImapProtocol(aioimaplib.IMAP4ClientProtocol):  # type: ignore[misc]  # untyped library
    """aioimaplib's protocol with its reading and writing replaced."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pace: Pace) -> None:
        super().__init__(loop)
        self.loop: asyncio.AbstractEventLoop = loop
        self._line = Line(loop, pace, self.drop)
        self.offered: frozenset[str] = frozenset()
        self.stirred = asyncio.Event()
        self.lost: asyncio.Future[TuiMailError] = loop.create_future()
        self.gone = asyncio.Event()
        self.greeting: asyncio.Future[Frame] = loop.create_future()
        self._framer = Framer()
        self._flight: dict[bytes, Exchange] = {}
        self._tags = itertools.count(1)
        self._unasked = 0  # responses since the last command was written
        self._upgrading = False
        self._farewell = ""

    # -- asyncio's side ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # asyncio promises it
        self._line.begin(transport)
        plain = transport.get_extra_info("socket")
        if plain is not None:
            with contextlib.suppress(OSError):  # a half-open IDLE is noticed where TCP allows it
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                for option, value in _KEEPALIVE.items():
                    if hasattr(socket, option):  # not every system has them all
                        plain.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)

    def data_received(self, d: bytes) -> None:
        if self.lost.done():
            return
        try:
            if self._upgrading:
                self._refuse_injection()
            self._framer.feed(d)
            while not self.lost.done() and (frame := self._framer.take()) is not None:
                self._dispatch(frame)
                # Checked before the command's future wakes anyone: RFC 3501 §6.2.1 lets nothing
                # follow the OK in the clear, so it is not the server's.
                if self._upgrading and self._framer.unread:
                    self._refuse_injection()
        except ProtocolRefused as error:
            self.drop(error)
        else:
            self._line.came(len(d))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._farewell:
            reason = _("The server ended the connection: {text}").format(text=self._farewell)
        else:
            reason = _("The connection with the server was lost: it is tried again later.")
        error = Offline(reason)
        error.__cause__ = exc
        self.drop(error)
        self.gone.set()

    # -- commands ----------------------------------------------------------------------------

    def start(self, name: str, *arguments: Argument, then: tuple[bytes, ...] = ()) -> Exchange:
        """Write a command at once, and give back what to wait for with `finish`.

        `then`: lines to be written one at each `+`. Raises what the connection was lost by, and
        `ProtocolRefused` when an argument would break the line.
        """
        if self.lost.done():
            raise self.lost.result()
        tag = b"T%d" % next(self._tags)
        segments = self._segments(tag + b" " + name.encode("ascii"), arguments)
        exchange = Exchange(name, self.loop.create_future(), deque((*segments[1:], *then)))
        self._flight[tag] = exchange
        self._unasked = 0
        self._write(segments[0])
        return exchange

    async def finish(self, exchange: Exchange, deadline: float, size: int = 0) -> Answer:
        """Wait for the answer to a command, `deadline` seconds and time to carry `size` bytes.

        A deadline that passes drops the connection: its state is not known any more.
        """
        try:
            async with self._line.within(deadline + size / _SLOWEST):
                return await asyncio.shield(exchange.answer)
        except TimeoutError as error:
            raise self._late(exchange, deadline + size / _SLOWEST) from error
        except asyncio.CancelledError:
            # Left in the middle of a literal or a dialogue, the next line would be taken for it.
            if exchange.waiting or exchange.name in {"AUTHENTICATE", "STARTTLS"}:
                self.drop(Offline(_("The command was interrupted.")))
            raise

    async def begun(self, exchange: Exchange, deadline: float) -> None:
        """Wait until the server has taken a command up (`+`), or answered it; as `finish` does."""
        try:
            async with self._line.within(deadline):
                await exchange.continued.wait()
        except TimeoutError as error:
            raise self._late(exchange, deadline) from error

    def _late(self, exchange: Exchange, seconds: float) -> Offline:
        """Drop the connection: who is late with one answer has none to give to the next."""
        late = Offline(
            _(
                "The server did not answer {command} within {seconds} seconds: it is tried again "
                "later."
            ).format(command=exchange.name, seconds=f"{seconds:.3g}")
        )
        self.drop(late)
        return late

    async def command(
        self, name: str, *arguments: Argument, deadline: float, then: tuple[bytes, ...] = ()
    ) -> Answer:
        """One command and its answer, whatever the status."""
        size = sum(len(a.content) for a in arguments if isinstance(a, Literal))
        return await self.finish(self.start(name, *arguments, then=then), deadline, size)

    async def upgrade(self, endpoint: Endpoint, context: ssl.SSLContext, deadline: float) -> None:
        """STARTTLS. Raises `TlsRefused` when the server will not, or says a byte too much."""
        answer = await self.command("STARTTLS", deadline=deadline)
        if answer.status != "OK":
            refused = TlsRefused(
                _("{host} offers no STARTTLS: try implicit TLS, or ask its administrator.").format(
                    host=endpoint.host
                )
            )
            self.drop(refused)
            raise refused
        if self.lost.done() or self._line.transport is None:
            raise self.lost.result()
        try:
            private = await self.loop.start_tls(
                self._line.transport,
                self,
                context,
                server_hostname=endpoint.host,
                ssl_handshake_timeout=deadline,
            )
        except (OSError, TimeoutError) as error:
            refusal = self.lost.result() if self.lost.done() else None
            if not isinstance(refusal, ProtocolRefused):
                refusal = connection_error(endpoint, error)
            self.drop(refusal)
            self.gone.set()  # asyncio reports a failed handshake to its caller only
            raise refusal from error
        if private is None:  # the connection was lost meanwhile
            raise self.lost.result()
        self._line.begin(private)
        self._upgrading = False
        self.offered = frozenset()

    def write_line(self, line: bytes) -> None:
        """Write a line that belongs to a command in flight (DONE of IDLE)."""
        self._write(line + b"\r\n")

    def _write(self, data: bytes) -> None:
        if not self.lost.done():
            self._line.write(data)

    def drop(self, error: TuiMailError) -> None:
        """End the connection now; every command in flight fails with `error`."""
        if not self.lost.done():
            self.lost.set_result(error)
        self.stirred.set()
        if not self.greeting.done():
            self.greeting.set_exception(error)
            self.greeting.exception()  # retrieved: perhaps nobody waits for it
        flight, self._flight = self._flight, {}
        for exchange in flight.values():
            if not exchange.answer.done():
                exchange.answer.set_exception(error)
                exchange.answer.exception()
            exchange.continued.set()
        self._line.end()

    def _refuse_injection(self) -> None:
        raise TlsRefused(
            _("Somebody on the way wrote into the connection before it was private: it was ended.")
        )

    # -- the line's two ends -----------------------------------------------------------------

    def _segments(self, line: bytes, arguments: tuple[Argument, ...]) -> list[bytes]:
        """The command cut where the server must be waited for (RFC 7888 saves the waiting)."""
        segments: list[bytes] = []
        for argument in arguments:
            if isinstance(argument, Literal):
                size = len(argument.content)
                free = "LITERAL+" in self.offered or (
                    size <= 4096 and not self.offered.isdisjoint({"LITERAL-", "IMAP4REV2"})
                )
                line += b" {%d%s}\r\n" % (size, b"+" if free else b"")
                if not free:
                    segments.append(line)
                    line = b""
                line += argument.content
                continue
            if re.search(rb"[\x00\r\n]", argument):
                raise ProtocolRefused(_("A name with a line break cannot be given to a server."))
            line += b" " + argument
        return [*segments, line + b"\r\n"]

    def _dispatch(self, frame: Frame) -> None:
        line = frame[0]
        if not self.greeting.done():
            self._note_capabilities(line)
            self.greeting.set_result(frame)
        elif line.startswith(b"* "):
            self._untagged(frame)
        elif line.startswith(b"+"):
            self._continue(line)
        else:
            self._tagged(line)

    def _untagged(self, frame: Frame) -> None:
        exchange = next(iter(self._flight.values()), None)
        head = heading(frame)
        kind = head.kind if head else b""
        if kind == b"BYE":
            self._farewell = str(safe(frame[0][6:].decode("utf-8", "replace")))[:200]
        elif kind == b"CAPABILITY":
            self._set_capabilities(frame[0][13:])
        if exchange is None or exchange.name in {"IDLE", "NOOP"}:
            if kind in _STIRRING or (kind == b"STATUS" and exchange and exchange.name == "IDLE"):
                self.stirred.set()
            self._unasked += 1
            if self._unasked > RESPONSES_LIMIT:
                raise ProtocolRefused(
                    _(
                        "The server sent more than {limit} responses that nobody asked for: it is "
                        "tried again later."
                    ).format(limit=RESPONSES_LIMIT)
                )
            return
        if kind in {b"EXISTS", b"EXPUNGE", b"VANISHED"} and exchange.name not in {
            "SELECT",
            "EXAMINE",
        }:
            self.stirred.set()
        exchange.frames.append(frame)
        exchange.size += sum(map(len, frame))
        if len(exchange.frames) > RESPONSES_LIMIT:
            raise ProtocolRefused(
                _(
                    "The server answered {command} with more than {limit} responses: something is "
                    "wrong with it, its administrator should know."
                ).format(command=exchange.name, limit=RESPONSES_LIMIT)
            )
        if exchange.size > ANSWER_LIMIT:
            raise ProtocolRefused(
                _(
                    "The server answered {command} with more than {limit} bytes: something is "
                    "wrong with it, its administrator should know."
                ).format(command=exchange.name, limit=ANSWER_LIMIT)
            )

    def _continue(self, line: bytes) -> None:
        for exchange in self._flight.values():
            if exchange.waiting:
                exchange.challenge = line[1:].strip()
                self._write(exchange.waiting.popleft())
                return
            if exchange.name == "IDLE":
                exchange.continued.set()
                return
            if exchange.name == "STARTTLS":
                raise TlsRefused(
                    _(
                        "The server wants to be told something before the connection is private: "
                        "it was ended. Try implicit TLS, or ask its administrator."
                    )
                )
            if exchange.name == "AUTHENTICATE":  # a question we have no answer to: RFC 3501 §6.2.2
                self._write(b"*\r\n")
                return

    def _tagged(self, line: bytes) -> None:
        tag, _space, rest = line.partition(b" ")
        status, _space, text = rest.partition(b" ")
        exchange = self._flight.get(tag)
        verdict = status.decode("ascii", "replace").upper()
        if exchange is None or verdict not in {"OK", "NO", "BAD"}:
            raise ProtocolRefused(_("The server answered something that was not asked."))
        del self._flight[tag]
        self._note_capabilities(line)
        if exchange.name == "STARTTLS" and verdict == "OK":
            self._upgrading = True
        exchange.waiting.clear()
        exchange.continued.set()
        if not exchange.answer.done():
            frames = tuple(exchange.frames)
            exchange.answer.set_result(Answer(verdict, text, frames, exchange.challenge))

    def _note_capabilities(self, line: bytes) -> None:
        match = _CAPABILITY.search(line)
        if match is not None:
            self._set_capabilities(match[1])

    def _set_capabilities(self, written: bytes) -> None:
        self.offered = frozenset(written.decode("ascii", "replace").upper().split())


class ImapClient(aioimaplib.IMAP4):  # type: ignore[misc]  # untyped library
    """aioimaplib's client over our protocol."""

    protocol: ImapProtocol

    def __init__(
        self, endpoint: Endpoint, context: ssl.SSLContext | None, deadline: float, pace: Pace
    ) -> None:
        self._pace = pace
        super().__init__(endpoint.host, endpoint.port, timeout=deadline, ssl_context=context)

    def create_client(
        self,
        host: str,
        port: int,
        loop: asyncio.AbstractEventLoop | None,
        conn_lost_cb: object = None,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        del conn_lost_cb  # our protocol tells everyone who waits
        running = loop or asyncio.get_running_loop()
        self.protocol = ImapProtocol(running, self._pace)
        self._client_task = running.create_task(
            running.create_connection(lambda: self.protocol, host, port, ssl=ssl_context)
        )

    async def connected(self) -> None:
        """Wait until the connection stands; cancelled, nothing of it is left."""
        try:
            await self._client_task
        except asyncio.CancelledError:
            self._client_task.cancel()
            await asyncio.wait({self._client_task})
            raise


async def connect(
    endpoint: Endpoint, context: ssl.SSLContext | None, deadline: float, pace: Pace
) -> tuple[ImapProtocol, Frame]:
    """A connection to `endpoint` (under TLS when a context is given), and the server's greeting.

    Raises `Offline` when it is not reached, `TlsRefused` when its certificate is refused.
    """
    client = ImapClient(endpoint, context, deadline, pace)
    try:
        async with asyncio.timeout(deadline):
            await client.connected()
            return client.protocol, await client.protocol.greeting
    except (OSError, TimeoutError) as error:
        refusal = connection_error(endpoint, error)
        client.protocol.drop(refusal)
        raise refusal from error
    except asyncio.CancelledError:
        client.protocol.drop(Offline(_("The command was interrupted.")))
        raise
