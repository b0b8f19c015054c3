"""Mailboxes over POP3: on Dovecot by each of its doors, and on servers that are hostile or poor."""

import asyncio
import base64
import itertools
from collections.abc import Mapping, Sequence

import pytest

from tests.backends.servers import HANG_UP, UPGRADE, Authority, Scripted
from tests.servers.dovecot import Dovecot
from tui_mail.backends.pop3 import Pop3Drop
from tui_mail.backends.pop3_wire import LINE_LIMIT
from tui_mail.errors import (
    Offline,
    ProtocolRefused,
    TlsRefused,
    TryLater,
    TuiMailError,
    WrongPassword,
)
from tui_mail.values import Endpoint, Login, Tls

PASSWORD = 'segreta "più" \\x'
LOGIN = Login("anna", "segreta")
_NUMBERS = itertools.count(1)


def letter(number: int, body: str = "ciao") -> bytes:
    return (
        f"Received: from x by y; Mon, 23 Nov 2026 10:00:{number:02} +0100\r\n"
        f"Message-ID: <m{number}@example.it>\r\nSubject: n. {number}\r\n\r\n{body}\r\n"
    ).encode()


class Box:
    """A mailbox on Dovecot, by one of its doors."""

    def __init__(self, server: Dovecot, endpoint: Endpoint) -> None:
        self.server, self.endpoint = server, endpoint
        self.user = f"pop{next(_NUMBERS)}"
        server.add_user(self.user, PASSWORD)

    def drop(self, password: str = PASSWORD) -> Pop3Drop:
        return Pop3Drop(self.endpoint, Login(self.user, password), deadline=20)

    async def deliver(self, *raws: bytes) -> None:
        for raw in raws:
            await asyncio.to_thread(self.server.deliver, self.user, raw)

    async def count(self) -> int:
        """How many messages another program finds there."""

        def look() -> int:
            client = self.server.second_client(self.user)
            found = client.select(readonly=True)[1][0]
            client.logout()
            return int(found or 0)

        return await asyncio.to_thread(look)


@pytest.fixture(params=["implicit", "starttls", "none"])
def box(request: pytest.FixtureRequest, dovecot: Dovecot) -> Box:
    tls = Tls(request.param)
    port = dovecot.port_pop3s if tls is Tls.IMPLICIT else dovecot.port_pop3
    return Box(dovecot, Endpoint(dovecot.host, port, tls, dovecot.ca_file))


async def raws(drop: Pop3Drop, keys: Sequence[str]) -> dict[str, bytes]:
    return {one.key: one.raw async for one in drop.fetch(keys)}


# -- on Dovecot ----------------------------------------------------------------------------------


async def test_messages_are_listed_newest_first_and_fetched_as_they_came(box: Box) -> None:
    odd = letter(3, "..\r\n.\r\n. x\r\n" + "y" * 100_000 + "\r\nè")
    for raw in (letter(1), letter(2), odd):
        await box.deliver(raw)
    drop = box.drop()
    await drop.open()
    sizes = await drop.listing()
    found = [one async for one in drop.fetch(list(sizes))]
    assert [one.raw for one in found] == [odd, letter(2), letter(1)]
    assert [one.received_at.second for one in found] == [3, 2, 1]
    assert [sizes[one.key] for one in found] == [len(one.raw) for one in found]
    assert drop.names_messages
    await drop.close()


async def test_keys_last_from_one_session_to_the_next(box: Box) -> None:
    await box.deliver(letter(1))
    drop = box.drop()
    await drop.open()
    before = await drop.listing()
    await drop.close()
    await box.deliver(letter(2))
    await drop.open()
    after = await drop.listing()
    assert list(after)[1:] == list(before)
    assert list((await raws(drop, [next(iter(after))])).values()) == [letter(2)]
    await drop.close()


