"""The key file of a machine: what opens its slot in the vault, readable by its owner only.

Hides its format and its life: `making` until the vault holds a slot for it, `made` from then on,
so that a vault that has gone missing is never taken for one that is still to be made. A file of
older installations holds the key alone.
"""

import base64
import binascii
import os
import secrets
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tui_mail.errors import CannotWrite, NotAllowed
from tui_mail.i18n import _
from tui_mail.keyring import KEY_BYTES

_MARK = b"tui_mail-key"


class KeyState(StrEnum):
    """Where the vault stands, as far as the key file knows."""

    ALONE = "alone"  # the key of an installation that had no vault file yet
    MAKING = "making"
    MADE = "made"


@dataclass(frozen=True, slots=True, repr=False)
class MachineKey:
    """What a key file holds; it shows in no repr."""

    key: bytes
    state: KeyState


def read_key(path: Path) -> MachineKey:
    """What the key file holds.

    Raises FileNotFoundError, NotAllowed (another's, damaged).
    """
    try:
        with path.open("rb") as file:
            owner = os.fstat(file.fileno())
            written = file.read(4096)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise _not_yours(path) from error
    ours = os.geteuid() == 0 or owner.st_uid in {0, os.geteuid()}
    if not stat.S_ISREG(owner.st_mode) or not ours:
        raise _not_yours(path)
    try:
        return _parsed(written.split())
    except ValueError as error:
        raise NotAllowed(
            _("The key file {file} is damaged: put it back from a backup.").format(file=path)
        ) from error


def _parsed(words: list[bytes]) -> MachineKey:
    if len(words) == 1:
        return MachineKey(_key(words[0]), KeyState.ALONE)
    mark, state, key = words
    if mark != _MARK:
        raise ValueError
    return MachineKey(_key(key), KeyState(state.decode("ascii", "replace")))


def _key(written: bytes) -> bytes:
    try:
        key = base64.b64decode(written, validate=True)
    except binascii.Error as error:
        raise ValueError from error
    if len(key) != KEY_BYTES:
        raise ValueError
    return key


def make_key(path: Path, state: KeyState = KeyState.MAKING) -> MachineKey:
    """A new random key in a new file; the one that is there when there is one already.

    Only one process at a time may call this or `settle_key`. Raises CannotWrite, NotAllowed.
    """
    made = MachineKey(secrets.token_bytes(KEY_BYTES), state)
    try:
        beside = _beside(path, made)
        try:
            os.link(beside, path)
        finally:
            beside.unlink()
    except FileExistsError:
        return read_key(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    return made


def settle_key(path: Path, key: MachineKey) -> None:
    """Note that the vault has a slot for the key.

    Raises CannotWrite.
    """
    try:
        _beside(path, MachineKey(key.key, KeyState.MADE)).replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _beside(path: Path, key: MachineKey) -> Path:
    """The file under a name of its own, safe on the disk."""
    beside = path.with_name(f".{path.name}.new")  # one name: a kill leaves no more than one
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(beside, flags, 0o600), "wb") as file:
        file.write(b" ".join((_MARK, key.state.encode(), base64.b64encode(key.key))) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    return beside


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _not_yours(path: Path) -> NotAllowed:
    return NotAllowed(
        _("The key file {file} cannot be read: it must belong to you.").format(file=path)
    )


def _cannot_write(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(
        _("The key file {file} cannot be written ({reason}).").format(
            file=path, reason=error.strerror
        )
    )
