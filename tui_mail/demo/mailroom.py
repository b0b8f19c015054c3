"""Turns what people say into stored messages: who writes from where, when, in which folder.

Hides the look-ups in the company and the trace headers of a receiving server; conversations,
bulk mail and the first screen all post through it.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime

from tui_mail.demo.clients import (
    OURS,
    Voice,
    Written,
    client_of,
    escaped,
    lay_out,
    local,
    reply_subject,
)
from tui_mail.demo.envelope import Attachment, Letter, Mailbox, write_letter
from tui_mail.demo.records import (
    DemoCompany,
    DemoContact,
    DemoDocument,
    DemoDueItem,
    DemoLine,
    DemoMessage,
    DemoParty,
)

SALES = "vendite@rossi-srl.example"
OFFICE = "amministrazione@rossi-srl.example"
PERSONAL = "demo@rossi-srl.example"
ACCOUNT_NAMES = {
    SALES: "Vendite Rossi Srl",
    OFFICE: "Amministrazione Rossi Srl",
    PERSONAL: "Andrea Rossi",
}
WRITERS = {SALES: ("sara", "sara", "marco"), OFFICE: ("giulia",), PERSONAL: ("demo",)}
SERVER = "mx.rossi-srl.example"
ADDRESS_LINES = ("Via dell'Industria 14, 47921 Rimini", "Tel. 0541 555100")
INBOX_DAYS = 75


@dataclass(slots=True)
class Item:
    """A message before its flags are decided."""

    account: str
    sent: bool
    raw: bytes
    moment: datetime
    topic: str = ""
    folder: str = ""
    answered: bool = False
    flags: frozenset[str] | None = None


@dataclass(slots=True)
class Mailroom:
    """The company's mail as it grows; `items` are in no order."""

    company: DemoCompany
    source: random.Random
    items: list[Item] = field(default_factory=list)
    parties: dict[str, DemoParty] = field(default_factory=dict)
    contacts: dict[str, list[DemoContact]] = field(default_factory=lambda: defaultdict(list))
    documents: dict[str, DemoDocument] = field(default_factory=dict)
    lines: dict[str, list[DemoLine]] = field(default_factory=lambda: defaultdict(list))
    due: dict[str, list[DemoDueItem]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        company = self.company
        self.parties = {party.reference: party for party in company.parties}
        self.documents = {document.reference: document for document in company.documents}
        for contact in company.contacts:
            if contact.left_on is None and contact.role != "commercialista":
                self.contacts[f"{contact.party_kind}:{contact.party}"].append(contact)
        for line in company.lines:
            self.lines[line.document].append(line)
        for item in company.due_items:
            self.due[item.invoice].append(item)

    def party_of(self, record: DemoDocument | DemoDueItem) -> DemoParty:
        """Return the party of a document or an instalment."""
        return self.parties[f"{record.party_kind}:{record.party}"]

    def voice_of(self, party: DemoParty, role: str = "") -> Voice:
        """Return somebody at a party who writes, one with a role like `role` if there is one."""
        contacts = self.contacts[party.reference]
        fitting = [contact for contact in contacts if role and role in contact.role] or contacts
        contact = self.source.choice(fitting)
        return contact_voice(contact, party)

    def own_voice(self, account: str, language: str) -> Voice:
        """Return an operator who writes from an account, in the language of the reader."""
        login = self.source.choice(WRITERS[account])
        operator = next(who for who in self.company.operators if who.login == login)
        role = operator.role.capitalize() if language == "it" else "Rossi Srl, Italy"
        name = operator.name if account == PERSONAL else f"{operator.name} - Rossi Srl"
        lines = (operator.name, f"{role} · Rossi Srl" if language == "it" else role, *ADDRESS_LINES)
        return Voice(Mailbox(name, account), language, lines, OURS, self.company.domain)

    def write(
        self, voice: Voice, to: Sequence[Mailbox], moment: datetime, subject: str,
        paragraphs: tuple[str, ...], *, reader: str = "", previous: Written | None = None,
        attachments: tuple[Attachment, ...] = (), copy_to: tuple[Mailbox, ...] = (),
        headers: tuple[tuple[str, str], ...] = (), keep_references: bool = True, enclosed: str = "",
    ) -> tuple[Written, bytes]:  # fmt: skip
        """Write one letter; an answer has its parent's references and quotes it.

        `enclosed` is a forwarded message, below the signature.
        """
        if previous is not None:
            subject = reply_subject(voice, subject)
        text, markup = lay_out(self.source, voice, reader, paragraphs, previous)
        if enclosed:
            text += f"\n{enclosed}\n"
            markup = markup and markup.replace(
                "</body>", f"<div>{escaped(enclosed)}</div>\n</body>"
            )
        linked = previous is not None and keep_references
        references = (*previous.references, previous.message_id) if linked and previous else ()
        message_id = self.new_id(voice.domain, moment)
        own = voice.domain == self.company.domain
        letter = Letter(
            voice.mailbox, tuple(to), subject, local(moment), message_id, text, markup,
            copy_to=copy_to, references=references, attachments=attachments,
            headers=(*headers, voice.client.agent),
            trace=() if own else trace(voice.mailbox.address, voice.domain, moment),
            coding=voice.client.coding,
        )  # fmt: skip
        written = Written(voice, tuple(to), subject, moment, text, message_id, references)
        return written, write_letter(letter)

    def new_id(self, domain: str, moment: datetime) -> str:
        """Return a fresh Message-ID."""
        return f"<{moment:%Y%m%d%H%M}.{self.source.getrandbits(48):012x}@{domain}>"

    def messages(self) -> list[DemoMessage]:
        """Return everything that was posted, oldest first, with folders and flags."""
        self.items.sort(key=lambda item: item.moment)
        return [self._message(item) for item in self.items]

    def _message(self, item: Item) -> DemoMessage:
        age = self.company.now - item.moment
        folder = item.folder or self._folder(item, age)
        flags = item.flags if item.flags is not None else self._flags(item, age)
        return DemoMessage(item.account, folder, item.raw, flags, item.moment)

    def _folder(self, item: Item, age: timedelta) -> str:
        if item.sent:
            return "Sent"
        if age < timedelta(days=INBOX_DAYS) and self.source.random() < 0.85:
            return "INBOX"
        if item.topic == "job":
            return "Commesse"
        return "Fornitori" if item.topic.startswith("purchase") else "Archive"

    def _flags(self, item: Item, age: timedelta) -> frozenset[str]:
        flags = set()
        if item.sent or item.answered:
            flags.add("\\Seen")
        else:
            days = age / timedelta(days=1)
            unread = 0.85 if days < 1 else 0.75 if days < 4 else 0.15 if days < 14 else 0.015
            if self.source.random() >= unread:
                flags.add("\\Seen")
        if item.answered:
            flags.add("\\Answered")
        if not item.sent and self.source.random() < 0.035:
            flags.add("\\Flagged")
        return frozenset(flags)


def contact_voice(contact: DemoContact, party: DemoParty) -> Voice:
    """Return the voice of a contact: always the same program and signature."""
    lines = (contact.name, f"{party.name} - {contact.role}", party.city, f"Tel. {party.phone}")
    mailbox = Mailbox(contact.name, contact.email)
    return Voice(mailbox, party.language, lines, client_of(contact.email), party.domain)


def trace(address: str, domain: str, moment: datetime) -> tuple[tuple[str, str], ...]:
    """Return the headers that our receiving server puts on top of a message."""
    stamp = format_datetime(local(moment))
    return (
        ("Return-Path", f"<{address}>"),
        ("Authentication-Results", f"{SERVER};\r\n spf=pass smtp.mailfrom={domain};\r\n dkim=pass header.d={domain}"),
        ("Received", f"from mail.{domain} (mail.{domain} [192.0.2.25])\r\n by {SERVER} with ESMTPS; {stamp}"),
    )  # fmt: skip
