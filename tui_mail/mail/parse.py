"""A message out of its bytes: hides MIME, encodings, charsets and every way to break them.

`parse` never raises, whatever the bytes, and takes time in proportion to their number. Messages
within messages are read too, as deep as three, so that a forwarded letter or the letter in a
certified envelope is there to be read and found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tui_mail.mail.addresses import MAX_ADDRESSES, mailboxes
from tui_mail.mail.alternatives import lacks, may_lack
from tui_mail.mail.attachments import (
    MESSAGE_TYPES,
    Opened,
    open_files,
    own_attachments,
    without_place,
)
from tui_mail.mail.bodies import Body, as_html, joined_html, read_contents
from tui_mail.mail.budget import Budget
from tui_mail.mail.certified import as_certified
from tui_mail.mail.charsets import decode
from tui_mail.mail.headers import date_of, decode_words, identifiers, one_line
from tui_mail.mail.html import html_text
from tui_mail.mail.kinds import REPORT_KINDS, classify
from tui_mail.mail.pieces import piece_of
from tui_mail.mail.quotes import split_quotes
from tui_mail.mail.reports import (
    DELIVERY_TYPES,
    READING_TYPES,
    delivery_reports,
    failed_recipients,
    reading_report,
)
from tui_mail.mail.structure import Part, Structure, read_structure
from tui_mail.values import Mailbox, MailReport, ParsedAttachment, ParsedMessage

MAX_LEVELS = 3
MAX_INNER = 50

_LISTS = ("from", "reply-to", "to", "cc", "bcc", "sender")
_CERTIFIED = frozenset({"pec_envelope", "pec_receipt"})


def parse(raw: bytes) -> ParsedMessage:
    """Read a message as far as it can be read. `damage` says what could not, `warnings` what to doubt.

    Damage: header_charset, header_line, header_too_long, headers_too_long, too_many_headers,
    encoded_word, date, sender, charset, transfer_encoding, text_too_long, no_parts,
    unclosed_parts, too_many_parts, too_many_delimiters, too_deep, too_many_addresses,
    too_many_files.
    Warnings: several_senders, name_shows_other_address, reply_to_other_domain, encrypted,
    partial_message, external_body, and of certified mail those of `certified`.
    """
    return _parse(raw, MAX_LEVELS, Budget())


@dataclass(slots=True)
class _Reading:
    """What is read of a message's parts: its text in both forms, its files, what is said of them."""

    bodies: list[Body]
    own: tuple[ParsedAttachment, ...]
    derived: list[ParsedAttachment]
    inner: list[ParsedMessage] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    pec: ParsedMessage | None = None


def _parse(raw: bytes, levels: int, budget: Budget) -> ParsedMessage:
    structure = read_structure(raw)
    root = structure.root
    headers = _decoded_headers(structure)
    first: dict[str, str] = {}
    for name, value in headers:
        first.setdefault(name.lower(), value)
    lists = _address_lists(structure)
    senders = lists["from"] or lists["sender"]
    sender = senders[0] if senders else None
    written = root.header("from") or root.header("sender")
    if written and (sender is None or not sender.address):
        structure.note("sender")
    date = date_of(root.header("date"))
    if date is None and root.header("date"):
        structure.note("date")
    subject = one_line(first.get("subject", ""))
    leaves = structure.leaves()
    kind = classify(first, root, leaves, sender.address if sender else "", subject)
    reading = _read(structure, kind, levels, budget)
    text, new_text, html = _texts(reading)
    if budget.spent:
        structure.note("text_too_long")
    message = ParsedMessage(
        message_id=next(iter(identifiers(root.header("message-id"))), ""),
        in_reply_to=identifiers(root.header("in-reply-to")),
        references=identifiers(root.header("references")),
        subject=subject,
        sender=sender,
        senders=senders,
        reply_to=lists["reply-to"],
        to=lists["to"],
        cc=lists["cc"],
        bcc=lists["bcc"],
        date=date,
        text=text,
        new_text=new_text,
        html=html,
        attachments=(*reading.own, *reading.derived),
        kind=kind,
        size=len(raw),
        warnings=(
            *_warnings(senders, _foreign_replies(lists, kind)),
            *reading.warnings,
        ),
        damage=tuple(structure.damage),
        headers=headers,
        reports=_reports(reading.own)
        or failed_recipients(first.get("x-failed-recipients", ""), text),
        piece=piece_of(structure),
    )
    if kind in _CERTIFIED:
        return as_certified(message, structure, first, reading.pec)
    return message


