"""Words: the same however they are written, letters and digits only."""

from hypothesis import given
from hypothesis import strategies as st

from tui_mail.search.words import LONGEST_WORD, words


@given(st.text())
def test_words_are_letters_and_digits_and_cut_the_same_again(text: str) -> None:
    for word in words(text):
        assert word.isalnum()
        assert len(word) <= LONGEST_WORD
        assert words(word) == [word]


@given(st.text())
def test_accents_and_case_make_no_difference(text: str) -> None:
    assert words(text.upper().lower()) == words(text.upper().lower().casefold())
    assert words("È" + text) == words("e\u0300" + text)