async def test_heads_tell_messages_without_fetching_them(box: Box) -> None:
    await box.deliver(letter(1, "x" * 50_000), letter(2))
    drop = box.drop()
    await drop.open()
    keys = list(await drop.listing())
    by_top = await drop.heads(keys)
    await drop.close()
    await drop.open()
    await drop.listing()
    await raws(drop, keys)
    assert await drop.heads(keys) == by_top
    assert len(set(by_top.values())) == 2
    await drop.close()


async def test_what_is_deleted_is_gone_when_the_session_is_over(box: Box) -> None:
    await box.deliver(*(letter(number) for number in range(40)))
    drop = box.drop()
    await drop.open()
    keys = list(await drop.listing())
    assert await drop.delete(keys[:39]) == set(keys[:39])
    assert await box.count() == 1
    await drop.close()
    await drop.open()
    assert list(await drop.listing()) == keys[39:]
    await drop.close()


async def test_a_session_that_only_looks_deletes_nothing(box: Box) -> None:
    await box.deliver(letter(1))
    drop = box.drop()
    await drop.open()
    await raws(drop, list(await drop.listing()))
    await drop.close()
    await drop.close()
    assert await box.count() == 1


async def test_an_empty_mailbox_has_nothing(box: Box) -> None:
    drop = box.drop()
    await drop.open()
    assert await drop.listing() == {}
    assert await drop.heads([]) == {}
    assert await raws(drop, ["uidl gone"]) == {}
    await drop.close()


async def test_a_wrong_password_is_said(box: Box) -> None:
    with pytest.raises(WrongPassword, match=r"127\.0\.0\.1"):
        await box.drop("sbagliata").open()


async def test_a_thousand_messages_come_pipelined(dovecot: Dovecot) -> None:
    box = Box(dovecot, Endpoint(dovecot.host, dovecot.port_pop3s, Tls.IMPLICIT, dovecot.ca_file))
    await box.deliver(*(letter(number % 60, f"{number} " * 200) for number in range(1000)))
    drop = box.drop()
    await drop.open()
    sizes = await drop.listing()
    assert len(set((await raws(drop, list(sizes))).values())) == 1000
    await drop.close()


# -- on servers of all kinds ---------------------------------------------------------------------

HELLO = b"+OK hello\r\n"
CAPA = b"+OK\r\nTOP\r\nUIDL\r\nUSER\r\nRESP-CODES\r\n.\r\n"
IN = (HELLO, CAPA, b"+OK\r\n", b"+OK in\r\n")


def drop_at(server: Scripted, tls: Tls = Tls.NONE, deadline: float = 5) -> Pop3Drop:
    return Pop3Drop(server.endpoint(tls), LOGIN, deadline=deadline)


async def refusal(*script: bytes, deadline: float = 5) -> TuiMailError:
    """How opening fails on a server that says the script."""
    async with Scripted(*script) as server:
        with pytest.raises(TuiMailError) as raised:
            await drop_at(server, deadline=deadline).open()
        assert "segreta" not in raised.value.message
        return raised.value


async def listing_failure(*script: bytes, deadline: float = 5) -> TuiMailError:
    async with Scripted(*IN, *script) as server:
        drop = drop_at(server, deadline=deadline)
        await drop.open()
        with pytest.raises(TuiMailError) as raised:
            await drop.listing()
        with pytest.raises(TuiMailError):
            await drop.listing()  # the connection is not used again
        await drop.close()
        return raised.value


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ((b"-ERR too many connections\r\n",), Offline),
        ((b"* OK IMAP4rev1\r\n",), ProtocolRefused),
        ((b"x" * 100_000,), ProtocolRefused),
        ((HANG_UP,), Offline),
        ((HELLO, CAPA, b"+OK\r\n", b"-ERR wrong\r\n"), WrongPassword),
        ((HELLO, CAPA, b"-ERR [AUTH] no\r\n"), WrongPassword),
        ((HELLO, CAPA, b"+OK\r\n", b"-ERR [IN-USE] another session\r\n"), TryLater),
        ((HELLO, CAPA, b"+OK\r\n", b"-ERR maildrop already locked\r\n"), TryLater),
        ((HELLO, CAPA, b"+OK\r\n", b"-ERR [LOGIN-DELAY] wait a minute\r\n"), TryLater),
        ((HELLO, CAPA, b"+OK\r\n", b"-ERR [SYS/TEMP] disk\r\n"), Offline),
        ((HELLO, CAPA, b"+OK\r\n", b"-ERR [SYS/PERM] mailbox broken\r\n"), ProtocolRefused),
    ],
)
async def test_servers_that_let_nobody_in_are_told_apart(
    script: tuple[bytes, ...], error: type[TuiMailError]
) -> None:
    found = await refusal(*script)
    assert type(found) is error
    assert "127.0.0.1" in found.message