# -- headers ---------------------------------------------------------------------------------------


def _decoded_headers(structure: Structure) -> tuple[tuple[str, str], ...]:
    decoded = []
    for name, value in structure.root.headers:
        if "=?" in value:
            value, sound = decode_words(value)  # noqa: PLW2901 - the decoded value is the value
            if not sound:
                structure.note("encoded_word")
        decoded.append((name, value))
    return tuple(decoded)


def _address_lists(structure: Structure) -> dict[str, tuple[Mailbox, ...]]:
    """The mailboxes of each address header; several headers of a name are one list."""
    first = structure.root.first
    present = {name for name in _LISTS if name in first}
    written: dict[str, list[str]] = {name: [] for name in present}
    for key, value in structure.root.headers:
        if (name := key.lower()) in present:
            written[name].append(value)
    lists: dict[str, tuple[Mailbox, ...]] = dict.fromkeys(_LISTS, ())
    for name, values in written.items():
        found = mailboxes(", ".join(values), MAX_ADDRESSES + 1)
        if len(found) > MAX_ADDRESSES:
            structure.note("too_many_addresses")
        lists[name] = found[:MAX_ADDRESSES]
    return lists


def _foreign_replies(lists: Mapping[str, tuple[Mailbox, ...]], kind: str) -> tuple[Mailbox, ...]:
    """Where answers go; not when it is the list itself that the message was sent to."""
    reply_to = lists["reply-to"]
    if kind not in {"list", "group"}:
        return reply_to
    here = {box.address.lower() for name in ("to", "cc") for box in lists[name]}
    return tuple(box for box in reply_to if box.address.lower() not in here)


def _warnings(senders: Sequence[Mailbox], reply_to: Sequence[Mailbox]) -> list[str]:
    """What to doubt of who wrote."""
    found = []
    addresses = {sender.address for sender in senders}
    if len(addresses) > 1:
        found.append("several_senders")
    if any(
        "@" in sender.name and sender.address.lower() not in sender.name.lower()
        for sender in senders
    ):
        found.append("name_shows_other_address")
    domains = {sender.address.rpartition("@")[2] for sender in senders}
    if senders and any(mailbox.address.rpartition("@")[2] not in domains for mailbox in reply_to):
        found.append("reply_to_other_domain")
    return found


# -- parts -----------------------------------------------------------------------------------------


def _read(structure: Structure, kind: str, levels: int, budget: Budget) -> _Reading:
    contents = read_contents(structure, budget)
    own = own_attachments(structure, contents)
    opened = open_files(structure, own, contents)
    reading = _Reading(contents.bodies, own, opened.derived)
    if opened.encrypted or structure.root.media_type == "multipart/encrypted":
        reading.warnings.append("encrypted")
    _read_pieces(structure, contents.files, reading, budget)
    _read_letters(opened, reading, budget)
    reading.bodies = [_with_text(body, budget) for body in reading.bodies]
    if levels:
        _read_inner(structure, opened, reading, kind, levels - 1, budget)
    return reading


def _read_letters(opened: Opened, reading: _Reading, budget: Budget) -> None:
    """Outlook's envelope holds the letter only where the message has no text of its own."""
    if not _has_text(reading.bodies):
        reading.bodies = [
            Body(budget.cut(text) or None, budget.cut(html) or None)
            for text, html in opened.letters
        ] or reading.bodies


def _with_text(body: Body, budget: Budget) -> Body:
    """Before the messages within are read: they are not to use up what is left for this one."""
    if body.plain is None:
        return Body(html_text(body.html or "", budget), body.html)
    if body.html and may_lack(body.plain, body.html):
        shown = html_text(body.html, budget)
        return Body(shown, body.html) if lacks(body.plain, shown) else body
    return body


def _has_text(bodies: Sequence[Body]) -> bool:
    return any((body.plain or body.html or "").strip() for body in bodies)


