"""From a message's bytes to everything the database keeps of it, in one transaction a batch.

Reading happens in other processes when there is much of it, sealing in threads, both outside the
transaction; then messages, placements, threads, full text and links are stored together, or nothing is.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from weakref import WeakValueDictionary

from msgspec.structs import replace

from tui_mail import aside
from tui_mail.backends.pop3_syntax import head_of
from tui_mail.blobs import BlobStore
from tui_mail.db import (
    accounts,
    filing,
    local_copies,
    outbox,
    picked_up,
    restoring,
    sent_copies,
    wanted,
)
from tui_mail.db.arrivals import Saved, save
from tui_mail.db.engine import Database
from tui_mail.db.outbox import DueLetter
from tui_mail.db.picked_up import Picked
from tui_mail.db.prepared import Arrival
from tui_mail.db.restoring import Kept
from tui_mail.db.session import Session
from tui_mail.errors import TuiMailError
from tui_mail.mail.source import restore
from tui_mail.values import Fetched, Flag, RecipientResult
from tui_mail.worker.keeper import Keep, Keeper
from tui_mail.worker.link import New, link_composed, link_messages
from tui_mail.worker.preparers import Preparers
from tui_mail.worker.preparing import Delivery, Parcel

_WRITING_THREADS = 16  # making a blob safe on the disk is nothing but waiting


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch: how many messages were not there before, which could not be read in
    whole (their place in the batch, and why), how many were here and have got back what was lost.

    Of a file, "there" is the folder it was to be put into: what others hold is nobody's business.
    """

    stored: int
    damaged: Mapping[int, Sequence[str]]
    restored: int


