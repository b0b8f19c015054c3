"""PORT BlobStore and its folder: encrypted, content-addressed, deduplicated attachments.

The folder shows neither names, types nor plain hashes: a blob is named by a keyed hash of its
content. Hides the files (`blobfiles.py`), their format (`sealedblob.py`) and what to do with those
of an old key.
"""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from tui_mail import sealedblob
from tui_mail.blobfiles import BlobFiles, StoredFile
from tui_mail.errors import CannotWrite, InputOutput, NotFound, TuiMailError
from tui_mail.i18n import _
from tui_mail.vault import Vault

_PART = 1 << 20


class BlobStore(Protocol):
    """Bytes by a name that the store gives them."""

    def put(self, content: bytes | BinaryIO, *, proven: bool = False) -> str:
        """Keep `content`, once; the name to open it by. Durable when it returns.

        `proven`: what is there already is read, and written anew where it is damaged. A file is read from its start, twice, and takes no memory. Raises CannotWrite, and what
        opening the vault raises, as all do that read or write content.
        """

    def open(self, name: str) -> bytes:
        """What was put.

        Raises NotFound, InputOutput (damaged), NotAllowed (another's key).
        """

    def stream(self, name: str) -> Iterator[bytes]:
        """What was put, in parts; all of it is proven before the first comes.

        Raises NotFound, InputOutput, NotAllowed.
        """

    def verify(self, name: str, length: int | None = None) -> None:
        """Read all of a blob, and keep nothing of it; with its `length` in bytes, see only that it
        has so many and that a key opens it, which costs little.

        Raises NotFound, InputOutput, NotAllowed.
        """

    def names(self) -> Iterator[StoredFile]:
        """Every blob of the store, by name.

        Raises InputOutput.
        """

    def collect(self, name: str, older_than: datetime) -> bool:
        """Delete a blob that nothing refers to, unless it was put since `older_than`; whether it
        is gone. Whoever puts the same content meanwhile has it, on any host: a blob is wanted from
        `put` on, so `older_than` lies as far back as a put may wait for its reference.

        Raises CannotWrite.
        """

    def leftovers(self) -> Iterator[StoredFile]:
        """What is in the store and is no blob: half-written ones, and what others put there.

        Raises InputOutput.
        """

    def sweep(self, older_than: datetime) -> int:
        """Delete what was half written before `older_than`; how many leftovers there were.

        Raises CannotWrite.
        """