def _read_pieces(
    structure: Structure, files: Sequence[Part], reading: _Reading, budget: Budget
) -> None:
    """Parts of a message that is elsewhere (RFC 2046 §5.2.2, §5.2.3): said, and shown as they are."""
    for part in files:
        if part.media_type == "message/partial":
            content = structure.raw[part.start : part.end]
            reading.warnings.append("partial_message")
            if part.parameters.get("number") == "1":
                content = content[read_structure(content).root.start :]
            reading.bodies.append(Body(decode(budget.cut(content))[0]))
        elif part.media_type == "message/external-body":
            reading.warnings.append("external_body")
            lines = [f"{name}: {value}" for name, value in part.parameters.items()]
            reading.bodies.append(Body("\n".join(lines)))
    reading.warnings = list(dict.fromkeys(reading.warnings))


def _read_inner(
    structure: Structure,
    opened: Opened,
    reading: _Reading,
    kind: str,
    levels: int,
    budget: Budget,
) -> None:
    """Read the messages within. One that is reported about is a file and no more."""
    for entity in opened.entities:
        signed = _parse(entity, levels, budget)
        reading.bodies.append(Body(signed.text, signed.html or None))
        reading.derived.extend(without_place(each) for each in signed.attachments)
    if kind in REPORT_KINDS:
        return
    messages = [each for each in (*reading.own, *reading.derived) if _is_message(each)]
    if len(messages) > MAX_INNER:
        structure.note("too_many_files")
    for each in messages[:MAX_INNER]:
        inner = _parse(each.content, levels, budget)
        if kind == "pec_envelope" and each.name.lower() == "postacert.eml":
            reading.pec = inner
        else:
            reading.inner.append(inner)
        reading.derived.extend(without_place(one) for one in inner.attachments)


def _is_message(attachment: ParsedAttachment) -> bool:
    return attachment.media_type in MESSAGE_TYPES and bool(attachment.content)


def _reports(own: Sequence[ParsedAttachment]) -> tuple[MailReport, ...]:
    reports: list[MailReport] = []
    for each in own:
        if each.media_type in DELIVERY_TYPES:
            reports.extend(delivery_reports(each.content))
        elif each.media_type in READING_TYPES:
            reports.extend(reading_report(each.content))
    return tuple(reports)


# -- texts -----------------------------------------------------------------------------------------


def _texts(reading: _Reading) -> tuple[str, str, str]:
    """The text, what of it was written now, and the HTML: of the message, then of those within.

    Of a certified letter the letter comes first, as its reader expects; the envelope's words last.
    """
    text, html = _joined(reading.bodies)
    new_text = split_quotes(text)[0]
    if reading.pec is not None:
        letter = reading.pec
        rule = f"\n\n-- \n{text}" if text.strip() else ""
        html = _joined_pages(letter, "", f"<hr>{html or as_html(text)}")
        return f"{letter.text}{rule}", letter.new_text, html if letter.html else ""
    if not reading.inner:
        return text, new_text, html
    texts = [text] if text.strip() else []
    pages = [html or as_html(text)] if text.strip() or html else []
    for inner in reading.inner:
        title = _title(inner)
        texts.append(f"{title}\n\n{inner.text}")
        pages.append(_joined_pages(inner, title, ""))
    has_html = bool(html) or any(inner.html for inner in reading.inner)
    return "\n\n".join(texts), new_text, "\n".join(pages) if has_html else ""


def _title(inner: ParsedMessage) -> str:
    """The line above a message within: no sign that quotes begin with."""
    sender = inner.sender
    who = f"{sender.name} <{sender.address}>".strip() if sender else ""
    when = f"{inner.date:%Y-%m-%d %H:%M}" if inner.date else ""
    return "▪ " + " · ".join(each for each in (inner.subject, who, when) if each)


def _joined_pages(inner: ParsedMessage, title: str, after: str) -> str:
    head = f"<hr>{as_html(title)}" if title else ""
    return "\n".join(each for each in (head, inner.html or as_html(inner.text), after) if each)


def _joined(bodies: Sequence[Body]) -> tuple[str, str]:
    """The text and the HTML of the whole message; no HTML when no part has any."""
    texts = [body.plain or "" for body in bodies]
    text = "\n".join(part for part in texts if part.strip()) if len(texts) > 1 else "".join(texts)
    return text, joined_html(bodies) if any(body.html for body in bodies) else ""