async def test_what_a_server_says_reaches_people_without_control_characters() -> None:
    found = await refusal(HELLO, CAPA, b"-ERR \x1b[31mno\x07\r\n")
    assert "\x1b" not in found.message
    assert "no" in found.message


@pytest.mark.parametrize(
    ("answer", "named"),
    [
        (b"+OK" + b"x" * 100_000, str(LINE_LIMIT)),
        (
            b"+OK\r\n" + b"".join(b"%d u%d\r\n" % (n, n) for n in range(1, 250_005)) + b".\r\n",
            "250",
        ),
        (b"+OK\r\nno number\r\n.\r\n", "cannot be read"),
        (b"MAYBE\r\n", "cannot be read"),
        (b"+OK\r\n1 a\r\n" + HANG_UP, "lost"),
    ],
    ids=["line", "many", "listing", "status", "cut"],
)
async def test_what_breaks_the_protocol_or_a_limit_is_named(answer: bytes, named: str) -> None:
    assert named in (await listing_failure(answer, b"+OK\r\n.\r\n")).message


async def test_an_endless_answer_is_left_at_its_limit() -> None:
    async with Scripted(*IN, b"+OK\r\n1 u\r\n.\r\n", b"+OK\r\n1 9\r\n.\r\n", b"+OK\r\n") as server:
        drop = drop_at(server, deadline=0.3)
        await drop.open()
        keys = list(await drop.listing())
        began = asyncio.get_running_loop().time()
        with pytest.raises(Offline, match="in time"):
            await raws(drop, keys)
        assert asyncio.get_running_loop().time() - began < 3
        await drop.close()


async def test_a_server_that_falls_silent_is_left_at_the_deadline() -> None:
    assert type(await refusal(b"", deadline=0.2)) is Offline
    assert type(await listing_failure(b"", deadline=0.2)) is Offline


# -- with tokens ---------------------------------------------------------------------------------

TOKENS_TAKEN = b"+OK\r\nTOP\r\nUIDL\r\nSASL PLAIN XOAUTH2\r\n.\r\n"


def signed_in(server: Scripted, *tokens: str) -> Pop3Drop:
    """Somebody whose tokens are these, one after the other."""
    left = list(tokens)

    async def give(_refused: str) -> str:
        return left.pop(0)

    return Pop3Drop(server.endpoint(), Login("anna", "", give), deadline=5)


async def test_who_has_signed_in_logs_in_with_a_token() -> None:
    async with Scripted(HELLO, TOKENS_TAKEN, b"+ \r\n", b"+OK in\r\n") as server:
        drop = signed_in(server, "t" * 2000)
        await drop.open()
        await drop.close()
    assert server.lines[1] == b"AUTH XOAUTH2\r\n"
    said = base64.b64decode(server.lines[2]).decode()
    assert said == f"user=anna\1auth=Bearer {'t' * 2000}\1\1"


