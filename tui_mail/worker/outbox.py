"""Letters on their way: each is handed over at most once, and what is not known is said.

`queued` becomes `sending` in a transaction of its own before the first byte goes; a process that
dies in between leaves `unknown`, which only a person resolves (RFC 1047, RFC 5321 §4.5.3.2.6).
"""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tui_mail.backends import Sender
from tui_mail.db import outbox
from tui_mail.db.engine import Database
from tui_mail.db.outbox import DueLetter
from tui_mail.errors import TuiMailError, WrongData
from tui_mail.values import Delivery, RecipientResult
from tui_mail.worker.ingest import Ingest

_DELAYS = (1, 5, 15, 60, 180, 360)  # minutes
_GIVE_UP_AFTER = timedelta(hours=72)
# A letter may have been written long before its time: it, too, is tried for two days.
_LEAST_TRIES = 12
_LAST_SECONDS = 10


async def send_due(database: Database, sender: Sender, ingest: Ingest, account_id: int) -> int:
    """Send what is due of an account; how many letters were handed over.

    Raises Offline, NotAllowed or ProtocolRefused of the server, with the letter queued again.
    """
    for letter in await database.read(outbox.unfiled, account_id):
        await ingest.file_sent(account_id, letter, (), None)
    sent = 0
    while letters := await database.read(outbox.due, account_id, datetime.now(UTC), 10):
        for letter in letters:
            sent += await _to_the_end(_send(database, sender, ingest, account_id, letter))
    return sent


async def _to_the_end(sending: Coroutine[Any, Any, int]) -> int:
    """Who stops the worker waits a little for the letter that is on its way: cut off after its
    data, nobody would know whether it went."""
    task = asyncio.ensure_future(sending)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task}, timeout=_LAST_SECONDS)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        raise


async def _send(
    database: Database, sender: Sender, ingest: Ingest, account_id: int, letter: DueLetter
) -> int:
    now = datetime.now(UTC)
    if not await database.write(outbox.claim, letter.id, now):
        return 0
    try:
        results = await sender.send(letter.raw, letter.envelope_sender, letter.recipients)
    except WrongData as error:
        results = [
            RecipientResult(address, Delivery.REFUSED, error.message)
            for address in letter.recipients
        ]
    except TuiMailError as error:
        again = now + _delay(letter.attempts)
        await database.write(outbox.release, letter.id, error.message, now, again)
        raise
    retry = _next_try(letter, results, now)
    if any(result.delivery is Delivery.ACCEPTED for result in results):
        try:
            await ingest.file_sent(account_id, letter, results, retry)
        except TuiMailError:
            # It has gone: even when its copy finds no room, it must not go again.
            await database.write(outbox.settle, letter.id, results, datetime.now(UTC), retry)
            raise
        return 1
    await database.write(outbox.settle, letter.id, results, datetime.now(UTC), retry)
    return 0


def _next_try(
    letter: DueLetter, results: Sequence[RecipientResult], now: datetime
) -> datetime | None:
    """When the deferred are tried again; None when nobody is, or it has gone on too long."""
    deferred = any(result.delivery is Delivery.DEFERRED for result in results)
    long_enough = now - letter.created_at > _GIVE_UP_AFTER and letter.attempts >= _LEAST_TRIES
    if not deferred or long_enough:
        return None
    return now + _delay(letter.attempts)


def _delay(attempts: int) -> timedelta:
    """Growing, with a jitter of a fifth so that many letters do not come back at once."""
    minutes = _DELAYS[min(attempts, len(_DELAYS) - 1)]
    return timedelta(minutes=minutes * random.uniform(0.9, 1.1))  # noqa: S311 — no secret
