"""mbox files of every variant, cut into their messages; what the program writes comes back whole."""

import io
import tracemalloc
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui_mail.archives import mbox

AT = datetime(2025, 11, 3, 10, 0, tzinfo=UTC)
_ONE = b"From a@x.example Mon Nov  3 10:00:00 2025\n"
_LARGEST = 1 << 20


def cut(content: bytes) -> list[bytes]:
    return [one.raw for one in mbox.split(io.BytesIO(content), _LARGEST)]


_PIECES = st.sampled_from(
    [
        b"From ", b">From ", b">>From x\n", b"\n", b"\r\n", b"\r", b"a", b"Subject: x\n", b"\n\n",
        b"From a@x Mon Nov  3 10:00:00 2025\n", b"Content-Length: 3\n", b"\x00\xff",
        b"Content-Length: 20\n\n", b"From mboxrd@z Mon Nov  3 10:00:00 2025\n",
    ]
)  # fmt: skip
_MESSAGES = st.lists(st.lists(_PIECES, max_size=12).map(b"".join), min_size=1, max_size=6)


@given(_MESSAGES)
@example([b"", b"", b"\n", b"From x"])
@example([b"Content-Length: 2\n\na\n", b"b\n"])
def test_what_is_written_comes_back_byte_for_byte(messages: list[bytes]) -> None:
    content = b"".join(mbox.written(raw, AT) for raw in messages)
    assert cut(content) == messages


@given(st.lists(_PIECES, max_size=40).map(b"".join))
def test_any_bytes_are_cut_without_a_gap(content: bytes) -> None:
    cuts = list(mbox.split(io.BytesIO(_ONE + content), _LARGEST))
    assert [one.start for one in cuts] == [0, *(one.end for one in cuts[:-1])]
    assert cuts[-1].end == len(_ONE + content)


@pytest.mark.parametrize(
    ("content", "messages"),
    [
        (_ONE + b"A: 1\n\nx\n\n" + _ONE + b"B: 2\n\ny\n\n", [b"A: 1\n\nx\n", b"B: 2\n\ny\n"]),
        (_ONE + b"A: 1\n\nx\n", [b"A: 1\n\nx\n"]),
        (_ONE + b"A: 1\n\nx", [b"A: 1\n\nx"]),
        # quoted, once and more
        (_ONE + b"A: 1\n\n>From x\n>>From y\n> From z\n", [b"A: 1\n\nFrom x\n>From y\n> From z\n"]),
        # no blank line before the next message
        (_ONE + b"A: 1\n\nx\n" + _ONE + b"B: 2\n\ny\n", [b"A: 1\n\nx\n", b"B: 2\n\ny\n"]),
        # a sentence that begins so
        (_ONE + b"A: 1\n\nDear,\n\nFrom now on: no.\n", [b"A: 1\n\nDear,\n\nFrom now on: no.\n"]),
        # CRLF throughout
        (
            (_ONE + b"A: 1\n\nx\n\n" + _ONE + b"B: 2\n\ny\n\n").replace(b"\n", b"\r\n"),
            [b"A: 1\r\n\r\nx\r\n", b"B: 2\r\n\r\ny\r\n"],
        ),
        # mboxcl2: the length is told, nothing is quoted
        (
            _ONE + b"Content-Length: 52\n\nx\n\n" + _ONE + b">From y\n\n" + _ONE + b"B: 2\n\ny\n",
            [b"Content-Length: 52\n\nx\n\n" + _ONE + b">From y\n", b"B: 2\n\ny\n"],
        ),
        # a length that is wrong
        (
            _ONE + b"Content-Length: 7\n\nx\n\n" + _ONE + b"B: 2\n\ny\n",
            [b"Content-Length: 7\n\nx\n", b"B: 2\n\ny\n"],
        ),
        # a zone in the From_ line, a bare one, one of Thunderbird
        (
            b"".join(
                [
                    b"From 12@xxx Mon Nov 03 10:00:00 +0000 2025\nA: 1\n\nx\n\n",
                    b"From who@x.example\nB: 2\n\ny\n\nFrom - Tue Nov 03 10:00:00 2025\nC: 3\n\nz\n",
                ]
            ),
            [b"A: 1\n\nx\n", b"B: 2\n\ny\n", b"C: 3\n\nz\n"],
        ),
        (_ONE, [b""]),
        (b"From ", [b""]),
    ],
)  # fmt: skip
def test_variants(content: bytes, messages: list[bytes]) -> None:
    assert cut(content) == messages


def test_the_time_is_in_the_from_line() -> None:
    (one,) = mbox.split(io.BytesIO(_ONE + b"A: 1\n\n"), _LARGEST)
    assert one.at == AT
    (ours,) = mbox.split(io.BytesIO(mbox.written(b"A: 1\n\n", AT)), _LARGEST)
    assert ours.at == AT


@pytest.mark.parametrize(
    ("head", "flags"),
    [
        (b"Status: RO\n", {"seen"}),
        (b"Status: O\nX-Status: AF\n", {"answered", "flagged"}),
        (b"X-Mozilla-Status: 0005\n", {"seen", "flagged"}),
        (b"X-Mozilla-Status: zzzz\n", set()),
        (b"\nStatus: R\n", set()),
    ],
)
def test_flags(head: bytes, flags: set[str]) -> None:
    assert mbox.flags_in(head + b"\n") == flags


def test_a_message_that_is_too_large_is_passed_over() -> None:
    big = _ONE + b"A: 1\n\n" + b"x" * 70 + b"\n"
    content = (
        _ONE + b"\nsmall\n\n" + big + (b"y" * 99 + b"\n") * 40_000 + b"\n" + _ONE + b"\nlast\n"
    )
    cuts = list(mbox.split(io.BytesIO(content), 1 << 20))
    assert [(one.raw, one.too_large) for one in cuts] == [
        (b"\nsmall\n", False), (b"", True), (b"\nlast\n", False),
    ]  # fmt: skip
    assert [one.start for one in cuts[1:]] == [one.end for one in cuts[:-1]]
    assert cuts[-1].end == len(content)


class _Endless(io.RawIOBase):
    """Two thousand megabytes that nobody keeps."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._block = (_ONE + b"A: 1\n\n" + b"x" * 4000 + b"\n\n") * 256

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        size = min(len(view), self._left, len(self._block))
        view[:size] = self._block[:size]
        self._left -= size
        return size


def test_a_large_file_costs_the_memory_of_a_block() -> None:
    stream = io.BufferedReader(_Endless(64 << 20), 1 << 20)
    tracemalloc.start()
    count = sum(1 for _one in mbox.split(stream, _LARGEST))
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count > 16_000
    assert peak < 16 << 20
