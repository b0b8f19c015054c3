"""The parts of a message as spans of its bytes: hides MIME's boundaries and every size limit.

One forward pass, without recursion and without copying a body, so that a part can be decoded
(`parse`), or cut out and put back (`source`), from the same place. Whatever the bytes are, there
is a root part; what was wrong is told in `damage`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_mail.mail.headers import parameters, raw_text

MAX_HEADER_BLOCK = 256 * 1024
MAX_HEADER = 64 * 1024
MAX_HEADERS = 2_000
MAX_PARTS = 1_000
MAX_DEPTH = 50
_DASH = ord("-")
MAX_CANDIDATES = 300_000  # lines that begin like a delimiter: a second of work at most

_LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|\Z)")
# A whole field with its folded lines: what nearly every header is.
_WHOLE_FIELD = re.compile(
    rb"([\x21-\x39\x3b-\x7e]{1,256})[ \t]*:[ \t]*"
    rb"([^\r\n]*(?:(?:\r\n|\r|\n)[ \t][^\r\n]*)*)(?:\r\n|\r|\n|\Z)"
)
_DELIMITER = re.compile(rb"\n--([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_DELIMITER_AFTER_CR = re.compile(rb"[\r\n]--([^\r\n]*)(?:\r\n|\r|\n|\Z)")
_BLANKS = re.compile(rb"(?:[ \t]*[\r\n]){1,100}")
_BLANK_LINE = re.compile(rb"\r\n\r\n|\n\n|\r\r")
_LOOSE_BOUNDARY = re.compile(r"\sboundary\s*=\s*\"?([^\"\s;]+)", re.IGNORECASE)
_FIELD = re.compile(rb"([\x21-\x39\x3b-\x7e]{1,256})[ \t]*:[ \t]*")


# What follows a broken line when it stands among headers: maybe its folded rest, then these.
_KNOWN_FIELD = re.compile(
    rb"(?:[ \t][^\r\n]*(?:\r\n|\r|\n)){0,3}(?:Received|Return-Path|Delivered-To|From|To|Cc|Subject"
    rb"|Date|Message-ID|MIME-Version|Content-(?:Type|Transfer-Encoding))[ \t]{0,20}:",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Part:
    """A part and where it is: its body is `raw[start:end]`, its headers begin at `head`.

    `headers`: names as written and values unfolded but undecoded, in order.
    """

    head: int
    start: int = 0
    end: int = 0
    depth: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    media_type: str = "text/plain"
    parameters: Mapping[str, str] = field(default_factory=dict)
    children: list["Part"] = field(default_factory=list)
    first: dict[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str:
        """The first value of a header, by its lower-case name, "" when there is none."""
        return self.first.get(name, "")


@dataclass(slots=True)
class Structure:
    """The tree of parts of one message."""

    raw: bytes
    root: Part
    damage: list[str] = field(default_factory=list)

    def note(self, what: str) -> None:
        """Remember a kind of damage, once."""
        if what not in self.damage:
            self.damage.append(what)

    def leaves(self) -> list[Part]:
        """The parts without children, in the order of the message."""
        found, waiting = [], [self.root]
        while waiting:
            part = waiting.pop()
            if part.children:
                waiting.extend(reversed(part.children))
            else:
                found.append(part)
        return found


def read_structure(raw: bytes) -> Structure:
    """Find the parts of a message: never raises."""
    root = Part(head=_beginning(raw))
    structure = Structure(raw, root)
    _read_head(structure, root, {}, default="text/plain")
    root.end = len(raw)
    if _boundary(root):
        _split(structure)
    return structure


def _beginning(raw: bytes) -> int:
    """Where the headers begin: after a byte order mark, or blank lines that somebody put before."""
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    blank = _BLANKS.match(raw, start)
    return blank.end() if blank and _FIELD.match(raw, blank.end()) else start


# -- headers ---------------------------------------------------------------------------------------


def _read_head(
    structure: Structure, part: Part, open_boundaries: Mapping[bytes, int], default: str
) -> None:
    doubtful: list[tuple[int, bytes]] = []
    for name, value in _read_fields(structure, part, open_boundaries):
        if value.isascii() and b"\n" not in value:
            text = value.decode("ascii").strip()
        else:
            text, sound = raw_text(value)
            if not sound:
                doubtful.append((len(part.headers), value))
        part.headers.append((name, text))
        key = name.lower()
        if key not in part.first:
            part.first[key] = text
    part.media_type = default
    content_type = part.header("content-type")
    if content_type:
        words, part.parameters = parameters(content_type)
        part.media_type = words.split()[0] if "/" in words else "text/plain"
        if "boundary" not in part.parameters and (found := _LOOSE_BOUNDARY.search(content_type)):
            part.parameters = {**part.parameters, "boundary": found[1]}
    if doubtful:
        structure.note("header_charset")
        _read_again(part, doubtful)


def _read_again(part: Part, doubtful: Sequence[tuple[int, bytes]]) -> None:
    """Raw 8-bit headers are in the charset of the text below, when it names one."""
    charset = part.parameters.get("charset", "")
    if not charset:
        return
    for index, value in doubtful:
        name, before = part.headers[index]
        text = raw_text(value, charset)[0]
        part.headers[index] = (name, text)
        if part.first[name.lower()] == before:
            part.first[name.lower()] = text


def _read_fields(
    structure: Structure, part: Part, open_boundaries: Mapping[bytes, int]
) -> list[tuple[str, bytes]]:
    """The header fields from `part.head` on; sets `part.start` to where the body begins."""
    raw, position = structure.raw, part.head
    fields: list[tuple[str, bytes]] = []
    begin, limit = -1, min(len(raw), part.head + MAX_HEADER_BLOCK)
    name = ""

    def close(end: int) -> None:
        if begin < 0:
            return
        if end - begin > MAX_HEADER:
            structure.note("header_too_long")
        if len(fields) < MAX_HEADERS:
            fields.append((name, raw[begin : min(end, begin + MAX_HEADER)]))
        else:
            structure.note("too_many_headers")

    while position < limit:
        whole = _WHOLE_FIELD.match(raw, position, limit)
        if whole and raw[position] != _DASH and whole.end() < limit:
            close(position)
            name, begin = whole[1].decode("ascii"), whole.start(2)
            position = whole.end()
            if position - begin < MAX_HEADER and len(fields) < MAX_HEADERS:
                fields.append((name, whole[2]))
                begin = -1
            continue
        match = _LINE.match(raw, position, limit)
        if match is None or not match[1]:
            break
        line = match[1]
        if line[0] in b" \t":
            if begin < 0 and line.strip():
                structure.note("header_line")
        elif line.startswith(b"--") and _opened(line[2:], open_boundaries):
            break
        elif found := _FIELD.match(line):
            close(position)
            name, begin = found[1].decode("ascii"), position + found.end()
        elif position == part.head and line.startswith((b"From ", b">From ")):
            pass  # the separator of an mbox, left by who cut it up
        elif _KNOWN_FIELD.match(raw, match.end(), limit):
            # A broken line among headers: what it says is lost to the reader, the rest is not.
            structure.note("header_line")
            close(position)
            begin = -1
        else:
            structure.note("header_line")
            break
        position = match.end()
    else:
        if position < len(raw):
            structure.note("headers_too_long")
            blank = _BLANK_LINE.search(raw, position)
            close(position)
            part.start = blank.end() if blank else position
            return fields
    close(position)
    part.start = _after_blank_line(raw, position)
    return fields


def _after_blank_line(raw: bytes, position: int) -> int:
    if raw.startswith(b"\r\n", position):
        return position + 2
    return position + 1 if raw[position : position + 1] in {b"\r", b"\n"} else position


# -- parts -----------------------------------------------------------------------------------------


def _boundary(part: Part) -> bytes:
    if not part.media_type.startswith("multipart/"):
        return b""
    return part.parameters.get("boundary", "").rstrip().encode("utf-8", "replace")


def _opened(line: bytes, boundaries: Mapping[bytes, int]) -> bool:
    text = line.rstrip(b" \t")
    return text in boundaries or (text.endswith(b"--") and text[:-2] in boundaries)


@dataclass(slots=True)
class _Open:
    """A multipart that is being read. `shadowed`: an outer level with the same boundary."""

    part: Part
    boundary: bytes
    shadowed: int | None
    closed: bool = False


def _split(structure: Structure) -> None:
    """Fill in the children of the root: a stack of open multiparts, a dictionary of boundaries."""
    raw, root = structure.raw, structure.root
    stack = [_Open(root, _boundary(root), None)]
    levels = {stack[0].boundary: 0}
    parts, candidates, position = 1, 0, max(0, root.start - 1)
    # A pattern that begins with one fixed sign is found ten times as fast.
    delimiter = _DELIMITER_AFTER_CR if b"\r--" in raw else _DELIMITER
    while match := delimiter.search(raw, position):
        candidates += 1
        if candidates > MAX_CANDIDATES:
            structure.note("too_many_delimiters")
            break
        text = match[1].rstrip(b" \t")
        # The line end after a delimiter is also the one before the next line.
        position = max(match.end() - 1, match.start() + 1)
        if match.start() < stack[-1].part.start - 1:
            continue
        level = levels.get(text)
        final = level is None and text.endswith(b"--")
        if final:
            level = levels.get(text[:-2])
        if level is None:
            continue
        _close_down_to(structure, stack, levels, level, _line_end_before(raw, match.start()))
        top = stack[-1]
        if final or top.closed:
            top.closed = True
            if level == 0 and final:
                break
            continue
        if parts >= MAX_PARTS:
            structure.note("too_many_parts")
            break
        parts += 1
        position = _begin_part(structure, stack, levels, match.end())
    _close_down_to(structure, stack, levels, 0, len(raw))
    if not root.children:
        structure.note("no_parts")
    elif not stack[0].closed:
        structure.note("unclosed_parts")


def _begin_part(
    structure: Structure, stack: list[_Open], levels: dict[bytes, int], head: int
) -> int:
    """Read the head of a part and open it if it has parts itself; where to search on."""
    parent = stack[-1].part
    part = Part(head=head, depth=parent.depth + 1, end=len(structure.raw))
    digest = parent.media_type == "multipart/digest"
    _read_head(structure, part, levels, default="message/rfc822" if digest else "text/plain")
    parent.children.append(part)
    boundary = _boundary(part)
    if boundary and part.depth >= MAX_DEPTH:
        structure.note("too_deep")
    elif boundary:
        stack.append(_Open(part, boundary, levels.get(boundary)))
        levels[boundary] = len(stack) - 1
    return max(head - 1, part.start - 1)


def _close_down_to(
    structure: Structure, stack: list[_Open], levels: dict[bytes, int], level: int, end: int
) -> None:
    while len(stack) - 1 > level:
        closing = stack.pop()
        closing.part.end = max(closing.part.start, end)
        if not closing.closed:
            structure.note("unclosed_parts")
            _end_last_child(closing.part, end)
        if closing.shadowed is None:
            del levels[closing.boundary]
        else:
            levels[closing.boundary] = closing.shadowed
    if not stack[-1].closed:
        _end_last_child(stack[-1].part, end)


def _end_last_child(part: Part, end: int) -> None:
    if part.children:
        child = part.children[-1]
        child.end = max(child.start, min(child.end, end))


def _line_end_before(raw: bytes, position: int) -> int:
    """Where a body ends: the line end before a delimiter belongs to the delimiter."""
    is_pair = (
        raw[position : position + 1] == b"\n" and position and raw[position - 1 : position] == b"\r"
    )
    return position - 1 if is_pair else position
