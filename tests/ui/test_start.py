"""The start of the console in a real terminal: what it waits for, and what it does not."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tui_mail.__main__ import parts
from tui_mail.cli.run import run

# Writes the names of modules in the order in which they are imported.
_LOGGED = """
import sys
log = open(sys.argv.pop(1), "w", buffering=1)
sys.addaudithook(lambda event, seen: log.write(f"{seen[0]}\\n") if event == "import" else None)
from tui_mail.__main__ import main
main()
"""
_READS = "tui_mail.db.agenda"  # imported when the panels are told to read
_COMPLETES = "tui_mail.worker"  # the first that is imported once the first list is drawn
_NEVER = {"alembic", "click", "psycopg", "pytest", "typer"}
_LATER = {
    "aioimaplib",
    "aiosmtplib",
    "cryptography",
    "dns",
    "html2text",
    "httpx",
    "markdown_it",
    "selectolax",
    "tui_mail.backends",
    "tui_mail.blobs",
    "tui_mail.connectors",
    "tui_mail.linking",
    "tui_mail.mail",
    "tui_mail.vault",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation with an account and an operator."""
    place = tmp_path / "home"
    arguments = ["--home", str(place), "--as", "anna", "--lang", "en"]
    assert run(parts(), [*arguments, "account", "add", "sales@rossi.example", "--local"]) == 0
    return place


def _names(log: Path) -> list[str]:
    return log.read_text("utf-8").splitlines()


def _within(names: list[str], packages: set[str]) -> set[str]:
    """The packages that one of the modules is, or is in."""
    return {
        package for name in names for package in packages if f"{name}.".startswith(f"{package}.")
    }


def test_the_first_list_waits_for_the_database_only(home: Path, tmp_path: Path) -> None:
    log = tmp_path / "imported"
    program = [sys.executable, "-c", _LOGGED, str(log)]
    terminal = Terminal([*program, "--home", str(home), "--as", "anna", "--lang", "en"])
    try:
        terminal.until("Nothing in this folder")
        terminal.until(lambda _one: _COMPLETES in _names(log))
        terminal.settle()
    finally:
        terminal.close()
    names = _names(log)
    completes = names.index(_COMPLETES)
    assert names.index(_READS) < completes
    assert not _within(names[:completes], _LATER)
    assert not _within(names, _NEVER)


def test_the_first_list_does_not_wait_for_who_is_writing(home: Path) -> None:
    program = str(Path(sys.executable).with_name("tui-mail"))
    with closing(sqlite3.connect(home / "tui_mail.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        terminal = Terminal([program, "--home", str(home), "--as", "anna", "--lang", "en"])
        try:
            terminal.until("Nothing in this folder", seconds=8)  # the database waits for ten
        finally:
            other.execute("ROLLBACK")
            terminal.close()
