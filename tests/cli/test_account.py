"""account add, list, test, remove and password."""

import asyncio
import datetime
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.cli.conftest import PASSWORD, Servers
from tests.cli.program import Program, letter
from tui_mail.demo.imap_server import ImapServer

_ACCOUNT = {
    "email", "name", "shared", "protocol", "imap", "tls", "smtp", "smtp_tls", "user", "pop3",
    "leave_days", "delete_there", "oauth_issuer", "sent_copies", "only_subscribed",
    "paused", "rate", "schedule", "keep_days", "keep_kib",
}  # fmt: skip
_EMAIL = "anna@rossi.example"


def test_add_tries_the_login_and_keeps_the_password_sealed(
    program: Program, servers: Servers
) -> None:
    result = program(
        "account", "add", _EMAIL, "--name", "Anna Rossi", *servers.options, stdin=PASSWORD + "\n"
    )
    assert result.code == 0
    assert set(result.record) == _ACCOUNT
    assert result.record["imap"] == f"127.0.0.1:{servers.imap}"
    assert (result.record["protocol"], result.record["tls"]) == ("imap", "none")
    for file in program.home.rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes()
    assert PASSWORD not in result.out + result.err
    tested = program("account", "test", _EMAIL)
    assert (tested.code, tested.record) == (0, {"email": _EMAIL, "ok": True})


def test_add_takes_an_address_in_any_case(program: Program, servers: Servers) -> None:
    options = [*servers.options, "--user", _EMAIL]
    result = program("account", "add", "Anna@Rossi.Example", *options, stdin=PASSWORD)
    assert result.record["email"] == _EMAIL
    assert program("account", "test", "ANNA@rossi.example").code == 0


def test_add_says_what_it_found_to_people(program: Program, servers: Servers) -> None:
    result = program("account", "add", _EMAIL, *servers.options, stdin=PASSWORD, json=False)
    assert (result.code, result.out) == (0, "")
    assert f"IMAP 127.0.0.1:{servers.imap}" in result.err


def test_add_tries_the_sending_server_too_and_says_when_it_does_not_answer(
    program: Program, servers: Servers
) -> None:
    fine = program("account", "add", _EMAIL, *servers.options, stdin=PASSWORD)
    assert "cannot be sent" not in fine.err
    assert program("account", "remove", _EMAIL).code == 0
    dead = [
        "--imap", f"127.0.0.1:{servers.imap}", "--smtp", "127.0.0.1:1",
        "--tls", "none", "--password-stdin",
    ]  # fmt: skip
    result = program("account", "add", _EMAIL, *dead, stdin=PASSWORD)
    assert (result.code, set(result.record)) == (0, _ACCOUNT)
    assert "cannot be sent" in result.err
    assert "127.0.0.1 does not answer on port 1" in result.err


def test_a_wrong_password_is_said_and_nothing_is_kept(program: Program, servers: Servers) -> None:
    program.fails(
        77, "wrong_password", "account", "add", _EMAIL, *servers.options, stdin="sbagliata"
    )
    assert program("account", "list").records == []


def test_a_server_that_is_not_there_is_said(program: Program, servers: Servers) -> None:
    options = ["--imap", "127.0.0.1:1", "--tls", "none", "--password-stdin"]
    program.fails(69, "unreachable", "account", "add", _EMAIL, *options, stdin=PASSWORD)
    options.append("--no-verify-login")
    assert program("account", "add", _EMAIL, *options, stdin=PASSWORD).code == 0
    program.fails(69, "unreachable", "account", "test", _EMAIL)


def test_a_server_that_speaks_no_imap_is_refused(program: Program, servers: Servers) -> None:
    options = ["--imap", f"127.0.0.1:{servers.smtp}", "--tls", "none", "--password-stdin"]
    program.fails(76, "protocol", "account", "add", _EMAIL, *options, stdin=PASSWORD)


