"""The embedded IMAP server by the letter of the RFCs, over real connections."""

import asyncio
import base64
import contextlib
import imaplib
import re
from pathlib import Path

import pytest

from tests.demo.conftest import TlsContexts
from tests.demo.letters import fill, letter
from tests.demo.wire import connected, logged_in
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox

PLAIN = base64.b64encode(b"\0anna\0secret")

# Login


@pytest.mark.parametrize(
    "command",
    [
        b"LOGIN anna secret",
        b'LOGIN "anna" "secret"',
        b"LOGIN {4+}\r\nanna {6+}\r\nsecret",
        b"AUTHENTICATE PLAIN " + PLAIN,
    ],
)
async def test_login_succeeds_in_every_form(server: ImapServer, command: bytes) -> None:
    async with connected(server.port) as wire:
        assert (await wire.result(command)).startswith(b"OK [CAPABILITY IMAP4rev1 ")


async def test_authenticate_plain_asks_for_the_response(server: ImapServer) -> None:
    async with connected(server.port) as wire:
        wire.send(b"a AUTHENTICATE PLAIN")
        assert await wire.answer() == b"+ "
        wire.send(PLAIN)
        assert (await wire.answer()).startswith(b"a OK")


async def test_a_synchronising_literal_is_asked_for(server: ImapServer) -> None:
    async with connected(server.port) as wire:
        wire.send(b"a LOGIN {4}")
        assert (await wire.answer()).startswith(b"+ ")
        wire.send(b"anna secret")
        assert (await wire.answer()).startswith(b"a OK")


@pytest.mark.parametrize("login", ["LOGIN anna wrong", "LOGIN nobody secret", 'LOGIN anna ""'])
async def test_a_wrong_login_is_refused_with_its_code(server: ImapServer, login: str) -> None:
    async with connected(server.port) as wire:
        assert (await wire.result(login)).startswith(b"NO [AUTHENTICATIONFAILED]")
        assert (await wire.result("SELECT INBOX")).startswith(b"BAD")


async def test_passwords_wait_for_starttls_and_what_was_sent_before_is_forgotten(
    mailbox: UserMailbox, tls: TlsContexts
) -> None:
    running = ImapServer({"anna": mailbox}, starttls_context=tls.server)
    await running.start()
    try:
        async with connected(running.port) as wire:
            [offered] = await wire.ok("CAPABILITY")
            assert b" STARTTLS LOGINDISABLED" in offered
            assert b"AUTH=PLAIN" not in offered
            assert (await wire.result("LOGIN anna secret")).startswith(b"NO [PRIVACYREQUIRED]")
            wire.writer.write(b"a STARTTLS\r\nb LOGIN anna secret\r\n")
            assert (await wire.answer()).startswith(b"a OK")
            await wire.writer.start_tls(tls.client, server_hostname="localhost")
            [offered] = await wire.ok("CAPABILITY")
            assert offered.endswith(b" AUTH=PLAIN")
            assert (await wire.result("LOGIN anna secret")).startswith(b"OK")
    finally:
        await running.stop()


async def test_tls_from_the_first_byte(mailbox: UserMailbox, tls: TlsContexts) -> None:
    running = ImapServer({"anna": mailbox}, ssl_context=tls.server)
    await running.start()
    try:
        async with connected(running.port, tls.client) as wire:
            assert (await wire.result("STARTTLS")).startswith(b"BAD")
            await wire.ok("LOGIN anna secret")
    finally:
        await running.stop()


# Several sessions, and the world outside


async def test_sessions_see_each_other_at_the_end_of_commands(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 3)
    async with logged_in(server.port, "INBOX") as one, logged_in(server.port, "INBOX") as two:
        await one.ok("STORE 1 +FLAGS (\\Deleted)")
        assert await two.ok("NOOP") == [b"* 1 FETCH (UID 1 FLAGS (\\Deleted))"]
        await one.ok("EXPUNGE")
        await one.ok(b"APPEND INBOX {1+}\r\nx")
        fetched = await two.ok("FETCH 2 UID")
        assert fetched[0] == b"* 2 FETCH (UID 2)"
        assert fetched[1:] == [b"* 4 EXISTS", b"* 0 RECENT"]
        assert (await two.result("FETCH 1 BODY.PEEK[]")).startswith(b"OK [EXPUNGEISSUED]")
        assert await two.ok("NOOP") == [b"* 1 EXPUNGE"]
        assert (await two.ok("FETCH 3 UID"))[0] == b"* 3 FETCH (UID 4)"


