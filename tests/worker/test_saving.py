"""A name out of a message never leads out of the folder, and always names a file."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
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
        ("nul .pdf", "_nul.pdf"),
        ("COM¹", "_COM¹"),
        ("%2e%2e/x", "x"),
        ("..%2fx", "%2fx"),
        ("a" * 400 + ".pdf", "a" * 196 + ".pdf"),
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


@pytest.mark.parametrize(
    ("first", "second"), [("Fattura.pdf", "FATTURA.PDF"), ("città.pdf", "citta\u0300.pdf")]
)
def test_names_that_some_systems_take_for_the_same_get_a_number(
    tmp_path: Path, first: str, second: str
) -> None:
    save_into(tmp_path, first, b"1")
    assert save_into(tmp_path, second, b"2").stem.endswith(" (1)")


def test_links_that_come_and_go_lead_nowhere_else(tmp_path: Path) -> None:
    """Somebody who may write in the folder, too, puts links where the next file may go."""
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    stop = threading.Event()

    def plant() -> None:
        names = [folder / "a.pdf", *(folder / f"a ({number}).pdf" for number in range(1, 5))]
        while not stop.is_set():
            for name in names:
                with suppress(OSError):
                    name.symlink_to(outside / name.name)
                with suppress(OSError):
                    name.unlink()

    with ThreadPoolExecutor(1) as pool:
        planting = pool.submit(plant)
        for _number in range(200):
            save_into(folder, "a.pdf", b"x")
        stop.set()
        planting.result()
    assert list(outside.iterdir()) == []


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotWrite):
        save_into(tmp_path / "missing", "a.pdf", b"1")
