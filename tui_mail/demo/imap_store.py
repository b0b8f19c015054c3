"""What the embedded IMAP server serves: mailboxes, folders and messages, kept in memory.

Hides UIDs, mod-sequences and the waking of sessions. The calls are synchronous and belong to the
thread of the server's event loop.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from tui_mail.demo.imap_mime import Part, parse_message
from tui_mail.demo.imap_syntax import DELIMITER

INBOX = "INBOX"
DEFAULT_FOLDERS: Mapping[str, str | None] = MappingProxyType(
    {
        INBOX: None,
        "Drafts": "\\Drafts",
        "Sent": "\\Sent",
        "Archive": "\\Archive",
        "Junk": "\\Junk",
        "Trash": "\\Trash",
    }
)
SYSTEM_FLAGS = {
    flag.lower(): flag for flag in ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
}


class NoSuchFolderError(LookupError):
    """No folder of that name in the mailbox."""


class FolderExistsError(ValueError):
    """The folder cannot be made, renamed or deleted under that name."""


@dataclass(slots=True)
class StoredMessage:
    """One message in one folder. `raw` never changes; flags and modseq do."""

    uid: int
    raw: bytes
    when: datetime
    flags: frozenset[str]
    modseq: int
    _structure: Part | None = None

    @property
    def structure(self) -> Part:
        """The MIME tree of the message, read once."""
        if self._structure is None:
            self._structure = parse_message(self.raw)
        return self._structure


class Folder:
    """Messages in ascending UID order, with the counters that RFC 3501 and RFC 7162 ask for."""

    def __init__(self, name: str, uidvalidity: int, use: str | None = None) -> None:
        self.name = name
        self.use = use
        self.identity = f"F{uidvalidity}"  # the first never comes again
        self.uidvalidity = uidvalidity
        self.uidnext = 1
        self.highest_modseq = 1
        self.messages: dict[int, StoredMessage] = {}
        # UIDs by time of their last change, so that what changed since is read from the end.
        self.changed: dict[int, int] = {}
        self.expunge_count = 0
        self.recent_from = 1
        self.gone = False
        self.watchers: set[Callable[[], None]] = set()
        self._keywords: dict[str, str] = {}

    @property
    def keywords(self) -> list[str]:
        """The keywords ever used here, in their first spelling."""
        return list(self._keywords.values())

    def add(self, raw: bytes, flags: Iterable[str], when: datetime) -> StoredMessage:
        """Store a message under the next UID; `when` must be aware."""
        message = StoredMessage(self.uidnext, raw, when, self._spelled(flags), 0)
        self.uidnext += 1
        self.messages[message.uid] = message
        self._touch(message)
        self.notify()
        return message

    def set_flags(self, uid: int, flags: Iterable[str]) -> StoredMessage:
        """Replace the flags of a message; its modseq rises only if they differ."""
        message = self.messages[uid]
        wanted = self._spelled(flags)
        if wanted != message.flags:
            message.flags = wanted
            self._touch(message)
            self.notify()
        return message

    def expunge(self, uids: Iterable[int]) -> list[int]:
        """Remove messages for good, and return the UIDs that were there."""
        removed = [uid for uid in uids if self.messages.pop(uid, None) is not None]
        for uid in removed:
            self.changed.pop(uid, None)
        if removed:
            self.expunge_count += len(removed)
            self.highest_modseq += 1
            self.notify()
        return removed

    def changed_since(self, modseq: int) -> list[int]:
        """Return the UIDs changed after this mod-sequence, ascending."""
        newest_first = itertools.takewhile(
            lambda item: item[1] > modseq, reversed(self.changed.items())
        )
        return sorted(uid for uid, _ in newest_first)

    def new_since(self, uid: int) -> list[int]:
        """Return the UIDs from this one on, ascending."""
        return list(itertools.takewhile(lambda known: known >= uid, reversed(self.messages)))[::-1]

    def renumber(self, uidvalidity: int) -> None:
        """Give every message a new UID under a new UIDVALIDITY, as a rebuilt server does."""
        kept = list(self.messages.values())
        self.uidvalidity = uidvalidity
        self.uidnext = self.recent_from = 1
        self.messages.clear()
        self.changed.clear()
        for message in kept:
            self.add(message.raw, message.flags, message.when)

    def retire(self) -> None:
        """Tell the sessions that look at this folder that it is no longer what they selected."""
        self.gone = True
        self.notify()

    def notify(self) -> None:
        """Wake every session that looks at this folder."""
        for watcher in tuple(self.watchers):
            watcher()

    def _touch(self, message: StoredMessage) -> None:
        self.highest_modseq += 1
        message.modseq = self.highest_modseq
        self.changed.pop(message.uid, None)
        self.changed[message.uid] = message.modseq

    def _spelled(self, flags: Iterable[str]) -> frozenset[str]:
        # Flags are the same in any case (RFC 3501 section 2.3.2); the first spelling stays.
        return frozenset(
            SYSTEM_FLAGS.get(flag.lower()) or self._keywords.setdefault(flag.lower(), flag)
            for flag in flags
        )


class UserMailbox:
    """All folders of one user, by name; `/` parts the levels, INBOX is always there."""

    def __init__(
        self,
        password: str,
        folders: Mapping[str, str | None] = DEFAULT_FOLDERS,
        *,
        uidvalidity: int = 1,
    ) -> None:
        """Make the folders of a mapping from name to special use (RFC 6154) or None."""
        self.password = password
        self.subscribed: set[str] = set()
        self._folders: dict[str, Folder] = {}
        self._uidvalidities = itertools.count(uidvalidity)
        for name, use in {INBOX: None, **folders}.items():
            self.create(name, use)
            self.subscribed.add(name)

    @property
    def folders(self) -> Mapping[str, Folder]:
        """The folders by name."""
        return MappingProxyType(self._folders)

    def folder(self, name: str) -> Folder:
        """Return a folder; raises NoSuchFolderError."""
        try:
            return self._folders[self._proper(name)]
        except KeyError as error:
            raise NoSuchFolderError(name) from error

    def messages(self, folder: str) -> Sequence[StoredMessage]:
        """Return the messages of a folder in UID order."""
        return tuple(self.folder(folder).messages.values())

    def deliver(
        self, folder: str, raw: bytes, flags: Iterable[str] = (), when: datetime | None = None
    ) -> int:
        """Put a message into a folder, byte for byte, wake who waits for it, return its UID."""
        return self.folder(folder).add(raw, flags, when or datetime.now(UTC)).uid

    def set_flags(self, folder: str, uid: int, flags: Iterable[str]) -> None:
        """Replace the flags of a message, as a second client would."""
        self.folder(folder).set_flags(uid, flags)

    def delete(self, folder: str, *uids: int) -> list[int]:
        """Remove messages for good, and return the UIDs that were there."""
        return self.folder(folder).expunge(uids)

    def change_uidvalidity(self, folder: str) -> int:
        """Renumber a folder under a new UIDVALIDITY, which is returned; its sessions end."""
        changing = self.folder(folder)
        replacement = Folder(changing.name, changing.uidvalidity, changing.use)
        replacement.identity = changing.identity
        replacement.messages = dict(changing.messages)
        replacement.renumber(next(self._uidvalidities))
        self._folders[changing.name] = replacement
        changing.retire()
        return replacement.uidvalidity

    def create(self, name: str, use: str | None = None) -> Folder:
        """Make a folder, and those above it; raises FolderExistsError."""
        name = self._proper(name)
        if not name or name in self._folders or "" in name.split(DELIMITER):
            raise FolderExistsError(name)
        above = name.rpartition(DELIMITER)[0]
        if above and above not in self._folders:
            self.create(above)
        self._folders[name] = Folder(name, next(self._uidvalidities), use)
        return self._folders[name]

    def rename(self, old: str, new: str) -> None:
        """Rename a folder with all below it; of INBOX, move its messages (RFC 3501 6.3.5)."""
        old, new = self._proper(old), self._proper(new)
        source = self.folder(old)
        if new in self._folders or new.startswith(old + DELIMITER) or "" in new.split(DELIMITER):
            raise FolderExistsError(new)
        if old == INBOX:
            target = self.create(new)
            for message in source.messages.values():
                target.add(message.raw, message.flags, message.when)
            source.expunge(list(source.messages))
            return
        above = new.rpartition(DELIMITER)[0]
        if above and above not in self._folders:
            self.create(above)
        below = [name for name in self._folders if name.startswith(old + DELIMITER)]
        for name in [old, *below]:
            folder = self._folders.pop(name)
            folder.name = new + name[len(old) :]
            self._folders[folder.name] = folder

    def remove(self, name: str) -> None:
        """Delete a folder and its messages; what is below it stays. INBOX cannot go."""
        folder = self.folder(name)
        if folder.name == INBOX:
            raise FolderExistsError(name)
        del self._folders[folder.name]
        folder.retire()

    @staticmethod
    def _proper(name: str) -> str:
        head, delimiter, tail = name.rstrip(DELIMITER).partition(DELIMITER)
        return (INBOX if head.upper() == INBOX else head) + delimiter + tail
