"""Signing in at a provider: by device, by browser, renewal, and providers that are not honest."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.servers.openid import CLIENT, Provider
from tui_mail.backends.oauth import Client, GrantRefused, discover
from tui_mail.backends.oauth_loopback import Loopback, code_in
from tui_mail.errors import (
    NotAllowed,
    Offline,
    ProtocolRefused,
    SettingsWrong,
    TlsRefused,
    TryLater,
    TuiMailError,
    WrongData,
)


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[Provider]:
    served = Provider(tmp_path)
    served.start()
    yield served
    served.stop()


@pytest.fixture
def client(provider: Provider) -> Client:
    return Client(provider.issuer, CLIENT, "", provider.ca_file)


@dataclass
class Clock:
    """A clock that stands still while nobody sleeps."""

    time: float = 0.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time


async def test_a_person_agrees_on_another_device_and_is_not_asked_after_too_often(
    provider: Provider, client: Client
) -> None:
    provider.polls.extend(["authorization_pending", "slow_down", "authorization_pending"])
    clock = Clock()
    found = await discover(client)
    assert found.signs_in_devices
    code = await found.ask_device("mail")
    assert (code.uri, code.user_code) == ("https://provider.example/device", "WDJB-MJHT")
    issued = await found.device_tokens(code, sleep=clock.sleep, now=clock.now)
    assert clock.slept == [1, 1, 6, 6]
    assert [issued.access, issued.refresh] == provider.issued
    assert issued.seconds == 3600


async def test_a_code_that_expires_is_said_and_asked_after_no_more(
    provider: Provider, client: Client
) -> None:
    provider.polls.extend(["authorization_pending"] * 100)
    clock = Clock()
    found = await discover(client)
    code = await found.ask_device("mail")
    with pytest.raises(TryLater, match="expired"):
        await found.device_tokens(code, sleep=clock.sleep, now=clock.now)
    assert clock.time < 60
    provider.polls.clear()
    provider.polls.append("expired_token")
    with pytest.raises(TryLater, match="expired"):
        await found.device_tokens(code, sleep=clock.sleep, now=clock.now)


async def test_who_declines_changes_nothing(provider: Provider, client: Client) -> None:
    provider.polls.append("access_denied")
    clock = Clock()
    found = await discover(client)
    code = await found.ask_device("mail")
    with pytest.raises(NotAllowed, match="declined"):
        await found.device_tokens(code, sleep=clock.sleep, now=clock.now)
    assert provider.issued == []


async def test_a_provider_that_is_busy_meanwhile_is_asked_more_rarely(
    provider: Provider, client: Client
) -> None:
    clock = Clock()
    found = await discover(client)
    code = await found.ask_device("mail")
    provider.status = 503

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        if len(clock.slept) == 3:
            provider.status = 200

    await found.device_tokens(code, sleep=sleep, now=clock.now)
    assert clock.slept == [1, 2, 4]


async def test_a_browser_of_this_machine_comes_back_by_itself(
    provider: Provider, client: Client
) -> None:
    found = await discover(client)
    async with Loopback() as loopback:
        visit = found.browser_visit("mail", loopback.redirect)
        coming = asyncio.ensure_future(loopback.code(visit.state))
        await asyncio.sleep(0)
        stranger = provider.agree(visit.url).replace(visit.state, "another")
        with pytest.raises(OSError, match="404"):
            await asyncio.to_thread(urlopen, stranger, timeout=10)
        assert not coming.done()
        with await asyncio.to_thread(urlopen, provider.agree(visit.url), timeout=10) as page:
            assert b"close this page" in page.read()
        issued = await found.redeem(visit, await coming)
    assert [issued.access, issued.refresh] == provider.issued


async def test_the_address_that_a_browser_elsewhere_ends_at_does_as_well(
    provider: Provider, client: Client
) -> None:
    found = await discover(client)
    visit = found.browser_visit("mail", "http://127.0.0.1:1")
    address = provider.agree(visit.url)
    issued = await found.redeem(visit, code_in(f" {address}\n", visit.state))
    assert issued.refresh in provider.issued
    with pytest.raises(GrantRefused):
        await found.redeem(visit, code_in(address, visit.state))
    for wrong in ("", "nonsense", "http://[", address.replace(visit.state, "x")):
        with pytest.raises(WrongData, match="copy all of it"):
            code_in(wrong, visit.state)
    with pytest.raises(NotAllowed, match="declined"):
        code_in(provider.agree(visit.url, declined=True), visit.state)


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post"])
async def test_a_program_with_a_secret_shows_it_as_the_provider_wants(
    provider: Provider, client: Client, way: str
) -> None:
    provider.secret = "s3 cret:"
    provider.overrides["token_endpoint_auth_methods_supported"] = [way]
    _access, refresh = provider.sign_in()
    with pytest.raises(SettingsWrong, match="--client-id"):
        await (await discover(client)).refresh(refresh)
    known = replace(client, client_secret=provider.secret)
    assert (await (await discover(known)).refresh(refresh)).refresh in provider.issued


async def test_a_refresh_token_is_shown_once_and_the_next_one_taken(
    provider: Provider, client: Client
) -> None:
    _access, refresh = provider.sign_in()
    found = await discover(client)
    issued = await found.refresh(refresh)
    assert issued.refresh not in {"", refresh}
    with pytest.raises(GrantRefused) as refused:
        await found.refresh(refresh)
    assert refresh not in str(refused.value)
    provider.rotates = False
    _access, lasting = provider.sign_in()
    assert (await found.refresh(lasting)).refresh == ""


HOSTILE: list[tuple[str, bytes, type[TuiMailError]]] = [
    ("no json", b"<html>", ProtocolRefused),
    ("no object", b"[]", ProtocolRefused),
    ("deep", b"[" * 100_000, ProtocolRefused),
    ("no token", b"{}", ProtocolRefused),
    ("a token of another kind", b'{"access_token": 7}', ProtocolRefused),
    ("a token that would begin another line", b'{"access_token": "a\\r\\nb"}', ProtocolRefused),
    ("a token that would add a field", b'{"access_token": "a\\u0001b"}', ProtocolRefused),
    ("a token without end", b'{"access_token": "%s"}' % (b"a" * 20_000), ProtocolRefused),
    ("too much", b" " * 300_000, ProtocolRefused),
]


@pytest.mark.parametrize(
    ("body", "error"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE]
)
async def test_what_cannot_be_used_is_refused(
    provider: Provider, client: Client, body: bytes, error: type[TuiMailError]
) -> None:
    _access, refresh = provider.sign_in()
    provider.body = body
    with pytest.raises(error):
        await (await discover(client)).refresh(refresh)


@pytest.mark.parametrize("seconds", ['"soon"', "null", "true", "NaN", "-1", '"600"', "1e300"])
async def test_a_lifetime_is_a_number_of_seconds_whatever_is_said(
    provider: Provider, client: Client, seconds: str
) -> None:
    _access, refresh = provider.sign_in()
    provider.body = b'{"access_token": "a", "expires_in": %s}' % seconds.encode()
    issued = await (await discover(client)).refresh(refresh)
    assert 0 <= issued.seconds <= 366 * 86400


async def test_nothing_is_said_where_a_provider_sends_us(
    provider: Provider, client: Client
) -> None:
    _access, refresh = provider.sign_in()
    found = await discover(client)
    provider.status, provider.headers["Location"] = 307, f"{provider.issuer}/elsewhere"
    with pytest.raises(ProtocolRefused, match="elsewhere"):
        await found.refresh(refresh)
    assert "/elsewhere" not in provider.questions


async def test_endpoints_in_the_clear_are_not_asked(provider: Provider, client: Client) -> None:
    provider.overrides["token_endpoint"] = provider.introspection
    with pytest.raises(ProtocolRefused, match="token_endpoint"):
        await (await discover(client)).refresh("x")
    with pytest.raises(SettingsWrong, match="https"):
        await discover(replace(client, issuer=provider.introspection))


async def test_a_document_of_another_provider_is_refused(
    provider: Provider, client: Client
) -> None:
    provider.overrides["issuer"] = "https://accounts.google.com"
    with pytest.raises(ProtocolRefused, match="another provider"):
        await discover(client)


async def test_what_keeps_a_provider_away_is_said(provider: Provider, client: Client) -> None:
    with pytest.raises(TlsRefused, match="signed by nobody"):
        await discover(replace(client, ca_file=""))
    provider.status = 404
    with pytest.raises(ProtocolRefused, match="no OpenID provider"):
        await discover(client)
    provider.status = 503
    with pytest.raises(Offline, match="503"):
        await discover(client)
    with pytest.raises(Offline):
        await discover(replace(client, issuer="https://localhost:1"))


async def test_no_secret_shows_in_a_repr(provider: Provider, client: Client) -> None:
    provider.secret = "geheim"
    known = replace(client, client_secret=provider.secret)
    found = await discover(known)
    code = await found.ask_device("mail")
    visit = found.browser_visit("mail", "http://127.0.0.1:1")
    access, refresh = provider.sign_in()
    shown = repr((known, found, code, visit, await found.refresh(refresh)))
    for secret in (provider.secret, access, *provider.issued, "device-", visit.verifier):
        assert secret not in shown
