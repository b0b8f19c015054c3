"""Messages that came to be here first, from a file or by being sent, and that the server gets too."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.flags import FLAG_COLUMNS, flags_of
from tui_mail.db.many import chunks
from tui_mail.db.messages import source
from tui_mail.db.tables import Account, Message, Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.values import Verb


def holds(session: Session, folder_id: int, hashes: Collection[str]) -> set[str]:
    """Which of the contents are in the folder already."""
    found: set[str] = set()
    for part in chunks(hashes):
        # In two steps: SQLite would join them by going through the whole folder.
        contents = select(col(Message.id), col(Message.content_hash)).where(
            col(Message.content_hash).in_(part)
        )
        by_id = {row.id: row.content_hash for row in session.execute(contents)}
        if by_id:
            here = select(col(Placement.message_id)).where(
                col(Placement.message_id).in_(by_id), col(Placement.folder_id) == folder_id
            )
            found.update(by_id[message_id] for message_id in session.scalars(here))
    return found


def queue_appends(
    session: Session,
    account_id: int,
    folder_id: int,
    placement_ids: Collection[int],
    not_before: datetime | None = None,
) -> None:
    """Give the server copies of placements that it has not; nothing for an account without one."""
    protocol = select(col(Account.protocol)).where(col(Account.id) == account_id)
    if session.scalar(protocol) != "imap":
        return
    for part in chunks(placement_ids):
        query = (
            select(col(Placement.id), col(Placement.message_id), *FLAG_COLUMNS)
            .where(col(Placement.id).in_(part), col(Placement.remote) == "")
            .order_by(col(Placement.id))
        )
        for placement_id, message_id, *marks in session.execute(query):
            session.add(
                Operation(
                    account_id=account_id,
                    verb=str(Verb.APPEND),
                    placement_id=placement_id,
                    message_id=message_id,
                    target_id=folder_id,
                    add=" ".join(sorted(flags_of(marks))),
                    next_try=not_before,
                )
            )
    session.flush()
    publish(session, Topic.OPERATIONS)


def copy_for_server(session: Session, message_id: int) -> tuple[bytes, datetime]:
    """The skeleton of a message, and when it was received (its INTERNALDATE on the server).

    Raises NotFound.
    """
    skeleton, _blobs = source(session, None, message_id)
    received = select(col(Message.received_at)).where(col(Message.id) == message_id)
    return skeleton, session.scalars(received).one()
