"""What a file's bytes say: compressed, no mail at all, an .emlx.

Hides the signatures of formats, and the watch over archives that unpack to far more than they are.
"""

import bz2
import gzip
import lzma
import plistlib
import zlib
from collections.abc import Callable
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from xml.parsers.expat import ExpatError

from tui_mail.errors import WrongData
from tui_mail.i18n import _
from tui_mail.values import Flag

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_MESSAGE = 256 << 20  # what both databases keep in one value, with all that is made of it
_MOST_TIMES = 200  # mail shrinks to a tenth at best, a bomb to a thousandth
_HARMLESS = 64 << 20


def _gzip(file: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", gzip.GzipFile(fileobj=file))


def _bzip2(file: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", bz2.BZ2File(file))


def _xz(file: BinaryIO) -> BinaryIO:
    return cast("BinaryIO", lzma.LZMAFile(file))


_OPENERS: dict[bytes, Callable[[BinaryIO], BinaryIO]] = {
    b"\x1f\x8b": _gzip,
    b"BZh": _bzip2,
    b"\xfd7zXZ": _xz,
}
_EMLX = {0: Flag.SEEN, 2: Flag.ANSWERED, 4: Flag.STARRED, 6: Flag.DRAFT}


class TooMuch(WrongData):
    """A message, or an archive, that is larger than anything honest."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            _("{file}: a message there is larger than {size} MB, or the archive is a bomb.").format(
                file=path, size=LARGEST_MESSAGE >> 20
            )
        )


def is_compressed(head: bytes) -> bool:
    return any(head.startswith(sign) for sign in _OPENERS)


def is_bomb(packed: int, unpacked: int) -> bool:
    """Whether so many bytes out of so few are too many to be mail."""
    return unpacked > _HARMLESS and unpacked > packed * _MOST_TIMES


class uncompressed(BufferedReader):  # noqa: N801 — reads as the verb it is
    """What a compressed file holds, read as it is unpacked.

    Raises TooMuch from `read` when it is a bomb, EOFError or OSError when it is damaged.
    """

    def __init__(self, file: BinaryIO, packed: int) -> None:
        head = file.read(8)
        file.seek(0)
        opener = next(opener for sign, opener in _OPENERS.items() if head.startswith(sign))
        super().__init__(_Watched(opener(file), Path(file.name), packed), 1 << 20)


class _Watched(RawIOBase):
    def __init__(self, stream: BinaryIO, path: Path, packed: int) -> None:
        self._stream = stream
        self._path = path
        self._packed = packed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        try:
            block = self._stream.read(len(view))
        except (zlib.error, lzma.LZMAError) as error:
            raise OSError(0, _("it is cut short or damaged")) from error
        view[: len(block)] = block
        if is_bomb(self._packed, self._stream.tell()):
            raise TooMuch(self._path)
        return len(block)


def message_in_emlx(raw: bytes) -> tuple[bytes, frozenset[str]]:
    """The message and its flags out of Apple Mail's file: a length, the message, a property list."""
    line, _end, rest = raw.partition(b"\n")
    number = line.strip()
    if not (number.isdigit() and len(number) < 12 and int(number) <= len(rest)):
        return raw, frozenset()
    size = int(number)
    try:
        told = plistlib.loads(rest[size:].strip())
        bits = int(told.get("flags", 0)) if isinstance(told, dict) else 0
    except (ValueError, TypeError, OverflowError, AttributeError, IndexError, ExpatError):
        bits = 0
    return rest[:size], frozenset(flag.value for bit, flag in _EMLX.items() if bits >> bit & 1)
