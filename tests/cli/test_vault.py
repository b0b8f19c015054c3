"""vault init, slots, add-slot, revoke and rotate; the vault on a machine without a slot."""

import json
import logging
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PASSWORD, Servers
from tests.cli.program import Program, command_line, letter
from tests.oldformat import OldInstallation
from tests.terminal import Terminal

WORDS = "sette cavalli sul lago"
_EMAIL = "anna@rossi.example"


@pytest.fixture
def stranger(house: Program, monkeypatch: pytest.MonkeyPatch) -> Program:
    """The house on a machine that lost its key file; Anna has a passphrase."""
    added = house("vault", "add-slot", "--new-passphrase-stdin", stdin=WORDS)
    assert added.code == 0, added
    (house.home / "key").rename(house.home / "key.gone")
    return house


def test_init_makes_the_vault_and_a_slot_for_this_machine(program: Program) -> None:
    file = program.home / "attachments" / "vault.json"
    assert program("vault", "init").record == {"vault": str(file), "created": True}
    assert program("vault", "init").record == {"vault": str(file), "created": False}
    (slot,) = program("vault", "slots").records
    assert set(slot) == {"slot", "kind", "name", "created", "here"}
    assert (slot["kind"], slot["here"]) == ("machine", True)
    assert slot["slot"] in program.lines("vault", "slots")
    for made in (file, program.home / "key"):
        assert made.stat().st_mode & 0o777 == 0o600


def test_slots_are_added_and_revoked(house: Program, tmp_path: Path) -> None:
    anna = house("vault", "add-slot", "--new-passphrase-stdin", stdin=WORDS).record
    assert (anna["kind"], anna["name"], anna["here"]) == ("operator", "anna", False)
    words = "un'altra frase lunga"
    bruno = house(
        "vault", "add-slot", "--operator", "bruno", "--new-passphrase-stdin", stdin=words
    ).record
    written = house("vault", "add-slot", "--machine", "--write", tmp_path / "k", "--name", "host")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert [slot["name"] for slot in house("vault", "slots").records[1:]] == [
        "anna", "bruno", "host",
    ]  # fmt: skip
    gone = house("vault", "revoke", bruno["slot"])
    assert gone.record == {"slot": bruno["slot"], "revoked": True, "rotated": False}
    assert "vault rotate" in gone.err
    assert house("vault", "revoke", written.record["slot"], "--rotate").code == 0
    house.fails(66, "not_found", "vault", "revoke", bruno["slot"])
    assert house("vault", "revoke", anna["slot"]).code == 0
    (last,) = house("vault", "slots").records
    house.fails(64, "wrong_use", "vault", "revoke", last["slot"])
    house.fails(64, "wrong_use", "vault", "add-slot", "--new-passphrase-stdin", stdin="corta")
    house.fails(64, "wrong_use", "vault", "add-slot")
    house.fails(64, "wrong_use", "vault", "add-slot", "--machine", "--operator", "anna")
    house.fails(64, "wrong_use", "vault", "add-slot", "--write", tmp_path / "x")
    house.fails(64, "wrong_use", "vault", "add-slot", "--machine")


def test_slots_are_listed_whatever_the_key_file_is(house: Program) -> None:
    (house.home / "key").write_text("garbage", "utf-8")
    (slot,) = house("vault", "slots").records
    assert not slot["here"]


def test_wrong_use_is_told_by_what_is_wrong(house: Program, tmp_path: Path) -> None:
    def said(*arguments: object, stdin: str = "") -> str:
        result = house("vault", *arguments, stdin=stdin, json=False)
        assert result.code in {64, 66, 77}, result
        return result.err

    assert "no new passphrase" in said("add-slot", "--new-passphrase-stdin", stdin="\n")
    assert "12 characters" in said("add-slot", "--new-passphrase-stdin", stdin="corta\n")
    for poor in ("            \n", "abababababababab\n"):
        assert "5 different" in said("add-slot", "--new-passphrase-stdin", stdin=poor)
    # The vault's own passphrase, where a new one was meant.
    told = said("add-slot", "--passphrase-stdin", stdin=WORDS)
    assert "No slot of the vault opens by a passphrase" in told
    assert "--new-passphrase-stdin" in told
    (own,) = house("vault", "slots").records
    assert "last slot" in said("revoke", own["slot"])
    assert house("vault", "add-slot", "--new-passphrase-stdin", stdin=WORDS).code == 0
    assert "--yes" in said("revoke", own["slot"])
    assert "without --rotate" in said("revoke", own["slot"], "--yes", "--rotate")
    assert "vault slots" in said("rotate", "--passphrase-stdin", stdin="un'altra, sbagliata")
    house.home = tmp_path / "nowhere"
    for verb in (("slots",), ("rotate",), ("add-slot", "--machine"), ("revoke", own["slot"])):
        assert "tui-mail init" in said(*verb)
    assert not house.home.exists()


