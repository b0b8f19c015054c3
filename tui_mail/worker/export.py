"""Messages out into files, byte for byte as they came, or not at all.

What is written is what the hash of the message says; one that is damaged, or whose attachments
are lost, is told and left out. Hides the order of reading, so that no more than a few messages
are held at once.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tui_mail.blobs import BlobStore
from tui_mail.db import exports
from tui_mail.db.engine import Database
from tui_mail.db.exports import ExportRow
from tui_mail.errors import InputOutput, TuiMailError
from tui_mail.i18n import _
from tui_mail.mail.source import restore
from tui_mail.worker.export_files import Format, Target, target
from tui_mail.worker.opening import opener
from tui_mail.worker.saving import file_name

_ROWS_AT_ONCE = 200
_BYTES_AT_ONCE = 16 << 20


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of one message; `error` says why it was left out."""

    message_id: int
    written: bool
    error: TuiMailError | None = None


class Export:
    """Writes messages that the operator may read to `path`.

    `folders`: each folder of each account into a file or folder of its own below `path`.
    """

    def __init__(
        self, database: Database, blobs: BlobStore, path: Path, kind: Format, *, folders: bool
    ) -> None:
        self._database = database
        self._open = opener(database, blobs)
        self._path = path
        self._kind = kind
        self._folders = folders
        self._targets: dict[Path, Target] = {}

    def run(self, operator_id: int, message_ids: Sequence[int]) -> Iterator[Exported]:
        """Write the messages in order, and say what became of each as it goes.

        Raises CannotWrite, TryLater.
        """
        with ExitStack() as stack:
            for start in range(0, len(message_ids), _ROWS_AT_ONCE):
                some = message_ids[start : start + _ROWS_AT_ONCE]
                rows = self._database.read_now(exports.export_rows, operator_id, some)
                for few in _few(rows):
                    yield from self._write(few, lambda path: self._target(path, stack))
            for one in self._targets.values():
                one.finish()

    def _target(self, path: Path, stack: ExitStack) -> Target:
        if path not in self._targets:
            self._targets[path] = made = target(path, self._kind)
            stack.callback(made.close)
        return self._targets[path]

    def _write(
        self, rows: Sequence[ExportRow], target_at: Callable[[Path], Target]
    ) -> Iterator[Exported]:
        found = [_outcome(row, target_at(self._place(row))) for row in rows]
        missing = {row.message_id for row, done in zip(rows, found, strict=True) if done is None}
        skeletons = self._database.read_now(exports.skeletons, missing)
        for row, done in zip(rows, found, strict=True):
            if done is not None:
                yield done
                continue
            try:
                raw = self._raw(row, skeletons.get(row.message_id, b""))
            except TuiMailError as error:
                yield Exported(row.message_id, written=False, error=error)
                continue
            target_at(self._place(row)).add(row, raw)
            yield Exported(row.message_id, written=True)

    def _raw(self, row: ExportRow, skeleton: bytes) -> bytes:
        raw = restore(skeleton, self._open)
        if hashlib.sha256(raw).hexdigest() != row.content_hash:
            raise InputOutput(
                _("The stored source is not what came: run tui-mail doctor --deep to see more.")
            )
        return raw

    def _place(self, row: ExportRow) -> Path:
        if not self._folders:
            return self._path
        parts = [file_name(row.account), *folder_parts(row.folder)]
        ending = ".mbox" if self._kind == "mbox" else ""
        return self._path.joinpath(*parts[:-1], parts[-1] + ending)


def folder_parts(name: str) -> list[str]:
    """What a folder and those above it are called where its mail is written."""
    return [file_name(part) for part in name.split("/") if part]


def _outcome(row: ExportRow, place: Target) -> Exported | None:
    """What is known of a message before it is read, None when it has to be written."""
    try:
        return Exported(row.message_id, written=False) if place.has(row) else None
    except TuiMailError as error:
        return Exported(row.message_id, written=False, error=error)


def _few(rows: Sequence[ExportRow]) -> Iterator[list[ExportRow]]:
    """So many that their sources are held at once with ease, but one at least."""
    few: list[ExportRow] = []
    size = 0
    for row in rows:
        if few and size + row.size > _BYTES_AT_ONCE:
            yield few
            few, size = [], 0
        few.append(row)
        size += row.size
    if few:
        yield few
