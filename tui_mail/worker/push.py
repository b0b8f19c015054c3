"""Tells the server what was done here, in the order it was done."""

from datetime import UTC, datetime, timedelta

from tui_mail.backends import MailStore
from tui_mail.db import operations
from tui_mail.db.engine import Database
from tui_mail.errors import ProtocolRefused

_MOST_ATTEMPTS = 5
_FIRST_DELAY = timedelta(seconds=30)


async def push(database: Database, store: MailStore, account_id: int) -> int:
    """Carry out every operation that is due; how many there were.

    An operation that the server refuses is put off, in the end given up and shown; a lost
    connection (`Offline`) is raised and leaves it to be done again.
    """
    done = 0
    while jobs := await database.read(operations.next_operations, account_id, datetime.now(UTC)):
        for job in jobs:
            now = datetime.now(UTC)
            try:
                result = await store.apply(job.operation)
            except ProtocolRefused as error:
                if job.attempts + 1 >= _MOST_ATTEMPTS:
                    await database.write(operations.give_up, job.ids, error.message)
                else:
                    again = now + _FIRST_DELAY * 4**job.attempts
                    await database.write(operations.postpone, job.ids, error.message, again)
            else:
                await database.write(operations.settle, job.ids, result, now)
                done += len(job.ids)
    return done
