"""The text of attached files gets into the search, after the mail itself, a few messages at a time.

What a batch has read is kept with the batch: a kill loses one batch's reading and nothing else.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tui_mail.blobs import BlobStore
from tui_mail.db import messages, texts, wanted
from tui_mail.db.engine import Database
from tui_mail.db.session import Session
from tui_mail.db.texts import WaitingFile
from tui_mail.errors import Away, InputOutput, NotFound, NoVault, WrongData, WrongKey
from tui_mail.extract.wire import Extracted, Outcome
from tui_mail.mail.parse import parse
from tui_mail.mail.source import restore
from tui_mail.worker.extracting import Extractor
from tui_mail.worker.link import link_messages
from tui_mail.worker.opening import opener
from tui_mail.worker.turns import turn

_AT_ONCE = 20

log = logging.getLogger(__name__)


async def _go_on(_done: int) -> None:
    """Nothing is in the way."""


async def read_waiting(
    database: Database,
    blobs: BlobStore,
    locks: Path,
    *,
    processes: int = 1,
    seconds: float | None = None,
    pause: Callable[[int], Awaitable[None]] = _go_on,
) -> int:
    """Read the files of all messages that wait; how many messages that were.

    One process of a host does it at a time; another waits `seconds` for its turn, None for ever,
    and leaves it. `pause` is told how many are done, and holds the work up while mail comes.
    Raises what the database does, and what the vault does when it does not open.
    """
    async with turn(locks, "texts", seconds=seconds) as ours:
        if not ours:
            return 0
        done = 0
        async with Extractor(processes) as extractor:
            while True:
                await pause(done)
                batch = await database.read(texts.waiting, _AT_ONCE)
                if not batch.message_ids:
                    return done
                # Those whose files are with their servers wait until these are here again.
                away = await database.read(wanted.to_be_had, batch.message_ids)
                if away:
                    await database.write(wanted.want, away, datetime.now(UTC))
                    continue
                read = await _read(database, blobs, extractor, batch.files)
                await database.write(_settle, batch.message_ids, read)
                done += len(batch.message_ids)


def _settle(session: Session, message_ids: Sequence[int], read: Mapping[str, Extracted]) -> None:
    """What the files say may name records, too."""
    settled = texts.settle_texts(session, message_ids, read)
    link_messages(session, settled, datetime.now(UTC))


async def _read(
    database: Database, blobs: BlobStore, extractor: Extractor, files: Sequence[WaitingFile]
) -> dict[str, Extracted]:
    opened = opener(database, blobs)

    async def one(file: WaitingFile) -> Extracted:
        try:
            content = await asyncio.to_thread(_content, database, opened, file)
        except NoVault:
            raise  # the folder may come back
        except (NotFound, Away, InputOutput, WrongData, WrongKey):
            log.warning("file %d of message %d is lost", file.number, file.message_id)
            return Extracted(Outcome.LOST)
        return await extractor.extract(file.name, file.media_type, content)

    # By twos: while one is read, the next one's bytes are fetched; more would fill the memory.
    gate = asyncio.Semaphore(2)

    async def gated(file: WaitingFile) -> Extracted:
        async with gate:
            return await one(file)

    found = await asyncio.gather(*map(gated, files))
    return {file.sha256: result for file, result in zip(files, found, strict=True)}


def _content(database: Database, opened: Callable[[str], bytes], file: WaitingFile) -> bytes:
    """Raises NotFound, Away, InputOutput, WrongData, WrongKey."""
    if file.blob:
        return opened(file.blob)
    skeleton, _names = database.read_now(messages.source, None, file.message_id)
    found = parse(restore(skeleton, opened)).attachments
    if file.number > len(found):
        raise NotFound("")
    return found[file.number - 1].content
