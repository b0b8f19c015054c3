"""The slots of the vault, in one file beside what it protects: who can open the keyring.

A slot has a secret: made from an operator's passphrase by Argon2id (RFC 9106) with the parameters
that lie in the slot, or from a machine's key file. The secret is an X25519 private key, and the
ring is sealed to each slot's public key with HPKE (RFC 9180): whoever has the ring open can seal a
new one to everybody, without anybody's passphrase. A public key invites forgeries, so each slot
also holds a proof, made with its secret, that it belongs to this ring, and the file holds one of
all its slots, made with the ring. Hides the file's format, its lock, and the durable replacing.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from tui_mail.errors import CannotWrite, InputOutput, NotAllowed, TryLater
from tui_mail.i18n import _
from tui_mail.keyring import KEY_BYTES, Keyring, derived, keyring_from

_FORMAT = 1
_LOCK_SECONDS = 30.0
_MOST_BYTES = 1 << 20


class SlotKind(StrEnum):
    """What opens a slot."""

    OPERATOR = "operator"  # a passphrase
    MACHINE = "machine"  # a key file


@dataclass(frozen=True, slots=True)
class Stretching:
    """How Argon2id makes a secret of a passphrase: RFC 9106 §4, second choice, for new slots."""

    salt: str  # base64
    memory: int = 64 * 1024  # KiB
    passes: int = 3
    lanes: int = 4

    def secret(self, passphrase: str) -> bytes:
        """Raises InputOutput for parameters that nobody would choose."""
        from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

        if not (8 <= self.memory <= 1 << 20 and 1 <= self.passes <= 64 and 1 <= self.lanes <= 64):
            raise _damaged()
        text = unicodedata.normalize("NFC", passphrase)
        return Argon2id(
            salt=base64.b64decode(self.salt),
            length=KEY_BYTES,
            iterations=self.passes,
            lanes=self.lanes,
            memory_cost=self.memory,
        ).derive(text.encode())


@dataclass(frozen=True, slots=True)
class Slot:
    """One way to open the vault; all of it may be public. Bytes are in base64."""

    id: str
    kind: SlotKind
    name: str
    created: str  # ISO 8601, UTC
    public: str
    belongs: str  # the proof, made with the secret, of which ring it is
    ring: str  # sealed to `public`
    stretching: Stretching | None = None


@dataclass(frozen=True, slots=True)
class SlotsFile:
    """What the file says, and which writing of it that was."""

    slots: tuple[Slot, ...]
    proof: str
    version: tuple[int, ...] = field(default=(), compare=False)


def machine_secret(key: bytes) -> bytes:
    """The secret of a key file's slot."""
    return derived(key, b"tui_mail slot")


def new_slot(
    kind: SlotKind, name: str, secret: bytes, stretching: Stretching | None = None
) -> Slot:
    """A slot that no ring is sealed to yet."""
    return Slot(
        id=secrets.token_hex(4),
        kind=kind,
        name=name,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        public=public_of(secret),
        belongs="",
        ring="",
        stretching=stretching,
    )


def new_stretching() -> Stretching:
    return Stretching(base64.b64encode(secrets.token_bytes(16)).decode())


def public_of(secret: bytes) -> str:
    """What a slot shows of its secret: a slot with another one is not opened by it."""
    return base64.b64encode(_private(secret).public_key().public_bytes_raw()).decode()


def belonging(slot: Slot, secret: bytes, ring: Keyring) -> Slot:
    """The slot with its proof, made by whoever knows the secret."""
    return replace(slot, belongs=_belongs(slot, secret, ring))


