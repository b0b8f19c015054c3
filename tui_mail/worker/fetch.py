"""Brings a mailbox and the database together: folders, new mail, flags, what has gone.

Knows neither screen nor SQL nor protocol. A folder's cursor moves only when everything that it
covers is stored, so a killed sync is resumed by what is missing.
"""

import asyncio
import logging
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tui_mail.backends import MailStore
from tui_mail.db import (
    folders,
    lost_folders,
    operations,
    placements,
    renumbering,
    sent_copies,
)
from tui_mail.db.engine import Database
from tui_mail.db.session import Session
from tui_mail.db.tables import Folder
from tui_mail.errors import ProtocolRefused, TooLarge, TuiMailError
from tui_mail.values import Fetched, FolderChanges, FolderRole, Identity, RemoteFolder
from tui_mail.worker.ahead import Ahead
from tui_mail.worker.ingest import Ingest, Outcome
from tui_mail.worker.link import link_messages

_ASKED_AT_ONCE = 1000
_BATCH_BYTES = 16 << 20
_COPIES = 500  # the newest of a folder, among which what was sent lately is
_COMPARED = 100  # messages by which a renamed folder is known again
# The first messages are on the screen at once; then what is done for a batch pays off, short of
# what a person's own change would have to wait for.
_BATCH_MESSAGES = (50, 150, 500)
_BATCH_SECONDS = 2.0  # over a slow line nobody waits for a batch to be full

_DRAWING_SECONDS = 0.06  # in which a console shows what came, before other folders are asked
_TELLING = 200  # messages, before which nothing is said of the time that is left

_FIRST = (FolderRole.INBOX, FolderRole.SENT, FolderRole.DRAFTS)
_LAST = (FolderRole.JUNK, FolderRole.TRASH)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the fetching of a folder is: messages, bytes that came, seconds since it began.

    `role`: what the folder is for, as in `FolderRole`.
    """

    role: str
    folder: str
    done: int
    total: int
    size: int = 0
    seconds: float = 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the pace so far; None while there is none to speak of."""
        if self.done < _TELLING or self.seconds <= 0:
            return None
        return (self.total - self.done) * self.seconds / self.done


