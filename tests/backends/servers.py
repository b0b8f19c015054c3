"""Servers for the contract of MailStore: each gives stores, and a second client's hands."""

import asyncio
import itertools
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, Self

import trustme

from tests.servers.dovecot import Dovecot
from tui_mail.backends import MailStore
from tui_mail.backends.imap import ImapStore
from tui_mail.backends.memory import MemoryMailbox, MemoryStore
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.values import Endpoint, Login, Tls

HANG_UP = b"(hang up)"
UPGRADE = b"(begin tls)"
PASSWORD = 'segreta "più" \\x'
_NUMBERS = itertools.count(1)


class Bench(Protocol):
    """A server with one user's mailbox, and what a second client does there."""

    tells_new_keys: bool
    pushes: bool

    def store(self, password: str = PASSWORD) -> MailStore:
        """A new store, not open."""

    async def deliver(self, raw: bytes) -> None:
        """A message arrives in the inbox."""

    async def flag(self, key: str, *flags: str) -> None:
        """A second client adds system flags (`\\Seen`) or keywords in the inbox."""

    async def remove(self, key: str) -> None:
        """A second client removes a message of the inbox for good."""

    async def renumber(self) -> bool:
        """The inbox gets a new UIDVALIDITY; False where that cannot be done."""


def _uid(key: str) -> int:
    return int(key.split(":")[1])


@dataclass
class DovecotBench:
    """Dovecot, by any of its doors."""

    server: Dovecot
    endpoint: Endpoint
    tells_new_keys: bool = True
    pushes: bool = True

    def __post_init__(self) -> None:
        self.user = f"user{next(_NUMBERS)}"
        self.server.add_user(self.user, PASSWORD)

    def store(self, password: str = PASSWORD) -> MailStore:
        return ImapStore(self.endpoint, Login(self.user, password), deadline=20)

    async def deliver(self, raw: bytes) -> None:
        await asyncio.to_thread(self.server.deliver, self.user, raw)

    async def flag(self, key: str, *flags: str) -> None:
        await asyncio.to_thread(self._by_hand, key, flags, expunge=False)

    async def remove(self, key: str) -> None:
        await asyncio.to_thread(self._by_hand, key, ("\\Deleted",), expunge=True)

    async def renumber(self) -> bool:
        return False

    def _by_hand(self, key: str, flags: Iterable[str], *, expunge: bool) -> None:
        client = self.server.second_client(self.user)
        client.select()
        client.uid("STORE", str(_uid(key)), "+FLAGS", f"({' '.join(flags)})")
        if expunge:
            client.uid("EXPUNGE", str(_uid(key)))
        client.logout()


@dataclass
class EmbeddedBench:
    """The server of the demo."""

    server: ImapServer
    mailbox: UserMailbox
    endpoint: Endpoint
    tells_new_keys: bool = True
    pushes: bool = True

    def store(self, password: str = PASSWORD) -> MailStore:
        return ImapStore(self.endpoint, Login("anna", password), deadline=20)

    async def deliver(self, raw: bytes) -> None:
        self.mailbox.deliver("INBOX", raw)

    async def flag(self, key: str, *flags: str) -> None:
        there = next(m for m in self.mailbox.messages("INBOX") if m.uid == _uid(key))
        self.mailbox.set_flags("INBOX", there.uid, {*there.flags, *flags})

    async def remove(self, key: str) -> None:
        self.mailbox.delete("INBOX", _uid(key))

    async def renumber(self) -> bool:
        self.mailbox.change_uidvalidity("INBOX")
        return True


class MemoryBench:
    """The mailbox in memory."""

    tells_new_keys = True
    pushes = True

    def __init__(self) -> None:
        self.mailbox = MemoryMailbox(PASSWORD)

    def store(self, password: str = PASSWORD) -> MailStore:
        return MemoryStore(self.mailbox, password)

    async def deliver(self, raw: bytes) -> None:
        self.mailbox.deliver(raw)

    async def flag(self, key: str, *flags: str) -> None:
        people = frozenset(f[1:].lower() if f.startswith("\\") else f for f in flags)
        self.mailbox.flag(key, people)

    async def remove(self, key: str) -> None:
        self.mailbox.remove(key)

    async def renumber(self) -> bool:
        self.mailbox.renumber()
        return True


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self, folder: str) -> None:
        self._authority = trustme.CA()
        self.file = f"{folder}/ca.pem"
        self._authority.cert_pem.write_to_path(self.file)

    def context(self, *names: str, expired: bool = False) -> ssl.SSLContext:
        """A server's context with a certificate for `names`, by default this machine."""
        until = datetime(2020, 1, 1, tzinfo=UTC) if expired else None
        certificate = self._authority.issue_cert(
            *(names or ("localhost", "127.0.0.1")), not_after=until
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        return context


class Scripted:
    """A server that says what it is told to, for what no honest server does."""

    def __init__(
        self,
        *script: bytes,
        context: ssl.SSLContext | None = None,
        starttls_context: ssl.SSLContext | None = None,
    ) -> None:
        """`script`: the greeting, then one answer to each line that comes; `%b` is its tag.

        An answer may end in HANG_UP, or in UPGRADE, after which TLS begins.
        """
        self._script = script
        self._context = context
        self._starttls_context = starttls_context
        self._tasks: list[asyncio.Task[None]] = []
        self.lines: list[bytes] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", 0, ssl=self._context, limit=1 << 26
        )
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def endpoint(self, tls: Tls = Tls.NONE) -> Endpoint:
        return Endpoint("127.0.0.1", self.port, tls)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.append(task)
        try:
            for number, answer in enumerate(self._script):
                line = await self._read(reader, writer) if number else b""
                if number and not line:
                    return
                tag = line.split(b" ")[0].strip()
                words = answer.removesuffix(HANG_UP).removesuffix(UPGRADE)
                writer.write(words.replace(b"%b", tag))
                if answer.endswith(HANG_UP):
                    writer.close()
                    return
                await writer.drain()
                if answer.endswith(UPGRADE) and self._starttls_context is not None:
                    await writer.start_tls(self._starttls_context)
            while await self._read(reader, writer):
                pass
        except (ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """The next line; nothing at the end, or when the client takes its leave."""
        line = await reader.readline()
        if line:
            self.lines.append(line)
        if line.endswith(b" LOGOUT\r\n"):
            writer.write(b"* BYE\r\n" + line.split(b" ")[0] + b" OK\r\n")
            return b""
        if line == b"QUIT\r\n":
            writer.write(b"221 bye\r\n")
            return b""
        return line
