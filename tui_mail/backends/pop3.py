"""A mailbox that is emptied over POP3 (RFC 1939), with what the server has of CAPA and PIPELINING
(RFC 2449), TOP, UIDL, STLS (RFC 2595) and SASL PLAIN (RFC 5034).

Hides message numbers, and by what a message is known where the server names none. One session holds
the mailbox, which is nobody else's meanwhile: open, do what there is to do, close.
"""

import asyncio
import base64
import contextlib
import hashlib
import re
import ssl
from collections import Counter, deque
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from tui_mail.backends import sasl
from tui_mail.backends.pop3_syntax import (
    LISTED_LIMIT,
    Reply,
    head_of,
    read_capabilities,
    read_reply,
    read_sizes,
    read_uidls,
    unstuffed,
)
from tui_mail.backends.pop3_wire import Pop3Wire, connect
from tui_mail.backends.tls import client_context, refuse_in_the_clear
from tui_mail.errors import (
    Offline,
    ProtocolRefused,
    TlsRefused,
    TryLater,
    TuiMailError,
    WrongPassword,
)
from tui_mail.i18n import _
from tui_mail.mail.received import received
from tui_mail.values import Endpoint, Fetched, Login, Tls

MESSAGE_LIMIT = 256 << 20
"""Bytes of one message."""

_LISTING_LIMIT = LISTED_LIMIT * 128
_CAPABILITIES_LIMIT = 64 << 10
_SLOWEST = 16 << 10  # bytes a second that a big answer may take at worst
_MUCH = 1 << 20  # bytes that take longer to go through than a key may wait
_WINDOW = 16  # commands on their way, where the server takes more than one
_WINDOW_BYTES = 2 << 20  # of answers to them
_LONGEST_COMMAND = 255  # RFC 2449 §4
_PARTING_SECONDS = 2.0
_IN_USE = re.compile(r"(?i)(mailbox|maildrop).*(lock|in use|busy)|(lock|busy).*(mailbox|maildrop)")


@dataclass(frozen=True, slots=True)
class _Command:
    """`limit`: bytes that its lines may have, 0 when it is answered by a status alone; `size`: how
    many are expected."""

    line: bytes
    limit: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    reply: Reply
    block: bytes = b""


