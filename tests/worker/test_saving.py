"""A name out of a message never leads out of the folder, and always names a file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.errors import CannotWrite
from tui_mail.worker.saving import file_name, save_into


@pytest.mark.parametrize(
    ("name", "saved"),
    [
        ("fattura 88.pdf", "fattura 88.pdf"),
        ("../../x", "x"),
        ("/etc/cron.d/x", "x"),
        ("C:\\windows\\a.exe", "a.exe"),
        ("a\0b", "ab"),
        ("CON.txt", "_CON.txt"),
        (".ssh", "ssh"),
        ("-rf", "rf"),
        ("~", "attachment"),
        ("..", "attachment"),
        ("", "attachment"),
        ("a.pdf   .exe", "a.pdf.exe"),
        ("fattura\u202efdp.exe", "fatturafdp.exe"),
        ("trailing. ", "trailing"),
    ],
)
def test_known_tricks(name: str, saved: str) -> None:
    assert file_name(name) == saved
    assert "/" not in file_name(name)


@given(st.text())
def test_any_name_is_a_plain_file_name(name: str) -> None:
    saved = file_name(name)
    assert saved not in {"", ".", ".."}
    assert not set(saved) & set('/\\\0<>:"|?*')
    assert len(saved.encode()) <= 200
    assert saved[0] not in ".-~"


def test_a_taken_name_gets_a_number(tmp_path: Path) -> None:
    first = save_into(tmp_path, "a.pdf", b"1")
    second = save_into(tmp_path, "a.pdf", b"2")
    assert (first.name, second.name) == ("a.pdf", "a (1).pdf")
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


def test_a_link_in_the_way_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.pdf").symlink_to(target)
    save_into(folder, "a.pdf", b"1")
    assert not target.exists()


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        save_into(tmp_path / "missing", "a.pdf", b"1")