class Ingest:
    """Takes messages in for any account."""

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        *,
        background: bool = False,
        authorities: Sequence[bytes] = (),
    ) -> None:
        """`background`: somebody works at a console meanwhile. `authorities`: DER, of those that
        may vouch for providers of certified mail; without any, whom to trust is not asked."""
        self._database = database
        self._authorities = authorities
        self._blobs = blobs
        self._preparers = Preparers(background=background)
        self._keeper = Keeper(database, background=background)
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
        # Beside each other, or the turn would be lost.
        async with self._putting_back(batch) as (lost, putting_back):
            parcels, saved = await self._in_turn(_save, account_id, folder_id, batch, lost)
            restored = await putting_back
        return Outcome(sum(one.new for one in saved), _damaged(parcels, batch), restored)

    async def take_in(self, account_id: int, folder_id: int, batch: Sequence[Fetched]) -> Outcome:
        """Store what a file has; a folder that a server has too is given it by an operation.

        What the folder holds already is not stored again, but for what of it is lost.
        """
        hashes = await self._hashes(batch)
        async with self._putting_back(batch, hashes) as (lost, putting_back):
            held = await self._database.read(local_copies.holds, folder_id, hashes)
            fresh = [one for one, known in zip(batch, hashes, strict=True) if known not in held]
            if not fresh:
                return Outcome(0, {}, await putting_back)
            parcels, saved = await self._in_turn(_take_in, account_id, folder_id, fresh, lost)
            restored = await putting_back
        placed = {one.message_id for one in saved}
        return Outcome(len(placed), _damaged(parcels, batch), restored)

    async def pick_up(
        self, account_id: int, folder_id: int, batch: Sequence[Fetched], sizes: Mapping[str, int]
    ) -> Outcome:
        """Store what came over POP3 with its lines in the ledger, in one transaction; what has come
        before under another key, or was deleted here since, is not stored again.

        `sizes`: as the server counts them, by key. Raises as `store`.
        """
        heads = await asyncio.get_running_loop().run_in_executor(self._writers, _heads, batch)
        keep = partial(_pick_up, heads=heads, sizes=sizes)
        async with self._putting_back(batch) as (lost, putting_back):
            parcels, saved = await self._in_turn(keep, account_id, folder_id, batch, lost)
            restored = await putting_back
        return Outcome(sum(one.new for one in saved), _damaged(parcels, batch), restored)

    async def file_sent(
        self,
        account_id: int,
        letter: DueLetter,
        results: Sequence[RecipientResult],
        again: datetime | None,
    ) -> str:
        """Settle a letter that somebody accepted and file its copy with its links, at once.

        Without results, and a letter that has gone, only the copy is filed.
        """
        copy = Fetched("", letter.raw, frozenset({Flag.SEEN}), datetime.now(UTC))
        _parcels, (delivery,) = await self._prepared([copy])
        return await self._database.write(
            _settle_and_file, account_id, letter.id, tuple(results), again, delivery
        )

    async def bring_back(self, message_id: int, raw: bytes) -> bool:
        """Put back the files of a message that are with its server only; `raw` came from there.

        Whether all of them are here then. What has another hash is not taken. Raises CannotWrite.
        """
        away = await self._database.read(wanted.away_files, message_id)
        parcels = await self._preparers.prepare([raw], frozenset())
        put = partial(self._put_wanted, away=away)
        loop = asyncio.get_running_loop()
        files = [one for parcel in parcels for one in parcel.files.values()]
        came = await asyncio.gather(
            *(loop.run_in_executor(self._writers, put, one) for one in files)
        )
        names = {name for name in came if name}
        now = datetime.now(UTC)
        return await self._database.write(wanted.came_back, message_id, names, now)

    def _put_wanted(self, content: bytes, away: Mapping[str, str]) -> str:
        """The blob that the content is, "" for one that is not wanted."""
        if hashlib.sha256(content).hexdigest() not in away:
            return ""
        aside.stand()
        return self._blobs.put(content, proven=True)

    async def _in_turn(
        self,
        keep: Keep,
        account_id: int,
        folder_id: int,
        batch: Sequence[Fetched],
        lost: "asyncio.Task[list[Fetched]]",
    ) -> tuple[list[Parcel], list[Saved]]:
        """Prepare and keep; batches of a folder are kept in the order in which they were begun.

        `lost`: is looked for first, since a damaged file that a message brings again is whole then.
        """
        turn = self._turns.setdefault(folder_id, asyncio.Lock())

        async def prepared() -> tuple[list[Parcel], list[Delivery]]:
            await asyncio.wait({lost})
            return await self._prepared(batch)

        preparing = asyncio.ensure_future(prepared())
        try:
            async with turn:
                parcels, came = await preparing
                return parcels, await self._keeper.keep(keep, account_id, folder_id, came)
        finally:
            preparing.cancel()

    @asynccontextmanager
    async def _putting_back(
        self, batch: Sequence[Fetched], hashes: Sequence[str] = ()
    ) -> "AsyncIterator[tuple[asyncio.Task[list[Fetched]], asyncio.Task[int]]]":
        """Tasks that find and that give back what is lost of messages that are here already.

        `hashes`: of the batch, where they are known.
        """
        lost = asyncio.create_task(self._lost(batch, hashes))
        task = asyncio.create_task(self._put_back(lost))
        try:
            yield lost, task
        finally:
            lost.cancel()
            task.cancel()
            await asyncio.gather(lost, task, return_exceptions=True)

    async def _hashes(self, batch: Sequence[Fetched]) -> list[str]:
        return await asyncio.get_running_loop().run_in_executor(self._writers, _hashes, batch)

    async def _lost(self, batch: Sequence[Fetched], hashes: Sequence[str]) -> list[Fetched]:
        """Those that are here already, and of which something is not."""
        loop = asyncio.get_running_loop()
        by_hash = dict(zip(hashes or await self._hashes(batch), batch, strict=True))
        kept = await self._database.read(restoring.kept, by_hash)
        if not kept:
            return []
        lacking = await loop.run_in_executor(self._writers, self._lacking, kept)
        return [by_hash[one] for one in lacking]

    async def _put_back(self, lost: "asyncio.Task[list[Fetched]]") -> int:
        """Give messages what is lost of them; how many lacked something.

        Raises CannotWrite.
        """
        again = await lost
        if again:
            _parcels, came = await self._prepared(again, proven=True)
            await self._database.write(_put_back, came)
        return len(again)

    def _lacking(self, kept: Sequence[Kept]) -> list[str]:
        """The hashes of those messages that are not made again of what is kept of them."""
        return [one.content_hash for one in kept if not self._is_whole(one)]

    def _is_whole(self, one: Kept) -> bool:
        if one.skeleton is None:
            return False
        opened: set[str] = set()

        def fetch(name: str) -> bytes:
            opened.add(name)
            return self._blobs.open(name)

        try:
            raw = restore(one.skeleton, fetch)
            for name in one.blobs - opened:
                self._blobs.verify(name)
        except TuiMailError:
            return False
        return hashlib.sha256(raw).hexdigest() == one.content_hash

    async def _prepared(
        self, batch: Sequence[Fetched], *, proven: bool = False
    ) -> tuple[list[Parcel], list[Delivery]]:
        """`proven`: files that are stored already are looked at, too."""
        own = await self._database.read(accounts.own_addresses)
        parcels = await self._preparers.prepare([one.raw for one in batch], own)
        blobs = [
            {number: self._put(content, proven=proven) for number, content in one.files.items()}
            for one in parcels
        ]
        await asyncio.gather(*(blob for each in blobs for blob in each.values()))
        return parcels, [
            Delivery(
                parcel.content,
                {number: blob.result() for number, blob in each.items()},
                one.key,
                one.flags,
                one.received_at,
                self._authorities,
            )
            for parcel, each, one in zip(parcels, blobs, batch, strict=True)
        ]

    def _put(self, content: bytes, *, proven: bool) -> "asyncio.Future[str]":
        """Raises CannotWrite when it is done."""

        def put() -> str:
            aside.stand()
            return self._blobs.put(content, proven=proven)

        return asyncio.get_running_loop().run_in_executor(self._writers, put)


