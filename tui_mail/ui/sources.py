"""Where the rows of the list come from, a window at a time: a folder, or what a search found.

Each source has the same face, so that the list neither knows nor asks which one it shows.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from tui_mail.db.rows import BY_DATE, Kind, ListOrder, ListRow, Marked, PageKey
from tui_mail.ui.widgets.rows import Place, Slice, Source

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

MOST_COUNTED = 1000  # messages that a search counts before it says “1000+”
_MOST_FOUND = 10_000


class ListSource(Source[ListRow], Protocol):
    """A source of list rows."""

    @property
    def order(self) -> ListOrder:
        """The order that the rows come in."""
        ...

    @property
    def threads(self) -> bool:
        """Whether a row is a whole conversation of a folder."""
        ...

    def mark(self, row: ListRow) -> int:
        """What a marked row is known by."""
        ...

    def marked(self, marks: Iterable[int]) -> Marked:
        """What marks stand for."""
        ...

    async def of_kind(self, kind: Kind) -> list[int]:
        """The marks of all rows of a kind, the first 10,000."""
        ...


class FolderSource:
    """The conversations (or the messages) of a folder, in the order that the operator likes."""

    both_ways = True

    def __init__(self, parts: "Parts", folder_id: int, *, threads: bool) -> None:
        self._parts = parts
        self._folder_id = folder_id
        self._by_thread = threads
        self._ordered = False
        self.order = BY_DATE

    @property
    def threads(self) -> bool:
        return self._by_thread and self.order.sort is BY_DATE.sort

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[ListRow]:
        return await self._parts.database.read(self._read, place, key, limit)

    def _read(
        self, session: "Session", place: Place, key: PageKey | None, limit: int
    ) -> Slice[ListRow]:
        from tui_mail.db.conversations import end_window, window
        from tui_mail.db.folders import folders
        from tui_mail.db.orders import order_of

        operator, folder = self._parts.operator_id, self._folder_id
        if not self._ordered:
            self.order, self._ordered = order_of(session, operator, folder), True
        order, threads = self.order, self.threads
        if place is Place.BOTTOM:
            rows = end_window(session, operator, folder, limit=limit, threads=threads, order=order)
        else:
            rows = window(
                session,
                operator,
                folder,
                before=key if place is Place.OLDER else None,
                after=key if place is Place.NEWER else None,
                start=key if place is Place.FROM else None,
                limit=limit,
                threads=threads,
                order=order,
            )
        counts = [row for row in folders(session, operator) if row.folder_id == folder]
        return Slice(rows, sum(row.conversations if threads else row.total for row in counts))

    def same(self, one: ListRow, other: ListRow) -> bool:
        return self.mark(one) == self.mark(other)

    def mark(self, row: ListRow) -> int:
        return row.thread_id if self.threads else row.placement_id or 0

    def marked(self, marks: Iterable[int]) -> Marked:
        if self.threads:
            return Marked(folder_id=self._folder_id, threads=tuple(marks))
        return Marked(placements=tuple(marks))

    async def of_kind(self, kind: Kind) -> list[int]:
        return await self._parts.database.read(self._of_kind, kind)

    def _of_kind(self, session: "Session", kind: Kind) -> list[int]:
        from tui_mail.db.marking import of_kind

        operator = self._parts.operator_id
        return of_kind(session, operator, self._folder_id, kind, threads=self.threads)

    async def keep(self, order: ListOrder) -> None:
        """Read the folder in this order from now on."""
        await self._parts.database.write(self._keep, order)

    def _keep(self, session: "Session", order: ListOrder) -> None:
        from tui_mail.db.orders import keep_order

        keep_order(session, self._parts.operator_id, self._folder_id, order)


class SearchSource:
    """The messages that a query finds, one row a message."""

    both_ways = False
    order = BY_DATE
    threads = False

    def __init__(self, parts: "Parts", query: str) -> None:
        self._parts = parts
        self._query = query

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[ListRow]:
        return await self._parts.database.read(
            self._read, key if place is Place.OLDER else None, limit
        )

    def _read(self, session: "Session", key: PageKey | None, limit: int) -> Slice[ListRow]:
        from tui_mail.db.fulltext import count, search
        from tui_mail.db.saved_searches import understood

        operator = self._parts.operator_id
        query = understood(session, operator, self._query, datetime.now(UTC))
        rows = search(session, operator, query, before=key, limit=limit)
        return Slice(rows, count(session, operator, query, at_most=MOST_COUNTED))

    def same(self, one: ListRow, other: ListRow) -> bool:
        return one.message_id == other.message_id

    def mark(self, row: ListRow) -> int:
        return row.message_id

    def marked(self, marks: Iterable[int]) -> Marked:
        return Marked(messages=tuple(marks))

    async def of_kind(self, kind: Kind) -> list[int]:
        found = await self.slice(Place.TOP, None, _MOST_FOUND)
        return [self.mark(row) for row in found.rows if is_of(kind, row)]


def is_of(kind: Kind, row: ListRow) -> bool:
    """Whether a row is of a kind."""
    return {
        Kind.ALL: True,
        Kind.READ: not row.unread,
        Kind.UNREAD: row.unread > 0,
        Kind.STARRED: row.starred,
        Kind.UNSTARRED: not row.starred,
        Kind.FILES: row.attachments > 0,
    }[kind]
