"""Pieces of large messages on the disk: sealed, found again by another process, never mixed."""

import os
import time
from pathlib import Path

import pytest

from tui_mail.backends.spool import FolderSpool, MemorySpool, Spool
from tui_mail.errors import CannotWrite
from tui_mail.vault import open_vault


def folder_spool(folder: Path) -> FolderSpool:
    return FolderSpool(folder / "spool", open_vault(folder / "key"))


@pytest.fixture(params=["memory", "folder"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Spool:
    return MemorySpool() if request.param == "memory" else folder_spool(tmp_path)


def test_pieces_make_the_whole_once(spool: Spool) -> None:
    assert spool.begin("one") == 0
    spool.add("one", 0, b"abc")
    spool.add("one", 3, b"de")
    spool.add("other", 0, b"x")
    assert (spool.begin("one"), spool.begin("other")) == (5, 1)
    assert spool.take("one") == b"abcde"
    assert spool.begin("one") == 0
    spool.drop("other")
    spool.drop("other")
    assert spool.begin("other") == 0


def test_many_pieces_keep_their_order(spool: Spool) -> None:
    for number in range(12):
        spool.add("one", number, b"%c" % (97 + number))
    assert spool.take("one") == b"abcdefghijkl"


def test_another_process_goes_on_where_the_first_was(tmp_path: Path) -> None:
    folder_spool(tmp_path).add("one", 0, b"abc")
    again = folder_spool(tmp_path)
    assert again.begin("one") == 3
    again.add("one", 3, b"")
    assert again.take("one") == b"abc"


def test_nothing_of_it_can_be_read_on_the_disk(tmp_path: Path) -> None:
    spool = folder_spool(tmp_path)
    spool.add("anna@rossi.example", 0, b"a secret of hers")
    [file] = [path for path in (tmp_path / "spool").rglob("*") if path.is_file()]
    assert b"secret" not in file.read_bytes()
    assert "rossi" not in str(file)
    assert file.parent.stat().st_mode & 0o077 == 0


def test_what_is_damaged_or_not_written_to_its_end_is_fetched_anew(tmp_path: Path) -> None:
    spool = folder_spool(tmp_path)
    for number, damage in enumerate((b"", b"short")):
        name = f"message {number}"
        spool.add(name, 0, b"abc")
        spool.add(name, 3, b"def")
        [first] = (tmp_path / "spool").glob("*/0-3")
        first.write_bytes(damage)
        assert spool.take(name) is None
        assert spool.begin(name) == 0


def test_a_piece_of_another_message_is_none_of_this(tmp_path: Path) -> None:
    spool = folder_spool(tmp_path)
    spool.add("one", 0, b"abc")
    [file] = (tmp_path / "spool").glob("*/0-3")
    kept = file.read_bytes()
    spool.drop("one")
    spool.add("two", 0, b"xyz")
    [file] = (tmp_path / "spool").glob("*/0-3")
    file.write_bytes(kept)
    assert spool.take("two") is None


def test_a_piece_that_is_lost_ends_what_is_here(tmp_path: Path) -> None:
    spool = folder_spool(tmp_path)
    for start in (0, 3, 6):
        spool.add("one", start, b"abc")
    [second] = (tmp_path / "spool").glob("*/3-3")
    second.unlink()
    assert spool.begin("one") == 3


def test_what_nobody_came_back_for_goes(tmp_path: Path) -> None:
    spool = folder_spool(tmp_path)
    spool.add("old", 0, b"abc")
    spool.add("new", 0, b"abc")
    [old] = [one.parent for one in (tmp_path / "spool").glob("*/0-3")][:1]
    long_ago = time.time() - 15 * 86_400
    os.utime(old, (long_ago, long_ago))
    again = folder_spool(tmp_path)
    assert again.begin("new") + again.begin("old") == 3


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file is in the way")
    with pytest.raises(CannotWrite, match="spool"):
        folder_spool(tmp_path).add("one", 0, b"abc")
