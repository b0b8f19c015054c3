"""A real mailbox on Dovecot through the program itself: all of it comes, flags go both ways,
and a process that is killed at any moment loses and doubles nothing.

TUI_MAIL_TEST_FULL=1 takes every message of the sets and kills ten times.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.data import messages
from tests.servers.dovecot import Dovecot
from tests.terminal import Terminal

FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
PASSWORD = "segreta"


class Program:
    """The program as others call it, with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.arguments = [sys.executable, "-m", "tui_mail", "--home", str(home), "--as", "anna"]

    def run(self, *arguments: str, password: str = "") -> list[dict[str, Any]]:
        done = subprocess.run(
            [*self.arguments, *arguments, "--json"],
            input=password,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def add(self, dovecot: Dovecot, user: str) -> str:
        email = f"{user}@rossi.example"
        self.run(
            *("account", "add", email, "--imap", f"{dovecot.host}:{dovecot.port_imaps}"),
            *("--tls", "implicit", "--ca", dovecot.ca_file, "--user", user, "--password-stdin"),
            password=f"{PASSWORD}\n",
        )
        return email

    def count(self, query: str) -> int:
        return int(self.run("search", query, "--count")[0]["count"])


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


def fill(dovecot: Dovecot, user: str, every: int) -> int:
    """Real messages of 2002 and every odd case of a MIME parser's tests; how many."""
    dovecot.add_user(user, PASSWORD)
    chosen = [
        *messages("spamassassin/easy-ham-1", every),
        *(one for one in messages("zbateson", 1) if "emails/m" in str(one[0])),
    ]
    for _name, raw in chosen:
        dovecot.deliver(user, raw)
    return len(chosen)


def on_server(dovecot: Dovecot, user: str) -> int:
    client = dovecot.second_client(user)
    _answer, data = client.select("INBOX", readonly=True)
    client.logout()
    return int(data[0] or b"0")


def test_a_whole_mailbox_comes_and_flags_go_both_ways(program: Program, dovecot: Dovecot) -> None:
    delivered = fill(dovecot, "intera", 1 if FULL else 20)
    email = program.add(dovecot, "intera")
    program.run("worker", "--once")
    assert program.count(f"account:{email} in:INBOX") == delivered == on_server(dovecot, "intera")

    rows = program.run("search", f"account:{email}", "--limit", "5")
    program.run("mark", *(str(row["id"]) for row in rows), "+read", "+starred", "+tag:urgente")
    program.run("worker", "--once")
    client = dovecot.second_client("intera")
    client.select("INBOX")
    _answer, found = client.search(None, "SEEN", "FLAGGED", "KEYWORD", "urgente")
    numbers = found[0].split()
    assert len(numbers) == len(rows)

    client.store(numbers[0].decode(), "-FLAGS", "(\\Flagged)")
    client.store("1", "+FLAGS", "(\\Answered)")
    client.logout()
    program.run("worker", "--once")
    assert program.count(f"account:{email} is:starred") == len(rows) - 1
    flags = [row["flags"] for row in program.run("search", f"account:{email}")]
    assert sum("answered" in one for one in flags) == 1


@pytest.mark.parametrize("kind", ["worker", "console"])
def test_killed_during_the_first_sync_nothing_is_lost_or_doubled(
    program: Program, dovecot: Dovecot, kind: str
) -> None:
    user = f"uccisa-{kind}"
    delivered = fill(dovecot, user, 1 if FULL else 5)
    email = program.add(dovecot, user)
    chance = random.Random(7)
    stored = []
    for _kill in range(10 if FULL else 2):
        terminal = Terminal([*program.arguments, *(["worker"] if kind == "worker" else [])])
        end = time.monotonic() + chance.uniform(0.6, 1.6)
        while time.monotonic() < end:
            terminal.read(0.05)
        terminal.kill(signal.SIGKILL)
        terminal.close()
        stored.append(program.count(f"account:{email}"))
    program.run("worker", "--once")
    rows = program.run("search", f"account:{email}")
    assert stored == sorted(stored)
    assert len(rows) == delivered == on_server(dovecot, user)
    assert len({row["id"] for row in rows}) == delivered
