"""From a message's bytes to everything the database keeps of it, in one transaction a batch.

Reading happens in other processes when there is much of it, sealing in threads, both outside the
transaction; then messages, placements, threads, full text and links are stored together, or nothing is.
"""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from tui_mail.blobs import BlobStore
from tui_mail.db import accounts, local_copies, outbox
from tui_mail.db.arrivals import Saved, save
from tui_mail.db.engine import Database
from tui_mail.db.outbox import DueLetter
from tui_mail.db.prepared import Arrival
from tui_mail.db.session import Session
from tui_mail.values import Fetched, Flag, RecipientResult
from tui_mail.worker.keeper import Keep, Keeper
from tui_mail.worker.link import link_composed, link_messages
from tui_mail.worker.preparers import Preparers
from tui_mail.worker.preparing import Unsealed

_WRITING_THREADS = 16  # making a blob safe on the disk is nothing but waiting


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: how many messages were not there before, how many are damaged.

    Of a file, "there" is the folder it was to be put into: what others hold is nobody's business.
    """

    stored: int
    damaged: int


class Ingest:
    """Takes messages in for any account."""

    def __init__(self, database: Database, blobs: BlobStore, *, background: bool = False) -> None:
        """`background`: somebody works at a console meanwhile."""
        self._database = database
        self._blobs = blobs
        self._preparers = Preparers(background=background)
        self._keeper = Keeper(database, apart=background)
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._writers = ThreadPoolExecutor(_WRITING_THREADS, thread_name_prefix="blobs")

    def close(self) -> None:
        """End the processes that help. Only when nothing is being taken in any more."""
        self._preparers.close()
        self._keeper.close()
        self._writers.shutdown()

    @property
    def blobs(self) -> BlobStore:
        """Where the attachments go."""
        return self._blobs

    async def store(self, account_id: int, folder_id: int, batch: Sequence[Fetched]) -> Outcome:
        """Store what a server has; its keys become placements.

        Raises CannotWrite (disk full), Offline, TryLater.
        """
        arrivals, saved = await self._in_turn(_save, account_id, folder_id, batch)
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
        arrivals, saved = await self._in_turn(_take_in, account_id, folder_id, fresh)
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

    async def _in_turn(
        self, keep: Keep, account_id: int, folder_id: int, batch: Sequence[Fetched]
    ) -> tuple[list[Arrival], list[Saved]]:
        """Prepare and keep; batches of a folder are kept in the order in which they were begun."""
        turn = self._turns.setdefault(folder_id, asyncio.Lock())
        preparing = asyncio.ensure_future(self._prepared(batch))
        try:
            async with turn:
                arrivals = await preparing
                return arrivals, await self._keeper.keep(keep, account_id, folder_id, arrivals)
        finally:
            preparing.cancel()

    async def _prepared(self, batch: Sequence[Fetched]) -> list[Arrival]:
        own = await self._database.read(accounts.own_addresses)
        unsealed = await self._preparers.prepare([one.raw for one in batch], own)
        blobs = [
            {number: self._put(content) for number, content in one.files.items()}
            for one in unsealed
        ]
        await asyncio.gather(*(blob for each in blobs for blob in each.values()))
        names = [{number: blob.result() for number, blob in each.items()} for each in blobs]
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._writers, _arrivals, unsealed, names, batch)

    def _put(self, content: bytes) -> "asyncio.Future[str]":
        """Raises CannotWrite when it is done."""
        return asyncio.get_running_loop().run_in_executor(self._writers, self._blobs.put, content)


def _arrivals(
    unsealed: Sequence[Unsealed], names: Sequence[Mapping[int, str]], batch: Sequence[Fetched]
) -> list[Arrival]:
    return [
        Arrival(one.sealed(blobs), fetched.key, fetched.flags, fetched.received_at)
        for one, blobs, fetched in zip(unsealed, names, batch, strict=True)
    ]


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
