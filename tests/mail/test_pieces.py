"""Messages sent in several pieces: what makes the whole, what does not, and what is said of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pieces import in_pieces, whole
from tui_mail.mail.parse import parse
from tui_mail.mail.pieces import MAX_PIECES, HeldPiece, gather, joined, piece_of, pieces_in_words
from tui_mail.mail.structure import read_structure
from tui_mail.mail.threads import thread_keys
from tui_mail.values import Gathered, Piece


def test_the_example_of_the_standard() -> None:
    first = (
        b"X-Weird-Header-1: Foo\r\nFrom: Bill@host.com\r\nTo: joe@otherhost.com\r\n"
        b"Date: Fri, 26 Mar 1993 12:59:38 -0500 (EST)\r\nSubject: Audio mail (part 1 of 2)\r\n"
        b"Message-ID: <id1@host.com>\r\nMIME-Version: 1.0\r\n"
        b'Content-type: message/partial; id="ABC@host.com";\r\n number=1; total=2\r\n\r\n'
        b"X-Weird-Header-1: Bar\r\nX-Weird-Header-2: Hello\r\nMessage-ID: <anotherid@foo.com>\r\n"
        b"Subject: Audio mail\r\nMIME-Version: 1.0\r\nContent-type: audio/basic\r\n"
        b"Content-transfer-encoding: base64\r\n\r\nQUFB\r\n"
    )
    second = (
        b"From: Bill@host.com\r\nTo: joe@otherhost.com\r\n"
        b"Date: Fri, 26 Mar 1993 12:59:38 -0500 (EST)\r\nSubject: Audio mail (part 2 of 2)\r\n"
        b"MIME-Version: 1.0\r\nMessage-ID: <id2@host.com>\r\nContent-type: message/partial;\r\n"
        b' id="ABC@host.com"; number=2; total=2\r\n\r\nQkJC\r\n'
    )
    assert joined([first, second]) == (
        b"X-Weird-Header-1: Foo\r\nFrom: Bill@host.com\r\nTo: joe@otherhost.com\r\n"
        b"Date: Fri, 26 Mar 1993 12:59:38 -0500 (EST)\r\nMessage-ID: <anotherid@foo.com>\r\n"
        b"Subject: Audio mail\r\nMIME-Version: 1.0\r\nContent-type: audio/basic\r\n"
        b"Content-transfer-encoding: base64\r\n\r\nQUFB\r\nQkJC\r\n"
    )
    assert parse(first).piece == Piece("ABC@host.com", 1, 2, "anotherid@foo.com")


@given(st.data())
def test_a_message_cut_anywhere_and_joined_is_the_message(data: Any) -> None:
    raw = whole(data.draw(st.text(st.characters(codec="utf-8"), max_size=200)))
    cuts = data.draw(st.lists(st.integers(0, len(raw)), max_size=12))
    assert joined(in_pieces(raw, cuts)) == raw


def test_line_ends_stay_as_a_mailbox_file_has_them() -> None:
    raw = whole()
    pieces = in_pieces(raw, [raw.index(b"seconda"), raw.index(b"MIME-Version")])
    separator = b"From luca@ferri.it Thu Nov 12 10:00:00 2026\n"
    given_back = joined([separator + piece.replace(b"\r\n", b"\n") for piece in pieces])
    assert given_back == raw.replace(b"\r\n", b"\n")


@given(st.data())
def test_in_whatever_order_pieces_come_each_opens_the_whole(data: Any) -> None:
    raw = whole()
    pieces = in_pieces(
        raw,
        data.draw(st.lists(st.integers(0, len(raw)), min_size=1, max_size=12)),
        totals=data.draw(st.booleans()),
    )
    held = [_held(number, piece) for number, piece in enumerate(pieces)]
    came = data.draw(st.permutations(held))
    twice = data.draw(st.lists(st.sampled_from(held), max_size=3))
    found = gather(came[0], [*came[1:], *twice], 1 << 20)
    assert found.message_ids == tuple(range(len(pieces)))
    assert joined([pieces[one] for one in found.message_ids]) == raw
    missing = data.draw(st.sampled_from(held))
    some = [one for one in came if one is not missing]
    if some[0].piece.total:
        assert gather(some[0], some[1:], 1 << 20).missing == (missing.piece.number,)
    assert not gather(some[0], some[1:], 1 << 20).message_ids


def _held(message_id: int, raw: bytes) -> HeldPiece:
    parsed = parse(raw)
    assert parsed.piece is not None
    content = parsed.attachments[0].content
    return HeldPiece(message_id, parsed.piece, str(content), len(content))


@given(st.binary(max_size=300), st.lists(st.binary(max_size=100), min_size=1, max_size=4))
def test_joining_never_raises(head: bytes, rest: list[bytes]) -> None:
    start = b"Content-Type: message/partial; id=a; number=1\n"
    raws = [start + head, *rest]
    parse(joined(raws))
    piece_of(read_structure(raws[0]))


def _pieces(*told: tuple[int, int] | tuple[int, int, str]) -> Gathered:
    """What pieces of number, total and, where it matters, content come to; the first is in hand."""
    held = [
        HeldPiece(place, Piece("a", one[0], one[1]), one[2] if len(one) > 2 else str(one[0]), 10)
        for place, one in enumerate(told)
    ]
    return gather(held[0], held[1:], 50)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (_pieces((1, 1)), "joined from 1 piece"),
        (_pieces((2, 3), (3, 3), (1, 0)), "joined from 3 pieces"),
        (_pieces((1, 2), (2, 2), (2, 2)), "joined from 2 pieces"),
        (_pieces((2, 3)), "piece 2 of 3; 1 and 3 are missing"),
        (_pieces((2, 3), (3, 3)), "piece 2 of 3; 1 is missing"),
        (_pieces((2, 5)), "piece 2 of 5; 1, 3, 4 and 5 are missing"),
        (_pieces((2, 100)), "piece 2 of 100; 99 are missing"),
        (_pieces((1, 0), (2, 0)), "piece 1; the last one, which says how many there are, is missing"),
        (_pieces((1, 2), (2, 3)), "its pieces do not agree on how many there are: they are not joined"),
        (_pieces((0, 2)), "the numbers of its pieces make no sense: they are not joined"),
        (_pieces((1, 2), (2, 2), (0, 0)), "the numbers of its pieces make no sense: they are not joined"),
        (_pieces((3, 2)), "the numbers of its pieces make no sense: they are not joined"),
        (
            _pieces((1, 2), (2, 2, "x"), (2, 2, "y")),
            "two of its pieces have one number and differ: they are not joined",
        ),
        (_pieces((1, 10**9)), "it was sent in more than 200 pieces: they are not joined"),
        (_pieces((10**9, 0)), "it was sent in more than 200 pieces: they are not joined"),
        (
            _pieces(*((n, 6) for n in range(1, 7))),
            "its pieces together are too large for one message: they are not joined",
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_pieces(found: Gathered, words: str) -> None:
    assert pieces_in_words(found) == words
    assert bool(found.message_ids) is words.startswith("joined")


def test_as_many_pieces_as_are_joined() -> None:
    assert MAX_PIECES == 200
    held = [HeldPiece(n, Piece("a", n, 200), str(n), 1) for n in range(1, 201)]
    assert gather(held[0], held[1:], 200).message_ids == tuple(range(1, 201))


@pytest.mark.parametrize(
    ("parameters", "piece"),
    [
        ("id=a; number=2; total=3", Piece("a", 2, 3)),
        ("id=a; number=3", Piece("a", 3)),
        ("number=1; total=2", None),
        ("id=a", Piece("a", 0)),
        ("id=a; number=-1; total=x", Piece("a", 0, 0)),
        ("id=a; number=²; total=2", Piece("a", 0, 2)),
        (f"id=a; number={'9' * 5000}; total=2", Piece("a", 0, 2)),
    ],
)
def test_what_a_message_says_of_itself_as_a_piece(parameters: str, piece: Piece | None) -> None:
    raw = f"From: a@x.it\nContent-Type: message/partial; {parameters}\n\nparole\n".encode()
    parsed = parse(raw)
    assert parsed.piece == piece
    assert parsed.warnings == ("partial_message",)
    assert parsed.text.strip() == "parole"
    assert parse(raw.replace(b"message/partial", b"text/plain")).piece is None


def test_pieces_of_one_sender_and_name_share_what_makes_a_conversation() -> None:
    pieces = in_pieces(whole(), [300, 500])
    keys = [set(thread_keys(parse(one), "")) for one in pieces]
    (common,) = keys[0] & keys[1] & keys[2]
    assert len(common) < 100
    assert "whole@ferri.it" in keys[0]  # what answers to the whole name
    stranger = pieces[0].replace(b"luca@ferri.it", b"x@evil.example")
    assert common not in thread_keys(parse(stranger), "")
    other = in_pieces(whole(), [100], name="other@ferri.it")[1]
    assert common not in thread_keys(parse(other), "")
    nobody = pieces[0].replace(b"From:", b"X-From:")
    assert thread_keys(parse(nobody), "") == ("1.abc@ferri.it",)
