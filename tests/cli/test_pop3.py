"""Accounts with POP3 on the command line."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.backends.test_pop3 import NO, Poor
from tests.cli.program import Program, letter
from tests.servers.dovecot import Dovecot

_EMAIL = "anna@rossi.example"
_PASSWORD = "segreta"
_NUMBERS = itertools.count(1)


@pytest.fixture
def user(dovecot: Dovecot) -> str:
    name = f"line{next(_NUMBERS)}"
    dovecot.add_user(name, _PASSWORD)
    return name


@pytest.fixture
def options(dovecot: Dovecot, user: str) -> list[str]:
    place = f"{dovecot.host}:{dovecot.port_pop3s}"
    return ["--pop3", place, "--ca", dovecot.ca_file, "--user", user, "--password-stdin"]


def test_an_account_is_added_tried_and_fetched(
    program: Program, dovecot: Dovecot, user: str, options: list[str]
) -> None:
    added = program("account", "add", _EMAIL, *options, stdin=_PASSWORD)
    assert added.code == 0, added
    assert (added.record["protocol"], added.record["imap"]) == ("pop3", "")
    assert added.record["pop3"] == f"{dovecot.host}:{dovecot.port_pop3s}"
    assert (added.record["leave_days"], added.record["delete_there"]) == (None, False)
    assert program("account", "test", _EMAIL).record == {"email": _EMAIL, "ok": True}
    assert f"{dovecot.port_pop3s}" in program.lines("account", "list")
    dovecot.deliver(user, letter(1))
    assert program("worker", "--once").record == {"account": _EMAIL, "ok": True}
    assert program("search", "in:INBOX", "--count").record == {"count": 1}
    (row,) = program("search", "in:INBOX").records
    assert program("move", row["id"], "Archive").code == 0
    (status,) = program("worker", "status").records
    assert (status["protocol"], status["error"], status["waiting"]) == ("pop3", "", 0)
    assert program("account", "remove", _EMAIL).code == 0


def test_starttls_is_another_door(program: Program, dovecot: Dovecot, options: list[str]) -> None:
    options[1] = f"{dovecot.host}:{dovecot.port_pop3}"
    added = program("account", "add", _EMAIL, *options, "--tls", "starttls", stdin=_PASSWORD)
    assert (added.code, added.record["tls"]) == (0, "starttls")


def test_a_wrong_password_is_said(program: Program, options: list[str]) -> None:
    program.fails(77, "wrong_password", "account", "add", _EMAIL, *options, stdin="sbagliata")


def test_how_long_mail_stays_is_set_and_changed(
    program: Program, dovecot: Dovecot, user: str, options: list[str]
) -> None:
    wish = ["--leave-days", "7", "--delete-there"]
    added = program("account", "add", _EMAIL, *options, *wish, stdin=_PASSWORD)
    assert (added.record["leave_days"], added.record["delete_there"]) == (7, True)
    kept = program("account", "set", _EMAIL, "--name", "Anna").record
    assert (kept["leave_days"], kept["delete_there"]) == (7, True)
    changed = program("account", "set", _EMAIL, "--leave-days", "forever", "--keep-there").record
    assert (changed["leave_days"], changed["delete_there"]) == (None, False)
    dovecot.deliver(user, letter(1))
    assert program("worker", "--once").code == 0
    assert program("account", "set", _EMAIL, "--leave-days", "0").record["leave_days"] == 0
    assert program("worker", "--once").code == 0
    client = dovecot.second_client(user)
    assert client.select()[1] == [b"0"]
    client.logout()
    assert program("search", "in:INBOX", "--count").record == {"count": 1}
    assert ": 1 message." in program.fails(64, "wrong_use", "account", "remove", _EMAIL)
    assert program("account", "remove", _EMAIL, "--yes").code == 0


def test_a_protocol_is_not_changed_in_place(program: Program, options: list[str]) -> None:
    program("account", "add", _EMAIL, *options, stdin=_PASSWORD)
    said = program.fails(64, "wrong_use", "account", "set", _EMAIL, "--imap", "h:993")
    assert "POP3" in said
    program("account", "add", "b@rossi.example", "--local")
    program.fails(64, "wrong_use", "account", "set", "b@rossi.example", "--pop3", "h:995")
    program.fails(64, "wrong_use", "account", "set", "b@rossi.example", "--leave-days", "3")
    program.fails(64, "wrong_use", "account", "set", _EMAIL, "--leave-days", "-1")


def test_another_server_of_the_same_protocol_is_taken(
    program: Program, dovecot: Dovecot, options: list[str]
) -> None:
    program("account", "add", _EMAIL, *options, stdin=_PASSWORD)
    place = f"localhost:{dovecot.port_pop3s}"
    words = ("--pop3", place, "--password-stdin")
    changed = program("account", "set", _EMAIL, *words, stdin=_PASSWORD)
    assert (changed.code, changed.record["pop3"]) == (0, place)


def test_a_server_without_names_for_its_messages_is_said_to_be_one(program: Program) -> None:
    capabilities = b"+OK\r\nTOP\r\nUSER\r\n.\r\n"
    with served(Poor({}, capa=capabilities, uidl=NO)) as port:
        place = ("--pop3", f"127.0.0.1:{port}", "--tls", "none", "--password-stdin")
        added = program("account", "add", _EMAIL, *place, stdin=_PASSWORD)
        assert added.code == 0
        assert "UIDL" in added.err
        assert program("worker", "--once").code == 0


@contextmanager
def served(poor: Poor) -> Iterator[int]:
    """The server on an event loop in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        endpoint = asyncio.run_coroutine_threadsafe(poor.__aenter__(), loop).result(10)
        yield endpoint.port
        asyncio.run_coroutine_threadsafe(poor.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
