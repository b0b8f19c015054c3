"""Proof that database and attachments agree, and their mending.

Every finding is said in a sentence that says what to do; what can be mended is, in transactions of
its own, so that stopping at any point leaves everything whole. Hides the order of the looks (what
others rest on first), and that no folder or table is held in memory.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tui_mail.blobfiles import StoredFile
from tui_mail.blobs import BlobStore
from tui_mail.db import accounts, blob_rows, checkup, exports, word_index
from tui_mail.db.blob_rows import BlobRow, Original
from tui_mail.db.checkup import Look
from tui_mail.db.engine import Database
from tui_mail.db.rows import AccountSecret
from tui_mail.errors import Away, InputOutput, NotAllowed, TuiMailError, WrongKey, WrongPassword
from tui_mail.i18n import _
from tui_mail.mail.source import restore
from tui_mail.vault import Vault
from tui_mail.worker import surroundings
from tui_mail.worker.collect import GRACE, collect, nothing_collected, other_users
from tui_mail.worker.doctor_words import sentence
from tui_mail.worker.opening import opener
from tui_mail.worker.surroundings import Places

_MOST_TOLD = 1000
_ROWS_AT_ONCE = 500
_BYTES_AT_ONCE = 32 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be: how often, a few of them, how many are mended now."""

    slug: str
    count: int
    examples: tuple[str, ...] = ()
    mended: int = 0

    @property
    def message(self) -> str:
        """What is wrong, and what to do about it."""
        return sentence(self.slug, self.count)

    @property
    def left(self) -> int:
        return self.count - self.mended


