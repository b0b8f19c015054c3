"""Files written into the text of a message, from before MIME: uuencode and yEnc; never raises.

A block counts only when it has its first line, bytes and its end: a quoted line "begin 644" in
a discussion is no file. Where the text itself was cut off, whole lines of bytes do for the end.
Linear: no line is looked at more than twice.
"""

import re
from dataclasses import dataclass, field

from tui_mail.mail.charsets import decode
from tui_mail.mail.transfer import uudecoded_line

MAX_FILES = 100

_BEGIN = re.compile(
    rb"^(?:begin [0-7]{3,4} (?P<uu>[^\r\n]{1,255})|=ybegin (?P<y>[^\r\n]{1,400}))\r?$",
    re.MULTILINE,
)
_UU_LINE = re.compile(rb"[ -`]{1,62}[^\n]{0,4}")
_FULL_LINE = 45  # bytes
_SURELY = 2  # lines that no prose is like
_Y_NAME = re.compile(rb"\bname=(.*)")
_Y_END = b"\n=yend "
_Y_SHIFT = bytes((each - 42) % 256 for each in range(256))
_Y_ESCAPED = bytes((each - 106) % 256 for each in range(256))


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file found in a text; its end is there unless it `is_cut`."""

    name: str
    content: bytes = field(repr=False)
    is_cut: bool = False


def cut_files(text: bytes) -> tuple[bytes, tuple[TextFile, ...]]:
    """The text without the files written into it, and the files, at most 100."""
    if b"begin " not in text:
        return text, ()
    kept: list[bytes] = []
    files: list[TextFile] = []
    position = 0
    last_y_end = text.rfind(_Y_END)
    while len(files) < MAX_FILES and (match := _BEGIN.search(text, position)):
        start = match.end() + 1
        end, content, is_cut = start, b"", False
        if match["uu"] is not None:
            end, content, is_cut = _uuencoded(text, start)
        elif start <= last_y_end:
            end, content = _yencoded(text, start)
        if not content:
            kept.append(text[position : match.end()])
            position = match.end()
            continue
        files.append(TextFile(_name(match["uu"], match["y"]), content, is_cut))
        kept.append(text[position : match.start()])
        position = end
    if not files:
        return text, ()
    kept.append(text[position:])
    return b"".join(kept), tuple(files)


def _name(uu: bytes | None, y: bytes) -> str:
    if uu is None:
        found = _Y_NAME.search(y)
        uu = found[1] if found else b""
    return decode(uu)[0].strip().strip('"')


def _uuencoded(text: bytes, position: int) -> tuple[int, bytes, bool]:
    """Where the block ends, its bytes, and whether its end is missing; no bytes when a line does not
    belong to it."""
    pieces: list[bytes] = []
    while position < len(text):
        line, position = _line_at(text, position)
        if line.rstrip() == b"end":
            return position, b"".join(pieces), False
        if not line.strip() or line.rstrip() == b"`":
            continue
        piece = uudecoded_line(line) if _UU_LINE.fullmatch(line) else None
        if piece is None:
            break
        pieces.append(piece)
    else:
        if sum(len(piece) == _FULL_LINE for piece in pieces) >= _SURELY:
            return position, b"".join(pieces), True
    return position, b"", True


def _line_at(text: bytes, position: int) -> tuple[bytes, int]:
    """The line that begins at a place, and where the next one does."""
    end = text.find(b"\n", position)
    if end < 0:
        return text[position:], len(text)
    return text[position:end].removesuffix(b"\r"), end + 1


def _yencoded(text: bytes, position: int) -> tuple[int, bytes]:
    """Where the block ends, and its bytes; there is an end."""
    end = text.find(_Y_END, position - 1)
    _last, after = _line_at(text, end + 1)
    data = text[position:end]
    if data.startswith(b"=ypart "):
        data = data.partition(b"\n")[2]
    plain, *escaped = data.translate(None, b"\r\n").split(b"=")
    pieces = [plain.translate(_Y_SHIFT)]
    for piece in escaped:
        pieces += [piece[:1].translate(_Y_ESCAPED), piece[1:].translate(_Y_SHIFT)]
    return after, b"".join(pieces)
