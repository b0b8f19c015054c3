"""FETCH: what a client may ask of a message, read into items, and the answer to each.

Hides sections, partial ranges and macros. RFC 3501 section 6.4.5, RFC 7162 section 3.1.4,
RFC 8474 section 5.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from tui_mail.demo.imap_mime import Part
from tui_mail.demo.imap_store import StoredMessage
from tui_mail.demo.imap_structure import body_structure, envelope
from tui_mail.demo.imap_syntax import (
    ATOM,
    LARGEST_MODSEQ,
    LARGEST_NUMBER,
    Arguments,
    MalformedError,
    format_date_time,
    quote,
)

MACROS = {
    "ALL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"),
    "FAST": ("FLAGS", "INTERNALDATE", "RFC822.SIZE"),
    "FULL": ("FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"),
}
ITEM = re.compile(rb"[A-Za-z0-9.-]+")
PATH = re.compile(rb"[1-9][0-9]{0,5}(?:\.[1-9][0-9]{0,5}){0,60}(?![0-9])")
SECTION_KINDS = ("HEADER.FIELDS.NOT", "HEADER.FIELDS", "HEADER", "TEXT", "MIME")

Simple = Callable[[StoredMessage], bytes]
SIMPLE_ITEMS: dict[str, Simple] = {
    "UID": lambda message: b"%d" % message.uid,
    "INTERNALDATE": lambda message: format_date_time(message.when),
    "RFC822.SIZE": lambda message: b"%d" % len(message.raw),
    "EMAILID": lambda message: b"(M%b)" % sha256(message.raw).hexdigest()[:32].encode("ascii"),
    "THREADID": lambda _message: b"NIL",
    "MODSEQ": lambda message: b"(%d)" % message.modseq,
    "ENVELOPE": lambda message: envelope(message.structure),
    "BODY": lambda message: body_structure(message.structure, extended=False),
    "BODYSTRUCTURE": lambda message: body_structure(message.structure, extended=True),
    "RFC822.HEADER": lambda message: quote(message.structure.header_bytes),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the message: path, kind of text, header fields wanted, range of bytes."""

    path: tuple[int, ...] = ()
    kind: str = ""
    fields: tuple[bytes, ...] = ()
    offset: int | None = None
    count: int = 0

    @property
    def label(self) -> bytes:
        """The section as it is written in the answer."""
        numbers = ".".join(map(str, self.path))
        text = ".".join(filter(None, (numbers, self.kind))).encode("ascii")
        if self.kind.startswith("HEADER.FIELDS"):
            text += b" (" + b" ".join(map(_field_name, self.fields)) + b")"
        origin = b"" if self.offset is None else b"<%d>" % self.offset
        return b"BODY[" + text + b"]" + origin

    def content(self, message: StoredMessage) -> bytes | None:
        """Return the bytes of the section, None where the message has no such part."""
        whole = self._whole(message)
        if whole is None or self.offset is None:
            return whole
        return whole[self.offset : self.offset + self.count]

    def _whole(self, message: StoredMessage) -> bytes | None:
        if not self.path and not self.kind:
            return message.raw
        part = message.structure.find(self.path) if self.path else message.structure
        if part is None:
            return None
        if not self.kind:
            return part.body_bytes
        if self.kind == "MIME":
            return part.header_bytes
        return self._of_message(part.embedded if self.path else part)

    def _of_message(self, part: Part | None) -> bytes | None:
        if part is None:
            return None
        if self.kind == "TEXT":
            return part.body_bytes
        if self.kind == "HEADER":
            return part.header_bytes
        names = {name.lower() for name in self.fields}
        return part.selected_fields(names, others=self.kind.endswith(".NOT"))


