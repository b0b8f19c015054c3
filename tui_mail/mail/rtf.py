"""Rich text of Outlook's envelopes as text, or as the HTML that it was made from; never raises.

Own and small, since the text is hostile: linear, capped, without a stack of calls. Knows the
packing of MS-OXRTFCP and the hidden HTML of MS-OXRTFEX; of formatting it keeps paragraphs only.
"""

import re
import struct
from dataclasses import dataclass, field

from tui_mail.mail.charsets import codec_of

MAX_RTF = 1024 * 1024
MAX_GROUPS = 1_000

_PACKED, _PLAIN = 0x75465A4C, 0x414C454D
_DICTIONARY = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
_WINDOW = 4096

_TOKEN = re.compile(
    rb"\\([A-Za-z]{1,32})(-?[0-9]{1,9})?[ ]?|\\'([0-9A-Fa-f]{2})|\\([^A-Za-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)",
    re.DOTALL,
)
_SIGNS = {
    b"par": "\n",
    b"line": "\n",
    b"sect": "\n",
    b"page": "\n",
    b"row": "\n",
    b"tab": "\t",
    b"cell": "\t",
    b"emdash": "—",
    b"endash": "–",
    b"emspace": " ",
    b"enspace": " ",
    b"bullet": "•",
    b"lquote": "‘",
    b"rquote": "’",
    b"ldblquote": "“",
    b"rdblquote": "”",
}
# Groups that hold no text of the letter.
_HIDDEN = frozenset(
    {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"object", b"header", b"footer"}
)


@dataclass(slots=True)
class _Group:
    hidden: bool = False
    tag: bool = False  # within \*\htmltag: HTML as it was
    skip: int = 1  # how many signs stand in for one \u


@dataclass(slots=True)
class _Reader:
    codec: str = "cp1252"
    is_html: bool = False
    quiet: bool = False  # between \htmlrtf and \htmlrtf0: only there for readers of RTF
    to_skip: int = 0
    starred: bool = False
    groups: list[_Group] = field(default_factory=lambda: [_Group()])
    pieces: list[str] = field(default_factory=list)
    pending: bytearray = field(default_factory=bytearray)


def unpack(data: bytes) -> bytes:
    """Undo the packing of MS-OXRTFCP, at most 1 MiB; empty when it is not that."""
    if len(data) < 16:
        return b""
    _packed, _raw, kind, _sum = struct.unpack_from("<IIII", data)
    if kind == _PLAIN:
        return data[16 : 16 + MAX_RTF]
    if kind != _PACKED:
        return b""
    out = bytearray(_DICTIONARY)
    base, position = len(_DICTIONARY), 16
    while position < len(data) and len(out) < MAX_RTF:
        control = data[position]
        position += 1
        for bit in range(8):
            if not control >> bit & 1:
                out += data[position : position + 1]
                position += 1
                continue
            if position + 2 > len(data):
                return bytes(out[base:])
            (token,) = struct.unpack_from(">H", data, position)
            position += 2
            # The window is a ring; its place in the output is the last one with that remainder.
            distance = (len(out) - (token >> 4)) % _WINDOW
            if distance == 0:
                return bytes(out[base:])
            _repeat(out, distance, (token & 15) + 2)
    return bytes(out[base:])


def _repeat(out: bytearray, distance: int, length: int) -> None:
    start = len(out) - distance
    for index in range(start, start + length):
        out.append(out[index] if 0 <= index < len(out) else 0x20)


def read_rtf(data: bytes) -> tuple[str, bool]:
    """The text of an RTF document, or the HTML it was made from (then True)."""
    reader = _Reader()
    for match in _TOKEN.finditer(data[:MAX_RTF]):
        word, number, code, sign, brace, text = match.groups()
        if code is not None:
            _byte(reader, int(code, 16))
            continue
        _flush(reader)
        if brace is not None:
            _brace(reader, brace)
        elif word is not None:
            _word(reader, word, int(number) if number else None)
        elif sign is not None:
            _sign(reader, sign)
        elif text is not None:
            _text(reader, text)
    _flush(reader)
    return "".join(reader.pieces), reader.is_html


def _shown(reader: _Reader) -> bool:
    group = reader.groups[-1]
    return group.tag or not (group.hidden or reader.quiet)


def _byte(reader: _Reader, value: int) -> None:
    if reader.to_skip:
        reader.to_skip -= 1
    elif _shown(reader):
        reader.pending.append(value)


def _flush(reader: _Reader) -> None:
    if reader.pending:
        reader.pieces.append(reader.pending.decode(reader.codec, "replace"))
        reader.pending.clear()


def _brace(reader: _Reader, brace: bytes) -> None:
    reader.to_skip, reader.starred = 0, False
    if brace == b"}":
        if len(reader.groups) > 1:
            reader.groups.pop()
        return
    top = reader.groups[-1]
    if len(reader.groups) < MAX_GROUPS:
        reader.groups.append(_Group(top.hidden, top.tag, top.skip))


def _word(reader: _Reader, word: bytes, number: int | None) -> None:
    group, starred = reader.groups[-1], reader.starred
    reader.starred = False
    if word == b"ansicpg" and number:
        reader.codec = codec_of(f"cp{number}") or reader.codec
    elif word == b"fromhtml":
        reader.is_html = True
    elif word == b"htmlrtf":
        reader.quiet = number != 0
    elif word == b"htmltag":
        group.tag, group.hidden = True, False
    elif word in _HIDDEN or starred:
        group.hidden, group.tag = True, False
    elif word == b"uc":
        group.skip = min(number or 0, 16)
    elif word == b"u" and number is not None:
        reader.to_skip = group.skip
        if _shown(reader):
            value = number % 0x10000
            reader.pieces.append("\ufffd" if 0xD800 <= value < 0xE000 else chr(value))
    elif word in _SIGNS and _shown(reader):
        reader.pieces.append(_SIGNS[word])


def _sign(reader: _Reader, sign: bytes) -> None:
    if sign == b"*":
        reader.starred = True
    elif reader.to_skip:
        reader.to_skip -= 1
    elif _shown(reader):
        shown = {b"~": "\u00a0", b"_": "-", b"-": "", b"\r": "\n", b"\n": "\n"}.get(sign)
        reader.pieces.append(sign.decode("latin-1") if shown is None else shown)


def _text(reader: _Reader, text: bytes) -> None:
    skipped = min(reader.to_skip, len(text))
    reader.to_skip -= skipped
    if _shown(reader):
        reader.pieces.append(text[skipped:].decode(reader.codec, "replace"))
