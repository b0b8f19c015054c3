"""What the families of mail are written with: people who write, and the truth of what they write.

Hides how it is decided what can be known: a document can when it is named so that only it can be
meant, by somebody who is known to have to do with it, or when the message answers one of which it
is known and the mail programs in between kept that. Nothing is read off the text afterwards.
"""

import hmac
import random
from base64 import b32encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from scripts.evaluate_links import numbering
from scripts.evaluate_links.clients import CLIENTS, Client
from scripts.evaluate_links.letter import Event, File, Sheet, Truth, as_page, pdf, write
from scripts.evaluate_links.phrases import Phrases
from scripts.evaluate_links.world import (
    CUSTOMER,
    SUPPLIER,
    TODAY,
    Document,
    House,
    Party,
    Person,
    World,
)
from tui_mail.mail import compose
from tui_mail.mail.own_ids import is_ours, with_reference
from tui_mail.values import Letter, LetterAttachment, Mailbox, Reference

LETTER_KEY = bytes(range(32))  # of the installation that the letters are of
_WORDS = {
    "sales_order": ("Ordine", "Order"),
    "purchase_order": ("Ordine", "PO"),
    "invoice": ("Fattura", "Invoice"),
    "delivery_note": ("DDT", "DeliveryNote"),
    "quote": ("Preventivo", "Quote"),
    "purchase_invoice": ("Fattura", "Invoice"),
    "credit_note": ("NotaCredito", "CreditNote"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """Words about a document, and whether nobody can take it for another."""

    words: str
    clear: bool
    document: Document


@dataclass(frozen=True, slots=True)
class Sending:
    """How a message travels. `headers`: the answer's ids are kept; `quote`: so is the quoted text.

    `answers`: an id that stands in place of that of the message answered (a relay gave it).
    """

    headers: bool = True
    quote: bool = True
    answers: str = ""
    client: Client | None = None


KEPT = Sending()


class Pen:
    """One conversation after another; `events` is what has been written."""

    def __init__(self, world: World, split: str, seed: int) -> None:
        self.world = world
        self.chance = random.Random(f"{seed}:{split}:mail")
        self.phrases = Phrases(split, self.chance)
        self.events: list[Event] = []
        self.family = ""
        self._talk = 0
        self._made = 0

    def amount(self, amount: Decimal, language: str) -> str:
        """As people write it."""
        plain = f"{amount:.2f}" if self.chance.random() < 0.3 else f"{amount:,.2f}"
        return plain.translate(str.maketrans(",.", ".,")) if language == "it" else plain

    def begin(self, family: str) -> None:
        """A new conversation."""
        self.family = family
        self._talk += 1

    # -- whom and what

    def house(self, party: Party) -> House:
        return self.world.houses[party.reference.company]

    def party(self, kind: str = CUSTOMER, *, domain: bool | None = None) -> Party:
        """One that has documents; `domain`: that has one of its own."""
        while True:
            party = self.chance.choice(list(self.world.parties.values()))
            fits = domain is None or bool(party.domain) is domain
            alone = not any(party in pair for pair in self.world.twins)
            if (
                party.reference.kind == kind
                and fits
                and alone
                and self.world.of_party[party.reference]
            ):
                return party

    def document(self, party: Party, *kinds: str) -> Document:
        """One of theirs, the newer the likelier."""
        theirs = [
            one
            for one in self.world.of_party[party.reference]
            if not kinds or one.reference.kind in kinds
        ] or self.world.of_party[party.reference]
        theirs = sorted(theirs, key=lambda one: one.date, reverse=True)
        return theirs[min(int(self.chance.expovariate(0.5)), len(theirs) - 1)]

    def after(self, document: Document, *, most: int = 20) -> datetime:
        """Some days after the document was made."""
        day = min(document.date + timedelta(days=self.chance.randrange(1, most)), TODAY)
        return datetime.combine(day, time(8), UTC) + timedelta(
            seconds=self.chance.randrange(36_000)
        )

    def later(self, event: Event, *, days: int = 4) -> datetime:
        """Some hours or days after a message."""
        return event.at + timedelta(seconds=self.chance.randrange(1_200, 86_400 * days))

    # -- naming documents

    def full(self, document: Document, language: str) -> Said:
        """With all that its number has; a supplier's invoice by the supplier's own number."""
        number = (
            document.their_reference
            if document.reference.kind == "purchase_invoice"
            else numbering.in_full(document.number, self.chance)
        )
        return Said(self.phrases.name(language, document.reference.kind, number), True, document)

    def loose(
        self, document: Document, language: str, at: datetime, parties: Iterable[Party] = ()
    ) -> Said:
        """By its number alone; clear when only one that these parties had by then has it."""
        parties = tuple(parties) or (self.world.parties[document.party],)
        number = numbering.loosely(document.number, self.chance)
        words = self.phrases.name(language, document.reference.kind, number)
        same = self.world.named(document, of=parties, until=at.date())
        return Said(words, len(same) == 1, document)

    def reference(self, document: Document, language: str) -> Said:
        """By the number that the customer gave it."""
        same = [
            one
            for one in self.world.of_party[document.party]
            if one.their_reference == document.their_reference
        ]
        words = self.phrases.say(language, "reference", r=document.their_reference)
        return Said(words, len(same) == 1, document)

    def file(self, document: Document, language: str, *, named: bool, text: bool) -> File:
        """A PDF with the number in its name, or in its text, or in neither."""
        word = _WORDS[document.reference.kind][language != "it"]
        number = numbering.in_full(document.number, self.chance)
        name = f"scan{self.chance.randrange(10_000):04}.pdf"
        if named:
            name = numbering.in_file_name(document.number, word, self.chance)
        lines = [self.phrases.name(language, document.reference.kind, number)] if text else ["."]
        return File(name, pdf(*lines, f"Total EUR {document.amount}" if text else "."))

    # -- writing

    def theirs(
        self,
        person: Person,
        party: Party,
        *,
        at: datetime,
        subject: str,
        text: str,
        truth: Truth,
        variant: str,
        boxes: tuple[str, ...] = (),
        html: str = "",
        headers: Sequence[tuple[str, str]] = (),
        files: Sequence[File] = (),
    ) -> Event:
        """A new message, to our shared mailbox when no other `boxes` are given."""
        house = self.house(party)
        boxes = boxes or house.boxes[:1]
        sheet = Sheet(
            person,
            [Person(house.name, box) for box in boxes],
            subject,
            self.letter(text, party.language, person, party),
            self.identifier(person.address.rpartition("@")[2]),
            at,
            html=html,
            headers=headers,
            files=files,
        )
        return self.post(sheet, boxes, truth, variant)

    def ours(
        self,
        person: Person,
        party: Party,
        documents: Sequence[Document],
        *,
        at: datetime,
        subject: str,
        text: str,
        variant: str,
        told: bool = True,
        files: Sequence[File] = (),
        box: str = "",
    ) -> Event:
        """A letter of our program, from the shared mailbox when no other `box` is given; `told`: it
        knows which documents the letter is about."""
        house = self.house(party)
        box = box or house.boxes[0]
        about = frozenset(one.reference for one in documents)
        identifier = self._own_identifier(at, house.domain)
        sender, receiver = Person(house.name, box), person
        letter = Letter(
            sender=Mailbox(box, house.name),
            to=(Mailbox(receiver.address, receiver.name),),
            subject=subject,
            body=self.letter(text, party.language, house.colleagues[0], None),
            attachments=tuple(
                LetterAttachment(one.name, one.content, one.media_type) for one in files
            ),
        )
        if told:
            letter = with_reference(letter, identifier)
        truth = Truth(about, frozenset({party.reference}), about if told else frozenset())
        truth = replace(
            truth, known=truth.parties if told or self.tells(person, party) else frozenset()
        )
        event = Event(
            at,
            (box,),
            compose.build(letter, message_id=identifier, date=at),
            truth,
            self.family,
            variant,
            self._talk,
            identifier,
            subject,
            sender,
            (receiver,),
            sent=True,
            about=tuple(one.reference for one in documents) if told else (),
        )
        self.events.append(event)
        return event

    def answer(
        self,
        original: Event,
        person: Person,
        party: Party,
        text: str,
        *,
        truth: Truth,
        variant: str,
        sending: Sending = KEPT,
        at: datetime | None = None,
        subject: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> Event:
        """Their answer to a message of ours, or to an older one of theirs."""
        language = party.language
        client = sending.client or self.chance.choice(CLIENTS)
        new = self.letter(text, language, person, party)
        whole = client.text(new, original if sending.quote else None, language)
        answered = sending.answers or original.message_id
        references = (*original.references, answered) if client.references else ()
        house = self.house(party)
        sheet = Sheet(
            person,
            [Person(house.name, house.boxes[0])],
            client.subject(original.subject, language) if subject is None else subject,
            whole,
            self.identifier(person.address.rpartition("@")[2]),
            at or self.later(original),
            html=as_page(whole) if client.html else "",
            answers=answered if sending.headers else "",
            references=references if sending.headers else (),
            headers=(("X-Mailer", client.name), *headers),
        )
        return self.post(sheet, house.boxes[:1], truth, variant)

    def post(self, sheet: Sheet, boxes: tuple[str, ...], truth: Truth, variant: str) -> Event:
        """Send a foreign program's message to mailboxes of ours."""
        event = Event(
            sheet.at,
            boxes,
            write(sheet),
            truth,
            self.family,
            variant,
            self._talk,
            sheet.message_id,
            sheet.subject,
            sheet.sender,
            tuple(sheet.to),
            tuple(sheet.references),
        )
        self.events.append(event)
        return event

    def sent(self, sheet: Sheet, boxes: tuple[str, ...], truth: Truth, variant: str) -> Event:
        """A letter of ours that another program sent, and of which a copy is filed."""
        event = replace(self.post(sheet, boxes, truth, variant), sent=True)
        self.events[-1] = event
        return event

    def letter(self, text: str, language: str, person: Person, party: Party | None) -> str:
        """Greeting, text, sometimes a number that means nothing, and a signature."""
        chance = self.chance
        said = [self.phrases.say(language, "greet"), text]
        if chance.random() < 0.35:
            said.append(self.phrases.decoy(language))
        said.append(self.phrases.say(language, "close"))
        foot = person.name
        if chance.random() < 0.6:
            phone, vat = chance.randrange(100_000, 999_999), chance.randrange(10**10, 10**11)
            foot += f"\n{party.name if party else ''}\nTel. 0535 {phone} - P.IVA {vat}"
        return "\n\n".join((*said, foot))

    def identifier(self, domain: str) -> str:
        self._made += 1
        return f"{self._made:06x}.{self.chance.getrandbits(40):010x}@{domain or 'mail.example'}"

    def _own_identifier(self, at: datetime, domain: str) -> str:
        """As the program makes it, but the same for the same seed."""
        stamp = f"{int(at.timestamp()):08x}.{self.chance.getrandbits(48):012x}"
        proof = hmac.digest(LETTER_KEY, stamp.encode(), "sha256")[:10]
        reference = f"{stamp}.{b32encode(proof).decode().lower()}"
        if not is_ours(reference, LETTER_KEY):
            raise ValueError(reference)
        return f"{reference}@{domain}"

    # -- truth

    def tells(self, person: Person, party: Party) -> bool:
        """Whether of those in its company the address can only be this party's."""
        sharing = [
            one
            for one in self.world.parties.values()
            if person.address in {each.address for each in one.known_people}
        ]
        sharing += self.world.accountants.get(person, [])
        others = [
            one
            for one in sharing
            if one is not party and one.reference.company == party.reference.company
        ]
        if others:
            return False
        return bool(sharing) or person.address == party.pec

    def truth(
        self,
        party: Party,
        documents: Iterable[Document] = (),
        *,
        known: Iterable[Document] = (),
        person: Person | None = None,
        tolerated: Iterable[Reference] = (),
    ) -> Truth:
        """`known`: those that can be; the party can with them, or by the writer's address."""
        linkable = frozenset(one.reference for one in known)
        certain = bool(linkable) or (person is not None and self.tells(person, party))
        parties = frozenset({party.reference})
        return Truth(
            frozenset(one.reference for one in documents),
            parties,
            linkable,
            parties if certain else frozenset(),
            frozenset(tolerated),
        )


def kinds_of(party: Party) -> tuple[str, ...]:
    """The kinds of document that one writes about with a party."""
    if party.reference.kind == SUPPLIER:
        return ("purchase_order", "purchase_invoice")
    return ("sales_order", "invoice", "delivery_note", "quote")
