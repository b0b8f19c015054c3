"""From a message's bytes to everything the database keeps of it, in one transaction a batch.

Reading, sealing and naming happen in threads, off the event loop and outside the transaction;
then messages, placements, threads, full text and links are stored together, or nothing is.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_mail.blobs import BlobStore
from tui_mail.db import accounts, local_copies, outbox
from tui_mail.db.arrivals import Saved, save
from tui_mail.db.engine import Database
from tui_mail.db.outbox import DueLetter
from tui_mail.db.prepared import Arrival, Prepared, PreparedAttachment
from tui_mail.db.session import Session
from tui_mail.mail.parse import parse
from tui_mail.mail.source import Source, dismantle
from tui_mail.mail.threads import thread_keys
from tui_mail.values import Fetched, Flag, ParsedMessage, RecipientResult
from tui_mail.worker.link import link_composed, link_messages

# Reading takes the interpreter, which only one thread has at a time; making a blob safe on the
# disk is nothing but waiting.
_WRITING_THREADS = 16
_READ_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: how many messages were not there before, how many are damaged.

    Of a file, "there" is the folder it was to be put into: what others hold is nobody's business.
    """

    stored: int
    damaged: int


class Ingest:
    """Takes messages in for any account."""

    def __init__(self, database: Database, blobs: BlobStore) -> None:
        self._database = database
        self._blobs = blobs
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="ingest")
        self._writers = ThreadPoolExecutor(_WRITING_THREADS, thread_name_prefix="blobs")

    @property
    def blobs(self) -> BlobStore:
        """Where the attachments go."""
        return self._blobs

    async def store(self, account_id: int, folder_id: int, batch: Sequence[Fetched]) -> Outcome:
        """Store what a server has; its keys become placements.

        Raises CannotWrite (disk full), Offline, TryLater.
        """
        arrivals = await self._prepared(batch)
        saved = await self._database.write(_save, account_id, folder_id, arrivals)
        return _outcome(saved, arrivals)

    async def take_in(self, account_id: int, folder_id: int, batch: Sequence[Fetched]) -> Outcome:
        """Store what a file has; a folder that a server has too is given it by an operation.

        What the folder holds already is neither read nor stored again.
        """
        hashes = [hashlib.sha256(one.raw).hexdigest() for one in batch]
        held = await self._database.read(local_copies.holds, folder_id, hashes)
        fresh = [one for one, known in zip(batch, hashes, strict=True) if known not in held]
        if not fresh:
            return Outcome(0, 0)
        arrivals = await self._prepared(fresh)
        saved = await self._database.write(_take_in, account_id, folder_id, arrivals)
        placed = {one.message_id for one in saved}
        return Outcome(len(placed), _damaged(arrivals))

    async def file_sent(
        self,
        account_id: int,
        letter: DueLetter,
        results: Sequence[RecipientResult],
        again: datetime | None,
    ) -> str:
        """Settle a letter that somebody accepted and file its copy with its links, at once."""
        copy = Fetched("", letter.raw, frozenset({Flag.SEEN}), datetime.now(UTC))
        arrivals = await self._prepared([copy])
        return await self._database.write(
            _settle_and_file, account_id, letter.id, tuple(results), again, arrivals
        )

    async def _prepared(self, batch: Sequence[Fetched]) -> list[Arrival]:
        own = await self._database.read(accounts.own_addresses)
        parts = [
            batch[start : start + _READ_AT_ONCE] for start in range(0, len(batch), _READ_AT_ONCE)
        ]
        prepared = await asyncio.gather(*(self._prepared_part(part, own) for part in parts))
        return [arrival for part in prepared for arrival in part]

    async def _prepared_part(
        self, batch: Sequence[Fetched], own: frozenset[str]
    ) -> Sequence[Arrival]:
        """Others are read while the blobs of these are on their way to the disk."""
        loop = asyncio.get_running_loop()
        read = await loop.run_in_executor(self._reader, lambda: [self._read(one) for one in batch])
        blobs = [asyncio.wrap_future(blob) for one in read for blob in one.blobs.values()]
        await asyncio.gather(*blobs, return_exceptions=True)
        return await loop.run_in_executor(
            self._reader, lambda: [_arrival(one, own) for one in read]
        )

    def _read(self, fetched: Fetched) -> "_Read":
        parsed = parse(fetched.raw)
        source = dismantle(fetched.raw, parsed)
        apart = {segment.number for segment in source.segments if segment.number}
        blobs = {
            number: self._writers.submit(self._blobs.put, found.content)
            for number, found in enumerate(parsed.attachments, 1)
            if number in apart
        }
        return _Read(fetched, parsed, source, blobs)


