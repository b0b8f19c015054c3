"""Letters: hides how one becomes bytes, how an answer or a forward is begun, and what people type.

What leaves is read again before it is given out: the header fields and the recipients must be
those that were meant, else nothing is built.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.utils import format_datetime

from tui_mail.errors import WrongData
from tui_mail.i18n import _, language
from tui_mail.mail.addresses import mailboxes
from tui_mail.mail.html import told_text, with_rest_told
from tui_mail.mail.quotes import quote_reply
from tui_mail.mail.structure import MAX_HEADER, read_structure
from tui_mail.mail.writer import (
    Entity,
    address,
    address_list,
    clean,
    field_line,
    file_entity,
    multipart,
    text_entity,
    unstructured,
    written,
)
from tui_mail.values import BodyFormat, Letter, LetterAttachment, Mailbox, ParsedMessage

MAX_REFERENCES = 50
MAX_QUOTED = 2_000  # lines
_MAX_PREFIXES = 50
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
# Ours to write, or never to be written by who sends.
_OWN_FIELDS = frozenset(
    [
        "from",
        "sender",
        "reply-to",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "in-reply-to",
        "references",
        "mime-version",
        "return-path",
        "received",
        "delivered-to",
        "dkim-signature",
        "authentication-results",
        "apparently-to",
    ]
)
_PREFIX = re.compile(
    r"\s*(?:re|r|rif|risp|fwd|fw|i|inoltra|inoltro|aw|antw|wg|tr|rép|rv|res|enc|sv|vs|vl|vb|odp|pd)"
    r"\s*(?:\[\d{1,3}\]|\(\d{1,3}\)|\^\d{1,3})?\s*[:：]",
    re.IGNORECASE,
)
_MESSAGE_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,250}")
_MARKDOWN_PAGE = '<html><head><meta charset="utf-8"></head><body>\n{body}</body></html>\n'


def build(letter: Letter, *, message_id: str, date: datetime) -> bytes:
    """The letter as a message with CRLF line ends; blind copies are not in it.

    `date` is aware. Raises WrongData on an address that is none, on a header field that is not
    the letter's to set, and when what was built does not say what was meant.
    """
    if date.tzinfo is None:
        raise ValueError(date)
    fields = _fields(letter, message_id, date)
    content = _content(letter)
    head = b"".join(field_line(name, value) for name, value in fields)
    raw = head + written(content)
    _prove(raw, letter, [*fields, *content.fields])
    return raw


def recipients(letter: Letter) -> tuple[str, ...]:
    """The addresses of the envelope, each once; raises WrongData on one that is none."""
    everyone = [address(mailbox) for mailbox in (*letter.to, *letter.cc, *letter.bcc)]
    return tuple({each.lower(): each for each in reversed(everyone)}.values())[::-1]


def parse_mailboxes(text: str) -> tuple[Mailbox, ...]:
    """What a person typed as recipients; raises WrongData naming the piece that is no address."""
    found = mailboxes(clean(text.replace("\n", ", ")))
    for mailbox in found:
        address(mailbox)
    if not found and text.strip(" ,;\n\t"):
        raise WrongData(_("“{address}” is not an e-mail address.").format(address=clean(text)))
    return found


def bare_subject(subject: str) -> str:
    """A subject without the answer and forward marks of any mail program's language."""
    rest = subject.strip()
    for _mark in range(_MAX_PREFIXES):
        match = _PREFIX.match(rest)
        if match is None or not rest[match.end() :].strip():
            break
        rest = rest[match.end() :].strip()
    return rest


def reply_to(
    parsed: ParsedMessage,
    own: frozenset[str],
    all_recipients: bool,
    sender: Mailbox,
    now: datetime,
) -> Letter:
    """The beginning of an answer: who gets it, its subject, its place in the thread, the quoted text.

    `own`: the operator's own addresses in lower case, left out of the recipients; answering one's
    own message writes to whom it was written. Dates are told in the time zone of `now`.
    """
    mine = own | {sender.address.lower()}
    wrote = parsed.sender.address.lower() if parsed.sender else ""
    answered = parsed.reply_to or parsed.senders[:1]
    if wrote in mine and not parsed.reply_to:
        answered = parsed.to or answered
    to = _others(answered, mine) or tuple(answered)
    cc: tuple[Mailbox, ...] = ()
    if all_recipients:
        to = _distinct([*to, *_others(parsed.to, mine)])
        taken = {mailbox.address.lower() for mailbox in to}
        cc = _others(parsed.cc, mine | taken)
    quoted = quote_reply(_readable(parsed), _attribution(parsed, now))
    return Letter(
        sender=sender,
        to=to,
        cc=cc,
        subject=f"Re: {bare_subject(parsed.subject)}".strip(),
        body=f"\n\n{quoted}\n",
        in_reply_to=parsed.message_id,
        references=_references(parsed),
    )


