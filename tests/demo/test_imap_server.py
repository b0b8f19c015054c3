"""The embedded IMAP server by the letter of the RFCs, over real connections."""

import asyncio
import base64
import contextlib
import imaplib
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.demo.conftest import TlsContexts
from tests.demo.wire import connected, logged_in
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox

PLAIN = base64.b64encode(b"\0anna\0secret")
WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def letter(number: int) -> bytes:
    return (
        f"From: Rossi <rossi@example.com>\r\nTo: anna@example.org\r\nSubject: letter {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\n\r\nBody {number}\r\n"
    ).encode()


def fill(mailbox: UserMailbox, count: int, folder: str = "INBOX") -> None:
    for number in range(1, count + 1):
        mailbox.deliver(folder, letter(number), when=WHEN)


def flags_of(mailbox: UserMailbox, folder: str = "INBOX") -> list[set[str]]:
    return [set(message.flags) for message in mailbox.messages(folder)]


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


# Folders


async def test_list_shows_special_use_and_decodes_patterns(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    mailbox.create("Clienti/Perché & come")
    async with logged_in(server.port) as wire:
        assert await wire.ok('LIST "" "%"') == [
            b'* LIST (\\HasNoChildren) "/" "INBOX"',
            b'* LIST (\\Archive \\HasNoChildren) "/" "Archive"',
            b'* LIST (\\HasChildren) "/" "Clienti"',
            b'* LIST (\\Drafts \\HasNoChildren) "/" "Drafts"',
            b'* LIST (\\Junk \\HasNoChildren) "/" "Junk"',
            b'* LIST (\\Sent \\HasNoChildren) "/" "Sent"',
            b'* LIST (\\Trash \\HasNoChildren) "/" "Trash"',
        ]
        deep = [b'* LIST (\\HasNoChildren) "/" "Clienti/Perch&AOk- &- come"']
        assert await wire.ok('LIST "" Clienti/*') == deep
        assert await wire.ok('LIST "Clienti/" %') == deep
        assert await wire.ok('LIST "" "*&AOk-*"') == deep
        only_special = await wire.ok('LIST (SPECIAL-USE) "" "*" RETURN (SPECIAL-USE)')
        assert len(only_special) == 5
        assert await wire.ok('LIST "" ""') == [b'* LIST (\\Noselect) "/" ""']


async def test_folders_are_created_renamed_and_deleted(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    async with logged_in(server.port) as wire:
        await wire.ok("CREATE Ordini/2026")
        await wire.ok("CREATE Posta (USE (\\Archive))")
        assert mailbox.folder("Posta").use == "\\Archive"
        assert (await wire.result("CREATE inbox")).startswith(b"NO [ALREADYEXISTS]")
        await wire.ok("RENAME Ordini Vecchi")
        assert {"Vecchi", "Vecchi/2026"} <= set(mailbox.folders)
        assert (await wire.result("DELETE Ordini")).startswith(b"NO [NONEXISTENT]")
        await wire.ok("DELETE Vecchi")
        [listed] = await wire.ok('LIST "" Vecchi')
        assert listed == b'* LIST (\\Noselect \\HasChildren) "/" "Vecchi"'
        assert (await wire.result("DELETE INBOX")).startswith(b"NO [CANNOT]")


async def test_a_folder_made_again_has_a_new_uidvalidity(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    first = mailbox.create("Temp").uidvalidity
    async with logged_in(server.port) as wire:
        await wire.ok("DELETE Temp")
        await wire.ok("CREATE Temp")
    assert mailbox.folder("Temp").uidvalidity > first


async def test_renaming_inbox_moves_its_messages(server: ImapServer, mailbox: UserMailbox) -> None:
    fill(mailbox, 2)
    async with logged_in(server.port) as wire:
        await wire.ok("RENAME INBOX Old")
    assert [len(mailbox.messages(name)) for name in ("INBOX", "Old")] == [0, 2]


async def test_subscriptions(server: ImapServer, mailbox: UserMailbox) -> None:
    mailbox.create("A/B")
    async with logged_in(server.port) as wire:
        await wire.ok("SUBSCRIBE A/B")
        await wire.ok("UNSUBSCRIBE Junk")
        subscribed = await wire.ok('LSUB "" "%"')
        assert b'* LSUB (\\Noselect) "/" "A"' in subscribed
        assert not any(b"Junk" in line for line in subscribed)
        assert b'* LIST (\\Subscribed \\HasNoChildren) "/" "A/B"' in await wire.ok(
            'LIST (SUBSCRIBED) "" "*"'
        )


async def test_status_and_select_agree(server: ImapServer, mailbox: UserMailbox) -> None:
    fill(mailbox, 3)
    mailbox.set_flags("INBOX", 1, ["\\Seen", "Preventivo"])
    async with logged_in(server.port) as wire:
        [line] = await wire.ok(
            "STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ RECENT)"
        )
        modseq = mailbox.folder("INBOX").highest_modseq
        assert line == (
            b'* STATUS "INBOX" (MESSAGES 3 UIDNEXT 4 UIDVALIDITY 1 UNSEEN 2 '
            b"HIGHESTMODSEQ %d RECENT 3)" % modseq
        )
        *described, result = await wire.command("SELECT INBOX (CONDSTORE)")
        assert result.startswith(b"OK [READ-WRITE]")
        assert [re.sub(rb"\] .*", b"]", answer) for answer in described] == [
            b"* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Preventivo)",
            b"* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft Preventivo \\*)]",
            b"* 3 EXISTS",
            b"* 3 RECENT",
            b"* OK [UNSEEN 2]",
            b"* OK [UIDVALIDITY 1]",
            b"* OK [UIDNEXT 4]",
            b"* OK [HIGHESTMODSEQ %d]" % modseq,
        ]
        assert (await wire.result("SELECT Nowhere")).startswith(b"NO [NONEXISTENT]")
        assert (await wire.result("FETCH 1 FLAGS")).startswith(b"BAD")


async def test_examine_changes_nothing(server: ImapServer, mailbox: UserMailbox) -> None:
    fill(mailbox, 1)
    async with logged_in(server.port) as wire:
        assert (await wire.result("EXAMINE INBOX")).startswith(b"OK [READ-ONLY]")
        await wire.ok("FETCH 1 BODY[]")
        for command in ("STORE 1 +FLAGS \\Deleted", "EXPUNGE", "MOVE 1 Trash"):
            assert (await wire.result(command)).startswith(b"NO [READ-ONLY]")
    assert flags_of(mailbox) == [set()]


async def test_append_keeps_bytes_flags_and_date(server: ImapServer, mailbox: UserMailbox) -> None:
    raw = b"Subject: caff\xe8\r\n\r\n\x00bare\nline\r\n"
    async with logged_in(server.port) as wire:
        result = await wire.result(
            b'APPEND Sent (\\Seen $Forwarded) " 1-Mar-2026 10:30:00 +0100" {%d+}\r\n%b'
            % (len(raw), raw)
        )
        assert result.startswith(b"OK [APPENDUID %d 1]" % mailbox.folder("Sent").uidvalidity)
        assert (await wire.result(b"APPEND Nowhere {1+}\r\nx")).startswith(b"NO [TRYCREATE]")
    [message] = mailbox.messages("Sent")
    assert (message.raw, message.when) == (raw, WHEN)
    assert message.flags == {"\\Seen", "$Forwarded"}


# FETCH


MIXED = (
    b'From: "Rossi, Ugo" <ugo@example.com>\r\n'
    b"To: A <a@example.org>, team: b@example.org, <c@example.org>;\r\n"
    b"Subject: =?utf-8?q?caff=C3=A8?=\r\nMessage-ID: <m@example.com>\r\n"
    b'Content-Type: multipart/mixed; boundary="=x"\r\n\r\npreamble\r\n'
    b"--=x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nhello\r\n"
    b'--=x\r\nContent-Type: application/pdf; name="a.pdf"\r\n'
    b'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="a.pdf"\r\n'
    b"\r\nAAAA\r\n"
    b"--=x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner text\r\n"
    b"--=x--\r\nepilogue\r\n"
)


async def test_envelope_and_bodystructure(server: ImapServer, mailbox: UserMailbox) -> None:
    mailbox.deliver("INBOX", MIXED)
    async with logged_in(server.port, "INBOX") as wire:
        [line] = await wire.ok("FETCH 1 ENVELOPE")
        ugo = b'(("Rossi, Ugo" NIL "ugo" "example.com"))'
        assert line == (
            b'* 1 FETCH (ENVELOPE (NIL "=?utf-8?q?caff=C3=A8?=" %b %b %b '
            b'(("A" NIL "a" "example.org")(NIL NIL "team" NIL)(NIL NIL "b" "example.org")'
            b'(NIL NIL "c" "example.org")(NIL NIL NIL NIL)) NIL NIL NIL "<m@example.com>"))'
        ) % (ugo, ugo, ugo)
        [line] = await wire.ok("FETCH 1 BODYSTRUCTURE")
        assert line == (
            b'* 1 FETCH (BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "7bit" 5 0 '
            b'NIL NIL NIL NIL)("application" "pdf" ("name" "a.pdf") NIL NIL "base64" 4 NIL '
            b'("attachment" ("filename" "a.pdf")) NIL NIL)("message" "rfc822" NIL NIL NIL "7bit" '
            b'28 (NIL "inner" NIL NIL NIL NIL NIL NIL NIL NIL) ("text" "plain" NIL NIL NIL "7bit" '
            b'10 0 NIL NIL NIL NIL) 2 NIL NIL NIL NIL) "mixed" ("boundary" "=x") NIL NIL NIL))'
        )


@pytest.mark.parametrize(
    ("section", "content"),
    [
        ("", MIXED),
        ("HEADER", MIXED[: MIXED.index(b"preamble")]),
        ("TEXT", MIXED[MIXED.index(b"preamble") :]),
        ("HEADER.FIELDS (MESSAGE-ID)", b"Message-ID: <m@example.com>\r\n\r\n"),
        ("1", b"hello"),
        ("2", b"AAAA"),
        ("1.MIME", b"Content-Type: text/plain; charset=utf-8\r\n\r\n"),
        ("3.HEADER", b"Subject: inner\r\n\r\n"),
        ("3.TEXT", b"inner text"),
        ("3.1", b"inner text"),
        ("4", None),
        ("1.1", None),
        ("1.HEADER", None),
    ],
)
async def test_sections(
    server: ImapServer, mailbox: UserMailbox, section: str, content: bytes | None
) -> None:
    mailbox.deliver("INBOX", MIXED)
    async with logged_in(server.port, "INBOX") as wire:
        [line] = await wire.ok(f"UID FETCH 1 BODY.PEEK[{section}]")
        value = b"NIL" if content is None else b"{%d}\r\n%b" % (len(content), content)
        assert line == b"* 1 FETCH (UID 1 BODY[%b] %b)" % (section.encode(), value)
        [line] = await wire.ok(f"FETCH 1 BODY.PEEK[{section}]<3.4>")
        if content is not None:
            value = b"{%d}\r\n%b" % (len(content[3:7]), content[3:7])
        assert line == b"* 1 FETCH (BODY[%b]<3> %b)" % (section.encode(), value)
    assert flags_of(mailbox) == [set()]


async def test_reading_a_body_marks_it_seen(server: ImapServer, mailbox: UserMailbox) -> None:
    fill(mailbox, 1)
    async with logged_in(server.port, "INBOX") as wire:
        lines = await wire.ok("UID FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY[TEXT])")
        assert lines[0] == (
            b'* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) INTERNALDATE " 1-Mar-2026 09:30:00 +0000" '
            b"RFC822.SIZE %d BODY[TEXT] {8}\r\nBody 1\r\n)" % len(letter(1))
        )
        assert lines[1] == b"* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent))"


async def test_sets_are_resolved_as_the_rfc_has_it(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 5)
    mailbox.delete("INBOX", 2, 4)
    async with logged_in(server.port, "INBOX") as wire:

        async def uids(command: str) -> list[int]:
            found = [re.search(rb"UID (\d+)", line) for line in await wire.ok(command)]
            return [int(match[1]) for match in found if match]

        assert await uids("UID FETCH 1:* UID") == [1, 3, 5]
        assert await uids("UID FETCH 9:* UID") == [5]
        assert await uids("UID FETCH 2,4 UID") == []
        assert await uids("UID FETCH 3:1,5,3 UID") == [1, 3, 5]
        assert await uids("FETCH 2:* UID") == [3, 5]
        assert (await wire.result("FETCH 4 UID")).startswith(b"BAD")
        assert (await wire.result("FETCH 0 UID")).startswith(b"BAD")
        await wire.ok("SELECT Sent")
        assert await uids("FETCH 1:* UID") == []


async def test_a_long_fetch_does_not_hold_up_others(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 20_000)
    async with logged_in(server.port, "INBOX") as busy, logged_in(server.port) as other:
        busy.send(b"a UID FETCH 1:* (UID FLAGS BODY.PEEK[])")
        await busy.answer()
        await other.ok("NOOP")  # answered while the other's 20,000 messages wait to be read
        assert len(await busy.until(b"a OK")) == 20_000


# CONDSTORE


async def test_changedsince_gives_only_what_changed(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 3)
    async with logged_in(server.port, "INBOX") as wire:
        before = mailbox.folder("INBOX").highest_modseq
        mailbox.set_flags("INBOX", 2, ["\\Flagged"])
        lines = await wire.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before})")
        expected = b"UID 2 FLAGS (\\Flagged \\Recent) MODSEQ (%d)" % (before + 1)
        assert b"* 2 FETCH (%b)" % expected in lines
        assert not any(line.startswith((b"* 1 FETCH", b"* 3 FETCH")) for line in lines)


async def test_unchangedsince_leaves_what_others_changed(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 2)
    async with logged_in(server.port, "INBOX") as wire:
        known = mailbox.folder("INBOX").highest_modseq
        mailbox.set_flags("INBOX", 2, ["\\Flagged"])
        result = await wire.result(f"UID STORE 1:2 (UNCHANGEDSINCE {known}) +FLAGS (\\Seen)")
        assert result.startswith(b"OK [MODIFIED 2]")
    assert flags_of(mailbox) == [{"\\Seen"}, {"\\Flagged"}]


# STORE, COPY, MOVE, EXPUNGE


async def test_store_sets_adds_and_removes_flags_and_keywords(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 1)
    async with logged_in(server.port, "INBOX") as wire:
        assert await wire.ok("UID STORE 1 FLAGS (\\SEEN Ordine)") == [
            b"* 1 FETCH (UID 1 FLAGS (Ordine \\Seen \\Recent))"
        ]
        assert await wire.ok("UID STORE 1 +FLAGS.SILENT (ordine \\Flagged)") == []
        assert flags_of(mailbox) == [{"\\Seen", "\\Flagged", "Ordine"}]
        await wire.ok("STORE 1 -FLAGS (ORDINE \\seen)")
        assert flags_of(mailbox) == [{"\\Flagged"}]
        assert (await wire.result("STORE 1 FLAGS (\\Recent)")).startswith(b"BAD")


async def test_copy_and_move_say_which_uids(server: ImapServer, mailbox: UserMailbox) -> None:
    fill(mailbox, 4)
    mailbox.set_flags("INBOX", 3, ["Ordine"])
    fill(mailbox, 6, "Archive")
    validity = mailbox.folder("Archive").uidvalidity
    async with logged_in(server.port, "INBOX") as wire:
        result = await wire.result("UID COPY 1,3:4 Archive")
        assert result.startswith(b"OK [COPYUID %d 1,3:4 7:9]" % validity)
        *untagged, result = await wire.command("UID MOVE 2:3 Archive")
        assert untagged[0].startswith(b"* OK [COPYUID %d 2:3 10:11]" % validity)
        assert untagged[1:] == [b"* 3 EXPUNGE", b"* 2 EXPUNGE"]
        assert (await wire.result("MOVE 1 Nowhere")).startswith(b"NO [TRYCREATE]")
    assert [message.uid for message in mailbox.messages("INBOX")] == [1, 4]
    moved = mailbox.messages("Archive")[-1]
    assert moved.flags == {"Ordine"}
    assert (moved.when, moved.raw) == (WHEN, letter(3))


async def test_expunge_takes_all_marked_and_uid_expunge_only_those_named(
    server: ImapServer, mailbox: UserMailbox
) -> None:
    fill(mailbox, 4)
    async with logged_in(server.port, "INBOX") as wire:
        await wire.ok("STORE 1,2,4 +FLAGS.SILENT \\Deleted")
        assert await wire.ok("UID EXPUNGE 2:3") == [b"* 2 EXPUNGE"]
        assert await wire.ok("EXPUNGE") == [b"* 3 EXPUNGE", b"* 1 EXPUNGE"]
        await wire.ok("STORE 1 +FLAGS.SILENT \\Deleted")
        await wire.ok("UNSELECT")
        assert len(mailbox.messages("INBOX")) == 1
        await wire.ok("SELECT INBOX")
        await wire.ok("CLOSE")
    assert not mailbox.messages("INBOX")


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


# SEARCH


@pytest.mark.parametrize(
    ("keys", "uids"),
    [
        ("ALL", b" 1 2 3 4"),
        ("UID 2:3", b" 2 3"),
        ("1:2 SEEN", b" 2"),
        ("UNSEEN", b" 1 3 4"),
        ("FLAGGED", b" 3"),
        ("KEYWORD ordine", b" 3"),
        ("OR SEEN FLAGGED", b" 2 3"),
        ("NOT (OR SEEN FLAGGED)", b" 1 4"),
        ("HEADER Message-ID <2@example.com>", b" 2"),
        ('SUBJECT "letter 3"', b" 3"),
        ("FROM rossi", b" 1 2 3"),
        ("BODY {6+}\r\nbody 1", b" 1"),
        ('CHARSET UTF-8 TEXT "perché"', b" 4"),
        ("SINCE 2-Mar-2026", b" 4"),
        ("BEFORE 2-Mar-2026 UID 3:*", b" 3"),
        ("LARGER 10000", b""),
    ],
)
async def test_search(server: ImapServer, mailbox: UserMailbox, keys: str, uids: bytes) -> None:
    fill(mailbox, 3)
    strange = b"Subject: x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nPerch=C3=A9\r\n"
    mailbox.deliver("INBOX", strange, when=datetime(2026, 3, 2, tzinfo=UTC))
    mailbox.set_flags("INBOX", 2, ["\\Seen"])
    mailbox.set_flags("INBOX", 3, ["\\Flagged", "Ordine"])
    async with logged_in(server.port, "INBOX") as wire:
        assert await wire.ok(f"UID SEARCH {keys}") == [b"* SEARCH" + uids]


async def test_esearch_and_modseq(server: ImapServer, mailbox: UserMailbox) -> None:
    fill(mailbox, 5)
    mailbox.delete("INBOX", 2)
    async with logged_in(server.port, "INBOX") as wire:
        wire.send(b"a UID SEARCH RETURN (MIN MAX COUNT ALL) ALL")
        assert await wire.answer() == (b'* ESEARCH (TAG "a") UID MIN 1 MAX 5 ALL 1,3:5 COUNT 4')
        assert (await wire.answer()).startswith(b"a OK")
        modseq = mailbox.folder("INBOX").messages[5].modseq
        lines = await wire.ok(f"UID SEARCH MODSEQ {modseq}")
        assert b"* SEARCH 5 (MODSEQ %d)" % modseq in lines
        assert (await wire.result("SEARCH CHARSET X ALL")).startswith(b"NO [BADCHARSET")


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