def sealed(slots: tuple[Slot, ...], ring: Keyring) -> SlotsFile:
    """What the file is to say, for each slot to open this ring."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    plain = ring.to_bytes()
    full = tuple(
        replace(
            slot,
            ring=base64.b64encode(
                _suite().encrypt(
                    plain,
                    X25519PublicKey.from_public_bytes(base64.b64decode(slot.public)),
                    info=_info(slot),
                )
            ).decode(),
        )
        for slot in slots
    )
    return SlotsFile(full, _proof(full, ring))


def opened(found: SlotsFile, slot: Slot, secret: bytes) -> Keyring:
    """The ring, when the slot is of this secret and nobody has altered the file.

    Raises NotAllowed, InputOutput.
    """
    from cryptography.exceptions import InvalidTag

    try:
        plain = _suite().decrypt(base64.b64decode(slot.ring), _private(secret), info=_info(slot))
        ring = keyring_from(plain)
    except (InvalidTag, ValueError, KeyError, TypeError) as error:
        raise _damaged() from error
    if not (
        hmac.compare_digest(slot.belongs, _belongs(slot, secret, ring))
        and hmac.compare_digest(found.proof, _proof(found.slots, ring))
    ):
        raise _damaged()
    return ring


def _private(secret: bytes) -> Any:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(derived(secret, b"tui_mail slot private"))


def _suite() -> Any:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _info(slot: Slot) -> bytes:
    return f"tui_mail slot {slot.id}".encode()


def _belongs(slot: Slot, secret: bytes, ring: Keyring) -> str:
    key = derived(secret, b"tui_mail slot belongs")
    return hmac.new(key, slot.id.encode() + ring.naming, hashlib.sha256).hexdigest()


def _proof(slots: tuple[Slot, ...], ring: Keyring) -> str:
    key = derived(ring.naming, b"tui_mail slots")
    said = json.dumps([asdict(slot) for slot in slots], sort_keys=True)
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()


class Slots:
    """The file: read by anybody who may, replaced in whole by one process at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> SlotsFile:
        """Raises FileNotFoundError, InputOutput."""
        try:
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
            with os.fdopen(os.open(self.path, flags), "rb") as file:
                version = _version(file.fileno())
                written = file.read(_MOST_BYTES)
            return _parsed(written, version)
        except FileNotFoundError:
            raise
        except NotADirectoryError as error:
            raise FileNotFoundError(self.path) from error
        except OSError as error:
            raise InputOutput(
                _("The vault {file} cannot be read ({reason}).").format(
                    file=self.path, reason=error.strerror
                )
            ) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise _damaged() from error

    def version(self) -> tuple[int, ...]:
        """Which writing of the file there is now; opening it asks a file server anew."""
        try:
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return ()
        try:
            return _version(handle)
        finally:
            os.close(handle)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Hold the file for a change; the system lets go when its holder dies.

        Raises TryLater, CannotWrite.
        """
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(self.path.with_name(f"{self.path.name}.lock"), mode=0o600)
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as error:
            raise TryLater(
                _("Another program is changing the vault: try again in a moment.")
            ) from error
        except OSError as error:
            raise self._cannot_write(error) from error
        try:
            yield
        finally:
            lock.release()

    def write(self, content: SlotsFile) -> None:
        """Replace the file, durably; only while `changing`.

        Raises CannotWrite.
        """
        said = {"format": _FORMAT, "slots": [asdict(one) for one in content.slots]}
        text = json.dumps({**said, "proof": content.proof}, indent=1)
        # One name for all: a kill leaves no more than one of them.
        beside = self.path.with_name(f".{self.path.name}.new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            with os.fdopen(os.open(beside, flags, 0o600), "w", encoding="ascii") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
            folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise self._cannot_write(error) from error

    def _cannot_write(self, error: OSError) -> CannotWrite:
        return CannotWrite(
            _("The vault {file} cannot be written ({reason}).").format(
                file=self.path, reason=error.strerror
            )
        )


def _version(handle: int) -> tuple[int, ...]:
    found = os.fstat(handle)
    return (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def _parsed(written: bytes, version: tuple[int, ...]) -> SlotsFile:
    found = json.loads(written)
    if found["format"] != _FORMAT:
        raise NotAllowed(_("The vault was written by a newer program: bring this one up to date."))
    slots = tuple(_slot(dict(one)) for one in found["slots"])
    return SlotsFile(slots, str(found["proof"]), version)


def _slot(said: dict[str, Any]) -> Slot:
    stretching = said.pop("stretching")
    made = Slot(**said, stretching=Stretching(**stretching) if stretching else None)
    texts = (made.id, made.name, made.created, made.public, made.belongs, made.ring)
    if not all(isinstance(one, str) for one in texts):
        raise TypeError
    return replace(made, kind=SlotKind(made.kind))


def _damaged() -> InputOutput:
    return InputOutput(
        _(
            "The file of the vault is damaged, or not of this installation: "
            "restore vault.json from a backup."
        )
    )
