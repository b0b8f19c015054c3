"""The written form of IMAP for a client (RFC 3501 §9): bytes into frames and values, and back.

Hides literals, quoting, nesting and modified UTF-7. Pure: whatever a server sends, only
`ProtocolRefused` comes out, and time and memory stay within the limits named here.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import TypeAlias

from tui_mail.errors import ProtocolRefused
from tui_mail.i18n import _

LINE_LIMIT = 1 << 20
LITERAL_LIMIT = 64 << 20
"""Bytes in the literals of one response. Large messages come in pieces, so none needs more."""
DEPTH_LIMIT = 100
LITERALS_PER_FRAME = 1000
NUMBERS_LIMIT = 1_000_000
"""Numbers that the sets of one answer may stand for: `1:4294967295` is short to write."""

Frame: TypeAlias = tuple[bytes, ...]
"""One response: lines at the even places (without CRLF), literals at the odd ones."""
Value: TypeAlias = "bytes | list[Value] | None"
"""An atom, number or string as bytes; a parenthesised list; NIL."""

_LITERAL = re.compile(rb"~?\{([0-9]{1,20})\+?\}\Z")
# Their text is for people and may end in anything, also in what looks like a literal.
_STATUS = re.compile(rb"\* (?:OK|NO|BAD|BYE|PREAUTH)\b", re.IGNORECASE)
_TOKEN = re.compile(
    rb" *(?:(?P<open>\()|(?P<close>\))"
    rb'|"(?P<quoted>[^"\\]*(?:\\.[^"\\]*)*)"'
    rb"|(?P<literal>~?\{[0-9]{1,20}\+?\})\Z"
    rb'|(?P<atom>[^ ()"\[]*\[[^\]"]{0,500}\][^ ()"]*|[^ ()"]+))',
    re.DOTALL,
)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+\Z")
_QUOTABLE = re.compile(rb"[\x20-\x7e]*\Z")
_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\Z")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Framer:
    """Cuts a stream into frames however it is sliced; copies a literal once, keeps nothing else."""

    def __init__(self, line_limit: int = LINE_LIMIT, literal_limit: int = LITERAL_LIMIT) -> None:
        self._line_limit = line_limit
        self._literal_limit = literal_limit
        self._buffer = bytearray()
        self._position = 0  # start of what was not taken yet
        self._scanned = 0  # no line end before this place
        self._missing = -1  # bytes that the literal in hand still lacks; -1 outside one
        self._literal = bytearray()
        self._parts: list[bytes] = []
        self._line_bytes = 0
        self._literal_bytes = 0

    @property
    def unread(self) -> int:
        """How many bytes came that are not in a frame yet."""
        return len(self._buffer) - self._position + len(self._literal) + len(self._parts)

    def feed(self, data: bytes) -> None:
        """Take what came; `take` then gives the frames that it completed."""
        if self._missing > 0 and self._position == len(self._buffer):
            wanted = data[: self._missing]
            self._literal += wanted
            self._missing -= len(wanted)
            data = data[len(wanted) :]
        if data:
            del self._buffer[: self._position]
            self._scanned -= self._position
            self._position = 0
            self._buffer += data

    def take(self) -> Frame | None:
        """The next whole frame, or None when more bytes are needed.

        Raises `ProtocolRefused` over a limit, and on a line that does not end in CRLF.
        """
        while True:
            if self._missing >= 0 and not self._take_literal():
                return None
            line = self._take_line()
            if line is None:
                return None
            self._parts.append(line)
            size = self._announced(line)
            if size is None:
                return self._finish()
            self._missing = size

    def _take_literal(self) -> bool:
        wanted = self._buffer[self._position : self._position + self._missing]
        self._literal += wanted
        self._position += len(wanted)
        self._missing -= len(wanted)
        if self._missing:
            return False
        self._missing = -1
        self._parts.append(bytes(self._literal))
        self._literal = bytearray()
        return True

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n", max(self._position, self._scanned))
        stop = len(self._buffer) if end < 0 else end
        if self._line_bytes + stop - self._position > self._line_limit:
            raise ProtocolRefused(
                _(
                    "The server sent a line of more than {limit} bytes: something is wrong with "
                    "it, its administrator should know."
                ).format(limit=self._line_limit)
            )
        if end < 0:
            self._scanned = len(self._buffer)
            return None
        if end == self._position or self._buffer[end - 1] != 0x0D:
            raise ProtocolRefused(_("The server sent a line that does not end as a line must."))
        line = bytes(self._buffer[self._position : end - 1])
        self._line_bytes += len(line)
        self._position = self._scanned = end + 1
        return line

    def _announced(self, line: bytes) -> int | None:
        if not line.endswith(b"}"):
            return None
        if len(self._parts) == 1 and (not line.startswith(b"* ") or _STATUS.match(line)):
            return None
        match = _LITERAL.search(line[-24:])
        if match is None:
            return None
        size = int(match[1])
        self._literal_bytes += size
        if self._literal_bytes > self._literal_limit:
            raise ProtocolRefused(
                _(
                    "The server announced more than {limit} bytes in one response: something is "
                    "wrong with it, its administrator should know."
                ).format(limit=self._literal_limit)
            )
        if len(self._parts) > 2 * LITERALS_PER_FRAME:
            raise ProtocolRefused(
                _(
                    "The server cut one response into more than {limit} pieces: something is "
                    "wrong with it, its administrator should know."
                ).format(limit=LITERALS_PER_FRAME)
            )
        return size

    def _finish(self) -> Frame:
        frame, self._parts = tuple(self._parts), []
        self._line_bytes = self._literal_bytes = 0
        return frame


def values(frame: Sequence[bytes], start: int = 0) -> list[Value]:
    """The values of a frame from byte `start` of its first line on.

    Iterative; raises `ProtocolRefused` for unbalanced parentheses, a depth over 100, and
    whatever is no token.
    """
    top: list[Value] = []
    stack: list[list[Value]] = [top]
    for place in range(0, len(frame), 2):
        line = frame[place]
        literal = frame[place + 1] if place + 1 < len(frame) else None
        _read_line(line, start, literal, stack)
        start = 0
    if len(stack) != 1:
        raise _unreadable()
    return top


def _read_line(line: bytes, position: int, literal: bytes | None, stack: list[list[Value]]) -> None:
    end = len(line.rstrip(b" "))
    while position < end:
        match = _TOKEN.match(line, position)
        if match is None:
            raise _unreadable()
        position = match.end()
        kind = match.lastgroup
        if kind == "atom":
            atom = match["atom"]
            stack[-1].append(None if atom.upper() == b"NIL" else atom)
        elif kind == "open":
            if len(stack) > DEPTH_LIMIT:
                raise ProtocolRefused(
                    _(
                        "The server sent an answer that is nested more than {limit} deep: "
                        "something is wrong with it, its administrator should know."
                    ).format(limit=DEPTH_LIMIT)
                )
            inner: list[Value] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif kind == "close":
            if len(stack) == 1:
                raise _unreadable()
            stack.pop()
        elif kind == "quoted":
            quoted = match["quoted"]
            stack[-1].append(_ESCAPED.sub(rb"\1", quoted) if b"\\" in quoted else quoted)
        elif literal is not None:
            stack[-1].append(literal)
        else:
            raise _unreadable()


def _unreadable() -> ProtocolRefused:
    return ProtocolRefused(_("The server sent an answer that cannot be read."))


@dataclass(frozen=True, slots=True)
class Heading:
    """How an untagged response begins: `* 12 FETCH …` is number 12, kind b"FETCH"."""

    kind: bytes
    number: int | None
    end: int


_HEADING = re.compile(rb"\* (?:(\d{1,20}) )?([A-Za-z0-9!.-]+) ?")


def heading(frame: Sequence[bytes]) -> Heading | None:
    """What an untagged response is about; None when it is none."""
    match = _HEADING.match(frame[0])
    if match is None:
        return None
    return Heading(match[2].upper(), int(match[1]) if match[1] else None, match.end())


def fetch_items(frame: Sequence[bytes], start: int) -> dict[bytes, Value]:
    """The items of a FETCH response by upper-case name; broken pairs raise `ProtocolRefused`."""
    outer = values(frame, start)
    items = outer[0] if outer else None
    if not isinstance(items, list) or len(items) % 2:
        raise _unreadable()
    found: dict[bytes, Value] = {}
    for name, value in zip(items[::2], items[1::2], strict=True):
        if not isinstance(name, bytes):
            raise _unreadable()
        found[name.upper()] = value
    return found


def number(value: Value, largest: int = 2**63 - 1) -> int | None:
    """A number of the grammar, None when it is none or over `largest`."""
    if not isinstance(value, bytes) or not value.isdigit() or len(value) > 20:
        return None
    figure = int(value)
    return figure if figure <= largest else None


# -- sets ----------------------------------------------------------------------------------------


def compact(numbers: Iterable[int]) -> bytes:
    """Numbers as a sequence-set, ascending: 1, 2, 3, 7 is `1:3,7`."""
    parts: list[str] = []
    low = high = 0
    for figure in sorted(set(numbers)):
        if high and figure == high + 1:
            high = figure
            continue
        if high:
            parts.append(f"{low}:{high}" if high > low else str(low))
        low = high = figure
    if high:
        parts.append(f"{low}:{high}" if high > low else str(low))
    return ",".join(parts).encode()


def expand(written: bytes, most: int = NUMBERS_LIMIT) -> list[int] | None:
    """The numbers of a sequence-set in the order written; None when unreadable or over `most`."""
    numbers: list[int] = []
    for part in written.split(b","):
        low_text, colon, high_text = part.partition(b":")
        low = number(low_text, 2**32 - 1)
        high = number(high_text, 2**32 - 1) if colon else low
        if low is None or high is None or abs(high - low) + len(numbers) >= most:
            return None
        step = 1 if high >= low else -1
        numbers.extend(range(low, high + step, step))
    return numbers


# -- what a client writes ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Literal:
    """An argument that travels as a literal."""

    content: bytes


Argument: TypeAlias = bytes | Literal


def astring(text: bytes) -> Argument:
    """`text` as an atom, quoted, or a literal, whichever it needs; never a line break of its own.

    Raises `ProtocolRefused` for NUL, CR and LF, which would end the command.
    """
    if re.search(rb"[\x00\r\n]", text):
        raise ProtocolRefused(_("A name with a line break cannot be given to a server."))
    if _ATOM.match(text) and text.upper() != b"NIL":
        return text
    if _QUOTABLE.match(text) and len(text) < 1000:
        return b'"' + text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
    return Literal(text)


def is_keyword(text: str) -> bool:
    """Whether `text` can be a keyword flag on a server (an atom)."""
    return bool(text) and text.isascii() and _ATOM.match(text.encode()) is not None


def date_time(moment: datetime) -> bytes:
    """A moment as APPEND wants it, quoted, in UTC."""
    utc = moment.astimezone(UTC)
    return (
        f'"{utc.day:02d}-{_MONTHS[utc.month - 1]}-{utc.year:04d} '
        f'{utc.hour:02d}:{utc.minute:02d}:{utc.second:02d} +0000"'
    ).encode()


def internal_date(value: Value) -> datetime:
    """An INTERNALDATE in UTC; the epoch when unreadable, so that nothing is lost for a date."""
    match = _DATE.match(value) if isinstance(value, bytes) else None
    month = match[2].decode().title() if match else ""
    if match is None or month not in _MONTHS:
        return _EPOCH
    offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
    try:
        zone = timezone(-offset if match[7] == b"-" else offset)
        day, year, hour, minute, second = (int(match[n]) for n in (1, 3, 4, 5, 6))
        moment = datetime(
            year, _MONTHS.index(month) + 1, day, hour, minute, min(second, 59), tzinfo=zone
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _EPOCH


# -- mailbox names (RFC 3501 §5.1.3) -------------------------------------------------------------


def mailbox_encoded(name: str) -> bytes:
    """A mailbox name in modified UTF-7; lone surrogates become U+FFFD."""
    written = bytearray()
    for run in re.split("([^\x20-\x7e]+)", name):
        if not run or 0x20 <= ord(run[0]) <= 0x7E:
            written += run.replace("&", "&-").encode()
            continue
        units = run.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
        encoded = base64.b64encode(units.encode("utf-16-be"), b"+,").rstrip(b"=")
        written += b"&" + encoded + b"-"
    return bytes(written)


def mailbox_decoded(written: bytes) -> str:
    """A mailbox name for people; what is no modified UTF-7 is shown as it stands."""
    text: list[str] = []
    for place, run in enumerate(re.split(rb"&([A-Za-z0-9+,]*)-", written)):
        if place % 2 == 0:
            text.append(run.decode("utf-8", "replace"))
        elif not run:
            text.append("&")
        else:
            text.append(_shifted(run))
    return "".join(text)


def _shifted(run: bytes) -> str:
    try:
        units = base64.b64decode(run + b"=" * (-len(run) % 4), b"+,", validate=True)
        return units.decode("utf-16-be")
    except (binascii.Error, ValueError):
        return f"&{run.decode('ascii')}-"
