"""db: backups that hold all that is needed, and installations out of them."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.program import WITH_FILES, Program, letter
from tests.conftest import PostgresqlServer
from tui_mail.db.schema import HEAD

_TO = ("--account", "anna@rossi.example")


@pytest.fixture
def clean(house: Program) -> Program:
    (house.home / "tui_mail.db").chmod(0o600)
    return house


def test_upgrade_says_which_version_it_is(clean: Program) -> None:
    assert clean("db", "upgrade").record == {"version": HEAD}


def test_a_backup_alone_makes_the_installation_again(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    made = clean("db", "backup", "--to", backup).record
    assert (made["attachments"], made["key"]) == (2, True)
    shutil.rmtree(clean.home)
    clean.home.mkdir()
    done = clean("db", "restore", backup)
    assert (done.code, done.records[0]["attachments"]) == (0, 2)
    assert clean("search", "in:INBOX", "--count").record == {"count": 4}
    assert clean("show", 4, "--raw", json=False).out.encode() == WITH_FILES
    assert clean("doctor", "--deep").record["found"] == 0


def test_restoring_keeps_what_it_replaces(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup)
    (tmp_path / "later.eml").write_bytes(letter(9))
    clean("import", tmp_path / "later.eml", *_TO)
    done = clean("db", "restore", backup)
    assert done.code == 0
    (aside,) = done.records[0]["aside"]
    with sqlite3.connect(aside) as before:
        assert before.execute("SELECT count(*) FROM message").fetchone() == (5,)
    before.close()
    assert clean("search", "in:INBOX", "--count").record == {"count": 4}


def test_an_older_backup_finds_every_attachment_in_a_later_folder(
    clean: Program, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup)
    shutil.rmtree(backup / "attachments")
    (tmp_path / "later.eml").write_bytes(WITH_FILES.replace(b"%PDF", b"%PDF-later"))
    clean("import", tmp_path / "later.eml", *_TO)
    assert clean("db", "restore", backup).code == 0


def test_what_is_missing_after_a_restore_is_said(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup)
    for folder in (backup, clean.home):
        for file in (folder / "attachments").rglob("*"):
            if len(file.name) == 62:
                file.unlink()
    done = clean("db", "restore", backup)
    assert done.code == 1
    assert [one["finding"] for one in done.records if "finding" in one] == ["attachments_lost"]


def test_a_backup_of_before_a_rotation_opens_after_it(clean: Program, tmp_path: Path) -> None:
    """The keys that were dropped since then are in the backup, and come back with it."""
    server = ("--smtp", "127.0.0.1:1", "--tls", "none", "--user", "anna", "--no-verify-login")
    clean("account", "set", _TO[1], *server, "--password-stdin", stdin="segreta\n")
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup)
    before = [one.name for one in (backup / "attachments").rglob("*")]
    rotated = clean("vault", "rotate").record
    assert rotated["old_keys"] == 0
    gone = next(one for one in (clean.home / "attachments").rglob("*") if len(one.name) == 62)
    gone.unlink()
    done = clean("db", "restore", backup)
    assert (done.code, done.records[0]["attachments"]) == (0, 1)
    assert [one.name for one in (backup / "attachments").rglob("*")] == before
    assert clean("doctor", "--deep").record["found"] == 0
    assert clean("show", 4, "--raw", json=False).out.encode() == WITH_FILES
    again = clean("vault", "rotate").record
    assert (again["secrets"], again["old_keys"]) == (1, 0)


def test_a_backup_whose_keys_cannot_be_had_changes_nothing(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup, "--without-key")
    (clean.home / "key").rename(tmp_path / "key")
    shutil.move(clean.home / "attachments", tmp_path / "attachments")
    clean("doctor", "--deep")
    (tmp_path / "later.eml").write_bytes(WITH_FILES.replace(b"%PDF", b"%PDF-later"))
    clean("import", tmp_path / "later.eml", *_TO)
    clean.fails(77, "not_allowed", "db", "restore", backup)
    assert clean("search", "in:INBOX", "--count").record == {"count": 5}


def test_backups_that_are_none_are_refused(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup)
    clean.fails(73, "cannot_write", "db", "backup", "--to", backup)
    clean.fails(66, "not_found", "db", "restore", tmp_path)
    with (backup / "tui_mail.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"?")
    clean.fails(65, "wrong_data", "db", "restore", backup)
    assert clean("search", "in:INBOX", "--count").record == {"count": 4}


def test_nothing_is_restored_under_an_open_console(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup)
    with sqlite3.connect(clean.home / "tui_mail.db") as other:
        other.execute("SELECT count(*) FROM message").fetchone()
        clean.fails(75, "try_later", "db", "restore", backup)
    other.close()


def test_without_the_key_it_does_not_open(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup, "--without-key")
    assert not (backup / "key").exists()
    assert {one.stat().st_mode & 0o077 for one in backup.iterdir() if one.is_file()} == {0}


def _rotated(program: Program) -> None:
    done = program("vault", "rotate")
    assert (done.code, done.record["old_keys"]) == (0, 0)


def _blobs(folder: Path) -> list[Path]:
    return sorted((folder / "attachments").glob("[0-9a-f][0-9a-f]/*"))


def test_what_another_database_could_spare_is_not_dropped_after_a_restore(
    clean: Program, tmp_path: Path
) -> None:
    """The marks of a rotation before say what the databases of that time needed."""
    shared, marks = clean.home / "attachments", clean.home / "attachments" / ".databases"
    clean("db", "backup", "--to", tmp_path / "backup")
    _rotated(clean)
    assert any("spare" in mark.read_text() for mark in marks.iterdir())
    assert clean("db", "restore", tmp_path / "backup").code == 0
    assert not any("spare" in mark.read_text() for mark in marks.iterdir())
    assert len(_blobs(shared.parent)) == 2


def test_a_backup_of_another_vault_changes_nothing(clean: Program, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup)
    (tmp_path / "later.eml").write_bytes(letter(9))
    clean("import", tmp_path / "later.eml", *_TO)
    home, clean.home = clean.home, tmp_path / "other"
    assert clean("vault", "init").code == 0
    for name in ("attachments/vault.json", "key"):
        shutil.copy(clean.home / name, backup / name)
    clean.home = home
    assert "another vault" in clean.fails(65, "wrong_data", "db", "restore", backup)
    assert clean("search", "in:INBOX", "--count").record == {"count": 5}
    assert clean("doctor", "--deep").record["found"] == 0


def test_damaged_attachments_are_replaced_by_those_of_a_backup(
    clean: Program, tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    clean("db", "backup", "--to", backup, "--copy")
    first, second = _blobs(clean.home)
    assert first.stat().st_nlink == 1
    first.write_bytes(first.read_bytes()[:-1])
    second.write_bytes(second.read_bytes()[:-1] + b"?")
    assert clean("doctor", "--deep").code == 1
    done = clean("db", "restore", backup)
    assert (done.code, done.records[0]["replaced"]) == (0, 2)
    assert clean("doctor", "--deep").record["found"] == 0
    kept = first.stat().st_ino
    assert clean("db", "restore", backup).records[0]["attachments"] == 0
    assert first.stat().st_ino == kept


def test_postgresql_by_its_own_programs(
    program: Program,
    postgresql_server: PostgresqlServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TUI_MAIL_DATABASE", postgresql_server.ready())
    assert program("account", "add", "anna@rossi.example", "--local").code == 0
    (tmp_path / "4.eml").write_bytes(WITH_FILES)
    program("import", tmp_path / "4.eml", *_TO)
    made = program("db", "backup", "--to", tmp_path / "backup")
    if made.code:
        pytest.skip(f"no pg_dump for this server: {made.record['message']}")
    program("delete", 1)
    program.fails(77, "not_allowed", "db", "restore", tmp_path / "backup")
    assert program("db", "restore", tmp_path / "backup", "--force").code == 0
    assert program("search", "in:INBOX", "--count").record == {"count": 1}
