"""Writes letters as RFC 5322 bytes, fast: each in the manner of the program that sent it.

Hides charsets, transfer encodings, encoded words and multiparts. `EmailMessage` does the same ten
times slower, which a demo of thousands of messages would make felt at start.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

SPECIALS = frozenset('()<>[]:;@\\,."')


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with a letter; `kind` is its media type."""

    name: str
    kind: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Coding:
    """How a program writes text: charset, transfer encoding and whether lines flow (RFC 3676)."""

    charset: str = "utf-8"
    transfer: str = "quoted-printable"
    flowed: bool = False
    wrap: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything that a message says; `html` empty means plain text alone."""

    sender: Mailbox
    to: tuple[Mailbox, ...]
    subject: str
    date: datetime
    message_id: str
    text: str
    html: str = ""
    copy_to: tuple[Mailbox, ...] = ()
    references: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    trace: tuple[tuple[str, str], ...] = ()
    coding: Coding = Coding()


def write_letter(letter: Letter) -> bytes:
    """Return the message with CRLF line ends."""
    charset = letter.coding.charset
    head = list(letter.trace)
    head += [
        ("Date", format_datetime(letter.date)),
        ("From", _mailboxes((letter.sender,), charset)),
        ("To", _mailboxes(letter.to, charset)),
    ]
    if letter.copy_to:
        head.append(("Cc", _mailboxes(letter.copy_to, charset)))
    head += [("Subject", header_text(letter.subject, charset)), ("Message-ID", letter.message_id)]
    if letter.references:
        head.append(("In-Reply-To", letter.references[-1]))
        head.append(("References", "\r\n ".join(letter.references)))
    head += [*letter.headers, ("MIME-Version", "1.0")]
    mark = boundary(letter.message_id)
    body = text_part(letter.text, "plain", letter.coding)
    if letter.html:
        parts = [body, text_part(letter.html, "html", letter.coding)]
        body = multipart("alternative", parts, f"{mark}.a")
    if letter.attachments:
        files = [file_part(attachment) for attachment in letter.attachments]
        body = multipart("mixed", [body, *files], f"{mark}.m")
    return write_headers(head) + body


def write_headers(fields: Sequence[tuple[str, str]]) -> bytes:
    """Return header lines without the blank line that ends them."""
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("ascii")


def boundary(message_id: str) -> str:
    """Return a multipart boundary that follows from the Message-ID."""
    return f"=_{binascii.crc32(message_id.encode()):08x}{len(message_id):02x}"


def multipart(subtype: str, parts: Sequence[bytes], mark: str, parameters: str = "") -> bytes:
    """Return a multipart entity, headers included."""
    head = f'Content-Type: multipart/{subtype}; boundary="{mark}"{parameters}\r\n'
    line = f"--{mark}\r\n".encode()
    inner = b"".join(line + part + b"\r\n" for part in parts)
    return head.encode() + b"\r\n" + inner + f"--{mark}--\r\n".encode()


def text_part(text: str, subtype: str, coding: Coding) -> bytes:
    """Return a text entity; a charset that lacks a character gives way to UTF-8."""
    if subtype == "plain" and coding.flowed:
        text = flow(text)
    elif subtype == "plain" and coding.wrap:
        lines = text.split("\n")
        text = "\n".join(
            piece
            for line in lines
            for piece in ([line] if line.startswith(">") else fold(line, 76))
        )
    charset, transfer = coding.charset, coding.transfer
    try:
        data = text.encode(charset)
    except UnicodeEncodeError:
        charset, data = "utf-8", text.encode()
    parameters = f"charset={charset}"
    if data.isascii():
        parameters = "charset=us-ascii"
        transfer = "7bit" if transfer == "8bit" else transfer
    if subtype == "plain" and coding.flowed:
        parameters += "; format=flowed"
    head = (
        f"Content-Type: text/{subtype}; {parameters}\r\nContent-Transfer-Encoding: {transfer}\r\n"
    )
    return head.encode() + b"\r\n" + transfer_encode(data, transfer)


def transfer_encode(data: bytes, transfer: str) -> bytes:
    """Return text bytes (line ends LF) in the transfer encoding, with CRLF."""
    if transfer == "base64":
        return base64.encodebytes(data.replace(b"\n", b"\r\n")).replace(b"\n", b"\r\n")
    if transfer == "quoted-printable":
        data = binascii.b2a_qp(data, istext=True)
    return data.replace(b"\n", b"\r\n") + (b"" if data.endswith(b"\n") else b"\r\n")


def file_part(attachment: Attachment) -> bytes:
    """Return an attachment in base64; its name in RFC 2231 form where ASCII does not do."""
    name = attachment.name
    if name.isascii():
        parameter = f'filename="{name}"'
    else:
        encoded = "".join(
            chr(byte)
            if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"._-")
            else f"%{byte:02X}"
            for byte in name.encode()
        )
        parameter = f"filename*=UTF-8''{encoded}"
    head = (
        f"Content-Type: {attachment.kind}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: attachment; {parameter}\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(attachment.content).replace(b"\n", b"\r\n")


def header_text(text: str, charset: str = "utf-8") -> str:
    """Return `text` for a header: as it is when ASCII, else as encoded words (RFC 2047)."""
    if text.isascii():
        return "\r\n ".join(fold(text, 70))
    if charset != "utf-8":
        try:
            return "\r\n ".join(_q_word(chunk, charset) for chunk in _chunks(text, 18))
        except UnicodeEncodeError:
            pass
    return "\r\n ".join(
        f"=?UTF-8?B?{base64.b64encode(chunk.encode()).decode()}?=" for chunk in _chunks(text, 42)
    )


def fold(line: str, width: int) -> list[str]:
    """Break a line at spaces so that no piece is longer than `width`, where words allow it."""
    pieces: list[str] = []
    while len(line) > width:
        cut = line.rfind(" ", 1, width)
        if cut < 1:
            cut = line.find(" ", width)
            if cut < 0:
                break
        pieces.append(line[:cut])
        line = line[cut + 1 :]
    return [*pieces, line]


def flow(text: str) -> str:
    """Return text as format=flowed, not delsp: soft breaks end in a space (RFC 3676 §4)."""
    lines: list[str] = []
    for line in text.split("\n"):
        if line.startswith(">") or line == "-- ":
            lines.append(line)
            continue
        stuffed = f" {line}" if line.startswith((" ", "From ")) else line
        *soft, last = fold(stuffed.rstrip(), 72)
        lines += [f"{piece} " for piece in soft]
        lines.append(last)
    return "\n".join(lines)


def _mailboxes(mailboxes: Sequence[Mailbox], charset: str) -> str:
    return ",\r\n ".join(_mailbox(mailbox, charset) for mailbox in mailboxes)


def _mailbox(mailbox: Mailbox, charset: str) -> str:
    name = mailbox.name
    if not name:
        return mailbox.address
    if not name.isascii():
        name = header_text(name, charset)
    elif SPECIALS & set(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{mailbox.address}>"


def _chunks(text: str, size: int) -> list[str]:
    """Cut `text` into pieces of at most `size` bytes of UTF-8, never inside a character."""
    pieces, used = [""], 0
    for letter in text:
        width = len(letter.encode())
        if used + width > size:
            pieces.append("")
            used = 0
        pieces[-1] += letter
        used += width
    return pieces


def _q_word(text: str, charset: str) -> str:
    encoded = "".join(
        chr(byte) if byte < 128 and chr(byte).isalnum() else "_" if byte == 32 else f"={byte:02X}"
        for byte in text.encode(charset)
    )
    return f"=?{charset}?Q?{encoded}?="
