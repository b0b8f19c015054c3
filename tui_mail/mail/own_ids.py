"""The identifiers of our own letters, which nobody else can make up.

An identifier carries a signature of its first part (HMAC-SHA-256, 80 bits of it). The part before
the `@` is also the reference that a letter says in its last line, for programs that drop the header
fields of what they answer and keep its text. Hides how they are written and proven.
"""

import hmac
import re
import secrets
import time
from base64 import b32encode
from dataclasses import replace
from hashlib import sha256
from html import escape

from tui_mail.values import BodyFormat, Letter

_SIGNED_BYTES = 10
_OURS = re.compile(r"(?P<stamp>[0-9a-f]{8}\.[0-9a-f]{12})\.(?P<proof>[a-z2-7]{16})")
_LINE = re.compile(rf"(?:\s*^Ref\. {_OURS.pattern}$)+\s*\Z", re.MULTILINE)
_PAGE_LINE = '\n<p style="color:#999999;font-size:10px">Ref. {reference}</p>\n'
_PAGE_END = re.compile(r"</body\s*>", re.IGNORECASE)


def new_message_id(domain: str, key: bytes) -> str:
    """A short ASCII message identifier of our own, without brackets."""
    try:
        host = domain.strip().encode("idna").decode("ascii").lower()
    except UnicodeError:
        host = ""
    if not re.fullmatch(r"[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?", host):
        host = "localhost"
    stamp = f"{int(time.time()):08x}.{secrets.token_hex(6)}"
    return f"{stamp}.{_proof(stamp, key)}@{host}"


def is_ours(reference: str, key: bytes) -> bool:
    """Whether the part of an identifier before the `@` was signed with the key."""
    found = _OURS.fullmatch(reference)
    return found is not None and hmac.compare_digest(found["proof"], _proof(found["stamp"], key))


def with_reference(letter: Letter, message_id: str) -> Letter:
    """The letter with its reference as the last line; one that it has of an earlier try goes."""
    reference = message_id.partition("@")[0]
    if letter.format is BodyFormat.HTML:
        line = _PAGE_LINE.format(reference=escape(reference))
        ends = [match.start() for match in _PAGE_END.finditer(letter.body)]
        place = ends[-1] if ends else len(letter.body)
        return replace(letter, body=f"{letter.body[:place]}{line}{letter.body[place:]}")
    body = _LINE.sub("", letter.body).rstrip()
    return replace(letter, body=f"{body}\n\nRef. {reference}\n")


def _proof(stamp: str, key: bytes) -> str:
    proof = hmac.new(key, stamp.encode("ascii"), sha256).digest()[:_SIGNED_BYTES]
    return b32encode(proof).decode("ascii").lower()
