"""ENVELOPE and BODYSTRUCTURE as the server writes them, from the MIME tree of a message.

Hides the reading of address lists; broken headers give NIL or a best guess, never an error.
RFC 3501 section 7.4.2.
"""

import re
from dataclasses import dataclass, field

from tui_mail.demo.imap_mime import Part, parse_content
from tui_mail.demo.imap_syntax import quote

MAX_ADDRESS_FIELD = 64 * 1024
MAX_ADDRESSES = 1000
TOKEN = re.compile(
    rb'"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[<>,;:@]|\((?:[^()\\]|\\.)*\)|[^\s"<>,;:@()\[\]]+|\S', re.DOTALL
)


@dataclass(slots=True)
class _Address:
    """What was read of one address: words before `<`, and those inside or without any `<`."""

    words: list[bytes] = field(default_factory=list)
    inside: list[bytes] = field(default_factory=list)
    comment: bytes | None = None
    angle: bool = False

    def written(self) -> bytes:
        """Return the four strings of an address structure, or nothing for an empty address."""
        spec = self.inside if self.angle else self.words
        if not spec:
            return b""
        route, spec = _split_route(spec)
        before, at, after = _partition(spec, b"@")
        name = b" ".join(map(_plain, self.words)) if self.angle else self.comment
        mailbox = b"".join(before) if len(before) > 1 else b"".join(map(_plain, before))
        return b"(%b %b %b %b)" % (
            quote(name or None),
            quote(route or None),
            quote(mailbox),
            quote(b"".join(after) if at else b""),
        )


def envelope(part: Part) -> bytes:
    """Return the ENVELOPE of a message."""
    senders = part.field("from")

    def addressed(name: str, default: bytes | None = None) -> bytes:
        return address_list(part.field(name) or default)

    items = [
        quote(part.field("date")),
        quote(part.field("subject")),
        addressed("from"),
        addressed("sender", senders),
        addressed("reply-to", senders),
        addressed("to"),
        addressed("cc"),
        addressed("bcc"),
        quote(part.field("in-reply-to")),
        quote(part.field("message-id")),
    ]
    return b"(" + b" ".join(items) + b")"


def address_list(value: bytes | None) -> bytes:
    """Return an address field as a list of address structures, with markers around groups."""
    written: list[bytes] = []
    current = _Address()
    in_group = False
    for found in TOKEN.finditer((value or b"")[:MAX_ADDRESS_FIELD]):
        token = found[0]
        if len(written) >= MAX_ADDRESSES:
            break
        if token == b":" and not current.angle:
            name = b" ".join(map(_plain, current.words))
            written.append(b"(NIL NIL %b NIL)" % quote(name))
            current, in_group = _Address(), True
        elif token in {b",", b";"} and not (current.angle and b">" not in current.inside):
            written.append(_closed(current))
            current = _Address()
            if token == b";" and in_group:
                written.append(b"(NIL NIL NIL NIL)")
                in_group = False
        else:
            _take(current, token)
    written.append(_closed(current))
    if in_group:
        written.append(b"(NIL NIL NIL NIL)")
    addresses = b"".join(written)
    return b"(" + addresses + b")" if addresses else b"NIL"


def _take(address: _Address, token: bytes) -> None:
    if token == b"<" and not address.angle:
        address.angle = True
    elif token.startswith(b"("):
        address.comment = token[1:-1] if token.endswith(b")") else None
    elif address.angle:
        if b">" not in address.inside:
            address.inside.append(token)
    else:
        address.words.append(token)


def _closed(address: _Address) -> bytes:
    address.inside = [token for token in address.inside if token != b">"]
    return address.written()


def _split_route(spec: list[bytes]) -> tuple[bytes, list[bytes]]:
    if spec[0] != b"@" or b":" not in spec:
        return b"", spec
    route, _, rest = _partition(spec, b":")
    return b"".join(route), rest


def _partition(tokens: list[bytes], separator: bytes) -> tuple[list[bytes], bool, list[bytes]]:
    if separator not in tokens:
        return tokens, False, []
    index = tokens.index(separator)
    return tokens[:index], True, tokens[index + 1 :]


def _plain(token: bytes) -> bytes:
    if len(token) > 1 and token.startswith(b'"') and token.endswith(b'"'):
        return re.sub(rb"\\(.)", rb"\1", token[1:-1])
    return token


def body_structure(part: Part, *, extended: bool) -> bytes:
    """Return BODYSTRUCTURE, or BODY where `extended` is false."""
    if part.is_multipart:
        return _multipart(part, extended=extended)
    items = [
        _word(part.kind),
        _word(part.subtype),
        _parameters(part.parameters),
        quote(part.field("content-id")),
        quote(part.field("content-description")),
        quote(part.field("content-transfer-encoding") or b"7bit"),
        b"%d" % (part.end - part.body),
    ]
    if part.embedded is not None:
        items.append(envelope(part.embedded))
        items.append(body_structure(part.embedded, extended=extended))
        items.append(b"%d" % part.lines)
    elif part.kind == "text":
        items.append(b"%d" % part.lines)
    if extended:
        items.append(quote(part.field("content-md5")))
        items.extend(_extension(part))
    return b"(" + b" ".join(items) + b")"


def _multipart(part: Part, *, extended: bool) -> bytes:
    # A multipart without parts has no form in the grammar: an empty text stands for them.
    empty = b'("text" "plain" NIL NIL NIL "7bit" 0 0)'
    children = b"".join(body_structure(child, extended=extended) for child in part.children)
    items = [(children or empty) + b" " + _word(part.subtype)]
    if extended:
        items.append(_parameters(part.parameters))
        items.extend(_extension(part))
    return b"(" + b" ".join(items) + b")"


def _extension(part: Part) -> list[bytes]:
    disposition = part.field("content-disposition")
    written = b"NIL"
    if disposition:
        kind, _, parameters = parse_content(disposition)
        written = b"(%b %b)" % (_word(kind), _parameters(parameters))
    return [written, quote(part.field("content-language")), quote(part.field("content-location"))]


def _parameters(parameters: tuple[tuple[bytes, bytes], ...]) -> bytes:
    pairs = (quote(name) + b" " + quote(value) for name, value in parameters)
    return b"(" + b" ".join(pairs) + b")" if parameters else b"NIL"


def _word(text: str) -> bytes:
    return quote(text.encode("utf-8", "replace"))