async def test_a_token_that_is_refused_is_replaced_once() -> None:
    refused = (b"+ \r\n", b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n", b"-ERR [AUTH] no\r\n")
    async with Scripted(HELLO, TOKENS_TAKEN, *refused) as server:
        with pytest.raises(WrongPassword, match="account login") as raised:
            await signed_in(server, "old", "new").open()
    assert "new" not in raised.value.message
    assert server.lines.count(b"AUTH XOAUTH2\r\n") == 2


async def test_a_server_that_takes_no_tokens_is_told_none() -> None:
    async with Scripted(HELLO, CAPA) as server:
        with pytest.raises(ProtocolRefused, match="OAuth2"):
            await signed_in(server, "token").open()
    assert server.lines == [b"CAPA\r\n"]


# -- TLS -----------------------------------------------------------------------------------------


async def test_starttls_is_asked_for_before_anything_else_and_required() -> None:
    async with Scripted(HELLO, b"-ERR what\r\n") as server:
        with pytest.raises(TlsRefused, match="STARTTLS"):
            await drop_at(server, Tls.STARTTLS).open()
    assert server.lines == [b"STLS\r\n"]


async def test_what_follows_the_answer_to_stls_in_the_clear_ends_the_connection(
    authority: Authority,
) -> None:
    injected = b"+OK begin\r\n+OK injected\r\n"
    async with Scripted(HELLO, injected, starttls_context=authority.context()) as server:
        with pytest.raises(TlsRefused, match="on the way"):
            await drop_at(server, Tls.STARTTLS).open()
    assert server.lines == [b"STLS\r\n"]


async def test_what_was_offered_before_tls_is_not_asked_for(authority: Authority) -> None:
    script = [HELLO, b"+OK begin\r\n" + UPGRADE, CAPA, b"+OK\r\n", b"+OK in\r\n"]
    async with Scripted(*script, starttls_context=authority.context()) as server:
        endpoint = Endpoint("127.0.0.1", server.port, Tls.STARTTLS, authority.file)
        drop = Pop3Drop(endpoint, LOGIN, deadline=5)
        await drop.open()
        await drop.close()
    assert server.lines[:2] == [b"STLS\r\n", b"CAPA\r\n"]


async def test_bad_certificates_are_refused_by_both_ways(authority: Authority) -> None:
    for context in (authority.context(expired=True), authority.context("other.example.it")):
        async with Scripted(HELLO, context=context) as server:
            endpoint = Endpoint("127.0.0.1", server.port, Tls.IMPLICIT, authority.file)
            with pytest.raises(TlsRefused, match="certificate"):
                await Pop3Drop(endpoint, LOGIN, deadline=5).open()
        async with Scripted(HELLO, b"+OK\r\n" + UPGRADE, starttls_context=context) as server:
            endpoint = Endpoint("127.0.0.1", server.port, Tls.STARTTLS, authority.file)
            with pytest.raises(TlsRefused, match="certificate"):
                await Pop3Drop(endpoint, LOGIN, deadline=5).open()
        assert server.lines == [b"STLS\r\n"]


async def test_another_machine_is_not_spoken_to_in_the_clear() -> None:
    with pytest.raises(TlsRefused):
        await Pop3Drop(Endpoint("pop.example.it", 110, Tls.NONE), LOGIN).open()


# -- poor servers --------------------------------------------------------------------------------


class Poor:
    """A server of which each part can be switched off: the last resort of a table of answers."""

    def __init__(self, messages: Mapping[int, bytes], **answers: bytes) -> None:
        self.messages = messages
        self.answers = answers
        self.lines: list[bytes] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Endpoint:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return Endpoint("127.0.0.1", self._server.sockets[0].getsockname()[1], Tls.NONE)

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            writer.write(HELLO)
            while line := await reader.readline():
                self.lines.append(line)
                verb, _space, rest = line.strip().decode().partition(" ")
                writer.write(self.answers.get(verb.lower(), b"") or self._answer(verb, rest))
                if verb == "QUIT":
                    break
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _answer(self, verb: str, rest: str) -> bytes:
        if verb == "CAPA":
            return b"-ERR\r\n"
        if verb == "LIST":
            rows = b"".join(b"%d %d\r\n" % (n, len(raw)) for n, raw in self.messages.items())
            return b"+OK\r\n" + rows + b".\r\n"
        if verb == "UIDL":
            rows = b"".join(b"%d id%d\r\n" % (n, n) for n in self.messages)
            return b"+OK\r\n" + rows + b".\r\n"
        if verb in {"TOP", "RETR"}:
            raw = self.messages[int(rest.split(maxsplit=1)[0])]
            return (
                b"+OK\r\n" + (raw if verb == "RETR" else raw.split(b"\r\n\r\n")[0]) + b"\r\n.\r\n"
            )
        return b"+OK\r\n"


NO = b"-ERR no such command\r\n"


async def listed(endpoint: Endpoint) -> tuple[Pop3Drop, list[str]]:
    drop = Pop3Drop(endpoint, LOGIN, deadline=5)
    await drop.open()
    return drop, list(await drop.listing())


@pytest.mark.parametrize("without", [("uidl",), ("uidl", "top")])
async def test_without_unique_ids_messages_are_known_by_what_they_hold(
    without: tuple[str, ...],
) -> None:
    messages = {1: letter(1)[:-2], 2: letter(2)[:-2]}
    answers = dict.fromkeys(without, NO)
    async with Poor(messages, **answers) as endpoint:
        drop, before = await listed(endpoint)
        assert not drop.names_messages
        await drop.close()
    async with Poor({1: messages[2], 2: letter(3)[:-2]}, **answers) as endpoint:
        drop, after = await listed(endpoint)
        assert after[1] == before[0]
        assert after[0] not in before
        assert (await raws(drop, after))[before[0]] == letter(2)
        await drop.close()


async def test_messages_that_share_a_unique_id_are_told_apart_by_their_headers() -> None:
    names = b"+OK\r\n1 same\r\n2 same\r\n3 other\r\n.\r\n"
    messages = {n: letter(n)[:-2] for n in (1, 2, 3)}
    async with Poor(messages, uidl=names) as endpoint:
        drop, keys = await listed(endpoint)
        assert drop.names_messages
        assert keys[0] == "uidl other"
        assert list((await raws(drop, keys)).values()) == [letter(3), letter(2), letter(1)]
        await drop.close()


async def test_a_message_that_the_server_will_not_give_leaves_its_neighbours() -> None:
    class Broken(Poor):
        def _answer(self, verb: str, rest: str) -> bytes:
            refused = (verb, rest) == ("RETR", "2")
            return b"-ERR cannot read it\r\n" if refused else super()._answer(verb, rest)

    async with Broken({n: letter(n)[:-2] for n in (1, 2, 3)}) as endpoint:
        drop, keys = await listed(endpoint)
        found: list[bytes] = []

        async def fetch() -> None:
            async for one in drop.fetch(keys):
                found.append(one.raw)

        with pytest.raises(ProtocolRefused, match="cannot read it"):
            await fetch()
        assert found == [letter(3), letter(1)]
        await drop.close()


async def test_a_message_over_the_limit_is_named_and_not_fetched() -> None:
    sizes = b"+OK\r\n1 %d\r\n2 9\r\n.\r\n" % (300 << 20)
    async with Poor({1: letter(1), 2: letter(2)[:-2]}, list=sizes) as endpoint:
        drop, keys = await listed(endpoint)
        with pytest.raises(ProtocolRefused, match=str(256 << 20)):
            await raws(drop, keys)
        await drop.close()


@pytest.mark.parametrize(
    ("answers", "deleted"),
    [({}, {"uidl id1", "uidl id2"}), ({"quit": NO}, set()), ({"dele": NO}, set())],
)
async def test_only_what_the_end_of_the_session_confirms_counts_as_deleted(
    answers: dict[str, bytes], deleted: set[str]
) -> None:
    async with Poor({1: letter(1), 2: letter(2)}, **answers) as endpoint:
        drop, keys = await listed(endpoint)
        assert await drop.delete(keys) == deleted


async def test_a_session_that_broke_while_deleting_is_never_confirmed() -> None:
    poor = Poor({1: letter(1)}, dele=b"what\r\n")
    async with poor as endpoint:
        drop, keys = await listed(endpoint)
        with pytest.raises(ProtocolRefused):
            await drop.delete(keys)
        await drop.close()
    assert b"QUIT\r\n" not in poor.lines
