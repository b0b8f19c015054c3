"""Writes a message as bytes for SMTP: header fields, MIME parts, CRLF; hides folding and encodings.

Only ASCII comes out (but for mailboxes with other letters, RFC 6532), no line is longer than 998 octets, and no value can begin a new field:
everything is encoded here rather than handed to a library that reads it again.
"""

import base64
import binascii
import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from tui_mail.errors import WrongData
from tui_mail.i18n import _
from tui_mail.values import Mailbox

_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]+")
_ATEXT = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_LOCAL = re.compile(
    r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]|[^\W\x00-\x7f]){1,64}|\"[\x20\x21\x23-\x5b\x5d-\x7e]{1,62}\""
)
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_LITERAL_DOMAIN = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]{2,45})\]")
_LINE = 76
_WORD_BYTES = 42  # of one encoded word: 60 base64 characters and the frame stay under 75
_LONGEST = 998


@dataclass(frozen=True, slots=True)
class Entity:
    """A MIME part to be written: its own header fields, and either a body or parts."""

    fields: tuple[tuple[str, str], ...]
    body: bytes = field(default=b"", repr=False)
    parts: tuple["Entity", ...] = ()
    boundary: str = ""


def clean(value: str) -> str:
    """A header value without any control character or line separator."""
    return _CONTROLS.sub(" ", value).strip()


def field_line(name: str, value: str) -> bytes:
    """A header field of written words, folded at its spaces where it gets long (RFC 5322 §2.2.3)."""
    line, lines = f"{name}:", []
    for word in value.split(" "):
        if len(line) + 1 + len(word) > _LINE and not line.endswith(":") and line.strip():
            lines.append(line)
            line = f" {word}"
        else:
            line = f"{line} {word}"
    lines.append(line)
    return "\r\n".join(lines).encode() + b"\r\n"


def unstructured(value: str) -> str:
    """Free text for a header; anything that is not plain ASCII, or looks encoded, is encoded."""
    text = clean(value)
    if (
        text.isascii()
        and "=?" not in text
        and all(len(word) < _LINE - 20 for word in text.split(" "))
    ):
        return text
    return encoded_words(text)


def encoded_words(text: str) -> str:
    """`text` as encoded words of RFC 2047, none longer than 75 characters, no character cut."""
    words, current = [], b""
    for character in text:
        data = character.encode("utf-8", "replace")
        if len(current) + len(data) > _WORD_BYTES:
            words.append(current)
            current = b""
        current += data
    words.append(current)
    return " ".join(f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words)


def address(mailbox: Mailbox) -> str:
    """The addr-spec, fit for header and envelope; raises WrongData when it is not one.

    In ASCII but for a local part with other letters, which only servers with SMTPUTF8 take.
    """
    local, at, domain = mailbox.address.strip().rpartition("@")
    local = local if local.isascii() else unicodedata.normalize("NFC", local)
    shown = clean(mailbox.address) or clean(mailbox.name)
    sound = _LOCAL.fullmatch(local) and len(local.encode("utf-8", "replace")) <= 64
    if not at or not sound or ".." in local or local.strip(".") != local:
        raise WrongData(_("“{address}” is not an e-mail address.").format(address=shown))
    if _LITERAL_DOMAIN.fullmatch(domain):
        return f"{local}@{domain}"
    try:
        ascii_domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    labels = ascii_domain.lower().split(".")
    if len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise WrongData(_("“{address}” is not an e-mail address.").format(address=shown))
    return f"{local}@{ascii_domain.lower()}"


def address_list(mailboxes: Sequence[Mailbox]) -> str:
    """Mailboxes for an address header, names quoted or encoded as they need."""
    return ", ".join(_mailbox(mailbox) for mailbox in mailboxes)


def _mailbox(mailbox: Mailbox) -> str:
    spec = address(mailbox)
    name = " ".join(clean(mailbox.name).split())
    if not name:
        return spec
    if not name.isascii() or "=?" in name or len(name) > 60:
        return f"{encoded_words(name)} <{spec}>"
    if _ATEXT.fullmatch(name):
        return f"{name} <{spec}>"
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}" <{spec}>'


# -- parts -----------------------------------------------------------------------------------------


