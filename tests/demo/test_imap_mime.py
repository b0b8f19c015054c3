"""The MIME tree of any bytes: parts lie within their parents, and numbers lead to them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.demo.imap_mime import MAX_DEPTH, Part, parse_message
from tui_mail.demo.imap_structure import address_list, body_structure, envelope
from tui_mail.demo.imap_text import header_text, plain_text

PIECES = st.sampled_from(
    [
        b"\r\n", b"\n", b"\r", b"--x", b"--x--", b"--x\r\n", b"\r\n\r\n", b" ", b":", b'"', b"a",
        b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: message/rfc822\r\n",
        b'Content-Type: multipart/digest; boundary="x"\r\n', b"From: a <b@c>, g: d@e;\r\n",
        b"Content-Type: text/plain; charset=klingon\r\n", b"(", b"\xff", b"=?utf-8?b?w6g=?=",
        b"Content-Transfer-Encoding: base64\r\n",
    ]
)  # fmt: skip
MESSAGES = st.lists(PIECES, max_size=40).map(b"".join)


def inner_parts(part: Part) -> list[Part]:
    return part.children + ([part.embedded] if part.embedded else [])


@given(MESSAGES)
def test_parts_lie_within_their_parents(raw: bytes) -> None:
    waiting = [parse_message(raw)]
    assert (waiting[0].start, waiting[0].end) == (0, len(raw))
    while waiting:
        part = waiting.pop()
        assert part.start <= part.body <= part.end
        for inner in inner_parts(part):
            assert part.body <= inner.start <= inner.end <= part.end
            waiting.append(inner)


@given(MESSAGES)
def test_any_message_can_be_described(raw: bytes) -> None:
    root = parse_message(raw)
    for text in (
        envelope(root),
        body_structure(root, extended=True),
        body_structure(root, extended=False),
    ):
        assert text.startswith(b"(")
        assert text.endswith(b")")
    plain_text(root)


@given(st.binary(max_size=200))
def test_any_header_can_be_read(value: bytes) -> None:
    header_text(value)
    address_list(value)


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_line_ends_of_both_kinds_part_header_and_body(line_end: bytes) -> None:
    raw = line_end.join([b"Subject: a", b" b", b"", b"body", b""])
    part = parse_message(raw)
    assert part.field("SUBJECT") == b"a b"
    assert part.body_bytes == b"body" + line_end


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (b"a@b", b'((NIL NIL "a" "b"))'),
        (b"a@b (Anna)", b'(("Anna" NIL "a" "b"))'),
        (b'"B, Anna" <a@b>', b'(("B, Anna" NIL "a" "b"))'),
        (b"<@x,@y:a@b>", b'((NIL "@x,@y" "a" "b"))'),
        (b"undisclosed-recipients:;", b'((NIL NIL "undisclosed-recipients" NIL)(NIL NIL NIL NIL))'),
        (b"Anna <a@b", b'(("Anna" NIL "a" "b"))'),
        (b"nobody", b'((NIL NIL "nobody" ""))'),
        (b"", b"NIL"),
        (b" , ,", b"NIL"),
    ],
)
def test_addresses(value: bytes, written: bytes) -> None:
    assert address_list(value) == written


def test_deep_nesting_ends_somewhere() -> None:
    raw = b"Content-Type: message/rfc822\r\n\r\n" * 5000
    depth, part = 0, parse_message(raw)
    while part.embedded:
        depth, part = depth + 1, part.embedded
    assert depth == MAX_DEPTH


def test_a_million_boundaries_are_not_a_million_parts() -> None:
    raw = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + b"--x\r\n" * 1_000_000
    assert len(parse_message(raw).children) < 2001
