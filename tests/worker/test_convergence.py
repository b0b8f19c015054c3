"""Whatever the console and another program do to one mailbox, and whenever the connection breaks:
in the end both have the same, and what nobody deleted is still there.

TUI_MAIL_TEST_FULL=1 takes 500 runs of 30 steps.
"""

import asyncio
import contextlib
import hashlib
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.servers.cutting import Cutting
from tests.servers.dovecot import Dovecot
from tests.worker.office import NOW, DovecotRemote, Held, Office, letter, make_due, office_on
from tests.worker.second import SecondClient, State
from tui_mail.db import actions, folder_verbs, folders, operations, undoing
from tui_mail.db.engine import Database
from tui_mail.errors import NotFound, WrongUse
from tui_mail.values import Fetched

_FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
_RUNS = 500 if _FULL else 8
_PHASES = (Phase.reuse, Phase.generate)  # shrinking would take hours
_ROUNDS = 12  # of sync, after which nothing may be left to be told
_PRECIOUS = "nevergone"
_LETTERS = (
    letter("precious", text=_PRECIOUS),
    letter("one"),
    letter("two", text="x" * 300),
    letter("same", text="aaaa"),
    letter("same", text="bbbb"),
    b"From: nobody@test\r\nSubject: without a name\r\n\r\nBuongiorno\r\n",
)
_FOLDERS = ("INBOX", "Trash", "Sent", "Clienti", "Clienti/Rossi", "Ordini")
_OWN = _FOLDERS[3:]

_folder = st.sampled_from(_FOLDERS)
_own = st.sampled_from(_OWN)
_number = st.integers(0, 5)
_letter = st.sampled_from(_LETTERS)
_flag = st.sampled_from(("seen", "flagged", "answered", "deleted", "Urgente", "$Forwarded"))