def forward_of(parsed: ParsedMessage, raw: bytes, sender: Mailbox) -> Letter:
    """The beginning of a forward: the message's header lines and text, its attachments with it.

    Certified mail travels whole and untouched as an attachment: taken apart it proves nothing.
    `raw`: its bytes, b"" where they are not at hand as they came.
    """
    title = bare_subject(parsed.subject)
    if raw and parsed.kind.startswith("pec_"):
        name = f"{title[:80] or 'message'}.eml"
        attached = [LetterAttachment(name=name, content=raw, media_type="message/rfc822")]
    else:
        attached = [
            LetterAttachment(name=each.name, content=each.content, media_type=each.media_type)
            for each in parsed.attachments
        ]
    heading = _("Forwarded message")
    block = [f"-------- {heading} --------", *_header_block(parsed)]
    return Letter(
        sender=sender,
        subject=f"Fwd: {title}",
        body="\n\n" + "\n".join([*block, "", _readable(parsed).strip("\n"), ""]),
        attachments=tuple(attached),
        references=_references(parsed),
    )


# -- building --------------------------------------------------------------------------------------


def _fields(letter: Letter, message_id: str, date: datetime) -> list[tuple[str, str]]:
    """The header fields in order, values written in ASCII."""
    if not _MESSAGE_ID.fullmatch(message_id):
        raise WrongData(_("“{id}” cannot be a message identifier.").format(id=clean(message_id)))
    fields = [("Date", format_datetime(date)), ("From", address_list([letter.sender]))]
    if letter.reply_to:
        fields.append(("Reply-To", address_list(letter.reply_to)))
    fields.append(("To", address_list(letter.to) or "undisclosed-recipients:;"))
    if letter.cc:
        fields.append(("Cc", address_list(letter.cc)))
    fields.append(("Subject", unstructured(letter.subject)))
    fields.append(("Message-ID", f"<{message_id}>"))
    answered = _carried([letter.in_reply_to])
    if answered:
        fields.append(("In-Reply-To", answered))
    references = _carried(letter.references)
    if references:
        fields.append(("References", references))
    for name, value in letter.headers:
        if not _FIELD_NAME.fullmatch(name) or name.lower() in _OWN_FIELDS or _is_reserved(name):
            raise WrongData(_("A letter cannot set the header “{name}”.").format(name=clean(name)))
        fields.append((name, unstructured(value)))
    fields.append(("MIME-Version", "1.0"))
    return fields


def _is_reserved(name: str) -> bool:
    return name.lower().startswith(("content-", "resent-", "arc-"))


def _carried(identifiers: Iterable[str]) -> str:
    """Identifiers for a header; one that could not stand there as it is is left out."""
    kept = [each for each in identifiers if _MESSAGE_ID.fullmatch(each) and "=?" not in each]
    return " ".join(f"<{each}>" for each in kept)


def _content(letter: Letter) -> Entity:
    body = _body(letter)
    if not letter.attachments:
        return body
    files = [file_entity(each.name, each.content, each.media_type) for each in letter.attachments]
    return multipart("mixed", [body, *files])


def _body(letter: Letter) -> Entity:
    if letter.format is BodyFormat.TEXT:
        return text_entity(letter.body, "plain")
    if letter.format is BodyFormat.HTML:
        text, html = told_text(letter.body), letter.body
    else:
        text, html = letter.body, _MARKDOWN_PAGE.format(body=_markdown(letter.body))
    return multipart("alternative", [text_entity(text, "plain"), text_entity(html, "html")])


def _markdown(text: str) -> str:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    reader.enable(["table", "strikethrough"])
    reader.disable("lheading")  # dashes below a line begin a signature, or stood in what is quoted
    return str(reader.render(text))


