"""How mail programs lay out what people write: greeting, signature, quotation, HTML twin.

Hides the manners of five kinds of program; a voice always uses the same one.
"""

import html
import random
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from tui_mail.demo.agenda import rome_offset
from tui_mail.demo.envelope import Coding, Mailbox
from tui_mail.demo.wording import DAYS, ENGLISH_DAYS, ENGLISH_MONTHS, MONTHS


@dataclass(frozen=True, slots=True)
class Client:
    """A mail program: how it encodes, whether it writes HTML, how it quotes."""

    coding: Coding
    writes_html: bool
    quotes: str
    agent: tuple[str, str]


CLIENTS = (
    Client(Coding(), True, "gmail", ("X-Mailer", "WebPosta 4.2")),
    Client(Coding("iso-8859-1"), True, "outlook", ("X-Mailer", "Microsoft Outlook 16.0")),
    Client(Coding(flowed=True), False, "gmail", ("User-Agent", "Mozilla Thunderbird")),
    Client(Coding(transfer="base64"), True, "gmail", ("X-Mailer", "Posta 12.1 (mobile)")),
    Client(Coding("iso-8859-1", wrap=True), False, "outlook", ("X-Mailer", "GestMail 7")),
    Client(Coding(transfer="8bit", wrap=True), False, "gmail", ("User-Agent", "Evolution 3.50")),
)
OURS = CLIENTS[0]
DISCLAIMER = {
    "it": "Questo messaggio è riservato al destinatario. Se lo avete ricevuto per errore vi"
    " preghiamo di avvisarci e di cancellarlo.",
    "en": "This message is meant for its addressee only. If it reached you by mistake, please"
    " tell us and delete it.",
}
GREETINGS = {
    "it": (
        "Buongiorno {first},",
        "Buongiorno,",
        "Gentile {first},",
        "Ciao {first},",
        "Buongiorno {first},",
    ),
    "en": ("Dear {first},", "Hello {first},", "Hi {first},", "Good morning,"),
}
CLOSINGS = {
    "it": (
        "Cordiali saluti",
        "Grazie e buona giornata",
        "Saluti",
        "Un saluto",
        "Buon lavoro",
        "Grazie,",
    ),
    "en": ("Best regards", "Kind regards", "Regards", "Many thanks", "Thanks,"),
}


@dataclass(frozen=True, slots=True)
class Voice:
    """Somebody who writes: an address, a language, a signature, a mail program."""

    mailbox: Mailbox
    language: str
    signature: tuple[str, ...]
    client: Client
    domain: str

    @property
    def first_name(self) -> str:
        """Return the name by which the voice is greeted."""
        return self.signature[0].split()[0]


@dataclass(frozen=True, slots=True)
class Written:
    """A message already written, for the next one to answer and quote."""

    voice: Voice
    to: tuple[Mailbox, ...]
    subject: str
    moment: datetime
    text: str
    message_id: str
    references: tuple[str, ...]


def local(moment: datetime) -> datetime:
    """Return a moment in Italian time."""
    return moment.astimezone(timezone(timedelta(hours=rome_offset(moment))))


def client_of(address: str) -> Client:
    """Return the program that the owner of an address always uses."""
    return CLIENTS[zlib.crc32(address.encode()) % len(CLIENTS)]


