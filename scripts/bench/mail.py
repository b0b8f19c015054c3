"""Generates mail as a company gets it, the same for the same seed: a Maildir, an mbox, an ERP.

    .venv/bin/python scripts/bench/mail.py OUT [--messages 100000] [--format maildir|mbox] [--seed 7]

Conversations that interleave, Italian and English, plain and HTML, newsletters, files that come
once and files that come again and again, orders and invoices named in subjects. OUT/mail is the
mail, OUT/erp the folder of CSV files of the company that gets it. Hides how words are invented:
their number and how often each comes are those of a real mailbox, so that an index weighs as
much.
"""

import argparse
import base64
import quopri
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from tui_mail.demo.company import build_company, people
from tui_mail.demo.erp import write_erp
from tui_mail.demo.records import DemoCompany, DemoDocument

ACCOUNT = "vendite@rossi-srl.example"
TODAY = date(2026, 11, 24)
NEWEST = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
_SPAN = timedelta(days=1400)
_OPEN_CONVERSATIONS = 300
_VOCABULARY = 30_000
_SENTENCES = 6_000
_STRANGERS = 3_000
_REPEATED_FILES = 150
_SYLLABLES = {
    "it": "ca co di fe ga gio la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so"
    " sta stra ta te ti to tra va ve vi vo za zio zion menti là tà",
    "en": "ab ac ad be con de dis ed en er ex for ge ing in is ly ment mis ness not on or out per"
    " pre pro qua re sh st sub ter th tion un up ver wa wh y",
}
_COMMON = {
    "it": "di e il la che per in un è non si con del a le i da una alla ordine consegna fattura"
    " preventivo merce pagamento conferma grazie buongiorno saluti cordiali allegato spedizione"
    " listino sconto cantiere ufficio cliente fornitore entro settimana prossima però perché",
    "en": "the of and to in a is that for it on with as be this are by from at order delivery"
    " invoice quote goods payment confirmation thanks hello regards attached shipment price"
    " discount site office customer supplier within week next please let us know",
}
_SUBJECTS = {
    "sales_order": {"it": "Ordine n. {}", "en": "Order no. {}"},
    "invoice": {"it": "Fattura n. {}", "en": "Invoice no. {}"},
    "quote": {"it": "Preventivo {}", "en": "Quotation {}"},
    "delivery_note": {"it": "DDT {}", "en": "Delivery note {}"},
}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Generated:
    """A message, when it came, and whether somebody has read it."""

    raw: bytes = field(repr=False)
    received_at: datetime
    seen: bool


@dataclass(frozen=True, slots=True)
class _Correspondent:
    name: str
    address: str
    language: str
    party: str = ""


@dataclass(slots=True)
class _Conversation:
    other: _Correspondent
    subject: str
    left: int
    chain: list[str] = field(default_factory=list)
    last_text: str = ""


