"""The only place that sees keys: seals small secrets, wraps the keys of blobs.

The keyring (`keyring.py`) is random. It lies sealed in `vault.json` (`slots.py`), beside the
attachments that it protects and that hosts share: a database may be dumped or lent, and a backup
of the attachments is worth nothing without it. It opens by a slot: an operator's passphrase, or
the key file (`keyfile.py`) that lies in the home of a machine. Backups: the attachments folder
with `vault.json`, and one key file or passphrase kept elsewhere.

What a thief gets:
- of a database: no password of an account and no attachment; the texts of messages, which the
  database holds in clear.
- of the attachments folder: a try at the passphrases, each costing 64 MiB and a tenth of a second
  (which is why short ones are refused), and how many files there are and how big.
- of a key file: nothing alone. With the folder, everything: revoke its slot and rotate.
- of a revoked slot: what it could read before. Rotation seals the ring anew to the slots that are
  left, and everything that is sealed from then on with a new key. What was copied while the slot
  was valid stays readable to whoever copied it.
Who can write to the folder can take attachments away or bring old ones of the same content back,
never change one, nor lead the program to a ring of their own making.

A rotation makes a new key, which seals from that moment on; every process looks whether the file
is another before it seals, and again when it meets a key that it does not know. What the old key
sealed is wrapped anew by a job (`worker/rotation.py`), which any number of kills only delays: the
old key stays in the ring until nothing uses it.
"""

import hashlib
import hmac
import os
import re
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from socket import gethostname

from tui_mail.errors import (
    NotAllowed,
    NotFound,
    NoVault,
    WrongData,
    WrongKey,
    WrongPassword,
    WrongUse,
)
from tui_mail.i18n import _
from tui_mail.keyfile import KeyState, MachineKey, make_key, read_key, settle_key
from tui_mail.keyring import FIRST, ID_BYTES, Keyring, first_keyring, new_keyring
from tui_mail.slots import (
    Slot,
    SlotKind,
    Slots,
    SlotsFile,
    belonging,
    machine_secret,
    new_slot,
    new_stretching,
    opened,
    public_of,
    sealed,
)

_MAGIC = b"TUIS\x02"
_NONCE_BYTES = 12
_LEAST_PASSPHRASE = 12
_LEAST_DIFFERENT = 5

SEAL_BYTES = len(_MAGIC) + ID_BYTES + _NONCE_BYTES + 16  # what a seal adds to what it seals


