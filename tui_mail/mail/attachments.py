"""The files of a message: those with a part of their own, and those found inside others or in the text.

Hides names, containers, and messages within messages as far as they are files.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from tui_mail.mail.bodies import Contents, part_content
from tui_mail.mail.containers import MAX_DEPTH, Found, unpack
from tui_mail.mail.headers import decode_words, identifiers, one_line, parameters
from tui_mail.mail.structure import Part, Structure, read_structure
from tui_mail.values import ParsedAttachment

MAX_DERIVED = 500
MESSAGE_TYPES = frozenset({"message/rfc822", "message/global", "message/news"})

_EXTENSIONS = {
    "text/plain": ".txt",
    "text/html": ".html",
    "text/calendar": ".ics",
    "text/csv": ".csv",
    "text/vcard": ".vcf",
    "text/x-vcard": ".vcf",
    "application/pdf": ".pdf",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/zip": ".zip",
    "application/pkcs7-signature": ".p7s",
    "application/x-pkcs7-signature": ".p7s",
    "application/pkcs7-mime": ".p7m",
    "application/x-pkcs7-mime": ".p7m",
    "application/pgp-signature": ".asc",
    "application/ms-tnef": ".dat",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/jpg": ".jpg",
    "image/gif": ".gif",
    "message/rfc822": ".eml",
    "message/global": ".eml",
    "message/news": ".eml",
    "message/partial": ".eml",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "text/rfc822-headers": ".txt",
}
_TYPES = {
    **{extension: media_type for media_type, extension in reversed(_EXTENSIONS.items())},
    ".jpeg": "image/jpeg",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".p7s": "application/pkcs7-signature",
    ".p7m": "application/pkcs7-mime",
    ".dat": "application/octet-stream",
    ".doc": "application/msword",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xls": "application/vnd.ms-excel",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(slots=True)
class Opened:
    """What was found by opening the files of a message.

    `letters`: text and HTML of Outlook's envelopes; `entities`: signed MIME entities.
    """

    derived: list[ParsedAttachment] = field(default_factory=list)
    letters: list[tuple[str, str]] = field(default_factory=list)
    entities: list[bytes] = field(default_factory=list)
    encrypted: bool = False


def own_attachments(structure: Structure, contents: Contents) -> tuple[ParsedAttachment, ...]:
    """The parts that are files, decoded, in the order of the message."""
    parts = sorted(contents.files, key=lambda part: part.start)
    return tuple(_attachment(structure, part, number) for number, part in enumerate(parts, 1))


def open_files(structure: Structure, own: Sequence[ParsedAttachment], contents: Contents) -> Opened:
    """Find the files in the text and, as deep as three, those in other files."""
    opened = Opened()
    for written in contents.found:
        opened.derived.append(
            _derived(Found(written.name, written.content), len(opened.derived) + len(own) + 1)
        )
    for attachment in own:
        for found in _inside(attachment, opened):
            if len(opened.derived) >= MAX_DERIVED:
                structure.note("too_many_files")
                return opened
            opened.derived.append(_derived(found, len(own) + len(opened.derived) + 1))
    return opened


def without_place(attachment: ParsedAttachment) -> ParsedAttachment:
    """An attachment of a message within, as a file of the message around it."""
    return replace(attachment, start=0, end=0)


def _inside(attachment: ParsedAttachment, opened: Opened) -> Iterator[Found]:
    waiting = [(Found(attachment.name, attachment.content, attachment.media_type), 0)]
    while waiting:
        found, depth = waiting.pop()
        if depth:
            yield found
        unpacked = unpack(found.name, found.media_type, found.content)
        if unpacked is None or depth >= MAX_DEPTH:
            continue
        opened.encrypted |= unpacked.encrypted
        if unpacked.text or unpacked.html:
            opened.letters.append((unpacked.text, unpacked.html))
        if unpacked.entity:
            opened.entities.append(unpacked.entity)
        waiting.extend((each, depth + 1) for each in reversed(unpacked.files))


def _derived(found: Found, number: int) -> ParsedAttachment:
    name = one_line(found.name)
    extension = "." + name.rpartition(".")[2].lower()
    media_type = found.media_type or _TYPES.get(extension, "application/octet-stream")
    return ParsedAttachment(
        name=name or f"part-{number}{_EXTENSIONS.get(media_type, '.bin')}",
        media_type=media_type,
        content=found.content,
        content_id=found.content_id,
        inline=bool(found.content_id) and media_type.startswith("image/"),
    )


def _attachment(structure: Structure, part: Part, number: int) -> ParsedAttachment:
    content = part_content(structure, part)
    disposition, extra = parameters(part.header("content-disposition"))
    content_id = next(iter(identifiers(part.header("content-id"))), "")
    name = one_line(extra.get("filename", "") or part.parameters.get("name", ""))
    return ParsedAttachment(
        name=name or _given_name(part, content, number),
        media_type=part.media_type,
        content=content,
        content_id=content_id,
        inline=bool(content_id)
        and disposition != "attachment"
        and part.media_type.startswith("image/"),
        start=part.start,
        end=part.end,
    )


def _given_name(part: Part, content: bytes, number: int) -> str:
    if part.media_type in MESSAGE_TYPES:
        inner = read_structure(content[: 256 * 1024]).root.header("subject")
        subject = one_line(decode_words(inner)[0])
        if subject:
            return f"{subject[:100]}.eml"
    return f"part-{number}{_EXTENSIONS.get(part.media_type, '.bin')}"
