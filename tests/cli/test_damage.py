"""What is done to the attachments' folder costs the attachment, never the message."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.program import WITH_FILES, Program, letter, with_file

_TO = ("--account", "anna@rossi.example")
_CHUNK = 64 * 1024
_HEADER = 81


@pytest.fixture
def blobs(house: Program, tmp_path: Path) -> list[Path]:
    """Two messages more, each with a file of some chunks; their blobs."""
    before = set((house.home / "attachments").glob("[0-9a-f][0-9a-f]/*"))
    for number, sign in ((8, b"a\r\n"), (9, b"b\r\n")):
        file = tmp_path / f"{number}.eml"
        file.write_bytes(with_file(number, sign * (_CHUNK - 100)))
        assert house("import", file, *_TO).record["stored"] == 1
    return sorted(set((house.home / "attachments").glob("[0-9a-f][0-9a-f]/*")) - before)


def _flip(place: int) -> Callable[[list[Path]], None]:
    def damage(blobs: list[Path]) -> None:
        for blob in blobs:
            sealed = bytearray(blob.read_bytes())
            sealed[place] ^= 1
            blob.write_bytes(sealed)

    return damage


def _swap(blobs: list[Path]) -> None:
    first, second = (blob.read_bytes() for blob in blobs)
    blobs[0].write_bytes(second)
    blobs[1].write_bytes(first)


def _cut(blobs: list[Path]) -> None:
    for blob in blobs:
        os.truncate(blob, blob.stat().st_size - 1)


def _reorder(blobs: list[Path]) -> None:
    for blob in blobs:
        sealed, step = blob.read_bytes(), _CHUNK + 16
        one, two = sealed[_HEADER : _HEADER + step], sealed[_HEADER + step : _HEADER + 2 * step]
        blob.write_bytes(sealed[:_HEADER] + two + one + sealed[_HEADER + 2 * step :])


def _drop(blobs: list[Path]) -> None:
    for blob in blobs:
        sealed = blob.read_bytes()
        blob.write_bytes(sealed[:_HEADER] + sealed[_HEADER + _CHUNK + 16 :])


def _append(blobs: list[Path]) -> None:
    for blob in blobs:
        blob.write_bytes(blob.read_bytes() + b"x")


def _empty(blobs: list[Path]) -> None:
    for blob in blobs:
        blob.write_bytes(b"")


def _unlink(blobs: list[Path]) -> None:
    for blob in blobs:
        blob.unlink()


def _link(blobs: list[Path]) -> None:
    for blob in blobs:
        kept = blob.rename(blob.with_suffix(".kept"))
        blob.symlink_to(kept)


def _lose_vault(blobs: list[Path]) -> None:
    (blobs[0].parent.parent / "vault.json").unlink()


def _spoil_vault(blobs: list[Path]) -> None:
    (blobs[0].parent.parent / "vault.json").write_text("{}")


def _other_vault(blobs: list[Path]) -> None:
    """The key file and the vault of another installation."""
    from tui_mail.vault import open_vault

    attachments = blobs[0].parent.parent
    other = attachments.parent / "other"
    other.mkdir()
    open_vault(other / "key").unlock()
    shutil.copy(other / "key", attachments.parent / "key")
    shutil.copy(other / "vault.json", attachments / "vault.json")


@pytest.mark.parametrize(
    "damage",
    [
        _flip(0), _flip(4), _flip(6), _flip(12), _flip(40), _flip(78), _flip(200),
        _flip(_HEADER + _CHUNK + 5), _flip(-1), _swap, _cut, _reorder, _drop, _append, _empty,
        _unlink, _link, _lose_vault, _spoil_vault, _other_vault,
    ],
)  # fmt: skip
def test_the_message_is_read_and_its_file_refused_with_a_sentence(
    house: Program, blobs: list[Path], tmp_path: Path, damage: Callable[[list[Path]], None]
) -> None:
    damage(blobs)
    out = tmp_path / "out"
    out.mkdir()
    for message in (5, 6):
        shown = house("show", message)
        assert shown.code == 0
        assert "Ecco il disegno." in shown.record["text"]
        (warning,) = shown.record["warnings"]
        assert warning.endswith(".")
        assert "Ecco il disegno." in house.lines("show", message)
        result = house("save", message, "--to", out)
        assert result.code in {66, 74, 77}, result
        assert result.record["message"].endswith(".")
    assert list(out.iterdir()) == []
    given = house("export", "subject:disegno", "--to", tmp_path / "given", "--format", "eml")
    assert given.code == 1, given
    assert not list((tmp_path / "given").rglob("*.eml"))


@pytest.mark.parametrize("damage", [_flip(200), _swap, _reorder, _empty, _append])
def test_a_damaged_file_is_an_input_output_error(
    house: Program, blobs: list[Path], tmp_path: Path, damage: Callable[[list[Path]], None]
) -> None:
    """Not one of what is not there: a program would take the message for deleted."""
    damage(blobs)
    said = house.fails(74, "input_output", "show", 5, "--raw")
    assert "disegno.bin" in said
    assert house.fails(74, "input_output", "save", 5, 1, "--to", tmp_path) == said
    assert house.fails(74, "input_output", "save", 5, "--to", tmp_path) == said


def test_a_file_that_is_not_there_is_not_found(
    house: Program, blobs: list[Path], tmp_path: Path
) -> None:
    _unlink(blobs)
    house.fails(66, "not_found", "show", 5, "--raw")
    house.fails(66, "not_found", "save", 5, "--to", tmp_path)


def test_the_other_files_of_a_message_are_saved(house: Program, tmp_path: Path) -> None:
    """listino.csv is lost, foglio.pdf is not."""
    connection = sqlite3.connect(house.home / "tui_mail.db")
    query = "SELECT blob FROM attachment WHERE name LIKE '%listino.csv'"
    name = connection.execute(query).fetchone()[0]
    connection.close()
    (house.home / "attachments" / name[:2] / name[2:]).unlink()
    (warning,) = house("show", 4).record["warnings"]
    assert "listino.csv” cannot be opened. " in warning
    assert "foglio.pdf" not in warning
    out = tmp_path / "out"
    out.mkdir()
    done = house("save", 4, "--to", out)
    assert done.code == 1
    assert {one.get("error") for one in done.records} == {None, "not_found"}
    assert [path.name for path in out.iterdir()] == ["foglio.pdf"]
    assert "listino.csv" in house.fails(66, "not_found", "save", 4, 1, "--to", out)
    assert house("save", 4, 2, "--to", out).code == 0


@pytest.mark.parametrize("damage", [_unlink, _flip(-1), _empty, _swap, _link, _other_vault])
@pytest.mark.parametrize("where", ["INBOX", "Altre"])
def test_importing_again_puts_back_what_is_lost(
    house: Program, blobs: list[Path], tmp_path: Path, damage: Callable[[list[Path]], None],
    where: str,
) -> None:  # fmt: skip
    (house.home / "tui_mail.db").chmod(0o600)
    damage(blobs)
    files = [tmp_path / "8.eml", tmp_path / "9.eml"]
    if damage is _other_vault:  # the others of the house are sealed by a key that is gone, too
        files.append(tmp_path / "4.eml")
        files[-1].write_bytes(WITH_FILES)
    assert house("doctor", "--deep").code == 1
    counts = house("import", *files, *_TO, "--folder", where).record
    assert counts["restored"] == len(files)
    assert counts["already"] == (len(files) if where == "INBOX" else 0)
    for kept in (house.home / "attachments").rglob("*.kept"):
        kept.unlink()
    deep = house("doctor", "--deep")
    assert (deep.code, deep.record["left"]) == (0, 0), deep
    for message, file in zip((5, 6), files, strict=False):
        assert house("show", message, "--raw", json=False).out.encode() == file.read_bytes()
    assert house("import", *files, *_TO, "--folder", where).record["restored"] == 0


def test_importing_again_puts_back_an_original_that_is_gone_or_changed(
    house: Program, tmp_path: Path
) -> None:
    (house.home / "tui_mail.db").chmod(0o600)
    connection = sqlite3.connect(house.home / "tui_mail.db")
    connection.execute("DELETE FROM message_source WHERE message_id = 4")
    connection.execute("UPDATE message_source SET skeleton = x'00' WHERE message_id = 1")
    connection.commit()
    connection.close()
    for number, raw in ((1, letter(1, subject="Richiesta", body="Serve un preventivo.")),
                        (4, WITH_FILES)):  # fmt: skip
        (tmp_path / f"{number}.eml").write_bytes(raw)
        result = house("import", tmp_path / f"{number}.eml", *_TO)
        assert result.record["restored"] == 1
        assert house("show", number, "--raw", json=False).out.encode() == raw
    assert house("doctor", "--deep").code == 0
    again = house.lines("import", tmp_path / "1.eml", *_TO)
    assert "made whole again" not in again
