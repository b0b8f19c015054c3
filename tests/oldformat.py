"""What installations wrote before the vault had slots: a key file, sealed secrets, blobs.

Byte for byte, so that tests can start from such an installation.
"""

import base64
import hashlib
import hmac
import os
import struct
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_CHUNK = 64 * 1024


class OldInstallation:
    """Its one key, and what it sealed with it."""

    def __init__(self, key_file: Path, attachments: Path) -> None:
        self.key = os.urandom(32)
        self.key_file = key_file
        self.attachments = attachments
        key_file.parent.mkdir(parents=True, exist_ok=True)
        key_file.touch(0o600)
        key_file.write_bytes(base64.b64encode(self.key) + b"\n")

    def _derived(self, purpose: bytes) -> bytes:
        extracted = hmac.new(bytes(32), self.key, hashlib.sha256).digest()
        return hmac.new(extracted, purpose + b"\x01", hashlib.sha256).digest()

    def seal(self, plain: bytes, context: str) -> bytes:
        """A secret as an account kept it."""
        nonce = os.urandom(12)
        cipher = AESGCM(self._derived(b"tui_mail seal"))
        return nonce + cipher.encrypt(nonce, plain, context.encode())

    def put(self, content: bytes) -> str:
        """A blob in the folder; its name."""
        digest = hashlib.sha256(content).digest()
        name = hmac.new(self._derived(b"tui_mail name"), digest, hashlib.sha256).hexdigest()
        key, prefix = os.urandom(32), os.urandom(7)
        header = b"TUIM\x01" + self.seal(key, f"blob {name}") + prefix
        starts = range(0, max(1, len(content)), _CHUNK)
        chunks = [
            AESGCM(key).encrypt(
                prefix + struct.pack(">IB", number, start == starts[-1]),
                content[start : start + _CHUNK],
                header,
            )
            for number, start in enumerate(starts)
        ]
        path = self.attachments / name[:2] / name[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(header + b"".join(chunks))
        return name