class Mailroom:
    """What is invented once: words, sentences, strangers, the files that everyone sends."""

    def __init__(self, company: DemoCompany, seed: int) -> None:
        self.chance = random.Random(f"{seed}:mail")
        self._sentences = {language: self._invented(language) for language in _SYLLABLES}
        documents: dict[str, list[DemoDocument]] = {}
        for one in company.documents:
            if one.kind in _SUBJECTS:
                documents.setdefault(f"{one.party_kind}:{one.party}", []).append(one)
        self._documents = documents
        owners = {
            address.email: f"{address.party_kind}:{address.party}" for address in company.addresses
        }
        owners |= {one.email: f"{one.party_kind}:{one.party}" for one in company.contacts}
        self._known = [
            _Correspondent(person.name, email, person.language, owners.get(email, ""))
            for email, person in people(company).items()
        ]
        self._strangers = [self._stranger(number) for number in range(_STRANGERS)]
        self._files = [self._file(number) for number in range(_REPEATED_FILES)]

    # -- words

    def _invented(self, language: str) -> list[str]:
        chance, syllables = self.chance, _SYLLABLES[language].split()
        words = dict.fromkeys(_COMMON[language].split())
        while len(words) < _VOCABULARY:
            words["".join(chance.choices(syllables, k=chance.choice((2, 3, 3, 4))))] = None
        vocabulary = list(words)
        often = list(accumulate(1 / (rank + 2.7) for rank in range(len(vocabulary))))
        return [
            " ".join(
                chance.choices(vocabulary, cum_weights=often, k=chance.randrange(5, 17))
            ).capitalize()
            + chance.choice((".", ".", ".", "?", "!"))
            for _number in range(_SENTENCES)
        ]

    def paragraphs(self, language: str, sentences: int) -> list[str]:
        """`sentences` of them in paragraphs, with numbers as people write them."""
        chance, found = self.chance, []
        chosen = chance.choices(self._sentences[language], k=sentences)
        while chosen:
            number = chance.randrange(1, 5)
            text = " ".join(chosen[:number])
            if chance.random() < 0.3:
                text += f" {chance.randrange(10, 99_999)},{chance.randrange(100):02} EUR"
            found.append(text)
            chosen = chosen[number:]
        return found

    # -- people and files

    def _stranger(self, number: int) -> _Correspondent:
        language = self.chance.choice(("it", "it", "en"))
        first, last = self._sentences[language][self.chance.randrange(_SENTENCES)].split()[:2]
        name = f"{first.strip('.?!').capitalize()} {last.strip('.?!').capitalize()}"
        address = f"{last.strip('.?!').lower()}.{number}@azienda{number % 900}.example"
        return _Correspondent(name, address.encode("ascii", "ignore").decode(), language)

    def correspondent(self) -> _Correspondent:
        """Six of ten are in the address book of the ERP."""
        chance = self.chance
        return chance.choice(self._known if chance.random() < 0.6 else self._strangers)

    def _file(self, number: int) -> tuple[str, str, bytes]:
        chance = self.chance
        if chance.random() < 0.4:
            return (
                f"logo{number}.png",
                "image/png",
                b"\x89PNG\r\n\x1a\n" + chance.randbytes(chance.randrange(3_000, 25_000)),
            )
        size = chance.randrange(8_000, 90_000)
        page = f"%PDF-1.4\n1 0 obj << /Type /Catalog /N {number} >> endobj\n".encode()
        return (
            f"documento-{number}.pdf",
            "application/pdf",
            page + chance.randbytes(size) + b"\n%%EOF\n",
        )

    def file(self) -> tuple[str, str, bytes]:
        """Name, type and bytes: one of those that everyone sends, or one of its own."""
        chance = self.chance
        if chance.random() < 0.5:
            return chance.choice(self._files)
        return self._file(chance.randrange(1_000_000))

    def subject(self, other: _Correspondent) -> str:
        """About a document of theirs, or about anything."""
        chance = self.chance
        theirs = self._documents.get(other.party, ())
        words = self._sentences[other.language][chance.randrange(_SENTENCES)]
        about = " ".join(words.strip(".?!").split()[: chance.randrange(2, 7)])
        if theirs and chance.random() < 0.5:
            document = chance.choice(theirs)
            return f"{_SUBJECTS[document.kind][other.language].format(document.short)} - {about}"
        return about


def messages(count: int, seed: int = 7, company: DemoCompany | None = None) -> Iterator[Generated]:
    """`count` messages in the order in which they came; the last one at `NEWEST`."""
    room = Mailroom(company or build_company(seed, today=TODAY), seed)
    chance = room.chance
    step = _SPAN / max(count, 1)
    going: list[_Conversation] = []
    for number in range(count):
        if len(going) < _OPEN_CONVERSATIONS or chance.random() < 0.4:
            other = room.correspondent()
            length = chance.choice((1, 1, 1, 2, 2, 3, 4, 6))
            going.append(_Conversation(other, room.subject(other), length))
        place = chance.randrange(len(going))
        one = going[place]
        at = NEWEST - step * (count - 1 - number)
        yield Generated(_message(room, one, number, at), at, chance.random() < 0.9)
        one.left -= 1
        if not one.left:
            going[place] = going[-1]
            going.pop()


