"""Commands on folders: LIST, STATUS, SELECT, CREATE, RENAME, DELETE, APPEND."""

import base64
import re

from tests.demo.letters import WHEN, fill, flags_of
from tests.demo.wire import logged_in
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox

PLAIN = base64.b64encode(b"\0anna\0secret")


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
            b"* OK [MAILBOXID (F1)]",
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
