"""The messages of a ZIP file: EML, mbox and Maildir files in it. Nothing is unpacked to the disk,
so that the names in it lead nowhere; bombs are refused by their ratio before they are read.
"""

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from tui_mail.archives import maildir, mbox
from tui_mail.archives.bytes_of import (
    LARGEST_MESSAGE,
    TooMuch,
    is_bomb,
    message_in_emlx,
)
from tui_mail.archives.signs import HEAD, why_no_mail
from tui_mail.errors import InputOutput, NotAllowed, TuiMailError
from tui_mail.i18n import _

_ENCRYPTED = 1
_MAILBOX = (".mbox", ".mbx")
_ONE_MESSAGE = (".eml", ".emlx")


@dataclass(frozen=True, slots=True)
class Zipped:
    """A message of a ZIP file; `folder`: where it lies in it, without what all of them share."""

    raw: bytes = field(repr=False)
    flags: frozenset[str]
    at: datetime | None
    folder: tuple[str, ...]
    size: int
    origin: str


@dataclass(frozen=True, slots=True)
class NoMail:
    """A file of a ZIP file that is no mail, and why."""

    path: Path
    reason: str


def in_zip(path: Path, file: BinaryIO) -> Iterator[Zipped | NoMail | TuiMailError]:
    """Every message of the ZIP file at `path`, and what is wrong with the others.

    Raises WrongData for a bomb, InputOutput when it is damaged.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = [one for one in archive.infolist() if _is_mail(one)]
            if is_bomb(path.stat().st_size, sum(one.file_size for one in members)):
                raise TooMuch(path)
            shared = _shared([_parts(one)[:-1] for one in members])
            for member in members:
                yield from _guarded(path, archive, member, shared)
    except (zipfile.BadZipFile, NotImplementedError) as error:
        raise _damaged(path) from error


def _is_mail(member: zipfile.ZipInfo) -> bool:
    parts = _parts(member)
    hidden = any(part.startswith("._") or part == "__MACOSX" for part in parts)
    return not member.is_dir() and not hidden and not parts[-1].startswith(".")


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    pure = PurePosixPath(member.filename.replace("\\", "/"))
    return tuple(part for part in pure.parts if part not in {"/", ".", ".."}) or ("-",)


def _shared(folders: Sequence[tuple[str, ...]]) -> int:
    """How many folders all of them begin with."""
    first, last = min(folders, default=()), max(folders, default=())
    unequal = (n for n, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
    return next(unequal, min(len(first), len(last)))


def _guarded(
    path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, shared: int
) -> Iterator[Zipped | NoMail | TuiMailError]:
    inside = path / PurePosixPath(*_parts(member))
    if member.flag_bits & _ENCRYPTED:
        yield NotAllowed(
            _("{file} is encrypted: unpack the archive and import the folder.").format(file=inside)
        )
        return
    try:
        yield from _messages(inside, archive, member, shared)
    except TooMuch as error:
        yield error
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, OSError):
        yield _damaged(inside)


def _messages(
    inside: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo, shared: int
) -> Iterator[Zipped | NoMail | TuiMailError]:
    with archive.open(member) as stream:
        head = stream.read(HEAD)
    reason = "" if head and inside.suffix.lower() in _ONE_MESSAGE else why_no_mail(head)
    *folder, name = _parts(member)[shared:]
    own = folder[:-1] if folder and folder[-1] in maildir.PARTS else folder
    if reason and (not head or own == folder):
        yield NoMail(inside, reason)
        return
    with archive.open(member) as stream:
        if head.startswith(mbox.START):
            apart = name.lower().endswith(_MAILBOX) or _has_several(archive, member)
            place = tuple([*own, name] if apart else own)
            for number, cut in enumerate(mbox.split(stream, LARGEST_MESSAGE), 1):
                if cut.too_large:
                    yield TooMuch(inside)
                else:
                    flags, size = mbox.flags_in(cut.raw), cut.end - cut.start
                    yield Zipped(cut.raw, flags, cut.at, place, size, mbox.place(inside, number))
            return
        raw = stream.read(LARGEST_MESSAGE + 1)
    if len(raw) > LARGEST_MESSAGE:
        raise TooMuch(inside)
    flags = maildir.flags_in(name) if own != folder else frozenset[str]()
    if name.lower().endswith(".emlx"):
        raw, flags = message_in_emlx(raw)
    yield Zipped(raw, flags, _moment(member), tuple(own), member.compress_size, str(inside))


def _has_several(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    with archive.open(member) as stream:
        cuts = mbox.split(stream, LARGEST_MESSAGE)
        return next(cuts, None) is not None and next(cuts, None) is not None


def _moment(member: zipfile.ZipInfo) -> datetime | None:
    """When the file was changed, in the local time that ZIP keeps."""
    try:
        return datetime(*member.date_time).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _damaged(path: Path) -> InputOutput:
    return InputOutput(
        _("{file} is cut short or damaged: take it from its source again.").format(file=path)
    )
