"""The vault, killed at each step of what it does: all stays readable, and it goes on from there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.kills import kill_at, require_strace, sampled, steps_of
from tests.oldformat import OldInstallation
from tui_mail.blobs import FolderBlobs
from tui_mail.config import find_home
from tui_mail.db import accounts
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account
from tui_mail.vault import Vault, open_vault
from tui_mail.worker.rotation import rotate

WORDS = "sette cavalli sul lago"
_EMAIL = "anna@rossi.example"
_CONTENTS = (b"", b"fattura", bytes(70_000))


@pytest.fixture(autouse=True)
def _strace() -> None:
    require_strace()


class Installation:
    """A home with blobs, among them old ones, and an account with its password."""

    def __init__(self, folder: Path, template: Path) -> None:
        self.whole = folder / "whole"
        self.home = folder / "home"
        old = OldInstallation(self.whole / "key", self.whole / "attachments")
        first = old.put(b"old")
        shutil.copy(template, self.whole / "tui_mail.db")
        vault, blobs = self.opened(self.whole)
        self.kept = {blobs.put(one): one for one in _CONTENTS} | {first: b"old"}
        with database_of(self.whole) as database:
            operator = database.write_now(accounts.operator_for, "anna")
            account = Account(email=_EMAIL, secret=vault.seal(b"segreta", f"account {_EMAIL}"))
            database.write_now(accounts.add_account, account, operator.id or 0)

    def fresh(self) -> Path:
        """The home as it was at first."""
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.whole, self.home)
        return self.home

    @staticmethod
    def opened(home: Path) -> tuple[Vault, FolderBlobs]:
        vault = open_vault(home / "key", home / "attachments" / "vault.json")
        return vault, FolderBlobs(home / "attachments", vault)

    def check(self, step: object) -> None:
        """All is readable with what a program that starts now finds."""
        vault, blobs = self.opened(self.home)
        assert {name: blobs.open(name) for name in self.kept} == self.kept, step
        with database_of(self.home) as database:
            (row,) = database.read_now(accounts.secrets)
        assert vault.unseal(row.secret, f"account {_EMAIL}") == b"segreta", step


@contextmanager
def database_of(home: Path) -> Iterator[Database]:
    """The database of a home, closed at the end."""
    database = Database(f"sqlite:///{find_home(str(home)).database_file}")
    try:
        yield database
    finally:
        database.close_now()


@pytest.fixture
def installation(tmp_path: Path, sqlite_template: Path) -> Installation:
    return Installation(tmp_path, sqlite_template)


def test_a_rotation_goes_on_wherever_it_was_killed(installation: Installation) -> None:
    call = ("vault", "rotate")
    steps = steps_of(installation.fresh(), call)
    installation.check("whole")
    assert {step.call for step in steps} >= {"write", "fsync", "rename"}
    for step in sampled(steps, 8):
        home = installation.fresh()
        kill_at(home, step, call)
        installation.check(step)
        vault, blobs = installation.opened(home)
        vault.turn()  # unless it was killed before it had made the new key, or when all was done
        with database_of(home) as database:
            done = rotate(database, blobs, vault, home / "attachments", lambda _count: None)
        assert (done.unreadable, done.old_keys) == ((), 0), step
        installation.check(step)
        blobs.sweep(datetime.now(UTC) + timedelta(hours=1))
        assert list(blobs.leftovers()) == [], step
        assert len(list(blobs.names())) == len(installation.kept), step


def test_a_slot_is_there_or_not_wherever_its_adding_was_killed(installation: Installation) -> None:
    call = ("vault", "add-slot", "--operator", "anna", "--new-passphrase-stdin")
    steps = steps_of(installation.fresh(), call, WORDS)
    for step in sampled(steps, 3):
        home = installation.fresh()
        kill_at(home, step, call, WORDS)
        installation.check(step)
        vault, _blobs = installation.opened(home)
        if len(vault.slots()) == 1:
            vault.add_operator("anna", WORDS)
        assert [slot.name for slot in vault.slots()][1:] == ["anna"], step
        open_vault(home / "none", home / "attachments" / "vault.json", lambda: WORDS).unlock()


def test_a_machine_gets_its_slot_wherever_it_was_killed(installation: Installation) -> None:
    vault, _blobs = installation.opened(installation.whole)
    vault.add_operator("anna", WORDS)
    vault.revoke(vault.slots()[0].id)
    call = ("vault", "add-slot", "--machine", "--passphrase-stdin")
    steps = steps_of(installation.fresh(), call, WORDS)
    for step in sampled(steps, 3):
        home = installation.fresh()
        kill_at(home, step, call, WORDS)
        file = home / "attachments" / "vault.json"
        if len(open_vault(home / "key", file).slots()) == 1:
            open_vault(home / "key", file, lambda: WORDS).add_machine()
        installation.check(step)


def test_an_installation_is_made_wherever_its_making_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    steps = steps_of(home, ("vault", "init"))
    for step in sampled(steps, 3):
        shutil.rmtree(home)
        kill_at(home, step, ("vault", "init"))
        vault, blobs = Installation.opened(home)
        assert blobs.open(blobs.put(b"x")) == b"x", step
        assert len(vault.slots()) == 1, step


def test_an_installation_of_before_is_taken_over_wherever_that_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    old = OldInstallation(home / "key", home / "attachments")
    name, box = old.put(b"old"), old.seal(b"segreta", "c")
    shutil.copytree(home, tmp_path / "whole")
    for step in sampled(steps_of(home, ("vault", "init")), 3):
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "whole", home)
        kill_at(home, step, ("vault", "init"))
        vault, blobs = Installation.opened(home)
        assert blobs.open(name) == b"old", step
        assert vault.unseal(box, "c") == b"segreta", step
