"""The written form of IMAP commands and answers: a cursor over arguments, sets, dates, names.

Hides literals, quoting and modified UTF-7; whatever a client sends, only `MalformedError` comes out.
RFC 3501 section 9 unless a function says otherwise.
"""

import base64
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TypeVar

T = TypeVar("T")

DELIMITER = "/"
MAX_MAILBOX_NAME = 1000
LARGEST_NUMBER = 2**32 - 1
LARGEST_MODSEQ = 2**63 - 1

ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
ASTRING = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
LIST_PATTERN = re.compile(rb"[^\x00-\x20\x7f-\xff(){\"\\]+")
QUOTED = re.compile(rb'"((?:[^"\\\r\n\x00]|\\["\\])*)"')
FLAG = re.compile(rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
NUMBER = re.compile(rb"[0-9]{1,19}(?![0-9])")
SET = re.compile(rb"(?:[0-9]{1,10}|\*)(?::(?:[0-9]{1,10}|\*))?(?![0-9])")
DATE_TIME = re.compile(
    r" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\Z"
)
DATE = re.compile(r"(\d{1,2})-([A-Za-z]{3})-(\d{4})\Z")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class MalformedError(Exception):
    """The client's line does not follow the grammar: answered BAD."""


class RefusedError(Exception):
    """The command is well formed and cannot be done: answered NO, with this text."""


@dataclass(frozen=True, slots=True)
class NumberSet:
    """Ranges of message numbers or UIDs as written; 0 stands for `*`."""

    ranges: tuple[tuple[int, int], ...]

    def bounds(self, last: int) -> list[tuple[int, int]]:
        """Return the ranges ascending and apart from each other, `*` being `last`."""
        ends = (((low or last), (high or last)) for low, high in self.ranges)
        merged: list[tuple[int, int]] = []
        for low, high in sorted((min(pair), max(pair)) for pair in ends):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return merged

    def pick(self, ascending: Sequence[int]) -> list[int]:
        """Return the members of an ascending sequence that the set names, in order, once each."""
        if not ascending:
            return []
        picked: list[int] = []
        for low, high in self.bounds(ascending[-1]):
            picked += ascending[bisect_left(ascending, low) : bisect_right(ascending, high)]
        return picked

    def matcher(self, last: int) -> Callable[[int], bool]:
        """Return a test for membership, `*` being `last`."""
        bounds = self.bounds(last)

        def within(number: int) -> bool:
            index = bisect_right(bounds, (number, LARGEST_NUMBER)) - 1
            return index >= 0 and number <= bounds[index][1]

        return within


class Arguments:
    """A cursor over one command: text chunks, with a literal after each chunk but the last."""

    def __init__(self, chunks: Sequence[bytes], literals: Sequence[bytes] = ()) -> None:
        self._chunks = chunks
        self._literals = literals
        self._index = 0
        self._position = 0

    @property
    def at_literal(self) -> bool:
        """Say whether the next thing is a literal."""
        at_end = self._position == len(self._chunks[self._index])
        return at_end and self._index < len(self._literals)

    @property
    def at_end(self) -> bool:
        """Say whether nothing is left."""
        at_end = self._position == len(self._chunks[self._index])
        return at_end and self._index == len(self._literals)

    def peek(self) -> bytes:
        """Return the next byte of text, or nothing before a literal or at the end."""
        return self._chunks[self._index][self._position : self._position + 1]

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Take what the pattern matches here, if it does."""
        found = pattern.match(self._chunks[self._index], self._position)
        if found:
            self._position = found.end()
        return found

    def accept(self, text: bytes) -> bool:
        """Take exactly this text (any case), if it is next."""
        chunk = self._chunks[self._index]
        found = chunk[self._position : self._position + len(text)].upper() == text.upper()
        if found:
            self._position += len(text)
        return found

    def expect(self, text: bytes) -> None:
        """Take exactly this text, or raise MalformedError."""
        if not self.accept(text):
            raise MalformedError(f"expected {text.decode('ascii')!r}")

    def space(self) -> None:
        """Take the one space between two arguments."""
        self.expect(b" ")

    def finish(self) -> None:
        """Raise MalformedError when something is left."""
        if not self.at_end:
            raise MalformedError("unexpected text after the arguments")

    def atom(self) -> str:
        """Take an atom."""
        return self._take(ATOM, "an atom")

    def keyword(self) -> str:
        """Take an atom that is a word of the protocol, in upper case."""
        return self.atom().upper()

    def number(self, largest: int = LARGEST_NUMBER) -> int:
        """Take a number up to `largest`."""
        value = int(self._take(NUMBER, "a number"))
        if value > largest:
            raise MalformedError("number too large")
        return value

    def string(self) -> bytes:
        """Take a quoted string or a literal."""
        if self.at_literal:
            literal = self._literals[self._index]
            self._index += 1
            self._position = 0
            return literal
        found = self.match(QUOTED)
        if not found:
            raise MalformedError("expected a string")
        return re.sub(rb"\\(.)", rb"\1", found[1])

    def astring(self) -> bytes:
        """Take an atom or a string."""
        found = self.match(ASTRING)
        return found[0] if found else self.string()

    def mailbox(self) -> str:
        """Take a mailbox name, decoded; INBOX in its one spelling."""
        return decode_mailbox(self.astring())

    def list_pattern(self) -> str:
        """Take a mailbox pattern, in which % and * need no quotes."""
        found = self.match(LIST_PATTERN)
        return decode_mailbox(found[0] if found else self.string(), inbox=False)

    def flag(self) -> str:
        r"""Take a flag or a keyword; `\Recent` is the server's own and refused."""
        name = self._take(FLAG, "a flag")
        if name.upper() == "\\RECENT":
            raise MalformedError("\\Recent cannot be set")
        return name

    def flags(self) -> tuple[str, ...]:
        """Take a parenthesized list of flags."""
        return tuple(self.list_of(self.flag))

    def list_of(self, item: Callable[[], T]) -> list[T]:
        """Take a parenthesized, space-separated list."""
        self.expect(b"(")
        items: list[T] = []
        while not self.accept(b")"):
            if items:
                self.space()
            items.append(item())
        return items

    def number_set(self) -> NumberSet:
        """Take a sequence set or a set of UIDs."""
        ranges = [self._range()]
        while self.accept(b","):
            ranges.append(self._range())
        return NumberSet(tuple(ranges))

    def _range(self) -> tuple[int, int]:
        low, _, high = self._take(SET, "a message set").partition(":")
        ends = tuple(0 if end == "*" else int(end) for end in (low, high or low))
        for text, end in zip((low, high or low), ends, strict=True):
            if text != "*" and not 0 < end <= LARGEST_NUMBER:
                raise MalformedError("not a message number")
        return ends[0], ends[1]

    def _take(self, pattern: re.Pattern[bytes], what: str) -> str:
        found = self.match(pattern)
        if not found:
            raise MalformedError(f"expected {what}")
        return found[0].decode("ascii")


def decode_mailbox(raw: bytes, *, inbox: bool = True) -> str:
    """Return the name written in modified UTF-7 (RFC 3501 section 5.1.3).

    UTF-8 is let through, and so is an `&` that shifts to nothing, since clients send them. Raises
    MalformedError for control characters.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("mailbox name is not UTF-7") from error
    try:
        name = _decode_utf7(text)
    except (UnicodeError, ValueError):
        name = text
    if len(name) > MAX_MAILBOX_NAME:
        raise MalformedError("mailbox name too long")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise MalformedError("control character in a mailbox name")
    head, delimiter, tail = name.partition(DELIMITER)
    return "INBOX" + delimiter + tail if inbox and head.upper() == "INBOX" else name


def _decode_utf7(text: str) -> str:
    pieces = text.split("&")
    decoded = [pieces[0]]
    for piece in pieces[1:]:
        shifted, dash, rest = piece.partition("-")
        if not dash:
            raise ValueError("unterminated shift")
        if shifted:
            padded = shifted.replace(",", "/") + "=" * (-len(shifted) % 4)
            decoded.append(base64.b64decode(padded, validate=True).decode("utf-16-be"))
        else:
            decoded.append("&")
        decoded.append(rest)
    return "".join(decoded)


def encode_mailbox(name: str) -> bytes:
    """Return the name in modified UTF-7, as a quoted string."""
    encoded = re.sub(r"[^\x20-\x7e]+|&", _encode_run, name)
    return quote(encoded.encode("ascii"))


def _encode_run(run: re.Match[str]) -> str:
    if run[0] == "&":
        return "&-"
    coded = base64.b64encode(run[0].encode("utf-16-be")).decode("ascii")
    return "&" + coded.rstrip("=").replace("/", ",") + "-"


def quote(value: bytes | None) -> bytes:
    """Return NIL, a quoted string, or a literal where a quoted string cannot hold the bytes."""
    if value is None:
        return b"NIL"
    if len(value) > 1000 or re.search(rb"[\x00\r\n\x80-\xff]", value):
        return b"{%d}\r\n%b" % (len(value), value)
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def format_set(numbers: Iterable[int]) -> bytes:
    """Return numbers as a compact set, in the order given: `1:3,7`."""
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    texts = (f"{low}" if low == high else f"{low}:{high}" for low, high in ranges)
    return ",".join(texts).encode("ascii")


def format_date_time(when: datetime) -> bytes:
    """Return an aware time as INTERNALDATE writes it."""
    offset = int((when.utcoffset() or timedelta()).total_seconds()) // 60
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}{abs(offset) % 60:02d}"
    text = f"{when.day:2d}-{MONTHS[when.month - 1]}-{when.year:04d} {when:%H:%M:%S} {zone}"
    return f'"{text}"'.encode("ascii")


def parse_date_time(raw: bytes) -> datetime:
    """Return the aware time of a date-time argument, or raise MalformedError."""
    found = DATE_TIME.match(raw.decode("ascii", "replace"))
    if not found:
        raise MalformedError("not a date-time")
    day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
    try:
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        zone = timezone(-offset if sign == "-" else offset)
        return datetime(
            int(year), _month(month), int(day), int(hour), int(minute), int(second), tzinfo=zone
        )
    except ValueError as error:
        raise MalformedError("not a date-time") from error


def parse_date(raw: bytes) -> date:
    """Return the day of a SEARCH date, or raise MalformedError."""
    found = DATE.match(raw.decode("ascii", "replace"))
    try:
        if found:
            return date(int(found[3]), _month(found[2]), int(found[1]))
    except ValueError as error:
        raise MalformedError("not a date") from error
    raise MalformedError("not a date")


def _month(name: str) -> int:
    return MONTHS.index(name.capitalize()) + 1
