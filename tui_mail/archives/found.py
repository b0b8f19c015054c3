"""Mail in files and folders, one message at a time: mbox (also .gz, .bz2, .xz), Maildir with its
subfolders, EML, Apple Mail's .emlx, ZIP of any of them, and folders of all that.

Hides the formats. Nothing is unpacked to the disk, no link to a folder is followed, and an
archive that grows beyond all measure is refused. Where a folder has folders, or an mbox file of
several messages, each becomes a folder of mail: `Found.folder`. A file is mail where its name ends
in .eml or .emlx, where it lies in a Maildir, or where it starts with a header; any other is named.
"""

import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from tui_mail.archives import maildir, mbox
from tui_mail.archives.bytes_of import (
    LARGEST_MESSAGE,
    TooMuch,
    is_compressed,
    message_in_emlx,
    uncompressed,
)
from tui_mail.archives.signs import HEAD, why_no_mail
from tui_mail.archives.zipped import NoMail, in_zip
from tui_mail.errors import InputOutput, NotFound, TuiMailError, WrongData
from tui_mail.i18n import _
from tui_mail.mail.received import received
from tui_mail.values import Fetched

_SEEN_OF = 4096
_ONE_MESSAGE = (".eml", ".emlx")
_MAILBOX_ENDINGS = (".mbox", ".mbx", ".sbd")


@dataclass(frozen=True, slots=True)
class Found:
    """A message; `folder` is "" for those that are not in a folder of their own, `size` is how many
    bytes of the files have been used up by it, and `origin` says where it was found."""

    fetched: Fetched
    folder: str
    size: int
    origin: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file, or a message of one, that could not be taken, and why."""

    error: TuiMailError


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder or an archive that is no mail, and why it is none."""

    path: Path
    reason: str


_One = Found | Unreadable | Skipped


def found_in(path: Path) -> Iterator[_One]:
    """Every message in a file or folder, in the order of names.

    Raises NotFound.
    """
    if not path.exists():
        raise NotFound(_("{file} is not there.").format(file=path))
    if path.is_dir():
        yield from _directory(path, ())
    else:
        yield from _guarded(path, (), named=True)


def size_of(path: Path) -> int:
    """How many bytes the files of a folder have in all, or the one file."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(size_of(one) for one in _entries(path) if not one.name.startswith(".nfs"))


def _entries(folder: Path) -> list[Path]:
    """Files and folders by name, without links to folders, pipes and devices."""
    entries = sorted(folder.iterdir())
    return [one for one in entries if one.is_file() or (one.is_dir() and not one.is_symlink())]


def _directory(path: Path, parts: tuple[str, ...]) -> Iterator[_One]:
    try:
        entries = _entries(path)
        own = list(maildir.files_of(path)) if maildir.is_maildir(path) else None
    except OSError as error:
        yield Unreadable(_cannot(path, error))
        return
    if own is not None:
        for file in own:
            yield from _maildir_message(file, parts)
    for entry in entries:
        if entry.is_dir():
            if own is not None and entry.name in maildir.OWN:
                continue
            below = _below(entry, in_maildir=own is not None)
            if below is not None:
                yield from _directory(entry, (*parts, *below))
        elif _is_wanted(entry, in_maildir=own is not None):
            yield from _guarded(entry, parts, named=False)


# What Dovecot, Courier and their like keep in a Maildir beside its mail.
_OF_SERVERS = ("dovecot", "courier", "maildir", "subscriptions", "cyrus.")


def _is_wanted(file: Path, *, in_maildir: bool) -> bool:
    """Whether a file may be somebody's mail: what mail programs keep beside it is theirs alone."""
    if file.name.startswith(".") or file.suffix.lower() == ".msf":
        return False
    return not (in_maildir and file.name.startswith(_OF_SERVERS))


def _below(folder: Path, *, in_maildir: bool) -> tuple[str, ...] | None:
    """What a folder adds to the name of its mail's folder; None: it has no mail.

    Maildir++ writes `.Clients.2025`; Thunderbird keeps what is below a folder in `Folder.sbd`,
    Apple Mail a folder's messages in `Folder.mbox/Messages`.
    """
    name, above = folder.name, folder.parent.name
    if name.startswith("."):
        return tuple(part for part in name.split(".") if part) if in_maildir else None
    if name == "Messages" and above != _without_ending(above):
        return ()
    return (_without_ending(name),)


def _without_ending(name: str) -> str:
    lower = name.lower()
    return next((name[: -len(e)] for e in _MAILBOX_ENDINGS if lower.endswith(e)), name) or name


def _maildir_message(file: Path, parts: tuple[str, ...]) -> Iterator[_One]:
    try:
        raw, at = _read(file)
    except OSError as error:
        yield Unreadable(_cannot(file, error))
    except TooMuch as error:
        yield Unreadable(error)
    else:
        yield _found(raw, maildir.flags_in(file.name), at, parts, len(raw), str(file))


