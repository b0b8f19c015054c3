"""Attachments out into a folder: the name is data from outside, and never leads elsewhere."""

import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path

from tui_mail.errors import CannotWrite
from tui_mail.i18n import _

_MOST_BYTES = 200
_UNWANTED = re.compile(
    r'[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff<>:"|?*]'
)
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[\d¹²³]|lpt[\d¹²³])\s*(\..*)?")
_TRIES = 1000


def file_name(name: str) -> str:
    """A name that is safe in any folder of any system, as near to `name` as that allows.

    Only what follows the last slash or backslash counts; controls, bidirectional marks and what
    Windows forbids go; leading dots and dashes, trailing dots and spaces go; reserved names get
    an underscore; at most 200 bytes in UTF-8, the extension kept.
    """
    base = unicodedata.normalize("NFC", name.encode("utf-8", "replace").decode())
    base = _UNWANTED.sub("", re.split(r"[/\\]", base)[-1])
    base = base.strip().lstrip(".-~ ").rstrip(". ")
    if not base:
        return "attachment"
    if _RESERVED.fullmatch(base):
        base = f"_{base}"
    stem, dot, extension = base.rpartition(".")
    if not dot or len(extension) > 10:
        stem, extension = base, ""
    else:
        extension = f".{extension}"
    room = _MOST_BYTES - len(extension.encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(". ") + extension


def save_into(folder: Path, name: str, content: bytes) -> Path:
    """Write `content` into a new file of `folder`; a number is added where the name is taken.

    Taken, too, are names that some systems hold for the same: in other case, or composed
    otherwise. Whatever links others put in the way, the file is in this folder or there is none.
    Raises CannotWrite.
    """
    try:
        inside = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _cannot(folder, error) from error
    try:
        return folder / _saved(inside, Path(file_name(name)), content)
    except OSError as error:
        raise _cannot(folder / file_name(name), error) from error
    except _AllTaken as error:
        raise CannotWrite(
            _("{folder} has too many files of that name.").format(folder=folder)
        ) from error
    finally:
        os.close(inside)


class _AllTaken(Exception):
    """No number is left."""


def _saved(inside: int, wanted: Path, content: bytes) -> str:
    """The name of the new file in the folder of that handle; after an error it is not there."""
    with os.scandir(inside) as entries:
        taken = {_same(entry.name) for entry in entries}
    for number in range(_TRIES):
        name = f"{wanted.stem} ({number}){wanted.suffix}" if number else wanted.name
        if _same(name) in taken:
            continue
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            handle = os.open(name, flags, 0o600, dir_fd=inside)
        except FileExistsError:
            continue
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=inside)
            raise
        return name
    raise _AllTaken


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _cannot(path: Path, error: OSError) -> CannotWrite:
    return CannotWrite(
        _("{file} cannot be written ({reason}).").format(file=path, reason=error.strerror)
    )
