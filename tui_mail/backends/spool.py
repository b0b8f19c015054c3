"""Pieces of large messages that wait for the rest, so that a lost connection loses one piece.

Hides how they lie on the disk: sealed, as the attachments are that they become, each piece a file
of its own, so that one that a crash has left half written is found out and fetched again.
"""

import hashlib
import io
import re
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from tui_mail.errors import CannotWrite, NotAllowed
from tui_mail.i18n import _
from tui_mail.vault import Vault

_KEPT_SECONDS = 14 * 86_400.0
"""For so long nobody has come back for the rest of it."""
_PIECE = re.compile(r"([0-9]{1,15})-([0-9]{1,15})\Z")


class Spool(Protocol):
    """Where pieces wait. A message goes by a name that never means another one; all block."""

    def begin(self, name: str) -> int:
        """How many bytes of it are here, from its first on.

        Raises CannotWrite.
        """

    def add(self, name: str, start: int, piece: bytes) -> None:
        """Keep the piece that begins at byte `start`.

        Raises CannotWrite.
        """

    def take(self, name: str) -> bytes | None:
        """What is here of it, which then is here no more; None when that is damaged."""

    def drop(self, name: str) -> None:
        """Nobody wants it any more; never raises."""


class MemorySpool:
    """Pieces that are lost with the process."""

    def __init__(self) -> None:
        self._pieces: dict[str, io.BytesIO] = {}

    def begin(self, name: str) -> int:
        return self._pieces[name].tell() if name in self._pieces else 0

    def add(self, name: str, start: int, piece: bytes) -> None:
        buffer = self._pieces.setdefault(name, io.BytesIO())
        buffer.seek(start)
        buffer.write(piece)

    def take(self, name: str) -> bytes | None:
        return self._pieces.pop(name).getvalue()

    def drop(self, name: str) -> None:
        self._pieces.pop(name, None)


class FolderSpool:
    """Pieces in a folder of their own, sealed by the vault; what nobody came back for goes."""

    def __init__(self, folder: Path, vault: Vault) -> None:
        self._folder = folder
        self._vault = vault
        self._swept = False

    def begin(self, name: str) -> int:
        self._sweep()
        try:
            return sum(length for _start, length, _file in _pieces(self._place(name)))
        except OSError as error:
            raise self._cannot_write(error) from error

    def add(self, name: str, start: int, piece: bytes) -> None:
        file = self._place(name) / f"{start}-{len(piece)}"
        draft = file.with_suffix(".new")
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            draft.write_bytes(self._vault.seal(piece, _context(name, start)))
            draft.replace(file)
        except OSError as error:
            raise self._cannot_write(error) from error

    def take(self, name: str) -> bytes | None:
        whole = io.BytesIO()
        try:
            for start, _length, file in _pieces(self._place(name)):
                whole.write(self._vault.unseal(file.read_bytes(), _context(name, start)))
        except (OSError, NotAllowed):
            return None
        finally:
            self.drop(name)
        return whole.getvalue()

    def drop(self, name: str) -> None:
        shutil.rmtree(self._place(name), ignore_errors=True)

    def _place(self, name: str) -> Path:
        return self._folder / hashlib.sha256(name.encode()).hexdigest()

    def _sweep(self) -> None:
        """Once a run: what nobody came back for, as its message was deleted or its account is."""
        if self._swept:
            return
        self._swept = True
        with suppress(OSError):
            for place in self._folder.iterdir():
                if time.time() - place.stat().st_mtime > _KEPT_SECONDS:
                    shutil.rmtree(place, ignore_errors=True)

    def _cannot_write(self, error: OSError) -> CannotWrite:
        return CannotWrite(
            _("{file} cannot be written ({reason}).").format(
                file=self._folder, reason=error.strerror
            )
        )


def _context(name: str, start: int) -> str:
    return f"spool {name} {start}"


def _pieces(place: Path) -> list[tuple[int, int, Path]]:
    """Start, length and file of each piece as far as they follow one another."""
    if not place.exists():
        return []
    found = sorted(
        (int(match[1]), int(match[2]), file)
        for file in place.iterdir()
        if (match := _PIECE.match(file.name))
    )
    following: list[tuple[int, int, Path]] = []
    end = 0
    for start, length, file in found:
        if start != end:
            break
        following.append((start, length, file))
        end += length
    return following