class Vault:
    """Seals and unseals with the keys of one ring, which never shows. For any thread.

    It opens when it is first needed, or with `unlock`; every method raises what that raises.
    """

    def __init__(
        self,
        key_file: Path,
        slots: Slots,
        ask: Callable[[], str] | None = None,
        *,
        by_passphrase: bool = False,
    ) -> None:
        self._key_file = key_file
        self._slots = slots
        self._ask = ask
        self._by_passphrase = by_passphrase
        self._lock = threading.RLock()
        self._secret = b""
        self._ring: Keyring | None = None
        self._version: tuple[int, ...] = ()

    # -- sealing

    def seal(self, plain: bytes, context: str) -> bytes:
        """`plain` encrypted with the current key and bound to `context` (AES-256-GCM).

        `SEAL_BYTES` longer: a mark, the key's id, a random nonce, and the tag.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        ring = self._current_ring()
        head = _MAGIC + ring.current
        nonce = os.urandom(_NONCE_BYTES)
        box = AESGCM(ring.keys[ring.current]).encrypt(nonce, plain, head + context.encode())
        return head + nonce + box

    def unseal(self, sealed_bytes: bytes, context: str) -> bytes:
        """What `seal` sealed in the same context, by any key that the ring has or had at first.

        Raises WrongKey when the key, the context or a bit of it is another, and what `unlock` does.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._key(key_id(sealed_bytes))
        head = sealed_bytes[: len(_MAGIC) + ID_BYTES] if _is_marked(sealed_bytes) else b""
        nonce, box = _split(sealed_bytes[len(head) :])
        try:
            return AESGCM(key).decrypt(nonce, box, head + context.encode())
        except (InvalidTag, ValueError) as error:
            raise _another_key() from error

    def has_key_of(self, sealed_bytes: bytes) -> bool:
        """Whether there is a key of the id that a seal says: if so, and the seal does not open, the
        seal is altered or stands for something else."""
        return _is_marked(sealed_bytes) and key_id(sealed_bytes) in self._open_ring().keys

    def name(self, content_digest: bytes) -> str:
        """A name for content that tells nothing to who lacks the key (HMAC-SHA-256, hex).

        The same whatever keys come and go.
        """
        return hmac.new(self._open_ring().naming, content_digest, hashlib.sha256).hexdigest()

    def is_current(self, sealed_bytes: bytes) -> bool:
        """Whether the key that seals now has sealed this."""
        return key_id(sealed_bytes) == self._current_ring().current

    # -- opening

    def unlock(self, *, make: bool = True) -> None:
        """Open the vault, making it where there is none, unless told otherwise.

        Raises NotAllowed (no slot here, not yours), WrongPassword, InputOutput (missing, damaged),
        CannotWrite, TryLater.
        """
        key = None if make else self._machine_key()
        if not make and (key is None or key.state is KeyState.MADE):
            self._read()  # which says what is missing
        self._open_ring()

    def _open_ring(self) -> Keyring:
        if self._ring is None:
            with self._lock:
                if self._ring is None:
                    self._open()
        assert self._ring is not None
        return self._ring

    def _current_ring(self) -> Keyring:
        """The ring as it is now: another process may have turned it."""
        ring = self._open_ring()
        if self._slots.version() == self._version:
            return ring
        return self._read_again()

    def _key(self, identifier: bytes) -> bytes:
        key = self._open_ring().keys.get(identifier)
        if key is None:
            key = self._read_again().keys.get(identifier)
        if key is None:
            raise _another_key()
        return key

    def _read_again(self) -> Keyring:
        with self._lock:
            found = self._read()
            slot = _slot_of(found, self._secret)
            if slot is None:
                raise NotAllowed(
                    _("The slot in the vault that this program was opened with is revoked.")
                )
            return self._take(found, slot)

    def _take(self, found: SlotsFile, slot: Slot) -> Keyring:
        ring = opened(found, slot, self._secret)
        self._ring, self._version = ring, found.version
        return ring

    def _read(self) -> SlotsFile:
        try:
            return self._slots.read()
        except FileNotFoundError as error:
            if self._was_never_made():
                raise NoVault(
                    _(
                        "There is no vault {file} yet: tui-mail vault init makes it. If there was "
                        "one, see that the attachments folder is there."
                    ).format(file=self._slots.path)
                ) from error
            raise NoVault(
                _(
                    "The vault {file} is missing: see that the attachments folder is there, or "
                    "restore it from a backup."
                ).format(file=self._slots.path)
            ) from error

    def _was_never_made(self) -> bool:
        """Neither key file nor attachments say that there was one."""
        folder = self._slots.path.parent
        return self._machine_key() is None and not (folder.is_dir() and _has_blobs(folder))

    def _open(self) -> None:
        found = self._found_or_made()
        key = self._machine_key()
        if key is not None and not self._by_passphrase:
            self._secret = machine_secret(key.key)
            slot = _slot_of(found, self._secret)
            if slot is not None:
                self._take(found, slot)
                if key.state is not KeyState.MADE:
                    with self._slots.changing():
                        settle_key(self._key_file, key)
                return
        self._take(found, self._slot_by_passphrase(found))

    def _machine_key(self) -> MachineKey | None:
        try:
            return read_key(self._key_file)
        except FileNotFoundError:
            return None

    def _slot_by_passphrase(self, found: SlotsFile) -> Slot:
        ways = [slot for slot in found.slots if slot.stretching is not None]
        if self._by_passphrase and not ways:
            raise NotAllowed(
                _(
                    "No slot of the vault opens by a passphrase: leave out --passphrase-stdin. "
                    "tui-mail vault add-slot gives an operator one, and takes the new passphrase on "
                    "standard input with --new-passphrase-stdin."
                )
            )
        if self._ask is None or not ways:
            raise NotAllowed(
                _(
                    "This machine has no slot in the vault {file}: give it one with tui-mail vault "
                    "add-slot --machine --passphrase-stdin, the passphrase of an operator's slot on "
                    "standard input, or take a key file that another machine writes for it."
                ).format(file=self._slots.path)
            )
        passphrase = self._ask()
        for slot in ways:
            assert slot.stretching is not None
            secret = slot.stretching.secret(passphrase)
            if public_of(secret) == slot.public:
                self._secret = secret
                return slot
        raise WrongPassword(
            _(
                "No slot of the vault opens with this passphrase: see that it is typed as it was "
                "chosen. tui-mail vault slots says whose passphrases there are."
            )
        )

    def _found_or_made(self) -> SlotsFile:
        try:
            return self._slots.read()
        except FileNotFoundError:
            with self._slots.changing():
                try:
                    return self._slots.read()  # somebody else was quicker
                except FileNotFoundError:
                    return self._made()

    def _made(self) -> SlotsFile:
        """A new vault with a slot for this machine; or one around the key of an older installation.

        The key file is there before the vault is: a kill between them is made good by the next
        call, as the file says that the vault is still being made.
        """
        key = self._machine_key()
        if key is None:
            if _has_blobs(self._slots.path.parent):
                self._read()  # which says what is missing
            key = make_key(self._key_file)
        elif key.state is KeyState.MADE:
            self._read()
        ring = first_keyring(key.key) if key.state is KeyState.ALONE else new_keyring()
        secret = machine_secret(key.key)
        slot = belonging(new_slot(SlotKind.MACHINE, gethostname(), secret), secret, ring)
        self._slots.write(sealed((slot,), ring))
        return self._slots.read()

    # -- slots

    def slots(self) -> tuple[Slot, ...]:
        """Who can open the vault; for that it need not be open."""
        return self._read().slots

    @property
    def file(self) -> Path:
        """Where the slots are."""
        return self._slots.path

    def is_here(self, slot: Slot) -> bool:
        """Whether it is this machine's slot, as far as its key file can be read."""
        try:
            key = self._machine_key()
        except NotAllowed:
            return False
        return key is not None and public_of(machine_secret(key.key)) == slot.public

    def add_operator(self, name: str, passphrase: str) -> Slot:
        """A slot that a passphrase opens.

        Raises WrongUse for one that is too short, or of too few characters over and over.
        """
        if len(passphrase) < _LEAST_PASSPHRASE:
            raise WrongUse(
                _("A passphrase has {count} characters or more: several words do well.").format(
                    count=_LEAST_PASSPHRASE
                )
            )
        if len(set(passphrase)) < _LEAST_DIFFERENT:
            raise WrongUse(
                _(
                    "A passphrase has {count} different characters or more: several words do well."
                ).format(count=_LEAST_DIFFERENT)
            )
        stretching = new_stretching()
        secret = stretching.secret(passphrase)
        return self._add(new_slot(SlotKind.OPERATOR, name, secret, stretching), secret)

    def add_machine(self, name: str = "", key_file: Path | None = None) -> Slot:
        """A slot for this machine, or one for another whose key is written to a new `key_file`.

        Raises WrongUse when this machine has one, or the file is there.
        """
        self._open_ring()
        path = key_file or self._key_file
        if key_file is not None and path.exists():
            raise WrongUse(
                _("The file {file} is there already: choose another name.").format(file=path)
            )
        with self._slots.changing():
            self._put_by_a_revoked_key(path)
            key = make_key(path)
            slot = new_slot(SlotKind.MACHINE, name or gethostname(), machine_secret(key.key))
            if any(one.public == slot.public for one in self._read().slots):
                raise WrongUse(_("This machine has a slot in the vault already."))
            slot = self._put_in(slot, machine_secret(key.key))
            settle_key(path, key)
        return slot

    def _put_by_a_revoked_key(self, path: Path) -> None:
        """Whoever had it must not come in again; it may still be wanted for another vault."""
        with suppress(FileNotFoundError):
            key = read_key(path)
            if key.state is KeyState.MADE and not _slot_of(self._read(), machine_secret(key.key)):
                path.replace(path.with_name(f"{path.name}.revoked"))

    def _add(self, slot: Slot, secret: bytes) -> Slot:
        self._open_ring()
        with self._slots.changing():
            return self._put_in(slot, secret)

    def _put_in(self, slot: Slot, secret: bytes) -> Slot:
        ring, kept = self._read_again(), self._read().slots
        slot = belonging(slot, secret, ring)
        self._write((*kept, slot), ring)
        return slot

    def revoke(self, slot_id: str, *, turn: bool = False) -> Slot:
        """Take a slot away; with `turn`, make a new key as well, which it never sees.

        Raises NotFound, and WrongUse for the last one.
        """
        self._open_ring()
        with self._slots.changing():
            ring, kept = self._read_again(), self._read().slots
            gone = next((slot for slot in kept if slot.id == slot_id), None)
            if gone is None:
                raise NotFound(
                    _(
                        "The vault has no slot {slot}: give the ID of one, which tui-mail vault "
                        "slots prints."
                    ).format(slot=slot_id)
                )
            if len(kept) == 1:
                raise WrongUse(
                    _(
                        "This is the last slot of the vault, and without it nothing would ever open "
                        "again: add another (tui-mail vault add-slot) before you revoke it."
                    )
                )
            if turn and gone.public == public_of(self._secret):
                raise WrongUse(
                    _(
                        "The vault was opened with this very slot: revoke it without --rotate, then "
                        "run tui-mail vault rotate by another one (--passphrase-stdin)."
                    )
                )
            here = self.is_here(gone)
            self._write(
                tuple(slot for slot in kept if slot != gone), ring.turned() if turn else ring
            )
            if here:
                self._key_file.unlink(missing_ok=True)
        return gone

    # -- rotation

    def turn(self) -> bool:
        """Make a new key that seals from now on; False when a rotation is under way already."""
        self._open_ring()
        with self._slots.changing():
            ring = self._read_again()
            if ring.old:
                return False
            self._write(self._read().slots, ring.turned())
        return True

    def adopt(self, other: "Vault") -> None:
        """Let this vault open what another one sealed; the next rotation seals it anew.

        Raises WrongData for a vault that was made by itself, not a writing of this one.
        """
        theirs = other._open_ring()  # noqa: SLF001 — another of its kind
        self._open_ring()
        with self._slots.changing():
            ring = self._read_again()
            try:
                joined = ring.joined(theirs)
            except ValueError as error:
                raise WrongData(
                    _(
                        "The attachments in {folder} are of another vault than the backup's: "
                        "nothing was changed. Move the folder away, or name another one "
                        "(`attachments` in settings.toml), and restore again."
                    ).format(folder=self._slots.path.parent)
                ) from error
            if joined != ring:
                self._write(self._read().slots, joined)

    def drop(self, unused: Callable[[frozenset[bytes]], Collection[bytes]]) -> int:
        """Forget those of the old keys that `unused` says; how many old keys there still are.

        It is asked while nobody else can make a new key.
        """
        self._open_ring()
        with self._slots.changing():
            ring = self._read_again()
            left = ring.without(ring.old & frozenset(unused(ring.old)))
            if left != ring:
                self._write(self._read().slots, left)
        return len(left.old)

    def _write(self, slots: tuple[Slot, ...], ring: Keyring) -> None:
        """Write, and go on with that ring, even if it is this program's slot that went."""
        self._slots.write(sealed(slots, ring))
        self._ring, self._version = ring, self._slots.version()


