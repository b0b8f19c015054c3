"""The rotation of the vault's key: everything that an old key sealed is sealed by the new one.

Each blob and all passwords are one step, which is done or not; what is left is found by looking,
so a rotation that was killed, or that two programs do at once, needs no book-keeping.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tui_mail.blobs import FolderBlobs
from tui_mail.db import accounts
from tui_mail.db.engine import Database
from tui_mail.db.session import Session
from tui_mail.errors import InputOutput, NotAllowed, NotFound
from tui_mail.vault import Vault, key_id
from tui_mail.worker.collect import other_users, spare_keys

# No live collector holds a file aside, and no writer stops writing, for as long.
_LEFT_ALONE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did. `unreadable`: blobs that no key opens; `lost`: accounts whose password
    none does. `old_keys`: how many old keys are kept, since something that could not be sealed
    anew needs them, or one of `others`: databases that share the folder and may need them."""

    blobs: int
    secrets: int
    unreadable: tuple[str, ...]
    lost: tuple[str, ...]
    old_keys: int
    others: int


def rotate(
    database: Database,
    blobs: FolderBlobs,
    vault: Vault,
    folder: Path,
    progress: Callable[[int], None],
) -> Rotated:
    """Complete the rotation that is under way; `progress` is told how many blobs were looked at.

    `folder`: that of the blobs. A database that shares it has its own passwords sealed anew by a
    rotation of its own; until then the keys that it may need are kept.
    Raises CannotWrite, InputOutput, NotAllowed, TryLater; calling it again goes on.
    """
    blobs.sweep(datetime.now(UTC) - _LEFT_ALONE)  # what is put back is looked at, too
    rewrapped, _unreadable = _rewrap(blobs, progress)
    resealed, _lost = _reseal(database, vault)
    while True:  # what was written while nobody knew of the new key
        again, unreadable = _rewrap(blobs, lambda _count: None)
        rewrapped += again
        if not again:
            break
    again, lost = _reseal(database, vault)

    def drop(session: Session) -> int:
        """In a transaction of its own: whoever is keeping a password is waited for."""
        secrets = frozenset(key_id(row.secret) for row in accounts.secrets(session))

        def unused(old: frozenset[bytes]) -> frozenset[bytes]:
            return spare_keys(folder, database, old - secrets) - blobs.keys_in_use()

        return vault.drop(unused)

    old_keys = database.write_now(drop)
    others = len(other_users(folder, database))
    return Rotated(rewrapped, resealed + again, unreadable, lost, old_keys, others)


def keep_secret(database: Database, vault: Vault, email: str, password: str) -> None:
    """Seal the password that was kept for an account again where a rotation came between."""
    for row in database.read_now(accounts.secrets):
        if row.email == email and not vault.is_current(row.secret):
            fresh = vault.seal(password.encode(), f"account {email}")
            database.write_now(accounts.replace_secrets, [(row, fresh)])


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


def _reseal(database: Database, vault: Vault) -> tuple[int, tuple[str, ...]]:
    """The passwords of accounts, in one transaction; a password that was changed meanwhile stays.

    How many, and the accounts of which none could be opened.
    """
    changed, lost = [], []
    for row in database.read_now(accounts.secrets):
        if vault.is_current(row.secret):
            continue
        context = f"account {row.email}"
        try:
            plain = vault.unseal(row.secret, context)
        except NotAllowed:
            lost.append(row.email)  # nobody can log in with it
            continue
        changed.append((row, vault.seal(plain, context)))
    done = database.write_now(accounts.replace_secrets, changed) if changed else 0
    return done, tuple(lost)
