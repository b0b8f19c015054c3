"""HTTP as an ERP is spoken to: one question after the other on one connection, answers of a bounded
size, read in a bounded time, asked again where the server says that it is busy.

Hides httpx. No redirect is followed, so that no key goes where nobody sent it; what is wrong becomes
a sentence of ours, without a word of what was asked.
"""

import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx

from tui_mail.connectors.place import Place
from tui_mail.errors import NotAllowed, Offline, ProtocolRefused, TlsRefused, TryLater
from tui_mail.i18n import _
from tui_mail.safetext import safe

_BUSY = frozenset({429, 502, 503, 504})
_LONGEST_WAIT = 60.0
_NO_NAME_WAIT = 2.0


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds`: for one answer, and for a piece of it to come; `size`: of an answer in bytes;
    `tries`: of one question, the first included."""

    seconds: float = 120.0
    silence: float = 30.0
    size: int = 64 << 20
    tries: int = 4


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """A complete answer."""

    status: int
    content: bytes


class Web:
    """The server at a place; to be closed."""

    def __init__(
        self,
        place: Place,
        headers: Mapping[str, str],
        limits: Limits,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises TlsRefused when the authorities of the place cannot be read."""
        self._host = safe(place.host)
        self._limits = limits
        self._sleep = sleep
        # As it is: what is packed could grow without end.
        own = {"Accept-Encoding": "identity", "User-Agent": "tui_mail"}
        self._client = httpx.Client(
            base_url=place.base,
            headers={**own, **headers},
            verify=_context(place.ca_file),
            timeout=limits.silence,
            follow_redirects=False,
            trust_env=place.base.startswith("https"),  # a proxy would read what is in the clear
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        content: bytes | None = None,
        kind: str = "application/json",
        may_fail: bool = False,
        once: bool = False,
    ) -> Reply:
        """The answer of 200, or with `may_fail` any that says what is wrong with the question.

        `once`: a question that would do something twice is not asked again.

        Raises Offline, TlsRefused, ProtocolRefused, NotAllowed, and TryLater while it is busy.
        """
        for left in range(0 if once else self._limits.tries - 1, -1, -1):
            reply, wait = self._once(method, path, query, content, kind)
            if reply.status not in _BUSY:
                break
            if not left:
                raise TryLater(
                    _("{host} is busy (status {status}): it is asked again later.").format(
                        host=self._host, status=reply.status
                    )
                )
            self._sleep(min(wait, _LONGEST_WAIT))
        if reply.status in {401, 403} and not may_fail:
            raise NotAllowed(
                _("{host} refuses the key: see that it is valid and may read this.").format(
                    host=self._host
                )
            )
        if 300 <= reply.status < 400:
            raise ProtocolRefused(
                _("{host} sends us elsewhere, which is not followed: check its address.").format(
                    host=self._host
                )
            )
        if reply.status != 200 and not may_fail:
            raise ProtocolRefused(
                _("{host} does not answer what it is asked (status {status}).").format(
                    host=self._host, status=reply.status
                )
            )
        return reply

    def object(self, reply: Reply) -> Any:
        """The JSON of an answer. Raises ProtocolRefused."""
        try:
            return json.loads(reply.content)
        except (ValueError, RecursionError) as error:
            raise self.nonsense() from error

    def nonsense(self) -> ProtocolRefused:
        return ProtocolRefused(
            _("{host} answers with something else than an ERP does: check its address.").format(
                host=self._host
            )
        )

    def _once(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        content: bytes | None,
        kind: str,
    ) -> tuple[Reply, float]:
        end = time.monotonic() + self._limits.seconds
        headers = {"Content-Type": kind} if content is not None else {}
        try:
            with self._client.stream(
                method, path, params=query, content=content, headers=headers
            ) as response:
                pieces = bytearray()
                for piece in response.iter_raw():
                    pieces += piece
                    if len(pieces) > self._limits.size:
                        raise ProtocolRefused(
                            _("{host} answered more than is accepted.").format(host=self._host)
                        )
                    if time.monotonic() > end:
                        raise httpx.ReadTimeout("")
                return Reply(response.status_code, bytes(pieces)), _wait(response)
        except httpx.TimeoutException as error:
            raise Offline(
                _("{host} does not answer in time: it is asked again later.").format(
                    host=self._host
                )
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise self._unreached(error) from error

    def _unreached(self, error: BaseException) -> Offline | TlsRefused:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLError):
                return TlsRefused(
                    _(
                        "{host} does not prove who it is: check the address, or name its"
                        " authority with ca_file=FILE."
                    ).format(host=self._host)
                )
            cause = cause.__cause__ or cause.__context__
        return Offline(
            _("{host} is not reached: see that it runs, and its address.").format(host=self._host)
        )


def _wait(response: httpx.Response) -> float:
    """Seconds that a busy server wants (RFC 9110 §10.2.3); where it says a date, or nothing, ours."""
    said = response.headers.get("Retry-After", "")
    return float(said) if said.isascii() and said.isdigit() and len(said) < 6 else _NO_NAME_WAIT


def _context(ca_file: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise TlsRefused(
            _("The certificate file {file} cannot be read: give another one.").format(file=ca_file)
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
