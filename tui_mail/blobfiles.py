"""The files of a blob folder: whole or not there, durable, and never reached through a link.

Hides the folder's layout (a folder for each first two digits), the writing beside and renaming,
and the one dance that several hosts must agree on: collecting a file that nothing refers to while
somebody may be about to refer to it again. Whoever wants a file touches it by its name; whoever
collects it first renames it aside, and only then looks when it was last touched. A touch is
therefore either seen by the collector, who puts the file back, or fails for whoever touches, who
writes it anew.
"""

import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

_DIGITS = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"[0-9a-f]{2}")
_REST = re.compile(r"[0-9a-f]{62}")
_ASIDE = re.compile(r"\.([0-9a-f]{62})\.[0-9a-f]{16}\.aside")
_FOLDER_ONLY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE_ONLY = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in the way holds up nobody
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of the folder; `size` in bytes, `modified` when it was last written or wanted."""

    name: str
    size: int
    modified: datetime


class BlobFiles:
    """Files named by 64 hexadecimal digits, in a folder that hosts may share.

    Every method raises OSError as the system does, FileNotFoundError for a name that is none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def reading(self, name: str) -> Iterator[BinaryIO]:
        """The file, open for reading; one that is aside for a moment is found as well."""
        with self._shard(name) as shard:
            handle = _opened(shard, name[2:])
        with os.fdopen(handle, "rb") as file:
            yield file

    @contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A new file that takes the name at the end, durably; nothing is left after an error."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._shard(name, make=True) as shard:
            beside = f".{name[2:]}.{secrets.token_hex(8)}.new"
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _FILE_ONLY
            handle = os.open(beside, flags, _OWNER_ONLY, dir_fd=shard)
            try:
                with os.fdopen(handle, "w+b") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                os.rename(beside, name[2:], src_dir_fd=shard, dst_dir_fd=shard)
            except BaseException:
                with suppress(OSError):
                    os.unlink(beside, dir_fd=shard)
                raise
            os.fsync(shard)

    def touch(self, name: str) -> None:
        """Say that the file is wanted, so that it is not collected; it is durable afterwards.

        Raises FileNotFoundError when it was collected: write it anew.
        """
        with self._shard(name) as shard:
            os.utime(name[2:], dir_fd=shard, follow_symlinks=False)
            os.fsync(shard)  # whoever wrote it may be on the way to this

    def collect(self, name: str, older_than: datetime) -> bool:
        """Delete the file if nobody wrote or wanted it since `older_than`; whether it is gone."""
        with self._shard(name) as shard:
            aside = f".{name[2:]}.{secrets.token_hex(8)}.aside"
            os.rename(name[2:], aside, src_dir_fd=shard, dst_dir_fd=shard)
            found = os.stat(aside, dir_fd=shard, follow_symlinks=False)
            if found.st_mtime < older_than.timestamp():
                os.unlink(aside, dir_fd=shard)
                return True
            _put_back(shard, aside, name[2:])
            return False

    def names(self) -> Iterator[StoredFile]:
        """Every file that has a name, by name."""
        for prefix, shard in self._shards():
            yield from _listed(shard, prefix)

    def every(self) -> Iterator[BinaryIO]:
        """Every file that has a name or that a collector has set aside, open for reading."""
        for _prefix, shard in self._shards():
            for entry in _files(shard):
                if _REST.fullmatch(entry.name) or _ASIDE.fullmatch(entry.name):
                    with (
                        suppress(FileNotFoundError),
                        os.fdopen(_opened(shard, entry.name), "rb") as file,
                    ):
                        yield file

    def leftovers(self) -> Iterator[StoredFile]:
        """What is in the folder and has no name: half-written files, and whatever others put there.

        `name` is the path within the folder, the text of it whatever its maker chose; `modified` is
        when it was last touched in any way, which is what `sweep` goes by.
        """
        for prefix, shard in self._shards():
            for entry in _files(shard):
                if not _REST.fullmatch(entry.name):
                    try:
                        found = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:  # whole by now, or swept
                        continue
                    touched = datetime.fromtimestamp(found.st_ctime, UTC)
                    yield StoredFile(f"{prefix}/{entry.name}", found.st_size, touched)

    def sweep(self, older_than: datetime) -> int:
        """Delete what was half written and not touched since `older_than`, and put back what a
        collector that died had set aside before; how many files were left over."""
        swept = 0
        for _prefix, shard in self._shards():
            for entry in _files(shard):
                if not entry.name.startswith("."):
                    continue
                with suppress(FileNotFoundError):  # whole by now, or swept by another
                    if entry.stat(follow_symlinks=False).st_ctime >= older_than.timestamp():
                        continue
                    if aside := _ASIDE.fullmatch(entry.name):
                        _put_back(shard, entry.name, aside[1])
                    else:
                        os.unlink(entry.name, dir_fd=shard)
                    swept += 1
        return swept

    @contextmanager
    def _shard(self, name: str, *, make: bool = False) -> Iterator[int]:
        """The folder that holds the name, as a handle: renaming a folder leads nobody astray."""
        if not _DIGITS.fullmatch(name):
            raise FileNotFoundError(name)
        root = os.open(self._folder, _FOLDER_ONLY)
        try:
            shard = _shard_in(root, name[:2], make=make)
        finally:
            os.close(root)
        try:
            yield shard
        finally:
            os.close(shard)

    def _shards(self) -> Iterator[tuple[str, int]]:
        try:
            root = os.open(self._folder, _FOLDER_ONLY)
        except FileNotFoundError:
            return
        try:
            for prefix in _folders(root):
                with suppress(FileNotFoundError, NotADirectoryError):
                    shard = _shard_in(root, prefix, make=False)
                    try:
                        yield prefix, shard
                    finally:
                        os.close(shard)
        finally:
            os.close(root)


