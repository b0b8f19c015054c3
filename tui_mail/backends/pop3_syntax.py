"""What POP3 servers say (RFC 1939, RFC 2449), taken apart without being believed. Pure."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tui_mail.errors import ProtocolRefused
from tui_mail.i18n import _
from tui_mail.safetext import safe

LISTED_LIMIT = 250_000
"""Messages that a mailbox may list."""

HEAD_LIMIT = 1 << 20
"""Bytes of header fields that a message is told by."""

_LONGEST_UIDL = 512  # RFC 1939 §7 allows 70; servers have been seen that need more
_CODE = re.compile(rb"\[([A-Z0-9/_-]+)[^\]]*\]\s*", re.IGNORECASE)
_STATUS = re.compile(rb"(\+OK|-ERR)(?: |$)", re.IGNORECASE)
_UIDL = re.compile(rb"[\x21-\x7e]+")
# Servers that keep mail in one file write what they know of a message into its header.
_SERVER_FIELD = re.compile(
    rb"(?im)^(?:status|x-status|x-keywords|x-uid|x-imap|x-imapbase):[^\n]*(?:\n[ \t][^\n]*)*\n?"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """A status line. `code`: the response code of RFC 2449 §8, in upper case, "" where there is none;
    `text`: the server's words for people, made safe."""

    ok: bool
    code: str
    text: str


def read_reply(line: bytes) -> Reply:
    """A status line without its end. Raises ProtocolRefused."""
    status = _STATUS.match(line)
    if status is None:
        raise ProtocolRefused(_("The server sent an answer that cannot be read."))
    said = line[status.end() :]
    code = _CODE.match(said)
    text = said[code.end() :] if code else said
    return Reply(
        status[1].upper() == b"+OK",
        code[1].upper().decode("ascii") if code else "",
        str(safe(text.decode("utf-8", "replace").strip()))[:200],
    )


def unstuffed(block: bytes) -> bytes:
    """What a multi-line answer carries: the dot before each line that began with one is taken away
    (RFC 1939 §3). `block`: its lines with their ends, without the line of the dot alone."""
    return (b"\r\n" + block).replace(b"\r\n.", b"\r\n")[2:]


def read_listing(block: bytes) -> dict[int, bytes]:
    """Message number -> what the line says of it, of LIST or UIDL.

    Raises ProtocolRefused when a line has no number, when one comes twice, or when there are more
    than `LISTED_LIMIT`.
    """
    lines = block.split(b"\r\n")[:-1]
    if len(lines) > LISTED_LIMIT:
        raise ProtocolRefused(
            _("The server lists more than {number} messages, which is the limit.").format(
                number=LISTED_LIMIT
            )
        )
    found: dict[int, bytes] = {}
    for line in lines:
        number, _space, rest = line.strip().partition(b" ")
        if not number.isdigit() or len(number) > 10 or int(number) in found or not int(number):
            raise ProtocolRefused(_("The server sent an answer that cannot be read."))
        found[int(number)] = rest.strip()
    return found


def read_sizes(block: bytes) -> dict[int, int]:
    """Message number -> bytes, of LIST; what is no size counts as 0. Raises as `read_listing`."""
    told = {number: rest.split(b" ")[0] for number, rest in read_listing(block).items()}
    return {
        number: int(size) if size.isdigit() and len(size) <= 15 else 0
        for number, size in told.items()
    }


def read_uidls(block: bytes) -> dict[int, str]:
    """Message number -> unique-id, "" where it is none. Raises as `read_listing`."""
    return {
        number: uidl.decode("ascii") if len(uidl) <= _LONGEST_UIDL and _UIDL.fullmatch(uidl) else ""
        for number, uidl in read_listing(block).items()
    }


def read_capabilities(block: bytes) -> Mapping[str, tuple[str, ...]]:
    """Name -> parameters, all in upper case, of CAPA (RFC 2449 §5)."""
    lines = (line.decode("ascii", "replace").upper().split() for line in block.splitlines())
    return {words[0]: tuple(words[1:]) for words in lines if words}


def head_of(raw: bytes) -> str:
    """A hash of a message's header fields, the same whether TOP or RETR brought them."""
    end = raw.find(b"\r\n\r\n", 0, HEAD_LIMIT)
    head = raw[: HEAD_LIMIT if end < 0 else end] if not raw.startswith(b"\r\n") else b""
    head = head.strip(b"\r\n") + b"\n"
    return hashlib.sha256(_SERVER_FIELD.sub(b"", head).strip(b"\r\n")).hexdigest()
