"""A logged-in POP3 session: made private, authenticated, commands pipelined where that is offered.

Hides greetings, STLS, SASL and response codes: a command is answered, or one of our errors is
raised, naming the server.
"""

import asyncio
import base64
import contextlib
import re
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from tui_mail.backends import sasl
from tui_mail.backends.pace import Pace
from tui_mail.backends.pop3_syntax import Reply, read_capabilities, read_reply
from tui_mail.backends.pop3_wire import Pop3Wire, connect
from tui_mail.backends.tls import client_context
from tui_mail.errors import (
    Offline,
    ProtocolRefused,
    TlsRefused,
    TryLater,
    TuiMailError,
    WrongPassword,
)
from tui_mail.i18n import _
from tui_mail.values import Endpoint, Login, Tls

_CAPABILITIES_LIMIT = 64 << 10
_SLOWEST = 16 << 10  # bytes a second that a big answer may take at worst
_WINDOW = 16  # commands on their way, where the server takes more than one
_WINDOW_BYTES = 2 << 20  # of answers to them
_LONGEST_COMMAND = 255  # RFC 2449 §4
_PARTING_SECONDS = 2.0
_IN_USE = re.compile(r"(?i)(mailbox|maildrop).*(lock|in use|busy)|(lock|busy).*(mailbox|maildrop)")


