"""How a letter begins: new, as an answer, as a forward, or where it was left.

Hides what an answer takes over: recipients, place in the thread, quoted text, records, signature.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import structs

from tui_mail.db.address_book import SenderRow, senders
from tui_mail.db.draft_content import DraftContent, decode, of_letter
from tui_mail.db.erp import entities_by_id
from tui_mail.db.links import entities_of
from tui_mail.db.rows import DraftRow, EntityRow
from tui_mail.errors import NotAllowed
from tui_mail.i18n import _
from tui_mail.mail.compose import bare_subject, forward_of, reply_to
from tui_mail.safetext import SafeText, safe, safe_lines
from tui_mail.ui.kinds import is_party
from tui_mail.values import BodyFormat, Letter, Mailbox
from tui_mail.worker.drafting import Sheet
from tui_mail.worker.opening import away_sentence
from tui_mail.worker.reading import whole_attachments

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts
    from tui_mail.worker.reading import OpenedMessage

NEW, REPLY, REPLY_ALL, FORWARD, DRAFT = "new", "reply", "reply_all", "forward", "draft"
_NOTHING = SafeText("")
_MARK = "-- "  # what a signature begins with


@dataclass(frozen=True, slots=True)
class ComposeStart:
    """What is to be written: `answer` is new, reply, reply_all or forward (of `opened`), or draft.

    `to` and `entity_ids` are preset recipients, as typed, and records; `account_id`: where to send
    from when it may be.
    """

    answer: str = NEW
    opened: "OpenedMessage | None" = None
    draft: DraftRow | None = None
    to: str = ""
    entity_ids: tuple[int, ...] = ()
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Opening:
    """A letter ready to be written on. `expected`: addresses that nobody needs to be warned of."""

    senders: tuple[SenderRow, ...]
    sheet: Sheet
    records: tuple[EntityRow, ...]
    heading: SafeText
    saved_at: datetime | None = None
    notice: SafeText = _NOTHING


async def start_of(parts: "Parts", answer: str, message_id: int) -> ComposeStart:
    """The start of an answer to, or a forward of, a stored message. Raises NotFound."""
    return ComposeStart(answer, opened=await parts.reader.open(message_id))


def open_letter(
    session: "Session", operator_id: int, start: ComposeStart, now: datetime
) -> Opening:
    """The letter as it begins. Raises NotAllowed when there is no account to send from."""
    possible = tuple(senders(session, operator_id))
    if not possible:
        raise NotAllowed(
            _("There is no account to send from: add one with tui-mail account add ADDRESS.")
        )
    if start.draft is not None:
        return _reopened(session, possible, start.draft)
    sender = _sender(possible, start)
    own = frozenset(one.email for one in possible)
    letter, heading, notice = _letter(start, sender, own, now)
    ids = tuple(start.entity_ids)
    if start.opened is not None:
        ids = tuple(dict.fromkeys((*ids, *entities_of(session, start.opened.row.id))))
    records = _records(session, ids)
    content = of_letter(letter, [row.id for row in records])
    content = _made_safe(replace(content, to=content.to or start.to))
    content = replace(content, body=with_signature(content.body, sender.signature))
    sheet = Sheet(
        content,
        sender.account_id,
        in_reply_to_id=start.opened.row.id if start.opened is not None else None,
        answer="" if start.answer == NEW else start.answer,
    )
    return Opening(possible, sheet, records, heading, notice=notice)


def _sender(possible: tuple[SenderRow, ...], start: ComposeStart) -> SenderRow:
    wanted = start.account_id
    if wanted is None and start.opened is not None:
        wanted = start.opened.row.account_id
    return next((one for one in possible if one.account_id == wanted), possible[0])


def _letter(
    start: ComposeStart, sender: SenderRow, own: frozenset[str], now: datetime
) -> tuple[Letter, SafeText, SafeText]:
    """The letter, what the title says, and what must be said of it."""
    box = Mailbox(sender.email, sender.name)
    opened = start.opened
    if opened is None:
        return Letter(box), safe(_("New letter")), SafeText("")
    parsed = opened.parsed
    if start.answer == FORWARD:
        # Those whose bytes are not to be had are left out: better none than empty ones.
        parsed = structs.replace(parsed, attachments=whole_attachments(opened))
        heading = _("Forward “{subject}”").format(subject=bare_subject(parsed.subject))
        raw = b"" if opened.losses or opened.away else opened.raw
        why = opened.lost or (away_sentence() if opened.away else "")
        return forward_of(parsed, raw, box), safe(heading), safe(why)
    everyone = start.answer == REPLY_ALL
    letter = reply_to(parsed, own, everyone, box, now)
    who = parsed.sender.name or parsed.sender.address if parsed.sender else ""
    heading = _("Reply to all") if everyone else _("Reply to {name}").format(name=who)
    return letter, safe(heading), SafeText("")


def _reopened(session: "Session", possible: tuple[SenderRow, ...], row: DraftRow) -> Opening:
    content = _made_safe(_as_markdown(decode(row.content)))
    records = _records(session, content.links)
    content = replace(content, links=tuple(one.id for one in records))
    known = {one.account_id for one in possible}
    account_id = row.account_id if row.account_id in known else possible[0].account_id
    sheet = Sheet(content, account_id, row.id, row.version, row.in_reply_to_id, row.answer)
    heading = content.subject or _("(no subject)")
    return Opening(
        possible,
        sheet,
        records,
        safe(_("Draft “{subject}”").format(subject=heading)),
        saved_at=row.updated_at,
    )


def _as_markdown(content: DraftContent) -> DraftContent:
    """A draft that a program wrote as HTML is gone on with as Markdown."""
    if content.format is not BodyFormat.HTML:
        return content
    from tui_mail.mail.markdown import editable

    return replace(content, body=editable(content.body), format=BodyFormat.MARKDOWN)


def _records(session: "Session", ids: tuple[int, ...]) -> tuple[EntityRow, ...]:
    """Documents first: they say more in a narrow place."""
    return tuple(sorted(entities_by_id(session, ids), key=lambda row: is_party(row.kind)))


def _made_safe(content: DraftContent) -> DraftContent:
    """What of it comes from others goes into widgets: controls and invisible signs are taken out."""
    return replace(
        content,
        to=safe(content.to),
        cc=safe(content.cc),
        bcc=safe(content.bcc),
        subject=safe(content.subject),
        body="\n".join(safe_lines(content.body)),
    )


# -- signatures ------------------------------------------------------------------------------------


def _block(signature: str) -> str:
    return "\n".join([_MARK, *safe_lines(signature.strip("\n"))])


def with_signature(body: str, signature: str) -> str:
    """`body` with the signature above what is quoted, below the room to write in."""
    if not signature.strip():
        return body
    quoted = body.strip("\n")
    below = f"\n{quoted}\n" if quoted else ""
    return f"\n\n{_block(signature)}\n{below}"


def change_signature(body: str, old: str, new: str) -> str:
    """`body` with the signature of another account, as long as the old one stands there untouched."""
    if old.strip():
        changed = _block(new) if new.strip() else ""
        whole = f"\n{body}\n".replace(f"\n{_block(old)}\n", f"\n{changed}\n", 1)
        return whole[1:-1]
    return body if not new.strip() or body.strip() else with_signature(body, new)
