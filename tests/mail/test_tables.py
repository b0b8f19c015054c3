"""Tables of data in columns, and the cutting of long words that they rest on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mail.cells import chopped, cut, width_of
from tui_mail.mail.tables import lay_out, shortened

WORDS = st.text(alphabet="a é漢\u0301x", max_size=60)


def cut_again_and_again(text: str, width: int) -> list[str]:
    pieces, rest = [], text
    while True:
        head, rest = cut(rest, width)
        pieces.append(head)
        if not rest:
            return pieces


@given(WORDS, st.integers(1, 12))
def test_a_word_is_chopped_where_cut_would_cut_it(text: str, width: int) -> None:
    assert list(chopped(text, width)) == cut_again_and_again(text, width)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=4))
def test_no_letter_is_lost_and_no_line_too_long(rows: list[list[str]]) -> None:
    lines = ["".join(piece.text for piece in line) for line in lay_out(rows, False, 30)]
    assert all(width_of(line) <= 30 for line in lines)
    drawn = sorted("".join(lines).replace(" ", ""))
    assert drawn == sorted("".join(cell for row in rows for cell in row).replace(" ", ""))


def test_lines_are_made_as_they_are_asked_for() -> None:
    lines = iter(lay_out([["name", "sum"], *[["a b " * 90, "1.00"]] * 1_000], True, 20))
    assert next(lines)[0].text.startswith("name")
    assert set(next(lines)[0].text) == {"─", " "}


@pytest.mark.parametrize("length", [0, 999, 1_000, 1_001, 100_000])
def test_a_cell_is_shortened_to_what_is_read(length: int) -> None:
    cell = shortened("漢" * length)
    assert len(cell) == min(length, 1_000)
    assert cell.endswith("…") == (length > 1_000)
