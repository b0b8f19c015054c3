"""Blobs that nothing refers to are taken away, never too early.

A blob is wanted from the moment it is put, and its row comes later: one that was put or wanted
within the last day stays. Whoever collects holds the database's one write transaction, in which no
message can begin to refer to a blob, and the store sees to those that put it again meanwhile. The
folder of a store may be shared: every database that uses it leaves its mark there, and while there
is another one's, nothing is collected, since nobody here knows what the other needs. The mark says,
too, which old keys of the vault a database can do without.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from socket import gethostname

from filelock import FileLock, Timeout

from tui_mail.blobs import BlobStore
from tui_mail.db import blob_rows
from tui_mail.db.engine import Database
from tui_mail.db.many import chunks
from tui_mail.db.session import Session
from tui_mail.errors import CannotWrite, TryLater
from tui_mail.i18n import _
from tui_mail.machine import machine
from tui_mail.worker.keeping import let_go

GRACE = timedelta(days=1)
_EVERY = timedelta(hours=6)
_MARKS = ".databases"
_PROBE = ".probe-"
_LOCK = ".collect.lock"
_IN_ONE_TRANSACTION = 50
_SPARE = "spare"  # ids of keys


def note_use(folder: Path, database: Database) -> None:
    """Leave the mark of a database in the folder of its blobs.

    Raises CannotWrite.
    """
    identity = database.read_now(blob_rows.identity)
    mark, content = _mark(folder, identity), _content(folder, identity)
    known = _read(mark)
    if _SPARE in known:
        content[_SPARE] = known[_SPARE]
    if known != content:
        _write(folder, mark, content)
    _take_over(folder, identity)


def was_used(folder: Path) -> bool:
    """Whether a database has left its mark in the folder of its blobs."""
    marks = folder / _MARKS
    return marks.is_dir() and any(marks.iterdir())


def spare_keys(folder: Path, database: Database, ids: Iterable[bytes]) -> frozenset[bytes]:
    """Note which old keys of the vault a database does without; those that all others do, too.

    Raises CannotWrite.
    """
    identity = database.read_now(blob_rows.identity)
    spare = frozenset(ids)
    noted = " ".join(sorted(one.hex() for one in spare))
    _write(folder, _mark(folder, identity), {**_content(folder, identity), _SPARE: noted})
    for mark in other_users(folder, database):
        spare &= {bytes.fromhex(one) for one in _read(mark).get(_SPARE, "").split()}
    return spare


def nothing_spare(folder: Path) -> None:
    """Forget which old keys of the vault databases can do without, as an earlier one comes back
    that may need them; each says so again at its next rotation.

    Raises CannotWrite.
    """
    with suppress(FileNotFoundError):
        for mark in (folder / _MARKS).iterdir():
            known = _read(mark)
            if known.pop(_SPARE, None) is not None:
                _write(folder, mark, known)


def _write(folder: Path, mark: Path, content: Mapping[str, str]) -> None:
    try:
        mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file)
    except OSError as error:
        raise CannotWrite(
            _("The attachments in {folder} cannot be written ({reason}).").format(
                folder=folder, reason=error.strerror
            )
        ) from error


def other_users(folder: Path, database: Database) -> list[Path]:
    """The marks of other databases in the folder, but for those whose file was on this machine and
    is gone, and those that came here when the folder was copied."""
    own = _mark(folder, database.read_now(blob_rows.identity))
    with suppress(FileNotFoundError):
        return sorted(
            one
            for one in own.parent.iterdir()
            if one != own and not one.name.startswith(_PROBE) and not _is_past(folder, one)
        )
    return []


def _mark(folder: Path, identity: str) -> Path:
    digest = hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()
    return folder / _MARKS / digest[:32]


def _content(folder: Path, identity: str) -> dict[str, str]:
    return {"database": identity, "machine": machine(), "folder": str(folder.resolve())}


def _take_over(folder: Path, identity: str) -> None:
    """Marks once knew a machine by its name alone: ours of then is not another's."""
    mark = _mark(folder, identity.replace(f"sqlite {machine()}:", f"sqlite {gethostname()}:", 1))
    if mark != _mark(folder, identity) and "machine" not in _read(mark):
        mark.unlink(missing_ok=True)


def _read(mark: Path) -> dict[str, str]:
    try:
        found = json.loads(mark.read_text("utf-8"))
        return {str(key): str(value) for key, value in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _is_past(folder: Path, mark: Path) -> bool:
    """Whether a database is surely no more; what cannot be asked counts as somebody."""
    told = _read(mark)
    file = Path(told.get("database", "").removeprefix(f"sqlite {machine()}:"))
    if told.get("machine") != machine():
        return False
    # A folder that is not there may be on a disk that is not in.
    gone = file.is_absolute() and file.parent.is_dir() and not file.exists()
    return gone or _is_another(Path(told.get("folder", "")), folder)


def _is_another(there: Path, here: Path) -> bool:
    """Whether two paths surely lead to two folders: what is made in the one is not in the other.
    One folder may be mounted twice, under numbers of its own each time."""
    if not there.is_absolute() or not (there / _MARKS).is_dir():
        return False
    try:
        with tempfile.NamedTemporaryFile(prefix=_PROBE, dir=here / _MARKS) as probe:
            return not (there / _MARKS / Path(probe.name).name).exists()
    except OSError:
        return False


@contextmanager
def nothing_collected(folder: Path, seconds: float = 0.0) -> Iterator[None]:
    """While inside, no process on any host that sees the folder collects.

    Raises TryLater when one is at it, or holds others off, longer than `seconds`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK, mode=0o600)
    try:
        lock.acquire(timeout=seconds)
        os.utime(folder / _LOCK)
    except Timeout as error:
        raise TryLater(
            _("Another program collects or backs up attachments: try again in a moment.")
        ) from error
    try:
        yield
    finally:
        lock.release()


def collect_unused(database: Database, blobs: BlobStore, folder: Path, now: datetime) -> int:
    """Take away what is known and not needed, half-written files, and those that may be with their
    servers only; how many there were.

    Raises CannotWrite, TryLater.
    """
    if not folder.is_dir() or other_users(folder, database):
        return 0
    with nothing_collected(folder):
        names = database.read_now(blob_rows.unreferenced)
        gone = collect(database, blobs, names, now) + blobs.sweep(now - GRACE)
        return gone + let_go(database, blobs, now, now - GRACE)


def collect_when_due(database: Database, blobs: BlobStore, folder: Path, now: datetime) -> int:
    """`collect_unused`, if no process has done so for some hours; 0 when another one is at it.

    Raises CannotWrite.
    """
    try:
        done = (folder / _LOCK).stat().st_mtime
    except OSError:
        done = 0.0
    if now.timestamp() - done < _EVERY.total_seconds():
        return 0
    with suppress(TryLater):
        return collect_unused(database, blobs, folder, now)
    return 0


def collect(database: Database, blobs: BlobStore, names: Iterable[str], now: datetime) -> int:
    """Take away those of the blobs that nothing refers to and nobody wanted for a day."""
    parts = chunks(names, _IN_ONE_TRANSACTION)
    return sum(database.write_now(_collect, blobs, part, now - GRACE) for part in parts)


def _collect(session: Session, blobs: BlobStore, names: Sequence[str], older_than: datetime) -> int:
    needed = blob_rows.in_use(session, names)
    gone = [name for name in names if name not in needed and blobs.collect(name, older_than)]
    blob_rows.forget_blobs(session, gone)
    return len(gone)
