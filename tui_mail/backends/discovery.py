"""Finds the servers of an e-mail address: known providers, autoconfig, DNS, then good guesses.

Hides HTTP, XML and DNS. Everything is asked at the same time, within a few seconds, and whatever
does not answer is simply not there: nothing here raises for want of a network.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote
from xml.etree.ElementTree import Element, ParseError

import defusedxml
import dns.asyncresolver
import dns.exception
import dns.rdatatype
import httpx
from defusedxml.ElementTree import fromstring

from tui_mail.backends import providers
from tui_mail.backends.smtp import check_address
from tui_mail.values import Endpoint, Tls

SECONDS = 6.0
_HTTP_SECONDS = 5.0
_DNS_SECONDS = 3.0
_DOCUMENT_LIMIT = 256 << 10
_HOST_LIMIT = 253
_SOCKETS = {"SSL": Tls.IMPLICIT, "STARTTLS": Tls.STARTTLS}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Servers that may be the ones. `origin`: provider, autoconfig, dns, exchanger or guess."""

    imap: Endpoint
    smtp: Endpoint
    user: str
    origin: str


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """An SRV record (RFC 2782): smaller priority first, then greater weight."""

    priority: int
    weight: int
    host: str
    port: int


class NameService(Protocol):
    """The DNS as far as it is needed; what is not found is an empty answer."""

    async def services(self, name: str) -> Sequence[ServiceRecord]:
        """The SRV records of a name."""

    async def exchangers(self, domain: str) -> Sequence[str]:
        """The MX hosts of a domain, the preferred first."""


class SystemNameService:
    """The name servers that this machine is set up with."""

    async def services(self, name: str) -> Sequence[ServiceRecord]:
        """The SRV records of a name."""
        return [
            ServiceRecord(record.priority, record.weight, str(record.target), record.port)
            for record in await self._ask(name, dns.rdatatype.SRV)
        ]

    async def exchangers(self, domain: str) -> Sequence[str]:
        """The MX hosts of a domain, the preferred first."""
        records = await self._ask(domain, dns.rdatatype.MX)
        return [str(r.exchange) for r in sorted(records, key=lambda r: int(r.preference))]

    async def _ask(self, name: str, kind: dns.rdatatype.RdataType) -> list[Any]:
        try:
            resolver = await asyncio.to_thread(dns.asyncresolver.Resolver)
            answer = await resolver.resolve(name, kind, lifetime=_DNS_SECONDS)
        except (dns.exception.DNSException, OSError, ValueError):
            return []
        return list(answer)


async def discover(
    email: str,
    *,
    names: NameService | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
    seconds: float = SECONDS,
) -> list[Candidate]:
    """Candidates for an address, the best first, each once, within `seconds`.

    `names` and `transport` stand in for the DNS and for HTTP. Raises `WrongData` when `email` is
    no address.
    """
    check_address(email)
    domain = _ascii_domain(email)
    known = providers.by_domain(domain)
    if known is not None:
        return [Candidate(known.imap, known.smtp, email, "provider")]
    service = names or SystemNameService()
    found = await _within(
        seconds,
        _autoconfigured(email, domain, transport),
        _from_services(email, domain, service),
        _from_exchanger(email, domain, service),
    )
    return list(dict.fromkeys([*found, *_guesses(email, domain)]))


async def _within(seconds: float, *searches: Awaitable[list[Candidate]]) -> list[Candidate]:
    """What the searches found in time, in their order."""
    tasks = [asyncio.ensure_future(search) for search in searches]
    try:
        await asyncio.wait(tasks, timeout=seconds)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return [
        candidate
        for task in tasks
        if not task.cancelled() and task.exception() is None
        for candidate in task.result()
    ]


def _ascii_domain(email: str) -> str:
    domain = email.rpartition("@")[2].lower().rstrip(".")
    with contextlib.suppress(UnicodeError):
        return domain.encode("idna").decode()
    return domain


# -- Mozilla's autoconfig ------------------------------------------------------------------------


async def _autoconfigured(
    email: str, domain: str, transport: httpx.AsyncBaseTransport | None
) -> list[Candidate]:
    addresses = (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={quote(email)}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
    )
    try:
        async with httpx.AsyncClient(transport=transport, timeout=_HTTP_SECONDS) as client:
            documents = await asyncio.gather(*(_document(client, url) for url in addresses))
    except (httpx.HTTPError, OSError):
        return []
    return [candidate for document in documents for candidate in read_autoconfig(document, email)]