def _hashes(batch: Sequence[Fetched]) -> list[str]:
    return [hashlib.sha256(one.raw).hexdigest() for one in batch]


def _heads(batch: Sequence[Fetched]) -> dict[str, str]:
    return {one.key: head_of(one.raw) for one in batch}


def _damaged(parcels: Sequence[Parcel], batch: Sequence[Fetched]) -> dict[int, Sequence[str]]:
    """Why what messages of a batch could not be read in whole, by their place in it."""
    why = {one.content_hash: one.damage for one in parcels if one.damage}
    if not why:
        return {}
    return {place: why[one] for place, one in enumerate(_hashes(batch)) if one in why}


def _save(
    session: Session, account_id: int, folder_id: int, arrivals: Sequence[Arrival]
) -> list[Saved]:
    now = datetime.now(UTC)
    saved = save(session, account_id, folder_id, arrivals, now)
    new = {
        one.message_id: New(one.row, arrival.prepared.mentions)
        for one, arrival in zip(saved, arrivals, strict=True)
        if one.row is not None
    }
    threads = filing.take_of(session, {one.thread_id for one in saved})
    link_messages(session, {*new, *filing.messages_of(session, threads)}, now, new)
    return [replace(one, row=None) for one in saved]


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


def _pick_up(
    session: Session,
    account_id: int,
    folder_id: int,
    arrivals: Sequence[Arrival],
    *,
    heads: Mapping[str, str],
    sizes: Mapping[str, int],
) -> list[Saved]:
    hashes = [one.prepared.content_hash for one in arrivals]
    known = picked_up.contents(session, account_id, hashes)
    came = [
        Picked(one.remote, one.prepared.content_hash, heads[one.remote], sizes.get(one.remote, 0))
        for one in arrivals
    ]
    # The inbox is ours alone: no server has its keys.
    fresh = [replace(one, remote="") for one in arrivals if one.prepared.content_hash not in known]
    saved = _save(session, account_id, folder_id, fresh)
    picked_up.note(session, account_id, came, datetime.now(UTC))
    return saved


def _give_to_server(
    session: Session,
    account_id: int,
    folder_id: int,
    saved: Sequence[Saved],
    not_before: datetime | None = None,
) -> None:
    placements = [one.placement_id for one in saved if one.placement_id is not None]
    local_copies.queue_appends(session, account_id, folder_id, placements, not_before)


def _settle_and_file(
    session: Session,
    account_id: int,
    letter_id: int,
    results: Sequence[RecipientResult],
    again: datetime | None,
    delivery: Delivery,
) -> str:
    arrival = delivery.arrival()
    now = datetime.now(UTC)
    state = outbox.settle(session, letter_id, results, now, again)
    folder_id = outbox.sent_folder(session, account_id)
    outbox.note_filed(session, letter_id)
    letter = outbox.sent_details(session, letter_id)
    # There already when others were accepted before, or when the server's own copy came at once.
    copy = sent_copies.filed(session, folder_id, letter.message_id)
    saved = save(session, account_id, folder_id, [arrival], now) if copy is None else []
    for message_id in [one.message_id for one in saved] or [copy or 0]:
        link_composed(session, message_id, min(arrival.received_at, now), letter.entity_ids, now)
        link_messages(session, [message_id], now)
    patient = sent_copies.server_files(accounts.account_by_id(session, account_id))
    not_before = now + sent_copies.PATIENCE if patient else None
    _give_to_server(session, account_id, folder_id, saved, not_before)
    return state


def _put_back(session: Session, came: Sequence[Delivery]) -> None:
    restoring.put_back(session, [one.arrival() for one in came])
