"""A message out of its bytes: hides MIME, encodings, charsets and every way to break them.

`parse` never raises, whatever the bytes, and takes time in proportion to their number.
"""

import html as html_entities
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_mail.mail.addresses import mailboxes
from tui_mail.mail.charsets import decode
from tui_mail.mail.flowed import unflow
from tui_mail.mail.headers import date_of, decode_words, identifiers, one_line, parameters
from tui_mail.mail.html import html_text
from tui_mail.mail.kinds import classify
from tui_mail.mail.quotes import split_quotes
from tui_mail.mail.structure import Part, Structure, read_structure
from tui_mail.mail.transfer import undo
from tui_mail.values import Mailbox, ParsedAttachment, ParsedMessage

MAX_TEXT = 1024 * 1024

_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:\-]{1,40})", re.IGNORECASE
)
_LINE_END = re.compile(r"\r\n|\r")
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
    "image/gif": ".gif",
    "message/rfc822": ".eml",
    "message/delivery-status": ".txt",
    "message/disposition-notification": ".txt",
    "text/rfc822-headers": ".txt",
}
# Text in form only: a file for another program.
_FILE_TEXTS = frozenset(
    {
        "text/calendar",
        "text/x-vcard",
        "text/vcard",
        "text/directory",
        "text/csv",
        "text/xml",
        "text/rtf",
        "text/rfc822-headers",
        "text/css",
        "text/javascript",
    }
)


@dataclass(frozen=True, slots=True)
class _Body:
    """A stretch of body in one or both of its forms."""

    plain: str | None = None
    html: str | None = None


@dataclass(slots=True)
class _Contents:
    """The leaves sorted into what is read and what is a file."""

    bodies: list[_Body] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)


def parse(raw: bytes) -> ParsedMessage:
    """Read a message as far as it can be read. `damage` says what could not, `warnings` what to doubt.

    Damage: header_charset, header_line, header_too_long, headers_too_long, too_many_headers,
    encoded_word, date, sender, charset, transfer_encoding, text_too_long, no_parts,
    unclosed_parts, too_many_parts, too_many_delimiters, too_deep, too_many_addresses.
    Warnings: several_senders, name_shows_other_address, reply_to_other_domain.
    """
    structure = read_structure(raw)
    contents = _sort_leaves(structure)
    headers = _decoded_headers(structure)
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    lists = {name: _mailboxes(structure, name) for name in ("from", "reply-to", "to", "cc", "bcc")}
    senders = lists["from"] or _mailboxes(structure, "sender")
    sender = senders[0] if senders else None
    if sender is None or not sender.address:
        structure.note("sender")
    date = date_of(structure.root.header("date"))
    if date is None:
        structure.note("date")
    text, html = _joined_bodies(contents.bodies)
    subject = one_line(first.get("subject", ""))
    return ParsedMessage(
        message_id=next(iter(identifiers(structure.root.header("message-id"))), ""),
        in_reply_to=identifiers(structure.root.header("in-reply-to")),
        references=identifiers(structure.root.header("references")),
        subject=subject,
        sender=sender,
        senders=senders,
        reply_to=lists["reply-to"],
        to=lists["to"],
        cc=lists["cc"],
        bcc=lists["bcc"],
        date=date,
        text=text,
        new_text=split_quotes(text)[0],
        html=html,
        attachments=tuple(
            _attachment(structure, part, number) for number, part in enumerate(contents.files, 1)
        ),
        kind=classify(
            first, structure.root, structure.leaves(), sender.address if sender else "", subject
        ),
        size=len(raw),
        warnings=_warnings(senders, lists["reply-to"]),
        damage=tuple(structure.damage),
        headers=headers,
    )


def attachment_parts(structure: Structure) -> list[Part]:
    """The parts that are files for the reader, in the order of `ParsedMessage.attachments`."""
    return _sort_leaves(structure, decoded=False).files


def part_content(structure: Structure, part: Part) -> bytes:
    """The decoded bytes of a part."""
    encoding = (
        part.header("content-transfer-encoding").partition(";")[0].strip().lower().strip("\"'")
    )
    content, sound = undo(structure.raw[part.start : part.end], encoding)
    if not sound:
        structure.note("transfer_encoding")
    return content


# -- headers ---------------------------------------------------------------------------------------


def _decoded_headers(structure: Structure) -> tuple[tuple[str, str], ...]:
    decoded = []
    for name, value in structure.root.headers:
        text, sound = decode_words(value)
        if not sound:
            structure.note("encoded_word")
        decoded.append((name, text))
    return tuple(decoded)


def _mailboxes(structure: Structure, name: str) -> tuple[Mailbox, ...]:
    values = [value for key, value in structure.root.headers if key.lower() == name]
    if not values:
        return ()
    limit = 1_000
    found = mailboxes(", ".join(values), limit + 1)
    if len(found) > limit:
        structure.note("too_many_addresses")
    return found[:limit]


def _warnings(senders: Sequence[Mailbox], reply_to: Sequence[Mailbox]) -> tuple[str, ...]:
    found = []
    if len({sender.address for sender in senders}) > 1:
        found.append("several_senders")
    if any(
        "@" in sender.name and sender.address.lower() not in sender.name.lower()
        for sender in senders
    ):
        found.append("name_shows_other_address")
    domains = {sender.address.rpartition("@")[2] for sender in senders}
    if senders and any(mailbox.address.rpartition("@")[2] not in domains for mailbox in reply_to):
        found.append("reply_to_other_domain")
    return tuple(found)


