"""A worker's surroundings for tests: a database, a home, and mailboxes on real servers."""

import asyncio
import hashlib
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import select, update
from sqlmodel import Session, col

from tests.servers.dovecot import Dovecot
from tui_mail.backends.imap import ImapStore
from tui_mail.backends.pace import Pace
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.backends.smtp import SmtpSender
from tui_mail.backends.spool import FolderSpool
from tui_mail.blobs import FolderBlobs
from tui_mail.db import accounts
from tui_mail.db.engine import Database
from tui_mail.db.flags import FLAG_COLUMNS, flags_of
from tui_mail.db.messages import source
from tui_mail.db.tables import Account, Folder, Message, Operation, Placement
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.mail.source import restore
from tui_mail.values import Endpoint, Login, Tls
from tui_mail.vault import open_vault
from tui_mail.worker.connections import Connections
from tui_mail.worker.ingest import Ingest
from tui_mail.worker.service import Worker, work_once

PASSWORD = "segreta"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_NUMBERS = itertools.count(1)


def letter(
    name: str,
    *,
    subject: str = "",
    sender: str = "luca@ferri.it",
    to: str = "vendite@rossi.it",
    answers: str = "",
    text: str = "Buongiorno",
) -> bytes:
    """A message whose Message-ID is `name`@test, answering the one of the name `answers`."""
    lines = [
        f"From: {sender}",
        f"To: {to}",
        f"Subject: {subject or name}",
        f"Message-ID: <{name}@test>",
        "Date: Mon, 23 Nov 2026 10:00:00 +0100",
        *([f"In-Reply-To: <{answers}@test>"] if answers else []),
        "",
        text,
    ]
    return "\r\n".join(lines).encode() + b"\r\n"


class Remote(Protocol):
    """A mailbox on a server, and what another program does to it."""

    def account(self) -> Account:
        """Our account there, without a sending server."""

    async def deliver(self, raw: bytes, folder: str = "INBOX") -> None: ...

    async def contents(self, folder: str = "INBOX") -> list[tuple[bytes, frozenset[str]]]:
        """Bytes and flags, as the server spells them, in the order of UIDs."""

    async def flag(self, number: int, *flags: str, folder: str = "INBOX") -> None:
        """Message `number`, counted from 1, gets exactly these flags."""

    async def remove(self, number: int, folder: str = "INBOX") -> None: ...

    async def move(self, number: int, target: str, folder: str = "INBOX") -> None: ...

    async def make(self, folder: str) -> None: ...

    async def rename(self, folder: str, name: str) -> None: ...

    async def drop(self, folder: str) -> None: ...