class FolderBlobs:
    """A BlobStore in a folder that hosts may share."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._files = BlobFiles(folder)
        self._vault = vault

    def put(self, content: bytes | BinaryIO, *, proven: bool = False) -> str:
        file = io.BytesIO(content) if isinstance(content, bytes) else content
        digest = hashlib.sha256()
        file.seek(0)
        while part := file.read(_PART):
            digest.update(part)
        length = file.tell()
        name = self._vault.name(digest.digest())
        with self._changing():
            if not self._kept(name, length) or (proven and not self._is_whole(name)):
                file.seek(0)
                self._write(name, file)
        return name

    def _kept(self, name: str, length: int) -> bool:
        """Whether the content is there already, now surely for as long as it is wanted.

        A file that cannot be read, or that is too short, is to be written anew.
        """
        try:
            self._files.touch(name)
            with self._files.reading(name) as file:
                header = sealedblob.read_header(file)
                sealedblob.open_key(header, name, self._vault)
                size = file.seek(0, io.SEEK_END)
            if size != header.size_of_file(length):
                return False
            if not self._is_up_to_date(header):
                self.rewrap(name)
        except (OSError, TuiMailError):
            return False
        return True

    def _is_whole(self, name: str) -> bool:
        try:
            self.verify(name)
        except TuiMailError:
            return False
        return True

    def _write(self, name: str, content: BinaryIO) -> None:
        with self._files.writing(name) as file:
            header = sealedblob.seal(content, file, name, self._vault)
        if not self._is_up_to_date(header):  # the key became an old one while this was written
            self.rewrap(name)

    def _is_up_to_date(self, header: sealedblob.Header) -> bool:
        return header.rewraps and self._vault.is_current(header.key)

    def open(self, name: str) -> bytes:
        with self._file(name) as file:
            return b"".join(sealedblob.unseal(file, name, self._vault))

    def stream(self, name: str) -> Iterator[bytes]:
        with self._file(name) as file:
            for _part in sealedblob.unseal(file, name, self._vault):
                pass
            file.seek(0)
            yield from sealedblob.unseal(file, name, self._vault)

    def verify(self, name: str, length: int | None = None) -> None:
        if length is None:
            self._verify_content(name)
            return
        with self._file(name) as file:
            header = sealedblob.read_header(file)
            sealedblob.open_key(header, name, self._vault)
            if file.seek(0, io.SEEK_END) != header.size_of_file(length):
                raise sealedblob.damaged()

    def _verify_content(self, name: str) -> None:
        digest = hashlib.sha256()
        with self._file(name) as file:
            for part in sealedblob.unseal(file, name, self._vault):
                digest.update(part)
        if self._vault.name(digest.digest()) != name:
            raise sealedblob.damaged()

    def rewrap(self, name: str) -> bool:
        """See that the vault's current key opens a blob; whether it was another that did.

        The content is not written anew, but where its format asks for it. Any number may do it at
        a time, and a kill leaves the blob as it was. Raises NotFound, InputOutput, NotAllowed,
        CannotWrite.
        """
        with self._file(name) as old:
            header = sealedblob.read_header(old)
            if self._is_up_to_date(header):
                return False
            old.seek(0)
            with self._changing(), self._files.writing(name) as new:
                if header.rewraps:
                    sealedblob.rewrap(old, new, name, self._vault)
                else:
                    self._reseal(old, new, name)
        return True

    def _reseal(self, old: BinaryIO, new: BinaryIO, name: str) -> None:
        content = _Reader(sealedblob.unseal(old, name, self._vault))
        sealedblob.seal(io.BufferedReader(content, _PART), new, name, self._vault)

    def keys_in_use(self) -> frozenset[bytes]:
        """The ids of the vault's keys without which a file of the folder could not be opened.

        Raises InputOutput.
        """
        found = set()
        with self._reading():
            for file in self._files.every():
                try:
                    found.add(sealedblob.read_header(file).key_id)
                except InputOutput:
                    continue  # no key opens it
        return frozenset(found)

    def names(self) -> Iterator[StoredFile]:
        with self._reading():
            yield from self._files.names()

    def collect(self, name: str, older_than: datetime) -> bool:
        with self._changing():
            try:
                return self._files.collect(name, older_than)
            except FileNotFoundError:
                return True

    def leftovers(self) -> Iterator[StoredFile]:
        with self._reading():
            yield from self._files.leftovers()

    def sweep(self, older_than: datetime) -> int:
        with self._changing():
            return self._files.sweep(older_than)

    @contextmanager
    def _file(self, name: str) -> Iterator[BinaryIO]:
        self._vault.unlock()  # a folder that is not there is not a folder without the file
        with self._reading():
            try:
                with self._files.reading(name) as file:
                    yield file
            except FileNotFoundError as error:
                raise NotFound(
                    _(
                        "The attachment's file is not in the shared folder: import the message "
                        "again, or restore the file from a backup."
                    )
                ) from error

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise InputOutput(
                _("The attachments in {folder} cannot be read ({reason}).").format(
                    folder=self._folder, reason=error.strerror
                )
            ) from error

    @contextmanager
    def _changing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise CannotWrite(
                _("The attachments in {folder} cannot be written ({reason}).").format(
                    folder=self._folder, reason=error.strerror
                )
            ) from error


class _Reader(io.RawIOBase):
    """Parts of bytes as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        while not self._left:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._left = part
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size
