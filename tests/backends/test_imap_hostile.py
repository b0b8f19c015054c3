"""An IMAP store against servers that are broken, hostile, or not there."""

import asyncio
import resource
from collections.abc import AsyncIterator

import pytest

from tests.backends.servers import HANG_UP, UPGRADE, Authority, Scripted
from tui_mail.backends.imap import ImapStore
from tui_mail.errors import Offline, ProtocolRefused, TlsRefused, TuiMailError, WrongPassword
from tui_mail.values import Endpoint, Login, RemoteOperation, Tls, Verb

GREETING = b"* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN IDLE MOVE UIDPLUS] ready\r\n"
WELCOME = b"%b OK [CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS] in\r\n"
SELECTED = b"* 2 EXISTS\r\n* OK [UIDVALIDITY 9] x\r\n* OK [UIDNEXT 3] x\r\n%b OK selected\r\n"
LOGIN = Login("anna", "segreta")


def store_at(endpoint: Endpoint, deadline: float = 5) -> ImapStore:
    """A store for a scripted server."""
    return ImapStore(endpoint, LOGIN, deadline=deadline)


async def opened(*script: bytes, deadline: float = 5) -> AsyncIterator[ImapStore]:
    """A store that is logged in on a server that then says the script."""
    async with Scripted(GREETING, WELCOME, *script) as server:
        store = store_at(server.endpoint(), deadline)
        await store.open()
        yield store
        await store.close()


async def failure(*script: bytes, deadline: float = 5) -> TuiMailError:
    """How listing the inbox fails on a server that says the script."""
    async for store in opened(*script, deadline=deadline):
        with pytest.raises(TuiMailError) as raised:
            await store.changes("INBOX", "")
        with pytest.raises(TuiMailError):
            await store.changes("INBOX", "")  # the connection is not used again
        return raised.value
    raise AssertionError


async def test_a_connection_that_is_cut_fails_at_once_and_says_so() -> None:
    error = await asyncio.wait_for(failure(HANG_UP, deadline=600), 20)
    assert type(error) is Offline
    assert "127.0.0.1" in error.message


async def test_a_goodbye_tells_its_reason_made_safe() -> None:
    error = await failure(b"* BYE maintenance \x1b[31m until 8\r\n" + HANG_UP)
    assert type(error) is Offline
    assert "maintenance" in error.message
    assert "\x1b" not in error.message


async def test_a_server_that_falls_silent_is_left_at_the_deadline() -> None:
    error = await failure(b"", deadline=0.2)
    assert type(error) is Offline


async def test_dripping_does_not_push_the_deadline_back() -> None:
    drip = b"* 2 EXISTS\r\n"
    async with Scripted(GREETING, WELCOME, drip, drip, drip) as server:
        store = store_at(server.endpoint(), 0.3)
        await store.open()
        began = asyncio.get_running_loop().time()
        with pytest.raises(Offline):
            await store.changes("INBOX", "")
        assert asyncio.get_running_loop().time() - began < 2
        await store.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"* 1 FETCH (BODY[] {99999999999}\r\nabc",
        b"* 1 FETCH (BODY[] {-1}\r\nabc",
        b"* " + b"x" * (2 << 20),
        b"X99 OK not asked\r\n",
        b"%b MAYBE\r\n",
        b"* OK bare\n",
        b"HTTP/1.1 400 Bad Request\r\n",
    ],
    ids=["huge", "negative", "endless", "tag", "status", "bare", "http"],
)
async def test_what_breaks_the_protocol_ends_the_connection(answer: bytes) -> None:
    deadline = 0.3 if b"{-1}" in answer else 5
    error = await failure(answer, deadline=deadline)
    assert isinstance(error, ProtocolRefused | Offline)


async def test_twenty_thousand_parentheses_are_refused() -> None:
    listing = b"* 1 FETCH (UID 1 FLAGS " + b"(" * 20_000 + b")" * 20_000 + b")\r\n%b OK\r\n"
    async for store in opened(SELECTED, listing):
        with pytest.raises(ProtocolRefused):
            await store.changes("INBOX", "")


