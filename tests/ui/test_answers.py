"""The terminal's answer is taken out of what is typed, and nothing else is."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tui_mail.ui.answers import Answers

_KEYS = st.lists(
    st.sampled_from(["j", "\x1b", "\x1bP", "\x1b[A", "P", ">", "è", "\x1bO", "\\", "\x07"]),
    max_size=6,
).map("".join)


@given(_KEYS, _KEYS, st.sampled_from(["\x1b\\", "\x07"]), st.lists(st.integers(0, 60), max_size=8))
def test_the_answer_comes_whole_or_in_pieces_and_every_key_arrives(
    before: str, after: str, end: str, cuts: list[int]
) -> None:
    names: list[str] = []
    answers = Answers(names.append)
    answers.expect()
    data = f"{before}\x1bP>|kitty(0.35.2){end}{after}"
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    typed = "".join(answers.take(data[a:b]) for a, b in pairwise(edges))
    assert typed + answers.idle() == before + after
    assert names == ["kitty(0.35.2)"]


@given(st.lists(_KEYS, max_size=6))
def test_where_none_answers_every_key_arrives(pieces: list[str]) -> None:
    answers = Answers(lambda _name: None)
    answers.expect()
    typed = ""
    for piece in pieces:
        typed += answers.take(piece)
        typed += answers.idle()
    assert typed == "".join(pieces)


def test_escape_is_not_held_back_where_nothing_was_asked() -> None:
    answers = Answers(lambda _name: None)
    assert answers.take("\x1b") == "\x1b"
    assert answers.take("\x1bP>|kitty(0.35.2)\x1b\\") == "\x1bP>|kitty(0.35.2)\x1b\\"