async def _document(client: httpx.AsyncClient, url: str) -> bytes:
    """What an address serves, empty when it cannot be had. No redirects: https as asked, only."""
    content = bytearray()
    try:
        async with asyncio.timeout(_HTTP_SECONDS), client.stream("GET", url) as response:
            if response.status_code != httpx.codes.OK:
                return b""
            async for piece in response.aiter_bytes():
                content += piece
                if len(content) > _DOCUMENT_LIMIT:
                    return b""
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, UnicodeError):
        return b""
    return bytes(content)


def read_autoconfig(document: bytes, email: str) -> list[Candidate]:
    """The candidates in a config-v1.1 document; none when it is unreadable or offers no privacy.

    Of several servers the first private ones are taken, as the document lists them by preference.
    """
    if not document:
        return []
    try:
        root = fromstring(document)
    except (ParseError, defusedxml.DefusedXmlException, ValueError, LookupError):
        return []
    incoming = _first_server(root.iter("incomingServer"), "imap", email)
    outgoing = _first_server(root.iter("outgoingServer"), "smtp", email)
    if incoming is None or outgoing is None:
        return []
    return [Candidate(incoming[0], outgoing[0], incoming[1], "autoconfig")]


def _first_server(servers: Iterable[Element], kind: str, email: str) -> tuple[Endpoint, str] | None:
    for server in servers:
        tls = _SOCKETS.get((server.findtext("socketType") or "").strip().upper())
        host = _filled(server.findtext("hostname") or "", email)
        port = (server.findtext("port") or "").strip()
        if (
            server.get("type") == kind
            and tls is not None
            and _is_host(host)
            and port.isascii()
            and port.isdigit()
            and 0 < int(port[:6]) < 65536
        ):
            user = _filled(server.findtext("username") or "", email)
            return Endpoint(host.lower(), int(port), tls), user or email
    return None


def _filled(text: str, email: str) -> str:
    local, _at, domain = email.rpartition("@")
    for name, value in (
        ("%EMAILADDRESS%", email),
        ("%EMAILLOCALPART%", local),
        ("%EMAILDOMAIN%", domain),
    ):
        text = text.replace(name, value)
    return text.strip()[:_HOST_LIMIT]


def _is_host(text: str) -> bool:
    labels = text.rstrip(".").split(".")
    return len(text) <= _HOST_LIMIT and all(
        0 < len(label) < 64
        and label.isascii()
        and label.replace("-", "").replace("_", "").isalnum()
        for label in labels
    )


# -- DNS -----------------------------------------------------------------------------------------


async def _from_services(email: str, domain: str, names: NameService) -> list[Candidate]:
    """By SRV records (RFC 6186, RFC 8314): implicit TLS before STARTTLS."""
    imaps, imap, submissions, submission = await asyncio.gather(
        *(
            names.services(f"_{service}._tcp.{domain}")
            for service in ("imaps", "imap", "submissions", "submission")
        )
    )
    incoming = _endpoint(imaps, Tls.IMPLICIT) or _endpoint(imap, Tls.STARTTLS)
    outgoing = _endpoint(submissions, Tls.IMPLICIT) or _endpoint(submission, Tls.STARTTLS)
    if incoming is None or outgoing is None:
        return []
    return [Candidate(incoming, outgoing, email, "dns")]


def _endpoint(records: Sequence[ServiceRecord], tls: Tls) -> Endpoint | None:
    for record in sorted(records, key=lambda r: (r.priority, -r.weight)):
        host = record.host.rstrip(".").lower()
        if host and _is_host(host) and 0 < record.port < 65536:  # the target "." means: none
            return Endpoint(host, record.port, tls)
    return None


async def _from_exchanger(email: str, domain: str, names: NameService) -> list[Candidate]:
    """By who takes the domain's mail in, where that is a provider who is known."""
    for exchanger in await names.exchangers(domain):
        provider = providers.by_exchanger(exchanger)
        if provider is not None:
            return [Candidate(provider.imap, provider.smtp, email, "exchanger")]
    return []


def _guesses(email: str, domain: str) -> list[Candidate]:
    if not _is_host(domain):
        return []
    guesses: list[Candidate] = []
    for imap, smtp in (("imap", "smtp"), ("mail", "mail")):
        for tls, incoming, outgoing in ((Tls.IMPLICIT, 993, 465), (Tls.STARTTLS, 143, 587)):
            guesses.append(
                Candidate(
                    Endpoint(f"{imap}.{domain}", incoming, tls),
                    Endpoint(f"{smtp}.{domain}", outgoing, tls),
                    email,
                    "guess",
                )
            )
    return guesses
