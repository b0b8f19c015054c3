"""What POP3 servers say, taken apart: by tables and by properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.backends.pop3_syntax import (
    LISTED_LIMIT,
    head_of,
    read_capabilities,
    read_listing,
    read_reply,
    read_sizes,
    read_uidls,
    unstuffed,
)
from tui_mail.errors import ProtocolRefused, TuiMailError

LINES = st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\r", b"").replace(b"\n", b".")))


def stuffed(lines: list[bytes]) -> bytes:
    """As RFC 1939 §3 has servers write it."""
    return b"".join((b"." + one if one.startswith(b".") else one) + b"\r\n" for one in lines)


@given(LINES)
def test_unstuffing_gives_back_what_a_server_stuffed(lines: list[bytes]) -> None:
    assert unstuffed(stuffed(lines)) == b"".join(one + b"\r\n" for one in lines)


@given(st.binary())
def test_unstuffing_takes_nothing_but_dots(block: bytes) -> None:
    assert unstuffed(block).replace(b".", b"") == block.replace(b".", b"")


@pytest.mark.parametrize(
    ("block", "raw"),
    [
        (b"", b""),
        (b"..\r\n", b".\r\n"),
        (b"...\r\n.. \r\na\r\n", b"..\r\n. \r\na\r\n"),
        (b"a\n.b\r\n", b"a\n.b\r\n"),
        (b"a\r\n" + b"x" * 200_000 + b"\xff\x00\r\n", b"a\r\n" + b"x" * 200_000 + b"\xff\x00\r\n"),
    ],
)
def test_dots_are_unstuffed_at_the_beginnings_of_lines(block: bytes, raw: bytes) -> None:
    assert unstuffed(block) == raw


UIDLS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=70)


@given(st.dictionaries(st.integers(1, 10**9), UIDLS))
def test_unique_ids_are_read_as_they_were_written(names: dict[int, str]) -> None:
    block = b"".join(b"%d %b\r\n" % (n, uidl.encode()) for n, uidl in names.items())
    assert read_uidls(block) == names


@given(st.binary())
def test_any_listing_is_read_or_refused(block: bytes) -> None:
    for read in (read_listing, read_sizes, read_uidls, read_capabilities):
        try:
            read(block)
        except TuiMailError as error:
            assert isinstance(error, ProtocolRefused)  # noqa: PT017 — or nothing is raised


@pytest.mark.parametrize("name", [b"", b"a b", b"\xe8", b"\x1b[2J", b"x" * 600])
def test_what_is_no_unique_id_is_none(name: bytes) -> None:
    assert read_uidls(b"1 " + name + b"\r\n2 fine\r\n") == {1: "", 2: "fine"}


@pytest.mark.parametrize("block", [b"x 1\r\n", b"1 a\r\n1 b\r\n", b"0 a\r\n", b"\r\n", b"-1 a\r\n"])
def test_a_listing_without_plain_numbers_is_refused(block: bytes) -> None:
    with pytest.raises(ProtocolRefused):
        read_listing(block)


def test_a_listing_over_the_limit_is_refused_by_its_number() -> None:
    block = b"".join(b"%d 1\r\n" % n for n in range(1, LISTED_LIMIT + 2))
    with pytest.raises(ProtocolRefused, match=str(LISTED_LIMIT)):
        read_listing(block)


def test_sizes_that_are_none_count_as_nothing() -> None:
    assert read_sizes(b"1 12\r\n2 x\r\n3\r\n4 9 more\r\n") == {1: 12, 2: 0, 3: 0, 4: 9}


@given(st.binary(max_size=200).map(lambda b: b.replace(b"\r\n", b"")))
def test_any_status_line_is_read_or_refused(line: bytes) -> None:
    for status in (b"+OK ", b"-ERR "):
        text = read_reply(status + line).text
        assert not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in text)


def test_status_lines_are_told_apart() -> None:
    locked = read_reply(b"-ERR [in-use] do you have another session?")
    assert (locked.ok, locked.code, locked.text) == (
        False,
        "IN-USE",
        "do you have another session?",
    )
    assert read_reply(b"+OK").ok
    for line in (b"", b"OK", b"+OKAY", b"* OK IMAP", b"220 smtp"):
        with pytest.raises(ProtocolRefused):
            read_reply(line)


def test_a_head_is_the_same_by_top_and_in_whole() -> None:
    head = b"From: a@x.it\r\nSubject: uno\r\n due\r\n"
    whole = head_of(head + b"\r\nciao\r\n\r\nciao\r\n")
    assert whole == head_of(head + b"\r\n") == head_of(head)
    assert whole == head_of(b"Status: RO\r\n" + head + b"X-UID: 7\r\n\r\nciao\r\n")
    assert whole != head_of(head.replace(b"uno", b"tre") + b"\r\n")
