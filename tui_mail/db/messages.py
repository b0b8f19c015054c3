"""Messages by their id, for whoever may read them; and the verbs by which mail comes in."""

from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from tui_mail.db.arrivals import Saved, save
from tui_mail.db.flags import FLAG_COLUMNS, flags_of
from tui_mail.db.folders import naturalness
from tui_mail.db.placements import remove, renew_keys, update_flags
from tui_mail.db.prepared import Arrival, Prepared, PreparedAttachment
from tui_mail.db.rights import readable, visible
from tui_mail.db.rows import AttachmentRow, MessageRow
from tui_mail.db.tables import (
    Account,
    Attachment,
    Folder,
    Message,
    MessageSource,
    MessageText,
    Placement,
)
from tui_mail.db.threads import LONGEST_IDENTIFIER
from tui_mail.errors import NotFound
from tui_mail.i18n import _

__all__ = [
    "Arrival",
    "Prepared",
    "PreparedAttachment",
    "Saved",
    "body",
    "message",
    "message_by_header",
    "remove",
    "renew_keys",
    "save",
    "source",
    "update_flags",
]


def message(session: Session, operator_id: int, message_id: int) -> MessageRow:
    """A message with the placement where a person would look for it; NotFound if not readable."""
    statement = (
        _of_message()
        .where(
            col(Message.id) == message_id,
            col(Folder.account_id).in_(readable(operator_id)),
        )
        .order_by(col(Placement.deleted), naturalness(), col(Placement.id))
        .limit(1)
    )
    found = session.execute(statement).one_or_none()
    if found is None:
        raise _no_message(message_id)
    values: list[Any] = list(found)
    flags = flags_of(values[-len(FLAG_COLUMNS) :])
    values[-len(FLAG_COLUMNS) :] = [flags, _attachments(session, message_id)]
    return MessageRow(*values)


def _of_message() -> Select[*tuple[Any, ...]]:
    """The columns of a MessageRow in its order, then the flags."""
    return (
        select(
            col(Message.id),
            col(Message.message_id),
            col(Message.thread_id),
            col(Message.subject),
            col(Message.sender_name),
            col(Message.sender_address),
            col(Message.recipients),
            col(Message.date),
            col(Message.received_at),
            col(Message.size),
            col(Message.kind),
            col(Message.outgoing),
            col(Message.in_reply_to),
            col(Message.references),
            col(Placement.id),
            col(Folder.id),
            col(Folder.name),
            col(Account.id),
            col(Account.email),
            *FLAG_COLUMNS,
        )
        .join(Placement, col(Placement.message_id) == col(Message.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Account, col(Account.id) == col(Folder.account_id))
    )


def _attachments(session: Session, message_id: int) -> tuple[AttachmentRow, ...]:
    statement = (
        select(
            col(Attachment.number),
            col(Attachment.name),
            col(Attachment.media_type),
            col(Attachment.size),
            col(Attachment.sha256),
            col(Attachment.blob),
            col(Attachment.inline),
        )
        .where(col(Attachment.message_id) == message_id)
        .order_by(col(Attachment.number))
    )
    return tuple(AttachmentRow(*row) for row in session.execute(statement))


def message_by_header(session: Session, operator_id: int, message_id_header: str) -> int:
    """The id of the newest message with this Message-ID, brackets or not; NotFound if none.

    Several contents may bear the same one: it is evidence, not identity.
    """
    header = message_id_header.strip().removeprefix("<").removesuffix(">")
    statement = (
        select(col(Message.id))
        .where(
            col(Message.message_id) == header[:LONGEST_IDENTIFIER],
            visible(operator_id, col(Message.id)),
        )
        .order_by(col(Message.received_at).desc(), col(Message.id).desc())
        .limit(1)
    )
    found = session.scalar(statement)
    if not header or found is None:
        raise _no_message(f"<{header}>")
    return found


def source(
    session: Session, operator_id: int | None, message_id: int
) -> tuple[bytes, tuple[str, ...]]:
    """What the message's bytes are made of: its skeleton, and the blobs to put into it, in order.

    `operator_id` None: the worker, which serves all. NotFound if the operator may not read it.
    """
    _require(session, operator_id, message_id)
    skeleton = session.scalar(
        select(col(MessageSource.skeleton)).where(col(MessageSource.message_id) == message_id)
    )
    if skeleton is None:
        raise _no_message(message_id)
    blobs = session.scalars(
        select(col(Attachment.blob))
        .where(col(Attachment.message_id) == message_id, col(Attachment.blob) != "")
        .order_by(col(Attachment.number))
    )
    return skeleton, tuple(blobs)


def body(session: Session, operator_id: int, message_id: int) -> str:
    """The text of a message as it is searched; NotFound if the operator may not read it."""
    _require(session, operator_id, message_id)
    statement = select(col(MessageText.body)).where(col(MessageText.message_id) == message_id)
    return session.scalar(statement) or ""


def _require(session: Session, operator_id: int | None, message_id: int) -> None:
    if operator_id is None:
        return
    statement = select(col(Message.id)).where(
        col(Message.id) == message_id, visible(operator_id, col(Message.id))
    )
    if session.scalar(statement) is None:
        raise _no_message(message_id)


def _no_message(name: int | str) -> NotFound:
    return NotFound(_("There is no message {name}: see tui-mail search.").format(name=name))
