"""Nothing of a message drives the terminal."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.data import data_folder
from tui_mail.safetext import folded, safe, safe_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Fattura n. 88/A", "Fattura n. 88/A"),
        ("A\x1b[31mB\x1b]0;PWN\x07", "A␛[31mB␛]0;PWN␇"),
        ("\x9b31mrosso", "\ufffd31mrosso"),
        ("uno\r\ndue\ttre", "uno  due tre"),
        ("fattura\u202efdp.exe", "fatturafdp.exe"),
        ("za\u200blgo", "zalgo"),
        ("del\x7f", "del␡"),
        ("perché città €", "perché città €"),
        ("\ud800lone", "\ufffdlone"),
        ("tag\U000e0041", "tag"),
        ("a\u00adb\u034fc\u3164d", "abcd"),
        ("❤\ufe0f 👍🏽 🇮🇹", "❤ 👍 IT"),
        ("字\U000e0100", "字"),
    ],
)
def test_harmful_characters_become_signs_or_go(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text())
def test_no_control_survives(text: str) -> None:
    for character in safe(text):
        assert unicodedata.category(character) not in {"Cc", "Cs"}
        assert character not in "\u2028\u2029\u200e\u200f\u061c\ufeff"
        assert not 0x202A <= ord(character) <= 0x202E
        assert not 0x2066 <= ord(character) <= 0x2069


@given(st.text())
def test_making_safe_twice_changes_nothing(text: str) -> None:
    assert safe(safe(text)) == safe(text)


def test_a_tower_of_combining_marks_is_cut() -> None:
    assert len(safe("Z" + "\u0301" * 1000)) <= 5
    assert len(safe("ก" + "\u0e49" * 1000)) <= 5  # of other scripts too


def test_signs_in_a_row_are_no_marks() -> None:
    assert safe("★" * 20 + "─" * 20) == "★" * 20 + "─" * 20


@given(st.text())
def test_a_text_is_as_wide_as_its_characters(text: str) -> None:
    clean = safe(text)
    assert cell_len(clean) == sum(cell_len(character) for character in clean)


def test_lines_keep_their_columns() -> None:
    assert safe_lines("a\tb\r\nc\x1b", tab=4) == ["a   b", "c␛"]


def test_naughty_strings_come_out_printable() -> None:
    strings = json.loads((data_folder() / "blns" / "blns.json").read_text("utf-8"))
    assert strings
    for text in strings:
        assert all(
            character.isprintable()
            or character == "\u3000"
            or unicodedata.category(character) in {"Zs", "Cn", "Co", "Cf"}
            for character in safe(text)
        )


def test_folding_ignores_accents_and_case() -> None:
    assert folded("Perché CITTÀ Straße") == "perche citta strasse"
