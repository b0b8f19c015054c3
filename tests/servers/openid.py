"""An OpenID provider for tests: discovery, sign-in by device and by browser, rotating refresh
tokens that may be shown once, and introspection for servers that are shown its access tokens.

Its own over HTTPS on loopback, introspection over plain HTTP besides, for servers on this host.
"""

import base64
import hashlib
import itertools
import json
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import trustme

CLIENT = "tui-mail at Rossi"
_NUMBERS = itertools.count(1)
_GRANTS = {
    "refresh_token": "_refresh",
    "authorization_code": "_redeem",
    "urn:ietf:params:oauth:grant-type:device_code": "_device_token",
}


@dataclass
class Provider:
    """The provider and what happened there. `user`: who signs in with it."""

    folder: Path
    user: str = "anna@rossi.example"
    secret: str = ""
    lifetime: int = 3600
    devices: bool = True
    rotates: bool = True
    polls: deque[str] = field(default_factory=deque)
    """Errors that the next questions after a device get, before it is let in."""
    status: int = 200
    """What every question is answered with, when it is not 200."""
    body: bytes = b""
    """What every question after a token is answered with instead, when it is not empty."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """What the discovery document says instead."""
    headers: dict[str, str] = field(default_factory=dict)
    before_refresh: Callable[[], None] | None = None
    """What happens while a refresh token is on its way."""
    issued: list[str] = field(default_factory=list)
    active: set[str] = field(default_factory=set)
    refreshes: int = 0
    burned: int = 0
    questions: list[str] = field(default_factory=list)
    _good: set[str] = field(default_factory=set)
    _used: set[str] = field(default_factory=set)
    _challenges: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        authority = trustme.CA()
        self.ca_file = str(self.folder / "provider-ca.pem")
        authority.cert_pem.write_to_path(self.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(context)
        self._servers = [self._listen(context), self._listen(None)]
        self.issuer = f"https://localhost:{self._servers[0].server_port}"
        self.introspection = f"http://127.0.0.1:{self._servers[1].server_port}/introspect"

    def stop(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _listen(self, context: ssl.SSLContext | None) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        if context is not None:
            # The handshake is made in the thread of the connection, at its first byte.
            server.socket = context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return server

    # -- what a test does

    def sign_in(self) -> tuple[str, str]:
        """An access token and a refresh token, as a person who has agreed gets them."""
        with self._lock:
            given = self._tokens()
        return given["access_token"], given["refresh_token"]

    def end_sign_in(self) -> None:
        """The administrator ends every sign-in."""
        self._good.clear()
        self.active.clear()

    def agree(self, url: str, *, declined: bool = False) -> str:
        """What a browser ends at that was sent to `url`."""
        fields = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (fields["client_id"], fields["response_type"]) == (CLIENT, "code")
        assert fields["code_challenge_method"] == "S256"
        state = quote(fields["state"])
        if declined:
            return f"{fields['redirect_uri']}/?error=access_denied&state={state}"
        code = f"code-{next(_NUMBERS)}"
        self._challenges[code] = fields["code_challenge"]
        return f"{fields['redirect_uri']}/?state={state}&code={code}&scope=x"

    # -- what is asked

    def answer(self, path: str, form: dict[str, str], basic: str) -> tuple[int, dict[str, Any]]:
        if self.before_refresh is not None and form.get("grant_type") == "refresh_token":
            self.before_refresh()
        with self._lock:
            self.questions.append(path)
            if path == "/.well-known/openid-configuration":
                return 200, self._document()
            if path == "/introspect":
                good = form.get("token", "") in self.active
                return 200, {"active": good, **({"username": self.user} if good else {})}
            if form.get("client_id") != CLIENT or not self._knows(form, basic):
                return 401, {"error": "invalid_client"}
            if path == "/device" and self.devices:
                return 200, {
                    "device_code": f"device-{next(_NUMBERS)}",
                    "user_code": "WDJB-MJHT",
                    "verification_uri": "https://provider.example/device",
                    "expires_in": 60,
                    "interval": 1,
                }
            if path == "/token" and form.get("grant_type") in _GRANTS:
                found: tuple[int, dict[str, Any]] = getattr(self, _GRANTS[form["grant_type"]])(form)
                return found
            return 400, {"error": "invalid_request"}

    def _knows(self, form: dict[str, str], basic: str) -> bool:
        expected = base64.b64encode(f"{quote(CLIENT)}:{quote(self.secret)}".encode()).decode()
        return (
            not self.secret
            or basic == f"Basic {expected}"
            or form.get("client_secret") == self.secret
        )

    def _document(self) -> dict[str, Any]:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
        }
        if self.devices:
            document["device_authorization_endpoint"] = f"{self.issuer}/device"
        return {**document, **self.overrides}

    def _tokens(self) -> dict[str, Any]:
        access, refresh = f"access-{next(_NUMBERS)}", f"refresh-{next(_NUMBERS)}"
        self.issued.extend((access, refresh))
        self.active.add(access)
        self._good.add(refresh)
        return {
            "access_token": access,
            "refresh_token": refresh,
            "token_type": "Bearer",
            "expires_in": self.lifetime,
        }

    def _device_token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.polls:
            return 400, {"error": self.polls.popleft(), "error_description": form["device_code"]}
        return 200, self._tokens()

    def _redeem(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self._challenges.pop(form["code"], None) != challenge:
            return 400, {"error": "invalid_grant"}
        return 200, self._tokens()

    def _refresh(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        token = form["refresh_token"]
        if token in self._used:  # stolen, for all the provider knows: the whole sign-in ends
            self.burned += 1
            self._good.clear()
        if token not in self._good:
            return 400, {"error": "invalid_grant", "error_description": f"no such {token}"}
        self.refreshes += 1
        if not self.rotates:
            given = self._tokens()
            self._good.discard(given.pop("refresh_token"))
            return 200, given
        self._good.discard(token)
        self._used.add(token)
        return 200, self._tokens()


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            self._reply({})

        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            self._reply({name: values[0] for name, values in parse_qs(content).items()})

        def _reply(self, form: dict[str, str]) -> None:
            basic = self.headers.get("Authorization", "")
            status, found = provider.answer(urlsplit(self.path).path, form, basic)
            body = json.dumps(found).encode()
            if self.path == "/token" and provider.body:
                body = provider.body
            self.send_response(status if provider.status == 200 else provider.status)
            for name, value in provider.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — its name there
            """Nothing is said: tokens are in it."""

    return Handler