@dataclass(frozen=True, slots=True)
class _Read:
    """A message read; `blobs`: attachments on their way to the disk, by number."""

    fetched: Fetched
    parsed: ParsedMessage
    source: Source
    blobs: dict[int, "Future[str]"]


def _arrival(read: _Read, own: frozenset[str]) -> Arrival:
    """Raises CannotWrite when a blob could not be stored."""
    fetched, parsed = read.fetched, read.parsed
    attachments = [_attachment(one.number, read) for one in read.source.attachments]
    content_hash = hashlib.sha256(fetched.raw).hexdigest()
    prepared = Prepared(
        parsed=parsed,
        content_hash=content_hash,
        skeleton=read.source.skeleton([one.blob for one in attachments]),
        attachments=tuple(attachments),
        body=parsed.text,
        people=_people(parsed),
        thread_keys=thread_keys(parsed, content_hash),
        own=any(box.address.lower() in own for box in parsed.senders),
    )
    return Arrival(prepared, fetched.key, fetched.flags, fetched.received_at)


def _attachment(number: int, read: _Read) -> PreparedAttachment:
    found = read.parsed.attachments[number - 1]
    blob = read.blobs.get(number)
    return PreparedAttachment(
        number=number,
        name=found.name,
        media_type=found.media_type,
        size=len(found.content),
        sha256=hashlib.sha256(found.content).hexdigest(),
        blob=blob.result() if blob is not None else "",
        content_id=found.content_id,
        inline=found.inline,
    )


def _people(parsed: ParsedMessage) -> str:
    """Names and addresses of everyone on the message, for the search."""
    boxes = (*parsed.senders, *parsed.reply_to, *parsed.to, *parsed.cc, *parsed.bcc)
    return "\n".join(dict.fromkeys(f"{box.name} {box.address}".strip() for box in boxes))


def _outcome(saved: Sequence[Saved], arrivals: Sequence[Arrival]) -> Outcome:
    return Outcome(sum(one.new for one in saved), _damaged(arrivals))


def _damaged(arrivals: Sequence[Arrival]) -> int:
    return sum(bool(one.prepared.parsed.damage) for one in arrivals)


def _save(
    session: Session, account_id: int, folder_id: int, arrivals: Sequence[Arrival]
) -> list[Saved]:
    now = datetime.now(UTC)
    saved = save(session, account_id, folder_id, arrivals, now)
    link_messages(session, [one.message_id for one in saved if one.new], now)
    return saved


def _take_in(
    session: Session, account_id: int, folder_id: int, arrivals: Sequence[Arrival]
) -> list[Saved]:
    """Only what the folder does not hold yet: the same file twice is one message."""
    held = local_copies.holds(session, folder_id, [one.prepared.content_hash for one in arrivals])
    saved = _save(
        session,
        account_id,
        folder_id,
        [one for one in arrivals if one.prepared.content_hash not in held],
    )
    _give_to_server(session, account_id, folder_id, saved)
    return saved


def _give_to_server(
    session: Session, account_id: int, folder_id: int, saved: Sequence[Saved]
) -> None:
    placements = [one.placement_id for one in saved if one.placement_id is not None]
    local_copies.queue_appends(session, account_id, folder_id, placements)


def _settle_and_file(
    session: Session,
    account_id: int,
    letter_id: int,
    results: Sequence[RecipientResult],
    again: datetime | None,
    arrivals: Sequence[Arrival],
) -> str:
    now = datetime.now(UTC)
    state = outbox.settle(session, letter_id, results, now, again)
    folder_id = outbox.sent_folder(session, account_id)
    # Filed already when others were accepted before; new or not, as it may have come to one of us.
    held = local_copies.holds(session, folder_id, [one.prepared.content_hash for one in arrivals])
    saved = save(session, account_id, folder_id, arrivals, now)
    about = outbox.sent_details(session, letter_id).entity_ids
    for one, arrival in zip(saved, arrivals, strict=True):
        link_composed(session, one.message_id, min(arrival.received_at, now), about, now)
    link_messages(session, [one.message_id for one in saved], now)
    if not held and not accounts.account_by_id(session, account_id).files_sent_itself:
        _give_to_server(session, account_id, folder_id, saved)
    return state
