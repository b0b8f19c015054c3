"""The orders of a folder's list, and a page of it from any place in any of them.

Hides how a page is read by one index, whatever the order and the length of the list: first what is
like the row where it starts, then what comes after that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    bindparam,
    delete,
    func,
    or_,
    select,
    tuple_,
)
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.planning import written
from tui_mail.db.rights import readable
from tui_mail.db.rows import BY_DATE, ListOrder, PageKey, Sort
from tui_mail.db.tables import Folder, FolderOrder, Placement

_COLUMNS: dict[Sort, Any] = {
    Sort.SENDER: col(Placement.sender_key),
    Sort.SUBJECT: col(Placement.subject_key),
    Sort.SIZE: col(Placement.size),
    Sort.STATE: col(Placement.seen),
}
# Their indexes go up by the column and then down by time; the greatest is wanted first of sizes.
_GREATEST_FIRST = {Sort.SIZE}


@dataclass(frozen=True, slots=True)
class Pages:
    """A list that can be read in pages. `statement`: its rows in no order; `at`, `id`: when each
    came, and its own number; `by`: what it is ordered by before that, None for nothing."""

    statement: Select[*tuple[Any, ...]]
    at: ColumnElement[Any]
    id: ColumnElement[Any]
    by: ColumnElement[Any] | None = None
    newest_first: bool = True

    def page(
        self,
        session: Session,
        key: PageKey | None,
        limit: int,
        *,
        up: bool = False,
        with_key: bool = False,
    ) -> list[Row[Any]]:
        """At most `limit` rows further down than `key` (`up`: the nearest ones further up), in the
        list's order; without a key from the top (`up`: the last ones). `with_key`: and its row."""
        down = self.newest_first is not up
        rows = _walk(session, self, key, limit, _Way(down, with_key))
        return rows[::-1] if up else rows

    def between(self, session: Session, one: PageKey, other: PageKey) -> int:
        """How many rows are further down than `one` and further up than `other`."""
        ways = (one, _Way(self.newest_first, False)), (other, _Way(not self.newest_first, False))
        inside = self.statement.where(*(_past(self, key, way) for key, way in ways))
        return session.scalar(select(func.count()).select_from(inside.subquery())) or 0


def column(sort: Sort) -> Any:
    """What placements are ordered by in lists of that order."""
    return _COLUMNS[sort]


def newest_first(order: ListOrder) -> bool:
    """Whether of rows that are alike in it the order puts the newest first."""
    return (order.sort in _GREATEST_FIRST) is order.backwards


@dataclass(frozen=True, slots=True)
class _Way:
    newest_first: bool
    with_key: bool


def _walk(
    session: Session, pages: Pages, key: PageKey | None, limit: int, way: _Way
) -> list[Row[Any]]:
    times = [pages.at, pages.id]
    order = [one.desc() for one in times] if way.newest_first else times
    statement = pages.statement
    if pages.by is None:
        if key is not None:
            statement = statement.where(_beyond(pages, key, way))
        return list(session.execute(statement.order_by(*order).limit(written(limit))))
    by = pages.by
    groups = by if way.newest_first else by.desc()
    if key is None:
        return list(session.execute(statement.order_by(groups, *order).limit(written(limit))))
    value: Any = bindparam(None, key.by, type_=by.type)
    alike = statement.where(by == value, _beyond(pages, key, way)).order_by(*order)
    rows = list(session.execute(alike.limit(written(limit))))
    if len(rows) < limit:
        further = statement.where(by > value if way.newest_first else by < value)
        rest = further.order_by(groups, *order).limit(written(limit - len(rows)))
        rows += session.execute(rest)
    return rows


def _past(pages: Pages, key: PageKey, way: _Way) -> ColumnElement[bool]:
    """What comes after a row, of those that are like it and of all others."""
    by, beyond = pages.by, _beyond(pages, key, way)
    if by is None:
        return beyond
    value: Any = bindparam(None, key.by, type_=by.type)
    if way.newest_first:
        return and_(by >= value, or_(by > value, beyond))  # the first for the index
    return and_(by <= value, or_(by < value, beyond))


def _beyond(pages: Pages, key: PageKey, way: _Way) -> ColumnElement[bool]:
    place, bound = tuple_(pages.at, pages.id), tuple_(key.at, key.id)
    if way.newest_first:
        return place <= bound if way.with_key else place < bound
    return place >= bound if way.with_key else place > bound


# -- what an operator likes ------------------------------------------------------------------------


def order_of(session: Session, operator_id: int, folder_id: int) -> ListOrder:
    """The order in which the operator reads a folder: by date unless they chose another."""
    row = session.get(FolderOrder, (operator_id, folder_id))
    if row is None:
        return BY_DATE
    return ListOrder(Sort(row.sort), row.backwards)


def keep_order(session: Session, operator_id: int, folder_id: int, order: ListOrder) -> None:
    """Remember the order in which the operator reads a folder; one that is gone is passed over."""
    session.execute(
        delete(FolderOrder).where(
            col(FolderOrder.operator_id) == operator_id, col(FolderOrder.folder_id) == folder_id
        )
    )
    there = select(col(Folder.id)).where(
        col(Folder.id) == folder_id, col(Folder.account_id).in_(readable(operator_id))
    )
    rows: Sequence[dict[str, Any]] = [
        {
            "operator_id": operator_id,
            "folder_id": folder_id,
            "sort": order.sort.value,
            "backwards": order.backwards,
        }
    ]
    if order != BY_DATE and session.scalar(there) is not None:
        insert_rows(session, FolderOrder, rows)
