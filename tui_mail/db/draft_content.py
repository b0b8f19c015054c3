"""What a draft holds: the letter as it is typed, half an address included. Hides its JSON."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tui_mail.errors import WrongData
from tui_mail.i18n import _
from tui_mail.mail.compose import parse_mailboxes
from tui_mail.values import BodyFormat, Letter, LetterAttachment, Mailbox


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file that goes with the letter. `content` is base64, encoded once for all savings."""

    name: str
    media_type: str = ""
    content: str = field(default="", repr=False)

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self.content) * 3 // 4 - self.content[-2:].count("=")


@dataclass(frozen=True, slots=True)
class DraftContent:
    """The letter as its writer sees it; `links` are ids of records, the rest as in `Letter`."""

    to: str = ""
    cc: str = ""
    bcc: str = ""
    reply_to: str = ""
    subject: str = ""
    body: str = ""
    format: BodyFormat = BodyFormat.TEXT
    links: tuple[int, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    attachments: tuple[DraftFile, ...] = ()


def of_letter(letter: Letter, entity_ids: Sequence[int] = ()) -> DraftContent:
    """A letter as a draft holds it."""
    return DraftContent(
        to=typed(letter.to),
        cc=typed(letter.cc),
        bcc=typed(letter.bcc),
        reply_to=typed(letter.reply_to),
        subject=letter.subject,
        body=letter.body,
        format=letter.format,
        links=tuple(entity_ids),
        headers=letter.headers,
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        attachments=tuple(file_of(one) for one in letter.attachments),
    )


def file_of(attachment: LetterAttachment) -> DraftFile:
    """A file of a letter as a draft holds it."""
    encoded = b64encode(attachment.content).decode("ascii")
    return DraftFile(attachment.name, attachment.media_type, encoded)


def to_letter(content: DraftContent, sender: Mailbox) -> Letter:
    """The letter that a draft has become. Raises WrongData naming what is no address."""
    return Letter(
        sender=sender,
        to=parse_mailboxes(content.to),
        cc=parse_mailboxes(content.cc),
        bcc=parse_mailboxes(content.bcc),
        reply_to=parse_mailboxes(content.reply_to),
        subject=content.subject,
        body=content.body,
        format=content.format,
        attachments=tuple(
            LetterAttachment(one.name, b64decode(one.content), one.media_type)
            for one in content.attachments
        ),
        in_reply_to=content.in_reply_to,
        references=content.references,
        headers=content.headers,
    )


def encode(content: DraftContent) -> str:
    """The JSON of a draft: to, cc, bcc, reply_to as typed; subject, body, format, links (ids of
    records), headers, in_reply_to, references; attachments with name, type, base64 content."""
    return json.dumps(
        {
            "to": content.to,
            "cc": content.cc,
            "bcc": content.bcc,
            "reply_to": content.reply_to,
            "subject": content.subject,
            "body": content.body,
            "format": content.format.value,
            "links": content.links,
            "headers": content.headers,
            "in_reply_to": content.in_reply_to,
            "references": content.references,
            "attachments": [
                {"name": one.name, "type": one.media_type, "content": one.content}
                for one in content.attachments
            ],
        },
        ensure_ascii=False,
    )


def decode(text: str) -> DraftContent:
    """The content of a draft's JSON; a missing key is empty. Raises WrongData when it is no draft."""
    try:
        found = json.loads(text)
        return DraftContent(
            **{
                key: str(found.get(key, ""))
                for key in ("to", "cc", "bcc", "reply_to", "subject", "body", "in_reply_to")
            },
            format=BodyFormat(found.get("format", BodyFormat.TEXT)),
            links=tuple(int(one) for one in found.get("links", ())),
            headers=tuple((str(name), str(value)) for name, value in found.get("headers", ())),
            references=tuple(str(one) for one in found.get("references", ())),
            attachments=tuple(_file(one) for one in found.get("attachments", ())),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise WrongData(
            _("This draft cannot be read: another version of the program wrote it.")
        ) from error


def _file(found: dict[str, Any]) -> DraftFile:
    return DraftFile(str(found["name"]), str(found.get("type", "")), str(found["content"]))


def typed(boxes: Sequence[Mailbox]) -> str:
    """Mailboxes as a person types them; a name with signs in it is quoted (RFC 5322 §3.4)."""
    return ", ".join(
        f"{_quoted(one.name)} <{one.address}>" if one.name else one.address for one in boxes
    )


def _quoted(name: str) -> str:
    if not set(name) & set('()<>[]:;@\\,."'):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
