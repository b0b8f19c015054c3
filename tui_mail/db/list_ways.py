"""Ways through a folder's list that no window shows whole: to what is unread, from mark to mark.

Hides how far a row is from another one when what lies between was never read.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import exists, select
from sqlmodel import Session, col

from tui_mail.db.marking import MOST_MARKED
from tui_mail.db.orders import Pages, column, newest_first
from tui_mail.db.rights import readable
from tui_mail.db.rows import BY_DATE, Further, ListOrder, MarksFound, PageKey, Sort
from tui_mail.db.tables import Conversation, Folder, Placement


def next_unread(
    session: Session,
    operator_id: int,
    folder_id: int,
    key: PageKey,
    *,
    up: bool = False,
    threads: bool = True,
    order: ListOrder = BY_DATE,
) -> Further | None:
    """The nearest row with something unread further down than `key`, or further up; None if none.

    `threads` and `order` as in `conversations.window`; nothing of a folder not readable.
    """
    pages = _keys(operator_id, folder_id, order, threads=threads)
    whole = threads and order.sort is Sort.DATE
    unread = col(Conversation.unread) > 0 if whole else ~col(Placement.seen)
    some = exists().where(col(Folder.id) == folder_id, col(Folder.unread) > 0)
    wanted = replace(pages, statement=pages.statement.where(unread, some))
    found = wanted.page(session, key, 1, up=up)
    if not found:
        return None
    there = _key(found[0])
    between = pages.between(session, there, key) if up else pages.between(session, key, there)
    return Further(there, between + 1)


def marks_between(
    session: Session,
    operator_id: int,
    folder_id: int,
    ends: tuple[PageKey, PageKey],
    *,
    threads: bool = True,
    order: ListOrder = BY_DATE,
) -> MarksFound:
    """What marks the rows from one to another, whichever is first, both included.

    At most `MOST_MARKED`, the first ones; thread ids, or without `threads` placement ids.
    """
    pages = _keys(operator_id, folder_id, order, threads=threads)
    for start, end in (ends, ends[::-1]):
        rows = pages.page(session, start, MOST_MARKED, with_key=True)
        marks = tuple(row.mark for row in rows)
        keys = [_key(row) for row in rows]
        if end in keys:
            number = keys.index(end) + 1
            return MarksFound(marks[:number], number)
        between = pages.between(session, start, end)
        if between:
            return MarksFound(marks[: between + 2], between + 2)
    return MarksFound((), 0)


def _keys(operator_id: int, folder_id: int, order: ListOrder, *, threads: bool) -> Pages:
    """The list with nothing but what its rows are known by."""
    by = None if order.sort is Sort.DATE else column(order.sort)
    at: Any
    identifier: Any
    if threads and by is None:
        at, identifier, here = (
            col(Conversation.latest_at),
            col(Conversation.thread_id),
            col(Conversation.folder_id) == folder_id,
        )
    else:
        at, identifier = col(Placement.received_at), col(Placement.id)
        here = (col(Placement.folder_id) == folder_id) & ~col(Placement.deleted)
    statement = select(at.label("at"), identifier.label("key_id"), identifier.label("mark"))
    if by is not None:
        statement = statement.add_columns(by.label("key_by"))
    mine = exists().where(
        col(Folder.id) == folder_id, col(Folder.account_id).in_(readable(operator_id))
    )
    return Pages(statement.where(here, mine), at, identifier, by, newest_first(order))


def _key(row: Any) -> PageKey:
    return PageKey(row.at, row.key_id, getattr(row, "key_by", None))
