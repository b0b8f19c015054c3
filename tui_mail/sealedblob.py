"""How a blob lies in its file: AES-256-GCM in the STREAM construction, in chunks of 64 KiB.

STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): each chunk's nonce is 7 random bytes of the
blob, its number and whether it is the last, so that none can be left out, put elsewhere, or added.
The key is random and the blob's own, sealed by the vault in the header.

Format 2 binds each chunk to the format and the blob's name, not to the header: another key of the
vault takes over with a new header before the same chunks. In format 1, which is only read, chunks
are bound to the whole header.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tui_mail.errors import InputOutput, WrongKey
from tui_mail.i18n import _
from tui_mail.vault import SEAL_BYTES, Vault, key_id

_MAGICS = {b"TUIM\x01": 12 + 16, b"TUIM\x02": SEAL_BYTES}  # what each adds to the key it seals
_MAGIC = b"TUIM\x02"
_CHUNK = 64 * 1024
_TAG = 16
_PREFIX = 7
_KEY = 32
_COPY = 1 << 20


@dataclass(frozen=True, slots=True)
class Header:
    """The front of a blob's file; `key`: its own key, sealed."""

    magic: bytes
    key: bytes
    prefix: bytes

    @property
    def written(self) -> bytes:
        return self.magic + self.key + self.prefix

    @property
    def key_id(self) -> bytes:
        """Of the vault's key that sealed the blob's own."""
        return key_id(self.key)

    @property
    def rewraps(self) -> bool:
        """Whether the chunks stay what they are behind another header."""
        return self.magic == _MAGIC

    def size_of_file(self, length: int) -> int:
        """The bytes of a file that holds `length` bytes of content behind this header."""
        return len(self.written) + length + max(1, -(-length // _CHUNK)) * _TAG

    def bound(self, name: str) -> bytes:
        """What each chunk is bound to."""
        return self.magic + name.encode() if self.magic == _MAGIC else self.written


def seal(content: BinaryIO, file: BinaryIO, name: str, vault: Vault) -> Header:
    """Write the rest of `content` sealed into `file`, holding a chunk or two in memory."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    key = AESGCM.generate_key(256)
    header = Header(_MAGIC, vault.seal(key, _context(name)), os.urandom(_PREFIX))
    file.write(header.written)
    cipher, bound = AESGCM(key), header.bound(name)
    chunk, number = content.read(_CHUNK), 0
    while True:
        following = content.read(_CHUNK) if len(chunk) == _CHUNK else b""
        nonce = _nonce(header.prefix, number, last=not following)
        file.write(cipher.encrypt(nonce, chunk, bound))
        if not following:
            return header
        chunk, number = following, number + 1


def read_header(file: BinaryIO) -> Header:
    """The header of a file that is at its start.

    Raises InputOutput for what is no blob.
    """
    magic = file.read(len(_MAGIC))
    size = _KEY + _MAGICS.get(magic, 0)
    key, prefix = file.read(size), file.read(_PREFIX)
    if magic not in _MAGICS or len(key) != size or len(prefix) != _PREFIX:
        raise damaged()
    return Header(magic, key, prefix)


def open_key(header: Header, name: str, vault: Vault) -> bytes:
    """The blob's own key.

    Raises InputOutput where the vault has the key that the header names, which does not open it:
    it is damaged, or of another blob; WrongKey where the vault has no such key.
    """
    try:
        return vault.unseal(header.key, _context(name))
    except WrongKey as error:
        if header.rewraps and vault.has_key_of(header.key):
            raise damaged() from error
        raise WrongKey(
            _(
                "The vault has no key for the attachment's file in the shared folder, or the file "
                "is damaged: import the message again, or restore file and vault from a backup."
            )
        ) from error


def unseal(file: BinaryIO, name: str, vault: Vault) -> Iterator[bytes]:
    """The content of a file that is at its start, chunk by chunk, each one proven.

    What has come is the beginning of the content; only the end proves that all has come. Raises
    InputOutput (damaged), NotAllowed (another key).
    """
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = read_header(file)
    cipher, bound = AESGCM(open_key(header, name, vault)), header.bound(name)
    chunk, number = file.read(_CHUNK + _TAG), 0
    try:
        while True:
            following = file.read(_CHUNK + _TAG) if len(chunk) == _CHUNK + _TAG else b""
            nonce = _nonce(header.prefix, number, last=not following)
            yield cipher.decrypt(nonce, chunk, bound)
            if not following:
                return
            chunk, number = following, number + 1
    except (InvalidTag, ValueError) as error:
        raise damaged() from error


def rewrap(old: BinaryIO, new: BinaryIO, name: str, vault: Vault) -> None:
    """Write what `old` holds, from its start, into `new` under the vault's current key.

    Raises InputOutput, NotAllowed.
    """
    header = read_header(old)
    key = open_key(header, name, vault)
    new.write(Header(_MAGIC, vault.seal(key, _context(name)), header.prefix).written)
    while part := old.read(_COPY):
        new.write(part)


def damaged() -> InputOutput:
    return InputOutput(
        _(
            "The attachment's file in the shared folder is damaged, or is another one's: import the "
            "message again, or restore the file from a backup."
        )
    )


def _context(name: str) -> str:
    return f"blob {name}"


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, last)