@dataclass(frozen=True, slots=True)
class Command:
    """A command without its end. `limit`: bytes that its lines may have, 0 when it is answered by a status alone; `size`: how
    many are expected."""

    line: bytes
    limit: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, and the lines that follow it, dots and all."""

    reply: Reply
    block: bytes = b""


class Session:
    """One connection, for one task; every method but `close` raises the errors of `Pop3Drop`."""

    def __init__(self, endpoint: Endpoint, login: Login, deadline: float, pace: Pace) -> None:
        self.endpoint = endpoint
        self.offered: Mapping[str, tuple[str, ...]] = {}
        self._login = login
        self._deadline = deadline
        self._pace = pace
        self._wire: Pop3Wire | None = None

    async def open(self) -> None:
        """Connect, make private, log in; when that fails nothing stays open.

        With tokens: one that is refused is replaced once, on a new connection.
        """
        await sasl.logged_in(self.endpoint, self._login.tokens, self._open)

    async def _open(self, token: str) -> None:
        context = None
        if self.endpoint.tls is not Tls.NONE:
            context = await client_context(self.endpoint)
        implicit = context if self.endpoint.tls is Tls.IMPLICIT else None
        self.offered = {}
        self._wire = await connect(self.endpoint, implicit, self._deadline, self._pace)
        try:
            await self._greeted()
            if self.endpoint.tls is Tls.STARTTLS and context is not None:
                await self._begin_tls(context)
            await self._learn()
            await (self._present(token) if token else self._authenticate())
        except BaseException:
            self.leave()
            raise

    async def close(self) -> None:
        """Take leave when possible; never raises."""
        if self._wire is not None:
            with contextlib.suppress(TuiMailError, OSError, TimeoutError):
                async with asyncio.timeout(_PARTING_SECONDS):
                    await self.ask(Command(b"QUIT"))
        self.leave()

    def leave(self) -> None:
        """End the connection without a word: what was marked for deletion stays."""
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.drop(self._unconnected())

    def _unconnected(self) -> Offline:
        return Offline(_("{host} is not connected.").format(host=self.endpoint.host))

    async def _greeted(self) -> None:
        host, port = self.endpoint.host, self.endpoint.port
        with self.named():
            try:
                async with self._in_time():
                    reply = read_reply(await self._connected.line())
            except ProtocolRefused as error:
                raise ProtocolRefused(
                    _("{host} is no POP3 server on port {port}: check the port.").format(
                        host=host, port=port
                    )
                ) from error
        if not reply.ok:
            raise Offline(
                _("{host} takes no connections now: {text}").format(host=host, text=reply.text)
            )

    async def _begin_tls(self, context: ssl.SSLContext) -> None:
        """STLS before all else: what is said in the clear is not asked for."""
        reply = (await self.ask(Command(b"STLS"))).reply
        if not reply.ok:
            raise TlsRefused(
                _("{host} offers no STARTTLS: try implicit TLS, or ask its administrator.").format(
                    host=self.endpoint.host
                )
            )
        with self.named():
            await self._connected.upgrade(self.endpoint, context, self._deadline)

    async def _learn(self) -> None:
        answer = await self.ask(Command(b"CAPA", _CAPABILITIES_LIMIT))
        self.offered = read_capabilities(answer.block) if answer.reply.ok else {}

    async def _authenticate(self) -> None:
        """By SASL PLAIN where it is offered, else by USER and PASS; never by APOP, whose MD5 gives
        the password to who listens in the clear, and adds nothing under TLS."""
        user, password = self._login.user.encode(), self._login.password.encode()
        if any(byte in user + password for byte in b"\r\n\0"):
            raise self._wrong_password("")
        plain = b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password)
        if "PLAIN" in self.offered.get("SASL", ()) and len(plain) < _LONGEST_COMMAND:
            commands = [plain]
        else:
            commands = [b"USER " + user, b"PASS " + password]
        for command in commands:
            reply = (await self.ask(Command(command))).reply
            if not reply.ok:
                raise self._login_refusal(reply)

    async def _present(self, token: str) -> None:
        """Log in with a token; a refusal comes as a challenge first, which is answered."""
        host = self.endpoint.host
        offered = self.offered.get("SASL", ())
        shown = sasl.presentation(offered, self.endpoint, self._login.user, token)
        if shown is None:
            raise ProtocolRefused(sasl.no_tokens_taken(host))
        # The server asks for what is longer than a command may be.
        command = b"AUTH " + shown.mechanism.encode()
        reply, challenge = await self._dialogue(command, shown.response, shown.parting)
        if reply.ok:
            return
        if reply.code in {"IN-USE", "LOGIN-DELAY"} or reply.code.startswith("SYS/"):
            raise self._login_refusal(reply)
        raise sasl.refusal(host, token, reply.text, challenge)

    async def _dialogue(self, *lines: bytes) -> tuple[Reply, bytes]:
        """Say `lines`, each but the first when the server asks for it (RFC 5034 §4); its reply, and
        what it last asked with."""
        challenge = b""
        with self.named():
            async with self._in_time():
                for line in lines:
                    self._connected.write(line)
                    answer = await self._connected.line()
                    if answer != b"+" and not answer.startswith(b"+ "):
                        break
                    challenge = answer[2:]
                return read_reply(answer), challenge

    def _login_refusal(self, reply: Reply) -> TuiMailError:
        if reply.code == "LOGIN-DELAY":
            return TryLater(
                _("{host} lets nobody in again so soon: it is tried again later. {text}").format(
                    host=self.endpoint.host, text=reply.text
                )
            )
        if reply.code == "IN-USE" or (not reply.code and _IN_USE.search(reply.text)):
            return TryLater(
                _(
                    "Another program has the mailbox on {host} open: it is tried again later. {text}"
                ).format(host=self.endpoint.host, text=reply.text)
            )
        if reply.code.startswith("SYS/"):
            return self.refusal(reply)
        return self._wrong_password(reply.text)

    def _wrong_password(self, text: str) -> WrongPassword:
        return WrongPassword(
            _("{host} does not accept this user and password: {text}").format(
                host=self.endpoint.host, text=text or "-"
            )
        )

    # -- commands ----------------------------------------------------------------------------

    @property
    def _connected(self) -> Pop3Wire:
        if self._wire is None:
            raise self._unconnected()
        return self._wire

    async def ask(self, command: Command) -> Answer:
        """One command and its answer."""
        return (await self.ask_all([command]))[0]

    async def ask_all(self, commands: Sequence[Command]) -> list[Answer]:
        """The answers to commands, in their order."""
        async with aclosing(self.pipelined(commands)) as answers:
            return [answer async for answer in answers]

    async def pipelined(self, commands: Iterable[Command]) -> AsyncGenerator[Answer, None]:
        """The answers to commands in their order, several on their way where the server takes it.

        Left before the last answer has come, the connection is of no more use.
        """
        window = _WINDOW if "PIPELINING" in self.offered else 1
        flight: deque[Command] = deque()
        on_its_way = 0
        queue = iter(commands)
        ahead = next(queue, None)
        try:
            while flight or ahead is not None:
                while ahead is not None and (
                    not flight
                    or (len(flight) < window and on_its_way + ahead.size <= _WINDOW_BYTES)
                ):
                    with self.named():
                        self._connected.write(ahead.line)
                    flight.append(ahead)
                    on_its_way += ahead.size
                    ahead = next(queue, None)
                answer = await self._answer(flight[0])
                on_its_way -= flight.popleft().size
                yield answer
        finally:
            if flight and self._wire is not None:
                self._wire.drop(Offline(_("The command was interrupted.")))

    async def _answer(self, command: Command) -> Answer:
        """`deadline` seconds, and time to carry what is expected; what drips in does not move it."""
        wire = self._connected
        with self.named():
            async with self._in_time(command.size):
                reply = read_reply(await wire.line())
                block = await wire.block(command.limit) if command.limit and reply.ok else b""
                return Answer(reply, block)

    @contextlib.asynccontextmanager
    async def _in_time(self, size: int = 0) -> AsyncGenerator[None, None]:
        try:
            async with self._connected.within(self._deadline + size / _SLOWEST):
                yield
        except TimeoutError as error:
            raise Offline(
                _("The server does not answer in time: it is tried again later.")
            ) from error

    @contextlib.contextmanager
    def named(self) -> Iterator[None]:
        """The errors of what is below know no server: they leave here with its name."""
        try:
            yield
        except TuiMailError as error:
            if self.endpoint.host in error.message:
                raise
            raise type(error)(f"{self.endpoint.host}: {error.message}") from error

    def refusal(self, reply: Reply) -> TuiMailError:
        """Our error for an answer that is not OK."""
        host, text = self.endpoint.host, reply.text
        if reply.code in {"SYS/TEMP", "IN-USE"}:
            return Offline(_("{host} cannot do it now: {text}").format(host=host, text=text))
        return ProtocolRefused(_("{host} refuses: {text}").format(host=host, text=text))
