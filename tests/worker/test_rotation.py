"""Rotation: nothing is lost, whoever works at the same time, and an old key goes when unused."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.oldformat import OldInstallation
from tui_mail.blobs import FolderBlobs
from tui_mail.db import accounts
from tui_mail.db.engine import Database
from tui_mail.db.schema import prepare
from tui_mail.db.tables import Account
from tui_mail.vault import Vault, open_vault
from tui_mail.worker.collect import note_use
from tui_mail.worker.rotation import keep_secret, rotate


class Keys:
    """A vault with its blobs, opened as many times as there are programs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.vault, self.blobs = self.program()

    def program(self) -> tuple[Vault, FolderBlobs]:
        vault = open_vault(self.folder / "key")
        return vault, FolderBlobs(self.attachments, vault)

    @property
    def attachments(self) -> Path:
        return self.folder / "attachments"

    def file(self, name: str) -> Path:
        return self.attachments / name[:2] / name[2:]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


def add_account(database: Database, email: str, secret: bytes) -> None:
    operator = database.write_now(accounts.operator_for, "anna")
    database.write_now(accounts.add_account, Account(email=email, secret=secret), operator.id or 0)


def secret_of(database: Database, email: str) -> bytes:
    return accounts_by_email(database)[email]


def accounts_by_email(database: Database) -> dict[str, bytes]:
    return {row.email: row.secret for row in database.read_now(accounts.secrets)}


def nothing(_count: int) -> None:
    pass


def test_everything_has_the_new_key_and_the_old_one_goes(database: Database, keys: Keys) -> None:
    contents = [os.urandom(size) for size in (0, 10, 70_000)]
    names = [keys.blobs.put(content) for content in contents]
    for email in ("a@rossi.it", "b@rossi.it"):
        add_account(database, email, keys.vault.seal(email.encode(), f"account {email}"))
    before = {name: keys.file(name).read_bytes() for name in names}
    looked: list[int] = []

    assert keys.vault.turn()
    done = rotate(database, keys.blobs, keys.vault, keys.attachments, looked.append)

    assert (done.blobs, done.secrets, done.unreadable, done.old_keys) == (3, 2, (), 0)
    assert looked == [1, 2, 3]
    vault, blobs = keys.program()
    assert [blobs.open(name) for name in names] == contents
    for name in names:
        assert keys.file(name).read_bytes()[81:] == before[name][81:]
    for email, secret in accounts_by_email(database).items():
        assert vault.is_current(secret)
        assert vault.unseal(secret, f"account {email}") == email.encode()
    again = rotate(database, keys.blobs, keys.vault, keys.attachments, nothing)
    assert (again.blobs, again.secrets, again.old_keys) == (0, 0, 0)


def test_an_installation_of_before_is_rotated_too(
    sqlite_database: Database, tmp_path: Path
) -> None:
    old = OldInstallation(tmp_path / "key", tmp_path / "attachments")
    name, context = old.put(b"fattura"), "account a@rossi.it"
    add_account(sqlite_database, "a@rossi.it", old.seal(b"segreta", context))
    keys = Keys(tmp_path)
    keys.vault.turn()
    done = rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing)
    assert (done.blobs, done.secrets, done.old_keys) == (1, 1, 0)
    vault, blobs = keys.program()
    assert blobs.open(name) == b"fattura"
    assert vault.unseal(secret_of(sqlite_database, "a@rossi.it"), context) == b"segreta"


def test_what_cannot_be_read_is_listed_and_keeps_its_key(
    sqlite_database: Database, keys: Keys
) -> None:
    name, other = keys.blobs.put(b"buono"), keys.blobs.put(b"guasto")
    sealed = bytearray(keys.file(other).read_bytes())
    sealed[30] ^= 1
    backup = keys.file(other).read_bytes()
    keys.file(other).write_bytes(sealed)
    keys.vault.turn()
    done = rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing)
    assert (done.blobs, done.unreadable, done.old_keys) == (1, (other,), 1)
    keys.file(other).write_bytes(backup)  # restored: the key is still there for it
    assert keys.blobs.open(other) == b"guasto"
    done = rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing)
    assert (done.blobs, done.unreadable, done.old_keys) == (1, (), 0)
    assert keys.blobs.open(name) == b"buono"


def test_a_secret_that_no_key_opens_does_not_stop_it(sqlite_database: Database, keys: Keys) -> None:
    add_account(sqlite_database, "a@rossi.it", b"not sealed at all, whatever it may be")
    keys.vault.turn()
    done = rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing)
    assert (done.secrets, done.lost) == (0, ("a@rossi.it",))


