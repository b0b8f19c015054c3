"""doctor: finds what is wrong with database and attachments, says what to do, and mends it."""

import os
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Program, Result, with_file
from tui_mail.db import word_index
from tui_mail.db.engine import Database

_DAY = 86_400


@pytest.fixture
def clean(house: Program) -> Program:
    """The house as `init` would have made it, with nothing wrong."""
    (house.home / "tui_mail.db").chmod(0o600)
    assert _slugs(house("doctor", "--deep")) == []
    return house


def _findings(result: Result) -> dict[str, dict[str, Any]]:
    *found, counts = result.records
    assert result.code == (1 if counts["left"] else 0)
    assert all(one["message"] and one["count"] for one in found)
    return {one["finding"]: one for one in found}


def _slugs(result: Result) -> list[str]:
    return list(_findings(result))


def _sql(program: Program, *statements: str) -> None:
    connection = sqlite3.connect(program.home / "tui_mail.db")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _blobs(program: Program) -> list[Path]:
    files = (program.home / "attachments").rglob("*")
    return sorted(one for one in files if one.is_file() and len(one.name) == 62)


def _age(paths: Iterable[Path]) -> None:
    old = time.time() - 2 * _DAY
    for path in paths:
        os.utime(path, (old, old))


_MENDED = {
    "folder_counters": ["UPDATE folder SET total = total + 1 WHERE role = 'inbox'"],
    "conversations": [
        "UPDATE conversation SET unread = 7 WHERE thread_id = 1",
        "DELETE FROM conversation WHERE thread_id = 2",
        "UPDATE conversation SET thread_id = 99 WHERE thread_id = 3",
    ],
    "threads": [
        "UPDATE placement SET thread_id = 77 WHERE message_id = 2",
        "DELETE FROM thread WHERE id = 1",
        "UPDATE thread_key SET thread_id = 88 WHERE thread_id = 1",
    ],
    "attachment_counters": [
        'UPDATE blob SET "references" = 5',
    ],
    "links": ["UPDATE link SET entity_id = 4711 WHERE id = 1"],
    "messages_nowhere": ["DELETE FROM placement WHERE message_id = 1", "DELETE FROM link"],
    "references": ["DELETE FROM message WHERE id = 1"],
}


@pytest.mark.parametrize("slug", _MENDED)
def test_what_can_be_mended_is_found_told_and_mended(clean: Program, slug: str) -> None:
    _sql(clean, *_MENDED[slug])
    assert slug in _slugs(clean("doctor"))
    assert slug in _slugs(clean("doctor"))  # looking mends nothing
    mended = _findings(clean("doctor", "--repair"))[slug]
    assert mended["left"] == 0
    assert _slugs(clean("doctor", "--deep")) == []


def test_messages_that_the_search_does_not_know_are_indexed_again(clean: Program) -> None:
    database = Database(f"sqlite:///{clean.home}/tui_mail.db")
    database.write_now(word_index.empty)
    database.close_now()
    assert clean("search", "preventivo", "--count").record == {"count": 0}
    found = _findings(clean("doctor", "--repair"))["search_index"]
    assert (found["count"], found["left"]) == (4, 0)
    assert clean("search", "preventivo", "--count").record == {"count": 1}
    assert _slugs(clean("doctor")) == []


def test_blobs_that_no_row_knows_are_counted_in(clean: Program) -> None:
    _sql(clean, "DELETE FROM blob")
    assert _slugs(clean("doctor", "--repair")) == ["attachment_counters"]
    assert _slugs(clean("doctor", "--deep")) == []


def test_lost_and_damaged_attachments_are_told_by_message(clean: Program) -> None:
    first, second = _blobs(clean)
    first.unlink()
    sealed = second.read_bytes()
    second.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    assert _slugs(clean("doctor")) == ["attachments_lost"]
    found = _findings(clean("doctor", "--deep", "--repair"))
    assert list(found) == ["attachments_lost", "attachments_damaged", "messages_damaged"]
    told = [found[slug]["examples"] for slug in ("attachments_lost", "attachments_damaged")]
    assert {one.split(" (")[0] for (one,) in told} == {
        "message 4, attachment 1", "message 4, attachment 2",
    }  # fmt: skip
    assert found["messages_damaged"]["examples"] == ["message 4"]
    assert clean("show", 4).code == 0


