"""The text of office documents, which are ZIP files of XML: Microsoft's and OpenDocument's.

Each part is unpacked as a stream that counts what comes out of it, whatever the file says.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO
from xml.sax.xmlreader import AttributesImpl

from tui_mail.extract.limits import (
    MOST_PARTS,
    MOST_UNPACKED,
    SMALL,
    WORST_RATIO,
    NotReadError,
    Text,
    TooLargeError,
)
from tui_mail.extract.xml import Wanted, read_xml


@dataclass(frozen=True, slots=True)
class _Format:
    """Which parts hold text, in which elements, and which elements end a line."""

    parts: re.Pattern[str]
    wanted: Callable[[], Wanted]
    breaks: frozenset[str]


def _named(*names: str) -> Callable[[], Wanted]:
    return lambda: lambda name, _attributes: name in names


def _cells() -> Wanted:
    """Texts and figures of a sheet; not the numbers by which cells point to the shared texts."""
    pointing = False

    def wanted(name: str, attributes: AttributesImpl) -> bool:
        nonlocal pointing
        if name == "c":
            pointing = attributes.get("t") == "s"
        return name == "t" or (name == "v" and not pointing)

    return wanted


_FORMATS = {
    "docx": _Format(
        re.compile(r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml"),
        _named("t"),
        frozenset({"p", "tab", "br", "tc"}),
    ),
    "xlsx": _Format(
        re.compile(r"xl/(sharedStrings|worksheets/sheet\d+|comments\d*)\.xml"),
        _cells,
        frozenset({"si", "c", "row"}),
    ),
    "pptx": _Format(
        re.compile(r"ppt/(slides|notesSlides)/\w+\.xml"),
        _named("t"),
        frozenset({"p", "tab", "br", "tc"}),
    ),
    "odf": _Format(
        re.compile(r"content\.xml"),
        _named("p", "h"),
        frozenset({"p", "h", "tab", "line-break", "table-cell"}),
    ),
}
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,  # locked by a password
    ValueError,
    KeyError,
)


def office_text(content: bytes, form: str) -> str:
    """The text of a document; `form`: docx, xlsx, pptx or odf.

    Raises NotReadError, TooLargeError.
    """
    found = _FORMATS[form]
    text = Text()
    counter = _Counter()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for info in _infos(archive):
                if not found.parts.fullmatch(info.filename) or text.is_full:
                    continue
                with archive.open(info) as file:
                    part = counter.counted(file, info.compress_size)
                    read_xml(part, text, wanted=found.wanted(), breaks=found.breaks)
                text.add("\n")
    except _BROKEN as error:
        raise NotReadError from error
    return str(text)


def names_in_zip(content: bytes) -> str:
    """What the files in a ZIP file are called, a line each. Raises NotReadError, TooLargeError."""
    text = Text()
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            for info in _infos(archive):
                text.add(f"{info.filename}\n")
    except _BROKEN as error:
        raise NotReadError from error
    return str(text)


def form_of_zip(content: bytes) -> str:
    """docx, xlsx, pptx, odf, or "" for a ZIP file that is none of them. Raises TooLargeError."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = {info.filename for info in _infos(archive)}
    except _BROKEN:
        return ""
    for name, form in (
        ("word/document.xml", "docx"),
        ("xl/workbook.xml", "xlsx"),
        ("ppt/presentation.xml", "pptx"),
        ("content.xml", "odf"),
    ):
        if name in names:
            return form
    return ""


def _infos(archive: zipfile.ZipFile) -> Iterator[zipfile.ZipInfo]:
    infos = archive.infolist()
    if len(infos) > MOST_PARTS:
        raise TooLargeError
    return iter(infos)


class _Counter:
    """Counts what comes out of all parts of a file."""

    def __init__(self) -> None:
        self._bytes = 0

    def counted(self, file: IO[bytes], packed: int) -> IO[bytes]:
        return _Counted(file, packed, self)  # type: ignore[return-value]

    def add(self, number: int) -> None:
        self._bytes += number
        if self._bytes > MOST_UNPACKED:
            raise TooLargeError


class _Counted:
    """A part that is no longer read when it grows beyond reason."""

    def __init__(self, file: IO[bytes], packed: int, counter: _Counter) -> None:
        self._file = file
        self._most = max(SMALL, packed * WORST_RATIO)
        self._counter = counter

    def read(self, size: int) -> bytes:
        piece = self._file.read(size)
        self._counter.add(len(piece))
        self._most -= len(piece)
        if self._most < 0:
            raise TooLargeError
        return piece
