"""PORT BlobStore and its folder: encrypted, content-addressed, deduplicated attachments.

A blob is AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015):
chunks of 64 KiB, nonce = 7 random bytes | counter | last-chunk flag, a key of its own wrapped by
the vault and bound to the blob's name. The folder shows neither names, types nor plain hashes.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol

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

    def delete(self, name: str) -> None:
        """Forget a blob; one that is not there is fine."""


class FolderBlobs:
    """A BlobStore in a folder that hosts may share."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault

    def put(self, content: bytes) -> str:
        name = self._vault.name(hashlib.sha256(content).digest())
        path = self._path(name)
        if not path.exists():
            self._write(path, self._sealed(name, content))
        return name

    def open(self, name: str) -> bytes:
        try:
            sealed = self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(
                _("The attachment is not in the shared folder: restore it from a backup.")
            ) from error
        except OSError as error:
            raise InputOutput(
                _("The attachment cannot be read ({reason}).").format(reason=error.strerror)
            ) from error
        return self._unsealed(name, sealed)

    def delete(self, name: str) -> None:
        with suppress(FileNotFoundError):
            self._path(name).unlink()

    def _path(self, name: str) -> Path:
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise NotFound(_("There is no attachment of that name."))
        return self._folder / name[:2] / name[2:]

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
        damaged = InputOutput(
            _("The attachment is damaged in the shared folder: restore it from a backup.")
        )
        if len(header) != size or not header.startswith(_MAGIC):
            raise damaged
        key = self._vault.unseal(header[len(_MAGIC) : len(_MAGIC) + _WRAPPED], f"blob {name}")
        cipher, step = AESGCM(key), _CHUNK + _TAG
        try:
            return b"".join(
                cipher.decrypt(nonce, body[start : start + step], header)
                for start, nonce in _nonces(header[-_PREFIX:], len(body), step)
            )
        except InvalidTag as error:
            raise damaged from error

    def _write(self, path: Path, sealed: bytes) -> None:
        """Beside, fsync, rename, fsync of the folder: a blob is whole or it is not there."""
        beside = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            with suppress(OSError):
                beside.unlink()
            raise CannotWrite(
                _("The attachment cannot be written to {folder} ({reason}).").format(
                    folder=self._folder, reason=error.strerror
                )
            ) from error


def _nonces(prefix: bytes, length: int, step: int) -> Iterator[tuple[int, bytes]]:
    """Where each chunk starts and its nonce; the last one carries the flag, an empty blob has one."""
    count = max(1, -(-length // step))
    for number in range(count):
        yield number * step, prefix + struct.pack(">IB", number, number == count - 1)
