"""Messages that nothing holds any more: their rows, words and claims on blobs go together."""

from collections.abc import Collection

from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlmodel import Session, col

from tui_mail.db.many import chunks, execute_many
from tui_mail.db.tables import (
    Attachment,
    Blob,
    Draft,
    Link,
    Message,
    Operation,
    Outgoing,
    Placement,
)
from tui_mail.db.word_index import forget
from tui_mail.values import LinkState


def purge(session: Session, message_ids: Collection[int]) -> None:
    """Delete those of the messages that are in no folder and that nobody needs.

    Needed: confirmed as belonging to a record, answered by a letter or draft on its way, or still
    to be told to a server. A blob without references stays, for whoever cleans the folder.
    """
    unneeded = (
        ~exists().where(col(Placement.message_id) == col(Message.id)),
        ~exists().where(
            col(Link.message_id) == col(Message.id),
            col(Link.state) == str(LinkState.CONFIRMED),
        ),
        ~exists().where(col(Operation.message_id) == col(Message.id)),
        ~exists().where(col(Outgoing.in_reply_to_id) == col(Message.id)),
        ~exists().where(col(Draft.in_reply_to_id) == col(Message.id)),
    )
    for part in chunks(sorted(message_ids)):
        found = select(col(Message.id)).where(col(Message.id).in_(part), *unneeded)
        gone = [identifier for identifier in session.scalars(found) if identifier is not None]
        if gone:
            release_blobs(session, gone)
            forget(session, gone)
            session.execute(delete(Message).where(col(Message.id).in_(gone)))


def release_blobs(session: Session, message_ids: Collection[int]) -> None:
    """The attachments of the messages need their blobs no more."""
    used = (
        select(col(Attachment.blob), func.count())
        .where(col(Attachment.message_id).in_(message_ids), col(Attachment.blob) != "")
        .group_by(col(Attachment.blob))
    )
    release = (
        update(Blob)
        .where(col(Blob.id) == bindparam("blob"))
        .values(references=col(Blob.references) - bindparam("number"))
    )
    rows = [{"blob": blob, "number": number} for blob, number in session.execute(used)]
    execute_many(session, release, rows)
