"""Who gets our letters in tests, and how their programs and what is between answer.

A peer answers each letter once. What it quotes, and which identifiers come back, is its `Way`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import policy
from email.parser import BytesParser

from scripts.evaluate_links.certified import envelope
from scripts.evaluate_links.clients import GMAIL, IOS, OUTLOOK, Client, outlook_block
from scripts.evaluate_links.letter import Event, Sheet, Truth, as_page, seen_text, write
from scripts.evaluate_links.world import Person
from tests.worker.office import NOW, Remote
from tui_mail.demo.smtp_server import ReceivedMail

LUCA = Person("Luca Ferri", "l.ferri@ferri.it")
REWRITTEN = "0102018f-5ad1-000000@eu-west-1.amazonses.example"


def _webmail(original: Event, language: str) -> str:
    """All on lines of its own, marked, cut to a width, without the blank ones."""
    said = [line[:60] for line in seen_text(original.raw).split("\n") if line.strip()]
    block = outlook_block(original, language).split("\n")
    return "\n".join(["----- Messaggio originale -----", *(f"> {one}" for one in (*block, *said))])


WEBMAIL = Client("webmail", ("Re: ", "Re: "), _webmail, references=False)


@dataclass(frozen=True, slots=True)
class Way:
    """How an answer comes. `headers`: kept, dropped or rewritten; `quotes`: the letter is in it."""

    client: Client
    headers: str = "kept"
    quotes: bool = True
    certified: bool = False
    sender: Person = LUCA
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        told = "" if self.quotes else ", no quote"
        return f"{'PEC ' if self.certified else ''}{self.client.name}, {self.headers}{told}"


OUTLOOK_WAY = Way(OUTLOOK, fields=(("Thread-Index", "AdsQm1xB0W3nYxWfTZq5m9o1mQ4xUQ=="),))
WEBMAIL_WAY = Way(WEBMAIL, headers="dropped")
WAYS = tuple(
    replace(way, headers=headers)
    for way in (OUTLOOK_WAY, Way(GMAIL), Way(IOS), WEBMAIL_WAY, Way(OUTLOOK, certified=True))
    for headers in ("kept", "dropped", "rewritten")
) + tuple(Way(client, quotes=False) for client in (OUTLOOK, GMAIL, IOS))


@dataclass
class Peer:
    """Answers every letter; `answered`: the answers' Message-ID, which begin with `prefix`, by the
    letter's.
    """

    remote: Remote
    way: Way
    prefix: str = "answer"
    answered: dict[str, str] = field(default_factory=dict)

    async def answer(self, mail: ReceivedMail) -> None:
        """What comes back for a letter of ours."""
        letter = read(mail.raw)
        name = REWRITTEN if self.way.headers == "rewritten" else letter.message_id
        await self.remote.deliver(self.answer_to(letter, name))

    def answer_to(self, letter: Event, known_as: str) -> bytes:
        """An answer to a letter; `known_as`: the identifier under which it came here."""
        way, number = self.way, len(self.answered) + 1
        header = f"{self.prefix}{number}@ferri.it"
        self.answered[letter.message_id] = f"t.{header}" if way.certified else header
        text = way.client.text("Va bene, grazie.", letter if way.quotes else None, "it")
        named = "" if way.headers == "dropped" else known_as
        sheet = Sheet(
            way.sender,
            [letter.sender],
            way.client.subject(letter.subject, "it"),
            text,
            header,
            NOW + timedelta(hours=number),
            html=as_page(text) if way.client.html else "",
            answers=named,
            references=[*letter.references, named] if named and way.client.references else (),
            headers=(*way.fields, *_topic(way, letter)),
        )
        if way.certified:
            return envelope(sheet, letter.sender.address, "x@ferri.it")
        return write(sheet)


def _topic(way: Way, letter: Event) -> Sequence[tuple[str, str]]:
    return [("Thread-Topic", letter.subject)] if way.client is OUTLOOK else []


def read(raw: bytes) -> Event:
    """A letter as who gets it sees it."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    sender = message["From"].addresses[0]
    return Event(
        message["Date"].datetime,
        (),
        raw,
        Truth(),
        "",
        "",
        0,
        str(message["Message-ID"]).strip("<>"),
        str(message["Subject"]),
        Person(sender.display_name, sender.addr_spec),
        (LUCA,),
        references=tuple(
            str(message["References"] or "").replace("<", "").replace(">", "").split()
        ),
    )
