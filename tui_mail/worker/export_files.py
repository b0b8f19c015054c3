"""Where exported messages go: an mbox file, a folder of EML or Markdown files, a Maildir.

Each is whole or not there, nothing that exists is written over, and what a run that was cut short
has written is known and kept by the next one. Hides names, resuming and renaming.
"""

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from tui_mail.archives import maildir, mbox
from tui_mail.archives.bytes_of import LARGEST_MESSAGE
from tui_mail.db.exports import ExportRow
from tui_mail.errors import CannotWrite, TryLater
from tui_mail.i18n import _
from tui_mail.mail.markdown import document
from tui_mail.mail.parse import parse
from tui_mail.worker.saving import file_name

Format = Literal["mbox", "eml", "maildir", "markdown"]

_OWNER_ONLY = 0o600
_SUBJECT_BYTES = 120
_BEGUN = re.compile(r"\.[0-9a-f]{64}\.part")
_BEGUN_IN_MAILDIR = re.compile(r"-?[0-9]+\.[0-9a-f]{32}\.tui-mail")


class Target(Protocol):
    """A place that messages are written to, one after the other."""

    def has(self, row: ExportRow) -> bool:
        """Whether an earlier run has written the message."""

    def add(self, row: ExportRow, raw: bytes) -> None:
        """Write a message.

        Raises CannotWrite.
        """

    def finish(self) -> None:
        """Everything is there: put the whole in its place.

        Raises CannotWrite.
        """

    def close(self) -> None:
        """Let go; what is written stays for the next run."""


def target(path: Path, kind: Format) -> Target:
    """What writes to `path`; made where it is missing.

    Raises CannotWrite when something else is there, TryLater when another export is at it.
    """
    with _saying(path):
        return _TARGETS[kind](path)


@contextmanager
def _saying(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(
            _("{file} cannot be written ({reason}).").format(file=path, reason=error.strerror)
        ) from error


class _Mbox:
    """Written beside as `NAME.part`, and renamed when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if path.exists() or path.is_symlink():
            raise CannotWrite(
                _("{file} is there already: name another file, or move it away.").format(file=path)
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self._part = path.with_name(f"{path.name}.part")
        handle = os.open(self._part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, _OWNER_ONLY)
        self._file: BinaryIO = os.fdopen(handle, "r+b")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise TryLater(
                _("Another export is writing {file}: wait for it, or name another file.").format(
                    file=path
                )
            ) from error
        self._known = self._resume()

    def _resume(self) -> set[str]:
        """What is there whole; the last message may be cut short, and is written again."""
        known: dict[str, int] = {}
        end = 0
        last = ""
        for one in mbox.split(self._file, LARGEST_MESSAGE):
            last, end = hashlib.sha256(one.raw).hexdigest(), one.start
            known[last] = one.start
        known.pop(last, None)
        self._file.seek(end)
        self._file.truncate()
        return set(known)

    def has(self, row: ExportRow) -> bool:
        return row.content_hash in self._known

    def add(self, row: ExportRow, raw: bytes) -> None:
        with _saying(self._part):
            self._file.write(mbox.written(raw, row.received_at))

    def finish(self) -> None:
        with _saying(self._path):
            self._file.flush()
            if not self._file.tell():  # all of it is lost, and told: an empty file says nothing
                self._part.unlink()
                return
            os.fsync(self._file.fileno())
            _into_place(self._part, self._path)

    def close(self) -> None:
        with _saying(self._part):
            self._file.close()


class _Eml:
    """A file a message: when it came, its subject, and the start of its hash, by which it is known."""

    ending = ".eml"

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def _place(self, row: ExportRow) -> Path:
        written = row.subject.replace("/", "-").replace("\\", "-")  # as in an order's number
        subject = file_name(written) if row.subject.strip() else ""
        subject = subject.encode()[:_SUBJECT_BYTES].decode("utf-8", "ignore")
        words = (f"{row.received_at:%Y-%m-%d %H%M}", subject, row.content_hash[:12])
        return self._folder / (" ".join(filter(None, words)) + self.ending)

    def has(self, row: ExportRow) -> bool:
        path = self._place(row)
        with _saying(path):
            if not path.exists():
                return False
            with path.open("rb") as file:
                same = hashlib.file_digest(file, "sha256").hexdigest() == row.content_hash
        if not same:
            raise CannotWrite(
                _("{file} is there with another content: move it away.").format(file=path)
            )
        self._beside(row).unlink(missing_ok=True)  # a run may have ended right after it was linked
        return True

    def _beside(self, row: ExportRow) -> Path:
        return self._folder / f".{row.content_hash}.part"

    def add(self, row: ExportRow, raw: bytes) -> None:
        path = self._place(row)
        with _saying(path):
            _write(self._beside(row), raw)
            _into_place(self._beside(row), path)

    def finish(self) -> None:
        """Every file is in its place; what a run that was cut short began goes."""
        _tidy(self._folder, _BEGUN)

    def close(self) -> None:
        """Nothing is held."""


class _Markdown(_Eml):
    """A file a message to read: who, when, what it says; it cannot be taken in again."""

    ending = ".md"

    def has(self, row: ExportRow) -> bool:
        path = self._place(row)
        with _saying(path):
            return path.exists()

    def add(self, row: ExportRow, raw: bytes) -> None:
        super().add(row, document(parse(raw)).encode())


class _Maildir:
    """A file a message, known by the hash in its name; flags and time of arrival with it."""

    def __init__(self, folder: Path) -> None:
        for part in ("tmp", *maildir.PARTS):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        names = (one.name for part in maildir.PARTS for one in (folder / part).iterdir())
        self._known = {name.partition(":")[0] for name in names}

    def has(self, row: ExportRow) -> bool:
        return _base(row) in self._known

    def add(self, row: ExportRow, raw: bytes) -> None:
        base = _base(row)
        path = self._folder / "cur" / (base + maildir.information(row.flags))
        with _saying(path):
            beside = self._folder / "tmp" / base
            _write(beside, raw)
            moment = row.received_at.timestamp()
            os.utime(beside, (moment, moment))
            _into_place(beside, path)
        self._known.add(base)

    def finish(self) -> None:
        """Every file is in its place; what a run that was cut short began goes."""
        _tidy(self._folder / "tmp", _BEGUN_IN_MAILDIR)

    def close(self) -> None:
        """Nothing is held."""


def _base(row: ExportRow) -> str:
    return f"{int(row.received_at.timestamp())}.{row.content_hash[:32]}.tui-mail"


def _tidy(folder: Path, begun: re.Pattern[str]) -> None:
    with _saying(folder):
        for one in folder.iterdir():
            if begun.fullmatch(one.name):
                one.unlink(missing_ok=True)


def _write(path: Path, raw: bytes) -> None:
    """A file of our own, which a run that was cut short may have begun."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, _OWNER_ONLY)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
    except OSError:
        with suppress(OSError):
            path.unlink()
        raise


def _into_place(beside: Path, path: Path) -> None:
    """Rename, but never over what is there; some file systems cannot link."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS}:
            raise
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        beside.rename(path)
    else:
        beside.unlink()


_TARGETS: dict[Format, Callable[[Path], Target]] = {
    "mbox": _Mbox,
    "eml": _Eml,
    "markdown": _Markdown,
    "maildir": _Maildir,
}
