"""mbox files, cut into messages as they are read: a file of any size costs the memory of one message.

Hides the variants: mboxo and mboxrd (`>From ` is taken back), mboxcl2 (Content-Length, nothing is
quoted), line ends of either kind, a blank line that is missing. What the program writes itself is
mboxrd whose From_ line says so (as Git and public-inbox do: `From mboxrd@z`), and in which even a
message without a last line end comes back byte for byte. RFC 4155 and its §1 say what is common.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO

from tui_mail.i18n import _
from tui_mail.values import Flag

START = b"From "
_BLOCK = 1 << 20
_LONGEST_LINE = 1000
_LONGEST_HEAD = 1 << 20
_OURS = b"mboxrd@z"
_OURS_OPEN = b"mboxrd+open@z"  # the message does not end in a line end
_DATED = re.compile(rb"From .*\d:\d\d.* (19|20)\d\d\b|From .*\b(19|20)\d\d \d\d:\d\d")
_BARE = re.compile(rb"From \S+\s*\Z")
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,12})[ \t]*\r?$")
_END_OF_HEAD = re.compile(rb"\n\r?\n")
_TO_QUOTE = re.compile(rb"(?m)^(>*From )")
_QUOTED = re.compile(rb"(?m)^>(>*From )")
_STATUS = re.compile(rb"(?im)^(x-mozilla-status|x-status|status):[ \t]*(\S*)")
_SIGNS = {ord("R"): Flag.SEEN, ord("F"): Flag.STARRED, ord("A"): Flag.ANSWERED}
_MOZILLA = {1: Flag.SEEN, 2: Flag.ANSWERED, 4: Flag.STARRED}


@dataclass(frozen=True, slots=True)
class Cut:
    """A message of an mbox; `start` and `end` are bytes of the file, From_ line included.

    `raw` is empty, and `too_large` set, where the message is larger than was asked for.
    """

    raw: bytes = field(repr=False)
    start: int
    end: int
    at: datetime | None = None
    too_large: bool = False


def split(stream: IO[bytes], largest: int) -> Iterator[Cut]:
    """The messages of an mbox that starts with a From_ line, in order; none is above `largest` bytes."""
    return _Splitter(stream, largest).messages()


def starts_as_one(head: bytes) -> bool:
    """Whether a file that starts so has a From_ line as mbox files have it."""
    line = head.partition(b"\n")[0]
    return head.startswith(START) and (_is_ours(line) or _DATED.match(line) is not None)


def place(file: Path, number: int) -> str:
    """Where a message of an mbox is, for people: its file, and its number counted from 1."""
    return _("{file}, message {number}").format(file=file, number=number)


def written(raw: bytes, at: datetime) -> bytes:
    """A message as an mbox has it: its From_ line, quoted as in mboxrd, a blank line behind."""
    sender, end = (_OURS, b"\n") if raw.endswith(b"\n") else (_OURS_OPEN, b"\n\n")
    line = b"From %s %s\n" % (sender, at.astimezone(UTC).strftime("%a %b %d %H:%M:%S %Y").encode())
    return line + (_TO_QUOTE.sub(rb">\1", raw) if START in raw else raw) + end


def flags_in(raw: bytes) -> frozenset[str]:
    """What Status, X-Status (mutt, pine, Dovecot) and X-Mozilla-Status headers say."""
    head = (b"\n" + raw[:16384].replace(b"\r\n", b"\n")).partition(b"\n\n")[0]
    found: set[str] = set()
    for name, value in _STATUS.findall(head):
        if name.lower() == b"x-mozilla-status":
            bits = int(value, 16) if re.fullmatch(rb"[0-9a-fA-F]{1,8}", value) else 0
            found.update(flag.value for bit, flag in _MOZILLA.items() if bits & bit)
        else:
            found.update(_SIGNS[sign].value for sign in value if sign in _SIGNS)
    return frozenset(found)


class _Splitter:
    """`_buffer` starts with the From_ line of the message in hand, which is at `_offset`."""

    def __init__(self, stream: IO[bytes], largest: int) -> None:
        self._stream = stream
        self._largest = largest
        self._buffer = bytearray()
        self._offset = 0
        self._ended = False
        self._dropped = 0  # bytes of the message in hand that are too many to keep

    def messages(self) -> Iterator[Cut]:
        self._need(_LONGEST_LINE)
        while self._buffer:
            line_end = self._line_end(0)
            envelope = bytes(self._buffer[:line_end])
            trusted = None if _is_ours(envelope) else self._told_length(line_end)
            end = trusted if trusted is not None else self._next_start(line_end, envelope)
            yield self._cut(envelope, line_end, end, quoted=trusted is None)

    def _need(self, size: int) -> bool:
        """Have `size` bytes in the buffer; False when the file ends before."""
        while len(self._buffer) < size and not self._ended:
            block = self._stream.read(_BLOCK)
            self._buffer += block
            self._ended = not block
        return len(self._buffer) >= size

    def _line_end(self, position: int) -> int:
        """Where the next line starts, or a line too long to matter is cut."""
        self._need(position + _LONGEST_LINE)
        found = self._buffer.find(b"\n", position, position + _LONGEST_LINE)
        return found + 1 if found >= 0 else min(len(self._buffer), position + _LONGEST_LINE)

    def _told_length(self, line_end: int) -> int | None:
        """Where the message ends by its Content-Length, if a message or the file's end is there."""
        position = line_end
        while (head := _END_OF_HEAD.search(self._buffer, position)) is None:
            size = len(self._buffer)
            position = max(line_end, size - 2)
            if size > _LONGEST_HEAD or not self._need(size + 1):
                return None
        told = _LENGTH.search(self._buffer, line_end, head.end())
        if told is None or int(told[1]) > self._largest:
            return None
        end = head.end() + int(told[1])
        self._need(end + _LONGEST_LINE)
        after = bytes(self._buffer[end : end + _LONGEST_LINE])
        blank = re.match(rb"(\r?\n){0,2}", after)
        rest = after[blank.end() :] if blank else after
        if end > len(self._buffer) or not (not rest or (_DATED.match(rest) and after != rest)):
            return None
        return end + len(after) - len(rest)

    def _next_start(self, line_end: int, envelope: bytes) -> int:
        """Where the next From_ line starts, or the file ends."""
        ours = _is_ours(envelope)
        position = line_end - 1
        while True:
            found = self._buffer.find(b"\n" + START, position)
            if found < 0:
                position = max(position, len(self._buffer) - len(START))
                position = self._drop(position, line_end)
                if not self._need(len(self._buffer) + 1):
                    return len(self._buffer)
                continue
            if ours or self._is_separator(found, line_end):
                return found + 1
            position = found + 1

    def _drop(self, position: int, line_end: int) -> int:
        """Let go of what is too much to be one message; where to look on."""
        if len(self._buffer) <= self._largest + line_end and not self._dropped:
            return position
        surplus = max(0, position - _LONGEST_LINE - line_end)
        del self._buffer[line_end : line_end + surplus]
        self._dropped += surplus
        return position - surplus

    def _is_separator(self, found: int, line_end: int) -> bool:
        """Whether the From_ line after the line end at `found` begins a message."""
        next_line = self._line_end(found + 1)
        line = bytes(self._buffer[found + 1 : next_line])
        before = bytes(self._buffer[max(line_end - 1, found - 2) : found])
        blank = found < line_end or before.endswith((b"\n", b"\n\r"))
        header = _HEADER.match(bytes(self._buffer[next_line : self._line_end(next_line)]))
        if _is_ours(line) or _DATED.match(line):
            return blank or header is not None
        return blank and header is not None and _BARE.match(line) is not None

    def _cut(self, envelope: bytes, line_end: int, end: int, *, quoted: bool) -> Cut:
        """Take the message in hand out of the buffer."""
        raw = bytes(self._buffer[line_end:end])
        del self._buffer[:end]
        start, size = self._offset, end + self._dropped
        too_large = bool(self._dropped) or len(raw) > self._largest
        self._offset, self._dropped = start + size, 0
        self._need(_LONGEST_LINE)
        at = _moment(envelope)
        if too_large:
            return Cut(b"", start, start + size, at, too_large=True)
        raw = _without_blank_line(raw)
        if _sender(envelope) == _OURS_OPEN:
            raw = raw.removesuffix(b"\n")
        if quoted and b">From " in raw:
            raw = _QUOTED.sub(rb"\1", raw)
        return Cut(raw, start, start + size, at)


def _without_blank_line(raw: bytes) -> bytes:
    """Without the empty line that parts messages, if there is one."""
    for end in (b"\r\n", b"\n"):
        if raw == end or raw.endswith(b"\n" + end):
            return raw[: -len(end)]
    return raw


def _sender(envelope: bytes) -> bytes:
    return envelope.split(b" ", 2)[1] if envelope.count(b" ") > 1 else b""


def _is_ours(envelope: bytes) -> bool:
    return _sender(envelope) in {_OURS, _OURS_OPEN}


def _moment(envelope: bytes) -> datetime | None:
    """The time that a From_ line names; UTC where it names no zone."""
    words = envelope.decode("ascii", "replace").split()
    for first in range(2, max(2, len(words) - 3)):
        try:
            when = parsedate_to_datetime(" ".join(words[first:]))
            return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None
