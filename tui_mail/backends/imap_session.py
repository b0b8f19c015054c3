"""A logged-in IMAP session: made private, authenticated, one folder selected at a time.

Hides greetings, STARTTLS, SASL, capabilities and response codes: a command either answers OK or
one of our errors is raised, naming the server.
"""

import asyncio
import base64
import contextlib
import re
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

from tui_mail.backends import sasl
from tui_mail.backends.imap_folders import wire_name
from tui_mail.backends.imap_messages import State
from tui_mail.backends.imap_syntax import Argument, Frame, Literal, astring, heading
from tui_mail.backends.imap_wire import Answer, Exchange, ImapProtocol, connect
from tui_mail.backends.pace import Pace
from tui_mail.backends.tls import client_context
from tui_mail.errors import Offline, ProtocolRefused, TlsRefused, TuiMailError, WrongPassword
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.values import Endpoint, Login, Tls

WINDOW = 6
"""Commands in flight: enough to hide a long way, few enough to bound what is in memory."""

Result = TypeVar("Result")

_CODE = re.compile(rb"\[([A-Z0-9.-]+)([^\]]*)\]\s*", re.IGNORECASE)
_PARTING_SECONDS = 2.0
_UNAVAILABLE = frozenset({b"UNAVAILABLE", b"INUSE", b"LIMIT", b"SERVERBUG", b"CONTACTADMIN"})


@dataclass(frozen=True, slots=True)
class Command:
    """A command to be pipelined. `size`: how many bytes of answer are expected."""

    name: str
    arguments: tuple[Argument, ...]
    size: int = 0


