"""Pieces of text: exact widths, no control, no markup."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.strip import Strip

from tui_mail.safetext import SafeText, safe
from tui_mail.ui.theme import Inks, load_colours
from tui_mail.ui.widgets.text import Piece, fit, strip_of, width_of
from tui_mail.ui.wrap import wrapped

INKS = Inks(load_colours("dark"))


def shown(strip: Strip) -> str:
    return "".join(segment.text for segment in strip)


@given(st.text(), st.integers(0, 40), st.booleans())
def test_what_is_fitted_takes_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert width_of(fit(safe(text), width, right=right)) == width


@given(st.lists(st.tuples(st.text(), st.sampled_from(["", "dim", "bold"]))), st.integers(0, 60))
def test_a_strip_is_as_wide_as_asked(pieces: list[tuple[str, str]], width: int) -> None:
    line = tuple(Piece(safe(text), style) for text, style in pieces)
    strip = strip_of(line, width, INKS)
    assert strip.cell_length == width
    assert width_of(shown(strip)) == width
    assert not any(ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 for sign in shown(strip))


def test_neighbours_of_one_style_are_drawn_as_one() -> None:
    line = (Piece(safe("a"), "dim"), Piece(safe("b"), "dim"), Piece(safe("c"), ""))
    assert [segment.text for segment in strip_of(line, 5, INKS)] == ["ab", "c  "]


def test_signs_have_ascii_twins_of_one_cell() -> None:
    line = (Piece(SafeText("●▌↩⧖★▸▾▪✓↑↗↙⚠│─━┬├›·…–“”"), ""),)
    text = shown(strip_of(line, 30, INKS, ascii_only=True))
    assert text.isascii()
    assert len(text) == 30


@given(st.text(), st.integers(1, 30))
def test_wrapped_lines_never_leave_their_width(text: str, width: int) -> None:
    assert all(width_of(line) <= width for line in wrapped(safe(text), width))


@given(st.text(st.characters(codec="ascii", categories=["L", "N"])), st.integers(2, 30))
def test_a_word_that_is_too_long_is_broken_not_cut(word: str, width: int) -> None:
    assert "".join(wrapped(safe(word), width)) == word


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (27, ["l.ferri@ferri-impianti.", "example is Luca Ferri"]),
        (22, ["l.ferri@", "ferri-impianti.example", "is Luca Ferri"]),
        (16, ["l.ferri@", "ferri-impianti.", "example is Luca", "Ferri"]),
        (12, ["l.ferri@", "ferri-impian", "ti.example", "is Luca", "Ferri"]),
    ],
)
def test_an_address_that_is_too_long_is_broken_behind_its_signs(
    width: int, lines: list[str]
) -> None:
    assert wrapped(safe("l.ferri@ferri-impianti.example is Luca Ferri"), width) == lines
