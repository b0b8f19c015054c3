"""outbox, and retry, cancel and settle."""

import sqlite3

import pytest

from tests.cli.conftest import Servers
from tests.cli.program import Program

_ROW = {"outgoing", "message_id", "state", "recipients", "attempts", "next_try"}


def _send(connected: Program, *options: str) -> int:
    result = connected("send", "--to", "luca@ferri.example", "--subject", "Ciao", *options)
    return int(result.record["outgoing"])


def _make_unknown(connected: Program, letter: int) -> None:
    """As a process leaves it that is killed while it sends."""
    with sqlite3.connect(connected.home / "tui_mail.db") as database:
        database.execute("UPDATE outgoing SET state = 'unknown' WHERE id = ?", (letter,))
        database.execute("UPDATE outgoing_recipient SET state = 'unknown'")
    database.close()


def test_outbox_gives_the_keys_of_the_contract(connected: Program, servers: Servers) -> None:
    letter = _send(connected)
    row = connected("outbox").record
    assert set(row) == _ROW
    assert (row["outgoing"], row["state"], row["attempts"]) == (letter, "queued", 0)
    assert [set(one) for one in row["recipients"]] == [{"address", "state", "reply"}]
    assert row["next_try"]
    assert "luca@ferri.example" in connected.lines("outbox")
    connected("worker", "--once")
    sent = connected("outbox").record
    assert (sent["state"], sent["next_try"]) == ("sent", None)
    assert sent["recipients"][0]["state"] == "accepted"


def test_outbox_by_state(connected: Program) -> None:
    _send(connected)
    held = _send(connected, "--at", "2100-01-01")
    assert [row["outgoing"] for row in connected("outbox", "--state", "held").records] == [held]
    assert connected("outbox", "--state", "failed").records == []
    assert connected("outbox", "--as", "bruno").records == []


def test_a_reply_of_the_server_is_made_safe_for_people(
    connected: Program, servers: Servers
) -> None:
    servers.refusal = "550 5.1.1 evil \x1b[2J"
    _send(connected)
    connected("worker", "--once")
    row = connected("outbox")
    assert row.out.isascii()
    assert (row.record["state"], row.record["recipients"][0]["state"]) == ("failed", "refused")
    assert "\x1b" not in connected.lines("outbox")


def test_cancel_and_retry(connected: Program) -> None:
    letter = _send(connected)
    cancelled = connected("outbox", "cancel", letter)
    assert (cancelled.code, cancelled.record["state"]) == (0, "cancelled")
    assert set(cancelled.record) == _ROW
    connected.fails(64, "wrong_use", "outbox", "cancel", letter)
    connected.fails(64, "wrong_use", "outbox", "retry", letter)
    waiting = _send(connected, "--at", "2100-01-01")
    assert connected("outbox", "retry", waiting).record["state"] == "queued"


def test_settle_is_for_a_letter_whose_fate_is_unknown(connected: Program) -> None:
    letter = _send(connected)
    connected.fails(64, "wrong_use", "outbox", "settle", letter)
    _make_unknown(connected, letter)
    assert connected("outbox", "--state", "unknown").record["outgoing"] == letter
    settled = connected("outbox", "settle", letter)
    assert (settled.code, settled.record["state"]) == (0, "sent")


@pytest.mark.parametrize(
    "words",
    [
        ("--state", "lost"), ("retry",), ("retry", "x"), ("retry", "²"), ("lose", "1"),
        ("retry", "1", "2"), ("1",), ("retry", "1", "--state", "held"),
    ],
)  # fmt: skip
def test_outbox_refuses_wrong_use(connected: Program, words: tuple[str, ...]) -> None:
    connected.fails(64, "wrong_use", "outbox", *words)


@pytest.mark.parametrize("verb", ["retry", "cancel", "settle"])
def test_an_unknown_letter_is_not_found(connected: Program, verb: str) -> None:
    connected.fails(66, "not_found", "outbox", verb, 99)
    connected.fails(66, "not_found", "outbox", verb, "99999999999999999999999")
    letter = _send(connected)
    connected.fails(66, "not_found", "outbox", verb, letter, "--as", "bruno")
