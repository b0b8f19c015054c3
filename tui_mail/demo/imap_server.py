"""An IMAP4rev1 server on loopback for the demo and for tests, with its mail in memory.

Hides sockets and sessions; what it serves is changed through `UserMailbox` while it runs.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping

from tui_mail.demo.imap_folders import FOLDER_COMMANDS
from tui_mail.demo.imap_messages import MESSAGE_COMMANDS
from tui_mail.demo.imap_session import MAX_LINE, Session, Site
from tui_mail.demo.imap_store import UserMailbox


class ImapServer:
    """The server, with switches for what can go wrong on the way to it."""

    def __init__(
        self,
        mailboxes: Mapping[str, UserMailbox],
        *,
        ssl_context: ssl.SSLContext | None = None,
        starttls_context: ssl.SSLContext | None = None,
        capabilities_off: frozenset[str] = frozenset(),
        capabilities_besides: tuple[str, ...] = (),
    ) -> None:
        """Serve these mailboxes by user name.

        `ssl_context` means TLS from the first byte; with `starttls_context` no password is taken
        before STARTTLS. What is in `capabilities_off` (in upper case) is neither offered nor done;
        `capabilities_besides` are offered, and it is the mailboxes that do them.
        """
        self._ssl_context = ssl_context
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._site = Site(
            mailboxes=mailboxes,
            commands={**FOLDER_COMMANDS, **MESSAGE_COMMANDS},
            starttls_context=starttls_context,
            capabilities_off=capabilities_off,
            capabilities_besides=capabilities_besides,
            flowing=self._flowing,
        )
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    @property
    def port(self) -> int:
        """The port that is listened on, once started."""
        if self._server is None:
            raise RuntimeError("the server is not running")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    @property
    def received(self) -> deque[str]:
        """The names of the last commands received, oldest first."""
        return self._site.received

    @property
    def refusals(self) -> dict[str, str]:
        """Commands that are answered NO with this text, by name (`UID STORE`): a fault hook."""
        return self._site.refusals

    @property
    def stalled(self) -> bool:
        """Whether the server accepts connections and commands and answers none: a fault hook."""
        return not self._flowing.is_set()

    @stalled.setter
    def stalled(self, value: bool) -> None:
        if value:
            self._flowing.clear()
        else:
            self._flowing.set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; raises OSError when the port is taken."""
        self._server = await asyncio.start_server(
            self._serve, host, port, ssl=self._ssl_context, limit=MAX_LINE
        )

    async def stop(self) -> None:
        """Stop listening and end every session."""
        if self._server is None:
            return
        self._server.close()
        sessions = list(self._connections)
        self.drop_connections()
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def drop_connections(self) -> None:
        """Cut every connection at once, without a goodbye: a fault hook."""
        for writer in list(self._connections.values()):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a session runs in a task")
        self._connections[task] = writer
        try:
            await Session(self._site, reader, writer).run()
        finally:
            del self._connections[task]
