"""init and config."""

import sqlite3
import stat
from pathlib import Path

import pytest

from tests.cli.program import Program


def test_init_makes_the_installation_without_a_question(program: Program, tmp_path: Path) -> None:
    program.home = tmp_path / "new" / "home"
    first = program("init")
    assert first.code == 0
    assert set(first.record) == {"home", "settings", "database", "created"}
    assert first.record["created"] is True
    assert first.record["database"] == f"sqlite:///{program.home}/tui_mail.db"
    for name in ("settings.toml", "key", "tui_mail.db"):
        assert stat.S_IMODE((program.home / name).stat().st_mode) & 0o077 == 0, name
    for folder in (program.home, program.home / "logs", program.home / "locks"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    again = program("init")
    assert (again.code, again.record["created"]) == (0, False)
    assert "is kept as it is" in again.err
    assert "is kept as it is" in program("config", "init").err


def test_every_command_makes_what_it_needs(program: Program, tmp_path: Path) -> None:
    program.home = tmp_path / "new"
    assert program("search", "x").code == 0
    assert (program.home / "tui_mail.db").is_file()


@pytest.mark.parametrize("command", ["init", "search x", "config init", "account list"])
def test_a_home_that_cannot_be_made_is_said(program: Program, tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("in the way", "utf-8")
    program.home = tmp_path / "file" / "home"
    sentence = program.fails(73, "cannot_write", *command.split())
    assert "--home" in sentence


def test_a_home_on_a_system_that_takes_no_files_is_said(program: Program) -> None:
    program.home = Path("/proc/tui_mail")
    program.fails(73, "cannot_write", "init")


def test_config_init_show_check(program: Program) -> None:
    made = program("config", "init")
    assert (made.code, made.record) == (
        0,
        {"settings": str(program.home / "settings.toml"), "created": True},
    )
    checked = program("config", "check")
    assert checked.record == {"ok": True, "settings": str(program.home / "settings.toml")}
    shown = program("config", "show").record
    assert {"database", "attachments", "language", "theme", "undo_seconds"} <= set(shown)
    assert program("config").record == shown
    assert "theme = 'dark'" in program.lines("config", "show")


def test_config_hides_the_password_of_the_database(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_MAIL_DATABASE", "postgresql+psycopg://u:secret@h/d")
    result = program("config", "show")
    assert result.record["database"] == "postgresql+psycopg://u:***@h/d"
    assert "secret" not in result.out + result.err


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("colour = 1\n", "colour"),
        ("undo_seconds = 1000\n", "undo_seconds"),
        ("undo_seconds = true\n", "undo_seconds"),
        ('language = "fr"\n', "language"),
        ("theme = \n", "settings.toml"),
        ('database = "mysql://h/d"\n', "database"),
        ('database = "nonsense"\n', "database"),
    ],
)
@pytest.mark.parametrize("command", ["config check", "account list", "search x"])
def test_wrong_settings_are_named(
    program: Program, settings: str, named: str, command: str
) -> None:
    (program.home / "settings.toml").write_text(settings, "utf-8")
    assert named in program.fails(78, "settings", *command.split())


def test_settings_that_cannot_be_read_are_said(program: Program) -> None:
    (program.home / "settings.toml").write_bytes(b"\xff")
    program.fails(78, "settings", "config", "show")
    (program.home / "settings.toml").unlink()
    (program.home / "settings.toml").mkdir()
    program.fails(78, "settings", "account", "list")


def test_config_refuses_wrong_use(program: Program) -> None:
    program.fails(64, "wrong_use", "config", "burn")
    program.fails(64, "wrong_use", "init", "more")


def test_a_database_of_a_newer_program_is_left_alone(program: Program) -> None:
    with sqlite3.connect(program.home / "tui_mail.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    program.fails(78, "unknown_schema", "account", "list")
    program.fails(78, "unknown_schema", "init")


def test_a_database_that_is_none_is_said(program: Program) -> None:
    (program.home / "tui_mail.db").write_bytes(b"this is no database, and long enough to tell" * 99)
    program.fails(74, "input_output", "account", "list")


def test_a_database_server_that_is_not_there_is_said(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUI_MAIL_DATABASE", "postgresql://u:secret@127.0.0.1:1/d")
    sentence = program.fails(69, "unreachable", "account", "list")
    assert "secret" not in sentence


def test_a_locked_database_is_for_later(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("account", "list")
    monkeypatch.setattr("tui_mail.db.engine._BUSY_MILLISECONDS", 10)
    other = sqlite3.connect(program.home / "tui_mail.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    program.fails(75, "try_later", "account", "add", "a@x.example", "--local")
    other.close()
    assert program("account", "list").records == []


def test_a_home_with_no_installation_is_not_made_one_by_naming_mail(
    program: Program, tmp_path: Path
) -> None:
    program.home = tmp_path / "mial"
    for words in (
        ("show", 1), ("import", tmp_path, "--account", "anna@rossi.example"), ("undo",),
        ("mark", 1, "+read"), ("delete", 1), ("move", 1, "Archive"), ("save", 1, "--to", tmp_path),
    ):  # fmt: skip
        sentence = program.fails(66, "not_found", *words)
        assert str(program.home) in sentence
        assert "tui-mail init" in sentence
        assert not program.home.exists()
    assert program("show", "--help").code == 0


def test_a_database_that_is_gone_is_told_and_not_made_anew(
    program: Program, tmp_path: Path
) -> None:
    program.home = tmp_path / "new"
    assert program("init").code == 0
    database = program.home / "tui_mail.db"
    database.unlink()
    for words in (("search", "x"), ("account", "list"), ("worker", "--once"), ("show", 1)):
        sentence = program.fails(66, "not_found", *words)
        assert str(database) in sentence
        assert "db restore" in sentence
        assert not database.exists()
    assert program("init").record["created"] is False
    assert program("account", "list").code == 0


def test_a_database_is_missed_where_no_settings_were_written(house: Program) -> None:
    (house.home / "tui_mail.db").unlink()
    house.fails(66, "not_found", "search", "x")


def test_a_new_installation_is_told(program: Program, tmp_path: Path) -> None:
    program.home = tmp_path / "new"
    made = program("search", "x")
    assert (made.code, made.out) == (0, "")
    assert str(program.home) in made.err
    assert str(program.home) not in program("search", "x").err
