"""The only place that sees keys: seals small secrets, wraps the keys of blobs.

The vault's key is 32 random bytes in a file that only its owner can read. From it HKDF
(RFC 5869) makes one key for each purpose, so that no key is used for two things.
"""

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from tui_mail.errors import CannotWrite, NotAllowed
from tui_mail.i18n import _

_KEY_BYTES = 32
_NONCE_BYTES = 12


class Vault:
    """Seals and unseals with one key; the key never shows."""

    __slots__ = ("_naming", "_sealing")

    def __init__(self, key: bytes) -> None:
        self._sealing = _derived(key, b"tui_mail seal")
        self._naming = _derived(key, b"tui_mail name")

    def seal(self, plain: bytes, context: str) -> bytes:
        """`plain` encrypted and bound to `context` (AES-256-GCM, a random nonce before it)."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._sealing).encrypt(nonce, plain, context.encode())

    def unseal(self, sealed: bytes, context: str) -> bytes:
        """What `seal` sealed in the same context.

        Raises NotAllowed when the key, the context or a bit of it is another.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(self._sealing).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise NotAllowed(
                _("This was sealed with another key: put the key file of this installation back.")
            ) from error

    def name(self, content_digest: bytes) -> str:
        """A name for content that tells nothing to who lacks the key (HMAC-SHA-256, hex)."""
        return hmac.new(self._naming, content_digest, hashlib.sha256).hexdigest()


def _derived(key: bytes, purpose: bytes) -> bytes:
    """HKDF-SHA-256 with one block: extract with an empty salt, expand for `purpose`."""
    extracted = hmac.new(bytes(32), key, hashlib.sha256).digest()
    return hmac.new(extracted, purpose + b"\x01", hashlib.sha256).digest()


def open_vault(key_file: Path) -> Vault:
    """The vault of a key file, which is made with a random key where there is none.

    Raises CannotWrite, NotAllowed.
    """
    try:
        key = _read(key_file)
    except FileNotFoundError:
        key = _make(key_file)
    except OSError as error:
        raise NotAllowed(
            _("The key file {file} cannot be read: it must belong to you.").format(file=key_file)
        ) from error
    return Vault(key)


def _read(key_file: Path) -> bytes:
    try:
        key = base64.b64decode(key_file.read_bytes().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != _KEY_BYTES:
        raise NotAllowed(
            _("The key file {file} is damaged: put it back from a backup.").format(file=key_file)
        )
    return key


def _make(key_file: Path) -> bytes:
    """Write a new key beside, then link it into place: two processes end with the same one."""
    key = secrets.token_bytes(_KEY_BYTES)
    beside = key_file.with_name(f"{key_file.name}.{os.getpid()}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(beside, key_file)
        except FileExistsError:
            return _read(key_file)
        finally:
            beside.unlink()
    except OSError as error:
        raise CannotWrite(
            _("The key file {file} cannot be written ({reason}).").format(
                file=key_file, reason=error.strerror
            )
        ) from error
    return key
