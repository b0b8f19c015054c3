"""The text that was read out of attached files, by the messages that they came with."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.many import chunks
from tui_mail.db.tables import Attachment, AttachmentText


def with_text(session: Session, message_ids: Collection[int]) -> list[int]:
    """Those of the messages that have a file with text in it."""
    found: list[int] = []
    for part in chunks(message_ids):
        statement = (
            select(col(Attachment.message_id))
            .join(AttachmentText, col(AttachmentText.sha256) == col(Attachment.sha256))
            .where(col(Attachment.message_id).in_(part), col(AttachmentText.text) != "")
        )
        found += session.scalars(statement.distinct())
    return found


def texts_of(session: Session, message_ids: Collection[int]) -> dict[int, str]:
    """The text inside the files of messages, a file after another; no key for one without."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for part in chunks(message_ids):
        statement = (
            select(col(Attachment.message_id), col(AttachmentText.text))
            .join(AttachmentText, col(AttachmentText.sha256) == col(Attachment.sha256))
            .where(col(Attachment.message_id).in_(part), col(AttachmentText.text) != "")
            .order_by(col(Attachment.message_id), col(Attachment.number))
        )
        for message_id, text in session.execute(statement):
            found[message_id].append(text)
    return {message_id: "\n".join(texts) for message_id, texts in found.items()}
