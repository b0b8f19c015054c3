"""A worker that is killed at any moment of its sync and push: nothing lost, nothing doubled.

TUI_MAIL_TEST_FULL=1 kills 200 times.
"""

import asyncio
import hashlib
import itertools
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers.dovecot import Dovecot
from tests.worker.office import PASSWORD, Held, Office, letter, office_on
from tui_mail.config import find_home
from tui_mail.db import actions, folders
from tui_mail.db.accounts import all_accounts
from tui_mail.db.engine import Database
from tui_mail.db.schema import prepare
from tui_mail.values import Fetched

FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
KILLS = 200 if FULL else 6
_SETTLED_EVERY = 3
_MARKS = {
    "seen": "\\Seen",
    "flagged": "\\Flagged",
    "answered": "\\Answered",
    "deleted": "\\Deleted",
    "draft": "\\Draft",
}
_LARGE_BYTES = 1_200_000
_NUMBERS = itertools.count(1)


class House:
    """A home with an account on Dovecot, who works there, and what must be there in the end."""

    def __init__(self, home: Path, dovecot: Dovecot) -> None:
        self._home = home
        self._dovecot = dovecot
        self._user = f"uccisa{next(_NUMBERS)}"
        dovecot.add_user(self._user, PASSWORD)
        file = find_home(str(home)).database_file
        file.parent.mkdir(parents=True)
        self._database = Database(f"sqlite:///{file}")
        prepare(self._database)
        self.office: Office = office_on(self._database, home)
        self.expected: set[str] = set()
        self._run(
            *("account", "add", f"{self._user}@rossi.it", "--user", self._user),
            *("--imap", f"{dovecot.host}:{dovecot.port_imaps}", "--tls", "implicit"),
            *("--ca", dovecot.ca_file, "--password-stdin"),
            say=PASSWORD,
        )

    def close(self) -> None:
        self.office.ingest.close()
        self._database.close_now()

    def _start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [
                *(sys.executable, "-m", "tui_mail", "--home", str(self._home), "--as", "anna"),
                *arguments,
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def _run(self, *arguments: str, say: str = "") -> float:
        """To its end, and well; how many seconds it took."""
        began = time.monotonic()
        process = self._start(*arguments)
        _out, said = process.communicate(f"{say}\n".encode(), timeout=120)
        assert process.returncode == 0, said.decode()
        return time.monotonic() - began

    def once(self) -> float:
        return self._run("worker", "--once")

    def killed_after(self, seconds: float) -> None:
        process = self._start("worker", "--once")
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        process.communicate()

    # -- what people do

    def deliver(self, chance: random.Random, count: int) -> None:
        for _number in range(count):
            raw = letter(f"m{next(_NUMBERS)}", text="x" * chance.choice((10, 3_000)))
            self._expect(raw)
            self._dovecot.deliver(self._user, raw)

    def deliver_large(self) -> None:
        raw = letter(f"m{next(_NUMBERS)}", text="\r\n".join(["x" * 78] * (_LARGE_BYTES // 80)))
        self._expect(raw)
        self._dovecot.deliver(self._user, raw)

    def _expect(self, raw: bytes) -> None:
        self.expected.add(hashlib.sha256(raw).hexdigest())

    def act(self, chance: random.Random) -> None:
        """A few changes here, of every kind that is told to the server."""
        held = [one for one in self._held() if one.folder != "Trash"]
        now, write, anna = datetime.now(UTC), self._database.write_now, self.office.operator_id
        chosen = chance.sample(held, min(len(held), 6))
        for place, one in enumerate(chosen):
            ids = [one.placement_id]
            if place % 3 == 0:
                mark = chance.choice(("seen", "flagged", "Cliente", "Urgente"))
                there = mark in one.flags
                add, remove = frozenset({mark} - one.flags), frozenset({mark} & one.flags)
                assert bool(remove) == there
                write(actions.mark, anna, ids, add=add, remove=remove, now=now)
            elif place % 3 == 1:
                write(actions.archive, anna, ids, now)
            else:
                write(actions.delete, anna, ids, now)
        self._file()

    def _file(self) -> None:
        """A message is taken in from a file: the server is to be given it."""
        raw = letter(f"m{next(_NUMBERS)}")
        self._expect(raw)
        [account] = self._database.read_now(all_accounts)
        account_id = account.id or 0
        inbox = self._database.read_now(folders.folder_named, account_id, "INBOX")
        one = Fetched("", raw, frozenset(), datetime.now(UTC))
        asyncio.run(self.office.ingest.take_in(account_id, inbox.id or 0, [one]))

    # -- what is there

    def _held(self) -> list[Held]:
        return asyncio.run(self.office.held())

    def check_here(self) -> None:
        """Whatever came is here once."""
        counts = Counter(one.content_hash for one in self._held())
        assert set(counts) <= self.expected
        doubled = {key for key, number in counts.items() if number > 1}
        # What was moved is still where it was until the server has been asked again.
        assert not doubled

    def check_both(self) -> None:
        """Both sides have everything, once, in the same folder with the same flags."""
        here = [
            (one.folder, one.content_hash, frozenset(_MARKS.get(f, f) for f in one.flags))
            for one in self._held()
        ]
        assert {content for _folder, content, _flags in here} == self.expected
        assert len(here) == len(self.expected)
        assert sorted(map(repr, map(_plain, here))) == sorted(map(repr, map(_plain, self._there())))

    def _there(self) -> list[tuple[str, str, frozenset[str]]]:
        client = self._dovecot.second_client(self._user)
        found: list[tuple[str, str, frozenset[str]]] = []
        for folder in ("INBOX", "Archive", "Trash", "Sent", "Drafts"):
            if client.select(folder, readonly=True)[0] != "OK":
                continue
            numbers = client.search(None, "ALL")[1][0].split()
            if not numbers:
                continue
            answers = client.fetch("1:*", "(FLAGS BODY.PEEK[])")[1]
            for answer in answers:
                if not isinstance(answer, tuple):
                    continue
                head, raw = answer
                marks = head.partition(b"FLAGS (")[2].partition(b")")[0].decode().split()
                flags = frozenset(marks) - {"\\Recent"}
                found.append((folder, hashlib.sha256(raw).hexdigest(), flags))
        client.logout()
        return found


def _plain(one: tuple[str, str, frozenset[str]]) -> tuple[str, str, list[str]]:
    return one[0], one[1], sorted(one[2])


@pytest.fixture
def house(tmp_path: Path, dovecot: Dovecot) -> Iterator[House]:
    made = House(tmp_path / "home", dovecot)
    yield made
    made.close()


def test_killed_at_any_moment_nothing_is_lost_or_doubled(house: House) -> None:
    chance = random.Random(11)
    house.deliver(chance, 30)
    whole = house.once()
    house.check_both()
    for kill in range(1, KILLS + 1):
        house.deliver(chance, 4)
        if kill % 10 == 2:
            house.deliver_large()
        house.act(chance)
        house.killed_after(chance.uniform(0.4, 1.1) * whole)
        house.check_here()
        if kill % _SETTLED_EVERY == 0 or kill == KILLS:
            house.once()
            house.once()
            house.check_both()
