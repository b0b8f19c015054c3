"""Brings a mailbox and the database together: folders, new mail, flags, what has gone.

Knows neither screen nor SQL nor protocol. A folder's cursor moves only when everything that it
covers is stored, so a killed sync is resumed by what is missing.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from tui_mail.backends import MailStore
from tui_mail.db import folders, placements
from tui_mail.db.engine import Database
from tui_mail.db.tables import Folder
from tui_mail.values import Fetched, FolderChanges, FolderRole
from tui_mail.worker.ingest import Ingest

_BATCH_MESSAGES = 200
_BATCH_BYTES = 16 << 20
_BATCHES_AHEAD = 1

_FIRST = (FolderRole.INBOX, FolderRole.SENT, FolderRole.DRAFTS)
_LAST = (FolderRole.JUNK, FolderRole.TRASH)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the fetching of a folder is, in messages."""

    folder: str
    done: int
    total: int


Report = Callable[[Progress], None]


async def sync_account(
    database: Database, store: MailStore, ingest: Ingest, account_id: int, report: Report
) -> int:
    """Bring every folder of an account up to date; how many messages were new.

    Raises what the store raises; what was stored by then stays.
    """
    remote = await store.folders()
    found = await database.write(folders.reconcile_folders, account_id, remote)
    selectable = {folder.key for folder in remote if folder.selectable}
    new = 0
    for folder in sorted((f for f in found if f.remote in selectable), key=_turn):
        new += await sync_folder(database, store, ingest, folder, report)
    return new


def _turn(folder: Folder) -> tuple[int, str]:
    """The inbox first, what nobody waits for last."""
    if folder.role in _FIRST:
        return _FIRST.index(FolderRole(folder.role)), folder.name
    return (len(_FIRST) + (folder.role in _LAST)), folder.name


async def sync_folder(
    database: Database, store: MailStore, ingest: Ingest, folder: Folder, report: Report
) -> int:
    """Bring one folder up to date; how many messages were new."""
    assert folder.id is not None
    cursor = await database.read(folders.cursor_of, folder.id)
    changes = await store.changes(folder.remote, cursor)
    known = await database.read(folders.known_keys, folder.id)
    wanted = _missing(changes, known.keys())
    await _take_flags(database, folder.id, changes, known)
    if wanted:
        await _fetch(store, ingest, folder, wanted, report)
    if changes.present is not None:
        gone = known.keys() - set(changes.present)
        if gone:
            await database.write(placements.remove, folder.id, gone)
    if changes.cursor != cursor:
        await database.write(folders.set_cursor, folder.id, changes.cursor)
    return len(wanted)


def _missing(changes: FolderChanges, known: Collection[str]) -> list[str]:
    """Keys that are on the server and not here, newest first."""
    keys = dict.fromkeys(message.key for message in changes.listed)
    keys.update(dict.fromkeys(changes.present or ()))
    return [key for key in keys if key not in known]


async def _take_flags(
    database: Database,
    folder_id: int,
    changes: FolderChanges,
    known: dict[str, tuple[int, frozenset[str]]],
) -> None:
    changed = {
        message.key: message.flags
        for message in changes.listed
        if message.key in known and known[message.key][1] != message.flags
    }
    if changed:
        await database.write(placements.update_flags, folder_id, changed)


async def _fetch(
    store: MailStore,
    ingest: Ingest,
    folder: Folder,
    keys: Sequence[str],
    report: Report,
) -> None:
    """Fetch and store in batches; one batch comes in while the one before it is being stored."""
    batches: asyncio.Queue[list[Fetched] | None] = asyncio.Queue(_BATCHES_AHEAD)
    done = 0

    async def take_in() -> None:
        async with aclosing(_batches(store, folder.remote, keys)) as stream:
            async for batch in stream:
                await batches.put(batch)
        await batches.put(None)

    report(Progress(folder.name, 0, len(keys)))
    async with asyncio.TaskGroup() as group:
        group.create_task(take_in())
        while (batch := await batches.get()) is not None:
            await ingest.store(folder.account_id, folder.id or 0, batch)
            done += len(batch)
            report(Progress(folder.name, done, len(keys)))


async def _batches(
    store: MailStore, folder: str, keys: Sequence[str]
) -> AsyncGenerator[list[Fetched], None]:
    batch: list[Fetched] = []
    size = 0
    async for fetched in store.fetch(folder, keys):
        batch.append(fetched)
        size += len(fetched.raw)
        if len(batch) >= _BATCH_MESSAGES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
