"""account pause and resume; rates and schedules; what status says of them."""

from datetime import UTC, datetime

from tests.cli.conftest import PASSWORD, Servers
from tests.cli.program import Program, letter

_EMAIL = "anna@rossi.example"


def test_a_paused_account_is_left_alone_until_it_is_resumed(
    connected: Program, servers: Servers
) -> None:
    now = datetime.now(UTC)
    servers.do(lambda: servers.mailbox.deliver("INBOX", letter(1), (), now))
    connected("send", "--to", "x@ferri.example", "--subject", "S")
    paused = connected("account", "pause", _EMAIL)
    assert (paused.code, paused.record) == (0, {"email": _EMAIL, "paused": True})
    once = connected("worker", "--once")
    assert (once.code, once.record) == (0, {"account": _EMAIL, "ok": True, "paused": True})
    assert connected("search", "in:INBOX", "--count").record == {"count": 0}
    assert len(servers.received) == 1
    status = connected("worker", "status").record
    assert (status["paused"], status["until"], status["error"]) == (True, None, "")
    assert "letters go out" in connected.lines("worker", "status")
    assert connected("account", "list").record["paused"] is True
    resumed = connected("account", "resume", "--all")
    assert (resumed.code, resumed.record) == (0, {"email": _EMAIL, "paused": False})
    connected("worker", "--once")
    assert connected("search", "in:INBOX", "--count").record == {"count": 1}


def test_only_who_manages_an_account_pauses_it(connected: Program) -> None:
    shared = ("--shared", "--imap", "127.0.0.1:1", "--tls", "none", "--no-verify-login")
    connected("account", "add", "info@rossi.example", *shared, "--password-stdin", stdin=PASSWORD)
    connected.fails(77, "not_allowed", "account", "pause", "info@rossi.example", "--as", "bruno")
    assert connected("account", "pause", "--all", "--as", "bruno").records == []
    both = connected("account", "pause", "--all").records
    assert [row["email"] for row in both] == [_EMAIL, "info@rossi.example"]


def test_what_cannot_be_paused_says_so(house: Program) -> None:
    house.fails(64, "wrong_use", "account", "pause")
    house.fails(64, "wrong_use", "account", "resume", _EMAIL, "--all")
    house.fails(64, "wrong_use", "account", "pause", _EMAIL)  # it has no mailbox on a server
    house.fails(66, "not_found", "account", "pause", "x@y.example")


def test_a_rate_and_a_schedule_are_kept_shown_and_taken_away(connected: Program) -> None:
    call = ("account", "set", _EMAIL)
    changed = connected(*call, "--rate", "64", "--schedule", "lun-ven 00:00-24:00 OFF;")
    assert changed.code == 0, changed
    assert changed.record["rate"] == 64
    assert changed.record["schedule"] == "mon,tue,wed,thu,fri 00:00-24:00 off"
    connected(*call, "--schedule", "00:00-24:00 32")
    status = connected("worker", "status").record
    assert (status["paused"], status["rate"], status["until"]) == (False, 32, "00:00")
    assert "32 KiB" in connected.lines("worker", "status")
    connected(*call, "--schedule", "")
    status = connected("worker", "status").record
    assert (status["rate"], status["until"]) == (64, None)
    assert connected(*call, "--rate", "0").record["rate"] == 0
    refused = connected.fails(64, "wrong_use", *call, "--schedule", "always 1")
    assert "always 1" in str(refused)
    connected.fails(64, "wrong_use", *call, "--rate", "fast")
