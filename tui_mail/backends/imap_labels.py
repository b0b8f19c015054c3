"""Folders that are labels: Gmail (X-GM-EXT-1), where a message is there once and shown in many.

Hides how its habits are those of folders: what has no label that is shown as a folder is in the
archive, which is the view of all mail; what is deleted goes to the trash, and only from there for good.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tui_mail.backends.imap_folders import INBOX, Listed
from tui_mail.backends.imap_syntax import Value
from tui_mail.values import RemoteOperation, Verb

CAPABILITY = "X-GM-EXT-1"
ITEM = b"X-GM-LABELS"

_MARK = "labels "  # of cursors of the archive
_BY_USE = {
    b"\\SENT": {b"\\SENT"},
    b"\\DRAFTS": {b"\\DRAFT", b"\\DRAFTS"},
    b"\\JUNK": {b"\\SPAM", b"\\JUNK"},
    b"\\TRASH": {b"\\TRASH"},
}


@dataclass(frozen=True, slots=True)
class Labels:
    """Which folder is the view of all mail, which the trash, and which labels others show.

    `ending`: folders from which messages are deleted for good.
    """

    everything: str
    trash: str
    ending: frozenset[str]
    shown: frozenset[bytes]

    def is_filed(self, labels: Value) -> bool:
        """Whether a message of these labels is in another folder than that of all mail."""
        found = labels if isinstance(labels, list) else [labels]
        return any(_plain(one) in self.shown for one in found if isinstance(one, bytes))

    def habit(self, operation: RemoteOperation) -> RemoteOperation | None:
        """What to do that an operation is done as it is meant; None: it is done already."""
        if operation.verb is not Verb.DELETE or operation.folder in self.ending:
            return operation
        if not operation.target:
            return RemoteOperation(Verb.MOVE, operation.folder, operation.keys, target=self.trash)
        return None if operation.folder == self.everything else operation

    def only_adds(self, operation: RemoteOperation) -> bool:
        """Whether a move adds a label and takes none away: nothing leaves the view of all mail."""
        return operation.folder == self.everything and operation.target not in self.ending


def labels_of(found: Iterable[Listed]) -> Labels | None:
    """What LIST says of labels; None without a view of all mail and a trash, which can be hidden."""
    folders = {
        one.key: one
        for one in found
        if one.attributes.isdisjoint({b"\\NOSELECT", b"\\NONEXISTENT"})
    }
    uses = {use: key for key, one in folders.items() for use in one.attributes}
    everything, trash = uses.get(b"\\ALL", ""), uses.get(b"\\TRASH", "")
    if not everything or not trash:
        return None
    shown: set[bytes] = {b"\\INBOX"}
    for key, one in folders.items():
        if key not in {INBOX, everything}:
            shown.add(_plain(one.name))
            shown.update(*(_BY_USE.get(use, set()) for use in one.attributes))
    ending = frozenset({trash, uses.get(b"\\JUNK", trash)})
    return Labels(everything, trash, ending, frozenset(shown))


def marked(cursor: str) -> str:
    """A cursor of the archive."""
    return _MARK + cursor


def unmarked(cursor: str) -> str:
    """What a cursor of the archive was made of; "" for one of a time when it held all mail."""
    return cursor.removeprefix(_MARK) if cursor.startswith(_MARK) else ""


def _plain(label: bytes) -> bytes:
    """System labels are the same in any case."""
    return label.upper() if label.startswith(b"\\") else label
