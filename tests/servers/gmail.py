"""A mailbox with the habits of Gmail, to be served by the embedded server: folders are labels.

A message is there once. A label put on and taken off is a folder entered and left, all mail stays in
the view of all mail until it goes to the trash, and who expunges it there sends it to the trash.
"""

from collections.abc import Iterable
from datetime import datetime

from tui_mail.demo.imap_store import INBOX, Folder, FolderExistsError, StoredMessage, UserMailbox
from tui_mail.demo.imap_syntax import encode_mailbox

CAPABILITY = "X-GM-EXT-1"
ALL_MAIL, TRASH, SPAM = "[Gmail]/All Mail", "[Gmail]/Trash", "[Gmail]/Spam"
SENT, DRAFTS = "[Gmail]/Sent Mail", "[Gmail]/Drafts"
STARRED, IMPORTANT = "[Gmail]/Starred", "[Gmail]/Important"
_FOLDERS = {
    "[Gmail]": "\\Noselect",
    ALL_MAIL: "\\All",
    DRAFTS: "\\Drafts",
    IMPORTANT: "\\Important",
    SENT: "\\Sent",
    SPAM: "\\Junk",
    STARRED: "\\Flagged",
    TRASH: "\\Trash",
}
_SYSTEM = {
    INBOX: b"\\Inbox",
    SENT: b"\\Sent",
    DRAFTS: b"\\Draft",
    STARRED: b"\\Starred",
    IMPORTANT: b"\\Important",
}
_APART = frozenset({TRASH, SPAM})


class Label(Folder):
    """A label, or the view of all mail; its messages are those of the mailbox."""

    mailbox: "GmailMailbox"

    def add(self, raw: bytes, flags: Iterable[str], when: datetime) -> StoredMessage:
        here = self.mailbox.held(self.name, raw)
        if here is not None:
            return here
        if self.name in _APART:
            self.mailbox.strip(raw)
        else:
            for name in _APART:
                self.mailbox.label(name).let_go(raw)
        added = super().add(raw, flags, when)
        if self.name not in {*_APART, ALL_MAIL}:
            self.mailbox.label(ALL_MAIL).add(raw, flags, when)
        self.mailbox.relabelled(raw)
        return added

    def expunge(self, uids: Iterable[int]) -> list[int]:
        raws = [self.messages[uid].raw for uid in uids if uid in self.messages]
        if self.name == ALL_MAIL:
            for raw in raws:
                here = self.mailbox.held(ALL_MAIL, raw)
                if here is not None:
                    self.mailbox.label(TRASH).add(raw, here.flags, here.when)
            return []
        gone = super().expunge(uids)
        for raw in raws:
            self.mailbox.relabelled(raw)
        return gone

    def set_flags(self, uid: int, flags: Iterable[str]) -> StoredMessage:
        wanted = tuple(flags)
        raw = self.messages[uid].raw
        for label in self.mailbox.labels_with(raw):
            there = self.mailbox.held(label.name, raw)
            if there is not None:
                Folder.set_flags(label, there.uid, wanted)
        return self.messages[uid]

    def let_go(self, raw: bytes) -> None:
        """The message is here no more, without a word elsewhere."""
        Folder.expunge(self, [one.uid for one in [*self.messages.values()] if one.raw == raw])

    def touch(self, raw: bytes) -> None:
        """Its labels changed: so does what MODSEQ counts."""
        here = self.mailbox.held(self.name, raw)
        if here is not None:
            self._touch(here)
            self.notify()


class GmailMailbox(UserMailbox):
    """All labels of one user; messages are told by their bytes."""

    def __init__(self, password: str) -> None:
        super().__init__(password, _FOLDERS)

    def create(self, name: str, use: str | None = None) -> Folder:
        made = super().create(name, use)
        if made.name not in self._folders:
            raise FolderExistsError(name)
        label = Label(made.name, made.uidvalidity, made.use)
        label.mailbox = self
        self._folders[made.name] = label
        return label

    def label(self, name: str) -> Label:
        found = self.folder(name)
        assert isinstance(found, Label)
        return found

    def held(self, name: str, raw: bytes) -> StoredMessage | None:
        """The message as it is in a folder, None when it is not there."""
        return next((one for one in self.messages(name) if one.raw == raw), None)

    def labels_with(self, raw: bytes) -> list[Label]:
        names = [name for name in self.folders if self.held(name, raw) is not None]
        return [self.label(name) for name in names]

    def strip(self, raw: bytes) -> None:
        """Take every label off a message, all mail included."""
        for label in self.labels_with(raw):
            label.let_go(raw)

    def relabelled(self, raw: bytes) -> None:
        self.label(ALL_MAIL).touch(raw)

    def told(self, message: StoredMessage) -> bytes:
        """X-GM-LABELS of a message, as the view of all mail tells it."""
        names = [one.name for one in self.labels_with(message.raw) if one.name != ALL_MAIL]
        written = (_SYSTEM.get(name) for name in names)
        quoted = [
            b'"' + system.replace(b"\\", b"\\\\") + b'"' if system else encode_mailbox(name)
            for name, system in zip(names, written, strict=True)
        ]
        return b"(" + b" ".join(quoted) + b")"
