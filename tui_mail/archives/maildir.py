"""Maildir: where messages and subfolders lie, and flags as file names have them (cr.yp.to/proto)."""

import errno
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from tui_mail.values import Flag

_LETTERS = {
    "D": Flag.DRAFT,
    "F": Flag.STARRED,
    "R": Flag.ANSWERED,
    "S": Flag.SEEN,
    "T": Flag.DELETED,
}
PARTS = ("cur", "new")
OWN = frozenset({*PARTS, "tmp"})


def is_maildir(folder: Path) -> bool:
    return all((folder / part).is_dir() for part in PARTS)


def files_of(folder: Path) -> Iterator[Path]:
    """The messages of one Maildir, by name: those delivered in the end first."""
    for part in PARTS:
        with os.scandir(folder / part) as entries:
            names = [one.name for one in entries if not one.name.startswith(".") and _is_file(one)]
        yield from (folder / part / name for name in sorted(names))


def _is_file(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_file()
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:  # a link that leads nowhere
            return False
        raise


def flags_in(name: str) -> frozenset[str]:
    """The flags that the name of a message's file tells, but for T: what is there is to be seen."""
    _base, found, letters = name.rpartition(":2,")
    if not found:
        return frozenset()
    return frozenset(_LETTERS[one].value for one in letters if one in _LETTERS and one != "T")


def information(flags: Collection[str]) -> str:
    """The end of a file name that tells `flags`; keywords have no letter."""
    return ":2," + "".join(letter for letter, flag in _LETTERS.items() if flag in flags)