class Doctor:
    """Looks an installation over. `tell` is told what is being done, with a count as it goes.

    Attachments that are with their servers only are counted as `away`, and messages that cannot be
    put together for that as `skipped`: nothing is wrong with them.
    """

    def __init__(
        self,
        database: Database,
        blobs: BlobStore,
        vault: Vault,
        places: Places,
        tell: Callable[[str], None],
        *,
        now: datetime,
        repair: bool,
        deep: bool,
    ) -> None:
        self._database = database
        self._blobs = blobs
        self._vault = vault
        self._opens = True
        self._places = places
        self._tell = tell
        self._now = now
        self._repair = repair
        self._deep = deep
        self.messages = 0
        self.attachments = 0
        self.away = 0
        self.skipped = 0

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong, as it is found; with `repair`, what is mended by then.

        Raises TuiMailError when the database cannot be asked at all, WrongPassword for a passphrase.
        """
        yield from self._surroundings()
        self._tell(_("the database's own check"))
        found = self._database.read_now(checkup.damage, deep=self._deep)
        if found.count:
            yield Finding("database_damaged", found.count, found.examples)
        for look in checkup.looks():
            self._tell(_("counters, threads and links"))
            yield from self._look(look)
        yield from self._search_index()
        yield from self._keys()
        yield from self._attachments()
        if self._deep and self._opens:
            yield from self._sources()

    def _look(self, look: Look) -> Iterator[Finding]:
        found = self._database.read_now(look.find)
        if not found.count:
            return
        mended = 0
        if self._repair and look.mend is not None:
            self._database.write_now(look.mend)
            mended = found.count - self._database.read_now(look.find).count
        yield Finding(look.slug, found.count, found.examples, mended)

    def _search_index(self) -> Iterator[Finding]:
        """Every message is in the index, and nothing else; mended some messages at a time."""
        self._tell(_("the index of words"))
        count = self._unindexed()
        if not count:
            return
        if self._repair:
            after: int | None = -1
            while after is not None:
                after = self._database.write_now(word_index.rebuild, after)
        yield Finding("search_index", count, (), count - self._unindexed())

    def _unindexed(self) -> int:
        found = self._database.read_now(word_index.agreement)
        return found.missing + found.orphaned

    # -- what the installation stands on

    def _surroundings(self) -> Iterator[Finding]:
        paths = surroundings.open_to_others(self._places)
        if paths:
            left = surroundings.close_to_others(paths) if self._repair else paths
            names = tuple(map(str, paths[:_MOST_TOLD]))
            yield Finding("rights", len(paths), names, len(paths) - len(left))
        full = surroundings.nearly_full(self._places)
        if full:
            told = tuple(f"{folder}: {free >> 20} MB" for folder, free in full)
            yield Finding("disk_space", len(full), told)
        kind = surroundings.database_on_network(self._places)
        if kind:
            yield Finding("network_file_system", 1, (f"{self._places.database}: {kind}",))

    # -- the keys

    def _keys(self) -> Iterator[Finding]:
        """Whether the vault opens, where anything was sealed, and every password with it."""
        secrets = self._database.read_now(accounts.secrets)
        if not secrets and not self._database.read_now(blob_rows.blobs_after, "", 1):
            return
        try:
            self._vault.unlock(make=False)
        except WrongPassword:
            raise
        except (NotAllowed, InputOutput) as error:
            self._opens = False
            yield Finding("vault_closed", 1, (str(error),))
            return
        closed = [one.email for one in secrets if not self._unseals(one)]
        if closed:
            yield Finding("passwords_closed", len(closed), tuple(closed[:_MOST_TOLD]))

    def _unseals(self, one: AccountSecret) -> bool:
        try:
            self._vault.unseal(one.secret, f"account {one.email}")
        except WrongKey:
            return False
        return True

    # -- the folder of attachments

    def _attachments(self) -> Iterator[Finding]:
        """Rows and files side by side, both by name."""
        wrong: list[tuple[str, str]] = []
        unused: list[str] = []
        older_than = self._now - GRACE
        for name, row, file in self._pairs():
            self.attachments += 1
            if self.attachments % _ROWS_AT_ONCE == 0:
                self._tell(_("attachments: {count}").format(count=self.attachments))
            if row is not None and row.references > 0 and row.away:
                self.away += 1
            elif row is not None and row.references > 0:
                why = self._wrong_with(name, row, file)
                if why:
                    wrong.append((name, why))
            elif file is None or file.modified < older_than:
                unused.append(name)
        yield from self._wrong_attachments(wrong)
        yield from self._unused(unused)

    def _pairs(self) -> Iterator[tuple[str, BlobRow | None, StoredFile | None]]:
        """Every blob that the database or the folder knows, and what each of them knows of it."""
        files = self._blobs.names()
        file = next(files, None)
        for row in self._rows():
            while file is not None and file.name < row.name:
                yield file.name, None, file
                file = next(files, None)
            if file is not None and file.name == row.name:
                yield row.name, row, file
                file = next(files, None)
            else:
                yield row.name, row, None
        while file is not None:
            yield file.name, None, file
            file = next(files, None)

    def _rows(self) -> Iterator[BlobRow]:
        last = ""
        while rows := self._database.read_now(blob_rows.blobs_after, last, _ROWS_AT_ONCE):
            yield from rows
            last = rows[-1].name

    def _wrong_with(self, name: str, row: BlobRow, file: StoredFile | None) -> str:
        if file is None:
            return "attachments_lost"
        if not self._opens:
            return ""
        try:
            self._blobs.verify(name, None if self._deep else row.size)
        except WrongKey:
            return "attachments_closed"
        except TuiMailError:
            return "attachments_damaged"
        return ""

    def _wrong_attachments(self, wrong: list[tuple[str, str]]) -> Iterator[Finding]:
        """Which messages lose which attachment; nothing here can bring them back."""
        for slug in ("attachments_lost", "attachments_damaged", "attachments_closed"):
            names = [name for name, why in wrong if why == slug]
            if not names:
                continue
            count = self._database.read_now(blob_rows.held, names)
            some = self._database.read_now(blob_rows.holders, names, _MOST_TOLD)
            told = (
                _("message {id}, attachment {number} ({account}): {name}").format(
                    id=one.message_id,
                    number=one.number,
                    account=one.account or "–",
                    name=one.name or "–",
                )
                for one in some
            )
            yield Finding(slug, count, tuple(told))

    def _unused(self, names: list[str]) -> Iterator[Finding]:
        """Files that nothing needs any more, and those that were never written to the end."""
        others = other_users(self._places.attachments, self._database)
        strange, halves = self._leftovers()
        if others and (names or halves):
            marks = tuple(map(str, others[:_MOST_TOLD]))
            yield Finding("folder_shared", len(others), marks)
        elif names or halves:
            gone = 0
            if self._repair:
                with nothing_collected(self._places.attachments):
                    gone = collect(self._database, self._blobs, names, self._now)
                    gone += self._blobs.sweep(self._now - GRACE)
            count = len(names) + len(halves)
            examples = (*names, *halves)[:_MOST_TOLD]
            yield Finding("attachments_unused", count, tuple(examples), min(gone, count))
        if strange:
            yield Finding("strange_files", len(strange), tuple(strange[:_MOST_TOLD]))

    def _leftovers(self) -> tuple[list[str], list[str]]:
        """What others put there, and what was begun more than a day ago."""
        strange, halves = [], []
        for one in self._blobs.leftovers():
            if not one.name.rpartition("/")[2].startswith("."):
                strange.append(one.name)
            elif one.modified < self._now - GRACE:
                halves.append(one.name)
        return strange, halves

    # -- every message in whole

    def _sources(self) -> Iterator[Finding]:
        """Whether each message restores to the bytes that came."""
        wrong: list[int] = []
        last = 0
        while rows := self._database.read_now(blob_rows.originals_after, last, _ROWS_AT_ONCE):
            queue = deque(rows)
            while queue:
                wrong += self._not_whole(_some(queue))
            last = rows[-1].message_id
            self.messages += len(rows)
            self._tell(_("messages: {count}").format(count=self.messages))
        if wrong:
            told = tuple(_("message {id}").format(id=one) for one in wrong[:_MOST_TOLD])
            yield Finding("messages_damaged", len(wrong), told)

    def _not_whole(self, rows: list[Original]) -> list[int]:
        ids = [row.message_id for row in rows]
        skeletons = self._database.read_now(exports.skeletons, ids)
        return [
            row.message_id
            for row in rows
            if row.message_id in skeletons and not self._is_whole(row, skeletons[row.message_id])
        ]

    def _is_whole(self, row: Original, skeleton: bytes) -> bool:
        try:
            raw = restore(skeleton, opener(self._database, self._blobs))
        except Away:
            self.skipped += 1
            return True
        except TuiMailError:
            return False
        return hashlib.sha256(raw).hexdigest() == row.content_hash


def _some(queue: deque[Original]) -> list[Original]:
    """The next messages, as many as are held at once with ease, but one at least."""
    rows = [queue.popleft()]
    size = rows[0].size
    while queue and size + queue[0].size <= _BYTES_AT_ONCE:
        rows.append(queue.popleft())
        size += rows[-1].size
    return rows