class Pop3Drop:
    """A mailbox on a POP3 server; `deadline`: seconds that one command may take.

    Methods raise `Offline`, `ProtocolRefused`, `TlsRefused`, `TryLater` (the mailbox is another
    program's for the moment), `WrongPassword`. Keys are opaque, and last from one session to another.
    """

    def __init__(self, endpoint: Endpoint, login: Login, *, deadline: float = 60) -> None:
        self.endpoint = endpoint
        self.names_messages = True
        """Whether the server has names for its messages that last, as far as it has said when it is
        open, and for certain after `listing`. Where it has not, each listing asks for the header
        fields of every message, or for all of it."""
        self._login = login
        self._deadline = deadline
        self._wire: Pop3Wire | None = None
        self._offered: Mapping[str, tuple[str, ...]] = {}
        self._numbers: dict[str, list[int]] = {}
        self._sizes: dict[int, int] = {}
        self._heads: dict[int, str] = {}
        self._marked = False

    # -- coming and going --------------------------------------------------------------------

    async def open(self) -> None:
        """Connect, make private, log in; when that fails nothing stays open.

        With tokens: one that is refused is replaced once, on a new connection.
        """
        tokens = self._login.tokens
        if tokens is None:
            await self._open("")
            return
        refuse_in_the_clear(self.endpoint)
        await sasl.with_token(tokens, self._open)

    async def _open(self, token: str) -> None:
        refuse_in_the_clear(self.endpoint)
        context = None
        if self.endpoint.tls is not Tls.NONE:
            context = await client_context(self.endpoint)
        implicit = context if self.endpoint.tls is Tls.IMPLICIT else None
        self._offered, self._marked = {}, False
        self._numbers, self._sizes, self._heads = {}, {}, {}
        self._wire = await connect(self.endpoint, implicit, self._deadline)
        try:
            await self._greeted()
            if self.endpoint.tls is Tls.STARTTLS and context is not None:
                await self._begin_tls(context)
            await self._learn()
            await (self._present(token) if token else self._authenticate())
        except BaseException:
            self._leave()
            raise

    async def close(self) -> None:
        """Take leave when possible; never raises, and never confirms a deletion."""
        if self._wire is not None and not self._marked:
            with contextlib.suppress(TuiMailError, OSError, TimeoutError):
                async with asyncio.timeout(_PARTING_SECONDS):
                    await self._ask(_Command(b"QUIT"))
        self._leave()

    @property
    def login_delay(self) -> int:
        """Seconds between two logins that the server wants at least (RFC 2449 §6.5)."""
        told = self._offered.get("LOGIN-DELAY", ())
        return int(told[0]) if told and told[0].isdigit() and len(told[0]) < 6 else 0

    def _leave(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.drop(self._unconnected())

    def _unconnected(self) -> Offline:
        return Offline(_("{host} is not connected.").format(host=self.endpoint.host))

    async def _greeted(self) -> None:
        host, port = self.endpoint.host, self.endpoint.port
        with self._named():
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
        reply = (await self._ask(_Command(b"STLS"))).reply
        if not reply.ok:
            raise TlsRefused(
                _("{host} offers no STARTTLS: try implicit TLS, or ask its administrator.").format(
                    host=self.endpoint.host
                )
            )
        with self._named():
            await self._connected.upgrade(self.endpoint, context, self._deadline)

    async def _learn(self) -> None:
        answer = await self._ask(_Command(b"CAPA", _CAPABILITIES_LIMIT))
        self._offered = read_capabilities(answer.block) if answer.reply.ok else {}
        self.names_messages = not self._offered or "UIDL" in self._offered

    async def _authenticate(self) -> None:
        """By SASL PLAIN where it is offered, else by USER and PASS; never by APOP, whose MD5 gives
        the password to who listens in the clear, and adds nothing under TLS."""
        user, password = self._login.user.encode(), self._login.password.encode()
        if any(byte in user + password for byte in b"\r\n\0"):
            raise self._wrong_password("")
        plain = b"AUTH PLAIN " + base64.b64encode(b"\0" + user + b"\0" + password)
        if "PLAIN" in self._offered.get("SASL", ()) and len(plain) < _LONGEST_COMMAND:
            commands = [plain]
        else:
            commands = [b"USER " + user, b"PASS " + password]
        for command in commands:
            reply = (await self._ask(_Command(command))).reply
            if not reply.ok:
                raise self._login_refusal(reply)

    async def _present(self, token: str) -> None:
        """Log in with a token; a refusal comes as a challenge first, which is answered."""
        host = self.endpoint.host
        offered = self._offered.get("SASL", ())
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
        with self._named():
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
            return self._refusal(reply)
        return self._wrong_password(reply.text)

    def _wrong_password(self, text: str) -> WrongPassword:
        return WrongPassword(
            _("{host} does not accept this user and password: {text}").format(
                host=self.endpoint.host, text=text or "-"
            )
        )

    # -- what is there -----------------------------------------------------------------------

    async def listing(self) -> Mapping[str, int]:
        """Key -> bytes as the server counts them, newest first.

        A message that has no name of its own, or one that another has too, is known by its header
        fields, and where those are another's too, or cannot be had alone, by its content.
        """
        uidl, sizes = await self._ask_all(
            [_Command(b"UIDL", _LISTING_LIMIT), _Command(b"LIST", _LISTING_LIMIT)]
        )
        if not sizes.reply.ok:
            raise self._refusal(sizes.reply)
        with self._named():  # hundreds of thousands of lines are no work for the event loop
            self._sizes = await asyncio.to_thread(read_sizes, sizes.block)
            names = await asyncio.to_thread(read_uidls, uidl.block) if uidl.reply.ok else {}
        self.names_messages = uidl.reply.ok or not self._sizes
        # Newest first: servers number in the order of arrival.
        numbers = sorted(self._sizes, reverse=True)
        keys = _unique({n: f"uidl {names[n]}" for n in numbers if names.get(n)})
        heads = await self._top([n for n in numbers if n not in keys])
        keys |= _unique({n: f"head {self._sizes[n]} {head}" for n, head in heads.items()})
        async with aclosing(self._raws([n for n in numbers if n not in keys])) as raws:
            async for number, raw in raws:
                keys[number] = f"content {hashlib.sha256(raw).hexdigest()}"
                self._heads[number] = head_of(raw)
        self._numbers = {}
        for number in numbers:
            if number in keys:
                self._numbers.setdefault(keys[number], []).append(number)
        return {key: self._sizes[of[0]] for key, of in self._numbers.items()}

    async def heads(self, keys: Sequence[str]) -> Mapping[str, str]:
        """A hash of the header fields of each of these messages, by which another message under the
        same key is told; by TOP, where the server has that."""
        numbers = {self._numbers[key][0]: key for key in keys if key in self._numbers}
        found = {n: self._heads[n] for n in numbers if n in self._heads}
        found |= await self._top([n for n in numbers if n not in found])
        async with aclosing(self._raws([n for n in numbers if n not in found])) as raws:
            async for number, raw in raws:
                found[number] = head_of(raw)
        return {numbers[number]: head for number, head in found.items()}

    async def _top(self, numbers: Sequence[int]) -> dict[int, str]:
        """Hashes of header fields; nothing from a server without TOP."""
        if not numbers or (self._offered and "TOP" not in self._offered):
            return {}
        commands = [_Command(b"TOP %d 0" % number, MESSAGE_LIMIT) for number in numbers]
        answers = [await self._ask(commands[0])]
        if answers[0].reply.ok:  # else asking for each of thousands would be in vain
            answers += await self._ask_all(commands[1:])
        found = {
            number: head_of(unstuffed(answer.block))
            for number, answer in zip(numbers, answers, strict=False)
            if answer.reply.ok
        }
        self._heads |= found
        return found

    async def fetch(self, keys: Sequence[str]) -> AsyncGenerator[Fetched, None]:
        """The messages of `keys` in whole, in their order; the gone are left out.

        At most a few megabytes are on their way at a time, apart from the one message in hand. What
        the server refuses to give, or is over `MESSAGE_LIMIT`, is raised when all others have come.
        """
        wanted = {self._numbers[key][0]: key for key in keys if key in self._numbers}
        refused: list[TuiMailError] = []
        async with aclosing(self._raws(list(wanted), refused)) as raws:
            async for number, raw in raws:
                self._heads[number] = head_of(raw)
                yield Fetched(wanted[number], raw, frozenset(), received(raw))
        if refused:
            raise refused[0]

    async def _raws(
        self, numbers: Sequence[int], refused: list[TuiMailError] | None = None
    ) -> AsyncGenerator[tuple[int, bytes], None]:
        refused = [] if refused is None else refused
        taken = [n for n in numbers if self._sizes.get(n, 0) <= MESSAGE_LIMIT]
        if len(taken) < len(numbers):
            refused.append(
                ProtocolRefused(
                    _(
                        "{host} has a message of more than {number} bytes, which is the limit: it "
                        "stays there."
                    ).format(host=self.endpoint.host, number=MESSAGE_LIMIT)
                )
            )
        commands = (_Command(b"RETR %d" % n, MESSAGE_LIMIT, self._sizes.get(n, 0)) for n in taken)
        async with aclosing(self._pipelined(commands)) as answers:
            place = 0
            async for answer in answers:
                number = taken[place]
                place += 1
                if answer.reply.ok and len(answer.block) > _MUCH:
                    yield number, await asyncio.to_thread(unstuffed, answer.block)
                elif answer.reply.ok:
                    yield number, unstuffed(answer.block)
                else:
                    refused.append(self._refusal(answer.reply))

    # -- deleting ----------------------------------------------------------------------------

    async def delete(self, keys: Sequence[str]) -> frozenset[str]:
        """Delete messages, and end the session: only then are they gone (RFC 1939 §6).

        Gives the keys of those that the server has deleted; where it says that not all are, none:
        the next listing tells. Raises `Offline` when it is not known.
        """
        numbers = {n: key for key in keys for n in self._numbers.get(key, ())}
        self._marked = True
        kept: set[str] = set()
        commands = (_Command(b"DELE %d" % number) for number in numbers)
        async with aclosing(self._pipelined(commands)) as answers:
            of = iter(numbers.values())
            async for answer in answers:
                key = next(of)
                if not answer.reply.ok:
                    kept.add(key)
        reply = (await self._ask(_Command(b"QUIT"))).reply
        self._leave()
        return frozenset(numbers.values()) - kept if reply.ok else frozenset()

    # -- commands ----------------------------------------------------------------------------

    @property
    def _connected(self) -> Pop3Wire:
        if self._wire is None:
            raise self._unconnected()
        return self._wire

    async def _ask(self, command: _Command) -> _Answer:
        return (await self._ask_all([command]))[0]

    async def _ask_all(self, commands: Sequence[_Command]) -> list[_Answer]:
        async with aclosing(self._pipelined(commands)) as answers:
            return [answer async for answer in answers]

    async def _pipelined(self, commands: Iterable[_Command]) -> AsyncGenerator[_Answer, None]:
        """The answers to commands in their order, several on their way where the server takes it.

        Left before the last answer has come, the connection is of no more use.
        """
        window = _WINDOW if "PIPELINING" in self._offered else 1
        flight: deque[_Command] = deque()
        on_its_way = 0
        queue = iter(commands)
        ahead = next(queue, None)
        try:
            while flight or ahead is not None:
                while ahead is not None and (
                    not flight
                    or (len(flight) < window and on_its_way + ahead.size <= _WINDOW_BYTES)
                ):
                    with self._named():
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

    async def _answer(self, command: _Command) -> _Answer:
        """`deadline` seconds, and time to carry what is expected; what drips in does not move it."""
        wire = self._connected
        with self._named():
            async with self._in_time(command.size):
                reply = read_reply(await wire.line())
                block = await wire.block(command.limit) if command.limit and reply.ok else b""
                return _Answer(reply, block)

    @contextlib.asynccontextmanager
    async def _in_time(self, size: int = 0) -> AsyncGenerator[None, None]:
        try:
            async with asyncio.timeout(self._deadline + size / _SLOWEST):
                yield
        except TimeoutError as error:
            raise Offline(
                _("The server does not answer in time: it is tried again later.")
            ) from error

    @contextlib.contextmanager
    def _named(self) -> Iterator[None]:
        """The errors of what is below know no server: they leave here with its name."""
        try:
            yield
        except TuiMailError as error:
            if self.endpoint.host in error.message:
                raise
            raise type(error)(f"{self.endpoint.host}: {error.message}") from error

    def _refusal(self, reply: Reply) -> TuiMailError:
        host, text = self.endpoint.host, reply.text
        if reply.code in {"SYS/TEMP", "IN-USE"}:
            return Offline(_("{host} cannot do it now: {text}").format(host=host, text=text))
        return ProtocolRefused(_("{host} refuses: {text}").format(host=host, text=text))


def _unique(names: Mapping[int, str]) -> dict[int, str]:
    """Those names that only one message has."""
    times = Counter(names.values())
    return {number: name for number, name in names.items() if times[name] == 1}
