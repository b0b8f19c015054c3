"""A submission server for tests that is logged in to with tokens alone."""

import asyncio
import base64
from collections.abc import Container

from aiosmtpd.smtp import MISSING, SMTP, AuthResult, Envelope, Session

REFUSED = b'{"status":"invalid_token","schemes":"bearer"}'


class TokenSmtp:
    """Takes the `tokens`, by the mechanisms it is told; `logins` says who came by what."""

    def __init__(self, tokens: Container[str], *mechanisms: str) -> None:
        self.tokens = tokens
        self.mechanisms = mechanisms
        self.logins: list[tuple[str, str]] = []
        self.mail: list[bytes] = []
        self.partings: list[bytes] = []
        self.echo = False
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        """Listen, and tell on which port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connection, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def _connection(self) -> SMTP:
        class Wide(SMTP):
            line_length_limit = 16 << 10

        handler = _Handler(self)
        for mechanism in self.mechanisms:
            setattr(handler, f"auth_{mechanism}", handler.present(mechanism))
        served = Wide(
            handler,
            hostname="localhost",
            auth_require_tls=False,
            auth_exclude_mechanism=["PLAIN", "LOGIN"],
            loop=asyncio.get_running_loop(),
        )
        served._auth_required = True
        return served


class _Handler:
    def __init__(self, server: TokenSmtp) -> None:
        self._server = server

    def present(self, mechanism: str):  # type: ignore[no-untyped-def]
        async def auth(smtp: SMTP, args: list[str]) -> AuthResult:
            shown = base64.b64decode(args[1]) if len(args) > 1 else await smtp.challenge_auth("")
            if shown is MISSING:
                return AuthResult(success=False, handled=True)
            fields = dict(
                part.partition("=")[::2] for part in shown.decode().split("\1") if "=" in part
            )
            user = fields.get("user") or shown.decode().split(",")[1].removeprefix("a=")
            token = fields["auth"].removeprefix("Bearer ")
            if token in self._server.tokens:
                self._server.logins.append((mechanism, user))
                return AuthResult(success=True, handled=False, auth_data=user)
            parting = await smtp.challenge_auth(REFUSED)
            if parting is not MISSING:
                self._server.partings.append(parting)
            told = f"535 5.7.8 bad token {token}" if self._server.echo else "535 5.7.8 Bad token"
            return AuthResult(success=False, handled=False, message=told)

        return auth

    async def handle_DATA(self, _smtp: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        self._server.mail.append(bytes(envelope.original_content or b""))
        return "250 2.0.0 Taken"
