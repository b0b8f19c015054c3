"""Mail out of files: mbox, Maildir, single messages, folders of them. Hides the formats."""

import mailbox
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

from tui_mail.errors import InputOutput, NotFound
from tui_mail.i18n import _
from tui_mail.values import Fetched, Flag

_MAILDIR_FLAGS = {
    "S": Flag.SEEN,
    "F": Flag.STARRED,
    "R": Flag.ANSWERED,
    "D": Flag.DRAFT,
}
_MBOX_START = b"From "


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a message was found: `number` counts from 1 in an mbox."""

    path: Path
    number: int = 1


def found_in(path: Path) -> Iterator[tuple[Origin, Fetched]]:
    """Every message in a file or folder, in the order of names.

    Raises NotFound, InputOutput.
    """
    if not path.exists():
        raise NotFound(_("{file} is not there.").format(file=path))
    try:
        if path.is_dir():
            yield from _folder(path)
        else:
            yield from _file(path)
    except OSError as error:
        raise InputOutput(
            _("{file} cannot be read ({reason}).").format(file=path, reason=error.strerror)
        ) from error


def _folder(path: Path) -> Iterator[tuple[Origin, Fetched]]:
    if (path / "cur").is_dir() and (path / "new").is_dir():
        for part in ("cur", "new"):
            for file in sorted((path / part).iterdir()):
                if file.is_file():
                    yield Origin(file), _message(file.read_bytes(), _maildir_flags(file.name))
        return
    for entry in sorted(path.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _folder(entry)
        elif entry.is_file():
            yield from _file(entry)


def _maildir_flags(name: str) -> frozenset[str]:
    _base, _separator, letters = name.rpartition(":2,")
    return frozenset(_MAILDIR_FLAGS[one].value for one in letters if one in _MAILDIR_FLAGS)


def _file(path: Path) -> Iterator[tuple[Origin, Fetched]]:
    with path.open("rb") as file:
        is_mbox = file.read(len(_MBOX_START)) == _MBOX_START
    if not is_mbox:
        yield Origin(path), _message(path.read_bytes(), frozenset())
        return
    box = mailbox.mbox(path, create=False)
    try:
        for number, key in enumerate(box.iterkeys(), 1):
            yield Origin(path, number), _message(box.get_bytes(key), _mbox_flags(box, key))
    finally:
        box.close()


def _mbox_flags(box: "mailbox.mbox", key: str) -> frozenset[str]:
    """Status: R means read (the headers of mutt, pine and Dovecot)."""
    head = box.get_bytes(key)[:16384].partition(b"\n\n")[0]
    status = b"".join(
        line.partition(b":")[2]
        for line in head.splitlines()
        if line.lower().startswith((b"status:", b"x-status:"))
    )
    signs = {ord("R"): Flag.SEEN, ord("F"): Flag.STARRED, ord("A"): Flag.ANSWERED}
    return frozenset(signs[one].value for one in status if one in signs)


def _message(raw: bytes, flags: frozenset[str]) -> Fetched:
    return Fetched("", raw, flags, _received(raw))


def _received(raw: bytes) -> datetime:
    """When it came: the newest Received header, else Date, else now; never in the future."""
    now = datetime.now(UTC)
    head = raw[:65536].replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    lines = head.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")
    for name in (b"received:", b"date:"):
        for line in lines:
            if not line.lower().startswith(name):
                continue
            text = line.partition(b":")[2].rpartition(b";")[2].decode("ascii", "replace").strip()
            when = _parsed(text)
            if when is not None and when <= now:
                return when
            break
    return now


def _parsed(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
        aware = when if when.tzinfo else when.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
