"""What a search finds in another order than that of time: gathered and sorted once, then read by pages.

No index has the hits of a query in the order of their senders; so many as a person may go through
are sorted, the newest of those that there are.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlmodel import Session, col

from tui_mail.db.fulltext import matching
from tui_mail.db.many import chunks
from tui_mail.db.orders import column, newest_first
from tui_mail.db.rows import MOST_ORDERED, ListOrder, Sort
from tui_mail.db.tables import Placement
from tui_mail.search.tree import Tree


def ordered(session: Session, operator_id: int, query: Tree, order: ListOrder) -> list[int]:
    """The ids of at most MOST_ORDERED messages that a query fits, the newest ones, in an order."""
    found = matching(session, operator_id, query, limit=MOST_ORDERED)
    rows = sorted(_keys(session, found, order.sort), key=lambda row: (row[1], -row[2]))
    ids = [row[0] for row in rows]
    return ids if newest_first(order) else ids[::-1]


def _keys(session: Session, ids: Sequence[int], sort: Sort) -> Iterator[tuple[int, Any, int]]:
    """Id, what it is ordered by, and position; what was deleted meanwhile is left out."""
    message = col(Placement.message_id)
    by: Any = func.min(0 if sort is Sort.DATE else column(sort))
    if sort is Sort.STATE:  # one copy that is unread makes it so
        by = func.min(case((col(Placement.seen), 1), else_=0))
    statement: Select[*tuple[Any, ...]] = select(message, by, func.max(col(Placement.position)))
    for part in chunks(ids):
        for row in session.execute(statement.where(message.in_(part)).group_by(message)):
            yield row[0], row[1], row[2]
