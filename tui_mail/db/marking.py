"""Rows of lists marked by the person, for verbs that are about all of them.

Hides what a marked row stands for, and reads thousands of them in a few statements.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from tui_mail.db.actions import placements_of
from tui_mail.db.many import chunks
from tui_mail.db.rights import readable
from tui_mail.db.rows import Kind, Marked, MarksFound
from tui_mail.db.tables import Conversation, Folder, Message, Placement

MOST_MARKED = 10_000


def placements_in(session: Session, operator_id: int, marked: Marked) -> list[int]:
    """The placements that marked rows stand for: of a conversation all in its folder."""
    found = list(marked.placements)
    for part in chunks(marked.threads):
        statement = select(col(Placement.id)).where(
            col(Placement.thread_id).in_(part),
            col(Placement.folder_id) == marked.folder_id,
            ~col(Placement.deleted),
        )
        found += _present(session.scalars(statement))
    if marked.messages:
        found += placements_of(session, operator_id, marked.messages)
    return found


def messages_in(session: Session, marked: Marked) -> list[int]:
    """A message of each of the marked rows: of a conversation the latest in its folder."""
    found = list(marked.messages)
    for part in chunks(marked.threads):
        statement = select(col(Conversation.message_id)).where(
            col(Conversation.folder_id) == marked.folder_id, col(Conversation.thread_id).in_(part)
        )
        found += session.scalars(statement)
    for part in chunks(marked.placements):
        found += session.scalars(
            select(col(Placement.message_id)).where(col(Placement.id).in_(part))
        )
    return found


def threads_in(session: Session, marked: Marked) -> list[int]:
    """The conversations of marked rows."""
    found = list(marked.threads)
    for part in chunks(marked.placements):
        found += session.scalars(
            select(col(Placement.thread_id)).where(col(Placement.id).in_(part))
        )
    for part in chunks(marked.messages):
        found += session.scalars(select(col(Message.thread_id)).where(col(Message.id).in_(part)))
    return list(dict.fromkeys(found))


def of_kind(
    session: Session, operator_id: int, folder_id: int, kind: Kind, *, threads: bool
) -> MarksFound:
    """The newest of a folder's rows of a kind: thread ids, or without `threads` placement ids.

    At most `MOST_MARKED`, and none of a folder that the operator may not read.
    """
    statement = _conversations(kind) if threads else _placements(kind)
    table = Conversation if threads else Placement
    statement = statement.join(Folder, col(Folder.id) == col(table.folder_id)).where(
        col(table.folder_id) == folder_id, col(Folder.account_id).in_(readable(operator_id))
    )
    found = tuple(_present(session.scalars(statement.limit(MOST_MARKED))))
    if len(found) < MOST_MARKED:
        return MarksFound(found, len(found))
    every = select(func.count()).select_from(statement.order_by(None).subquery())
    return MarksFound(found, session.scalar(every))


def all_starred(session: Session, placement_ids: Sequence[int]) -> bool:
    """Whether none of the placements is without its star."""
    for part in chunks(placement_ids):
        bare = select(col(Placement.id)).where(col(Placement.id).in_(part), ~col(Placement.starred))
        if session.scalar(bare.limit(1)) is not None:
            return False
    return True


def _conversations(kind: Kind) -> Select[Any]:
    conditions = {
        Kind.READ: col(Conversation.unread) == 0,
        Kind.UNREAD: col(Conversation.unread) > 0,
        Kind.STARRED: col(Conversation.starred),
        Kind.UNSTARRED: ~col(Conversation.starred),
        Kind.FILES: col(Message.attachment_count) > 0,
    }
    statement: Select[Any] = select(col(Conversation.thread_id))
    if kind is Kind.FILES:
        statement = statement.join(Message, col(Message.id) == col(Conversation.message_id))
    if kind in conditions:
        statement = statement.where(conditions[kind])
    return statement.order_by(
        col(Conversation.latest_at).desc(), col(Conversation.thread_id).desc()
    )


def _placements(kind: Kind) -> Select[Any]:
    conditions = {
        Kind.READ: col(Placement.seen),
        Kind.UNREAD: ~col(Placement.seen),
        Kind.STARRED: col(Placement.starred),
        Kind.UNSTARRED: ~col(Placement.starred),
        Kind.FILES: col(Message.attachment_count) > 0,
    }
    statement: Select[Any] = select(col(Placement.id)).where(~col(Placement.deleted))
    if kind is Kind.FILES:
        statement = statement.join(Message, col(Message.id) == col(Placement.message_id))
    if kind in conditions:
        statement = statement.where(conditions[kind])
    return statement.order_by(col(Placement.received_at).desc(), col(Placement.id).desc())


def _present(found: Iterable[int | None]) -> list[int]:
    return [identifier for identifier in found if identifier is not None]