def _guarded(path: Path, parts: tuple[str, ...], *, named: bool) -> Iterator[_One]:
    """The messages of a file; what cannot be read is said and passed over."""
    try:
        yield from _file(path, parts, named=named)
    except (OSError, EOFError) as error:
        yield Unreadable(_cannot(path, error))
    except TuiMailError as error:
        yield Unreadable(error)


def _file(path: Path, parts: tuple[str, ...], *, named: bool) -> Iterator[_One]:
    if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for without end
        raise WrongData(_("{file} is no file.").format(file=path))
    with path.open("rb") as file:
        head = file.read(_SEEN_OF)
        file.seek(0)
        if head and path.suffix.lower() in _ONE_MESSAGE:  # one message, whatever it looks like
            yield _single(path, file, parts)
            return
        if head.startswith(b"PK") and zipfile.is_zipfile(file):
            file.seek(0)
            yield from _zip(path, file, parts)
            return
        file.seek(0)
        if is_compressed(head):
            with uncompressed(file, path.stat().st_size) as stream:
                yield from _stream(path, stream, parts, named=named)
        else:
            yield from _stream(path, file, parts, named=named)


def _zip(path: Path, file: BinaryIO, parts: tuple[str, ...]) -> Iterator[_One]:
    for one in in_zip(path, file):
        if isinstance(one, TuiMailError):
            yield Unreadable(one)
        elif isinstance(one, NoMail):
            yield Skipped(one.path, one.reason)
        else:
            inner = (*parts, *map(_without_ending, one.folder))
            yield _found(one.raw, one.flags, one.at, inner, one.size, one.origin)


def _stream(path: Path, stream: BinaryIO, parts: tuple[str, ...], *, named: bool) -> Iterator[_One]:
    """The messages of a file of text: an mbox where it starts as one, else one message or none.

    Raises WrongData where the file was asked for by its name and has none.
    """
    head = stream.read(HEAD)
    stream.seek(0)
    reason = why_no_mail(head)
    if reason and named:
        raise WrongData(_("{file} is not taken: {reason}.").format(file=path, reason=reason))
    if reason:
        yield Skipped(path, reason)
    elif head.startswith(mbox.START):
        yield from _mbox(path, stream, parts, named=named)
    else:
        yield _single(path, stream, parts)


def _single(path: Path, stream: BinaryIO, parts: tuple[str, ...]) -> Found:
    when = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    raw = stream.read(LARGEST_MESSAGE + 1)
    size = len(raw)
    if size > LARGEST_MESSAGE:
        raise TooMuch(path)
    if path.suffix.lower() == ".emlx":
        raw, flags = message_in_emlx(raw)
        return _found(raw, flags, when, parts, size, str(path))
    return _found(raw, frozenset(), when, parts, size, str(path))


def _mbox(path: Path, stream: BinaryIO, parts: tuple[str, ...], *, named: bool) -> Iterator[_One]:
    """A file that is named is no folder of its own, nor is one that holds a single message."""
    cuts = mbox.split(stream, LARGEST_MESSAGE)
    first = next(cuts)
    second = next(cuts, None)
    plain = path.with_suffix("") if path.suffix in {".gz", ".bz2", ".xz"} else path
    own = _without_ending(plain.name)
    several = second is not None or own != plain.name or path.with_name(f"{path.name}.msf").exists()
    if not named and several and plain.name != "mbox":
        parts = (*parts, own)
    begun = [first, second] if second else [first]
    for number, cut in enumerate(chain(begun, cuts), 1):
        if cut.too_large:
            yield Unreadable(TooMuch(path))
            continue
        flags, size = mbox.flags_in(cut.raw), cut.end - cut.start
        yield _found(cut.raw, flags, cut.at, parts, size, mbox.place(path, number))


def _found(
    raw: bytes,
    flags: frozenset[str],
    at: datetime | None,
    parts: tuple[str, ...],
    size: int,
    origin: str,
) -> Found:
    fetched = Fetched("", raw, flags, received(raw, at))
    return Found(fetched, "/".join(filter(None, map(_printable, parts))), size, origin)


def _printable(name: str) -> str:
    """A folder's name as a person may read it; the system takes any bytes but the slash."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(sign for sign in text if sign.isprintable()).strip()


def _read(file: Path) -> tuple[bytes, datetime]:
    """A file's content, and when it was written.

    Raises TooMuch, OSError.
    """
    with file.open("rb", buffering=0) as content:
        found = os.fstat(content.fileno())
        if found.st_size > LARGEST_MESSAGE:
            raise TooMuch(file)
        return content.read(), datetime.fromtimestamp(found.st_mtime, UTC)


def _cannot(path: Path, error: OSError | EOFError) -> InputOutput:
    reason = getattr(error, "strerror", None) or _("it is cut short or damaged")
    return InputOutput(_("{file} cannot be read ({reason}).").format(file=path, reason=reason))