def key_id(sealed_bytes: bytes) -> bytes:
    """The id of the key that sealed this; it need not be one of the ring's."""
    if _is_marked(sealed_bytes):
        return sealed_bytes[len(_MAGIC) : len(_MAGIC) + ID_BYTES]
    return FIRST


def _is_marked(sealed_bytes: bytes) -> bool:
    return sealed_bytes.startswith(_MAGIC)


def _split(rest: bytes) -> tuple[bytes, bytes]:
    return rest[:_NONCE_BYTES], rest[_NONCE_BYTES:]


def _slot_of(found: SlotsFile, secret: bytes) -> Slot | None:
    public = public_of(secret)
    return next((slot for slot in found.slots if slot.public == public), None)


def _has_blobs(folder: Path) -> bool:
    shard = re.compile(r"[0-9a-f]{2}")
    return any(shard.fullmatch(one.name) and any(one.iterdir()) for one in folder.iterdir())


def _another_key() -> WrongKey:
    return WrongKey(
        _("This was sealed with another key, or it is damaged: restore it from a backup.")
    )


def open_vault(
    key_file: Path,
    slots_file: Path | None = None,
    ask: Callable[[], str] | None = None,
    *,
    by_passphrase: bool = False,
) -> Vault:
    """The vault whose slots lie in a file, else beside the key file, to be opened by the key file.

    `ask` gives an operator's passphrase where this machine has no slot, or always with
    `by_passphrase`.
    """
    slots = Slots(slots_file or key_file.with_name("vault.json"))
    return Vault(key_file, slots, ask, by_passphrase=by_passphrase)