async def test_idle_tells_arrivals_flags_and_deletions_at_once(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 2)
    async with logged_in(server.port, "INBOX") as wire:
        wire.send(b"a IDLE")
        assert (await wire.answer()).startswith(b"+ ")
        mailbox.deliver("INBOX", letter(3))
        assert await wire.answer() == b"* 3 EXISTS"
        assert await wire.answer() == b"* 3 RECENT"
        mailbox.set_flags("INBOX", 1, ["\\Seen"])
        assert await wire.answer() == b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))"
        mailbox.delete("INBOX", 2)
        assert await wire.answer() == b"* 2 EXPUNGE"
        wire.send(b"DONE")
        assert (await wire.answer()).startswith(b"a OK")
        assert await wire.ok("NOOP") == []


async def test_a_new_uidvalidity_ends_the_session_and_renumbers(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 3)
    mailbox.delete("INBOX", 1)
    before = mailbox.folder("INBOX").uidvalidity
    async with logged_in(server.port, "INBOX") as wire:
        wire.send(b"a IDLE")
        await wire.answer()
        after = mailbox.change_uidvalidity("INBOX")
        assert (await wire.answer()).startswith(b"* BYE")
        assert await wire.answer() == b""
    assert after > before
    assert [(one.uid, one.raw) for one in mailbox.messages("INBOX")] == [
        (1, letter(2)),
        (2, letter(3)),
    ]


# What is not offered, what is wrong, what breaks


@pytest.mark.parametrize(
    ("capability", "command"),
    [
        ("MOVE", "UID MOVE 1 Trash"),
        ("IDLE", "IDLE"),
        ("UIDPLUS", "UID EXPUNGE 1"),
        ("CONDSTORE", "UID FETCH 1 (FLAGS) (CHANGEDSINCE 1)"),
        ("CONDSTORE", "SELECT INBOX (CONDSTORE)"),
        ("CONDSTORE", "STATUS INBOX (HIGHESTMODSEQ)"),
        ("SPECIAL-USE", 'LIST "" "*" RETURN (SPECIAL-USE)'),
        ("ESEARCH", "SEARCH RETURN (COUNT) ALL"),
        ("UNSELECT", "UNSELECT"),
        ("NAMESPACE", "NAMESPACE"),
        ("ENABLE", "ENABLE CONDSTORE"),
        ("ID", "ID NIL"),
        ("OBJECTID", "STATUS INBOX (MAILBOXID)"),
        ("LIST-STATUS", 'LIST "" "*" RETURN (STATUS (MESSAGES))'),
    ],
)
async def test_what_is_off_is_neither_offered_nor_done(
    mailbox: UserMailbox, capability: str, command: str
) -> None:
    fill(mailbox, 1)
    poor = ImapServer({"anna": mailbox}, capabilities_off=frozenset({capability}))
    await poor.start()
    try:
        async with logged_in(poor.port, "INBOX") as wire:
            [offered] = await wire.ok("CAPABILITY")
            assert capability.encode() not in offered.split()
            assert (await wire.result(command)).startswith(b"BAD")
            assert b"Drafts" in b"".join(await wire.ok('LIST "" "*"'))
    finally:
        await poor.stop()


async def test_without_special_use_uidplus_and_condstore_no_trace_of_them_is_sent(
    mailbox: UserMailbox,
) -> None:
    off = frozenset({"SPECIAL-USE", "UIDPLUS", "CONDSTORE"})
    poor = ImapServer({"anna": mailbox}, capabilities_off=off)
    await poor.start()
    try:
        async with logged_in(poor.port) as wire:
            said = await wire.ok('LIST "" "*"') + await wire.ok("SELECT INBOX")
            said += await wire.command(b"APPEND INBOX {1+}\r\nx")
            said += await wire.command("UID MOVE 1 Trash")
            assert not re.search(rb"\\Sent|MODSEQ|APPENDUID|COPYUID", b"\n".join(said))
    finally:
        await poor.stop()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b" ",
        b"a",
        b"a ",
        b"* NOOP",
        b"a NOOP extra",
        b"a FROBNICATE",
        b"a UID",
        b"a UID NOOP",
        b"a FETCH",
        b"a FETCH 1",
        b"a FETCH x FLAGS",
        b"a FETCH 1 (FLAGS",
        b"a FETCH 1 BODY[1",
        b"a FETCH 1 BODY[0]",
        b"a FETCH 1 BODY[MIME]",
        b"a FETCH 99999999999 FLAGS",
        b"a STORE 1 FLAGS",
        b"a STORE 1 FLAGS (\\)",
        b"a SEARCH",
        b"a SEARCH " + b"(" * 1000,
        b"a SEARCH " + b"NOT " * 1000 + b"ALL",
        b"a SEARCH SINCE 31-Feb-2026",
        b'a SELECT "unterminated',
        b"a SELECT \xff\xfe",
        b"a APPEND INBOX (\\Seen)",
        b'a APPEND INBOX "99-Foo-2026 99:99:99 +9999" {1+}\r\nx',
        b"a STATUS INBOX ()",
        b'a LIST "" "" RETURN (NONSENSE)',
        b"\x00\x01\x02",
    ],
)
async def test_nonsense_is_bad_and_the_session_goes_on(server: ImapServer, line: bytes) -> None:
    async with logged_in(server.port, "INBOX") as wire:
        wire.send(line)
        assert re.match(
            rb"[a*] BAD ", (await wire.until(b"* BAD" if line[:1] != b"a" else b"a"))[-1]
        )
        await wire.ok("NOOP")