# -- one message -----------------------------------------------------------------------------------


def _message(room: Mailroom, one: _Conversation, number: int, at: datetime) -> bytes:
    chance, other = room.chance, one.other
    identifier = f"{number:08x}.{chance.getrandbits(48):012x}@{other.address.rpartition('@')[2]}"
    shape = chance.random()
    newsletter = shape > 0.94 and not one.chain
    text = room.paragraphs(
        other.language, chance.randrange(90, 160) if newsletter else chance.randrange(3, 22)
    )
    if one.chain:
        quoted = one.last_text.splitlines()[:30]
        text += ["", *(f"> {line}" for line in quoted)]
    lines = "\r\n\r\n".join(text[:-1] if one.chain else text)
    body = f"{lines}\r\n\r\n-- \r\n{other.name}\r\n{other.address}\r\n"
    one.last_text = body[:1500]
    head = _head(room, one, identifier, at)
    one.chain.append(identifier)
    if newsletter:
        head += f"List-Unsubscribe: <https://{other.address.rpartition('@')[2]}/u/{number}>\r\n"
    html = shape > 0.52
    parts = _alternative(number, body, text, rich=newsletter) if html else _plain(chance, body)
    if chance.random() < 0.07:
        parts = _with_files(room, number, parts)
    return f"{head}MIME-Version: 1.0\r\n".encode() + parts


def _head(room: Mailroom, one: _Conversation, identifier: str, at: datetime) -> str:
    chance, other = room.chance, one.other
    domain = other.address.rpartition("@")[2]
    stamp = (
        f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year}"
        f" {at.hour:02}:{at.minute:02}:{at.second:02} +0000"
    )
    token = f"{chance.getrandbits(256):064x}"
    head = (
        f"Return-Path: <{other.address}>\r\n"
        f"Received: from mx.{domain} (mx.{domain} [192.0.2.{chance.randrange(1, 255)}])\r\n"
        f"\tby mail.rossi-srl.example (Postfix) with ESMTPS id {token[:12]}\r\n"
        f"\tfor <{ACCOUNT}>; {stamp}\r\n"
        f"Authentication-Results: mail.rossi-srl.example; dkim=pass header.d={domain}; spf=pass\r\n"
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s=k1;\r\n"
        f"\th=from:to:subject:date:message-id; bh={token[:43]}=;\r\n"
        f"\tb={token}{token[::-1]}{token}\r\n"
        f"From: {_phrase(other.name)} <{other.address}>\r\n"
        f"To: Vendite Rossi <{ACCOUNT}>\r\n"
    )
    if chance.random() < 0.2:
        copied = room.correspondent()
        head += f"Cc: {_phrase(copied.name)} <{copied.address}>\r\n"
    head += (
        f"Subject: {_words(('Re: ' if one.chain else '') + one.subject)}\r\n"
        f"Date: {stamp}\r\n"
        f"Message-ID: <{identifier}>\r\n"
    )
    if one.chain:
        head += f"In-Reply-To: <{one.chain[-1]}>\r\n"
        references = "\r\n\t".join(f"<{key}>" for key in one.chain)
        head += f"References: {references}\r\n"
    return head


def _phrase(name: str) -> str:
    return f'"{name}"' if name.isascii() else _words(name)


def _words(text: str) -> str:
    """As it is, or as encoded words (RFC 2047)."""
    if text.isascii():
        return text
    pieces = [text[start : start + 12] for start in range(0, len(text), 12)]
    return "\r\n ".join(f"=?utf-8?B?{base64.b64encode(one.encode()).decode()}?=" for one in pieces)


