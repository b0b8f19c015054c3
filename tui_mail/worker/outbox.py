"""Letters on their way: each is handed over at most once, and what is not known is said.

`queued` becomes `sending` in a transaction of its own before the first byte goes; a process that
dies in between leaves `unknown`, which only a person resolves (RFC 1047, RFC 5321 §4.5.3.2.6).
"""

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from tui_mail.backends import Sender
from tui_mail.db import outbox
from tui_mail.db.engine import Database
from tui_mail.db.outbox import DueLetter
from tui_mail.errors import TuiMailError, WrongData
from tui_mail.values import Delivery, Fetched, Flag, RecipientResult
from tui_mail.worker.ingest import Ingest

_DELAYS = (1, 5, 15, 60, 180, 360)  # minutes
_GIVE_UP_AFTER = timedelta(hours=72)


async def send_due(database: Database, sender: Sender, ingest: Ingest, account_id: int) -> int:
    """Send what is due of an account; how many letters were handed over.

    Raises Offline, NotAllowed or ProtocolRefused of the server, with the letter queued again.
    """
    sent = 0
    while letters := await database.read(outbox.due, account_id, datetime.now(UTC), 10):
        for letter in letters:
            sent += await _send(database, sender, ingest, account_id, letter)
    return sent


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
    state = await database.write(
        outbox.settle, letter.id, results, datetime.now(UTC), _next_try(letter, results, now)
    )
    if any(result.delivery is Delivery.ACCEPTED for result in results):
        await file_sent(database, ingest, account_id, letter)
        return 1
    return int(state == "sent")


async def file_sent(database: Database, ingest: Ingest, account_id: int, letter: DueLetter) -> None:
    """Put the sent copy where it belongs, with its links; the server is told by an operation."""
    folder_id = await database.write(outbox.sent_folder, account_id)
    copy = Fetched("", letter.raw, frozenset({Flag.SEEN}), datetime.now(UTC))
    await ingest.store(account_id, folder_id, [copy], outgoing_id=letter.id)


def _next_try(
    letter: DueLetter, results: Sequence[RecipientResult], now: datetime
) -> datetime | None:
    """When the deferred are tried again; None when nobody is, or it has gone on too long."""
    deferred = any(result.delivery is Delivery.DEFERRED for result in results)
    if not deferred or now - letter.created_at > _GIVE_UP_AFTER:
        return None
    return now + _delay(letter.attempts)


def _delay(attempts: int) -> timedelta:
    """Growing, with a jitter of a fifth so that many letters do not come back at once."""
    minutes = _DELAYS[min(attempts, len(_DELAYS) - 1)]
    return timedelta(minutes=minutes * random.uniform(0.9, 1.1))  # noqa: S311 — no secret