def test_rotate_seals_everything_anew(house: Program, servers: Servers) -> None:
    added = house(
        "account", "add", "b@rossi.example", *servers.options, "--user", _EMAIL, stdin=PASSWORD
    )
    assert added.code == 0, added
    done = house("vault", "rotate")
    assert done.record == {"blobs": 2, "secrets": 1, "unreadable": 0, "old_keys": 0}
    assert house("show", 4, "--raw").code == 0
    assert house("account", "test", "b@rossi.example").code == 0
    assert "2 attachments have" in house.lines("vault", "rotate")


def test_rotate_lists_what_it_cannot_read(house: Program) -> None:
    blob, *others = sorted((house.home / "attachments").glob("[0-9a-f][0-9a-f]/*"))
    blob.write_bytes(blob.read_bytes()[:50])
    done = house("vault", "rotate")
    name = blob.parent.name + blob.name
    assert done.code == 1
    assert done.records == [
        {"unreadable": name},
        {"blobs": len(others), "secrets": 0, "unreadable": 1, "old_keys": 0},
    ]


def test_a_home_of_before_works_on_and_is_rotated(program: Program, tmp_path: Path) -> None:
    old = OldInstallation(program.home / "key", program.home / "attachments")
    name = old.put(b"contenuto")
    assert program("account", "add", _EMAIL, "--local").code == 0
    file = tmp_path / "a.eml"
    file.write_bytes(letter(1))
    assert program("import", file, "--account", _EMAIL).record["stored"] == 1
    assert program("vault", "rotate").record["blobs"] == 1
    magic = (program.home / "attachments" / name[:2] / name[2:]).read_bytes()[:5]
    assert magic == b"TUIM\x02"


def test_a_machine_without_a_slot_is_told_so(stranger: Program) -> None:
    for call in (("save", 4, "--to", stranger.home), ("vault", "rotate"), ("worker", "--once")):
        assert "add-slot" in stranger.fails(77, "not_allowed", *call)
    assert stranger("search", "listino").code == 0  # needs no key
    shown = stranger("show", 4)
    assert (shown.code, len(shown.record["warnings"])) == (0, 1)
    assert "Ecco il listino." in shown.record["text"]


def test_a_passphrase_on_standard_input_opens_the_vault(stranger: Program, tmp_path: Path) -> None:
    shown = stranger("--passphrase-stdin", "show", 4, stdin=WORDS + "\n")
    assert (shown.code, shown.record["warnings"]) == (0, [])
    stranger.fails(77, "wrong_password", "show", 4, "--passphrase-stdin", stdin="not this one\n")
    stranger.fails(64, "wrong_use", "show", 4, "--passphrase-stdin", stdin="\n")
    both = f"{WORDS}\nuna seconda frase lunga\n"
    added = stranger(
        "vault", "add-slot", "--operator", "bruno", "--passphrase-stdin", "--new-passphrase-stdin",
        stdin=both,
    )  # fmt: skip
    assert added.record["name"] == "bruno", added
    assert stranger("vault", "add-slot", "--machine", "--passphrase-stdin", stdin=WORDS).code == 0
    assert stranger("show", 4).record["warnings"] == []


def test_what_follows_the_passphrase_is_the_commands(stranger: Program) -> None:
    said = {"from": _EMAIL, "to": ["x@y.example"], "subject": "è", "text": "ciao", "draft": True}
    text = f"{WORDS}\n{json.dumps(said, ensure_ascii=False)}"
    sent = stranger("send", "--passphrase-stdin", stdin=text)
    assert sent.code == 0, sent


