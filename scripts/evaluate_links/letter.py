"""A simulated message: its bytes, and the truth of it, which is what its writer had in mind.

Hides how bytes are written (as foreign programs write them) and read back for quoting.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime

from scripts.evaluate_links.world import Person
from tui_mail.values import Reference

_WRITING = policy.SMTP.clone(max_line_length=998)


@dataclass(frozen=True, slots=True)
class Truth:
    """What a message is about, by the intent of its writer.

    `documents` and `parties`: all of it. `linkable`, `known`: the documents and parties of these
    that follow from what can be known, so that a link without asking is due. `tolerated`: what a
    link may name without being wrong, though nobody misses it.
    """

    documents: frozenset[Reference] = frozenset()
    parties: frozenset[Reference] = frozenset()
    linkable: frozenset[Reference] = frozenset()
    known: frozenset[Reference] = frozenset()
    tolerated: frozenset[Reference] = frozenset()


@dataclass(frozen=True, slots=True)
class File:
    """An attached file."""

    name: str
    content: bytes = field(repr=False)
    media_type: str = "application/pdf"


@dataclass(frozen=True, slots=True)
class Event:
    """A message that comes to our mailboxes `boxes`, or that we sent from the first of them.

    `about`: the records that our program was told when it sent the letter. `talk`: the number of
    the conversation. `corrected`: the records that a clerk links it to by hand, since the machine
    cannot know them yet. `again`: the same bytes are given once more under another key. `filed`:
    whose folder a colleague puts it into.
    """

    at: datetime
    boxes: tuple[str, ...]
    raw: bytes = field(repr=False)
    truth: Truth
    family: str
    variant: str
    talk: int
    message_id: str
    subject: str
    sender: Person
    to: tuple[Person, ...]
    references: tuple[str, ...] = ()
    sent: bool = False
    about: tuple[Reference, ...] = ()
    again: bool = False
    filed: Reference | None = None
    corrected: tuple[Reference, ...] = ()

    @property
    def told(self) -> frozenset[Reference]:
        """What nobody has to find: a letter's own records, and what a clerk said."""
        said = frozenset((*self.about, *self.corrected))
        return said | (self.truth.parties if said else frozenset())


@dataclass(frozen=True, slots=True)
class Sheet:
    """What goes into a message that a foreign program writes.

    `status`: of a delivery, which makes it a report (RFC 3464); `inner`: a message attached to it.
    """

    sender: Person
    to: Sequence[Person]
    subject: str
    text: str
    message_id: str
    at: datetime
    cc: Sequence[Person] = ()
    html: str = ""
    answers: str = ""
    references: Sequence[str] = ()
    headers: Sequence[tuple[str, str]] = ()
    files: Sequence[File] = ()
    status: str = ""
    inner: bytes = b""


def write(sheet: Sheet) -> bytes:
    """The message as bytes with CRLF."""
    message = EmailMessage(policy=_WRITING)
    message["From"] = _address(sheet.sender)
    message["To"] = [_address(one) for one in sheet.to]
    if sheet.cc:
        message["Cc"] = [_address(one) for one in sheet.cc]
    message["Subject"] = sheet.subject
    message["Date"] = format_datetime(sheet.at)
    message["Message-ID"] = f"<{sheet.message_id}>"
    if sheet.answers:
        message["In-Reply-To"] = f"<{sheet.answers}>"
    if sheet.references:
        message["References"] = " ".join(f"<{one}>" for one in sheet.references)
    for name, value in sheet.headers:
        message[name] = value
    message.set_content(sheet.text)
    if sheet.html:
        message.add_alternative(sheet.html, subtype="html")
    for file in sheet.files:
        main, _slash, sub = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    if sheet.status:
        head = b"Content-Type: message/delivery-status\n\n"
        message.make_mixed()
        message.attach(BytesParser(policy=_WRITING).parsebytes(head + sheet.status.encode()))
    if sheet.inner:
        message.add_attachment(BytesParser(policy=_WRITING).parsebytes(sheet.inner))
    if sheet.status:
        message.set_type("multipart/report")
        message.set_param("report-type", "delivery-status")
    return _with_steady_boundaries(message, sheet.message_id).as_bytes()


def _with_steady_boundaries(message: EmailMessage, name: str) -> EmailMessage:
    """The library draws boundaries by chance; ours follow from the message."""
    seed = zlib.crc32(name.encode())
    for number, part in enumerate(message.walk()):
        if part.get_content_maintype() == "multipart":
            part.set_boundary(f"=_{seed:08x}_{number}")
    return message


def _address(person: Person) -> Address:
    return Address(person.name, addr_spec=person.address)


def seen_text(raw: bytes) -> str:
    """The plain text of a message, as its recipient reads it."""
    message = BytesParser(policy=_WRITING).parsebytes(raw)
    body = message.get_body(("plain",))
    return body.get_content().replace("\r\n", "\n").strip("\n") if body is not None else ""


def as_page(text: str) -> str:
    """Text as a mail program writes it in HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    lines = "".join(f"<div>{line or '<br>'}</div>" for line in escaped.split("\n"))
    return f"<html><head><meta charset='utf-8'></head><body>{lines}</body></html>"


def pdf(*lines: str) -> bytes:
    """A page with these lines of text."""
    shown = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines]
    drawn = " T* ".join(f"({line}) Tj" for line in shown)
    stream = f"BT /F1 12 Tf 14 TL 60 780 Td {drawn} ET".encode("cp1252", "replace")
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    made = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(made)
    made += b"xref\n0 6\n0000000000 65535 f \n"
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
