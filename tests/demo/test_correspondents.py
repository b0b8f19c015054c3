"""What is sent to the people outside comes back answered; robots are left alone."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.demo.wire import logged_in
from tui_mail.demo.correspondents import Correspondents, OwnAddress, write_answer
from tui_mail.demo.imap_mime import parse_message
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.demo.records import Person
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail

ROSSI = "ugo@rossi.example.com"
COLE = "sarah@cole.example.net"
ANNA = "anna@azienda.example.org"
SALES = "ordini@azienda.example.org"
PEOPLE = {
    ROSSI: Person("Ugo Rossì", "it", "Rossi Impianti"),
    COLE: Person("Sarah Cole", "en", "Cole & Hughes"),
}
NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PATIENCE = 10


@pytest.fixture
async def correspondents(mailbox: UserMailbox) -> AsyncIterator[Correspondents]:
    own = {ANNA: OwnAddress("anna"), SALES: OwnAddress("anna", "Archive")}
    made = Correspondents({"anna": mailbox}, PEOPLE, own, delay=0)
    yield made
    await made.stop()


def letter(*, sender: str = ANNA, **headers: str) -> bytes:
    lines = {
        "From": f"Anna Bianchi <{sender}>",
        "To": ROSSI,
        "Subject": "Ordine 2026/12",
        "Message-ID": "<one@azienda.example.org>",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"{head}\r\nBuongiorno,\r\n> vecchio\r\nperché no?\r\n".encode()


def sent(raw: bytes, *recipients: str, sender: str = ANNA) -> ReceivedMail:
    return ReceivedMail(sender, recipients, raw)


async def answers(correspondents: Correspondents, mailbox: UserMailbox) -> list[EmailMessage]:
    async with asyncio.timeout(PATIENCE):
        while correspondents.pending:
            await asyncio.sleep(0)
    inbox = mailbox.messages("INBOX")
    return [
        message_from_bytes(one.raw.replace(b"\r\n", b"\n"), policy=policy.default) for one in inbox
    ]


async def test_an_answer_carries_on_the_conversation(
    correspondents: Correspondents, mailbox: UserMailbox
) -> None:
    raw = letter(References="<zero@azienda.example.org>")
    assert correspondents.deliver(sent(raw, ROSSI.upper())) == [ACCEPTED]
    [answer] = await answers(correspondents, mailbox)
    assert answer["From"] == f"Ugo Rossì <{ROSSI}>"
    assert answer["To"] == ANNA
    assert answer["Subject"] == "Re: Ordine 2026/12"
    assert answer["In-Reply-To"] == "<one@azienda.example.org>"
    assert answer["References"] == "<zero@azienda.example.org> <one@azienda.example.org>"
    assert re.fullmatch(r"<\w+@rossi\.example\.com>", answer["Message-ID"])
    text = answer.get_content()
    assert "Buongiorno," in text
    assert "Anna Bianchi ha scritto:\n> Buongiorno,\n>> vecchio\n> perché no?\n" in text


async def test_an_answer_is_in_the_language_of_who_writes_it(
    correspondents: Correspondents, mailbox: UserMailbox
) -> None:
    correspondents.deliver(sent(letter(Subject="Re: =?utf-8?q?caff=C3=A8?="), COLE))
    [answer] = await answers(correspondents, mailbox)
    assert answer["Subject"] == "Re: caffè"
    assert answer.get_content().startswith("Hello,\n")
    assert "Anna Bianchi wrote:" in answer.get_content()


async def test_an_answer_goes_to_the_account_it_was_sent_from(
    correspondents: Correspondents, mailbox: UserMailbox
) -> None:
    correspondents.deliver(sent(letter(sender=SALES), ROSSI))
    assert await answers(correspondents, mailbox) == []
    [answer] = mailbox.messages("Archive")
    assert f"To: {SALES}".encode() in answer.raw


async def test_colleagues_get_what_is_sent_to_them(
    correspondents: Correspondents, mailbox: UserMailbox
) -> None:
    raw = letter()
    correspondents.deliver(sent(raw, SALES, SALES))
    [message] = mailbox.messages("Archive")
    assert message.raw == f"Return-Path: <{ANNA}>\r\n".encode() + raw


@pytest.mark.parametrize(
    "mail",
    [
        sent(letter(Auto_Submitted="auto-replied"), ROSSI),
        sent(letter(Precedence="bulk"), ROSSI),
        sent(letter(List_Id="<news.example.org>"), ROSSI),
        sent(letter(), ROSSI, sender=""),
        sent(letter(sender="stranger@example.net"), ROSSI, sender="stranger@example.net"),
        sent(letter(), "unknown@example.net"),
    ],
)
async def test_robots_strangers_and_bounces_are_not_answered(
    correspondents: Correspondents, mailbox: UserMailbox, mail: ReceivedMail
) -> None:
    assert correspondents.deliver(mail) == [ACCEPTED]
    assert await answers(correspondents, mailbox) == []


def test_only_addresses_that_cannot_exist_are_refused(mailbox: UserMailbox) -> None:
    people = {"known@x.invalid": PEOPLE[ROSSI]}
    correspondents = Correspondents({"anna": mailbox}, people, {})
    refusal = correspondents.refuse("nobody@x.invalid")
    assert refusal is not None
    assert refusal.startswith("550 ")
    assert correspondents.refuse("Known@X.invalid") is None
    assert correspondents.refuse("anybody@example.net") is None


async def test_an_answer_wakes_who_waits_for_mail(
    correspondents: Correspondents, server: ImapServer
) -> None:
    async with logged_in(server.port, "INBOX") as wire:
        wire.send(b"a IDLE")
        await wire.answer()
        correspondents.deliver(sent(letter(), ROSSI))
        assert await wire.answer() == b"* 1 EXISTS"


async def test_answers_not_given_are_forgotten_at_the_end(mailbox: UserMailbox) -> None:
    own = {ANNA: OwnAddress("anna")}
    patient = Correspondents({"anna": mailbox}, PEOPLE, own, delay=lambda _address: 3600.0)
    patient.deliver(sent(letter(), ROSSI))
    assert patient.pending == 1
    await patient.stop()
    assert (patient.pending, len(mailbox.messages("INBOX"))) == (0, 0)


def test_the_same_letter_gets_the_same_answer_and_letters_differ() -> None:
    def text(number: int) -> bytes:
        message = parse_message(letter(Message_ID=f"<{number}@azienda.example.org>"))
        return write_answer(PEOPLE[ROSSI], (ROSSI, ANNA), message, NOW)

    assert text(1) == text(1)
    wordings = {text(number).partition(b"\r\n\r\n")[2] for number in range(30)}
    assert len(wordings) > 3


@given(st.binary(max_size=300))
def test_any_letter_can_be_answered_on_lines_of_its_own(noise: bytes) -> None:
    raw = b"Subject: " + noise + b"\r\nFrom: " + noise + b"\r\nMessage-ID: " + noise
    answer = write_answer(PEOPLE[ROSSI], (ROSSI, ANNA), parse_message(raw), NOW)
    head = answer.partition(b"\r\n\r\n")[0]
    names = [line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] != b" "]
    expected = {"Return-Path", "Date", "From", "To", "Subject", "Message-ID", "In-Reply-To"}
    expected |= {"References", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
    assert {name.decode() for name in names} <= expected
    assert len(names) == len(set(names))
