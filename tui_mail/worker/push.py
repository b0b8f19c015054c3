"""Tells the server what was done here, in the order it was done."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tui_mail.backends import MailStore
from tui_mail.blobs import BlobStore
from tui_mail.db import local_copies, operations
from tui_mail.db.engine import Database
from tui_mail.db.operations import Job
from tui_mail.errors import InputOutput, NotFound, ProtocolRefused, WrongData
from tui_mail.mail.source import restore
from tui_mail.values import RemoteOperation, Verb

_MOST_ATTEMPTS = 5
_FIRST_DELAY = timedelta(seconds=30)

Look = Callable[[str], Awaitable[object]]


async def push(
    database: Database, blobs: BlobStore, store: MailStore, account_id: int, look: Look
) -> int:
    """Carry out every operation that is due; how many there were.

    An operation that the server refuses is put off, in the end given up and shown; a lost
    connection (`Offline`) is raised and leaves it to be done again. `look` brings a folder up to
    date, by its key: who died between filing a message and noting that would file it twice.
    """
    done = 0
    seen: set[int] = set()
    while jobs := await database.write(operations.next_operations, account_id, datetime.now(UTC)):
        doubtful = [
            job
            for job in jobs
            if job.asked and job.operation.verb is Verb.APPEND and job.ids[0] not in seen
        ]
        seen.update(identifier for job in jobs for identifier in job.ids)
        if doubtful:
            await _look_for(database, doubtful, look)
            continue
        for job in jobs:
            done += await _push(database, blobs, store, job)
    return done


async def _look_for(database: Database, doubtful: Sequence[Job], look: Look) -> None:
    """See whether the server has what it was asked to keep; where it lets nobody look, later."""
    for folder in dict.fromkeys(job.operation.folder for job in doubtful):
        try:
            await look(folder)
        except ProtocolRefused as error:
            for job in doubtful:
                if job.operation.folder == folder:
                    await _put_off(database, job, error, datetime.now(UTC))


async def _put_off(database: Database, job: Job, error: ProtocolRefused, now: datetime) -> None:
    if job.attempts + 1 < _MOST_ATTEMPTS:
        again = now + _FIRST_DELAY * 4**job.attempts
        await database.write(operations.postpone, job.ids, error.message, now, again)
    else:
        await database.write(operations.give_up, job.ids, error.message, now)


async def _push(database: Database, blobs: BlobStore, store: MailStore, job: Job) -> int:
    now = datetime.now(UTC)
    try:
        result = await store.apply(await _filled(database, blobs, job))
    except ProtocolRefused as error:
        await _put_off(database, job, error, now)
    except (WrongData, NotFound, InputOutput) as error:  # no try will be better
        await database.write(operations.give_up, job.ids, error.message, now)
    else:
        await database.write(operations.settle, job.ids, result, now)
        return len(job.ids)
    return 0


async def _filled(database: Database, blobs: BlobStore, job: Job) -> RemoteOperation:
    """The operation with the bytes of the message that an APPEND carries."""
    if job.operation.verb is not Verb.APPEND or job.message_id is None:
        return job.operation
    skeleton, received_at = await database.read(local_copies.copy_for_server, job.message_id)
    raw = await asyncio.to_thread(restore, skeleton, blobs.open)
    return replace(job.operation, raw=raw, received_at=received_at)