def _prove(raw: bytes, letter: Letter, fields: Sequence[tuple[str, str]]) -> None:
    """Read the message's head as a receiver would: the same fields, the same people, once each."""
    root = read_structure(raw).root
    names = Counter(name.lower() for name, _value in root.headers)
    if names != Counter(name.lower() for name, _value in fields):
        raise WrongData(
            _("This letter would carry header lines that nobody wrote; it was not built.")
        )
    if any(len(value) >= MAX_HEADER for _name, value in root.headers):
        raise WrongData(_("This letter has too many recipients for one message."))
    for name, meant in (("to", letter.to), ("cc", letter.cc), ("from", (letter.sender,))):
        found = [mailbox.address for mailbox in mailboxes(root.header(name), len(meant) + 1)]
        if found != [address(mailbox) for mailbox in meant]:
            raise WrongData(
                _("This letter would go to other people than it says; it was not built.")
            )


# -- answering -------------------------------------------------------------------------------------


def _distinct(people: Iterable[Mailbox]) -> tuple[Mailbox, ...]:
    found: dict[str, Mailbox] = {}
    for mailbox in people:
        if mailbox.address:
            found.setdefault(mailbox.address.lower(), mailbox)
    return tuple(found.values())


def _others(people: Iterable[Mailbox], without: frozenset[str] | set[str]) -> tuple[Mailbox, ...]:
    return tuple(mailbox for mailbox in _distinct(people) if mailbox.address.lower() not in without)


def _references(parsed: ParsedMessage) -> tuple[str, ...]:
    """The ancestors of an answer (RFC 5322 §3.6.4): the parent's, then the parent itself."""
    ancestors = parsed.references
    if not ancestors and len(parsed.in_reply_to) == 1:
        ancestors = parsed.in_reply_to
    chain = tuple(
        dict.fromkeys([*ancestors, parsed.message_id] if parsed.message_id else ancestors)
    )
    if len(chain) > MAX_REFERENCES:
        chain = (chain[0], *chain[-(MAX_REFERENCES - 1) :])
    return chain


def _readable(parsed: ParsedMessage) -> str:
    """What a message says, to be quoted: its page as Markdown, so that tables and emphasis stay.

    Lines at its end with nothing but quote signs, of quotes that were answered above, are left out.
    """
    from tui_mail.mail.markdown import quotable

    lines = quotable(parsed).split("\n", MAX_QUOTED)
    if len(lines) <= MAX_QUOTED:
        while lines and not lines[-1].strip(" \t>"):
            lines.pop()
        return "\n".join(lines)
    return with_rest_told("\n".join(lines[:-1]))


def written_as(parsed: ParsedMessage) -> tuple[str, BodyFormat]:
    """What was typed, and how, out of a letter that `build` made: text, Markdown, or a page that is
    given as Markdown to go on with. Where its end was not read, the last line says so."""
    if not parsed.html:
        is_whole = "text_too_long" not in parsed.damage
        return parsed.text if is_whole else with_rest_told(parsed.text), BodyFormat.TEXT
    page = _MARKDOWN_PAGE.format(body=_markdown(parsed.text))
    if page.split() == parsed.html.split():
        return parsed.text, BodyFormat.MARKDOWN
    from tui_mail.mail.markdown import editable

    return editable(parsed.html), BodyFormat.MARKDOWN


def _attribution(parsed: ParsedMessage, now: datetime) -> str:
    sender = parsed.sender
    name = (sender.name or sender.address) if sender else ""
    if parsed.date is None:
        return _("{name} wrote:").format(name=clean(name))
    when = _shown(parsed.date.astimezone(now.tzinfo))
    return _("On {date}, {name} wrote:").format(date=when, name=clean(name))


def _shown(moment: datetime) -> str:
    from babel.dates import format_datetime as localized

    return localized(moment, "d MMM y HH:mm", locale="it" if language() == "it" else "en")


def _header_block(parsed: ParsedMessage) -> list[str]:
    lines = [(_("From"), parsed.senders), (_("To"), parsed.to), (_("Cc"), parsed.cc)]
    block = [f"{label}: {_people(people)}" for label, people in lines if people]
    if parsed.date is not None:
        block.insert(1, ": ".join((_("Date"), _shown(parsed.date))))
    return [*block, ": ".join((_("Subject"), parsed.subject))]


def _people(people: Iterable[Mailbox]) -> str:
    return ", ".join(
        f"{clean(each.name)} <{each.address}>" if each.name else each.address for each in people
    )