class Mailbox(RuleBasedStateMachine):
    """Two programs at one mailbox, of which one is ours."""

    server: ClassVar[Dovecot]
    template: ClassVar[Path]
    home: ClassVar[Path]
    runs: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        Mailbox.runs += 1
        place = self.home / str(Mailbox.runs)
        place.mkdir()
        shutil.copy(self.template, place / "tui_mail.db")
        self.loop = asyncio.Runner()
        self.office: Office = office_on(Database(f"sqlite:///{place}/tui_mail.db"), place / "home")
        remote = DovecotRemote(self.server)
        self.second = SecondClient(self.server, remote.user)
        self.way = Cutting(self.server.port_imaps)
        self.loop.run(self.way.__aenter__())
        account = remote.account()
        account.port = self.way.port
        self.account_id = self.loop.run(self.office.add(account))

    @initialize()
    def begin(self) -> None:
        self.second.append("INBOX", _LETTERS[0])
        self.second.append("INBOX", _LETTERS[1])
        self._sync()

    def teardown(self) -> None:
        try:
            self._settle()
        finally:
            self.second.leave()
            self.loop.run(self.way.__aexit__())
            self.office.ingest.close()
            self.office.database.close_now()
            self.loop.close()

    # -- the other program

    @rule(folder=_folder, raw=_letter, flag=_flag)
    def append_there(self, folder: str, raw: bytes, flag: str) -> None:
        self.second.append(folder, raw, [flag])

    @rule(folder=_folder, number=_number, flag=_flag, on=st.booleans())
    def flag_there(self, folder: str, number: int, flag: str, on: bool) -> None:
        self.second.flag(folder, number, flag, on=on)

    @rule(folder=_folder, number=_number, to=_folder)
    def move_there(self, folder: str, number: int, to: str) -> None:
        self.second.move(folder, number, to)

    @rule(folder=_folder, number=_number, to=_folder)
    def copy_there(self, folder: str, number: int, to: str) -> None:
        self.second.copy(folder, number, to)

    @rule(folder=_folder, number=_number)
    def remove_there(self, folder: str, number: int) -> None:
        self.second.remove(folder, number, but=_PRECIOUS)

    @rule(folder=_own)
    def make_there(self, folder: str) -> None:
        self.second.make(folder)

    @rule(folder=_own, name=_own)
    def rename_there(self, folder: str, name: str) -> None:
        self.second.rename(folder, name)

    @rule(folder=_own)
    def drop_there(self, folder: str) -> None:
        self.second.drop(folder, but=_PRECIOUS)

    @rule(folder=_folder)
    def renumber_there(self, folder: str) -> None:
        self.second.renumber(folder)

    # -- the console

    @rule(number=_number, flag=_flag, on=st.booleans())
    def flag_here(self, number: int, flag: str, on: bool) -> None:
        for one in self._held(number):
            change, nothing = frozenset({flag}), frozenset[str]()
            add, remove = (change, nothing) if on else (nothing, change)
            self._write(actions.mark, [one.placement_id], add=add, remove=remove, now=NOW)

    @rule(number=_number, folder=_folder)
    def move_here(self, number: int, folder: str) -> None:
        for one in self._held(number):
            self._write(actions.move, [one.placement_id], self._folder(folder), NOW)

    @rule(number=_number, folder=_folder)
    def copy_here(self, number: int, folder: str) -> None:
        for one in self._held(number):
            self._write(actions.copy, [one.placement_id], self._folder(folder), NOW)

    @rule(number=_number)
    def delete_here(self, number: int) -> None:
        for one in self._held(number):
            if one.header != "precious@test":
                self._write(actions.delete, [one.placement_id], NOW)

    @rule(folder=_own, name=_own)
    def rename_here(self, folder: str, name: str) -> None:
        with contextlib.suppress(WrongUse, NotFound):
            self._write(folder_verbs.rename_folder, self._folder(folder), name, NOW)

    @rule(folder=_own)
    def drop_here(self, folder: str) -> None:
        with contextlib.suppress(NotFound):
            found = self.office.database.read_now(folders.folder_named, self.account_id, folder)
            self._write(folder_verbs.remove_folder, found.id or 0, NOW)

    @rule()
    def undo_here(self) -> None:
        with contextlib.suppress(WrongUse, NotFound):
            self._write(undoing.undo, NOW)

    @rule(raw=_letter, folder=_folder)
    def import_here(self, raw: bytes, folder: str) -> None:
        fetched = Fetched("", raw, frozenset({"seen"}), NOW)
        job = self.office.ingest.take_in(self.account_id, self._folder(folder), [fetched])
        self.loop.run(_done(job))

    # -- the two together

    @rule()
    def sync(self) -> None:
        self._sync()

    @rule(after=st.integers(0, 30_000))
    def sync_as_far_as_the_connection_holds(self, after: int) -> None:
        self.way.left = after
        self.loop.run(self.office.once())
        self.way.left = None

    def _sync(self) -> None:
        self.office.database.write_now(make_due)
        self.loop.run(self.office.once())

    def _settle(self) -> None:
        for _round in range(_ROUNDS):
            self._sync()
            if not self.office.database.read_now(operations.waiting, self.account_id):
                break
        self.loop.run(self.office.sync())
        here, there = self._state(), self.second.state()
        assert here == there, f"\nonly here:  {here - there}\nonly there: {there - here}"
        assert self.second.folders() <= self._folders() <= self.second.listed()
        precious = hashlib.sha256(_LETTERS[0]).hexdigest()
        assert precious in {content_hash for _folder, content_hash, _flags in here}
        assert not self.office.database.read_now(operations.waiting, self.account_id)

    def _state(self) -> State:
        held = self.loop.run(self.office.held())
        return Counter((one.folder, one.content_hash, one.flags) for one in held)

    def _folders(self) -> set[str]:
        return set(self.office.database.read_now(folders.folder_names, self.account_id))

    def _held(self, number: int) -> list[Held]:
        held = self.loop.run(self.office.held())
        return [held[number % len(held)]] if held else []

    def _folder(self, name: str) -> int:
        write = self.office.database.write_now
        return write(folders.folder_named, self.account_id, name, create=True).id or 0

    def _write(self, verb, *arguments, **named) -> None:  # type: ignore[no-untyped-def]
        self.office.database.write_now(verb, self.office.operator_id, *arguments, **named)


async def _done(job) -> None:  # type: ignore[no-untyped-def]
    await job


def test_both_sides_converge(
    dovecot: Dovecot, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Mailbox, "server", dovecot, raising=False)
    monkeypatch.setattr(Mailbox, "template", sqlite_template, raising=False)
    monkeypatch.setattr(Mailbox, "home", tmp_path, raising=False)
    run_state_machine_as_test(
        Mailbox,
        settings=settings(
            max_examples=_RUNS,
            phases=_PHASES,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