def text_entity(text: str, subtype: str) -> Entity:
    """A text part in UTF-8: as it is when short ASCII lines, else quoted-printable or base64."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    body = "\r\n".join(lines).encode("utf-8", "replace")
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    charset = "us-ascii" if body.isascii() else "utf-8"
    encoding, body = _encoded_text(body)
    return Entity(
        (
            ("Content-Type", f"text/{subtype}; charset={charset}"),
            ("Content-Transfer-Encoding", encoding),
        ),
        body,
    )


def _encoded_text(body: bytes) -> tuple[str, bytes]:
    longest = max(len(line) for line in body.split(b"\r\n"))
    controls = body.translate(None, bytes(range(0x20, 0x7F)) + b"\t\r\n")
    if not controls and longest <= _LONGEST - 200 and b"\nFrom " not in b"\n" + body:
        return "7bit", body
    if len(controls) * 3 > len(body):
        return "base64", base64_lines(body)
    printable = binascii.b2a_qp(body.replace(b"\r\n", b"\n"), istext=True)
    # `From ` at the start of a line is altered by mbox files on the way.
    printable = re.sub(rb"^From ", b"=46rom ", printable, flags=re.MULTILINE)
    return "quoted-printable", printable.replace(b"\n", b"\r\n")


def file_entity(name: str, content: bytes, media_type: str) -> Entity:
    """An attachment with its name as RFC 2231 has it."""
    kind = media_type.lower() if re.fullmatch(r"[\w.+-]+/[\w.+-]+", media_type, re.ASCII) else ""
    kind = kind or "application/octet-stream"
    encoding, body = "base64", base64_lines(content)
    if kind == "message/rfc822":
        # RFC 2046 §5.2.1 forbids base64 here: what cannot travel as it is travels as a file.
        if _travels_as_it_is(content):
            # The line end before a boundary belongs to the boundary.
            encoding, body = "7bit", content + b"\r\n"
        else:
            kind = "application/octet-stream"
    elif kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    return Entity(
        (
            ("Content-Type", kind),
            ("Content-Disposition", f"attachment{_file_name(name)}"),
            ("Content-Transfer-Encoding", encoding),
        ),
        body,
    )


def _travels_as_it_is(content: bytes) -> bool:
    lines = content.split(b"\r\n")
    bare = any(b"\r" in line or b"\n" in line for line in lines)
    return (
        content.isascii() and not bare and b"\0" not in content and max(map(len, lines)) <= _LONGEST
    )


def _file_name(name: str) -> str:
    text = clean(name).replace("/", "_").replace("\\", "_") or "file"
    if re.fullmatch(r"[A-Za-z0-9._ +()-]{1,60}", text) and "=?" not in text:
        return f'; filename="{text}"'
    # Continuations must not be cut inside an escaped byte; 50 characters keep the line short.
    escapes = re.findall(r"%[0-9A-F]{2}|.", quote(text.encode("utf-8", "replace"), safe=""))
    pieces, current = [], "utf-8''"
    for escape in escapes:
        if len(current) + len(escape) > 50:
            pieces.append(current)
            current = ""
        current += escape
    pieces.append(current)
    if len(pieces) == 1:
        return f"; filename*={pieces[0]}"
    return "".join(f"; filename*{index}*={piece}" for index, piece in enumerate(pieces))


def base64_lines(content: bytes) -> bytes:
    """`content` in base64, 76 characters a line."""
    text = base64.b64encode(content)
    return b"".join(text[i : i + _LINE] + b"\r\n" for i in range(0, len(text), _LINE))


def multipart(subtype: str, parts: Sequence[Entity]) -> Entity:
    """Parts together; the boundary cannot occur in any of them."""
    boundary = f"=_{secrets.token_hex(16)}"
    return Entity(
        (("Content-Type", f'multipart/{subtype}; boundary="{boundary}"'),),
        b"",
        tuple(parts),
        boundary,
    )


def written(entity: Entity) -> bytes:
    """The bytes of a part with its header fields."""
    head = b"".join(field_line(name, value) for name, value in entity.fields)
    if not entity.parts:
        return head + b"\r\n" + entity.body
    delimiter = f"--{entity.boundary}".encode("ascii")
    pieces = [head, b"\r\n"]
    for part in entity.parts:
        body = written(part)
        ending = b"" if body.endswith(b"\r\n") else b"\r\n"
        pieces.extend([delimiter, b"\r\n", body, ending])
    pieces.extend([delimiter, b"--\r\n"])
    return b"".join(pieces)