async def test_a_flood_of_responses_is_refused_with_little_memory() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await failure(b"* 5 EXISTS\r\n" * 150_000)
    assert type(error) is ProtocolRefused
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 << 10


async def test_messages_that_were_not_asked_for_are_ignored() -> None:
    sizes = (
        b"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 3)\r\n"
        b"* 2 FETCH (UID 2 FLAGS () RFC822.SIZE 3)\r\n%b OK\r\n"
    )
    bodies = b"* 2 FETCH (UID 2 BODY[] {3}\r\nxyz)\r\n* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n"
    async for store in opened(SELECTED, sizes, bodies + b"%b OK\r\n"):
        found = [m.raw async for m in store.fetch("INBOX", ["9:1", "8:2"])]
        assert found == [b"abc"]


async def test_a_message_the_server_cannot_read_leaves_its_neighbours() -> None:
    sizes = b"".join(b"* %d FETCH (UID %d RFC822.SIZE 3)\r\n" % (n, n) for n in (1, 2))
    async for store in opened(
        SELECTED,
        sizes + b"%b OK\r\n",
        b"* 1 FETCH (UID 1 BODY[] abc)\r\n%b NO [SERVERBUG] broken\r\n",
        b"%b NO [SERVERBUG] broken\r\n",
    ):
        found = [m.raw async for m in store.fetch("INBOX", ["9:1", "9:2"])]
        assert found == [b"abc"]


async def test_a_server_that_counts_pieces_wrong_is_refused() -> None:
    big = b"* 1 FETCH (UID 1 RFC822.SIZE 900000)\r\n%b OK\r\n"
    async for store in opened(SELECTED, big, b"* 1 FETCH (UID 1 BODY[]<7> abc)\r\n%b OK\r\n"):
        with pytest.raises(ProtocolRefused):
            _ = [m async for m in store.fetch("INBOX", ["9:1"])]


async def test_a_size_told_too_big_does_no_harm() -> None:
    big = b"* 1 FETCH (UID 1 RFC822.SIZE 900000)\r\n%b OK\r\n"
    async for store in opened(SELECTED, big, b"* 1 FETCH (UID 1 BODY[]<0> abc)\r\n%b OK\r\n"):
        assert [m.raw async for m in store.fetch("INBOX", ["9:1"])] == [b"abc"]


async def test_a_folder_without_lasting_numbers_is_refused() -> None:
    error = await failure(b"* 2 EXISTS\r\n%b OK\r\n", b"* 2 EXISTS\r\n%b OK\r\n")
    assert type(error) is ProtocolRefused


async def test_a_line_break_in_a_name_never_reaches_the_wire() -> None:
    async with Scripted(GREETING, WELCOME) as server:
        store = store_at(server.endpoint())
        await store.open()
        for name in ("a\r\nT9 DELETE b", "a\x00b"):
            with pytest.raises(ProtocolRefused):
                await store.changes(name, "")
            with pytest.raises(ProtocolRefused):
                await store.apply(RemoteOperation(Verb.APPEND, name, raw=b"x"))
        await store.close()
        assert not any(b"DELETE" in line for line in server.lines)


async def test_a_message_id_cannot_smuggle_a_command() -> None:
    raw = b'Message-ID: <x"\r\n T9 STORE 1:* +FLAGS \\Deleted>\r\n\r\nbody'
    async with Scripted(GREETING, b"%b OK [CAPABILITY IMAP4rev1 LITERAL+] in\r\n") as server:
        store = store_at(server.endpoint(), 0.2)
        await store.open()
        with pytest.raises(Offline):
            await store.apply(RemoteOperation(Verb.APPEND, "Sent", raw=raw))
        await store.close()
        commands = [line for line in server.lines if line.startswith(b"T")]
        assert [line.split(b" ")[1] for line in commands] == [b"AUTHENTICATE", b"APPEND"]


