"""Tells the server what was done here, in the order it was done."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tui_mail.backends import MailStore
from tui_mail.blobs import BlobStore
from tui_mail.db import local_copies, operations, sent_copies, wanted
from tui_mail.db.engine import Database
from tui_mail.db.operations import Job
from tui_mail.db.session import Session
from tui_mail.errors import Away, InputOutput, NotFound, ProtocolRefused, WrongData
from tui_mail.mail.source import restore
from tui_mail.values import OperationResult, RemoteOperation, Verb
from tui_mail.worker.opening import opener

# Done twice they would leave two copies.
_FILING = frozenset({Verb.APPEND, Verb.MOVE})
_NEED_FILES = frozenset({Verb.APPEND, Verb.DELETE})
_MOST_ATTEMPTS = 5
_FIRST_DELAY = timedelta(seconds=30)

Look = Callable[[str], Awaitable[object]]


async def push(
    database: Database, blobs: BlobStore, store: MailStore, account_id: int, look: Look
) -> int:
    """Carry out every operation that is due; how many there were.

    An operation that the server refuses is put off, in the end given up and shown; a lost
    connection (`Offline`) is raised and leaves it to be done again. `look` brings a folder up to
    date, by its key: who died between filing a message and noting that would file it twice, and
    keys of before a folder was numbered anew say nothing. What must have files that are with a
    server only waits until they are here.
    """
    done = 0
    seen: set[int] = set()
    renumbered: set[str] = set()
    while jobs := await database.write(operations.next_operations, account_id, datetime.now(UTC)):
        if await _held_back(database, jobs):
            continue
        doubtful = [
            job
            for job in jobs
            if job.asked and job.operation.verb in _FILING and job.ids[0] not in seen
        ]
        seen.update(identifier for job in jobs for identifier in job.ids)
        if doubtful:
            await _look_at(database, _by_place(doubtful), look)
            continue
        for job in jobs:
            settled = await _push(database, blobs, store, account_id, job, looked_at=renumbered)
            if settled is None:
                renumbered.add(job.operation.folder)
                await _look_at(database, {job.operation.folder: [job]}, look)
                break
            done += settled
    return done


async def _held_back(database: Database, jobs: Sequence[Job]) -> bool:
    """Whether some have to wait for files of their messages."""
    ids = [one for job in jobs if job.operation.verb in _NEED_FILES for one in job.ids]
    waiting = await database.read(wanted.waiting_operations, ids) if ids else {}
    if waiting:
        await database.write(wanted.hold_back, waiting, datetime.now(UTC))
    return bool(waiting)


def _by_place(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """Jobs by the folder into which they move or file."""
    found: dict[str, list[Job]] = {}
    for job in jobs:
        found.setdefault(job.operation.target or job.operation.folder, []).append(job)
    return found


async def _look_at(database: Database, doubtful: Mapping[str, Sequence[Job]], look: Look) -> None:
    """See what folders hold; where the server lets nobody look, their jobs are for later."""
    for folder, jobs in doubtful.items():
        try:
            await look(folder)
        except ProtocolRefused as error:
            for job in jobs:
                await _put_off(database, job, error, datetime.now(UTC))


async def _put_off(database: Database, job: Job, error: ProtocolRefused, now: datetime) -> None:
    if job.attempts + 1 < _MOST_ATTEMPTS:
        again = now + _FIRST_DELAY * 4**job.attempts
        await database.write(operations.postpone, job.ids, error.message, now, again)
    else:
        await database.write(operations.give_up, job.ids, error.message, now)


async def _push(
    database: Database,
    blobs: BlobStore,
    store: MailStore,
    account_id: int,
    job: Job,
    *,
    looked_at: Collection[str],
) -> int | None:
    """How many operations were carried out; None: first look at the folder, which was numbered anew.

    What has no new key when it was `looked_at` is not on the server any more.
    """
    now = datetime.now(UTC)
    try:
        operation = await _filled(database, blobs, job)
        result = await store.apply(operation)
        if result.stale and job.operation.folder not in looked_at:
            return None
        if result.stale:
            left = tuple(key for key in operation.keys if key not in result.stale)
            rest = await store.apply(replace(operation, keys=left))
            result = replace(rest, missing=rest.missing | result.stale)
    except ProtocolRefused as error:
        await _put_off(database, job, error, now)
    except (WrongData, NotFound, Away, InputOutput) as error:  # no try will be better
        await database.write(operations.give_up, job.ids, error.message, now)
    else:
        learning = operation.once and not job.asked  # else our own may have been there
        await database.write(_settle, account_id if learning else None, job, result, now)
        return len(job.ids)
    return 0


def _settle(
    session: Session, learning: int | None, job: Job, result: OperationResult, now: datetime
) -> None:
    """`learning`: the account of which this tells whether its server files what it sends."""
    if learning is not None:
        sent_copies.learn(session, learning, server=result.there)
    operations.settle(session, job.ids, result, now)


async def _filled(database: Database, blobs: BlobStore, job: Job) -> RemoteOperation:
    """The operation with the bytes of the message that an APPEND carries."""
    if job.operation.verb is not Verb.APPEND or job.message_id is None:
        return job.operation
    skeleton, received_at = await database.read(local_copies.copy_for_server, job.message_id)
    raw = await asyncio.to_thread(restore, skeleton, opener(database, blobs))
    letter = await database.read(sent_copies.is_letter, job.message_id)
    return replace(job.operation, raw=raw, received_at=received_at, once=letter)
