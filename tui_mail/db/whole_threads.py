"""Conversations as a whole, over all the folders that an operator may read.

Hides what is counted and what is taken from the counters kept, so that one of many thousands of
messages costs a list no more than any other.
"""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, select
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.many import chunks
from tui_mail.db.planning import written
from tui_mail.db.rights import readable
from tui_mail.db.rows import Care, ThreadPlace
from tui_mail.db.tables import (
    Assignment,
    Conversation,
    Folder,
    Message,
    Operator,
    Placement,
    Thread,
)

MOST_COUNTED = 200  # copies of a conversation that are counted one by one
_BESIDE = 25  # messages that are read on each side of the one in hand


def sums_and_care(
    session: Session, operator_id: int, thread_ids: Collection[int]
) -> tuple[dict[int, int], dict[int, Care]]:
    """How many messages the operator finds in conversations, over all folders, and whose they are,
    as `care_for`.

    A message copied to several folders is one, but for conversations of more than `MOST_COUNTED`
    copies: of those each folder's own sum is taken, as it is kept.
    """
    found: dict[int, int] = {}
    care: dict[int, Care] = {}
    for part in chunks(sorted(thread_ids)):
        short: list[int] = []
        long: list[int] = []
        for thread_id, is_long, login, state in session.execute(_threads(), {"some": part}):
            (long if is_long else short).append(thread_id)
            if state is not None:
                care[thread_id] = Care(login or "", state)
        for ids, statement in ((short, _counted), (long, _kept)):
            if ids:
                rows = session.execute(statement(), {"some": ids, "operator": operator_id})
                found.update((thread_id, number) for thread_id, number in rows)
    return found, care


# To say what is asked takes longer than to ask it.
_OPERATOR: Any = bindparam("operator")


@cache
def _threads() -> Select[*tuple[Any, ...]]:
    """Whether conversations have more copies than are counted, of which none is read further than
    that, and whose they are: in one statement, of which each is a way to the server and back."""
    one_more = (
        select(col(Placement.thread_id))
        .where(col(Placement.thread_id) == col(Thread.id))
        .offset(written(MOST_COUNTED))
        .limit(written(1))
        .correlate(Thread)
    )
    return (
        select(col(Thread.id), one_more.exists(), col(Operator.login), col(Assignment.state))
        .join(Assignment, col(Assignment.thread_id) == col(Thread.id), isouter=True)
        .join(Operator, col(Operator.id) == col(Assignment.operator_id), isouter=True)
        .where(among_numbers(col(Thread.id), "some"))
    )


@cache
def _counted() -> Select[int, int]:
    return (
        select(col(Placement.thread_id), func.count(col(Placement.message_id).distinct()))
        .where(among_numbers(col(Placement.thread_id), "some"), *_seen_by(_OPERATOR))
        .group_by(col(Placement.thread_id))
    )


@cache
def _kept() -> Select[int, int]:
    return (
        select(col(Conversation.thread_id), func.sum(col(Conversation.total)))
        .where(
            among_numbers(col(Conversation.thread_id), "some"),
            col(Conversation.folder_id).in_(_folders(_OPERATOR)),
        )
        .group_by(col(Conversation.thread_id))
    )


def place_in_thread(session: Session, operator_id: int, message_id: int) -> ThreadPlace:
    """Where a message stands in its conversation, oldest first, and those nearest to it.

    Of the messages that the operator may read, in any folder. A message that is gone stands alone.
    """
    own = select(col(Message.thread_id), col(Message.position)).where(col(Message.id) == message_id)
    here = session.execute(own).one_or_none()
    if here is None:
        return ThreadPlace(1, 1, (message_id,))
    thread_id, position = here
    copies = and_(col(Placement.thread_id) == thread_id, *_seen_by(operator_id))
    before, after = col(Placement.position) < position, col(Placement.position) > position
    each = select(col(Placement.position)).where(copies).distinct().subquery()
    earlier = func.sum(case((each.c.position < position, 1), else_=0))
    later = func.sum(case((each.c.position > position, 1), else_=0))
    numbers = session.execute(select(earlier, later)).one()
    first, rest = (int(number or 0) for number in numbers)
    ids_before = _nearest(session, and_(copies, before), col(Placement.position).desc())
    ids_after = _nearest(session, and_(copies, after), col(Placement.position))
    near = (*ids_before[::-1], message_id, *ids_after)
    return ThreadPlace(first - len(ids_before) + 1, first + 1 + rest, near)


def _nearest(session: Session, where: ColumnElement[bool], order: Any) -> list[int]:
    statement = select(col(Placement.message_id), col(Placement.position)).where(where).distinct()
    return list(session.scalars(statement.order_by(order).limit(_BESIDE)))


def _seen_by(operator_id: int) -> tuple[ColumnElement[bool], ...]:
    return (col(Placement.folder_id).in_(_folders(operator_id)), ~col(Placement.deleted))


def _folders(operator_id: int) -> Select[Any]:
    return select(col(Folder.id)).where(col(Folder.account_id).in_(readable(operator_id)))
