"""HTTP as a provider of sign-in is spoken to: forms out, small JSON objects in, over TLS only.

Hides httpx. Redirects are not followed, so that no secret goes where nobody sent it.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tui_mail.backends.tls import connection_error
from tui_mail.errors import ProtocolRefused, TlsRefused
from tui_mail.i18n import _
from tui_mail.values import Endpoint

SECONDS = 15.0
"""For one question, all in all."""
_LIMIT = 256 << 10


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """`content`: a JSON object, None where the answer was something else."""

    host: str
    status: int
    content: Mapping[str, Any] | None


class Web:
    """Asks one question at a time, each on a connection of its own."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    @classmethod
    async def trusting(cls, ca_file: str) -> "Web":
        """One that trusts what the system does, and the authorities in `ca_file` where it is given.

        Raises `TlsRefused` when that cannot be read.
        """

        def context() -> ssl.SSLContext:
            made = ssl.create_default_context()
            made.minimum_version = ssl.TLSVersion.TLSv1_2
            if ca_file:
                made.load_verify_locations(ca_file)
            return made

        try:
            return cls(await asyncio.to_thread(context))
        except (OSError, ssl.SSLError) as error:
            raise TlsRefused(
                _("The certificate file {file} cannot be read: give another one.").format(
                    file=ca_file
                )
            ) from error

    async def get(self, url: str) -> Answer:
        """Raises `Offline`, `TlsRefused`, `ProtocolRefused`."""
        return await self._ask("GET", url, None, None)

    async def post(
        self, url: str, form: Mapping[str, str], basic: tuple[str, str] | None
    ) -> Answer:
        """A form, with a name and password where a provider wants them so; raises as `get` does."""
        return await self._ask("POST", url, form, basic)

    async def _ask(
        self, method: str, url: str, form: Mapping[str, str] | None, basic: tuple[str, str] | None
    ) -> Answer:
        try:
            place = httpx.URL(url)
        except (httpx.InvalidURL, ValueError) as error:
            raise ProtocolRefused(_("A provider has an address that is none.")) from error
        if place.scheme != "https" or not place.host:
            raise ProtocolRefused(
                _("{host} is asked over https only.").format(host=place.host or "–")
            )
        endpoint = Endpoint(place.host, place.port or 443)
        # As it is: what is packed could grow without end, and tokens do not pack.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        try:
            async with (
                asyncio.timeout(SECONDS),
                httpx.AsyncClient(
                    verify=self._context, timeout=SECONDS, follow_redirects=False
                ) as client,
                client.stream(
                    method,
                    place,
                    data=form,
                    headers=headers,
                    auth=httpx.BasicAuth(*basic) if basic else None,
                ) as response,
            ):
                content = await _content(response, place.host)
                status = response.status_code
        except (httpx.HTTPError, OSError, TimeoutError) as error:
            raise connection_error(endpoint, error) from error
        if 300 <= status < 400:
            raise ProtocolRefused(
                _("{host} sends us elsewhere, which is not followed: check its address.").format(
                    host=place.host
                )
            )
        return Answer(place.host, status, _object(content))


async def _content(response: httpx.Response, host: str) -> bytes:
    content = bytearray()
    async for piece in response.aiter_raw():
        content += piece
        if len(content) > _LIMIT:
            raise ProtocolRefused(_("{host} answered more than is accepted.").format(host=host))
    return bytes(content)


def _object(content: bytes) -> Mapping[str, Any] | None:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