@dataclass
class DovecotRemote:
    server: Dovecot
    user: str = field(default_factory=lambda: f"worker{next(_NUMBERS)}")

    def __post_init__(self) -> None:
        self.server.add_user(self.user, PASSWORD)

    def account(self) -> Account:
        server = self.server
        return Account(
            email=f"{self.user}@rossi.it",
            user=self.user,
            host=server.host,
            port=server.port_imaps,
            ca_file=server.ca_file,
            secret=PASSWORD.encode(),
        )

    async def deliver(self, raw: bytes, folder: str = "INBOX") -> None:
        await asyncio.to_thread(self.server.deliver, self.user, raw, folder)

    async def contents(self, folder: str = "INBOX") -> list[tuple[bytes, frozenset[str]]]:
        def look(client: Any) -> list[tuple[bytes, frozenset[str]]]:
            client.select(folder, readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            found = []
            for number in numbers:
                told = client.fetch(number, "(FLAGS BODY.PEEK[])")[1]
                answer = next(one for one in told if isinstance(one, tuple))  # others: flags alone
                marks = answer[0].partition(b"FLAGS (")[2].partition(b")")[0].decode().split()
                found.append((answer[1], frozenset(marks) - {"\\Recent"}))
            return found

        result: list[tuple[bytes, frozenset[str]]] = await self._by_hand(look)
        return result

    async def flag(self, number: int, *flags: str, folder: str = "INBOX") -> None:
        marks = f"({' '.join(flags)})"
        await self._in(folder, lambda client: client.store(str(number), "FLAGS", marks))

    async def remove(self, number: int, folder: str = "INBOX") -> None:
        def act(client: Any) -> None:
            client.store(str(number), "+FLAGS", "(\\Deleted)")
            client.expunge()

        await self._in(folder, act)

    async def move(self, number: int, target: str, folder: str = "INBOX") -> None:
        await self._in(folder, lambda client: client._simple_command("MOVE", str(number), target))

    async def make(self, folder: str) -> None:
        await self._by_hand(lambda client: client.create(folder))

    async def rename(self, folder: str, name: str) -> None:
        await self._by_hand(lambda client: client.rename(folder, name))

    async def drop(self, folder: str) -> None:
        await self._by_hand(lambda client: client.delete(folder))

    async def _in(self, folder: str, act: Callable[[Any], Any]) -> None:
        def do(client: Any) -> None:
            client.select(folder)
            act(client)

        await self._by_hand(do)

    async def _by_hand(self, act: Callable[[Any], Any]) -> Any:
        def run() -> Any:
            client: Any = self.server.second_client(self.user)
            if "MOVE" in client.capabilities:
                client.state = "AUTH"
            import imaplib

            imaplib.Commands.setdefault("MOVE", ("SELECTED",))
            try:
                return act(client)
            finally:
                client.logout()

        return await asyncio.to_thread(run)


@dataclass
class EmbeddedRemote:
    server: ImapServer
    mailbox: UserMailbox
    user: str

    def account(self) -> Account:
        return Account(
            email=f"{self.user}@rossi.it",
            user=self.user,
            host="127.0.0.1",
            port=self.server.port,
            tls=Tls.NONE,
            secret=PASSWORD.encode(),
        )

    async def deliver(self, raw: bytes, folder: str = "INBOX") -> None:
        self.mailbox.deliver(folder, raw)

    async def contents(self, folder: str = "INBOX") -> list[tuple[bytes, frozenset[str]]]:
        return [(one.raw, one.flags) for one in self.mailbox.messages(folder)]

    async def flag(self, number: int, *flags: str, folder: str = "INBOX") -> None:
        self.mailbox.set_flags(folder, self._uid(number, folder), flags)

    async def remove(self, number: int, folder: str = "INBOX") -> None:
        self.mailbox.delete(folder, self._uid(number, folder))

    async def move(self, number: int, target: str, folder: str = "INBOX") -> None:
        one = self.mailbox.messages(folder)[number - 1]
        self.mailbox.deliver(target, one.raw, one.flags, one.when)
        self.mailbox.delete(folder, one.uid)

    async def make(self, folder: str) -> None:
        self.mailbox.create(folder)

    async def rename(self, folder: str, name: str) -> None:
        self.mailbox.rename(folder, name)

    async def drop(self, folder: str) -> None:
        self.mailbox.remove(folder)

    def _uid(self, number: int, folder: str) -> int:
        return self.mailbox.messages(folder)[number - 1].uid


@dataclass(frozen=True)
class Held:
    """A message in a folder, as the database has it."""

    message_id: int
    placement_id: int
    folder: str
    header: str
    content_hash: str
    flags: frozenset[str]
    thread_id: int


@dataclass
class Office:
    """Everything a worker needs, and what it did."""

    database: Database
    folder: Path
    ingest: Ingest
    blobs: FolderBlobs
    spool: FolderSpool
    operator_id: int = 0
    deadline: float = 20
    rearm: float = 540

    def __post_init__(self) -> None:
        self.locks.mkdir(exist_ok=True)
        self.operator_id = self.database.write_now(accounts.operator_for, "anna").id or 0

    @property
    def locks(self) -> Path:
        return self.folder / "locks"

    @property
    def connections(self) -> Connections:
        def login(account: Account) -> Login:
            return Login(account.user or account.email, (account.secret or b"").decode())

        def store(account: Account, pace: Pace) -> ImapStore:
            endpoint = Endpoint(account.host, account.port, Tls(account.tls), account.ca_file)
            return ImapStore(
                endpoint,
                login(account),
                spool=self.spool,
                only_subscribed=account.only_subscribed,
                deadline=self.deadline,
                rearm=self.rearm,
                pace=pace,
            )

        def drop(account: Account, pace: Pace) -> Pop3Drop:
            endpoint = Endpoint(account.host, account.port, Tls(account.tls), account.ca_file)
            return Pop3Drop(endpoint, login(account), deadline=self.deadline, pace=pace)

        def sender(account: Account) -> SmtpSender:
            endpoint = Endpoint(account.smtp_host, account.smtp_port, Tls(account.smtp_tls))
            return SmtpSender(endpoint, login(account), timeout=self.deadline)

        return Connections(store, sender, drop)

    async def add(self, account: Account) -> int:
        added = await self.database.write(accounts.add_account, account, self.operator_id)
        assert added.id is not None
        return added.id

    def worker(self, *, check_seconds: float = 600) -> Worker:
        return Worker(
            self.database,
            self.connections,
            self.ingest,
            locks=self.locks,
            check_seconds=check_seconds,
        )

    async def once(self) -> dict[int, Any]:
        return await work_once(self.database, self.connections, self.ingest, locks=self.locks)

    async def sync(self) -> None:
        """`once`, and everything went well."""
        errors = {key: error for key, error in (await self.once()).items() if error is not None}
        assert not errors

    async def held(self, folder: str = "") -> list[Held]:
        """What is here, in all folders when none is named, in the order of arrival."""
        return [one for one in await self.database.read(_held) if folder in {"", one.folder}]

    async def names(self, folder: str = "INBOX") -> list[str]:
        """Which messages are here, by the names that `letter` gave them."""
        return sorted(one.header.removesuffix("@test") for one in await self.held(folder))

    async def raw(self, message_id: int) -> bytes:
        skeleton, _blobs = await self.database.read(source, None, message_id)
        return await asyncio.to_thread(restore, skeleton, self.blobs.open)

    async def raws(self) -> set[bytes]:
        """Every stored message as it came."""
        return {await self.raw(one.message_id) for one in await self.held()}

    async def status(self) -> str:
        """The error of the first account."""
        return (await self.database.read(accounts.statuses, self.operator_id))[0].trouble


def office_on(database: Database, folder: Path) -> Office:
    folder.mkdir(exist_ok=True)
    vault = open_vault(folder / "key")
    blobs = FolderBlobs(folder / "attachments", vault)
    spool = FolderSpool(folder / "spool", vault)
    return Office(database, folder, Ingest(database, blobs), blobs, spool)


def _held(session: Session) -> list[Held]:
    statement = (
        select(
            col(Message.id),
            col(Placement.id),
            col(Folder.name),
            col(Message.message_id),
            col(Message.content_hash),
            col(Message.thread_id),
            *FLAG_COLUMNS,
        )
        .join(Placement, col(Placement.message_id) == col(Message.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .order_by(col(Placement.id))
    )
    return [
        Held(row[0], row[1], row[2], row[3], row[4], flags_of(row[6:]), row[5])
        for row in session.execute(statement)
    ]


def make_due(session: Session) -> None:
    """What was put off is to be tried now."""
    session.execute(update(Operation).values(next_try=None))


def hashes(raws: list[bytes]) -> list[str]:
    return sorted(hashlib.sha256(raw).hexdigest() for raw in raws)


async def until(condition: Callable[[], object], *, what: str = "", seconds: float = 30) -> None:
    """Wait for a condition; fails when it does not come true."""
    end = time.monotonic() + seconds
    while True:
        outcome = condition()
        if await outcome if isinstance(outcome, Awaitable) else outcome:
            return
        assert time.monotonic() < end, f"not in {seconds} s: {what or 'what was waited for'}"
        await asyncio.sleep(0.02)
