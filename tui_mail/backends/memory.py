"""A mailbox and a submission server in memory: for demonstrations and tests of what is above.

Held to the same contract test as the real ones. Several stores can be open on one mailbox, as
several programs are on one account.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from tui_mail.backends.imap_folders import INBOX
from tui_mail.backends.imap_messages import message_key, stale_keys, uids_of
from tui_mail.errors import Offline, ProtocolRefused, WrongData, WrongPassword
from tui_mail.i18n import _
from tui_mail.mail.headers import originally
from tui_mail.mail.parse import parse
from tui_mail.values import (
    Delivery,
    Fetched,
    FolderChanges,
    FolderRole,
    Identity,
    OperationResult,
    RecipientResult,
    RemoteFolder,
    RemoteMessage,
    RemoteOperation,
    Verb,
)

_USUAL = {
    INBOX: FolderRole.INBOX,
    "Sent": FolderRole.SENT,
    "Drafts": FolderRole.DRAFTS,
    "Trash": FolderRole.TRASH,
}


@dataclass(frozen=True, slots=True)
class _Kept:
    """A message in a folder; `change` counts up with each change of the mailbox."""

    raw: bytes
    flags: frozenset[str]
    received_at: datetime
    change: int


@dataclass(slots=True)
class _Folder:
    role: FolderRole
    validity: int
    next_uid: int = 1
    vanished: int = 0  # the change at which something last went
    messages: dict[int, _Kept] = field(default_factory=dict)


class MemoryMailbox:
    """What a server holds for one user. `reachable` and `password` can be changed at any time."""

    def __init__(self, password: str = "") -> None:
        self.password = password
        self.reachable = True
        self._change = 0
        self._validity = 0
        self._inbox_stirred = asyncio.Event()
        self._folders: dict[str, _Folder] = {}
        for name, role in _USUAL.items():
            self._folders[name] = _Folder(role, self._next_validity())

    def deliver(
        self,
        raw: bytes,
        folder: str = INBOX,
        flags: frozenset[str] = frozenset(),
        received_at: datetime | None = None,
    ) -> str:
        """A message arrives; its key."""
        place = self._folder(folder)
        uid = place.next_uid
        place.next_uid += 1
        moment = received_at or datetime.now(UTC)
        place.messages[uid] = _Kept(raw, flags, moment.replace(microsecond=0), self._stir(folder))
        return message_key(place.validity, uid)

    def messages(self, folder: str = INBOX) -> dict[str, Fetched]:
        """What is in a folder now, by key."""
        place = self._folder(folder)
        return {
            (key := message_key(place.validity, uid)): Fetched(
                key, kept.raw, kept.flags, kept.received_at
            )
            for uid, kept in place.messages.items()
        }

    def flag(self, key: str, flags: frozenset[str], folder: str = INBOX) -> None:
        """A second client adds flags to a message."""
        self.apply(RemoteOperation(Verb.FLAGS, folder, (key,), add=flags))

    def remove(self, key: str, folder: str = INBOX) -> None:
        """A second client removes a message for good."""
        self.apply(RemoteOperation(Verb.DELETE, folder, (key,)))

    def renumber(self, folder: str = INBOX) -> None:
        """Keys so far mean nothing any more, as after a server is restored from a backup."""
        place = self._folder(folder)
        place.validity = self._next_validity()
        kept = list(place.messages.values())
        place.messages = dict(enumerate(kept, 1))
        place.next_uid = len(kept) + 1
        self._stir(folder)

    def folders(self) -> list[RemoteFolder]:
        """Every folder, the inbox first."""
        return [RemoteFolder(name, name, place.role) for name, place in self._folders.items()]

    def changes(self, folder: str, cursor: str) -> FolderChanges:
        """What changed since a cursor."""
        place = self._folder(folder)
        parts = [int(part) for part in cursor.split()] if cursor else []
        known = parts[1] if parts and parts[0] == place.validity else -1
        uids = sorted(place.messages, reverse=True)
        listed = tuple(
            RemoteMessage(message_key(place.validity, uid), place.messages[uid].flags)
            for uid in uids
            if place.messages[uid].change > known
        )
        complete = known < 0 or place.vanished > known
        present = tuple(message_key(place.validity, uid) for uid in uids) if complete else None
        cursor = f"{place.validity} {self._change}"
        return FolderChanges(cursor, listed, present, reset=bool(parts) and known < 0)

    def apply(self, operation: RemoteOperation) -> OperationResult:
        """Carry one change out."""
        if operation.verb is Verb.CREATE_FOLDER:
            name = operation.target.strip("/")
            self._folders.setdefault(name, _Folder(FolderRole.OTHER, self._next_validity()))
            return OperationResult({operation.target: name})
        if operation.verb is Verb.RENAME_FOLDER:
            return self._rename(operation.folder, operation.target.strip("/"))
        if operation.verb is Verb.DELETE_FOLDER:
            if operation.folder in self._folders and self._folders[operation.folder].messages:
                raise WrongData(
                    _("The folder was not deleted: in the meantime messages have come into it.")
                )
            self._folders.pop(operation.folder, None)
            return OperationResult()
        if operation.verb is Verb.APPEND:
            wanted = parse(operation.raw).message_id if operation.once else ""
            for key, one in self.messages(operation.folder).items():
                if wanted and parse(one.raw).message_id == wanted:
                    return OperationResult({"": key}, there=True)
            key = self.deliver(
                operation.raw, operation.folder, operation.add, operation.received_at
            )
            return OperationResult({"": key})
        place = self._folder(operation.folder)
        if stale := stale_keys(operation.keys, place.validity):
            return OperationResult(stale=stale)
        keys: dict[str, str] = {}
        asked = uids_of(operation.keys, place.validity)
        there = {uid: key for uid, key in asked.items() if uid in place.messages}
        for uid, key in there.items():
            kept = place.messages[uid]
            if operation.verb is Verb.FLAGS:
                flags = (kept.flags | operation.add) - operation.remove
                change = self._stir(operation.folder)
                place.messages[uid] = replace(kept, flags=flags, change=change)
                continue
            if operation.verb is Verb.MOVE:
                keys[key] = self.deliver(kept.raw, operation.target, kept.flags, kept.received_at)
            del place.messages[uid]
            place.vanished = self._stir(operation.folder)
        return OperationResult(keys, frozenset(operation.keys) - frozenset(there.values()))

    def _rename(self, old: str, new: str) -> OperationResult:
        if old not in self._folders and new in self._folders:  # done before
            return OperationResult({old: new})
        self._folder(old)
        inside = [name for name in self._folders if name == old or name.startswith(f"{old}/")]
        renamed = {name: new + name[len(old) :] for name in inside}
        if old != new and set(renamed.values()) & self._folders.keys():
            raise ProtocolRefused(_("There is a folder of this name already."))
        for name, other in renamed.items():
            self._folders[other] = self._folders.pop(name)
        return OperationResult(renamed)

    async def stirred(self, since: int, seconds: float) -> bool:
        """Wait until the inbox has changed after the change `since`."""
        try:
            async with asyncio.timeout(seconds):
                while self.inbox_change <= since:
                    self._inbox_stirred.clear()
                    await self._inbox_stirred.wait()
        except TimeoutError:
            return False
        return True

    @property
    def inbox_change(self) -> int:
        """The number of the last change of the inbox."""
        place = self._folders[INBOX]
        return max((place.vanished, *(kept.change for kept in place.messages.values())))

    def _folder(self, folder: str) -> _Folder:
        if folder not in self._folders:
            raise ProtocolRefused(_("The folder is not there any more."))
        return self._folders[folder]

    def _stir(self, folder: str) -> int:
        self._change += 1
        if folder == INBOX:
            self._inbox_stirred.set()
        return self._change

    def _next_validity(self) -> int:
        self._validity += 1
        return self._validity


class MemoryStore:
    """A MailStore on a `MemoryMailbox`."""

    def __init__(self, mailbox: MemoryMailbox, password: str = "") -> None:
        self._mailbox = mailbox
        self._password = password
        self._open = False
        self._seen = -1

    async def open(self) -> None:
        """Log in."""
        self._open = True
        self._check()
        if self._password != self._mailbox.password:
            self._open = False
            raise WrongPassword(_("The server does not accept this user and password."))
        self._seen = self._mailbox.inbox_change

    async def close(self) -> None:
        """Leave."""
        self._open = False

    async def folders(self) -> Sequence[RemoteFolder]:
        """Every folder, the inbox first."""
        self._check()
        return self._mailbox.folders()

    async def changes(self, folder: str, cursor: str) -> FolderChanges:
        """What changed in `folder` since `cursor`."""
        self._check()
        if folder == INBOX:
            self._seen = self._mailbox.inbox_change
        return self._mailbox.changes(folder, cursor)

    async def fetch(self, folder: str, keys: Sequence[str]) -> AsyncGenerator[Fetched, None]:
        """The messages of `keys` in whole; the gone are left out."""
        for key in keys:
            self._check()
            fetched = self._mailbox.messages(folder).get(key)
            if fetched is not None:
                yield fetched

    async def identities(self, folder: str, keys: Sequence[str]) -> dict[str, Identity]:
        """What tells the messages of `keys` apart."""
        self._check()
        there = self._mailbox.messages(folder)
        told = {key: parse(there[key].raw) for key in keys if key in there}
        return {
            key: Identity(one.message_id, one.size, there[key].received_at, originally(one.headers))
            for key, one in told.items()
            if one.message_id
        }

    async def apply(self, operation: RemoteOperation) -> OperationResult:
        """Carry one change out."""
        self._check()
        return self._mailbox.apply(operation)

    async def wait(self, seconds: float) -> bool:
        """Wait until the inbox changes or `seconds` pass."""
        self._check()
        changed = await self._mailbox.stirred(self._seen, seconds)
        self._check()
        self._seen = self._mailbox.inbox_change
        return changed

    def _check(self) -> None:
        if not self._open or not self._mailbox.reachable:
            raise Offline(_("The server is not reached: it is tried again later."))


@dataclass(frozen=True, slots=True)
class Handed:
    """A letter that a `MemorySender` was given, with those of its recipients that it took."""

    raw: bytes = field(repr=False)
    sender: str
    recipients: tuple[str, ...]


class MemorySender:
    """A Sender that keeps what it is given. `outcomes`: what to say of an address, else accepted."""

    def __init__(self) -> None:
        self.handed: list[Handed] = []
        self.outcomes: dict[str, RecipientResult] = {}
        self.reachable = True

    async def send(
        self, raw: bytes, sender: str, recipients: Sequence[str]
    ) -> Sequence[RecipientResult]:
        """Take a letter."""
        if not self.reachable:
            raise Offline(_("The server is not reached: it is tried again later."))
        results = [
            self.outcomes.get(address, RecipientResult(address, Delivery.ACCEPTED, "250 OK"))
            for address in recipients
        ]
        taken = tuple(r.address for r in results if r.delivery is Delivery.ACCEPTED)
        if taken:
            self.handed.append(Handed(raw, sender, taken))
        return results
