"""winmail.dat: the files and the text in Outlook's own envelope (MS-OXTNEF); never raises.

Reads attributes and MAPI properties as far as they are whole; what follows a broken one is left.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from tui_mail.mail.charsets import decode
from tui_mail.mail.rtf import unpack

MAX_FILES = 500
MAX_PROPERTIES = 5_000

_SIGNATURE = 0x223E9F78
_MESSAGE_PROPERTIES = 0x00069003
_CODE_PAGE = 0x00069007
_BODY = 0x0002800C
_NEW_FILE = 0x00069002
_FILE_NAME = 0x00018010
_FILE_DATA = 0x0006800F
_FILE_PROPERTIES = 0x00069005

_TAG_BODY, _TAG_RTF, _TAG_HTML = 0x1000, 0x1009, 0x1013
_TAG_DATA, _TAG_SHORT_NAME, _TAG_LONG_NAME = 0x3701, 0x3704, 0x3707
_TAG_TYPE, _TAG_CONTENT_ID, _TAG_DISPLAY_NAME = 0x370E, 0x3712, 0x3001
_TAG_INTERNET_CODE_PAGE = 0x3FDE

_FIXED_SIZES = {
    0x0001: 4,
    0x0002: 4,
    0x0003: 4,
    0x0004: 4,
    0x0005: 8,
    0x0006: 8,
    0x0007: 8,
    0x000A: 4,
    0x000B: 4,
    0x0014: 8,
    0x0040: 8,
    0x0048: 16,
}
_COUNTED = frozenset({0x001E, 0x001F, 0x0102, 0x000D})
_UNICODE = 0x001F
_OBJECT = 0x000D
_MULTIPLE = 0x1000
_NAMED = 0x8000
_GUID = 16


@dataclass(slots=True)
class TnefFile:
    """A file in the envelope. `content` of another Outlook item is its own envelope."""

    name: str = ""
    media_type: str = ""
    content_id: str = ""
    content: bytes = field(default=b"", repr=False)
    embedded: bool = False


@dataclass(slots=True)
class Tnef:
    """What an envelope holds; the RTF is unpacked, of the three forms of text any may be empty."""

    files: list[TnefFile] = field(default_factory=list)
    text: str = ""
    html: str = ""
    rtf: bytes = field(default=b"", repr=False)
    charset: str = "cp1252"


def is_tnef(data: bytes) -> bool:
    """Whether the bytes begin as an envelope does."""
    return len(data) >= 6 and int.from_bytes(data[:4], "little") == _SIGNATURE


def open_tnef(data: bytes) -> Tnef:
    """Read an envelope as far as it is whole."""
    found = Tnef()
    position = 6  # signature and key
    while position + 9 <= len(data):
        name, length = struct.unpack_from("<II", data, position + 1)
        start = position + 9
        if start + length > len(data):
            length = len(data) - start  # cut short: what came of it
        _attribute(found, name, data[start : start + length])
        if len(found.files) >= MAX_FILES:
            break
        position = start + length + 2  # and its checksum
    found.files = [each for each in found.files if each.content]
    return found


def _attribute(found: Tnef, name: int, value: bytes) -> None:
    if name == _CODE_PAGE and len(value) >= 4:
        found.charset = _charset(int.from_bytes(value[:4], "little"))
    elif name == _BODY:
        found.text = _text(value, found.charset)
    elif name == _MESSAGE_PROPERTIES:
        _message_properties(found, value)
    elif name == _NEW_FILE:
        found.files.append(TnefFile())
    elif found.files:
        file = found.files[-1]
        if name == _FILE_NAME:
            file.name = file.name or _text(value, found.charset)
        elif name == _FILE_DATA:
            file.content = value
        elif name == _FILE_PROPERTIES:
            _file_properties(found, file, value)


def _message_properties(found: Tnef, value: bytes) -> None:
    for tag, kind, data in _properties(value):
        if tag == _TAG_INTERNET_CODE_PAGE and len(data) >= 4:
            found.charset = _charset(int.from_bytes(data[:4], "little"))
        elif tag == _TAG_BODY:
            found.text = _string(kind, data, found.charset)
        elif tag == _TAG_HTML:
            found.html = _string(kind, data, found.charset)
        elif tag == _TAG_RTF:
            found.rtf = unpack(data)


def _file_properties(found: Tnef, file: TnefFile, value: bytes) -> None:
    names: dict[int, str] = {}
    for tag, kind, data in _properties(value):
        if tag == _TAG_DATA and kind == _OBJECT:
            # An embedded item: the identifier of its interface, then an envelope of its own.
            file.content, file.embedded = data[_GUID:], True
        elif tag == _TAG_DATA:
            file.content = data
        elif tag in {_TAG_LONG_NAME, _TAG_SHORT_NAME, _TAG_DISPLAY_NAME}:
            names[tag] = _string(kind, data, found.charset)
        elif tag == _TAG_TYPE:
            file.media_type = _string(kind, data, found.charset).strip().lower()
        elif tag == _TAG_CONTENT_ID:
            file.content_id = _string(kind, data, found.charset).strip("<> ")
    for tag in (_TAG_LONG_NAME, _TAG_DISPLAY_NAME, _TAG_SHORT_NAME):
        if names.get(tag):
            file.name = names[tag]
            break


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Tag, type and value of each MAPI property (MS-OXTNEF §2.1.3.4), up to the first broken one."""
    position = 4
    try:
        for _count in range(min(int.from_bytes(data[:4], "little"), MAX_PROPERTIES)):
            kind, tag = struct.unpack_from("<HH", data, position)
            position += 4
            if tag >= _NAMED:
                position = _after_name(data, position)
            multiple, kind = kind & _MULTIPLE, kind & ~_MULTIPLE
            counted = kind in _COUNTED
            values = 1
            if counted or multiple:
                (values,) = struct.unpack_from("<I", data, position)
                position += 4
            for index in range(min(values, MAX_PROPERTIES)):
                size = _FIXED_SIZES.get(kind)
                if counted:
                    (size,) = struct.unpack_from("<I", data, position)
                    position += 4
                if size is None:
                    return
                if index == 0:
                    yield tag, kind, data[position : position + size]
                if position + size > len(data):
                    return  # cut short: what came of it was given
                position += size + -size % 4
    except struct.error:
        return


def _after_name(data: bytes, position: int) -> int:
    """Where a named property's value begins: after its set, and its number or its name."""
    (by_name,) = struct.unpack_from("<I", data, position + _GUID)
    (size,) = struct.unpack_from("<I", data, position + _GUID + 4)
    position += _GUID + 8
    return position + size + -size % 4 if by_name else position


def _string(kind: int, data: bytes, charset: str) -> str:
    if kind == _UNICODE:
        return data.decode("utf-16-le", "replace").rstrip("\0")
    return _text(data, charset)


def _text(data: bytes, charset: str) -> str:
    return decode(data.rstrip(b"\0"), charset)[0].replace("\r\n", "\n")


def _charset(code_page: int) -> str:
    return {65001: "utf-8", 1200: "utf-16-le", 28591: "cp1252", 20127: "cp1252"}.get(
        code_page, f"cp{code_page}"
    )
