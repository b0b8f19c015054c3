"""account set; a letter from an account that cannot send."""

from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Servers
from tests.cli.program import Program

_EMAIL = "anna@rossi.example"
_LETTER = (
    "send", "--from", _EMAIL, "--to", "x@y.example", "--subject", "ciao", "--body-file",
)  # fmt: skip


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "testo.txt"
    file.write_text("Buongiorno.\n")
    return file


def test_name_and_signature_change_without_a_question(
    connected: Program, servers: Servers, tmp_path: Path
) -> None:
    file = tmp_path / "firma.txt"
    file.write_text("Anna Rossi\nVendite\n")
    changed = connected("account", "set", _EMAIL, "--name", "Anna", "--signature-file", file)
    assert changed.code == 0, changed
    assert changed.record["name"] == "Anna"
    assert changed.record["imap"] == f"127.0.0.1:{servers.imap}"
    assert connected("account", "test", _EMAIL).code == 0
    assert connected("account", "set", _EMAIL, "--name", "").record["name"] == ""


def test_who_files_what_is_sent_can_be_said(connected: Program) -> None:
    call = ("account", "set", _EMAIL, "--sent-copies")
    assert connected("account", "list").record["sent_copies"] == "auto"
    assert connected(*call, "server").record["sent_copies"] == "server"
    connected.fails(64, "wrong_use", *call, "me")


def test_folders_that_nobody_subscribes_to_can_be_left_out(connected: Program) -> None:
    call = ("account", "set", _EMAIL)
    assert connected(*call, "--only-subscribed").record["only_subscribed"] is True
    assert connected(*call, "--all-folders").record["only_subscribed"] is False


def test_other_servers_ask_for_the_password_again(connected: Program, servers: Servers) -> None:
    """Whoever may manage an account must not have its password sent to a server of theirs."""
    place = f"127.0.0.1:{servers.smtp}"
    call = ("account", "set", _EMAIL, "--smtp", place, "--tls", "none")
    connected.fails(64, "wrong_use", *call)
    changed = connected(*call, "--password-stdin", stdin=PASSWORD)
    assert changed.code == 0, changed
    assert changed.record["smtp"] == place
    assert "cannot be sent" not in changed.err
    assert connected("account", "test", _EMAIL).code == 0


def test_a_mailbox_that_lets_nobody_in_is_not_kept(connected: Program, servers: Servers) -> None:
    before = connected("account", "list").record
    call = ("account", "set", _EMAIL, "--imap", "127.0.0.1:1", "--tls", "none", "--password-stdin")
    assert connected(*call, stdin=PASSWORD).code == 69
    wrong = ("account", "set", _EMAIL, "--user", "x", "--password-stdin")
    assert connected(*wrong, stdin="not this").code == 77
    assert connected("account", "list").record == before
    assert connected(*call, "--no-verify-login", stdin=PASSWORD).record["imap"] == "127.0.0.1:1"


def test_what_cannot_be_set_says_so(house: Program, tmp_path: Path) -> None:
    house.fails(64, "wrong_use", "account", "set", _EMAIL)
    house.fails(66, "not_found", "account", "set", "x@y.example", "--name", "x")
    house.fails(64, "wrong_use", "account", "set", _EMAIL, "--imap", "127.0.0.1:1")
    house.fails(66, "not_found", "account", "set", _EMAIL, "--signature-file", tmp_path / "no")
    house.fails(64, "wrong_use", "account", "set", _EMAIL, "--smtp", "nonsense:x")


def test_a_letter_that_nobody_sends_says_why_and_goes_once_there_is_a_server(
    house: Program, servers: Servers, body: Path
) -> None:
    sent = house(*_LETTER, body)
    assert (sent.code, sent.record["state"]) == (0, "queued")
    assert "account set" in sent.err
    assert f"account set {_EMAIL}" in house("outbox").err
    place = ("--smtp", f"127.0.0.1:{servers.smtp}", "--tls", "none")
    changed = house("account", "set", _EMAIL, *place, "--password-stdin", stdin=PASSWORD)
    assert changed.code == 0, changed
    assert house("worker", "--once").code == 0
    assert len(servers.received) == 1
    gone = house("outbox")
    assert (gone.record["state"], gone.err) == ("sent", "")
    assert house("account", "set", _EMAIL, "--smtp", "none").record["smtp"] == ""
