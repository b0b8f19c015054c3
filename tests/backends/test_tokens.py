"""Logging in with tokens: at Dovecot, which asks the provider, and at a submission server."""

from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.backends.servers import Scripted
from tests.servers.dovecot import Dovecot, missing
from tests.servers.openid import Provider
from tests.servers.token_dovecot import TokenDovecot
from tests.servers.token_smtp import TokenSmtp
from tui_mail.backends import sasl
from tui_mail.backends.imap import ImapStore
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.backends.smtp import SmtpSender
from tui_mail.errors import (
    Offline,
    ProtocolRefused,
    SignInAgain,
    TlsRefused,
    TryLater,
    WrongPassword,
)
from tui_mail.values import Endpoint, Login, Tls

ANNA = "anna@rossi.example"
_LETTER = b"Subject: x\r\n\r\nx\r\n"


class Given:
    """Tokens as a provider would give them, one after another; what was refused."""

    def __init__(self, *tokens: str) -> None:
        self._tokens = list(tokens)
        self.refused: list[str] = []

    async def __call__(self, refused: str) -> str:
        if refused:
            self.refused.append(refused)
            if len(self._tokens) == 1:
                raise SignInAgain("sign in again")
            self._tokens.pop(0)
        return self._tokens[0]

    @property
    def login(self) -> Login:
        return Login(ANNA, "", self)


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    served = Provider(Path(tmp_path_factory.mktemp("provider")), user=ANNA)
    served.start()
    yield served
    served.stop()


@pytest.fixture(scope="module", params=["xoauth2", "oauthbearer", "xoauth2 oauthbearer"])
def dovecot(request: pytest.FixtureRequest, provider: Provider) -> Iterator[Dovecot]:
    if missing():
        pytest.skip(missing())
    server = TokenDovecot(provider, str(request.param))
    server.start({"probe": "probe"})
    yield server
    server.stop()


def _places(dovecot: Dovecot) -> list[Endpoint]:
    """By every door, with SASL-IR and without."""
    return [
        Endpoint(dovecot.host, dovecot.port_imaps, Tls.IMPLICIT, dovecot.ca_file),
        Endpoint(dovecot.host, dovecot.port_imap, Tls.STARTTLS, dovecot.ca_file),
    ]


async def test_dovecot_lets_a_good_token_in(dovecot: Dovecot, provider: Provider) -> None:
    access, _refresh = provider.sign_in()
    for place in _places(dovecot):
        store = ImapStore(place, Given(access).login, deadline=20)
        await store.open()
        assert (await store.folders())[0].key == "INBOX"
        await store.close()


async def test_a_token_that_dovecot_refuses_is_replaced_once(
    dovecot: Dovecot, provider: Provider
) -> None:
    access, _refresh = provider.sign_in()
    given = Given("stale-token", access)
    store = ImapStore(_places(dovecot)[0], given.login, deadline=20)
    await store.open()
    assert given.refused == ["stale-token"]
    assert (await store.folders())[0].key == "INBOX"
    await store.close()


async def test_two_tokens_that_dovecot_refuses_are_enough(dovecot: Dovecot) -> None:
    given = Given("stale-token", "stale-too", "never-shown")
    store = ImapStore(_places(dovecot)[0], given.login, deadline=20)
    with pytest.raises(WrongPassword, match="account login") as refused:
        await store.open()
    assert given.refused == ["stale-token"]
    assert "stale" not in str(refused.value)
    assert "stale-t" not in dovecot.log()


async def test_where_nobody_can_renew_a_person_is_told(dovecot: Dovecot) -> None:
    store = ImapStore(_places(dovecot)[0], Given("stale-token").login, deadline=20)
    with pytest.raises(SignInAgain):
        await store.open()


