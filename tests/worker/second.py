"""Another mail program at a mailbox of Dovecot, which stays connected and knows no mercy."""

import contextlib
import hashlib
import imaplib
import shutil
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.servers.dovecot import Dovecot

imaplib.Commands.setdefault("MOVE", ("SELECTED",))
_OURS = {
    "\\Seen": "seen",
    "\\Flagged": "flagged",
    "\\Answered": "answered",
    "\\Deleted": "deleted",
    "\\Draft": "draft",
}
_WIRE = {ours: spelt for spelt, ours in _OURS.items()}

State = Counter[tuple[str, str, frozenset[str]]]


class SecondClient:
    """What it does to `number`, a message of a folder, counts around: any number means one."""

    def __init__(self, server: Dovecot, user: str) -> None:
        self._home = server.home / "mail" / user / "Maildir"
        self._server, self._user = server, user
        self._client: Any = server.second_client(user)

    def leave(self) -> None:
        self._client.logout()

    def folders(self) -> set[str]:
        """Those that can be opened."""
        return {one for one in self.listed() if self._client.select(one)[0] == "OK"}

    def listed(self) -> set[str]:
        lines = [line.decode() for line in self._client.list()[1] if line]
        named = (line for line in lines if "\\noselect" not in line.lower())
        return {line.rpartition(" ")[2].strip('"') for line in named}

    def state(self) -> State:
        """Every message: its folder, the hash of its bytes, its flags as we call them."""
        found: State = Counter()
        for folder in self.folders():
            self._client.select(folder, readonly=True)
            status, answers = self._client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
            assert status == "OK", answers
            for one in answers:
                if isinstance(one, tuple):
                    marks = one[0].partition(b"FLAGS (")[2].partition(b")")[0].decode().split()
                    flags = frozenset(_OURS.get(mark, mark) for mark in marks if mark != "\\Recent")
                    found[folder, hashlib.sha256(one[1]).hexdigest(), flags] += 1
        self._put_down()
        return found

    def append(self, folder: str, raw: bytes, flags: Sequence[str] = ()) -> None:
        marks = " ".join(_WIRE.get(flag, flag) for flag in flags)
        self._client.append(folder, f"({marks})", None, raw)

    def flag(self, folder: str, number: int, flag: str, *, on: bool) -> None:
        if uid := self._uid(folder, number):
            self._client.uid(
                "STORE", uid, "+FLAGS" if on else "-FLAGS", f"({_WIRE.get(flag, flag)})"
            )

    def move(self, folder: str, number: int, target: str) -> None:
        if uid := self._uid(folder, number):
            self._client.uid("MOVE", uid, target)

    def copy(self, folder: str, number: int, target: str) -> None:
        if uid := self._uid(folder, number):
            self._client.uid("COPY", uid, target)

    def remove(self, folder: str, number: int, *, but: str) -> None:
        """Delete for good, unless it holds the words `but`."""
        uid = self._uid(folder, number)
        if uid and not self._has(uid, but):
            self._client.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
            self._client.uid("EXPUNGE", uid)

    def make(self, folder: str) -> None:
        self._client.create(folder)

    def rename(self, folder: str, name: str) -> None:
        self._put_down()
        self._client.rename(folder, name)

    def drop(self, folder: str, *, but: str) -> None:
        """Delete a folder with what is in it, unless one of its messages holds the words `but`."""
        if self._client.select(folder)[0] != "OK":
            return
        precious = self._client.search(None, "TEXT", but)[1][0]
        self._put_down()
        if not precious:
            self._client.delete(folder)

    def renumber(self, folder: str) -> None:
        """The server forgets the numbers of a folder, and gives it new ones and a UIDVALIDITY."""
        self._put_down()
        place = self._home if folder == "INBOX" else self._home / folder
        if not (place / "cur").is_dir():
            return
        # Dovecot takes the time in seconds: not one that the folder has had.
        told = self._client.status(folder, "(UIDVALIDITY)")[1][0]
        had = int(told.rpartition(b" ")[2].rstrip(b")"))
        while time.time() < had + 1:
            time.sleep(0.02)
        # A session that knew them would say that the folder was deleted.
        self._client.logout()
        for file in place.glob("dovecot*"):
            if file.name.startswith(("dovecot.index", "dovecot-uidlist")):
                _away(file)
        self._client = self._server.second_client(self._user)

    def _put_down(self) -> None:
        if self._client.state == "SELECTED":
            self._client.unselect()

    def _uid(self, folder: str, number: int) -> str:
        """The number that the server gives the message; nothing when there is none."""
        if self._client.select(folder)[0] != "OK":
            return ""
        uids = self._client.uid("SEARCH", "ALL")[1][0].split()
        return uids[number % len(uids)].decode() if uids else ""

    def _has(self, uid: str, words: str) -> bool:
        return uid.encode() in self._client.uid("SEARCH", "TEXT", words)[1][0].split()


def _away(file: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()
