"""PORTS of mail: a store that is fetched from, and a sender. A new protocol is one new file."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

from tui_mail.values import (
    Fetched,
    FolderChanges,
    Identity,
    OperationResult,
    RecipientResult,
    RemoteFolder,
    RemoteOperation,
)


class MailStore(Protocol):
    """A mailbox on a server. One connection, used by one task; every method may raise
    `Offline`, `ProtocolRefused`, `TlsRefused`, `WrongPassword`.
    """

    async def open(self) -> None:
        """Connect, make private, log in."""

    async def close(self) -> None:
        """Leave politely when possible; never raises."""

    async def folders(self) -> Sequence[RemoteFolder]:
        """Every folder, the inbox first."""

    async def changes(self, folder: str, cursor: str) -> FolderChanges:
        """What changed in `folder` (a RemoteFolder.key) since `cursor` ("" for all)."""

    def fetch(self, folder: str, keys: Sequence[str]) -> AsyncIterator[Fetched]:
        """The messages of `keys` in whole, in whatever order they come; the gone are left out."""

    async def identities(self, folder: str, keys: Sequence[str]) -> Mapping[str, Identity]:
        """What tells the messages of `keys`, by key; the gone, and what cannot be told, are left out."""

    async def apply(self, operation: RemoteOperation) -> OperationResult:
        """Carry one change out on the server."""

    async def wait(self, seconds: float) -> bool:
        """Wait until the inbox changes (IDLE, RFC 2177), or another folder where the server tells
        that, or `seconds` pass; True when something changed."""


class Sender(Protocol):
    """A submission server (RFC 6409)."""

    async def send(
        self, raw: bytes, sender: str, recipients: Sequence[str]
    ) -> Sequence[RecipientResult]:
        """Hand `raw` over, one result a recipient.

        Raises `Offline`, `TlsRefused`, `WrongPassword`, `ProtocolRefused` only while it is certain
        that nothing was accepted; once the data is on its way an unanswered recipient is UNKNOWN.
        """