@pytest.mark.parametrize("fault", ["untrusted", "expired", "other name"])
def test_a_certificate_that_is_not_right_is_refused(
    program: Program, servers: Servers, tmp_path: Path, fault: str
) -> None:
    authority = trustme.CA()
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    certificate = authority.issue_cert(
        "elsewhere.example" if fault == "other name" else "127.0.0.1",
        not_after=past if fault == "expired" else None,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = ImapServer({_EMAIL: servers.mailbox}, ssl_context=context)
    _inside(servers, server.start)
    options = ["--imap", f"127.0.0.1:{server.port}", "--tls", "implicit", "--password-stdin"]
    if fault != "untrusted":
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        options += ["--ca", str(tmp_path / "ca.pem")]
    program.fails(76, "tls_refused", "account", "add", _EMAIL, *options, stdin=PASSWORD)
    _inside(servers, server.stop)


def test_a_certificate_of_an_authority_that_is_named_is_taken(
    program: Program, servers: Servers, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    server = ImapServer({_EMAIL: servers.mailbox}, ssl_context=context)
    _inside(servers, server.start)
    options = ["--imap", f"127.0.0.1:{server.port}", "--ca", str(tmp_path / "ca.pem")]
    result = program("account", "add", _EMAIL, *options, "--password-stdin", stdin=PASSWORD)
    assert result.code == 0, result
    assert result.record["tls"] == "implicit"
    _inside(servers, server.stop)


def _inside(servers: Servers, act: Callable[[], object]) -> None:
    """Run a coroutine function on the servers' loop."""
    made = act()
    assert asyncio.iscoroutine(made)
    asyncio.run_coroutine_threadsafe(made, servers.loop).result(10)


def test_a_second_account_of_an_address_is_refused_before_the_password_is_asked(
    connected: Program, servers: Servers
) -> None:
    before = len(servers.received)
    options = [one for one in servers.options if one != "--password-stdin"]
    connected.fails(64, "wrong_use", "account", "add", _EMAIL.upper(), *options)
    assert len(servers.received) == before
    assert len(connected("account", "list").records) == 1


def test_a_local_account_needs_no_server(program: Program) -> None:
    result = program("account", "add", _EMAIL, "--local", "--shared")
    assert (result.code, set(result.record)) == (0, _ACCOUNT)
    assert (result.record["protocol"], result.record["imap"]) == ("local", "")
    assert result.record["shared"] is True
    assert program("account", "test", _EMAIL).code == 0


@pytest.mark.parametrize(
    "words",
    [
        (), ("no-address",), ("a@b@c",), ("@x.example",), ("a@",), ("a b@x.example",),
        ("a@x.example\x1b[2J",), ("a@x.example", "--imap", "h:1", "--local"),
        ("a@x.example", "--imap", "host:port"), ("a@x.example", "--imap", "host:99999"),
        ("a@x.example", "--imap", ":143"), ("a@x.example", "--imap", "h", "--tls", "some"),
        ("a@x.example", "--pop3", "h:1", "--imap", "h:1"), ("a@x.example", "--imap", "h:143"),
        ("a@x.example", "--pop3", "h:1", "--leave-days", "some"),
        ("a@x.example", "--imap", "h:1", "--leave-days", "3"), ("a@x.example", "--pop3", "h:110"),
        ("a@x.example", "--imap", "h:143", "--password-stdin"),
    ],
)  # fmt: skip
def test_add_refuses_wrong_use(program: Program, words: tuple[str, ...]) -> None:
    program.fails(64, "wrong_use", "account", "add", *words)


def test_add_says_when_the_certificates_are_not_there(program: Program, tmp_path: Path) -> None:
    program.fails(
        66, "not_found", "account", "add", _EMAIL, "--imap", "h:993", "--ca", tmp_path / "none"
    )


def test_list_shows_only_what_the_operator_may_read(program: Program) -> None:
    assert program("account", "list").records == []
    assert "account add" in program("account", "list", json=False).err
    program("account", "add", _EMAIL, "--local")
    program("account", "add", "info@rossi.example", "--local", "--shared")
    rows = program("account", "list").records
    assert [row["email"] for row in rows] == [_EMAIL, "info@rossi.example"]
    assert all(set(row) == _ACCOUNT for row in rows)
    assert [row["email"] for row in program("account", "list", "--as", "bruno").records] == [
        "info@rossi.example"
    ]
    assert "info@rossi.example" in program.lines("account", "list")


def test_password_changes_what_is_sealed(connected: Program, servers: Servers) -> None:
    changed = connected("account", "password", _EMAIL, "--password-stdin", stdin="vecchia")
    assert (changed.code, changed.record) == (0, {"email": _EMAIL, "changed": True})
    connected.fails(77, "wrong_password", "account", "test", _EMAIL)
    connected("account", "password", _EMAIL, "--password-stdin", stdin=PASSWORD)
    assert connected("account", "test", _EMAIL).code == 0


def test_remove_forgets_the_account_and_its_mail(house: Program) -> None:
    removed = house("account", "remove", _EMAIL, "--yes")
    assert (removed.code, removed.record) == (0, {"email": _EMAIL, "removed": True})
    assert house("account", "list").records == []
    house.fails(66, "not_found", "show", 1)


def test_remove_does_not_lose_by_itself_what_is_nowhere_else(house: Program) -> None:
    said = house.fails(64, "wrong_use", "account", "remove", _EMAIL)
    assert "4 messages" in said
    assert f"tui-mail export account:{_EMAIL}" in said
    assert "--yes" in said
    house("account", "add", "archivio@rossi.example", "--local")
    letter = ("--from", _EMAIL, "--to", "luca@ferri.example", "--subject", "Poi", "--draft")
    assert house("send", *letter).code == 0
    assert "4 messages, 1 draft" in house.fails(64, "wrong_use", "account", "remove", _EMAIL)
    assert house("search", f"account:{_EMAIL}", "--count").record == {"count": 4}
    assert house("account", "remove", "archivio@rossi.example").code == 0


def test_remove_asks_for_nothing_where_the_server_has_the_mail(
    connected: Program, servers: Servers, tmp_path: Path
) -> None:
    servers.do(lambda: servers.mailbox.deliver("INBOX", letter(1)))
    assert connected("worker", "--once").code == 0
    (tmp_path / "2.eml").write_bytes(letter(2))
    assert connected("import", tmp_path / "2.eml", "--account", _EMAIL).code == 0
    assert ": 1 message." in connected.fails(64, "wrong_use", "account", "remove", _EMAIL)
    (row,) = connected("search", "subject:'Lettera 1'").records
    assert connected("move", row["id"], "Archive").code == 0
    assert ": 1 message." in connected.fails(64, "wrong_use", "account", "remove", _EMAIL)
    assert connected("worker", "--once").code == 0
    assert connected("account", "remove", _EMAIL).record == {"email": _EMAIL, "removed": True}


@pytest.mark.parametrize("verb", ["test", "remove", "password"])
def test_an_unknown_account_is_not_found(program: Program, verb: str) -> None:
    program.fails(66, "not_found", "account", verb, "nobody@rossi.example")
    program.fails(64, "wrong_use", "account", verb)


def test_only_who_manages_an_account_may_change_it(program: Program) -> None:
    program("account", "add", "info@rossi.example", "--local", "--shared")
    for verb in ("remove", "password"):
        program.fails(77, "not_allowed", "account", verb, "info@rossi.example", "--as", "bruno")
    program("account", "add", _EMAIL, "--local")
    program.fails(66, "not_found", "account", "remove", _EMAIL, "--as", "bruno")


def test_another_key_does_not_open_a_sealed_password(connected: Program) -> None:
    (connected.home / "key").unlink()
    connected.fails(77, "not_allowed", "account", "test", _EMAIL)
    (connected.home / "key").write_text("no key", "utf-8")
    connected.fails(77, "not_allowed", "account", "test", _EMAIL)


def test_a_local_account_is_said_to_take_mail_by_import(program: Program) -> None:
    said = program("account", "add", "b@rossi.example", "--local", json=False).err
    assert "tui-mail import" in said
    assert "worker" not in said
