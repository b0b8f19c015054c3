"""The MIME tree of a message as IMAP numbers it, with exact byte ranges for every section.

Works on offsets only and never raises, whatever the message. RFC 3501 section 6.4.5, RFC 2046.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

MAX_DEPTH = 50
MAX_PARTS = 2000
MAX_CONTENT_FIELD = 8192
FOLD = re.compile(rb"\r?\n(?=[ \t])")
HEADER_FIELD = re.compile(
    rb"^([^\s:]+)[ \t]*:[^\n]*(?:\n|\Z)(?:[ \t][^\n]*(?:\n|\Z))*", re.MULTILINE
)
PARAMETER = re.compile(rb';\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]*))', re.DOTALL)


@dataclass(slots=True)
class Part:
    """One entity: header at raw[start:body], body at raw[body:end]."""

    raw: bytes
    start: int
    body: int
    end: int
    kind: str = "text"
    subtype: str = "plain"
    parameters: tuple[tuple[bytes, bytes], ...] = ()
    children: list["Part"] = field(default_factory=list)
    embedded: "Part | None" = None

    @property
    def header_bytes(self) -> bytes:
        """The header with the empty line that ends it."""
        return self.raw[self.start : self.body]

    @property
    def body_bytes(self) -> bytes:
        """The body, still encoded."""
        return self.raw[self.body : self.end]

    @property
    def is_multipart(self) -> bool:
        """Say whether the body is made of parts."""
        return self.kind == "multipart"

    @property
    def lines(self) -> int:
        """The number of lines of the body."""
        return self.raw.count(b"\n", self.body, self.end)

    def field(self, name: str) -> bytes | None:
        """Return the first field of that name, unfolded and stripped."""
        wanted = name.lower().encode("ascii", "replace")
        for found in HEADER_FIELD.finditer(self.raw, self.start, self.body):
            if found[1].lower() == wanted:
                return unfold(found[0])
        return None

    def fields(self, name: str) -> list[bytes]:
        """Return every field of that name, unfolded and stripped."""
        wanted = name.lower().encode("utf-8", "replace")
        every = HEADER_FIELD.finditer(self.raw, self.start, self.body)
        return [unfold(found[0]) for found in every if found[1].lower() == wanted]

    def selected_fields(self, names: Collection[bytes], *, others: bool = False) -> bytes:
        """Return the fields of these (lower case) names, or all the others, and an empty line."""
        every = HEADER_FIELD.finditer(self.raw, self.start, self.body)
        chosen = b"".join(found[0] for found in every if (found[1].lower() in names) != others)
        return chosen + b"\r\n"

    def find(self, path: Sequence[int]) -> "Part | None":
        """Return the part with this number: (2, 1) for `2.1`; None when there is none."""
        container: Part | None = self
        part: Part | None = None
        for number in path:
            if part is not None:
                container = part if part.is_multipart else part.embedded
            if container is None:
                return None
            if container.is_multipart and container.children:
                part = container.children[number - 1] if number <= len(container.children) else None
            else:
                part = container if number == 1 else None
            if part is None:
                return None
        return part


def unfold(header_field: bytes) -> bytes:
    """Return the value of a header field on one line."""
    return FOLD.sub(b"", header_field.partition(b":")[2]).strip()


def parse_message(raw: bytes) -> Part:
    """Return the tree of a whole message."""
    budget = [MAX_PARTS]
    return _entity(raw, (0, len(raw)), ("text", "plain"), 0, budget)


def parse_content(value: bytes) -> tuple[str, str, tuple[tuple[bytes, bytes], ...]]:
    """Return type, subtype (or disposition and nothing) and parameters of a Content field."""
    value = value[:MAX_CONTENT_FIELD]
    main, _, _ = value.partition(b";")
    kind, _, subtype = main.strip().decode("ascii", "replace").lower().partition("/")
    parameters = tuple(
        (found[1], found[3] if found[2] is None else re.sub(rb"\\(.)", rb"\1", found[2]))
        for found in PARAMETER.finditer(value)
    )
    return kind.strip(), subtype.strip(), parameters


def _entity(
    raw: bytes, span: tuple[int, int], default: tuple[str, str], depth: int, budget: list[int]
) -> Part:
    start, end = span
    budget[0] -= 1
    part = Part(raw, start, _header_end(raw, start, end), end, *default)
    content_type = part.field("content-type")
    if content_type:
        kind, subtype, part.parameters = parse_content(content_type)
        if kind and subtype:
            part.kind, part.subtype = kind, subtype
    if depth >= MAX_DEPTH or budget[0] <= 0:
        return part
    if part.is_multipart:
        digest = ("message", "rfc822") if part.subtype == "digest" else ("text", "plain")
        for child in _child_spans(part, budget[0]):
            if budget[0] > 0:
                part.children.append(_entity(raw, child, digest, depth + 1, budget))
    elif (part.kind, part.subtype) == ("message", "rfc822"):
        part.embedded = _entity(raw, (part.body, end), ("text", "plain"), depth + 1, budget)
    return part


def _header_end(raw: bytes, start: int, end: int) -> int:
    for blank in (b"\r\n", b"\n"):
        if raw.startswith(blank, start, end):
            return start + len(blank)
    crlf = raw.find(b"\n\r\n", start, end)
    bare = raw.find(b"\n\n", start, end if crlf < 0 else crlf)
    if bare >= 0:
        return bare + 2
    return crlf + 3 if crlf >= 0 else end


def _child_spans(part: Part, limit: int) -> list[tuple[int, int]]:
    boundary = next((value for name, value in part.parameters if name.lower() == b"boundary"), b"")
    if not boundary:
        return []
    spans: list[tuple[int, int]] = []
    opened: int | None = None
    for position, following, closing in _delimiters(part, b"--" + boundary):
        if opened is not None:
            spans.append((opened, max(opened, _before_line_break(part.raw, position))))
        opened = None if closing else following
        if closing or len(spans) >= limit:
            return spans
    if opened is not None:
        spans.append((opened, part.end))
    return spans


def _delimiters(part: Part, delimiter: bytes) -> list[tuple[int, int, bool]]:
    """Return (start of the line, start of the next line, whether it closes) of each delimiter."""
    raw = part.raw
    found: list[tuple[int, int, bool]] = []
    position = raw.find(delimiter, part.body, part.end)
    while position >= 0 and len(found) < MAX_PARTS:
        after = position + len(delimiter)
        line_end = raw.find(b"\n", after, part.end)
        following = part.end if line_end < 0 else line_end + 1
        closing = raw.startswith(b"--", after)
        at_line_start = position == part.body or raw[position - 1 : position] == b"\n"
        if at_line_start and (closing or not raw[after:following].strip()):
            found.append((position, following, closing))
            if closing:
                break
        position = raw.find(delimiter, after, part.end)
    return found


def _before_line_break(raw: bytes, position: int) -> int:
    if raw.endswith(b"\r\n", 0, position):
        return position - 2
    return position - 1 if raw.endswith(b"\n", 0, position) else position