async def test_without_uidplus_what_others_marked_as_deleted_is_not_expunged() -> None:
    async with Scripted(
        GREETING,
        b"%b OK [CAPABILITY IMAP4rev1] in\r\n",
        SELECTED,
        b"* SEARCH 1\r\n%b OK\r\n",
        b"%b OK stored\r\n",
        b"* SEARCH 1 2\r\n%b OK\r\n",
    ) as server:
        store = store_at(server.endpoint())
        await store.open()
        await store.apply(RemoteOperation(Verb.DELETE, "INBOX", ("9:1",)))
        await store.close()
        assert not any(b"EXPUNGE" in line for line in server.lines)


async def test_waiting_ends_when_the_connection_is_cut() -> None:
    async for store in opened(SELECTED, HANG_UP, deadline=600):
        with pytest.raises(Offline):
            await asyncio.wait_for(store.wait(600), 20)


async def test_a_server_that_refuses_idle_is_polled() -> None:
    async for store in opened(SELECTED, b"%b BAD no idle\r\n", b"* 3 EXISTS\r\n%b OK polled\r\n"):
        assert await store.wait(0.2)


# -- privacy -------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["mail.example.it", "192.0.2.1", "localhost.example.it"])
async def test_no_password_goes_to_another_machine_in_the_clear(host: str) -> None:
    with pytest.raises(TlsRefused, match=host):
        await store_at(Endpoint(host, 143, Tls.NONE)).open()


@pytest.mark.parametrize(
    "script",
    [
        [GREETING, b"%b OK begin\r\n* PREAUTH injected\r\n"],
        [GREETING, b"%b OK begin\r\n* CAPABILITY IMAP4rev1\r\n"],
        [GREETING, b"%b OK begin\r\nT2 OK\r\n"],
        [GREETING, b"%b OK begin\r\nx"],
        [GREETING, b"%b NO not here\r\n"],
        [GREETING, b"%b BAD what\r\n"],
        [b"* PREAUTH hello anna\r\n"],
        [b"* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n"],
    ],
)
async def test_a_connection_that_cannot_become_private_is_left(script: list[bytes]) -> None:
    async with Scripted(*script) as server:
        store = store_at(server.endpoint(Tls.STARTTLS))
        with pytest.raises(TlsRefused):
            await store.open()
        assert not any(b"AUTH" in line or b"LOGIN" in line for line in server.lines)
        await store.close()


async def test_what_follows_the_starttls_answer_in_a_later_packet_is_refused_too() -> None:
    async with Scripted(GREETING, b"%b OK begin\r\n", b"* OK not tls\r\n") as server:
        with pytest.raises(TlsRefused):
            await store_at(server.endpoint(Tls.STARTTLS)).open()


async def test_a_server_that_is_logged_in_before_the_login_is_left_in_the_clear() -> None:
    async with Scripted(b"* PREAUTH hello\r\n") as server:
        with pytest.raises(TlsRefused):
            await store_at(server.endpoint()).open()


async def test_no_password_is_sent_where_logins_are_disabled() -> None:
    greeting = b"* OK [CAPABILITY IMAP4rev1 LOGINDISABLED AUTH=PLAIN STARTTLS] hi\r\n"
    async with Scripted(greeting) as server:
        with pytest.raises(TlsRefused):
            await store_at(server.endpoint()).open()
        assert server.lines == []


async def test_a_plain_server_on_a_tls_port_is_told_from_a_bad_certificate() -> None:
    async with Scripted(GREETING) as server:
        with pytest.raises(TlsRefused, match="STARTTLS"):
            await store_at(server.endpoint(Tls.IMPLICIT), 1).open()


async def test_each_bad_certificate_has_its_own_sentence(authority: Authority) -> None:
    sentences = set()
    for context, ca_file in (
        (authority.context(expired=True), authority.file),
        (authority.context("other.example.it"), authority.file),
        (authority.context(), ""),
    ):
        async with Scripted(GREETING, context=context) as server:
            endpoint = Endpoint("127.0.0.1", server.port, Tls.IMPLICIT, ca_file)
            with pytest.raises(TlsRefused) as raised:
                await store_at(endpoint).open()
            sentences.add(raised.value.message)
            assert server.lines == []
    assert len(sentences) == 3


