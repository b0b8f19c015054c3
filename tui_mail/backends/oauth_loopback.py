"""Where a browser comes back to after a sign-in (RFC 8252 §7.3): a port of this machine, once.

Hides HTTP, and checks that who comes back is who was sent. A browser on another machine finds
nobody there; the address that it shows then holds the same, and can be read here as text.
"""

import asyncio
import contextlib
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tui_mail.errors import NotAllowed, WrongData
from tui_mail.i18n import _

_LINE_LIMIT = 16 << 10
_SECONDS = 10.0


class Loopback:
    """Listens on 127.0.0.1 while it is entered; `redirect` is its address."""

    def __init__(self) -> None:
        self.redirect = ""
        self._server: asyncio.Server | None = None
        self._came: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._state = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0, limit=_LINE_LIMIT)
        self.redirect = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._came.cancel()

    async def code(self, state: str) -> str:
        """The code that a browser brings which was sent with `state`. Raises NotAllowed when the
        person declined."""
        self._state = state
        return code_in(await self._came, state)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_SECONDS):
                words = (await reader.readuntil(b"\r\n")).decode("ascii", "replace").split()
                target = words[1] if len(words) == 3 and words[0] == "GET" else ""
                ours = bool(self._state) and _fields(target).get("state") == self._state
                page = _("You can close this page and go back to the terminal.") if ours else ""
                body = page.encode()
                head = (
                    f"HTTP/1.1 {'200 OK' if ours else '404 Not Found'}\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
                if ours and not self._came.done():
                    self._came.set_result(target)
        writer.close()


def code_in(address: str, state: str) -> str:
    """The code in the address that a browser came back to, or shows. Raises NotAllowed when the
    person declined, WrongData when it is not the answer to this sign-in."""
    fields = _fields(address.strip())
    if fields.get("state") == state:
        if fields.get("code"):
            return fields["code"]
        if fields.get("error") == "access_denied":
            raise NotAllowed(_("The sign-in was declined: nothing is changed."))
    raise WrongData(
        _("This is not the address that the browser came back to: copy all of it, then try again.")
    )


def _fields(address: str) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    except ValueError:
        return {}
