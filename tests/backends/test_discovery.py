"""Finding servers, without a network."""

import asyncio
from collections.abc import Sequence

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.backends.discovery import (
    Candidate,
    ServiceRecord,
    SystemNameService,
    discover,
    read_autoconfig,
)
from tui_mail.backends.providers import PROVIDERS, by_domain, by_exchanger
from tui_mail.errors import WrongData
from tui_mail.values import Endpoint, Tls

DOCUMENT = b"""<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="ditta.it">
  <incomingServer type="pop3"><hostname>pop.ditta.it</hostname><port>995</port>
    <socketType>SSL</socketType><username>%EMAILADDRESS%</username></incomingServer>
  <incomingServer type="imap"><hostname>plain.ditta.it</hostname><port>143</port>
    <socketType>plain</socketType><username>x</username></incomingServer>
  <incomingServer type="imap"><hostname>IMAP.%EMAILDOMAIN%</hostname><port>993</port>
    <socketType>SSL</socketType><username>%EMAILLOCALPART%</username></incomingServer>
  <outgoingServer type="smtp"><hostname>smtp.ditta.it</hostname><port>587</port>
    <socketType>STARTTLS</socketType><username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider></clientConfig>"""
AUTOCONFIGURED = Candidate(
    Endpoint("imap.ditta.it", 993),
    Endpoint("smtp.ditta.it", 587, Tls.STARTTLS),
    "anna",
    "autoconfig",
)


class Names:
    """A DNS that knows what it is told."""

    def __init__(
        self,
        services: dict[str, list[ServiceRecord]] | None = None,
        exchangers: Sequence[str] = (),
    ) -> None:
        self._services = services or {}
        self._exchangers = exchangers

    async def services(self, name: str) -> Sequence[ServiceRecord]:
        return self._services.get(name, [])

    async def exchangers(self, domain: str) -> Sequence[str]:
        return self._exchangers


class Silent(Names):
    """A DNS that never answers."""

    async def services(self, name: str) -> Sequence[ServiceRecord]:
        await asyncio.Event().wait()
        return []


def web(answers: dict[str, httpx.Response]) -> httpx.MockTransport:
    """A web that serves these addresses (without their query)."""

    def answer(request: httpx.Request) -> httpx.Response:
        return answers.get(str(request.url).partition("?")[0], httpx.Response(404))

    return httpx.MockTransport(answer)


NOTHING = web({})
ADDRESS = "https://autoconfig.ditta.it/mail/config-v1.1.xml"


async def test_a_known_provider_is_the_only_answer() -> None:
    found = await discover("Anna@Gmail.com", names=Silent(), transport=NOTHING)
    assert found == [
        Candidate(
            Endpoint("imap.gmail.com", 993),
            Endpoint("smtp.gmail.com", 465),
            "Anna@Gmail.com",
            "provider",
        )
    ]


@pytest.mark.parametrize(
    "address", [ADDRESS, "https://ditta.it/.well-known/autoconfig/mail/config-v1.1.xml"]
)
async def test_autoconfig_comes_first_and_guesses_last(address: str) -> None:
    transport = web({address: httpx.Response(200, content=DOCUMENT)})
    found = await discover("anna@ditta.it", names=Names(), transport=transport)
    assert found[0] == AUTOCONFIGURED
    assert {candidate.origin for candidate in found[1:]} == {"guess"}


async def test_the_same_answer_twice_is_one_candidate() -> None:
    both = web(
        {
            ADDRESS: httpx.Response(200, content=DOCUMENT),
            "https://ditta.it/.well-known/autoconfig/mail/config-v1.1.xml": httpx.Response(
                200, content=DOCUMENT
            ),
        }
    )
    found = await discover("anna@ditta.it", names=Names(), transport=both)
    assert found.count(AUTOCONFIGURED) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(301, headers={"location": "http://ditta.it/x"}),
        httpx.Response(500),
        httpx.Response(200, content=b"<html>404"),
        httpx.Response(200, content=b"<a>" + b"x" * (300 << 10) + b"</a>"),
        httpx.Response(200, content=DOCUMENT.replace(b"SSL", b"plain")),
        httpx.Response(200, content=DOCUMENT.replace(b"993", b"99999")),
        httpx.Response(200, content=DOCUMENT.replace(b"IMAP.", b"a b/\xc3\xa8")),
        httpx.Response(
            200,
            content=b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
            + DOCUMENT.partition(b"?>")[2].replace(b"IMAP.%EMAILDOMAIN%", b"&a;"),
        ),
    ],
)
async def test_documents_that_cannot_be_trusted_are_no_answer(answer: httpx.Response) -> None:
    found = await discover("anna@ditta.it", names=Names(), transport=web({ADDRESS: answer}))
    assert {candidate.origin for candidate in found} == {"guess"}


