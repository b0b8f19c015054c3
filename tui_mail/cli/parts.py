"""What the command line needs of the concrete world: the composition root fills it in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tui_mail.values import Endpoint, Login

if TYPE_CHECKING:
    from tui_mail.blobs import FolderBlobs
    from tui_mail.cli.context import Context
    from tui_mail.connectors import Connector
    from tui_mail.db.engine import Database
    from tui_mail.db.tables import Account
    from tui_mail.vault import Vault
    from tui_mail.worker.connections import Connections


@dataclass(frozen=True, slots=True)
class Candidate:
    """Servers that an address may have, and where that was learned. `imap`: the mailbox's, whatever
    its `protocol` (imap, pop3)."""

    imap: Endpoint
    smtp: Endpoint
    user: str
    origin: str
    protocol: str = "imap"


@dataclass(frozen=True, slots=True)
class Parts:
    """Makers of concrete parts, each imported only when it is called."""

    vault: Callable[[Path, Path, Callable[[], str] | None, bool], "Vault"]
    blobs: Callable[[Path, "Vault"], "FolderBlobs"]
    connections: Callable[["Vault", "Database", Path], "Connections"]
    login: Callable[["Vault", "Database", "Account"], Login | None]
    connector: Callable[[str, str], "Connector"]
    discover: Callable[[str], Awaitable[Sequence[Candidate]]]
    check_sender: Callable[[Endpoint, Login | None], Awaitable[None]]
    console: Callable[["Context"], int]