def _folders(root: int) -> list[str]:
    with os.scandir(root) as entries:
        return sorted(entry.name for entry in entries if _SHARD.fullmatch(entry.name))


def _shard_in(root: int, prefix: str, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(prefix, 0o700, dir_fd=root)
            os.fsync(root)
    return os.open(prefix, _FOLDER_ONLY | os.O_NOFOLLOW, dir_fd=root)


def _opened(shard: int, rest: str) -> int:
    try:
        handle = os.open(rest, os.O_RDONLY | _FILE_ONLY, dir_fd=shard)
    except FileNotFoundError:
        asides = ((entry.name, _ASIDE.fullmatch(entry.name)) for entry in _files(shard))
        name = next((name for name, aside in asides if aside and aside[1] == rest), rest)
        handle = os.open(name, os.O_RDONLY | _FILE_ONLY, dir_fd=shard)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileNotFoundError(rest)
    return handle


def _put_back(shard: int, aside: str, rest: str) -> None:
    """Unless somebody wrote it anew meanwhile, which has the same content."""
    with suppress(FileExistsError):
        os.link(aside, rest, src_dir_fd=shard, dst_dir_fd=shard, follow_symlinks=False)
    os.unlink(aside, dir_fd=shard)


def _files(shard: int) -> list["os.DirEntry[str]"]:
    with os.scandir(shard) as entries:
        found = [entry for entry in entries if not entry.is_dir(follow_symlinks=False)]
    return sorted(found, key=lambda entry: entry.name)


def _listed(shard: int, prefix: str) -> Iterator[StoredFile]:
    for entry in _files(shard):
        if _REST.fullmatch(entry.name):
            with suppress(FileNotFoundError):  # collected meanwhile
                yield _described(entry, prefix + entry.name)


def _described(entry: "os.DirEntry[str]", name: str) -> StoredFile:
    found = entry.stat(follow_symlinks=False)
    return StoredFile(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
