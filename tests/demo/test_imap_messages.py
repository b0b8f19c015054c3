"""Commands on messages: FETCH, STORE, COPY, MOVE, EXPUNGE, SEARCH, and mod-sequences."""

import base64
import re
from datetime import UTC, datetime

import pytest

from tests.demo.letters import WHEN, fill, flags_of, letter
from tests.demo.wire import logged_in
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox

PLAIN = base64.b64encode(b"\0anna\0secret")

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