async def test_bad_certificates_are_refused_after_starttls_too(authority: Authority) -> None:
    for context in (authority.context(expired=True), authority.context("other.example.it")):
        script = [GREETING, b"%b OK begin\r\n" + UPGRADE]
        async with Scripted(*script, starttls_context=context) as server:
            endpoint = Endpoint("127.0.0.1", server.port, Tls.STARTTLS, authority.file)
            with pytest.raises(TlsRefused, match="certificate"):
                await store_at(endpoint).open()
            assert not any(b"AUTH" in line for line in server.lines)


async def test_capabilities_told_before_tls_are_forgotten(authority: Authority) -> None:
    script = [
        b"* OK [CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR] hi\r\n",
        b"%b OK begin\r\n" + UPGRADE,
        b"* CAPABILITY IMAP4rev1 LOGINDISABLED\r\n%b OK\r\n",
    ]
    async with Scripted(*script, starttls_context=authority.context()) as server:
        endpoint = Endpoint("127.0.0.1", server.port, Tls.STARTTLS, authority.file)
        with pytest.raises(TlsRefused):
            await store_at(endpoint).open()
        assert not any(b"AUTH" in line or b"LOGIN" in line for line in server.lines)


async def test_a_certificate_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(TlsRefused, match=r"nowhere\.pem"):
        await store_at(Endpoint("127.0.0.1", 1, Tls.IMPLICIT, "/nowhere.pem")).open()


# -- getting in ----------------------------------------------------------------------------------


async def test_a_port_where_nobody_listens_is_offline() -> None:
    async with Scripted(GREETING) as server:
        endpoint = server.endpoint()
    with pytest.raises(Offline, match=r"127\.0\.0\.1"):
        await store_at(endpoint).open()


async def test_a_server_that_says_nothing_is_offline_at_the_deadline() -> None:
    async with Scripted(b"") as server:
        with pytest.raises(Offline):
            await store_at(server.endpoint(), 0.2).open()


@pytest.mark.parametrize(
    ("greeting", "error"),
    [
        (b"* BYE too many connections\r\n", Offline),
        (b"220 smtp.example.it ESMTP\r\n", ProtocolRefused),
        (b"* NO go away\r\n", ProtocolRefused),
    ],
)
async def test_other_greetings_are_told_apart(greeting: bytes, error: type[TuiMailError]) -> None:
    async with Scripted(greeting) as server:
        with pytest.raises(error):
            await store_at(server.endpoint()).open()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"%b NO [AUTHENTICATIONFAILED] wrong\r\n", WrongPassword),
        (b"%b NO wrong\r\n", WrongPassword),
        (b"%b NO [UNAVAILABLE] database down\r\n", Offline),
        (b"+ what else\r\n", WrongPassword),
    ],
)
async def test_login_refusals_are_told_apart(answer: bytes, error: type[TuiMailError]) -> None:
    async with Scripted(GREETING, answer, b"T1 NO cancelled\r\n") as server:
        with pytest.raises(error) as raised:
            await store_at(server.endpoint()).open()
        assert "segreta" not in raised.value.message


async def test_without_an_initial_response_the_password_waits_for_the_server() -> None:
    greeting = b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n"
    # The scripted server answers line by line; the tag of the second line is the password's.
    async with Scripted(greeting, b"+ \r\n", b"T1 OK [CAPABILITY IMAP4rev1] in\r\n") as server:
        store = store_at(server.endpoint())
        await store.open()
        await store.close()
        assert server.lines[0] == b"T1 AUTHENTICATE PLAIN\r\n"
        assert server.lines[1].strip() == b"AGFubmEAc2VncmV0YQ=="


async def test_without_plain_it_logs_in_by_name_with_literals_where_needed() -> None:
    async with Scripted(
        b"* OK [CAPABILITY IMAP4rev1] hi\r\n",
        b"+ go\r\n",
        b"T1 OK [CAPABILITY IMAP4rev1] in\r\n",
    ) as server:
        store = ImapStore(server.endpoint(), Login("an na", "è"), deadline=5)
        await store.open()
        await store.close()
        assert server.lines[0] == b'T1 LOGIN "an na" {2}\r\n'
        assert server.lines[1] == "è\r\n".encode()