def test_the_passphrase_is_asked_for_on_a_terminal(stranger: Program) -> None:
    terminal = Terminal(command_line("--home", stranger.home, "--lang", "en", "show", "4"))
    try:
        terminal.until("Passphrase of the vault:")
        terminal.send(WORDS + "\r")
        terminal.until("Ecco il listino.")
        assert WORDS.encode() not in terminal.written
    finally:
        terminal.close()


def test_the_console_asks_before_it_takes_the_screen(stranger: Program) -> None:
    terminal = Terminal(command_line("--home", stranger.home, "--lang", "en", "--as", "anna"))
    try:
        terminal.until("Passphrase of the vault:")
        terminal.send("not this one\r")
        terminal.until("No slot of the vault opens")
        _until_said(terminal, "Passphrase of the vault:", 2)
        terminal.send(WORDS + "\r")
        terminal.until("Listino")
        assert WORDS.encode() not in terminal.written
    finally:
        terminal.close()
    terminal = Terminal(command_line("--home", stranger.home, "--lang", "en", "--as", "anna"))
    try:
        terminal.until("your passphrase opens them")
        for number in range(1, 4):
            _until_said(terminal, "Passphrase of the vault:", number)
            terminal.send("not this one\r")
            _until_said(terminal, "No slot of the vault opens", number)
        terminal.until(lambda one: one.exit_code is not None or _ended(one))
    finally:
        terminal.close()
    assert terminal.exit_code == 77


def _until_said(terminal: Terminal, text: str, times: int) -> None:
    terminal.until(lambda one: one.text.count(text) == times)


def _ended(terminal: Terminal) -> bool:
    terminal.read(0.05)
    return not Path(f"/proc/{terminal.pid}/cmdline").read_bytes()


def test_a_planted_secret_is_found_nowhere(
    program: Program,
    servers: Servers,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither in files, dumps and logs at their most talkative, nor in what /proc shows."""
    caplog.set_level(logging.DEBUG)
    secret, words = PASSWORD, WORDS
    for call, said in (
        (("account", "add", _EMAIL, *servers.options), secret),
        (("vault", "add-slot", "--new-passphrase-stdin"), words),
        (("account", "test", _EMAIL), ""),
        (("worker", "--once"), ""),
        (("vault", "rotate"), ""),
    ):
        result = program(*call, stdin=said)
        assert result.code == 0, result
        assert not {secret, words} & {*result.out.split("\n"), *result.err.split("\n")}
        assert secret not in result.out + result.err
        assert words not in result.out + result.err
    for needle in (secret, words):
        assert needle not in caplog.text
        for file in program.home.rglob("*"):
            assert not file.is_file() or needle.encode() not in file.read_bytes(), file
        assert needle not in _dump(program.home / "tui_mail.db")
    running = program.start("worker", "--passphrase-stdin", stdin=subprocess.PIPE)
    try:
        assert running.stdin is not None
        assert running.stderr is not None
        running.stdin.write(words + "\n")
        running.stdin.flush()
        assert "Ctrl+C" in running.stderr.readline()
        for name in ("cmdline", "environ"):
            shown = Path(f"/proc/{running.pid}/{name}").read_bytes()
            assert shown
            assert words.encode() not in shown
            assert secret.encode() not in shown
    finally:
        running.kill()
        running.communicate()


def _dump(file: Path) -> str:
    import sqlite3

    connection = sqlite3.connect(file)
    try:
        return "\n".join(connection.iterdump())
    finally:
        connection.close()


def test_the_slot_of_this_machine_is_not_revoked_by_mistake(house: Program) -> None:
    assert house("vault", "add-slot", "--new-passphrase-stdin", stdin=WORDS).code == 0
    here = next(slot["slot"] for slot in house("vault", "slots").records if slot["here"])
    sentence = house.fails(64, "wrong_use", "vault", "revoke", here)
    assert "--passphrase-stdin" in sentence
    assert "--yes" in sentence
    assert (house.home / "key").exists()
    assert house("vault", "revoke", here, "--yes").code == 0
    assert "--passphrase-stdin" in house.fails(77, "not_allowed", "vault", "rotate")
    made = house("vault", "add-slot", "--machine", "--passphrase-stdin", stdin=f"{WORDS}\n")
    assert made.code == 0
    assert house("show", 4, "--raw").code == 0