@given(st.binary(max_size=200) | st.just(DOCUMENT[:-9]))
def test_any_document_is_read_or_nothing(document: bytes) -> None:
    assert read_autoconfig(document, "anna@ditta.it") == []


async def test_dns_answers_in_the_order_of_its_priorities() -> None:
    names = Names(
        {
            "_imaps._tcp.ditta.it": [
                ServiceRecord(20, 9, "second.ditta.it.", 993),
                ServiceRecord(10, 1, "light.ditta.it.", 993),
                ServiceRecord(10, 5, "First.ditta.it.", 1993),
            ],
            "_imap._tcp.ditta.it": [ServiceRecord(0, 0, "plain.ditta.it.", 143)],
            "_submissions._tcp.ditta.it": [ServiceRecord(0, 0, ".", 0)],
            "_submission._tcp.ditta.it": [ServiceRecord(0, 0, "smtp.ditta.it.", 587)],
        }
    )
    found = await discover("anna@ditta.it", names=names, transport=NOTHING)
    assert found[0] == Candidate(
        Endpoint("first.ditta.it", 1993),
        Endpoint("smtp.ditta.it", 587, Tls.STARTTLS),
        "anna@ditta.it",
        "dns",
    )


async def test_who_takes_the_mail_in_tells_the_provider() -> None:
    names = Names(exchangers=["mx.unknown.it.", "mx.pec.aruba.it."])
    found = await discover("anna@pec.ditta.it", names=names, transport=NOTHING)
    assert found[0].origin == "exchanger"
    assert found[0].imap.host == "imaps.pec.aruba.it"


async def test_without_any_network_there_are_guesses_in_time() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no network", request=request)

    found = await asyncio.wait_for(
        discover("anna@ditta.it", names=Silent(), transport=httpx.MockTransport(fail), seconds=0.1),
        5,
    )
    assert [(c.imap.host, c.imap.port, c.imap.tls, c.smtp.port) for c in found] == [
        ("imap.ditta.it", 993, Tls.IMPLICIT, 465),
        ("imap.ditta.it", 143, Tls.STARTTLS, 587),
        ("mail.ditta.it", 993, Tls.IMPLICIT, 465),
        ("mail.ditta.it", 143, Tls.STARTTLS, 587),
    ]


async def test_the_system_dns_never_raises() -> None:
    names = SystemNameService()
    assert list(await names.services("_imaps._tcp.tui-mail.invalid")) == []
    assert list(await names.exchangers("a" * 70 + ".invalid")) == []


async def test_an_international_domain_is_asked_in_ascii() -> None:
    found = await discover("anna@città.it", names=Names(), transport=NOTHING)
    assert found[0].imap.host == "imap.xn--citt-3na.it"
    assert found[0].user == "anna@città.it"


async def test_what_is_no_address_is_wrong_data() -> None:
    with pytest.raises(WrongData):
        await discover("anna", names=Names(), transport=NOTHING)


@pytest.mark.parametrize(
    ("exchanger", "name"),
    [
        ("aspmx.l.google.com.", "Gmail"),
        ("ditta-it.mail.protection.outlook.com", "Microsoft 365"),
        ("hotmail-com.olc.protection.outlook.com", "Outlook.com"),
        ("mx.aruba.it.", "Aruba"),
        ("mx.pec.aruba.it.", "Aruba PEC"),
        ("in1-smtp.messagingengine.com", "Fastmail"),
    ],
)
def test_exchangers_of_providers(exchanger: str, name: str) -> None:
    provider = by_exchanger(exchanger)
    assert provider is not None
    assert provider.name == name


@pytest.mark.parametrize("exchanger", ["evilgoogle.com", "google.com.evil.it", ""])
def test_strangers_are_not_taken_for_providers(exchanger: str) -> None:
    assert by_exchanger(exchanger) is None


def test_every_provider_is_private_and_every_domain_has_one() -> None:
    domains = [domain for provider in PROVIDERS for domain in provider.domains]
    assert len(domains) == len(set(domains))
    for provider in PROVIDERS:
        assert Tls.NONE not in {provider.imap.tls, provider.smtp.tls}
    assert by_domain("LIBERO.it") is not None
    assert by_domain("ditta.it") is None
