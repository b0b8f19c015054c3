"""The mailboxes behind the embedded server, as the demo and tests of others change them."""

from datetime import UTC, datetime

import pytest

from tui_mail.demo.imap_store import FolderExistsError, NoSuchFolderError, UserMailbox

WHEN = datetime(2026, 3, 1, tzinfo=UTC)


def test_messages_get_rising_uids_that_are_never_used_again(mailbox: UserMailbox) -> None:
    assert [mailbox.deliver("inbox", b"x", when=WHEN) for _ in range(3)] == [1, 2, 3]
    assert mailbox.delete("INBOX", 3, 9) == [3]
    assert mailbox.deliver("INBOX", b"y") == 4
    assert [message.uid for message in mailbox.messages("INBOX")] == [1, 2, 4]


def test_modseq_rises_with_changes_and_only_with_changes(mailbox: UserMailbox) -> None:
    uid = mailbox.deliver("INBOX", b"x")
    folder = mailbox.folder("INBOX")
    first = folder.highest_modseq
    mailbox.set_flags("INBOX", uid, ["\\Seen"])
    assert folder.messages[uid].modseq == folder.highest_modseq == first + 1
    mailbox.set_flags("INBOX", uid, ["\\seen"])
    assert folder.highest_modseq == first + 1
    mailbox.delete("INBOX", uid)
    assert folder.highest_modseq == first + 2
    assert folder.changed_since(0) == []


def test_folders_come_with_those_above_them_and_go_alone(mailbox: UserMailbox) -> None:
    mailbox.create("A/B/C", "\\Archive")
    assert {"A", "A/B", "A/B/C"} <= set(mailbox.folders)
    mailbox.remove("A/B")
    assert "A/B/C" in mailbox.folders
    with pytest.raises(NoSuchFolderError):
        mailbox.folder("A/B")


def test_renaming_takes_along_what_is_below_and_keeps_the_messages(mailbox: UserMailbox) -> None:
    mailbox.create("A/B")
    mailbox.deliver("A/B", b"x")
    validity = mailbox.folder("A/B").uidvalidity
    mailbox.rename("A", "Z/A")
    assert [message.raw for message in mailbox.messages("Z/A/B")] == [b"x"]
    assert mailbox.folder("Z/A/B").uidvalidity == validity
    assert "A" not in mailbox.folders


@pytest.mark.parametrize(
    ("old", "new"), [("Sent", "Trash"), ("Sent", "Sent/Sub"), ("Sent", "a//b")]
)
def test_impossible_names_are_refused(mailbox: UserMailbox, old: str, new: str) -> None:
    with pytest.raises(FolderExistsError):
        mailbox.rename(old, new)


def test_a_new_uidvalidity_renumbers_from_one(mailbox: UserMailbox) -> None:
    for raw in (b"a", b"b", b"c"):
        mailbox.deliver("INBOX", raw, ["\\Seen", "Ordine"], WHEN)
    mailbox.delete("INBOX", 1)
    before = mailbox.folder("INBOX").uidvalidity
    assert mailbox.change_uidvalidity("INBOX") > before
    kept = mailbox.messages("INBOX")
    assert [(one.uid, one.raw) for one in kept] == [(1, b"b"), (2, b"c")]
    assert {(one.flags, one.when) for one in kept} == {(frozenset({"\\Seen", "Ordine"}), WHEN)}
    assert mailbox.deliver("INBOX", b"d") == 3
