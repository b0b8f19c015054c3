"""Files that are with their server only, on the command line: let go, told, had again, backed up."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Servers
from tests.cli.program import WITH_FILES, Program
from tests.kills import kill_at, require_strace, sampled, steps_of

_EMAIL = "anna@rossi.example"
_DAYS = 3 * 24 * 3600


def _files(home: Path) -> list[Path]:
    return [one for one in (home / "attachments").rglob("*") if len(one.name) == 62]


def _make_old(home: Path) -> None:
    """Everything in the store was put there days ago, and nobody has collected since."""
    then = time.time() - _DAYS
    for file in _files(home):
        os.utime(file, (then, then))
    (home / "attachments" / ".collect.lock").unlink(missing_ok=True)


@pytest.fixture
def kept(connected: Program, servers: Servers) -> Program:
    """An account that keeps no file here, with a message that has two."""
    servers.do(lambda: servers.mailbox.deliver("INBOX", WITH_FILES))
    assert connected("worker", "--once").code == 0
    changed = connected("account", "set", _EMAIL, "--keep-kib", "0").record
    assert (changed["keep_kib"], changed["keep_days"]) == (0, None)
    _make_old(connected.home)
    return connected


@pytest.fixture
def away(kept: Program) -> Program:
    assert kept("worker", "--once").code == 0
    assert _files(kept.home) == []
    return kept


def _id(program: Program) -> int:
    (row,) = program("search", "in:INBOX").records
    return int(row["id"])


def test_save_fetches_what_is_on_the_server(away: Program, tmp_path: Path) -> None:
    shown = away("show", _id(away)).record
    assert shown["text"].strip() == "Ecco il listino."
    assert [one["away"] for one in shown["attachments"]] == [True, True]
    assert shown["warnings"] == []
    assert "on the server" in away("show", _id(away), json=False).out
    into = tmp_path / "into"
    into.mkdir()
    saved = away("save", _id(away), "--to", into)
    assert (saved.code, len(saved.records), len(list(into.iterdir()))) == (0, 2, 2)
    assert away("show", _id(away), "--raw", json=False).out.encode() == WITH_FILES
    assert len(_files(away.home)) == 2


def test_export_fetches_what_is_on_the_server(away: Program, tmp_path: Path) -> None:
    target = tmp_path / "all"
    target.mkdir()
    assert away("export", "in:INBOX", "--to", target).code == 0
    (file,) = target.iterdir()
    assert file.read_bytes() == WITH_FILES


def test_without_the_server_it_is_said_and_comes_later(
    away: Program, servers: Servers, tmp_path: Path
) -> None:
    away("account", "pause", _EMAIL)
    said = away.fails(75, "on_server", "save", _id(away), "--to", tmp_path)
    assert "paused" in said
    target = tmp_path / "all"
    target.mkdir()
    exported = away("export", "in:INBOX", "--to", target)
    assert (exported.code, exported.records[0]["error"]) == (1, "on_server")
    away("account", "resume", _EMAIL)
    assert away("worker", "--once").code == 0
    assert len(_files(away.home)) == 2


def test_what_was_deleted_there_cannot_be_had(
    away: Program, servers: Servers, tmp_path: Path
) -> None:
    servers.do(lambda: servers.mailbox.delete("INBOX", servers.mailbox.messages("INBOX")[0].uid))
    assert "deleted there" in away.fails(66, "not_found", "save", _id(away), "--to", tmp_path)


def test_nothing_is_wrong_and_a_backup_knows_it(away: Program, tmp_path: Path) -> None:
    (away.home / "tui_mail.db").chmod(0o600)
    looked = away("doctor", "--deep").record
    assert (looked["found"], looked["away"], looked["skipped"]) == (0, 2, 1)
    backup = tmp_path / "backup"
    made = away("db", "backup", "--to", backup).record
    assert (made["attachments"], made["away"]) == (0, 2)
    assert json.loads((backup / "backup.json").read_text())["away"] == 2
    shutil.rmtree(away.home)
    away.home.mkdir()
    done = away("db", "restore", backup)
    assert (done.code, done.records[-1]["found"], done.records[-1]["away"]) == (0, 0, 2)
    assert away("show", _id(away), "--raw", json=False).out.encode() == WITH_FILES


def test_all_comes_back_when_the_account_wishes_it(away: Program) -> None:
    assert away("account", "set", _EMAIL, "--keep-kib", "all").record["keep_kib"] is None
    assert away("worker", "--once").code == 0
    assert len(_files(away.home)) == 2


def test_only_an_imap_server_keeps_mail(program: Program) -> None:
    program("account", "add", _EMAIL, "--local")
    said = program.fails(64, "wrong_use", "account", "set", _EMAIL, "--keep-days", "30")
    assert "IMAP" in said
    pop = ("account", "add", "b@rossi.example", "--pop3", "127.0.0.1:1", "--keep-days", "30")
    program.fails(64, "wrong_use", *pop, "--no-verify-login", "--password-stdin", stdin="x\n")
    program.fails(64, "wrong_use", "account", "set", _EMAIL, "--keep-kib", "many")


def test_who_is_killed_while_letting_go_loses_nothing(
    kept: Program, servers: Servers, tmp_path: Path
) -> None:
    require_strace()
    once = ("worker", "--once")
    whole, home = tmp_path / "whole", kept.home
    shutil.copytree(home, whole)
    steps = steps_of(home, once)
    assert _files(home) == []
    about = [one for one in steps if "attachments" in one.what]
    for step in sampled(about, 12):
        shutil.rmtree(home)
        shutil.copytree(whole, home)
        kill_at(home, step, once)
        left = len(_files(home))
        looked = kept("doctor").records
        lost = [one for one in looked if one.get("finding") == "attachments_lost"]
        assert lost == [], (step, left)
        assert kept("show", _id(kept), "--raw", json=False).out.encode() == WITH_FILES, step