Report = Callable[[Progress], None]
Pause = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a folder's sync found and has yet to conclude: what went, and the cursor after that.

    `cursor` is None when it stays where it is.
    """

    folder_id: int
    new: int = 0
    gone: frozenset[str] = frozenset()
    cursor: str | None = None


class Sync:
    """Syncs through one store. `pause` is called between pieces of work, with the store at rest."""

    def __init__(
        self, database: Database, store: MailStore, ingest: Ingest, *, report: Report, pause: Pause
    ) -> None:
        self._database = database
        self._store = store
        self._ingest = ingest
        self._report = report
        self._pause = pause

    async def account(self, account_id: int) -> int:
        """Bring every folder of an account up to date; how many messages were new.

        Raises what the store raises; what was stored by then stays. A folder that the server
        refuses does not keep the others waiting: it is raised at the end.
        """
        remote = await self._store.folders()
        lost = await self._look_for_lost(account_id, remote)
        found = await self._database.write(folders.reconcile_folders, account_id, remote)
        seen: list[_Seen] = []
        refused: list[ProtocolRefused] = []
        for folder in sorted(filter(_is_wanted, found), key=_turn):
            try:
                seen.append(await self._take(folder))
            except ProtocolRefused as error:
                refused.append(error)
            else:
                if seen[-1].new and folder.role == FolderRole.INBOX:
                    await asyncio.sleep(_DRAWING_SECONDS)
        # What left one folder may have come to another: only now is it known to be gone.
        await self._database.write(_conclude, seen, lost)
        if refused:
            raise refused[0]
        return sum(one.new for one in seen)

    async def folder(self, account_id: int, remote: str) -> int:
        """Bring the folder of that key up to date, if there is one; how many messages were new."""
        folder = await self._database.read(folders.folder_of_key, account_id, remote)
        if folder is None:
            return 0
        seen = await self._take(folder)
        if not seen.gone:  # else the cursor stays, so that a look at every folder finds it again
            await self._database.write(_conclude, [seen], ())
        return seen.new

    async def _look_for_lost(self, account_id: int, remote: Sequence[RemoteFolder]) -> list[int]:
        """Find folders under their new names; the ids of those that the server surely has no more."""
        read = self._database.read
        for folder_id, key in (await read(lost_folders.renamed, account_id, remote)).items():
            await self._database.write(lost_folders.rename, folder_id, key)
        lost = {
            folder.id or 0: folder
            for folder in await read(lost_folders.missing, account_id, remote)
        }
        views = {one.key for one in remote if one.view}
        certain = [one for one, folder in lost.items() if folder.remote in views]
        for one in certain:
            del lost[one]
        if not lost:
            return certain
        for key in await read(lost_folders.unknown, account_id, remote):
            renamed = await self._renamed_to(key, list(lost))
            if renamed is not None:
                await self._database.write(lost_folders.rename, renamed, key)
                del lost[renamed]
        for folder_id, folder in lost.items():
            if not await self._is_there(folder.remote):
                certain.append(folder_id)
        return certain

    async def _renamed_to(self, remote: str, folder_ids: Sequence[int]) -> int | None:
        """Which of the folders that a server does not list any more it calls `remote` now."""
        try:
            changes = await self._store.changes(remote, "")
            present = {message.key for message in changes.listed}
            for folder_id in folder_ids:
                known = await self._database.read(folders.known_keys, folder_id)
                both = sorted(present & known.keys())[:_COMPARED]
                # Some servers number all folders alike.
                told = await self._store.identities(remote, both) if both else {}
                if await self._database.read(renumbering.is_same, folder_id, told):
                    return folder_id
        except ProtocolRefused:
            log.warning("a folder that is new cannot be looked at")
        return None

    async def _is_there(self, remote: str) -> bool:
        """Whether the server opens a folder that it does not list."""
        if remote.startswith(folders.NO_MORE):
            return False
        try:
            await self._store.changes(remote, "")
        except ProtocolRefused:
            return False
        return True

    async def _take(self, folder: Folder) -> _Seen:
        """Take in what is new and changed in a folder."""
        assert folder.id is not None
        cursor = await self._database.read(folders.cursor_of, folder.id)
        changes = await self._store.changes(folder.remote, cursor)
        quiet = not changes.listed and not changes.gone and changes.present is None
        if changes.cursor == cursor and quiet:
            return _Seen(folder.id)
        known = await self._known(folder.id, changes)
        if changes.total is not None:
            number = await self._database.read(folders.known_number, folder.id)
            if not _adds_up(changes, known.keys(), number):
                log.warning("folder %d: the server tells other changes than it has", folder.id)
                changes = await self._store.changes(folder.remote, "")
                known = await self._known(folder.id, changes)
        if known and changes.present and known.keys().isdisjoint(changes.present):
            told = await self._store.identities(folder.remote, changes.present)
            await self._database.write(renumbering.renumber, folder.id, told)
            known = await self._known(folder.id, changes)
        wanted = _missing(changes, known.keys())
        if wanted and await self._take_copies(folder, wanted):
            known = await self._known(folder.id, changes)
            wanted = _missing(changes, known.keys())
        await self._take_flags(folder.id, changes, known)
        came = await self._fetch(folder, wanted) if wanted else 0
        gone = known.keys() & changes.gone
        if changes.present is not None:
            gone |= known.keys() - set(changes.present)
        if came < len(wanted):
            # Gone meanwhile, or not to be had now: looked for again from where we were.
            log.warning("folder %d: %d of %d messages came", folder.id, came, len(wanted))
            return _Seen(folder.id, came, frozenset(gone))
        if came and not gone:
            await self._database.write(folders.set_cursor, folder.id, changes.cursor)
            return _Seen(folder.id, came)
        return _Seen(folder.id, came, frozenset(gone), changes.cursor)

    async def _known(
        self, folder_id: int, changes: FolderChanges
    ) -> dict[str, tuple[int, frozenset[str]]]:
        """What is here of what the changes name: of a big folder nobody reads all for one message.

        Everything when they say all that there is.
        """
        among = None
        if changes.present is None:
            among = changes.gone.union(one.key for one in changes.listed)
        return await self._database.read(folders.known_keys, folder_id, among)

    async def _take_copies(self, folder: Folder, keys: Sequence[str]) -> bool:
        """See whether messages that are new in a folder are copies of what was sent from here."""
        now = datetime.now(UTC)
        if not await self._database.read(sent_copies.are_awaited, folder.id or 0, now):
            return False
        told = await self._store.identities(folder.remote, keys[:_COPIES])
        await self._database.write(_take_copies, folder.id or 0, told, now)
        return bool(told)

    async def _take_flags(
        self, folder_id: int, changes: FolderChanges, known: dict[str, tuple[int, frozenset[str]]]
    ) -> None:
        changed = {
            message.key: message.flags
            for message in changes.listed
            if message.key in known and known[message.key][1] != message.flags
        }
        if changed:
            await self._database.write(placements.update_flags, folder_id, changed)

    async def _fetch(self, folder: Folder, keys: Sequence[str]) -> int:
        """Fetch and store; how many came."""
        return await bring(
            folder,
            keys,
            lambda asked: self._store.fetch(folder.remote, asked),
            lambda batch: self._ingest.store(folder.account_id, folder.id or 0, batch),
            report=self._report,
            pause=self._pause,
        )


def _take_copies(
    session: Session, folder_id: int, told: Mapping[str, Identity], now: datetime
) -> None:
    """Answers to a letter whose other name is known only now are about what it is about."""
    link_messages(session, sent_copies.take(session, folder_id, told, now), now)


async def bring(
    folder: Folder,
    keys: Sequence[str],
    fetch: Callable[[Sequence[str]], AsyncIterator[Fetched]],
    store: Callable[[Sequence[Fetched]], Coroutine[Any, Any, Outcome]],
    *,
    report: Report,
    pause: Pause,
) -> int:
    """Fetch and store the messages of `keys` in batches; a batch comes in while those before it are
    being stored. How many came.

    `TooLarge` is raised when all others are here.
    """
    done = size = 0
    too_large: TooLarge | None = None
    began = time.monotonic()

    def tell(*, over: bool = False) -> None:
        passed = time.monotonic() - began
        number = len(keys) if over else done
        report(Progress(folder.role, folder.name, number, len(keys), size, passed))

    def stored(batch: Sequence[Fetched], _outcome: Outcome) -> None:
        nonlocal done, size
        done += len(batch)
        size += sum(len(one.raw) for one in batch)
        tell()

    for start in range(0, len(keys), _ASKED_AT_ONCE):
        tell()
        await pause()
        asked = keys[start : start + _ASKED_AT_ONCE]
        try:
            # Also when the connection breaks: what has come is kept.
            async with Ahead(stored) as ahead, aclosing(_batches(fetch(asked), done)) as batches:
                async for batch in batches:
                    await ahead.begin(batch, store(batch))
        except TooLarge as error:
            too_large = error
    if too_large is not None:
        raise too_large
    tell(over=True)
    return done


def _is_wanted(folder: Folder) -> bool:
    """What is not shown is not fetched; what has been fetched of it is kept as the server has it."""
    return not folder.hidden or bool(folder.cursor)


def _turn(folder: Folder) -> tuple[int, str]:
    """The inbox first, what nobody waits for last."""
    if folder.role in _FIRST:
        return _FIRST.index(FolderRole(folder.role)), folder.name
    return (len(_FIRST) + (folder.role in _LAST)), folder.name


def _conclude(session: Session, seen: Sequence[_Seen], lost: Sequence[int]) -> None:
    now = datetime.now(UTC)
    for one in seen:
        if one.gone:
            placements.remove(session, one.folder_id, one.gone)
            stale = [key for key in one.gone if key.startswith(renumbering.STALE)]
            operations.settle_gone(session, one.folder_id, stale, now)
        if one.cursor is not None:
            folders.set_cursor(session, one.folder_id, one.cursor)
    if lost:
        lost_folders.forget(session, lost, now)


def _adds_up(changes: FolderChanges, known: Collection[str], number: int) -> bool:
    """Whether what is known, with the changes, is as much as the server says that it has.

    `known`: of what the changes name, or more; `number`: of all that is known.
    """
    listed = {message.key for message in changes.listed}
    new = listed.difference(known)
    gone = changes.gone.intersection(listed.union(known))
    return number + len(new) - len(gone) == changes.total


def _missing(changes: FolderChanges, known: Collection[str]) -> list[str]:
    """Keys that are on the server and not here, newest first."""
    keys = dict.fromkeys(message.key for message in changes.listed)
    keys.update(dict.fromkeys(changes.present or ()))
    return [key for key in keys if key not in known]


async def _batches(
    messages: AsyncIterator[Fetched], done: int
) -> AsyncGenerator[list[Fetched], None]:
    """`done`: how many messages of the folder came before these.

    What came before the connection broke is given, too: over a line on which no batch is ever
    full, it would else be fetched again and again.
    """
    sizes = iter(_BATCH_MESSAGES if not done else ())
    most = next(sizes, _BATCH_MESSAGES[-1])
    batch: list[Fetched] = []
    size, begun = 0, 0.0
    try:
        async for fetched in messages:
            begun = begun if batch else time.monotonic()
            batch.append(fetched)
            size += len(fetched.raw)
            late = time.monotonic() - begun >= _BATCH_SECONDS
            if len(batch) >= most or size >= _BATCH_BYTES or late:
                full, batch, size = batch, [], 0
                yield full
                most = next(sizes, _BATCH_MESSAGES[-1])
    except TuiMailError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
