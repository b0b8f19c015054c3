"""The written form of IMAP: frames, values, sets, dates and names."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.backends.imap_syntax import (
    Frame,
    Framer,
    Literal,
    Value,
    astring,
    compact,
    date_time,
    expand,
    fetch_items,
    heading,
    internal_date,
    mailbox_decoded,
    mailbox_encoded,
    values,
)
from tui_mail.errors import ProtocolRefused

STREAM = (
    b"* OK hello {12}\r\n"
    b"* 1 FETCH (UID 7 BODY[] {11}\r\nab\r\n* 2 X\r\n FLAGS ())\r\n"
    b'* LIST () "/" {0}\r\n\r\n'
    b"* 2 FETCH (X ~{3}\r\n\x00\xff) Y {2+}\r\n{} Z)\r\n"
    b"+ go on {3}\r\n"
    b"T1 OK done {5}\r\n"
)
FRAMES: list[Frame] = [
    (b"* OK hello {12}",),
    (b"* 1 FETCH (UID 7 BODY[] {11}", b"ab\r\n* 2 X\r\n", b" FLAGS ())"),
    (b'* LIST () "/" {0}', b"", b""),
    (b"* 2 FETCH (X ~{3}", b"\x00\xff)", b" Y {2+}", b"{}", b" Z)"),
    (b"+ go on {3}",),
    (b"T1 OK done {5}",),
]


def frames(framer: Framer, *pieces: bytes) -> list[Frame]:
    """All that a framer makes of pieces."""
    found: list[Frame] = []
    for piece in pieces:
        framer.feed(piece)
        while (frame := framer.take()) is not None:
            found.append(frame)
    return found


@given(st.sets(st.integers(1, len(STREAM) - 1)))
def test_any_slicing_of_the_bytes_gives_the_same_frames(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    framer = Framer()
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    assert frames(framer, *pieces) == FRAMES
    assert framer.unread == 0


def test_one_byte_at_a_time_gives_the_same_frames() -> None:
    assert frames(Framer(), *(STREAM[n : n + 1] for n in range(len(STREAM)))) == FRAMES


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"* 1 FETCH (", b"{9}\r\n", b"\r\n"])))
def test_garbage_is_a_frame_or_refused_and_nothing_else(pieces: list[bytes]) -> None:
    try:
        for frame in frames(Framer(line_limit=500, literal_limit=500), *pieces):
            heading(frame)
            values(frame)
    except ProtocolRefused:
        pass


@pytest.mark.parametrize(
    "stream",
    [
        b"* " + b"x" * 2000,
        b"* " + b"x" * 2000 + b"\r\n",
        b"* 1 FETCH (BODY[] {99999999999}\r\n",
        b"* 1 FETCH (BODY[] {99999999999999999999}\r\n",
        b"* 1 FETCH (A {600}\r\n" + b"a" * 600 + b" B {600}\r\n",
        b"* OK bare\n",
        b"\n",
    ],
)
def test_what_goes_over_a_limit_is_refused(stream: bytes) -> None:
    with pytest.raises(ProtocolRefused):
        frames(Framer(line_limit=1000, literal_limit=1000), stream)


def test_many_empty_literals_in_one_response_are_refused() -> None:
    with pytest.raises(ProtocolRefused):
        frames(Framer(), b"* X " + b"{0}\r\n" * 5000)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        ((b"",), []),
        ((b"NIL nil NILS",), [None, None, b"NILS"]),
        ((rb'"a \"b\" \\ ( [" c',), [rb'a "b" \ ( [', b"c"]),
        ((b"(a (b) ()) d",), [[b"a", [b"b"], []], b"d"]),
        ((b"BODY[]<0> x",), [b"BODY[]<0>", b"x"]),
        ((b"x {3}", b"a)b", b" (y {1}", b"z", b")"), [b"x", b"a)b", [b"y", b"z"]]),
        ((rb"(\Seen \* $Junk)",), [[rb"\Seen", rb"\*", b"$Junk"]]),
        ((b'"" " "',), [b"", b" "]),
    ],
)
def test_values(frame: Frame, expected: list[Value]) -> None:
    assert values(frame) == expected


@pytest.mark.parametrize("line", [b"(", b")", b'"open', b"(a))", b"x {3}", b'"a\\'])
def test_unbalanced_lines_are_refused(line: bytes) -> None:
    with pytest.raises(ProtocolRefused):
        values((line,))


def test_deep_nesting_is_refused_and_a_hundred_is_not() -> None:
    assert values((b"(" * 100 + b")" * 100,))
    with pytest.raises(ProtocolRefused):
        values((b"(" * 20_000 + b")" * 20_000,))


@pytest.mark.parametrize("line", [b"(a)" * 100_000, b"[ " * 200_000, b'"\\x" ' * 100_000])
def test_a_long_line_is_read_in_little_time(line: bytes) -> None:
    assert len(values((line,))) > 90_000


def test_a_parenthesis_in_a_quoted_string_shifts_nothing() -> None:
    frame = (b'* 3 FETCH (X ("ciao :(" NIL) UID 9)',)
    head = heading(frame)
    assert head is not None
    assert fetch_items(frame, head.end) == {b"X": [b"ciao :(", None], b"UID": b"9"}


@pytest.mark.parametrize(
    "line", [b"* 1 FETCH", b"* 1 FETCH x", b"* 1 FETCH (UID)", b"* 1 FETCH (() 1)"]
)
def test_broken_fetch_responses_are_refused(line: bytes) -> None:
    head = heading((line,))
    assert head is not None
    with pytest.raises(ProtocolRefused):
        fetch_items((line,), head.end)


@given(st.sets(st.integers(1, 5000)))
def test_a_set_survives_being_written(numbers: set[int]) -> None:
    written = compact(numbers)
    assert (expand(written) or []) == sorted(numbers)


@pytest.mark.parametrize("written", [b"", b"a", b"1,", b"*", b"1:*", b"1:4294967295", b"-1"])
def test_sets_that_are_none_or_too_much_are_refused(written: bytes) -> None:
    assert expand(written) is None


def test_a_set_may_run_backwards() -> None:
    assert expand(b"5:3,9") == [5, 4, 3, 9]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"INBOX", b"INBOX"),
        (b"a b", b'"a b"'),
        (b'a"b\\', b'"a\\"b\\\\"'),
        (b"", b'""'),
        (b"nil", b'"nil"'),
        (b"caf\xc3\xa9", Literal(b"caf\xc3\xa9")),
    ],
)
def test_arguments_are_written_as_they_must(text: bytes, expected: object) -> None:
    assert astring(text) == expected


@pytest.mark.parametrize("text", [b"a\r\nX DELETE b", b"a\nb", b"\x00"])
def test_a_line_break_never_gets_into_a_command(text: bytes) -> None:
    with pytest.raises(ProtocolRefused):
        astring(text)


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_a_date_survives_being_written(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert internal_date(date_time(moment).strip(b'"')) == moment


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b" 7-Jul-1996 02:44:25 -0700", datetime(1996, 7, 7, 9, 44, 25, tzinfo=UTC)),
        (b"31-Dec-2016 23:59:60 +0000", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (b"31-Foo-2016 23:59:60 +0000", datetime(1970, 1, 1, tzinfo=UTC)),
        (b"31-Feb-2016 23:59:60 +0000", datetime(1970, 1, 1, tzinfo=UTC)),
        (b"01-Jan-0001 00:00:00 +2359", datetime(1970, 1, 1, tzinfo=UTC)),
        (b"01-Jan-2001 00:00:00 +9999", datetime(1970, 1, 1, tzinfo=UTC)),
        (None, datetime(1970, 1, 1, tzinfo=UTC)),
        ([], datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_internal_dates(written: Value, expected: datetime) -> None:
    assert internal_date(written) == expected


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", b"INBOX"),
        ("A & B", b"A &- B"),
        ("Entwürfe", b"Entw&APw-rfe"),
        ("台北日本語", b"&U,BTFw-&ZeVnLIqe-"),
        ("😀", b"&2D3eAA-"),
        ("~peter/mail/日本語/台北", b"~peter/mail/&ZeVnLIqe-/&U,BTFw-"),
    ],
)
def test_mailbox_names(name: str, written: bytes) -> None:
    assert mailbox_decoded(written) == name
    assert mailbox_decoded(mailbox_encoded(name)) == name


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_mailbox_name_survives_being_written(name: str) -> None:
    written = mailbox_encoded(name)
    assert mailbox_decoded(written) == name
    assert all(0x20 <= byte <= 0x7E for byte in written)


@given(st.binary(max_size=80) | st.from_regex(rb"&[A-Za-z0-9+,]*-", fullmatch=True))
def test_any_bytes_are_a_name_for_people(written: bytes) -> None:
    assert isinstance(mailbox_decoded(written), str)


def test_a_lone_surrogate_in_a_name_becomes_a_sign_that_can_travel() -> None:
    assert mailbox_decoded(mailbox_encoded("a\ud800b")) == "a\ufffdb"
