"""MailStore over IMAP4rev1 (RFC 3501) with what the server has of QRESYNC, CONDSTORE, ESEARCH, IDLE,
NOTIFY, MOVE, UIDPLUS and SPECIAL-USE; each of them has a way round for servers without it.

Hides how changes are found, how bodies are brought in bounded pieces, and how news is waited for.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from tui_mail.backends import imap_changes, imap_labels, imap_operations
from tui_mail.backends.imap_folders import INBOX, Listed, identities, listed, remote_folders
from tui_mail.backends.imap_labels import Labels
from tui_mail.backends.imap_messages import (
    IDENTITY_ITEMS,
    State,
    fetched,
    identity,
    message_key,
    people_flags,
    uids_of,
)
from tui_mail.backends.imap_session import Command, Session
from tui_mail.backends.imap_syntax import (
    Value,
    compact,
    internal_date,
    number,
)
from tui_mail.backends.imap_wire import Answer
from tui_mail.backends.pace import Pace
from tui_mail.backends.spool import MemorySpool, Spool
from tui_mail.errors import ProtocolRefused, TooLarge
from tui_mail.i18n import _
from tui_mail.values import (
    Endpoint,
    Fetched,
    FolderChanges,
    Identity,
    Login,
    OperationResult,
    RemoteFolder,
    RemoteOperation,
)

CHUNK = 512 << 10
"""Bytes: a body over this is brought in pieces of this."""
MESSAGE_LIMIT = 256 << 20
"""Bytes: a message over this stays on the server."""

_SLAB = 1000  # keys whose sizes are asked for before their bodies
_GROUP_KEYS = 100
_GROUP_BYTES = 2 << 20
_REARM_SECONDS = 9 * 60.0  # under the ten minutes after which a NAT forgets
_POLL_SECONDS = 60.0
# Not of folders made and renamed: of those Dovecot 2.3 tells until it falls over.
_NEWS = (
    b"(SELECTED-DELAYED (MessageNew MessageExpunge FlagChange)) "
    b"(PERSONAL (MessageNew MessageExpunge FlagChange))"
)


@dataclass(frozen=True, slots=True)
class _Envelope:
    """What is known of a message before its body."""

    uid: int
    flags: frozenset[str]
    received_at: datetime
    size: int


class ImapStore:
    """A mailbox on an IMAP server."""

    def __init__(
        self,
        endpoint: Endpoint,
        login: Login,
        *,
        spool: Spool | None = None,
        only_subscribed: bool = False,
        deadline: float = 60,
        rearm: float = _REARM_SECONDS,
        pace: Pace | None = None,
    ) -> None:
        """`spool`: where pieces of large messages wait for the rest, in memory by default.

        `only_subscribed`: other folders are told as hidden, but for those that have a role.

        `deadline`: seconds that one command may take. `rearm`: seconds after which a wait for
        news begins anew, and shows that the server is still there. `pace`: as fast as can be
        when there is none.
        """
        self._session = Session(endpoint, login, deadline, pace or Pace())
        self._spool = spool or MemorySpool()
        self._only_subscribed = only_subscribed
        self._rearm = rearm
        self._seen_inbox: State | None = None
        self._idle_works = True
        self._notify_works = True
        self._labels: Labels | None = None
        self._labels_known = False

    async def open(self) -> None:
        """Connect, make private, log in."""
        self._seen_inbox = None
        await self._session.open()

    async def close(self) -> None:
        """Log out when possible; never raises."""
        await self._session.close()

    async def folders(self) -> Sequence[RemoteFolder]:
        """Every folder, the inbox first, then by name."""
        answer, found = await self._list()
        return remote_folders(
            found,
            archive=self._labels.everything if self._labels else "",
            subscribed=await self._subscribed(found) if self._only_subscribed else None,
            identities=identities(answer.frames),
        )

    async def _subscribed(self, found: list[Listed]) -> set[str]:
        if self._session.offers("LIST-EXTENDED"):
            return {one.key for one in found if b"\\SUBSCRIBED" in one.attributes}
        answer = await self._session.command("LSUB", b'""', b'"*"')
        return {one.key for one in listed(answer.frames, b"LSUB")}

    async def _list(self) -> tuple[Answer, list[Listed]]:
        offers = self._session.offers
        wanted = {
            b"SPECIAL-USE": offers("SPECIAL-USE"),
            b"SUBSCRIBED": self._only_subscribed,
            b"STATUS (MAILBOXID)": offers("LIST-STATUS", "OBJECTID"),
        }
        told = b" ".join(name for name, offered in wanted.items() if offered)
        arguments = [b'""', b'"*"']
        if told and offers("LIST-EXTENDED"):
            arguments.append(b"RETURN (%b)" % told)
        answer = await self._session.command("LIST", *arguments)
        found = listed(answer.frames)
        if self._session.offers(imap_labels.CAPABILITY):
            self._labels = imap_labels.labels_of(found)
            self._labels_known = True
        return answer, found

    async def _labelled(self) -> Labels | None:
        """How labels are folders here; None where they are not."""
        if not self._labels_known and self._session.offers(imap_labels.CAPABILITY):
            await self._list()
        return self._labels

    async def changes(self, folder: str, cursor: str) -> FolderChanges:
        """What changed in `folder` since `cursor`; see `imap_changes`."""
        labels = await self._labelled()
        changes = await imap_changes.changes(self._session, folder, cursor, labels)
        if folder == INBOX:
            self._seen_inbox = self._session.state
        return changes

    # -- bodies ------------------------------------------------------------------------------

    async def fetch(self, folder: str, keys: Sequence[str]) -> AsyncGenerator[Fetched, None]:
        """The messages of `keys` in whole, about in their order; the gone are left out.

        At most a few megabytes are on their way at a time, apart from the one message in hand.
        That some are too large is raised when all others have come.
        """
        if self._session.folder != folder:
            await self._select(folder)
        validity = self._session.state.validity
        asked = iter(uids_of(keys, validity))
        too_large = False
        while slab := list(islice(asked, _SLAB)):
            envelopes = await self._envelopes(slab)
            there = [envelopes[uid] for uid in slab if uid in envelopes]
            groups = list(_groups(one for one in there if one.size <= MESSAGE_LIMIT))
            too_large = too_large or any(one.size > MESSAGE_LIMIT for one in there)
            async with aclosing(self._bodies(groups)) as bodies:
                async for envelope, raw in bodies:
                    yield Fetched(
                        message_key(validity, envelope.uid),
                        raw,
                        envelope.flags,
                        envelope.received_at,
                    )
        if too_large:
            raise _too_large()

    async def _envelopes(self, uids: list[int]) -> dict[int, _Envelope]:
        wanted = set(uids)
        commands = [
            Command("UID FETCH", (compact(part), b"(UID FLAGS INTERNALDATE RFC822.SIZE)"))
            for part in _parts(uids, _GROUP_KEYS)
        ]
        found: dict[int, _Envelope] = {}
        async with aclosing(self._session.pipelined(commands)) as answers:
            async for answer in answers:
                async for uid, items in fetched(answer.frames):
                    if uid in wanted and b"RFC822.SIZE" in items:
                        found[uid] = _Envelope(
                            uid,
                            people_flags(items.get(b"FLAGS")),
                            internal_date(items.get(b"INTERNALDATE")),
                            number(items[b"RFC822.SIZE"]) or 0,
                        )
        return found

    async def _bodies(
        self, groups: list[list[_Envelope]]
    ) -> AsyncGenerator[tuple[_Envelope, bytes], None]:
        """Small messages by the group, pipelined; big ones each in pieces, when all small came."""
        small = [group for group in groups if group[0].size <= CHUNK]
        commands = (
            Command(
                "UID FETCH",
                (compact(e.uid for e in group), b"(UID BODY.PEEK[])"),
                sum(e.size for e in group),
            )
            for group in small
        )
        refused: list[_Envelope] = []
        # Of all groups: servers work on pipelined commands side by side, and what one command
        # brings may come before the end of another.
        wanted = {envelope.uid: envelope for group in small for envelope in group}
        # Servers answer in the order of the numbers; who asked for the newest first gets it first.
        turns = {uid: turn for turn, uid in enumerate(wanted)}
        async with aclosing(self._session.pipelined(commands)) as answers:
            place = 0
            async for answer in answers:
                group = small[place]
                place += 1
                came = [one async for one in fetched(answer.frames)]
                for uid, items in sorted(came, key=lambda one: turns.get(one[0], 0)):
                    raw = items.get(b"BODY[]")
                    if isinstance(raw, bytes) and uid in wanted:
                        yield wanted.pop(uid), raw
                if answer.status == "NO" and len(group) > 1:
                    refused.extend(e for e in group if e.uid in wanted)
        # One message that the server cannot read must not take its neighbours with it.
        for envelope in refused:
            raw = await self._in_pieces(envelope)
            if raw is not None:
                yield envelope, raw
        for group in groups:
            if group[0].size > CHUNK:
                raw = await self._in_pieces(group[0])
                if raw is not None:
                    yield group[0], raw

    async def _in_pieces(self, envelope: _Envelope) -> bytes | None:
        """A body by partial FETCH, from where it was cut off before.

        The size told before is not relied on (Exchange estimates it): the last piece is short.
        """
        name = self._spooled(envelope.uid)
        here = await asyncio.to_thread(self._spool.begin, name)
        while here <= MESSAGE_LIMIT:
            piece = await self._piece(envelope.uid, here)
            if piece is None and here < max(envelope.size, 1):
                await asyncio.to_thread(self._spool.drop, name)
                return None
            offset, content = piece or (here, b"")
            if offset is None:  # a server that gives the whole whatever it is asked
                await asyncio.to_thread(self._spool.drop, name)
                return content
            if offset != here or len(content) > CHUNK:
                raise ProtocolRefused(_("The server sent an answer that cannot be read."))
            await asyncio.to_thread(self._spool.add, name, here, content)
            here += len(content)
            if len(content) < CHUNK:
                raw = await asyncio.to_thread(self._spool.take, name)
                if raw is not None:
                    return raw
                here = 0  # what waited on the disk was damaged, and is there no more
        await asyncio.to_thread(self._spool.drop, name)
        raise _too_large()

    async def _piece(self, uid: int, start: int) -> tuple[int | None, bytes] | None:
        """Where a piece begins that should begin at `start`, and the piece; None: there is none."""
        wanted = b"(UID BODY.PEEK[]<%d.%d>)" % (start, CHUNK)
        answer = await self._session.attempt("UID FETCH", b"%d" % uid, wanted, size=CHUNK)
        pieces = [_body(items) async for number, items in fetched(answer.frames) if number == uid]
        return pieces[0] if pieces else None

    def _spooled(self, uid: int) -> str:
        """What the pieces of a message are called: by where it is, which never means another."""
        server, login = self._session.endpoint, self._session.login
        place = (server.host, server.port, login.user, self._session.folder)
        return repr((*place, self._session.state.validity, uid))

    async def identities(self, folder: str, keys: Sequence[str]) -> dict[str, Identity]:
        """What tells the messages of `keys` apart, as ENVELOPE, size, date and header have it."""
        await self._select(folder)
        asked = uids_of(keys, self._session.state.validity)
        commands = [
            Command("UID FETCH", (compact(part), IDENTITY_ITEMS))
            for part in _parts(list(asked), _SLAB)
        ]
        found: dict[str, Identity] = {}
        async with aclosing(self._session.pipelined(commands)) as answers:
            async for answer in answers:
                async for uid, items in fetched(answer.frames):
                    told = identity(items)
                    if uid in asked and told is not None:
                        found[asked[uid]] = told
        return found

    # -- changing and waiting ----------------------------------------------------------------

    async def apply(self, operation: RemoteOperation) -> OperationResult:
        """Carry one change out on the server."""
        labels = await self._labelled()
        return await imap_operations.apply(self._session, operation, self._select, labels)

    async def wait(self, seconds: float) -> bool:
        """Wait until the inbox changes since the last `changes` of it, with NOTIFY (RFC 5465) until
        another folder does, too, or `seconds` pass."""
        if self._session.folder != INBOX:
            await self._select(INBOX)
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        stirred = self._session.wire.stirred
        while not stirred.is_set() and (left := end - loop.time()) > 0:
            if self._idle_works and self._session.offers("IDLE"):
                await self._idle(min(left, self._rearm))
            else:
                await self._rest(min(left, _POLL_SECONDS))
                await self._session.command("NOOP")
        self._session.check()
        changed = stirred.is_set()
        stirred.clear()
        return changed

    async def _idle(self, seconds: float) -> None:
        """IDLE (RFC 2177) for at most `seconds`; left in order also when cancelled."""
        wire = self._session.wire
        # For as long as we wait: what we do ourselves in between is no news.
        notified = self._notify_works and self._session.offers("NOTIFY")
        if notified:
            answer = await self._session.attempt("NOTIFY", b"SET", _NEWS)
            notified = self._notify_works = answer.status == "OK"
        await self._session.settle()
        exchange = self._session.start("IDLE")
        try:
            await self._session.begun(exchange)
            await self._rest(seconds, exchange.answer)
        finally:
            if not exchange.answer.done():
                wire.write_line(b"DONE")
            if notified and not wire.lost.done():
                self._session.start("NOTIFY", b"NONE")  # settled before the next command
        answer = await self._session.finish(exchange)
        self._idle_works = answer.status == "OK"

    async def _rest(self, seconds: float, *also: asyncio.Future[Answer]) -> None:
        """Until something comes unasked, the connection is lost, or the time is over."""
        stirred = asyncio.ensure_future(self._session.wire.stirred.wait())
        try:
            watched: set[asyncio.Future[Any]] = {stirred, *also}
            await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stirred.cancel()
        self._session.check()

    async def _select(self, folder: str) -> State:
        """Select; where the inbox is not as it was last told, the next `wait` says so at once."""
        state = await self._session.select(folder)
        if folder == INBOX and self._seen_inbox not in {None, state}:
            self._session.wire.stirred.set()
        return state


def _too_large() -> TooLarge:
    return TooLarge(
        _(
            "A message has more than {limit} MB, so it stays on the server: read it with its "
            "web mail, or delete it there."
        ).format(limit=MESSAGE_LIMIT >> 20)
    )


def _parts(uids: list[int], at_once: int) -> Iterator[list[int]]:
    for start in range(0, len(uids), at_once):
        yield uids[start : start + at_once]


def _groups(envelopes: Iterable[_Envelope]) -> Iterator[list[_Envelope]]:
    """Small messages together up to a number and a size; a big one alone."""
    group: list[_Envelope] = []
    size = 0
    for envelope in envelopes:
        if envelope.size > CHUNK:
            yield [envelope]
            continue
        if group and (len(group) == _GROUP_KEYS or size + envelope.size > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(envelope)
        size += envelope.size
    if group:
        yield group


def _body(items: dict[bytes, Value]) -> tuple[int | None, bytes] | None:
    """Where a piece of a body begins (None: it is the whole), and the piece."""
    for name, value in items.items():
        if isinstance(value, bytes) and name.startswith(b"BODY[]"):
            offset = name[6:].strip(b"<>")
            return number(offset) if offset else None, value
    return None
