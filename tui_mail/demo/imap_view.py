"""What one session knows of its selected folder, and what it has not been told of yet.

Hides message sequence numbers: they are this session's own, and change only when it is told.
"""

from bisect import bisect_left
from collections.abc import Iterable

from tui_mail.demo.imap_store import Folder, StoredMessage
from tui_mail.demo.imap_syntax import MalformedError, NumberSet


class View:
    """The numbered messages of a folder as one session sees them."""

    def __init__(self, folder: Folder, *, read_only: bool) -> None:
        self.folder = folder
        self.read_only = read_only
        self.uids = list(folder.messages)
        self.recent: set[int] = set()
        self._next_uid = folder.uidnext
        self._modseq = folder.highest_modseq
        self._expunge_count = folder.expunge_count
        self._own: dict[int, int] = {}
        self._claim_recent(self.uids)

    def chosen(self, numbers: NumberSet, *, by_uid: bool) -> list[tuple[int, int]]:
        """Return (sequence number, UID) of the messages named by a set.

        A sequence number beyond the last message is Malformed; unknown UIDs are passed over.
        """
        if by_uid:
            return [(self.number(uid), uid) for uid in numbers.pick(self.uids)]
        count = len(self.uids)
        beyond = any(high > count for _, high in numbers.bounds(count))
        # 1:* is a fair question about an empty folder too.
        if beyond and (count or all(low and high for low, high in numbers.ranges)):
            raise MalformedError("no message with that number")
        return [(number, self.uids[number - 1]) for number in numbers.pick(range(1, count + 1))]

    def number(self, uid: int) -> int:
        """Return the sequence number of a UID in this view, 0 when it is not in it."""
        index = bisect_left(self.uids, uid)
        return index + 1 if index < len(self.uids) and self.uids[index] == uid else 0

    def flags(self, message: StoredMessage) -> bytes:
        r"""Return the flags of a message as written, with this session's `\Recent`."""
        flags = sorted(message.flags)
        if message.uid in self.recent:
            flags.append("\\Recent")
        return b"(" + " ".join(flags).encode("ascii", "replace") + b")"

    def remember_own(self, messages: Iterable[StoredMessage]) -> None:
        """Note changes that this session made and has been answered: it is not told of them."""
        self._own.update((message.uid, message.modseq) for message in messages)

    def news(self, *, expunges: bool, modseq: bool) -> list[bytes]:
        """Return the untagged answers that bring the session up to date, and count them told.

        `expunges`: whether EXPUNGE may be sent now (RFC 3501 section 7.4.1); `modseq`: whether
        flag changes carry MODSEQ.
        """
        lines: list[bytes] = []
        if expunges and self.folder.expunge_count != self._expunge_count:
            lines.extend(self._expunged())
        if self.folder.highest_modseq > self._modseq:
            lines.extend(self._flagged(with_modseq=modseq))
        if self.folder.uidnext > self._next_uid:
            lines.extend(self._arrived())
        self._modseq = self.folder.highest_modseq
        self._own.clear()
        return lines

    def _expunged(self) -> list[bytes]:
        messages = self.folder.messages
        gone = [index for index, uid in enumerate(self.uids) if uid not in messages]
        self.uids = [uid for uid in self.uids if uid in messages]
        self.recent.intersection_update(self.uids)
        self._expunge_count = self.folder.expunge_count
        # From the highest down, so that no number told shifts another still to be told.
        return [b"* %d EXPUNGE" % (index + 1) for index in reversed(gone)]

    def _flagged(self, *, with_modseq: bool) -> list[bytes]:
        lines = []
        for uid in self.folder.changed_since(self._modseq):
            message = self.folder.messages[uid]
            number = self.number(uid)
            if number and self._own.get(uid) != message.modseq:
                tail = b" MODSEQ (%d)" % message.modseq if with_modseq else b""
                lines.append(
                    b"* %d FETCH (UID %d FLAGS %b%b)" % (number, uid, self.flags(message), tail)
                )
        return lines

    def _arrived(self) -> list[bytes]:
        arrived = self.folder.new_since(self._next_uid)
        self._next_uid = self.folder.uidnext
        self.uids.extend(arrived)
        self._claim_recent(arrived)
        return [b"* %d EXISTS" % len(self.uids), b"* %d RECENT" % len(self.recent)]

    def _claim_recent(self, uids: Iterable[int]) -> None:
        self.recent.update(uid for uid in uids if uid >= self.folder.recent_from)
        if not self.read_only:
            self.folder.recent_from = self.folder.uidnext
