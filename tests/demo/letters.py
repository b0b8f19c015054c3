"""Letters for the mailboxes of tests."""

from datetime import UTC, datetime

from tui_mail.demo.imap_store import UserMailbox

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