@pytest.mark.parametrize(
    "line", [b"x" * 200_000, b"a LOGIN {9000+}", b"a LOGIN anna {99999999999+}"]
)
async def test_too_much_ends_the_session_and_not_the_server(
    server: ImapServer, line: bytes
) -> None:
    async with connected(server.port) as wire:
        wire.send(line)
        assert (await wire.answer()).startswith(b"* BYE [TOOBIG]")
    async with logged_in(server.port) as wire:
        assert (await wire.result(b"APPEND INBOX {99999999999}")).startswith(b"NO [TOOBIG]")
        await wire.ok("NOOP")


async def test_dropped_connections_end_without_a_word(server: ImapServer) -> None:
    async with logged_in(server.port, "INBOX") as wire:
        wire.send(b"a IDLE")
        await wire.answer()
        server.drop_connections()
        ended = b""
        with contextlib.suppress(ConnectionError):
            ended = await wire.answer()
        assert ended == b""
    async with logged_in(server.port) as wire:
        await wire.ok("NOOP")


async def test_a_stalled_server_answers_when_it_is_released(server: ImapServer) -> None:
    async with logged_in(server.port) as wire:
        server.stalled = True
        answer = asyncio.ensure_future(wire.ok("NOOP"))
        other = await asyncio.open_connection("127.0.0.1", server.port)
        greeting = asyncio.ensure_future(other[0].readline())
        done, _ = await asyncio.wait({answer, greeting}, timeout=0.2)
        assert not done
        server.stalled = False
        assert await answer == []
        assert (await greeting).startswith(b"* OK")
        other[1].close()
        await other[1].wait_closed()


async def test_a_command_can_be_made_to_fail(server: ImapServer) -> None:
    async with logged_in(server.port) as wire:
        server.refusals["APPEND"] = "[OVERQUOTA] Full"
        assert await wire.result(b"APPEND INBOX {1+}\r\nx") == b"NO [OVERQUOTA] Full"
        assert server.received[-1] == "APPEND"


async def test_stopping_ends_every_session(mailbox: UserMailbox) -> None:
    running = ImapServer({"anna": mailbox})
    await running.start()
    async with logged_in(running.port, "INBOX") as wire:
        wire.send(b"a IDLE")
        await wire.answer()
        assert running.connections == 1
        await running.stop()
        assert running.connections == 0


# Another's client, and others' messages


def use_imaplib(port: int) -> list[bytes]:
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login("anna", "secret")
        client.append("INBOX", "\\Flagged", "", letter(2))
        assert client.select("INBOX") == ("OK", [b"2"])
        assert client.search(None, "FLAGGED") == ("OK", [b"2"])
        client.store("1", "+FLAGS", "(\\Deleted)")
        client.expunge()
        _, answers = client.fetch("1", "(BODY.PEEK[])")
        return [answer[1] for answer in answers if isinstance(answer, tuple)]


async def test_imaplib_gets_along_with_it(server: ImapServer, mailbox: UserMailbox) -> None:
    fill(mailbox, 1)
    assert await asyncio.to_thread(use_imaplib, server.port) == [letter(2)]


async def test_broken_messages_are_described_and_given_back(
    server: ImapServer, mailbox: UserMailbox, mail_samples: list[Path]
) -> None:
    raws = [path.read_bytes() for path in mail_samples]
    for raw in raws:
        mailbox.deliver("INBOX", raw)
    async with logged_in(server.port, "INBOX") as wire:
        lines = await wire.ok("UID FETCH 1:* (ENVELOPE BODY BODYSTRUCTURE)")
        assert len(lines) == len(raws)
        lines = await wire.ok("UID FETCH 1:* (BODY.PEEK[] BODY.PEEK[1] BODY.PEEK[2.1.HEADER])")
        for raw, line in zip(raws, lines, strict=True):
            assert b"BODY[] {%d}\r\n%b BODY[1] " % (len(raw), raw) in line
