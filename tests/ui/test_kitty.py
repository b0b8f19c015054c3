"""Pictures in kitty's protocol: what goes to the terminal can be read back, and who can draw it."""

import base64
import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.cells import cell_len, set_cell_size
from rich.color import Color, ColorSystem

from tests.mail.pictures import noise
from tui_mail.mail.pictures import MAX_SENT, encoded
from tui_mail.ui.driver import guarded
from tui_mail.ui.kitty import (
    MOST_CELLS,
    PLACEHOLDER,
    Slot,
    deletion,
    has_placeholders,
    may_be_asked,
    transmission,
)
from tui_mail.values import EncodedPicture

COMMAND = re.compile(r"\x1b_G([^;\x1b]*);?([A-Za-z0-9+/=]*)\x1b\\")


def test_what_is_sent_is_a_whole_png_in_pieces_that_a_terminal_takes() -> None:
    picture = encoded(noise(900, 600), 60, cell=(10, 20))
    assert picture is not None
    sent = list(transmission(7, picture))
    parts = [COMMAND.fullmatch(piece) for piece in sent]
    keys = [dict(key.split("=") for key in part[1].split(",")) for part in parts if part]
    assert len(keys) == len(sent) > 1
    size = f"c={picture.columns},r={picture.rows}"
    assert sent[0].startswith(f"\x1b_Ga=T,U=1,f=100,i=7,{size},q=2,m=1;")
    assert [key["m"] for key in keys] == ["1"] * (len(keys) - 1) + ["0"]
    data = [part[2] for part in parts if part]
    assert all(len(one) <= 4096 and len(one) % 4 == 0 for one in data)
    png = base64.b64decode("".join(data), validate=True)
    assert len(png) <= MAX_SENT
    with Image.open(io.BytesIO(png), formats=("PNG",)) as read:
        read.load()
        assert read.width <= picture.columns * 10
        assert read.height <= picture.rows * 20
        assert read.width / read.height == pytest.approx(1.5, abs=0.05)


def test_no_picture_gets_past_the_guard_but_by_its_door() -> None:
    picture = EncodedPicture(b"\x89PNG", 2, 1)
    for piece in [*transmission(7, picture), deletion(7)]:
        assert guarded(f"a{piece}b", pictures=True) == "ab"
    cells = Slot(0).cells(0, 2)
    assert guarded(cells, pictures=True) == cells
    assert PLACEHOLDER not in guarded(cells)


@given(st.integers(0, 40_000), st.integers(0, 40_000))
def test_a_slot_is_a_colour_and_a_mark_that_survive_256_colours(one: int, other: int) -> None:
    for true_colour in (True, False):
        number = Slot(one).number(true_colour=true_colour)
        assert 0 < number < 1 << 32
        turns = 30 * 255
        assert (number == Slot(other).number(true_colour=true_colour)) == (
            one % turns == other % turns
        )
    ink = Color.parse(Slot(one).ink)
    low = Slot(one).number(true_colour=False) & 0xFFFFFF
    assert ink.downgrade(ColorSystem.EIGHT_BIT).number == low


@given(st.integers(0, MOST_CELLS - 1), st.integers(1, 200), st.data())
def test_a_row_takes_its_cells_and_is_cut_between_them(
    row: int, columns: int, data: st.DataObject
) -> None:
    text = Slot(row).cells(row, columns)
    assert cell_len(text) == columns
    cells = re.findall(f"{PLACEHOLDER}[^{PLACEHOLDER}]*", text)
    marks = {unicodedata.combining(sign) for cell in cells for sign in cell[1:]}
    assert {len(cell) for cell in cells} == {4}
    assert marks == {230}
    assert len(set(cells)) == columns
    width = data.draw(st.integers(1, columns))
    assert set_cell_size(text, width) == "".join(cells[:width])


@pytest.mark.parametrize(
    ("name", "can"),
    [
        ("kitty(0.35.2)", True),
        ("kitty(0.28.0)", True),
        ("kitty(1.0.0)", True),
        ("kitty(0.26.5)", False),
        ("ghostty 1.2.3", True),
        ("XTerm(388)", False),
        ("tmux 3.4", False),
        ("WezTerm 20240203", False),
        ("Konsole 24.02", False),
        ("", False),
    ],
)
def test_which_terminals_have_placeholders(name: str, can: bool) -> None:
    assert has_placeholders(name) is can


@pytest.mark.parametrize(
    ("environment", "may"),
    [
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "linux"}, False),
        ({"TERM": "screen.xterm-256color"}, False),
        ({"TERM": "tmux-256color"}, False),
        ({"TERM": "xterm-256color", "TMUX": "/tmp/tmux-1000/default,1,0"}, False),
        ({"TERM": "xterm-kitty", "STY": "1.pts"}, False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, False),
        ({}, False),
    ],
)
def test_which_terminals_are_asked(environment: dict[str, str], may: bool) -> None:
    assert may_be_asked(environment) is may
