"""The rotation of the vault's key: everything that an old key sealed is sealed by the new one.

Each blob and all passwords are one step, which is done or not; what is left is found by looking,
so a rotation that was killed, or that two programs do at once, needs no book-keeping.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tui_mail.blobs import FolderBlobs
from tui_mail.db import accounts
from tui_mail.db.engine import Database
from tui_mail.errors import InputOutput, NotAllowed, NotFound
from tui_mail.vault import Vault, key_id

# No live collector holds a file aside, and no writer stops writing, for as long.
_LEFT_ALONE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. `unreadable`: blobs that no key opens; `old_keys`: how many old keys
    are kept, since something that could not be sealed anew needs them."""

    blobs: int
    secrets: int
    unreadable: tuple[str, ...]
    old_keys: int


def rotate(
    database: Database, blobs: FolderBlobs, vault: Vault, progress: Callable[[int], None]
) -> Rotated:
    """Complete the rotation that is under way; `progress` is told how many blobs were looked at.

    Raises CannotWrite, InputOutput, NotAllowed, TryLater; calling it again goes on.
    """
    blobs.sweep(datetime.now(UTC) - _LEFT_ALONE)  # what is put back is looked at, too
    rewrapped, _unreadable = _rewrap(blobs, progress)
    resealed = _reseal(database, vault)
    while True:  # what was written while nobody knew of the new key
        again, unreadable = _rewrap(blobs, lambda _count: None)
        rewrapped += again
        if not again:
            break
    resealed += _reseal(database, vault)
    old_keys = vault.drop(blobs.keys_in_use() | _keys_of_secrets(database))
    return Rotated(rewrapped, resealed, unreadable, old_keys)


def _rewrap(blobs: FolderBlobs, progress: Callable[[int], None]) -> tuple[int, tuple[str, ...]]:
    done, unreadable = 0, []
    for count, stored in enumerate(blobs.names(), 1):
        try:
            done += blobs.rewrap(stored.name)
        except NotFound:
            continue  # collected meanwhile
        except (InputOutput, NotAllowed):
            unreadable.append(stored.name)
        progress(count)
    return done, tuple(unreadable)


def _reseal(database: Database, vault: Vault) -> int:
    """The passwords of accounts, in one transaction; a password that was changed meanwhile stays."""
    changed = []
    for row in database.read_now(accounts.secrets):
        if vault.is_current(row.secret):
            continue
        context = f"account {row.email}"
        try:
            plain = vault.unseal(row.secret, context)
        except NotAllowed:
            continue  # nobody can log in with it: the account says so
        changed.append((row, vault.seal(plain, context)))
    return database.write_now(accounts.replace_secrets, changed) if changed else 0


def _keys_of_secrets(database: Database) -> frozenset[bytes]:
    return frozenset(key_id(row.secret) for row in database.read_now(accounts.secrets))
