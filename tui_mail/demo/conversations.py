"""Plays scenes about the documents of the company, until enough mail has been written."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tui_mail.demo import names
from tui_mail.demo.attachments import (
    document_file,
    foreign_invoice_file,
    list_file,
    order_file,
    png,
    receipt_file,
)
from tui_mail.demo.clients import Written, local
from tui_mail.demo.envelope import Attachment, Letter, Mailbox, write_letter
from tui_mail.demo.mailroom import ACCOUNT_NAMES, OFFICE, PERSONAL, SALES, Item, Mailroom, trace
from tui_mail.demo.records import DemoDocument, DemoDueItem, DemoOpportunity, DemoParty
from tui_mail.demo.scenes import Scene, Turn
from tui_mail.demo.scenes_english import ENGLISH
from tui_mail.demo.scenes_office_italian import OFFICE as OFFICE_ITALIAN
from tui_mail.demo.scenes_sales_italian import SALES as SALES_ITALIAN
from tui_mail.demo.wording import amount, phrase, plain_phrase, short_day, subject_form

ACCOUNTS = {"vendite": SALES, "amministrazione": OFFICE, "demo": PERSONAL}
GOES_ON = 0.76


@dataclass(frozen=True, slots=True)
class Topic:
    """What a conversation is about."""

    kind: str
    party: DemoParty
    day: date
    document: DemoDocument | None = None
    due: DemoDueItem | None = None
    opportunity: DemoOpportunity | None = None


def scenes_by_topic() -> dict[tuple[str, str], list[Scene]]:
    """Return the scenes for each kind of topic and language."""
    scenes: dict[tuple[str, str], list[Scene]] = defaultdict(list)
    for scene in (*SALES_ITALIAN, *OFFICE_ITALIAN):
        scenes[scene.kind, "it"].append(scene)
    for scene in ENGLISH:
        scenes[scene.kind, "en"].append(scene)
    return scenes


def play_conversations(room: Mailroom, wanted: int) -> None:
    """Post conversations from documents of the last year until `room` holds `wanted` messages."""
    scenes = scenes_by_topic()
    while True:
        for topic in _topics(room):
            choices = scenes.get((topic.kind, topic.party.language))
            if not choices:
                continue
            scene = room.source.choices(choices, [choice.weight for choice in choices])[0]
            Conversation(room, scene, topic).play(wanted)
            if len(room.items) >= wanted:
                return


def _topics(room: Mailroom) -> Iterator[Topic]:
    """Yield documents, late instalments and opportunities of the last year, shuffled."""
    company = room.company
    cast = set(company.cast.values())
    first = company.today - timedelta(days=358)
    topics = [
        Topic(document.kind, room.party_of(document), document.date, document)
        for document in company.documents
        if document.date >= first and document.reference not in cast
    ]
    topics += [
        Topic("due_item", room.party_of(item), item.due_date + timedelta(days=8), document, item)
        for item in company.due_items
        for document in (room.documents[item.invoice],)
        if document.kind == "invoice" and item.due_date >= first and item.invoice not in cast
        and item.due_date + timedelta(days=8) < company.today
        and (item.level or room.source.random() < 0.25)
    ]  # fmt: skip
    topics += [
        Topic("opportunity", room.parties[f"{chance.party_kind}:{chance.party}"], chance.opened_on,
              opportunity=chance)
        for chance in company.opportunities
        if chance.opened_on >= first
    ]  # fmt: skip
    room.source.shuffle(topics)
    yield from topics


class Conversation:
    """One scene, played about one topic."""

    def __init__(self, room: Mailroom, scene: Scene, topic: Topic) -> None:
        self.room, self.source, self.scene, self.topic = room, room.source, scene, topic
        self.account = ACCOUNTS[scene.account]
        language = topic.party.language
        role = {OFFICE: "ammin" if language == "it" else "accounts"}.get(self.account, "")
        self.them = room.voice_of(topic.party, role)
        self.us = room.own_voice(self.account, language)
        # Where the number stands: in the subject, in the text alone, or nowhere.
        self.numbered = self.source.choices(("subject", "text", "nowhere"), (65, 23, 12))[0]
        self.slots = self._slots()

    def play(self, wanted: int) -> None:
        """Post the turns that fit before now."""
        source = self.source
        moment = self._start()
        previous: Written | None = None
        last: Item | None = None
        subject = self._subject()
        for place, turn in enumerate(self.scene.turns):
            if place:
                if source.random() > GOES_ON:
                    return
                moment = later(source, moment)
            if moment >= self.room.company.now - timedelta(minutes=70):
                return
            if len(self.room.items) >= wanted:
                return
            self.slots["soon"] = short_day(
                moment.date() + timedelta(days=source.randint(2, 9)), self.topic.party.language
            )
            previous, item = self._post(turn, moment, subject, previous)
            if last is not None and turn.speaker == "us" and not last.sent:
                last.answered = True
            last = item
            if turn.speaker == "us" and source.random() < 0.012:
                self._away(previous, moment + timedelta(minutes=1))

    def _post(
        self, turn: Turn, moment: datetime, subject: str, previous: Written | None
    ) -> tuple[Written, Item]:
        source = self.source
        ours = turn.speaker == "us"
        voice, other = (self.us, self.them) if ours else (self.them, self.us)
        to = other.mailbox if ours else self._own_mailbox()
        self._name_document(turn.speaker)
        texts = [source.choice(variants) for variants in turn.paragraphs]
        filled = [text.format_map(self.slots) for text in texts if text]
        paragraphs = (" ".join(filled),) if source.random() < 0.4 else tuple(filled)
        copy_to: tuple[Mailbox, ...] = ()
        shared = not ours and self.account != PERSONAL and source.random() < 0.04
        if shared:
            copy_to = (Mailbox(ACCOUNT_NAMES[PERSONAL], PERSONAL),)
        written, raw = self.room.write(
            voice, (to,), moment, previous.subject if previous else subject, paragraphs,
            reader=other.first_name, previous=previous, copy_to=copy_to,
            attachments=self._attachments(turn), keep_references=source.random() > 0.03,
        )  # fmt: skip
        item = Item(self.account, ours, raw, moment, self.scene.kind)
        self.room.items.append(item)
        if shared:
            self.room.items.append(Item(PERSONAL, False, raw, moment, self.scene.kind))
        return written, item

    def first_turn(self, moment: datetime) -> Item:
        """Return the first turn alone, with the number in the subject and in the text."""
        self.numbered = "subject"
        self.slots["soon"] = short_day(
            moment.date() + timedelta(days=self.source.randint(2, 9)), self.topic.party.language
        )
        return self._post(self.scene.turns[0], moment, self._subject(), None)[1]

    def _away(self, previous: Written, moment: datetime) -> None:
        """Post the automatic answer of somebody who is not there."""
        italian = self.topic.party.language == "it"
        back = short_day(moment.date() + timedelta(days=9), self.topic.party.language)
        text = f"Sono fuori ufficio fino al {back}. Per urgenze scrivete a info@{self.topic.party.domain}."
        if not italian:
            text = f"I am out of the office until {back}. In urgent cases write to info@{self.topic.party.domain}."
        prefix = "Risposta automatica" if italian else "Automatic reply"
        letter = Letter(
            self.them.mailbox, (Mailbox("", self.account),), f"{prefix}: {previous.subject}",
            local(moment), self.room.new_id(self.them.domain, moment), f"{text}\n",
            references=(*previous.references, previous.message_id),
            headers=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
            trace=trace(self.them.mailbox.address, self.them.domain, moment),
        )  # fmt: skip
        self.room.items.append(
            Item(self.account, False, write_letter(letter), moment, self.scene.kind)
        )

    def _own_mailbox(self) -> Mailbox:
        name = ACCOUNT_NAMES[self.account] if self.source.random() < 0.7 else ""
        return Mailbox(name, self.account)

    def _start(self) -> datetime:
        """Return when the first message is written, at working hours (UTC)."""
        day = self.topic.day + timedelta(days=self.source.randint(0, 4))
        if self.scene.turns[0].speaker == "us":
            day = self.topic.day
        day = min(day, self.room.company.today)
        start = datetime.combine(day, time(7, self.source.randrange(60)), UTC)
        return _working_hour(self.source, start + timedelta(minutes=self.source.randrange(560)))

    def _subject(self) -> str:
        source, scene = self.source, self.scene
        variants = scene.subjects if self.numbered == "subject" else scene.plain
        text = source.choice(variants).format_map(self.slots)
        for own in ("ns. ", "vs. "):
            text = text.replace(f"Ns. {own}", "Ns. ").replace(f"Vs. {own}", "Vs. ")
        return text[:1].upper() + text[1:]

    def _slots(self) -> dict[str, str]:
        source, topic = self.source, self.topic
        language = topic.party.language
        document = topic.document
        speaker = (self.scene.turns[0].speaker, language)
        lines = self.room.lines[document.reference] if document else []
        article = self._article(lines[0].article if lines else source.choice(names.ARTICLES)[0])
        slots = {
            "article": article, "qty": str(source.randint(2, 24)), "days": str(source.randint(3, 15)),
            "city": topic.party.city, "soon": "", "date": short_day(topic.day, language),
            "their": str(source.randrange(100, 9000)), "due": "", "rate": "1", "instalment": "",
        }  # fmt: skip
        title = topic.opportunity.title if topic.opportunity else ""
        if document:
            title = document.title
            slots |= {
                "num": subject_form(source, topic.kind, document, speaker),
                "amount": amount(document.total, language),
                "their": document.their_reference or slots["their"],
                "due": short_day(document.date + timedelta(days=30), language),
            }  # fmt: skip
        if topic.due:
            slots |= {
                "due": short_day(topic.due.due_date, language), "rate": str(topic.due.instalment),
                "instalment": amount(topic.due.amount, language),
            }  # fmt: skip
        slots["title"] = title[:1].lower() + title[1:]
        return slots

    def _name_document(self, who: str) -> None:
        """Put the document into the slots as the speaker `who` says it."""
        document, language = self.topic.document, self.topic.party.language
        if document is None:
            return
        said = plain_phrase(self.topic.kind, language)
        if self.numbered != "nowhere":
            said = phrase(self.source, self.topic.kind, document, (who, language))
        self.slots |= {"doc": said, "Doc": said[:1].upper() + said[1:]}

    def _article(self, code: str) -> str:
        entry = next((entry for entry in names.ARTICLES if entry[0] == code), names.ARTICLES[0])
        name = entry[1] if self.topic.party.language == "it" else entry[2]
        word = "art." if self.topic.party.language == "it" else "item"
        described = f"{code} ({name[:1].lower()}{name[1:]})"
        return self.source.choice((code, f"{word} {code}", described))

    def _attachments(self, turn: Turn) -> tuple[Attachment, ...]:
        """Return the files of a turn; about one in four is forgotten."""
        source, topic = self.source, self.topic
        if not turn.attachment or source.random() < 0.25:
            return ()
        language, document = topic.party.language, topic.document
        if turn.attachment == "photo":
            number = source.randrange(1000, 9999)
            files = [Attachment(f"IMG_{number}.png", "image/png", png(number % 256))]
            if source.random() < 0.3:
                files.append(Attachment(f"IMG_{number + 1}.png", "image/png", png(number % 199)))
            return tuple(files)
        if turn.attachment == "receipt":
            return (receipt_file(self.slots["instalment"], topic.day, language),)
        if document is None:
            return ()
        if topic.kind == "purchase_invoice":
            return (foreign_invoice_file(topic.party.name, document, language),)
        lines = self.room.lines[document.reference]
        if turn.attachment == "list":
            return (list_file(lines, language),)
        if turn.attachment == "order" and turn.speaker == "them":
            return (order_file(self.slots["their"], lines, topic.day),)
        return (document_file(document, lines, language),)


def later(source: random.Random, moment: datetime) -> datetime:
    """Return when somebody answers: minutes, hours or days later, at working hours."""
    wait = source.choice((12, 25, 55, 130, 260, 900, 1500, 2900))
    return _working_hour(source, moment + timedelta(minutes=wait + source.randrange(wait)))


def _working_hour(source: random.Random, moment: datetime) -> datetime:
    """Return `moment`, or the next morning when nobody works then."""
    late, early = moment.hour >= 17, moment.hour < 6
    if early or (late and source.random() < 0.9):
        day = moment.date() + timedelta(days=1 if late else 0)
        moment = datetime.combine(day, time(6), UTC) + timedelta(minutes=source.randrange(150))
    if moment.weekday() > 4:
        moment += timedelta(days=7 - moment.weekday())
    return moment + timedelta(seconds=source.randrange(60))
