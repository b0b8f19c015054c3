"""Keys, cursors and flags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.backends.imap_messages import (
    State,
    appended_key,
    copied_keys,
    found_uids,
    people_flags,
    read_cursor,
    uids_of,
    wire_flags,
)
from tui_mail.backends.imap_syntax import Value
from tui_mail.errors import WrongData


@given(*[st.integers(0, 2**63 - 1)] * 4)
def test_a_cursor_survives_being_written(a: int, b: int, c: int, d: int) -> None:
    assert read_cursor(State(a, b, c, d).cursor) == State(a, b, c, d)


@given(st.text())
def test_any_text_is_a_cursor_or_none(text: str) -> None:
    read_cursor(text)


def test_only_keys_of_this_numbering_mean_anything() -> None:
    keys = ["5:1", "5:7", "6:1", "5:0", "5:99999999999", "5:4294967296", "5", "", "5:x", "5:1\n"]
    assert uids_of(keys, 5) == {1: "5:1", 7: "5:7"}


def test_flags_are_read_for_people() -> None:
    written: list[Value] = [
        rb"\SEEN",
        rb"\Flagged",
        rb"\Recent",
        b"$Forwarded",
        b"seen",
        b"Ordine",
        None,
        [],
    ]
    assert people_flags(written) == {"seen", "flagged", "$Forwarded", "Ordine"}
    assert people_flags(b"x") == frozenset()


def test_flags_are_written_for_the_server() -> None:
    assert wire_flags({"seen", "Ordine", "$Junk"}) == rb"($Junk Ordine \Seen)"


@pytest.mark.parametrize("flag", ["da fare", "è", "", "a)", "\\Seen", "a\r\nX"])
def test_what_cannot_be_a_keyword_is_wrong_data(flag: str) -> None:
    with pytest.raises(WrongData):
        wire_flags({flag})


def test_search_answers_of_both_kinds() -> None:
    frames = [
        (b"* SEARCH 1 5 x 4294967296",),
        (b'* ESEARCH (TAG "T1") UID ALL 7:9,12',),
        (b"* ESEARCH",),
        (b"* 3 EXISTS",),
    ]
    assert found_uids(frames) == {1, 5, 7, 8, 9, 12}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"[COPYUID 9 1:2 11:12] ok", {"5:1": "9:11", "5:2": "9:12"}),
        (b"* OK [COPYUID 9 2,1,3 11:13]", {"5:1": "9:12", "5:2": "9:11"}),
        (b"[COPYUID 9 1:2 11]", {}),
        (b"[COPYUID 9 1:4294967295 1:4294967295]", {}),
        (b"done", {}),
    ],
)
def test_new_keys_are_told_by_the_server(text: bytes, expected: dict[str, str]) -> None:
    assert copied_keys([text], {1: "5:1", 2: "5:2"}) == expected


def test_the_key_of_what_was_filed() -> None:
    assert appended_key(b"[APPENDUID 38505 3955] done") == "38505:3955"
    assert appended_key(b"done") == ""
