"""A mailbox that is emptied over POP3 (RFC 1939), with what the server has of CAPA and PIPELINING
(RFC 2449), TOP, UIDL, STLS (RFC 2595) and SASL (RFC 5034).

Hides message numbers, and by what a message is known where the server names none. One session holds
the mailbox, which is nobody else's meanwhile: open, do what there is to do, close.
"""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing

from tui_mail.backends.pace import Pace
from tui_mail.backends.pop3_session import Command, Session
from tui_mail.backends.pop3_syntax import (
    LISTED_LIMIT,
    head_of,
    read_sizes,
    read_uidls,
    unstuffed,
)
from tui_mail.errors import ProtocolRefused, TuiMailError
from tui_mail.i18n import _
from tui_mail.mail.received import received
from tui_mail.values import Endpoint, Fetched, Login

MESSAGE_LIMIT = 256 << 20
"""Bytes of one message."""

_LISTING_LIMIT = LISTED_LIMIT * 128
_MUCH = 1 << 20  # bytes that take longer to go through than a key may wait


class Pop3Drop:
    """A mailbox on a POP3 server; `deadline`: seconds that one command may take.

    Methods raise `Offline`, `ProtocolRefused`, `TlsRefused`, `TryLater` (the mailbox is another
    program's for the moment), `WrongPassword`. Keys are opaque, and last from one session to another.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        login: Login,
        *,
        deadline: float = 60,
        pace: Pace | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.names_messages = True
        """Whether the server has names for its messages that last, as far as it has said when it is
        open, and for certain after `listing`. Where it has not, each listing asks for the header
        fields of every message, or for all of it."""
        self._session = Session(endpoint, login, deadline, pace or Pace())
        self._numbers: dict[str, list[int]] = {}
        self._sizes: dict[int, int] = {}
        self._heads: dict[int, str] = {}
        self._marked = False

    async def open(self) -> None:
        """Connect, make private, log in; when that fails nothing stays open."""
        self._marked = False
        self._numbers, self._sizes, self._heads = {}, {}, {}
        await self._session.open()
        offered = self._session.offered
        self.names_messages = not offered or "UIDL" in offered

    async def close(self) -> None:
        """Take leave when possible; never raises, and never confirms a deletion."""
        if self._marked:
            self._session.leave()
        await self._session.close()

    @property
    def login_delay(self) -> int:
        """Seconds between two logins that the server wants at least (RFC 2449 §6.5)."""
        told = self._session.offered.get("LOGIN-DELAY", ())
        return int(told[0]) if told and told[0].isdigit() and len(told[0]) < 6 else 0

    async def listing(self) -> Mapping[str, int]:
        """Key -> bytes as the server counts them, newest first.

        A message that has no name of its own, or one that another has too, is known by its header
        fields, and where those are another's too, or cannot be had alone, by its content.
        """
        uidl, sizes = await self._session.ask_all(
            [Command(b"UIDL", _LISTING_LIMIT), Command(b"LIST", _LISTING_LIMIT)]
        )
        if not sizes.reply.ok:
            raise self._session.refusal(sizes.reply)
        with self._session.named():  # hundreds of thousands of lines are no work for the event loop
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
        if not numbers or (self._session.offered and "TOP" not in self._session.offered):
            return {}
        commands = [Command(b"TOP %d 0" % number, MESSAGE_LIMIT) for number in numbers]
        answers = [await self._session.ask(commands[0])]
        if answers[0].reply.ok:  # else asking for each of thousands would be in vain
            answers += await self._session.ask_all(commands[1:])
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
        commands = (Command(b"RETR %d" % n, MESSAGE_LIMIT, self._sizes.get(n, 0)) for n in taken)
        async with aclosing(self._session.pipelined(commands)) as answers:
            place = 0
            async for answer in answers:
                number = taken[place]
                place += 1
                if answer.reply.ok and len(answer.block) > _MUCH:
                    yield number, await asyncio.to_thread(unstuffed, answer.block)
                elif answer.reply.ok:
                    yield number, unstuffed(answer.block)
                else:
                    refused.append(self._session.refusal(answer.reply))

    async def delete(self, keys: Sequence[str]) -> frozenset[str]:
        """Delete messages, and end the session: only then are they gone (RFC 1939 §6).

        Gives the keys of those that the server has deleted; where it says that not all are, none:
        the next listing tells. Raises `Offline` when it is not known.
        """
        numbers = {n: key for key in keys for n in self._numbers.get(key, ())}
        self._marked = True
        kept: set[str] = set()
        commands = (Command(b"DELE %d" % number) for number in numbers)
        async with aclosing(self._session.pipelined(commands)) as answers:
            of = iter(numbers.values())
            async for answer in answers:
                key = next(of)
                if not answer.reply.ok:
                    kept.add(key)
        reply = (await self._session.ask(Command(b"QUIT"))).reply
        self._session.leave()
        return frozenset(numbers.values()) - kept if reply.ok else frozenset()


def _unique(names: Mapping[int, str]) -> dict[int, str]:
    """Those names that only one message has."""
    times = Counter(names.values())
    return {number: name for number, name in names.items() if times[name] == 1}
