"""worker, worker --once and worker status."""

import json
import signal
import socket
import sqlite3
from datetime import UTC, datetime

from tests.cli.conftest import PASSWORD, Servers
from tests.cli.program import Program, letter

_EMAIL = "anna@rossi.example"


def _deliver(servers: Servers, number: int) -> None:
    now = datetime.now(UTC)
    servers.do(lambda: servers.mailbox.deliver("INBOX", letter(number), (), now))


def test_once_fetches_pushes_and_sends(connected: Program, servers: Servers) -> None:
    _deliver(servers, 1)
    connected("send", "--to", "x@ferri.example", "--subject", "S")
    first = connected("worker", "--once")
    assert (first.code, first.record) == (0, {"account": _EMAIL, "ok": True})
    assert connected("search", "in:INBOX", "--count").record == {"count": 1}
    assert len(servers.received) == 1
    (row,) = connected("search", "in:INBOX").records
    connected("mark", row["id"], "+starred")
    assert connected("worker", "--once").code == 0
    inbox = servers.mailbox.folders["INBOX"]
    assert [one.flags for one in inbox.messages.values()] == [frozenset({"\\Flagged"})]


def test_once_ends_with_the_error_where_nothing_went_well(
    connected: Program, servers: Servers
) -> None:
    connected("account", "password", _EMAIL, "--password-stdin", stdin="sbagliata")
    result = connected("worker", "--once")
    assert result.code == 77
    assert set(result.record) == {"account", "ok", "error", "message"}
    assert (result.record["ok"], result.record["error"]) == (False, "wrong_password")


def test_once_ends_with_1_where_some_went_well(connected: Program, servers: Servers) -> None:
    away = ["--imap", "127.0.0.1:1", "--tls", "none", "--password-stdin", "--no-verify-login"]
    connected("account", "add", "away@rossi.example", *away, stdin=PASSWORD)
    result = connected("worker", "--once")
    assert result.code == 1
    states = {row["account"]: row for row in result.records}
    assert states[_EMAIL]["ok"] is True
    assert states["away@rossi.example"]["error"] == "unreachable"


def test_once_without_accounts_has_nothing_to_do(program: Program) -> None:
    result = program("worker", "--once")
    assert (result.code, result.records) == (0, [])
    assert "account add" in result.err


def test_status_tells_success_lag_errors_and_queue(connected: Program, servers: Servers) -> None:
    keys = {"account", "protocol", "last_success", "lag", "error", "waiting", "outgoing"}
    keys |= {"host", "process", "since", "paused", "rate", "until"}
    before = connected("worker", "status").record
    assert set(before) == keys
    assert {before["host"], before["process"], before["since"]} == {None}
    assert (before["last_success"], before["lag"]) == (None, None)
    connected("worker", "--once")
    connected("send", "--to", "x@ferri.example", "--subject", "S")
    after = connected("worker", "status").record
    assert datetime.fromisoformat(after["last_success"]).tzinfo
    assert 0 <= after["lag"] < 60
    assert (after["error"], after["outgoing"]) == ("", 1)
    connected("account", "password", _EMAIL, "--password-stdin", stdin="sbagliata")
    connected("worker", "--once")
    assert connected("worker", "status").record["error"]
    assert _EMAIL in connected.lines("worker", "status")
    assert connected("worker", "status", "--as", "bruno").records == []


def test_worker_refuses_wrong_use(program: Program) -> None:
    program.fails(64, "wrong_use", "worker", "dance")
    program.fails(64, "wrong_use", "worker", "status", "--once")
    program.fails(64, "wrong_use", "worker", "--twice")


def test_the_worker_runs_until_ctrl_c_and_ends_cleanly(
    connected: Program, servers: Servers
) -> None:
    _deliver(servers, 1)
    process = connected.start("worker", "--json")
    assert process.stderr is not None
    assert "Ctrl+C" in process.stderr.readline()
    waiting = sqlite3.connect(f"file:{connected.home}/tui_mail.db?mode=ro", uri=True)
    while not waiting.execute("SELECT count(*) FROM message").fetchone()[0]:
        assert process.poll() is None
    waiting.close()
    status = connected("worker", "status").record
    assert (status["host"], status["process"]) == (socket.gethostname(), process.pid)
    assert datetime.fromisoformat(status["since"]).tzinfo
    assert f"process {process.pid}" in connected.lines("worker", "status")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "", "")
    assert connected("search", "in:INBOX", "--count").record == {"count": 1}
    log = (connected.home / "logs" / "tui_mail.log").read_text("utf-8")
    assert "Traceback" not in log
    assert json.dumps(PASSWORD) not in log