def _field_name(name: bytes) -> bytes:
    return name if ATOM.fullmatch(name) else quote(name)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to answer for each message."""

    name: str
    section: Section | None = None
    sets_seen: bool = False

    def answer(self, message: StoredMessage, flags: bytes) -> bytes:
        """Return the name and value of the item for one message."""
        if self.name == "FLAGS":
            return b"FLAGS " + flags
        if self.section is None:
            return self.name.encode("ascii") + b" " + SIMPLE_ITEMS[self.name](message)
        label = self.section.label if self.name == "BODY[]" else self.name.encode("ascii")
        return label + b" " + _body(self.section.content(message))


def _body(content: bytes | None) -> bytes:
    # Always a literal, as other servers do: what is inside needs no looking at.
    return b"NIL" if content is None else b"{%d}\r\n%b" % (len(content), content)


@dataclass(frozen=True, slots=True)
class FetchRequest:
    """Items to answer, only for messages changed after `since` when that is given."""

    items: tuple[Item, ...]
    since: int | None

    @property
    def wants_modseq(self) -> bool:
        """Say whether the request makes the session one with mod-sequences."""
        return self.since is not None or any(item.name == "MODSEQ" for item in self.items)

    @property
    def sets_seen(self) -> bool:
        r"""Say whether a message is `\Seen` after the answer."""
        return any(item.sets_seen for item in self.items)


def read_request(arguments: Arguments, *, by_uid: bool, condstore: bool) -> FetchRequest:
    """Read the items of FETCH and its modifier; `condstore`: whether those of RFC 7162 go."""
    items = _read_items(arguments)
    since = None
    if not arguments.at_end:
        arguments.expect(b" (CHANGEDSINCE ")
        since = arguments.number(LARGEST_MODSEQ)
        arguments.expect(b")")
    arguments.finish()
    if by_uid and not any(item.name == "UID" for item in items):
        items.insert(0, Item("UID"))
    if since is not None and not any(item.name == "MODSEQ" for item in items):
        items.append(Item("MODSEQ"))
    if not condstore and any(item.name == "MODSEQ" for item in items):
        raise MalformedError("CONDSTORE is not offered")
    return FetchRequest(tuple(items), since)


def _read_items(arguments: Arguments) -> list[Item]:
    if arguments.peek() == b"(":
        return arguments.list_of(lambda: _item(arguments, _word(arguments)))
    name = _word(arguments)
    if name in MACROS:
        return [Item(part) for part in MACROS[name]]
    return [_item(arguments, name)]


def _word(arguments: Arguments) -> str:
    found = arguments.match(ITEM)
    if not found:
        raise MalformedError("expected a FETCH item")
    return found[0].decode("ascii").upper()


def _item(arguments: Arguments, name: str) -> Item:
    if name in {"BODY", "BODY.PEEK"} and arguments.accept(b"["):
        return Item("BODY[]", _section(arguments), sets_seen=name == "BODY")
    if name == "RFC822":
        return Item(name, Section(), sets_seen=True)
    if name == "RFC822.TEXT":
        return Item(name, Section(kind="TEXT"), sets_seen=True)
    if name != "FLAGS" and name not in SIMPLE_ITEMS:
        raise MalformedError("unknown FETCH item")
    return Item(name)


def _section(arguments: Arguments) -> Section:
    found = arguments.match(PATH)
    path = tuple(int(number) for number in found[0].split(b".")) if found else ()
    kind = ""
    fields: tuple[bytes, ...] = ()
    if not path or arguments.accept(b"."):
        kind = next((known for known in SECTION_KINDS if arguments.accept(known.encode())), "")
        if path and not kind:
            raise MalformedError("unknown section")
    if kind == "MIME" and not path:
        raise MalformedError("MIME needs a part")
    if kind.startswith("HEADER.FIELDS"):
        arguments.space()
        fields = tuple(name.upper() for name in arguments.list_of(arguments.astring))
    arguments.expect(b"]")
    if not arguments.accept(b"<"):
        return Section(path, kind, fields)
    offset = arguments.number(LARGEST_NUMBER)
    arguments.expect(b".")
    count = arguments.number(LARGEST_NUMBER)
    arguments.expect(b">")
    return Section(path, kind, fields, offset, count)
