"""One client's connection: reads commands with limits, runs them in turn, tells what changed.

Hides the wire. What commands do is in the handlers that the server hands in.
"""

import asyncio
import contextlib
import re
import ssl
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from tui_mail.demo.imap_store import UserMailbox
from tui_mail.demo.imap_syntax import Arguments, MalformedError, RefusedError
from tui_mail.demo.imap_view import View

MAX_LINE = 64 * 1024
MAX_LITERALS = 256 * 1024
MAX_LITERALS_BEFORE_LOGIN = 8 * 1024
MAX_MESSAGE = 64 * 1024 * 1024
MAX_BAD_COMMANDS = 20
CAPABILITIES = (
    *("LITERAL+", "IDLE", "NAMESPACE", "UIDPLUS", "MOVE", "CONDSTORE", "ENABLE", "SPECIAL-USE"),
    *("LIST-EXTENDED", "ESEARCH", "UNSELECT", "ID", "SASL-IR"),
    *("LIST-STATUS", "OBJECTID"),
)
LITERAL = re.compile(rb"\{(\d{1,19})(\+?)\}\Z")
TAG = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]{1,100}")
# While these run, EXPUNGE would shift the numbers that the client speaks in (RFC 3501 7.4.1).
NUMBERED = frozenset({"FETCH", "STORE", "SEARCH"})


class State(IntEnum):
    """How far a session has come."""

    CONNECTED = 0
    AUTHENTICATED = 1
    SELECTED = 2


