"""PORT BlobStore and its folder: encrypted, content-addressed, deduplicated attachments.

A blob is AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015):
chunks of 64 KiB, nonce = 7 random bytes | counter | last-chunk flag, a key of its own wrapped by
the vault and bound to the blob's name. The folder shows neither names, types nor plain hashes.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tui_mail.blobfiles import BlobFiles, StoredFile
from tui_mail.errors import CannotWrite, InputOutput, NotFound
from tui_mail.i18n import _
from tui_mail.vault import Vault

_MAGIC = b"TUIM\x01"
_CHUNK = 64 * 1024
_TAG = 16
_PREFIX = 7
_KEY = 32
_WRAPPED = 12 + _KEY + _TAG


class BlobStore(Protocol):
    """Bytes by a name that the store gives them."""

    def put(self, content: bytes) -> str:
        """Keep `content`, once; the name to open it by. Durable when it returns.

        Raises CannotWrite.
        """

    def open(self, name: str) -> bytes:
        """What was put.

        Raises NotFound, InputOutput (damaged or another's key).
        """

    def verify(self, name: str) -> None:
        """Read all of a blob, and keep nothing of it.

        Raises NotFound, InputOutput, NotAllowed as `open` does.
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

    def put(self, content: bytes) -> str:
        name = self._vault.name(hashlib.sha256(content).digest())
        with self._changing():
            try:
                self._files.touch(name)
            except FileNotFoundError:
                with self._files.writing(name) as file:
                    file.write(self._sealed(name, content))
        return name

    def open(self, name: str) -> bytes:
        with self._reading():
            try:
                with self._files.reading(name) as file:
                    sealed = file.read()
            except FileNotFoundError as error:
                raise NotFound(
                    _("The attachment is not in the shared folder: restore it from a backup.")
                ) from error
        return self._unsealed(name, sealed)

    def verify(self, name: str) -> None:
        if self._vault.name(hashlib.sha256(self.open(name)).digest()) != name:
            raise _damaged()

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

    def _sealed(self, name: str, content: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key, prefix = AESGCM.generate_key(256), os.urandom(_PREFIX)
        header = _MAGIC + self._vault.seal(key, f"blob {name}") + prefix
        cipher = AESGCM(key)
        chunks = [
            cipher.encrypt(nonce, content[start : start + _CHUNK], header)
            for start, nonce in _nonces(prefix, len(content), _CHUNK)
        ]
        return header + b"".join(chunks)

    def _unsealed(self, name: str, sealed: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        size = len(_MAGIC) + _WRAPPED + _PREFIX
        header, body = sealed[:size], sealed[size:]
        if len(header) != size or not header.startswith(_MAGIC):
            raise _damaged()
        key = self._vault.unseal(header[len(_MAGIC) : len(_MAGIC) + _WRAPPED], f"blob {name}")
        cipher, step = AESGCM(key), _CHUNK + _TAG
        try:
            return b"".join(
                cipher.decrypt(nonce, body[start : start + step], header)
                for start, nonce in _nonces(header[-_PREFIX:], len(body), step)
            )
        except InvalidTag as error:
            raise _damaged() from error


def _nonces(prefix: bytes, length: int, step: int) -> Iterator[tuple[int, bytes]]:
    """Where each chunk starts and its nonce; the last one carries the flag, an empty blob has one."""
    count = max(1, -(-length // step))
    for number in range(count):
        yield number * step, prefix + struct.pack(">IB", number, number == count - 1)


def _damaged() -> InputOutput:
    return InputOutput(
        _("The attachment is damaged in the shared folder: restore it from a backup.")
    )
