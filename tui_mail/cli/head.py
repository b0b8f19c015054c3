"""The head of a message for people on the command line: who, to whom, when, about what, with what."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from tui_mail.cli.context import moment
from tui_mail.i18n import _, ngettext
from tui_mail.values import Certified, Mailbox

if TYPE_CHECKING:
    from tui_mail.db.rows import AttachmentRow
    from tui_mail.worker.reading import OpenedMessage

_SHOWN = 20


def head_lines(opened: "OpenedMessage") -> Iterator[str]:
    """The lines above a message's text, an empty one last; made safe by whoever prints them."""
    parsed, row = opened.parsed, opened.row
    senders = parsed.senders or ((parsed.sender,) if parsed.sender else ())
    lines = (
        (_("From"), _people(senders)),
        (_("To"), _people(parsed.to)),
        (_("Cc"), _people(parsed.cc)),
        (_("Date"), moment(row.date or row.received_at)),
        (_("Subject"), " ".join(parsed.subject.split())),
        (_("Folder"), f"{row.folder} ({row.account})"),
    )
    yield from (f"{label}: {value}" for label, value in lines if value)
    for attachment in row.attachments:
        yield _attachment(attachment)
    if opened.gathered is not None:
        from tui_mail.mail.pieces import pieces_in_words

        yield f"{'-' if opened.pieces else '!'} {pieces_in_words(opened.gathered)}"
    if parsed.certified is not None:
        yield from _certified(parsed.certified)
    if opened.lost:
        yield f"! {opened.lost}"
    yield ""


def _certified(found: Certified) -> Iterator[str]:
    """What the provider says, who signed it, and what to doubt."""
    from tui_mail.mail import certified_words as words

    for _state, sentence in words.receipt_in_words(found):
        yield f"- {sentence}"
    if found.signature.state == "sound":
        yield f"- {words.signature_in_words(found, checked=False)}"
    for slug in found.doubts:
        yield f"! {words.doubt_in_words(slug, found)}"


def _people(boxes: Sequence[Mailbox]) -> str:
    shown = [f"{one.name} <{one.address}>" if one.name else one.address for one in boxes[:_SHOWN]]
    more = len(boxes) - _SHOWN
    if more > 0:
        shown.append(ngettext("{n} more", "{n} more", more).format(n=more))
    return ", ".join(" ".join(one.split()) for one in shown)


def _attachment(row: "AttachmentRow") -> str:
    text = _("Attachment {number}: {name}, {size}")
    if row.away:
        text = _("Attachment {number}: {name}, {size}, on the server")
    return text.format(
        number=row.number, name=" ".join(row.name.split()) or row.media_type, size=_size(row.size)
    )


def _size(count: int) -> str:
    if count < 1000:
        return ngettext("{n} byte", "{n} bytes", count).format(n=count)
    if count < 1_000_000:
        return f"{count // 1000} kB"
    return f"{count / 1_000_000:.1f} MB"