Handler = Callable[["Session", Arguments], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command: what runs it, in which states, and the capability without which it is unknown.

    The handler returns the text of the OK answer, and raises MalformedError for BAD and
    RefusedError for NO.
    """

    handler: Handler
    least: State = State.CONNECTED
    most: State = State.SELECTED
    needs: str = ""


@dataclass(slots=True)
class Site:
    """What all sessions of one server share."""

    mailboxes: Mapping[str, UserMailbox]
    commands: Mapping[str, CommandEntry]
    starttls_context: ssl.SSLContext | None
    capabilities_off: frozenset[str]
    flowing: asyncio.Event
    capabilities_besides: tuple[str, ...] = ()
    refusals: dict[str, str] = field(default_factory=dict)
    received: deque[str] = field(default_factory=lambda: deque(maxlen=1000))


class ConnectionOverError(Exception):
    """The connection ends here: closed by the client, or not worth going on with."""


class Session:
    """A connection from greeting to goodbye."""

    def __init__(
        self, site: Site, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.site = site
        self.secure = writer.get_extra_info("ssl_object") is not None
        self.mailbox: UserMailbox | None = None
        self.view: View | None = None
        self.condstore = False
        self.tag = ""
        self._reader = reader
        self._writer = writer
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._closing = False
        self._bad_commands = 0

    @property
    def state(self) -> State:
        """How far the session has come."""
        if self.mailbox is None:
            return State.CONNECTED
        return State.AUTHENTICATED if self.view is None else State.SELECTED

    @property
    def user(self) -> UserMailbox:
        """The mailbox of the user who logged in."""
        if self.mailbox is None:
            raise MalformedError("log in first")
        return self.mailbox

    @property
    def selected(self) -> View:
        """The view of the selected folder."""
        if self.view is None:
            raise MalformedError("select a mailbox first")
        return self.view

    @property
    def login_allowed(self) -> bool:
        """Say whether a password may be sent over this connection."""
        return self.secure or self.site.starttls_context is None

    def can(self, capability: str) -> bool:
        """Say whether the server offers a capability."""
        return capability not in self.site.capabilities_off

    def capabilities(self) -> str:
        """Return what is offered at this point of the connection."""
        offered = (*CAPABILITIES, *self.site.capabilities_besides)
        names = ["IMAP4rev1", *(name for name in offered if self.can(name))]
        if self.state is State.CONNECTED:
            if self.site.starttls_context is not None and not self.secure:
                names.append("STARTTLS")
            if not self.login_allowed:
                names.append("LOGINDISABLED")
            elif self.can("AUTH=PLAIN"):
                names.append("AUTH=PLAIN")
        return " ".join(names)

    def send(self, *lines: bytes) -> None:
        """Put answers on the wire, without waiting."""
        if lines:
            self._writer.write(b"\r\n".join(lines) + b"\r\n")

    async def flush(self) -> None:
        """Wait until the client has taken enough of what was sent."""
        await self._writer.drain()

    def look_at(self, view: View | None) -> None:
        """Select a folder, or none; condstore stays as it is for the connection."""
        if self.view is not None:
            self.view.folder.watchers.discard(self._wake)
        self.view = view
        if view is not None:
            view.folder.watchers.add(self._wake)

    def enable_condstore(self) -> None:
        """Answer with mod-sequences from now on (RFC 7162 section 3.1)."""
        if not self.condstore and self.view is not None:
            self.send(b"* OK [HIGHESTMODSEQ %d] Highest" % self.view.folder.highest_modseq)
        self.condstore = True

    def tell_news(self, *, expunges: bool = True) -> None:
        """Send what changed in the selected folder."""
        if self.view is None:
            return
        if self.view.folder.gone:
            self.send(b"* BYE The selected mailbox is no longer there")
            raise ConnectionOverError
        self.send(*self.view.news(expunges=expunges, modseq=self.condstore))

    async def read_line(self) -> bytes:
        """Return the next line without its end."""
        try:
            line = await self._reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            self.send(b"* BYE [TOOBIG] Line too long")
            raise ConnectionOverError from error
        except asyncio.IncompleteReadError as error:
            raise ConnectionOverError from error
        return line.removesuffix(b"\n").removesuffix(b"\r")

    async def idle(self) -> None:
        """Tell what changes until the client sends a line, and take that line (RFC 2177)."""
        line = asyncio.ensure_future(self.read_line())
        try:
            while not line.done():
                self._changed.clear()
                self.tell_news()
                await self.flush()
                change = asyncio.ensure_future(self._changed.wait())
                try:
                    await asyncio.wait({line, change}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    change.cancel()
                await self.site.flowing.wait()
            if (await line).upper() != b"DONE":
                raise MalformedError("expected DONE")
        finally:
            line.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionOverError):
                await line

    async def start_tls(self, context: ssl.SSLContext) -> None:
        """Say OK and go on under TLS, forgetting what was sent in the clear (RFC 3501 6.2.1)."""
        self.send(self.tag.encode("ascii") + b" OK Begin TLS negotiation now")
        await self.flush()
        # What came behind STARTTLS in the clear may be anybody's; the reader has no public way.
        self._reader._buffer.clear()  # type: ignore[attr-defined]  # noqa: SLF001
        await self._writer.start_tls(context)
        self.secure = True

    def end(self) -> None:
        """Close the connection after the answer to this command."""
        self._closing = True

    async def run(self) -> None:
        """Serve the connection until it ends."""
        try:
            await self.site.flowing.wait()
            self.send(f"* OK [CAPABILITY {self.capabilities()}] Ready".encode("ascii"))
            while not self._closing:
                await self.flush()
                await self._serve_one()
            await self.flush()
        except (ConnectionOverError, ConnectionError, ssl.SSLError, TimeoutError):
            pass
        finally:
            self.look_at(None)
            self._writer.close()

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._changed.set)

    async def _serve_one(self) -> None:
        self.tag = "*"
        name = ""
        try:
            name, arguments = await self._read_command()
            answer = "OK " + await self._perform(name, arguments)
            self._bad_commands = 0
        except RefusedError as refusal:
            answer = f"NO {refusal}"
        except MalformedError as mistake:
            answer = f"BAD {mistake}"
            self._bad_commands += 1
        if self._bad_commands > MAX_BAD_COMMANDS:
            self.send(b"* BYE Too many bad commands")
            raise ConnectionOverError
        await self.site.flowing.wait()
        if not self._closing:
            self.tell_news(expunges=name not in NUMBERED)
        if self.tag:
            self.send(f"{self.tag} {answer}".encode("utf-8", "replace"))

    async def _perform(self, name: str, arguments: Arguments) -> str:
        self.site.received.append(name)
        await self.site.flowing.wait()
        entry = self.site.commands.get(name)
        if entry is None or (entry.needs and not self.can(entry.needs)):
            raise MalformedError("unknown command")
        if not entry.least <= self.state <= entry.most:
            raise MalformedError("not now")
        if name in self.site.refusals:
            raise RefusedError(self.site.refusals[name])
        return await entry.handler(self, arguments)

    async def _read_command(self) -> tuple[str, Arguments]:
        line = await self.read_line()
        tag = TAG.match(line)
        if not tag:
            raise MalformedError("no tag")
        self.tag = tag[0].decode("ascii")
        is_append = line[tag.end() : tag.end() + 8].upper() == b" APPEND "
        chunks, literals = await self._read_literals(line[tag.end() :], is_append=is_append)
        arguments = Arguments(chunks, literals)
        arguments.space()
        name = arguments.keyword()
        if name == "UID":
            arguments.space()
            name = f"UID {arguments.keyword()}"
        return name, arguments

    async def _read_literals(
        self, line: bytes, *, is_append: bool
    ) -> tuple[list[bytes], list[bytes]]:
        chunks: list[bytes] = []
        literals: list[bytes] = []
        budget = MAX_LITERALS if self.mailbox else MAX_LITERALS_BEFORE_LOGIN
        if is_append and self.mailbox:
            budget = MAX_MESSAGE
        while found := LITERAL.search(line):
            size = int(found[1])
            budget -= size + len(line)
            await self._admit(size, within=budget >= 0, waits=not found[2])
            chunks.append(line[: found.start()])
            try:
                literals.append(await self._reader.readexactly(size))
            except asyncio.IncompleteReadError as error:
                raise ConnectionOverError from error
            line = await self.read_line()
        chunks.append(line)
        return chunks, literals

    async def _admit(self, size: int, *, within: bool, waits: bool) -> None:
        """Let a literal come, or refuse it; one that does not wait is on the wire already."""
        if not waits and not self.can("LITERAL+"):
            self.send(b"* BYE LITERAL+ is not offered")
            raise ConnectionOverError
        if not within and not waits:
            self.send(b"* BYE [TOOBIG] Literal too large")
            raise ConnectionOverError
        if not within:
            raise RefusedError(f"[TOOBIG] {size} bytes are too many")
        await self.site.flowing.wait()
        if waits:
            self.send(b"+ Ready for the literal")
            await self.flush()