def test_attachments_that_cannot_be_opened_are_told_without_reading_them(clean: Program) -> None:
    """The one is cut short; the other is sealed by a key that the vault does not have."""
    first, second = _blobs(clean)
    first.write_bytes(first.read_bytes()[:-1])
    sealed = bytearray(second.read_bytes())
    sealed[10:14] = b"\xff" * 4  # which key of the vault it was
    second.write_bytes(sealed)
    for way in ((), ("--deep",)):
        found = _findings(clean("doctor", *way))
        assert list(found)[:2] == ["attachments_damaged", "attachments_closed"]
        assert found["attachments_closed"]["count"] == 1
    second.write_bytes(first.read_bytes())  # another's: no key is to blame
    found = _findings(clean("doctor"))
    assert (list(found), found["attachments_damaged"]["count"]) == (["attachments_damaged"], 2)
    first.write_bytes(b"")
    assert "attachments_damaged" in _slugs(clean("doctor"))


def test_what_is_not_listed_is_counted_and_said_where_it_is(clean: Program, tmp_path: Path) -> None:
    for number in range(20, 27):
        (tmp_path / f"{number}.eml").write_bytes(with_file(number, b"%d " % number * 600))
    files = tmp_path.glob("*.eml")
    assert clean("import", *files, "--account", "anna@rossi.example").record["stored"] == 7
    for blob in _blobs(clean):
        blob.unlink()
    told = clean("doctor", json=False).out
    assert told.count("    message ") == 5
    assert "    and 4 more; --json lists all\n" in told
    assert "(anna@rossi.example): foglio.pdf" in told
    found = _findings(clean("doctor"))["attachments_lost"]
    assert (found["count"], len(found["examples"])) == (9, 9)


def test_passwords_that_no_key_opens_are_told(clean: Program) -> None:
    server = ("--smtp", "127.0.0.1:1", "--tls", "none", "--user", "anna", "--no-verify-login")
    account = ("account", "set", "anna@rossi.example", *server, "--password-stdin")
    assert clean(*account, stdin="segreta\n").code == 0
    assert _slugs(clean("doctor")) == []
    _sql(clean, "UPDATE account SET secret = randomblob(64)")
    found = _findings(clean("doctor", "--repair"))
    assert found["passwords_closed"]["examples"] == ["anna@rossi.example"]
    assert clean(*account, stdin="segreta\n").code == 0
    assert _slugs(clean("doctor")) == []


@pytest.mark.parametrize("name", ["key", "attachments/vault.json"])
def test_a_vault_that_does_not_open_is_told_once(clean: Program, name: str) -> None:
    (clean.home / name).rename(clean.home / "aside")
    for way in ((), ("--deep", "--repair")):
        assert _slugs(clean("doctor", *way)) == ["vault_closed"]
    assert not (clean.home / name).exists()


def test_what_nothing_needs_goes_after_a_day_and_not_before(clean: Program) -> None:
    assert clean("account", "remove", "anna@rossi.example", "--yes").code == 0
    kept = _blobs(clean)
    assert _slugs(clean("doctor", "--repair")) == []
    assert _blobs(clean) == kept
    _age(kept)
    found = _findings(clean("doctor"))["attachments_unused"]
    assert (found["count"], found["mended"]) == (2, 0)
    assert _findings(clean("doctor", "--repair"))["attachments_unused"]["mended"] == 2
    assert _blobs(clean) == []
    assert _slugs(clean("doctor", "--deep")) == []


