"""The words of a message: header text and body text decoded as far as they can be.

Hides encoded words, transfer encodings and charsets; never raises.
"""

import base64
import binascii
import quopri
from email.errors import HeaderParseError, MessageError
from email.header import decode_header

from tui_mail.demo.imap_mime import Part


def header_text(value: bytes) -> str:
    """Return header text with its encoded words decoded."""
    text = value.decode("utf-8", "replace")
    if "=?" not in text:
        return text
    try:
        pieces = decode_header(text)
    except (HeaderParseError, MessageError, binascii.Error, ValueError):
        return text
    return "".join(
        piece if isinstance(piece, str) else _decoded(piece, charset) for piece, charset in pieces
    )


def body_text(part: Part) -> str:
    """Return the text of a leaf part."""
    encoding = (part.field("content-transfer-encoding") or b"").strip().lower()
    body = part.body_bytes
    if encoding == b"quoted-printable":
        body = quopri.decodestring(body)
    elif encoding == b"base64":
        try:
            body = base64.b64decode(body)
        except (binascii.Error, ValueError):
            return ""
    charset = next((value for name, value in part.parameters if name.lower() == b"charset"), b"")
    return _decoded(body, charset.decode("ascii", "replace"))


def plain_text(root: Part) -> str:
    """Return the first text/plain of a message, or nothing."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if (part.kind, part.subtype) == ("text", "plain"):
            return body_text(part)
        waiting.extend(reversed(part.children))
    return ""


def _decoded(raw: bytes, charset: str | None) -> str:
    try:
        return raw.decode(charset or "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("latin-1")
