"""An import of 50 messages with attachments, killed at every write, fsync and rename, or told at one
of them that the disk is full: nothing is lost, doubled or half there, and it goes on from there."""

import io
import json
import os
import shutil
import sqlite3
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from tests.kills import PARTS, Step, fail_at, kill_at, require_strace, sampled, steps_of
from tui_mail.__main__ import parts
from tui_mail.cli import run as cli

_EMAIL = "anna@rossi.example"
_MESSAGES, _FOLDERS = 50, 5
_DAYS = 2 * 86_400


@pytest.fixture(autouse=True)
def _strace() -> None:
    require_strace()


def run(home: Path, *arguments: object) -> list[dict[str, Any]]:
    """A command that goes well, in this process: only what is killed needs one of its own."""
    words = ["--home", str(home), "--as", "anna", "--json", *map(str, arguments)]
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = cli.run(parts(), words)
    assert code == 0, said.getvalue()
    return [json.loads(line) for line in said.getvalue().splitlines() if line.startswith("{")]


def _message(number: int) -> bytes:
    content = f"%PDF-{number % 40}".encode() * (20 if number % 10 else 9000)
    return b"".join(
        [
            b"From: luca@ferri.example\r\nTo: anna@rossi.example\r\n",
            b"Subject: Ordine %d\r\nMessage-ID: <%d@ferri.example>\r\n" % (number, number),
            b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
            b"--b\r\nContent-Type: text/plain\r\n\r\nBuongiorno %d.\r\n" % number,
            b"--b\r\nContent-Type: application/pdf; name=a.pdf\r\n",
            b"Content-Disposition: attachment; filename=a.pdf\r\n\r\n%b\r\n--b--\r\n" % content,
        ]
    )


class House:
    """A home with an empty account, as it was before each import, and the mail to import."""

    def __init__(self, folder: Path) -> None:
        self.whole, self.home = folder / "whole", folder / "home"
        self.mail = folder / "mail"
        for number in range(_MESSAGES):
            path = self.mail / f"cartella{number % _FOLDERS}" / f"{number}.eml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_message(number))
        run(self.whole, "init")
        run(self.whole, "account", "add", _EMAIL, "--local")
        self.arguments = ("--as", "anna", "import", self.mail, "--account", _EMAIL)

    def fresh(self) -> Path:
        shutil.rmtree(self.home, ignore_errors=True)
        shutil.copytree(self.whole, self.home)
        return self.home

    def check(self, step: Step) -> None:
        """What is there is whole; the same import brings the rest, and nothing twice."""
        before = run(self.home, "doctor", "--deep")
        assert before[-1]["left"] == 0, (step, before)
        counted = self._counted()
        (counts,) = run(self.home, *self.arguments[2:])
        assert counts["read"] == _MESSAGES, step
        assert (counts["already"], counts["stored"]) == (counted, _MESSAGES - counted), step
        assert self._counted() == _MESSAGES, step
        self._age()
        after = run(self.home, "doctor", "--deep", "--repair")
        assert after[-1]["left"] == 0, (step, after)
        assert {one["finding"] for one in after[:-1]} <= {"attachments_unused"}, (step, after)
        assert run(self.home, "doctor", "--deep")[-1]["found"] == 0, step
        self._check_folder(step)

    def _counted(self) -> int:
        with sqlite3.connect(self.home / "tui_mail.db") as database:
            ((placed, messages),) = database.execute(
                "SELECT count(*), count(DISTINCT message_id) FROM placement"
            )
        database.close()
        assert placed == messages
        return int(placed)

    def _age(self) -> None:
        """What nothing needs is collected after a day."""
        old = time.time() - _DAYS
        for path in (self.home / "attachments").rglob("*"):
            if path.is_file():
                os.utime(path, (old, old))

    def _check_folder(self, step: Step) -> None:
        """The folder holds what the database names, and no half of anything but what is too new."""
        with sqlite3.connect(self.home / "tui_mail.db") as database:
            named = {row[0] for row in database.execute("SELECT id FROM blob")}
        database.close()
        shards = [one for one in (self.home / "attachments").iterdir() if len(one.name) == 2]
        files = {f"{shard.name}{one.name}" for shard in shards for one in shard.iterdir()}
        halves = {one for one in files if "." in one}
        assert files - halves == named, step
        assert len(halves) <= 1, step


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    require_strace()
    return House(tmp_path_factory.mktemp("kills"))


@pytest.fixture(scope="module")
def steps(house: House) -> list[Step]:
    found = steps_of(house.fresh(), house.arguments, one_thread=True)
    house.check(found[-1])
    calls = {one.call for one in found}
    assert {"write", "pwrite64", "fsync", "fdatasync"} & calls
    assert any(call.startswith("rename") for call in calls)
    return found


@pytest.mark.parametrize("part", PARTS)
def test_killed_at_any_step_nothing_is_lost_or_doubled(
    house: House, steps: list[Step], part: int
) -> None:
    for step in sampled(steps, 5, part):
        kill_at(house.fresh(), step, house.arguments, one_thread=True)
        house.check(step)


@pytest.mark.parametrize("part", PARTS)
def test_a_full_disk_is_said_and_nothing_is_half_done(
    house: House, steps: list[Step], part: int
) -> None:
    writing = [one for one in steps if one.call in {"write", "pwrite64", "fsync", "fdatasync"}]
    for step in sampled(writing, 3, part):
        done = fail_at(house.fresh(), step, "ENOSPC", house.arguments)
        assert "Traceback" not in done.stderr + done.stdout, step
        if done.returncode:
            errors = [json.loads(line) for line in done.stdout.splitlines()]
            said = next(one for one in errors if "error" in one)
            assert done.returncode in {1, 73, 74}, (step, done)
            assert said["error"] in {"cannot_write", "input_output"}, (step, said)
            assert "damaged" not in said["message"], (step, said)
        house.check(step)