def _plain(chance: random.Random, body: str) -> bytes:
    form = chance.random()
    if body.isascii() and form < 0.5:
        return (
            b"Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
            + body.encode()
        )
    if form < 0.6:
        return (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            + body.encode()
        )
    charset = "iso-8859-1" if form < 0.75 else "utf-8"
    coded = quopri.encodestring(body.replace("\r\n", "\n").encode(charset, "replace"))
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + coded.replace(b"\n", b"\r\n")


def _alternative(number: int, body: str, text: list[str], *, rich: bool) -> bytes:
    edge = f"=_alt_{number:08x}"
    style = "font-family:Arial,sans-serif;font-size:14px;line-height:1.5;color:#333333;margin:0 0 12px 0"
    cell = '<tr><td style="{0}">{1}</td></tr>' if rich else '<p style="{0}">{1}</p>'
    rows = "\r\n".join(cell.format(style, line) for line in text)
    page = f"<table width=600 cellpadding=0>{rows}</table>" if rich else rows
    html = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8">'
        "<style>p{margin:0} a{color:#06c} .footer{font-size:10px}</style></head>\r\n"
        f'<body>{page}<p class=footer><a href="https://example.org/{number}">www.example.org</a></p></body></html>\r\n'
    )
    coded = base64.encodebytes(html.encode()).replace(b"\n", b"\r\n")
    return b"\r\n".join(
        (
            f'Content-Type: multipart/alternative; boundary="{edge}"\r\n\r\n--{edge}'.encode(),
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
            body.encode(),
            f"--{edge}".encode(),
            b"Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
            coded + f"--{edge}--\r\n".encode(),
        )
    )


def _with_files(room: Mailroom, number: int, inner: bytes) -> bytes:
    edge = f"=_mix_{number:08x}"
    pieces = [
        f'Content-Type: multipart/mixed; boundary="{edge}"\r\n\r\n--{edge}\r\n'.encode(),
        inner,
    ]
    for _file in range(room.chance.choice((1, 1, 1, 2))):
        name, media_type, content = room.file()
        head = (
            f'\r\n--{edge}\r\nContent-Type: {media_type}; name="{name}"\r\n'
            f'Content-Disposition: attachment; filename="{name}"\r\n'
            "Content-Transfer-Encoding: base64\r\n\r\n"
        )
        pieces += [head.encode(), base64.encodebytes(content).replace(b"\n", b"\r\n")]
    pieces.append(f"--{edge}--\r\n".encode())
    return b"".join(pieces)


# -- writing it down -------------------------------------------------------------------------------


def write_maildir(folder: Path, found: Iterator[Generated]) -> int:
    """Write a Maildir as a server leaves it; how many bytes."""
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    size = 0
    for number, one in enumerate(found):
        flags = "S" if one.seen else ""
        stamp = int(one.received_at.timestamp())
        (folder / "cur" / f"{stamp}.{number:08}.bench:2,{flags}").write_bytes(one.raw)
        size += len(one.raw)
    return size


def write_mbox(file: Path, found: Iterator[Generated]) -> int:
    """Write an mbox with `>From ` quoting; how many bytes."""
    size = 0
    with file.open("wb") as box:
        for one in found:
            box.write(f"From bench@example.org {one.received_at:%a %b %d %H:%M:%S %Y}\n".encode())
            box.write(one.raw.replace(b"\r\n", b"\n").replace(b"\nFrom ", b"\n>From ") + b"\n")
            size += len(one.raw)
    return size


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("out", type=Path)
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--format", choices=("maildir", "mbox"), default="maildir")
    options.add_argument("--seed", type=int, default=7)
    asked = options.parse_args()
    company = build_company(asked.seed, today=TODAY)
    asked.out.mkdir(parents=True, exist_ok=True)
    write_erp(company, asked.out / "erp")
    found = messages(asked.messages, asked.seed, company)
    target = asked.out / "mail"
    size = write_maildir(target, found) if asked.format == "maildir" else write_mbox(target, found)
    sys.stdout.write(f"{asked.messages} messages, {size / 1e6:.0f} MB in {target}\n")


if __name__ == "__main__":
    main()