async def test_the_token_of_another_user_opens_nothing(
    dovecot: Dovecot, provider: Provider
) -> None:
    access, _refresh = provider.sign_in()
    given = Given(access, access)
    store = ImapStore(_places(dovecot)[0], Login("luca@rossi.example", "", given), deadline=20)
    with pytest.raises(WrongPassword, match="account login"):
        await store.open()


_OK = b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2%s] hi\r\n"
_SCOPE = b"+ " + b64encode(b'{"status":"insufficient_scope"}') + b"\r\n"
_IMAP_SCRIPTS = [
    ("without an initial response", [_OK % b"", b"+ \r\n", b"+ e30=\r\n", b"T1 NO no\r\n"]),
    ("what is no JSON", [_OK % b" SASL-IR", b"+ !!!\r\n", b"T1 NO no\r\n"]),
    ("no challenge", [_OK % b" SASL-IR", b"T1 NO no\r\n"]),
    ("the token given back", [_OK % b" SASL-IR", b"+ e30=\r\n", b"T1 NO bad a-token!\r\n"]),
]


@pytest.mark.parametrize(
    "script", [row[1] for row in _IMAP_SCRIPTS], ids=[row[0] for row in _IMAP_SCRIPTS]
)
async def test_a_refusal_is_understood_however_it_comes(script: list[bytes]) -> None:
    async with Scripted(*script) as server:
        store = ImapStore(server.endpoint(), Given("a-token", "a-token").login, deadline=5)
        with pytest.raises(WrongPassword, match="account login") as refused:
            await store.open()
    assert "a-token" not in str(refused.value)


async def test_a_challenge_is_answered_by_an_empty_line() -> None:
    async with Scripted(_OK % b" SASL-IR", b"+ e30=\r\n", b"T1 NO no\r\n") as server:
        with pytest.raises(WrongPassword):
            await ImapStore(server.endpoint(), Given("a", "a").login, deadline=5).open()
    assert server.lines[1] == b"\r\n"


async def test_a_sign_in_that_does_not_cover_mail_is_said() -> None:
    async with Scripted(_OK % b" SASL-IR", _SCOPE, b"T1 NO no\r\n") as server:
        with pytest.raises(WrongPassword, match="does not cover mail"):
            await ImapStore(server.endpoint(), Given("a", "a").login, deadline=5).open()


async def test_a_server_that_cannot_ask_the_provider_now_costs_no_token() -> None:
    given = Given("a", "b")
    async with Scripted(_OK % b" SASL-IR", b"T1 NO [UNAVAILABLE] later\r\n") as server:
        with pytest.raises(Offline, match="later"):
            await ImapStore(server.endpoint(), given.login, deadline=5).open()
    assert given.refused == []


async def test_a_token_is_shown_to_nobody_who_does_not_ask_for_one() -> None:
    async with Scripted(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR] hi\r\n") as server:
        with pytest.raises(ProtocolRefused, match="OAuth2"):
            await ImapStore(server.endpoint(), Given("a").login, deadline=5).open()
    assert not any(b"AUTHENTICATE" in line for line in server.lines)
    async with Scripted(b"220 hi\r\n", b"250-hi\r\n250 AUTH PLAIN\r\n") as server:
        with pytest.raises(ProtocolRefused, match="OAuth2"):
            await SmtpSender(server.endpoint(), Given("a").login, timeout=5).verify()
    assert not any(b"AUTH" in line for line in server.lines)


async def test_no_token_crosses_a_network_in_the_clear() -> None:
    clear = Endpoint("mail.rossi.example", 143, Tls.NONE)
    given = Given("a")
    for attempt in (
        ImapStore(clear, given.login, deadline=5).open(),
        SmtpSender(clear, given.login, timeout=5).verify(),
    ):
        with pytest.raises(TlsRefused):
            await attempt


# -- submission


@asynccontextmanager
async def submission(*mechanisms: str) -> AsyncIterator[tuple[TokenSmtp, Endpoint]]:
    server = TokenSmtp({"good", "g" * 3000}, *mechanisms)
    port = await server.start()
    yield server, Endpoint("127.0.0.1", port, Tls.NONE)
    await server.stop()