def lay_out(
    source: random.Random, voice: Voice, reader: str, paragraphs: tuple[str, ...],
    previous: Written | None,
) -> tuple[str, str]:  # fmt: skip
    """Return the text of a letter, and its HTML twin or ""; `reader` is a first name or ""."""
    language = voice.language
    blocks = list(paragraphs)
    if previous is None or source.random() < 0.6:
        form = source.choice(GREETINGS[language])
        greeting = form.format(first=reader) if reader else form.replace(" {first}", "")
        blocks[0] = blocks[0][:1].lower() + blocks[0][1:] if blocks[0][1:2].islower() else blocks[0]
        if language == "en":
            blocks[0] = blocks[0][:1].upper() + blocks[0][1:]
        blocks.insert(0, greeting)
    else:
        blocks[0] = blocks[0][:1].upper() + blocks[0][1:]
    blocks.append(source.choice(CLOSINGS[language]))
    signature = list(voice.signature)
    if previous is not None and source.random() < 0.3:
        signature = signature[:1]
    elif zlib.crc32(voice.mailbox.address.encode()) % 5 == 0:
        signature += ["", DISCLAIMER[language]]
    mark = "-- \n" if voice.client.coding.flowed else ""
    text = "\n\n".join(blocks) + "\n\n" + mark + "\n".join(signature) + "\n"
    markup = _html(voice, blocks, signature, previous) if voice.client.writes_html else ""
    if previous is not None and source.random() < 0.9:
        text += "\n" + _quotation(voice, previous)
    return text, markup


def reply_subject(voice: Voice, subject: str) -> str:
    """Return the subject of an answer, with the prefix of the voice's program and language."""
    outlook = voice.client.quotes == "outlook"
    prefix = ("R: " if voice.language == "it" else "RE: ") if outlook else "Re: "
    return subject if subject.lower().startswith(prefix.lower()) else prefix + subject


def _quotation(voice: Voice, previous: Written) -> str:
    head = _attribution(voice, previous)
    # Old quotations are cut: nobody reads the fourth level.
    kept = previous.text.rstrip().split("\n")[:60]
    if voice.client.quotes == "outlook":
        return f"{'_' * 32}\n{head}\n\n" + "\n".join(kept) + "\n"
    return (
        f"{head}\n\n"
        + "\n".join(f">{line}" if line.startswith(">") else f"> {line}".rstrip() for line in kept)
        + "\n"
    )


def _attribution(voice: Voice, previous: Written) -> str:
    when = local(previous.moment)
    sender = f"{previous.voice.signature[0]} <{previous.voice.mailbox.address}>"
    italian = voice.language == "it"
    month = (MONTHS if italian else ENGLISH_MONTHS)[when.month - 1]
    if voice.client.quotes == "outlook":
        words = ("Da", "Inviato", "A", "Oggetto") if italian else ("From", "Sent", "To", "Subject")
        to = "; ".join(mailbox.address for mailbox in previous.to)
        day = f"{when.day} {month} {when.year} {when:%H:%M}"
        values = (sender, day, to, previous.subject)
        return "\n".join(f"{word}: {value}" for word, value in zip(words, values, strict=True))
    if italian:
        day = f"{DAYS[when.weekday()]} {when.day} {month} {when.year} alle ore {when:%H:%M}"
        return f"Il giorno {day} {sender} ha scritto:"
    day = f"{ENGLISH_DAYS[when.weekday()]}, {when.day} {month[:3]} {when.year} at {when:%H:%M}"
    return f"On {day}, {sender} wrote:"


def _html(voice: Voice, blocks: list[str], signature: list[str], previous: Written | None) -> str:
    outlook = voice.client.quotes == "outlook"
    opening = '<p class="MsoNormal">' if outlook else "<p>"
    body = "\n".join(f"{opening}{escaped(block)}</p>" for block in blocks)
    sign = "<br>\n".join(escaped(line) for line in signature)
    quoted = ""
    if previous is not None:
        head = escaped(_attribution(voice, previous))
        old = escaped("\n".join(previous.text.rstrip().split("\n")[:40]))
        if outlook:
            quoted = f'<div style="border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p>{head}</p></div>\n<div>{old}</div>\n'
        else:
            quoted = f'<div class="gmail_quote"><div dir="ltr" class="gmail_attr">{head}<br></div>\n<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc;padding-left:1ex">{old}</blockquote></div>\n'
    return (
        '<html><head><meta http-equiv="Content-Type" content="text/html"></head>\n<body>\n'
        f'{body}\n<p style="color:#555555">{sign}</p>\n{quoted}</body></html>\n'
    )


def escaped(text: str) -> str:
    """Return plain text as HTML."""
    return html.escape(text, quote=False).replace("\n", "<br>\n")