def test_a_file_that_no_row_knows_goes_after_a_day(clean: Program) -> None:
    stranger = _blobs(clean)[0].with_name("0" * 62)
    stranger.write_bytes(b"x")
    assert _slugs(clean("doctor")) == []
    _age([stranger])
    assert _slugs(clean("doctor", "--repair")) == ["attachments_unused"]
    assert not stranger.exists()
    assert len(_blobs(clean)) == 2


def test_nothing_goes_from_a_folder_that_another_database_uses(
    clean: Program, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shared = clean.home / "attachments"
    other.mkdir()
    (other / "settings.toml").write_text(f'attachments = "{shared}"\n', "utf-8")
    home = clean.home
    (other / "key").write_bytes((home / "key").read_bytes())
    clean.home = other
    assert clean("doctor").code in {0, 1}
    clean.home = home
    assert clean("account", "remove", "anna@rossi.example", "--yes").code == 0
    _age(_blobs(clean))
    found = _findings(clean("doctor", "--repair"))
    assert list(found) == ["folder_shared"]
    assert len(_blobs(clean)) == 2
    (other / "tui_mail.db").unlink()
    assert _slugs(clean("doctor", "--repair")) == ["attachments_unused"]


def test_a_message_whose_source_was_changed_is_told(clean: Program) -> None:
    _sql(
        clean,
        "UPDATE message_source SET skeleton = (SELECT skeleton FROM message_source"
        " WHERE message_id = 2) WHERE message_id = 1",
        "DELETE FROM message_source WHERE message_id = 3",
    )
    found = _findings(clean("doctor", "--deep", "--repair"))
    assert found["messages_damaged"]["examples"] == ["message 1"]
    assert found["no_source"]["examples"] == ["message 3"]


def test_a_damaged_database_is_told(clean: Program) -> None:
    file = clean.home / "tui_mail.db"
    content = bytearray(file.read_bytes())
    content[4096 * 8 : 4096 * 9] = os.urandom(4096)
    file.write_bytes(content)
    result = clean("doctor")
    assert result.code in {1, 74}
    assert "restore" in result.out + result.err


def test_rights_of_others_are_taken_away(clean: Program) -> None:
    for name in ("key", "tui_mail.db"):
        (clean.home / name).chmod(0o644)
    found = _findings(clean("doctor"))["rights"]
    assert {"key", "tui_mail.db"} <= {Path(one).name for one in found["examples"]}
    assert _findings(clean("doctor", "--repair"))["rights"]["left"] == 0
    assert (clean.home / "key").stat().st_mode & 0o077 == 0
    assert _slugs(clean("doctor")) == []


def test_letters_and_operations_that_are_stuck_are_for_a_person(clean: Program) -> None:
    _sql(
        clean,
        "INSERT INTO operation (account_id, verb, remote, 'add', 'remove', attempts, error)"
        " VALUES (1, 'flags', '', '', '', 9, 'NO such thing')",
    )
    found = _findings(clean("doctor", "--repair"))
    assert found["operations_stuck"]["examples"] == ["NO such thing"]


def test_it_says_so_for_people(clean: Program) -> None:
    assert clean.lines("doctor") == "Everything agrees.\n"
    _sql(clean, *_MENDED["folder_counters"])
    told = clean("doctor", json=False)
    assert "1. --repair counts again." in told.out
    assert "folder 1" in told.out
    assert clean.lines("doctor", "--repair").endswith("1 found, 1 mended, 0 left.\n")


def test_a_file_of_the_wrong_size_is_seen_without_opening_it(clean: Program) -> None:
    first, second = _blobs(clean)
    first.write_bytes(b"")
    second.write_bytes(second.read_bytes()[:-1])
    assert _findings(clean("doctor"))["attachments_damaged"]["count"] == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_nobody_may_write_is_looked_at_all_the_same(clean: Program) -> None:
    folder = clean.home / "attachments"
    folder.chmod(0o500)
    try:
        assert _slugs(clean("doctor")) == []
    finally:
        folder.chmod(0o700)
