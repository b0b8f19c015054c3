"""An SMTP server on loopback for the demo and for tests, on aiosmtpd's protocol class.

Hides aiosmtpd. Whom to refuse and where mail goes is decided by two functions handed in.
"""

import asyncio
import hmac
import inspect
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

ACCEPTED = "250 2.0.0 Accepted"


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A message as it was handed in; `sender` is empty for a bounce, `user` without a login."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes
    user: str = ""


Replies = Sequence[str]
Deliver = Callable[[ReceivedMail], Replies | Awaitable[Replies]]
Refuse = Callable[[str], str | None]


def refuse_nobody(_address: str) -> str | None:
    """Take every recipient."""
    return None


class SmtpServer:
    """The server. Recipients are refused one by one at RCPT; DATA has one answer for all."""

    def __init__(
        self,
        deliver: Deliver,
        *,
        users: Mapping[str, str],
        refuse: Refuse = refuse_nobody,
        ssl_context: ssl.SSLContext | None = None,
        starttls_context: ssl.SSLContext | None = None,
        auth_required: bool = True,
    ) -> None:
        """Take mail from these users, by name and password.

        `deliver` returns a reply such as `250 2.0.0 Accepted` for each recipient, in order: DATA
        fails only if every one does. `refuse` returns a reply for a recipient who is not taken,
        or None. `ssl_context` means TLS from the first byte; with `starttls_context` no password
        is taken before STARTTLS.
        """
        self.lose_answers = False
        self._handler = _Handler(self, deliver, refuse, users)
        self._ssl_context = ssl_context
        self._starttls_context = starttls_context
        self._auth_required = auth_required
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()

    @property
    def port(self) -> int:
        """The port that is listened on, once started."""
        if self._server is None:
            raise RuntimeError("the server is not running")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; raises OSError when the port is taken."""
        # aiosmtpd logs addresses, and a warning of its own making at every login, which without
        # a handler would go to the terminal.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            self._new_connection, host, port, ssl=self._ssl_context
        )

    async def stop(self) -> None:
        """Stop listening and cut every connection."""
        if self._server is None:
            return
        self._server.close()
        tasks = [connection.task for connection in self._connections if connection.task]
        self.drop_connections()
        for task in tasks:  # one that waits for a TLS handshake hears of no lost connection
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    def drop_connections(self) -> None:
        """Cut every connection at once, without a goodbye: a fault hook."""
        for connection in list(self._connections):
            connection.abort()

    def _new_connection(self) -> asyncio.Protocol:
        connection = _Connection(
            self._handler,
            hostname="localhost",
            ident="tui_mail embedded server",
            enable_SMTPUTF8=True,
            tls_context=self._starttls_context,
            auth_require_tls=self._starttls_context is not None,
            authenticator=self._handler.authenticate,
            loop=asyncio.get_running_loop(),
        )
        connection.watch(self._connections, auth_required=self._auth_required)
        return connection


class _Connection(SMTP):
    """One connection, which can be listed and cut."""

    _open: "set[_Connection]"

    @property
    def task(self) -> "asyncio.Task[None] | None":
        """The task that serves the connection."""
        return self._handler_coroutine

    def watch(self, connections: "set[_Connection]", *, auth_required: bool) -> None:
        """List the connection while it is open, and say whether it needs a login."""
        self._open = connections
        # Not through the constructor, which warns when no TLS is asked for: this is loopback.
        self._auth_required = auth_required

    def abort(self) -> None:
        """Cut the connection."""
        transport = self._original_transport or self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._open.discard(self)
        super().connection_lost(error)


class _Handler:
    """What aiosmtpd asks at each step."""

    def __init__(
        self, server: SmtpServer, deliver: Deliver, refuse: Refuse, users: Mapping[str, str]
    ) -> None:
        self._server = server
        self._deliver = deliver
        self._refuse = refuse
        self._users = users

    def authenticate(
        self,
        _connection: SMTP,
        _session: Session,
        _envelope: Envelope,
        _mechanism: str,
        login: LoginPassword,
    ) -> AuthResult:
        """Check a password."""
        user = login.login.decode("utf-8", "replace")
        known = self._users.get(user)
        right = known is not None and hmac.compare_digest(known.encode("utf-8"), login.password)
        # Left at its default, `handled` would mean that the client has been answered already.
        return AuthResult(success=right, handled=False, auth_data=login)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd looks for this name
        self,
        _connection: SMTP,
        _session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Take or refuse a recipient."""
        refusal = self._refuse(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 Recipient taken"

    async def handle_DATA(  # noqa: N802 - aiosmtpd looks for this name
        self, connection: _Connection, session: Session, envelope: Envelope
    ) -> str:
        """Hand a message on, and answer for all its recipients at once."""
        content = envelope.original_content or b""
        login = session.auth_data
        mail = ReceivedMail(
            sender=(envelope.mail_from or "").removeprefix("<>"),
            recipients=tuple(envelope.rcpt_tos),
            raw=bytes(content),
            user=login.login.decode("utf-8", "replace") if login else "",
        )
        outcome = self._deliver(mail)
        replies = await outcome if inspect.isawaitable(outcome) else outcome
        if self._server.lose_answers:
            connection.abort()
        return next((reply for reply in replies if reply.startswith("2")), None) or replies[0]

    async def handle_exception(self, _error: Exception) -> str:
        """Answer what aiosmtpd could not read, without telling what it was."""
        return "451 4.3.0 Error in processing"
