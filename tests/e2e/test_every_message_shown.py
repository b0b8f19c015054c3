"""Every message of every set, opened one after the other in the console, in a pseudo-terminal.

TUI_MAIL_TEST_FULL=1 takes every message of the sets; else every fiftieth that is not large.
"""

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import command_line
from tests.data import data_folder, messages
from tests.e2e.oracle import foreign
from tests.terminal import Terminal

_FULL = bool(os.environ.get("TUI_MAIL_TEST_FULL"))
_LARGE = 200_000
_EMAIL = "anna@rossi.example"
_ENTER, _NEXT, _THREADS = "\r", "J", "T"
_SUBJECT_CELLS = 20
_ORDER = (
    "SELECT placement.id, subject, sender_name, sender_address FROM placement JOIN message"
    " ON message.id = placement.message_id ORDER BY placement.received_at DESC, placement.id DESC"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    for data_set in sorted(data_folder().iterdir()):
        if data_set.is_dir():
            for number, (_name, raw) in enumerate(messages(data_set.name, 1 if _FULL else 50)):
                if raw and (_FULL or len(raw) <= _LARGE):
                    (folder / f"{data_set.name}-{number}.eml").write_bytes(raw)
    home = tmp_path / "home"
    for arguments in (
        ("init",),
        ("account", "add", _EMAIL, "--local"),
        ("import", folder, "--account", _EMAIL),
    ):
        command = command_line("--home", home, "--as", "anna", *arguments)
        subprocess.run(command, check=True, capture_output=True)
    return home


@pytest.fixture
def console(home: Path) -> Iterator[Terminal]:
    terminal = Terminal(command_line("--home", home, "--as", "anna"), 120, 36)
    yield terminal
    terminal.close()


def _listed(home: Path) -> list[tuple[int, str]]:
    """Each copy as the list has them, and a part of what its reader shows, letters alone."""
    with sqlite3.connect(home / "tui_mail.db") as database:
        rows = database.execute(_ORDER).fetchall()
    database.close()
    return [(row[0], _letters(row[1] or row[2] or row[3])[:_SUBJECT_CELLS]) for row in rows]


def _is_read(database: sqlite3.Connection, placement: int) -> bool:
    ((seen,),) = database.execute("SELECT seen FROM placement WHERE id = ?", (placement,))
    return bool(seen)


def _letters(text: str) -> str:
    """What no wrapping and no terminal shows otherwise."""
    return re.sub(r"[^A-Za-z0-9]", "", text)


def test_every_message_is_shown(home: Path, console: Terminal) -> None:
    listed = _listed(home)
    console.until("▌●")
    console.send(_THREADS)
    console.settle()
    with sqlite3.connect(home / "tui_mail.db") as database:
        for number, (placement, sought) in enumerate(listed):
            console.send(_NEXT if number else _ENTER)
            console.until(
                lambda one, placement=placement, sought=sought: (  # type: ignore[misc]
                    sought in _letters(one.text) and _is_read(database, placement)
                )
            )
    database.close()
    console.settle()
    assert "Traceback" not in console.text
    assert foreign(bytes(console.written)) == []
