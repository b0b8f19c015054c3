"""A team on one database: the whole program on PostgreSQL, and the same on SQLite.

Every step is a call of the program; what one process changes, a console that is open shows.
"""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest

from tests.cli.conftest import write_erp
from tests.cli.program import command_line, letter
from tests.terminal import Terminal
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import DEFAULT_FOLDERS, UserMailbox
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail, SmtpServer

_PASSWORD = "segreta"
_ANNA, _SALES = "anna@rossi.example", "vendite@rossi.example"
_ORDER = "sales_order:2025/119"
_SOON = 1.0  # seconds until an open console shows what another process has changed


class Outside:
    """The mail server of both accounts, on an event loop in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._boxes = {one: UserMailbox(_PASSWORD, DEFAULT_FOLDERS) for one in (_ANNA, _SALES)}
        self._imap = ImapServer(self._boxes)
        self._smtp = SmtpServer(self._take, users=dict.fromkeys(self._boxes, _PASSWORD))
        self.received: list[ReceivedMail] = []

    def _take(self, mail: ReceivedMail) -> list[str]:
        self.received.append(mail)
        return [ACCEPTED] * len(mail.recipients)

    def __enter__(self) -> Self:
        self._thread.start()
        self._wait(self._imap.start())
        self._wait(self._smtp.start())
        return self

    def __exit__(self, *_: object) -> None:
        self._wait(self._smtp.stop())
        self._wait(self._imap.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _wait(self, job: Any) -> None:
        asyncio.run_coroutine_threadsafe(job, self._loop).result(10)

    def deliver(self, email: str, raw: bytes) -> None:
        async def inside() -> None:
            self._boxes[email].deliver("INBOX", raw, (), datetime.now(UTC))

        self._wait(inside())

    @property
    def options(self) -> list[str]:
        return [
            "--imap", f"127.0.0.1:{self._imap.port}", "--smtp", f"127.0.0.1:{self._smtp.port}",
            "--tls", "none", "--password-stdin",
        ]  # fmt: skip


class Team:
    """Anna and Bruno, each calling the program on one home and one database."""

    def __init__(self, home: Path, url: str, outside: Outside) -> None:
        self.home = home
        self.outside = outside
        self.environment = {"TUI_MAIL_DATABASE": url, "LC_ALL": "C.UTF-8"}
        self._environment = {**_clean_environment(), **self.environment}

    def run(self, who: str, *arguments: object, stdin: str = "") -> list[dict[str, Any]]:
        done = subprocess.run(
            command_line("--home", self.home, "--as", who, "--json", *arguments),
            input=stdin,
            capture_output=True,
            env=self._environment,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (arguments, done)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def fails(self, who: str, *arguments: object) -> int:
        return subprocess.run(
            command_line("--home", self.home, "--as", who, "--json", *arguments),
            capture_output=True,
            env=self._environment,
            timeout=60,
            check=False,
        ).returncode

    def start(self, *arguments: object) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            command_line("--home", self.home, "--as", "anna", *arguments),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def console(self, who: str) -> Terminal:
        arguments = ["--home", str(self.home), "--as", who, "--lang", "en"]
        return Terminal([sys.executable, "-m", "tui_mail", *arguments], 140, 36, self.environment)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("TUI_MAIL")}


@pytest.fixture
def team(empty_database_url: str, tmp_path: Path) -> Iterator[Team]:
    """Anna has an account of her own, both share one; two letters about the same order are in."""
    with Outside() as outside:
        outside.deliver(_SALES, letter(2, subject="Ordine 2025/119", body="Per la consegna."))
        outside.deliver(_ANNA, letter(3, subject="Ordine 2025/119", body="In confidenza."))
        team = Team(tmp_path / "home", empty_database_url, outside)
        team.run("anna", "init")
        team.run("anna", "account", "add", _ANNA, *outside.options, stdin=_PASSWORD)
        team.run("anna", "account", "add", _SALES, "--shared", *outside.options, stdin=_PASSWORD)
        team.run("anna", "erp", "import", write_erp(tmp_path / "erp"))
        done = team.run("anna", "worker", "--once")
        assert {row["account"]: row["ok"] for row in done} == {_ANNA: True, _SALES: True}
        yield team


def _ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows if "id" in row]


def test_each_reads_and_sends_what_is_theirs_and_counts_the_rest(team: Team) -> None:
    everything = team.run("anna", "search", "ordine")
    (shared,) = team.run("bruno", "search", "ordine")
    assert {row["account"] for row in everything} == {_ANNA, _SALES}
    assert (shared["account"], shared["links"][0]) == (_SALES, _ORDER)
    (private,) = set(_ids(everything)) - {shared["id"]}
    assert team.run("bruno", "search", "confidenza", "--count") == [{"count": 0}]

    assert "consegna" in team.run("bruno", "show", shared["id"])[0]["text"]
    assert team.fails("bruno", "show", private) == 66
    assert _ORDER.endswith(team.run("bruno", "links", shared["id"])[0]["code"])
    assert team.fails("bruno", "links", private) == 66
    assert team.fails("bruno", "mark", private, "+read") == 66

    whole, part = team.run("anna", "trace", _ORDER), team.run("bruno", "trace", _ORDER)
    assert (_ids(whole), whole[-1]) == (_ids(everything), {"hidden": 0})
    assert (_ids(part), part[-1]) == ([shared["id"]], {"hidden": 1})

    options = ["--from", _SALES, "--to", "luca@ferri.example", "--subject", "Conferma"]
    (sent,) = team.run("bruno", "send", *options, "--link", _ORDER, "--wait", "20")
    assert sent["state"] == "sent"
    (received,) = team.outside.received
    assert sent["message_id"].encode() in received.raw
    (first, *_others) = team.run("anna", "trace", _ORDER)
    assert (first["subject"], first["account"]) == ("Conferma", _SALES)


def _row(terminal: Terminal, subject: str) -> str:
    return next((line for line in terminal.screen.display if subject in line), "")


def _soon(terminal: Terminal, condition: Callable[[Terminal], bool], begun: float) -> None:
    assert terminal.until(condition) - begun < _SOON


def test_an_open_console_shows_what_others_do(team: Team) -> None:
    worker = team.start("worker")  # holds the accounts: the console fetches nothing itself
    console = team.console("bruno")
    try:
        console.until(lambda t: "●" in _row(t, "Ordine 2025/119"))
        console.until("Order 119/25")
        assert _ANNA.partition("@")[0] + "@ " not in console.text
        (shared,) = team.run("anna", "search", f"account:{_SALES}")

        team.run("anna", "mark", shared["id"], "+read", "+starred")
        changed = time.perf_counter()
        _soon(console, lambda t: "★" in _row(t, "Ordine 2025/119"), changed)
        assert "●" not in _row(console, "Ordine 2025/119")

        team.outside.deliver(_SALES, letter(9, subject="Arriva adesso"))
        _soon(console, lambda t: bool(_row(t, "Arriva adesso")), time.perf_counter())
        team.outside.deliver(_ANNA, letter(10, subject="Solo per Anna"))
        while team.run("anna", "search", "solo", "--count") != [{"count": 1}]:
            pass
        console.send("\x11")
        assert console.wait() == 0
        assert "Solo per Anna" not in console.text
    finally:
        console.close()
        worker.terminate()
        worker.wait(10)