@pytest.mark.parametrize("token", ["good", "g" * 3000], ids=["short", "long"])
@pytest.mark.parametrize("mechanism", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_letter_goes_out_by_a_token(mechanism: str, token: str) -> None:
    async with submission(mechanism) as (server, place):
        await SmtpSender(place, Given(token).login, timeout=5).send(_LETTER, ANNA, ["x@y.it"])
    assert server.logins == [(mechanism, ANNA)]
    assert server.mail == [_LETTER]


@pytest.mark.parametrize(("mechanism", "parting"), [("XOAUTH2", b""), ("OAUTHBEARER", b"\1")])
async def test_a_token_that_is_refused_is_replaced_once(mechanism: str, parting: bytes) -> None:
    async with submission(mechanism) as (server, place):
        given = Given("stale", "good")
        await SmtpSender(place, given.login, timeout=5).verify()
        assert (given.refused, server.partings) == (["stale"], [parting])
        server.echo = True
        with pytest.raises(WrongPassword, match="account login") as refused:
            await SmtpSender(place, Given("bad-1", "bad-2").login, timeout=5).verify()
    assert "bad-" not in str(refused.value)


async def test_the_standard_is_preferred_to_its_forerunner() -> None:
    async with submission("XOAUTH2", "OAUTHBEARER") as (server, place):
        await SmtpSender(place, Given("good").login, timeout=5).verify()
    assert server.logins == [("OAUTHBEARER", ANNA)]


async def test_a_submission_server_that_is_busy_costs_no_token() -> None:
    given = Given("a", "b")
    script = (b"220 hi\r\n", b"250-hi\r\n250 AUTH XOAUTH2\r\n", b"454 4.7.0 later\r\n")
    async with Scripted(*script) as server:
        with pytest.raises(Offline, match="later"):
            await SmtpSender(server.endpoint(), given.login, timeout=5).verify()
    assert given.refused == []


def test_a_user_cannot_add_a_field() -> None:
    place = Endpoint("mail.example", 993)
    shown = sasl.presentation({"OAUTHBEARER"}, place, "a=b,c", "t")
    assert shown is not None
    assert b64decode(shown.response) == (
        b"n,a=a=3Db=2Cc,\1host=mail.example\1port=993\1auth=Bearer t\1\1"
    )


# -- POP3


def _pop3(*answers: bytes, mechanisms: bytes = b"XOAUTH2") -> Scripted:
    return Scripted(b"+OK hi\r\n", b"+OK\r\nSASL " + mechanisms + b"\r\n.\r\n", *answers)


async def test_a_token_that_pop3_refuses_is_replaced_once() -> None:
    given = Given("stale-1", "stale-2", "never-shown")
    refusal = (b"+\r\n", b"+ e30=\r\n", b"-ERR [AUTH] bad stale-1 stale-2\r\n")
    async with _pop3(*refusal) as server:
        with pytest.raises(WrongPassword, match="account login") as refused:
            await Pop3Drop(server.endpoint(), given.login, deadline=5).open()
    assert given.refused == ["stale-1"]
    assert "stale-2" not in str(refused.value)
    assert [line for line in server.lines if line == b"\r\n"] == [b"\r\n"] * 2


async def test_a_pop3_mailbox_that_is_in_use_costs_no_token() -> None:
    given = Given("a", "b")
    async with _pop3(b"+ \r\n", b"-ERR [IN-USE] later\r\n") as server:
        with pytest.raises(TryLater, match="later"):
            await Pop3Drop(server.endpoint(), given.login, deadline=5).open()
    async with _pop3(mechanisms=b"PLAIN") as server:
        with pytest.raises(ProtocolRefused, match="OAuth2"):
            await Pop3Drop(server.endpoint(), given.login, deadline=5).open()
    assert given.refused == []
