"""The way of a letter between the desk and the outbox: kept as a draft, sent, called back.

Each step is one transaction: a letter is a draft or in the outbox, never both, never neither.
"""

from dataclasses import dataclass
from datetime import datetime

from tui_mail.db import accounts, drafts, outbox, outbox_decisions
from tui_mail.db.address_book import SenderRow
from tui_mail.db.draft_content import DraftContent, DraftFile, encode, file_of, to_letter, typed
from tui_mail.db.outbox import Enqueued
from tui_mail.db.outbox_states import recipients_of
from tui_mail.db.rows import DraftRow
from tui_mail.db.session import Session
from tui_mail.errors import NotFound, TryLater
from tui_mail.mail.compose import written_as
from tui_mail.mail.parse import parse
from tui_mail.values import LetterAttachment, Mailbox, ParsedMessage
from tui_mail.worker.submit import Submission, enqueue_letter


@dataclass(frozen=True, slots=True)
class Sheet:
    """A letter on the desk: what was written, from which account, what it answers.

    `draft_id` and `version` are those of the draft that the writer has seen, None before the first.
    `answer`: "", reply, reply_all or forward.
    """

    content: DraftContent
    account_id: int
    draft_id: int | None = None
    version: int = 0
    in_reply_to_id: int | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a letter was saved. `copied`: its draft had been changed by someone else, or was gone,
    so that this is a second one beside it."""

    draft_id: int
    version: int
    at: datetime
    copied: bool = False


def keep(session: Session, operator_id: int, sheet: Sheet, now: datetime) -> Kept:
    """Save the letter as a draft; nothing that another window wrote is lost.

    Raises NotAllowed when the operator may not send from the account.
    """
    content, copied = encode(sheet.content), False
    try:
        row = _saved(session, operator_id, sheet, content, now, sheet.draft_id)
    except (TryLater, NotFound):
        row = _saved(session, operator_id, sheet, content, now, None)
        copied = True
    return Kept(row.id, row.version, row.updated_at, copied)


def _saved(
    session: Session,
    operator_id: int,
    sheet: Sheet,
    content: str,
    now: datetime,
    draft_id: int | None,
) -> DraftRow:
    return drafts.save_draft(
        session,
        operator_id,
        draft_id,
        sheet.account_id,
        content,
        version=sheet.version,
        in_reply_to_id=sheet.in_reply_to_id,
        answer=sheet.answer,
        now=now,
    )


def send(
    session: Session,
    operator_id: int,
    sender: SenderRow,
    sheet: Sheet,
    hold_seconds: int,
    now: datetime,
) -> Enqueued:
    """Commit the letter to the outbox, where it is held for `hold_seconds`, and drop its draft.

    Raises WrongData (an address, nobody to send to), NotFound when the draft was sent or deleted
    meanwhile, NotAllowed. A draft that someone else has changed since is left to them.
    """
    if sheet.draft_id is not None:
        row = drafts.draft(session, operator_id, sheet.draft_id)
        if row.version == sheet.version:
            drafts.delete_draft(session, operator_id, sheet.draft_id)
    submission = Submission(
        account=accounts.account_by_email(session, sender.email, operator_id),
        operator_id=operator_id,
        letter=to_letter(sheet.content, Mailbox(sender.email, sender.name)),
        entity_ids=sheet.content.links,
        in_reply_to_id=None if sheet.answer == "forward" else sheet.in_reply_to_id,
        hold_seconds=hold_seconds,
        inherit=False,
    )
    return enqueue_letter(session, submission, now)


def call_back(
    session: Session, operator_id: int, outgoing_id: int, now: datetime
) -> DraftRow | None:
    """Take a held letter out of the outbox and make it a draft again; None when it is too late.

    Raises NotFound, NotAllowed.
    """
    details = outbox.sent_details(session, outgoing_id)
    addresses = tuple(one.address for one in recipients_of(session, [outgoing_id])[outgoing_id])
    if not outbox_decisions.cancel_held(session, operator_id, outgoing_id, now):
        return None
    parsed = parse(details.raw)
    sheet = Sheet(
        content=_content_of(parsed, addresses, details.entity_ids),
        account_id=details.account_id,
        in_reply_to_id=details.in_reply_to_id,
        answer="reply" if details.in_reply_to_id is not None else "",
    )
    return _saved(session, operator_id, sheet, encode(sheet.content), now, None)


def _content_of(
    parsed: ParsedMessage, addresses: tuple[str, ...], entity_ids: tuple[int, ...]
) -> DraftContent:
    """What was written, out of the letter that was built from it."""
    seen = {box.address.lower() for box in (*parsed.to, *parsed.cc)}
    hidden = [Mailbox(one) for one in addresses if one.lower() not in seen]
    body, form = written_as(parsed)
    return DraftContent(
        to=typed([box for box in parsed.to if box.address]),
        cc=typed(parsed.cc),
        bcc=typed(hidden),
        reply_to=typed(parsed.reply_to),
        subject=parsed.subject,
        body=body,
        format=form,
        links=entity_ids,
        headers=tuple(
            (name, value) for name, value in parsed.headers if name.lower().startswith("x-")
        ),
        in_reply_to=parsed.in_reply_to[0] if parsed.in_reply_to else "",
        references=parsed.references,
        attachments=tuple(
            _file(one.name, one.content, one.media_type) for one in parsed.attachments
        ),
    )


def _file(name: str, content: bytes, media_type: str) -> DraftFile:
    return file_of(LetterAttachment(name, content, media_type))