# -- bodies ----------------------------------------------------------------------------------------


def _sort_leaves(structure: Structure, decoded: bool = True) -> _Contents:
    """Walk the tree once; what is read and what is a file does not depend on `decoded`."""
    contents = _Contents()
    waiting: list[tuple[Part, Part | None]] = [(structure.root, None)]
    alternatives: dict[int, list[Part]] = {}
    order: list[tuple[int, Part]] = []  # (identity of the enclosing alternative or 0, text part)
    while waiting:
        part, alternative = waiting.pop()
        if part.children:
            inner = part if part.media_type == "multipart/alternative" else alternative
            waiting.extend((child, inner) for child in reversed(part.children))
        elif _is_file(part, part is structure.root):
            contents.files.append(part)
        else:
            key = id(alternative) if alternative is not None else 0
            order.append((key, part))
            if key:
                alternatives.setdefault(key, []).append(part)
    if decoded:
        contents.bodies = _bodies(structure, order, alternatives)
    return contents


def _is_file(part: Part, is_root: bool) -> bool:
    disposition, extra = parameters(part.header("content-disposition"))
    if disposition == "attachment" and not is_root:
        return True
    if part.media_type.startswith("multipart/"):
        # Parts that were never found: shown as the text that they are, unless too deep to be it.
        return not is_root
    if not part.media_type.startswith("text/") or part.media_type in _FILE_TEXTS:
        return True
    named = bool(extra.get("filename") or part.parameters.get("name"))
    return named and not is_root


def _bodies(
    structure: Structure, order: Sequence[tuple[int, Part]], alternatives: Mapping[int, list[Part]]
) -> list[_Body]:
    """The texts in order; the forms of an alternative are one body, its first text and last HTML."""
    bodies: list[_Body] = []
    seen: set[int] = set()
    for key, part in order:
        if not key:
            is_html = part.media_type == "text/html"
            text = _text(structure, part)
            bodies.append(_Body(html=text) if is_html else _Body(plain=text))
        elif key not in seen:
            seen.add(key)
            bodies.append(_alternative(structure, alternatives[key]))
    return bodies


def _alternative(structure: Structure, parts: Sequence[Part]) -> _Body:
    pages = [part for part in parts if part.media_type == "text/html"]
    plains = [part for part in parts if part.media_type == "text/plain"]
    others = [part for part in parts if part.media_type not in {"text/html", "text/plain"}]
    plain = _text(structure, plains[0]) if plains else None
    # One HTML part after another (around an inline attachment) is one text; the plain one is its twin.
    html = "\n".join(_text(structure, page) for page in pages) if pages else None
    if plain is None and html is None and others:
        plain = _text(structure, others[-1])
    if plain is not None and not plain.strip() and html:
        plain = None
    return _Body(plain, html)


def _text(structure: Structure, part: Part) -> str:
    content = part_content(structure, part)
    if len(content) > MAX_TEXT:
        structure.note("text_too_long")
        content = content[:MAX_TEXT]
    charset = part.parameters.get("charset", "")
    is_html = part.media_type == "text/html"
    if not charset and is_html and (declared := _META_CHARSET.search(content, 0, 4096)):
        charset = declared[1].decode("ascii")
    text, sound = decode(content, charset)
    if not sound:
        structure.note("charset")
    text = _LINE_END.sub("\n", text)
    if not is_html and part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, part.parameters.get("delsp", "").lower() == "yes")
    return text


def _joined_bodies(bodies: Sequence[_Body]) -> tuple[str, str]:
    """The text and the HTML of the whole message; no HTML when no part has any."""
    texts = [
        body.plain if body.plain is not None else html_text(body.html or "") for body in bodies
    ]
    text = "\n".join(part for part in texts if part.strip()) if len(texts) > 1 else "".join(texts)
    if not any(body.html for body in bodies):
        return text, ""
    pages = [body.html or f"<pre>{html_entities.escape(body.plain or '')}</pre>" for body in bodies]
    return text, "\n".join(pages)


# -- attachments -----------------------------------------------------------------------------------


def _attachment(structure: Structure, part: Part, number: int) -> ParsedAttachment:
    content = part_content(structure, part)
    disposition, _extra = parameters(part.header("content-disposition"))
    content_id = next(iter(identifiers(part.header("content-id"))), "")
    return ParsedAttachment(
        name=_file_name(part, content, number),
        media_type=part.media_type,
        content=content,
        content_id=content_id,
        inline=bool(content_id)
        and disposition != "attachment"
        and part.media_type.startswith("image/"),
    )


def _file_name(part: Part, content: bytes, number: int) -> str:
    _disposition, extra = parameters(part.header("content-disposition"))
    name = one_line(extra.get("filename", "") or part.parameters.get("name", ""))
    if name:
        return name
    if part.media_type == "message/rfc822":
        inner = read_structure(content[: 256 * 1024]).root.header("subject")
        subject = one_line(decode_words(inner)[0])
        if subject:
            return f"{subject[:100]}.eml"
    return f"part-{number}{_EXTENSIONS.get(part.media_type, '.bin')}"