class Session:
    """One connection and its state; every method but `close` raises the errors of `MailStore`."""

    def __init__(self, endpoint: Endpoint, login: Login, deadline: float, pace: Pace) -> None:
        self.endpoint = endpoint
        self.deadline = deadline
        self._pace = pace
        self.folder: str | None = None
        self.state = State(0, 0, 0, 0)
        self.login = login
        self._wire: ImapProtocol | None = None
        self._resyncs = False
        self._running: list[Exchange] = []

    @property
    def wire(self) -> ImapProtocol:
        """The connection; raises `Offline` when there is none."""
        if self._wire is None:
            raise Offline(_("{host} is not connected.").format(host=self.endpoint.host))
        return self._wire

    def offers(self, *capabilities: str) -> bool:
        """Whether the server has all of these capabilities."""
        return self.wire.offered.issuperset(capabilities)

    def check(self) -> None:
        """Raise what the connection was lost by, if it was."""
        if self.wire.lost.done():
            raise self._with_host(self.wire.lost.result())

    # -- opening and closing -----------------------------------------------------------------

    async def open(self) -> None:
        """Connect, make private, log in; when that fails nothing stays open.

        With tokens: one that is refused is replaced once, on a new connection.
        """
        await sasl.logged_in(self.endpoint, self.login.tokens, self._open)

    async def _open(self, token: str) -> None:
        context = None
        if self.endpoint.tls is not Tls.NONE:
            context = await client_context(self.endpoint)
        implicit = context if self.endpoint.tls is Tls.IMPLICIT else None
        self.folder = None
        self._wire, greeting = await self._named(
            lambda: connect(self.endpoint, implicit, self.deadline, self._pace)
        )
        try:
            preauthenticated = self._read_greeting(greeting[0])
            if self.endpoint.tls is Tls.STARTTLS and context is not None:
                wire = self.wire
                await self._named(lambda: wire.upgrade(self.endpoint, context, self.deadline))
            if not self.wire.offered:
                await self.command("CAPABILITY")
            if not preauthenticated:
                answer = await (self._present(token) if token else self._authenticate())
                await self._note_capabilities(answer)
            self._resyncs = await self._enable_resyncing()
        except BaseException:
            await self._leave()
            raise

    async def close(self) -> None:
        """Log out when the connection still works; never raises."""
        if self._wire is None:
            return
        if not self._wire.lost.done():
            # Also where we hold the line back ourselves: who leaves waits for no more.
            with contextlib.suppress(TuiMailError, OSError):
                async with asyncio.timeout(_PARTING_SECONDS):
                    await self._wire.command("LOGOUT", deadline=_PARTING_SECONDS)
        await self._leave()

    async def _leave(self) -> None:
        wire, self._wire, self._running = self._wire, None, []
        if wire is None:
            return
        wire.drop(Offline(_("{host} is not connected.").format(host=self.endpoint.host)))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PARTING_SECONDS):
                await wire.gone.wait()

    def _read_greeting(self, line: bytes) -> bool:
        """Whether the server takes us for logged in; refuses that in the clear (RFC 9051 §11)."""
        kind = line[:10].upper()
        if kind.startswith(b"* PREAUTH"):
            if self.endpoint.tls is Tls.IMPLICIT:
                return True
            raise TlsRefused(
                _(
                    "{host} skips the login before the connection is private, which somebody on "
                    "the way could have done: it was ended."
                ).format(host=self.endpoint.host)
            )
        if kind.startswith(b"* OK"):
            return False
        if kind.startswith(b"* BYE"):
            raise Offline(
                _("{host} takes no connections now: {text}").format(
                    host=self.endpoint.host, text=_foreign(line[5:])
                )
            )
        raise ProtocolRefused(
            _("{host} is no IMAP server on port {port}: check the port.").format(
                host=self.endpoint.host, port=self.endpoint.port
            )
        )

    async def _authenticate(self) -> Answer:
        user, password = self.login.user.encode(), self.login.password.encode()
        if b"\x00" in user + password:
            raise self._wrong_password("")
        if self.offers("LOGINDISABLED") and (
            self.endpoint.tls is Tls.NONE or not self.offers("AUTH=PLAIN")
        ):
            raise TlsRefused(
                _("{host} takes no passwords here: choose implicit TLS or STARTTLS.").format(
                    host=self.endpoint.host
                )
            )
        if self.offers("AUTH=PLAIN"):
            response = base64.b64encode(b"\x00" + user + b"\x00" + password)
            if self.offers("SASL-IR"):
                answer = await self.attempt("AUTHENTICATE", b"PLAIN", response)
            else:
                answer = await self.attempt("AUTHENTICATE", b"PLAIN", then=(response + b"\r\n",))
        else:
            answer = await self.attempt("LOGIN", astring(user), astring(password))
        if answer.status != "OK":
            raise self._login_refusal(answer)
        return answer

    async def _present(self, token: str) -> Answer:
        """Log in with a token; a refusal comes as a challenge first, which is answered."""
        host = self.endpoint.host
        offered = {word[5:] for word in self.wire.offered if word.startswith("AUTH=")}
        shown = sasl.presentation(offered, self.endpoint, self.login.user, token)
        if shown is None:
            raise ProtocolRefused(sasl.no_tokens_taken(host))
        mechanism, parting = shown.mechanism.encode(), shown.parting + b"\r\n"
        if self.offers("SASL-IR"):
            answer = await self.attempt("AUTHENTICATE", mechanism, shown.response, then=(parting,))
        else:
            then = (shown.response + b"\r\n", parting)
            answer = await self.attempt("AUTHENTICATE", mechanism, then=then)
        if answer.status == "OK":
            return answer
        if _code(answer.text) in _UNAVAILABLE:
            raise self.refusal(answer)
        text = _CODE.sub(b"", answer.text, count=1).decode("utf-8", "replace")
        raise sasl.refusal(host, token, text, answer.challenge)

    async def _note_capabilities(self, answer: Answer) -> None:
        """What is offered to who has logged in is asked for where it was not told."""
        told = b"[CAPABILITY" in answer.text.upper()
        if not told and not any(f[0].upper().startswith(b"* CAPABILITY") for f in answer.frames):
            await self.command("CAPABILITY")

    async def _enable_resyncing(self) -> bool:
        """Whether a folder is selected with what has changed in it (RFC 7162 §3.2.5)."""
        if not self.offers("QRESYNC", "ENABLE"):
            return False
        answer = await self.attempt("ENABLE", b"QRESYNC")
        told = (frame[0].upper().split() for frame in answer.frames)
        return any(words[1:2] == [b"ENABLED"] and b"QRESYNC" in words for words in told)

    def _login_refusal(self, answer: Answer) -> TuiMailError:
        if _code(answer.text) in _UNAVAILABLE:
            return self.refusal(answer)
        return self._wrong_password(_foreign(answer.text))

    def _wrong_password(self, text: str) -> WrongPassword:
        return WrongPassword(
            _("{host} does not accept this user and password: {text}")
            .format(host=self.endpoint.host, text=text or "-")
            .strip()
        )

    # -- commands ----------------------------------------------------------------------------

    async def attempt(
        self, name: str, *arguments: Argument, then: tuple[bytes, ...] = (), size: int = 0
    ) -> Answer:
        """One command, whatever the server answers; `size`: bytes of answer that are expected."""
        await self.settle()
        size += sum(len(a.content) for a in arguments if isinstance(a, Literal))
        return await self.finish(self.start(name, *arguments, then=then), size)

    def start(self, name: str, *arguments: Argument, then: tuple[bytes, ...] = ()) -> Exchange:
        """Write a command without waiting; what was started before must be settled or its kin."""
        try:
            exchange = self.wire.start(name, *arguments, then=then)
        except TuiMailError as error:
            raise self._with_host(error) from error
        self._running.append(exchange)
        return exchange

    async def finish(self, exchange: Exchange, size: int = 0) -> Answer:
        """The answer to a command that was started; `size`: bytes it carries besides."""
        wire = self.wire
        return await self._named(lambda: wire.finish(exchange, self.deadline, size))

    async def begun(self, exchange: Exchange) -> None:
        """Wait until the server has taken up a command that goes on until we end it."""
        wire = self.wire
        await self._named(lambda: wire.begun(exchange, self.deadline))

    async def settle(self) -> None:
        """Wait for what a cancelled or abandoned caller left running.

        Untagged data belongs to the oldest command in flight, so no other kind may join those.
        """
        while self._running:
            await self.finish(self._running[-1])
            self._running = [e for e in self._running if not e.answer.done()]

    async def command(self, name: str, *arguments: Argument) -> Answer:
        """One command; another answer than OK is raised."""
        answer = await self.attempt(name, *arguments)
        if answer.status != "OK":
            raise self.refusal(answer)
        return answer

    async def pipelined(self, commands: Iterable[Command]) -> AsyncGenerator[Answer, None]:
        """The answers to commands in their order, several on their way at a time.

        No argument may need a literal. An answer may be NO; BAD is raised. When the connection is
        lost, what came of an answer is given first, as LOST.
        """
        await self.settle()
        flight = deque[tuple[Exchange, int]]()
        queue = iter(commands)
        while True:
            while len(flight) < WINDOW and (command := next(queue, None)) is not None:
                flight.append((self.start(command.name, *command.arguments), command.size))
            if not flight:
                return
            exchange, size = flight.popleft()
            try:
                answer = await self.finish(exchange, size)
            except Offline:
                yield Answer("LOST", b"", tuple(exchange.frames))
                raise
            self._running = [other for other in self._running if not other.answer.done()]
            if answer.status == "BAD":
                raise self.refusal(answer)
            yield answer

    async def select(self, folder: str) -> State:
        """Select a folder, anew where it is selected already, and tell where it stands."""
        await self._select(folder, b"(CONDSTORE)" if self.offers("CONDSTORE") else b"")
        return self.state

    async def resync(self, folder: str, known: State | None) -> Answer | None:
        """Select a folder; the answer with what changed and vanished since `known`, None where the
        server does not tell."""
        if not (self._resyncs and known and known.modseq):
            await self.select(folder)
            return None
        # Without a set of known UIDs, which servers take for all that we want to hear of.
        since = b"(QRESYNC (%d %d))" % (known.validity, known.modseq)
        answer = await self._select(folder, since)
        told = self.state.validity == known.validity and self.state.modseq
        return answer if told else None

    async def _select(self, folder: str, how: bytes) -> Answer:
        self.folder = None
        arguments: list[Argument] = [astring(wire_name(folder))]
        if how:
            arguments.append(how)
        self.wire.stirred.clear()
        answer = await self.attempt("SELECT", *arguments)
        if answer.status != "OK":
            raise self.refusal(answer)
        answer = replace(answer, frames=_of_this(answer.frames))
        self.state = _state(answer, condstore=self.offers("CONDSTORE"))
        if not self.state.validity:
            raise ProtocolRefused(
                _("{host} gives the messages of a folder no lasting numbers.").format(
                    host=self.endpoint.host
                )
            )
        self.folder = folder
        return answer

    def refusal(self, answer: Answer) -> TuiMailError:
        """Our error for an answer that is not OK."""
        text, host = _foreign(answer.text), self.endpoint.host
        code = _code(answer.text)
        if code in _UNAVAILABLE:
            return Offline(_("{host} cannot do it now: {text}").format(host=host, text=text))
        if code == b"OVERQUOTA":
            return ProtocolRefused(
                _("The mailbox on {host} is full: delete something there. {text}").format(
                    host=host, text=text
                )
            )
        if code in {b"NONEXISTENT", b"TRYCREATE"}:
            return ProtocolRefused(
                _("The folder is not on {host} any more. {text}").format(host=host, text=text)
            )
        return ProtocolRefused(_("{host} refuses: {text}").format(host=host, text=text))

    async def _named(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """The errors of the wire know no server: they leave here with its name."""
        try:
            return await work()
        except TuiMailError as error:
            raise self._with_host(error) from error

    def _with_host(self, error: TuiMailError) -> TuiMailError:
        if self.endpoint.host in error.message:
            return error
        return type(error)(f"{self.endpoint.host}: {error.message}")


def _foreign(text: bytes) -> str:
    """A server's words for people: without the response code, made safe, not long."""
    return str(safe(_CODE.sub(b"", text, count=1).decode("utf-8", "replace").strip()))[:200]


def _code(text: bytes) -> bytes:
    match = _CODE.match(text)
    return match[1].upper() if match else b""


def _of_this(frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
    """Without what is still of the folder that was selected before (RFC 7162 §3.2.11)."""
    closed = [n for n, one in enumerate(frames) if one[0].upper().startswith(b"* OK [CLOSED]")]
    return frames[closed[-1] + 1 :] if closed else frames


def _state(answer: Answer, *, condstore: bool) -> State:
    told = {b"UIDVALIDITY": 0, b"UIDNEXT": 0, b"HIGHESTMODSEQ": 0}
    exists = 0
    for frame in answer.frames:
        head = heading(frame)
        if head is None:
            continue
        if head.kind == b"EXISTS" and head.number is not None:
            exists = head.number
        elif head.kind == b"OK":
            match = _CODE.match(frame[0], head.end)
            figure = match[2].strip() if match else b""
            if match and match[1].upper() in told and figure.isdigit() and len(figure) < 20:
                told[match[1].upper()] = int(figure)
    modseq = told[b"HIGHESTMODSEQ"] if condstore else 0
    return State(told[b"UIDVALIDITY"], told[b"UIDNEXT"], modseq, exists)