def test_a_password_that_changes_meanwhile_stays(sqlite_database: Database, keys: Keys) -> None:
    context = "account a@rossi.it"
    add_account(sqlite_database, "a@rossi.it", keys.vault.seal(b"old", context))
    (row,) = sqlite_database.read_now(accounts.secrets)
    keys.vault.turn()
    newer = keys.vault.seal(b"new", context)
    operator = sqlite_database.read_now(accounts.operator_known, "anna") or 0
    sqlite_database.write_now(accounts.set_secret, operator, "a@rossi.it", newer)
    late = keys.vault.seal(b"old", context)
    sqlite_database.write_now(accounts.replace_secrets, [(row, late)])
    assert secret_of(sqlite_database, "a@rossi.it") == newer


def test_a_collector_that_died_takes_no_key_with_it(sqlite_database: Database, keys: Keys) -> None:
    name = keys.blobs.put(b"da parte")
    path = keys.file(name)
    path.rename(path.with_name(f".{path.name}.{'0' * 16}.aside"))
    keys.vault.turn()
    assert rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing).old_keys == 1
    assert keys.blobs.open(name) == b"da parte"


def test_a_damaged_blob_is_mended_by_whoever_puts_its_content(keys: Keys) -> None:
    name = keys.blobs.put(b"x" * 1000)
    whole = keys.file(name).read_bytes()
    for damaged in (b"", whole[:-1], whole[:40], whole + b"x", bytes(len(whole))):
        keys.file(name).write_bytes(damaged)
        assert keys.blobs.put(b"x" * 1000) == name
        assert keys.blobs.open(name) == b"x" * 1000


def at_once(*acts: Callable[[], None]) -> None:
    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(act) for act in acts]:
            done.result()


def test_writers_and_two_rotators_at_once_lose_nothing(
    sqlite_database: Database, keys: Keys
) -> None:
    """Each as a program of its own, with the keys turned all the time."""
    kept: dict[str, bytes] = {}
    stop = threading.Event()

    def write(number: int) -> Callable[[], None]:
        def act() -> None:
            _vault, blobs = keys.program()
            try:
                for turn in range(60):
                    content = b"%d" % (turn if number < 2 else turn // 2)
                    kept[blobs.put(content)] = content
            finally:
                if number == 0:
                    stop.set()

        return act

    def rotator() -> None:
        vault, blobs = keys.program()
        while not stop.is_set():
            vault.turn()
            rotate(sqlite_database, blobs, vault, keys.attachments, nothing)

    at_once(write(0), write(1), write(2), rotator, rotator)
    rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing)
    vault, blobs = keys.program()
    assert {name: blobs.open(name) for name in kept} == kept
    for name in kept:
        blobs.verify(name)
    assert len(blobs.keys_in_use()) == 1
    assert vault.drop(lambda old: old - blobs.keys_in_use()) == 0
    assert list(blobs.leftovers()) == []


@pytest.fixture
def other_database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'other.db'}")
    prepare(made)
    yield made
    made.close_now()


def test_a_database_that_shares_the_folder_keeps_its_passwords(
    sqlite_database: Database, other_database: Database, keys: Keys
) -> None:
    """Each has its own sealed anew by a rotation of its own; only then does the old key go."""
    both = (sqlite_database, other_database)
    context = "account a@rossi.it"
    for database in both:
        note_use(keys.attachments, database)
        add_account(database, "a@rossi.it", keys.vault.seal(b"segreta", context))
    keys.vault.turn()
    done = rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing)
    assert (done.secrets, done.old_keys, done.others) == (1, 1, 1)
    vault, _blobs = keys.program()
    assert vault.unseal(secret_of(other_database, "a@rossi.it"), context) == b"segreta"
    done = rotate(other_database, keys.blobs, keys.vault, keys.attachments, nothing)
    assert (done.secrets, done.old_keys) == (1, 0)
    vault, _blobs = keys.program()
    for database in both:
        assert vault.unseal(secret_of(database, "a@rossi.it"), context) == b"segreta"
    note_use(keys.attachments, other_database)  # says nothing new, and forgets nothing
    keys.vault.turn()
    assert rotate(sqlite_database, keys.blobs, vault, keys.attachments, nothing).old_keys == 1


def test_a_password_that_a_rotation_overtook_is_sealed_again(
    sqlite_database: Database, keys: Keys
) -> None:
    sealed = keys.vault.seal(b"segreta", "account a@rossi.it")
    keys.vault.turn()
    rotate(sqlite_database, keys.blobs, keys.vault, keys.attachments, nothing)
    add_account(sqlite_database, "a@rossi.it", sealed)
    keep_secret(sqlite_database, keys.vault, "a@rossi.it", "segreta")
    vault, _blobs = keys.program()
    secret = secret_of(sqlite_database, "a@rossi.it")
    assert vault.unseal(secret, "account a@rossi.it") == b"segreta"
