"""Where the rows of the list come from, a window at a time: a folder, or what a search found.

Each source has the same face, so that the list neither knows nor asks which one it shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from tui_mail.db.rows import BY_DATE, Further, Kind, ListOrder, ListRow, Marked, MarksFound, PageKey
from tui_mail.search.tree import HasAttachment, Is, Mark, Nothing, Tree, all_of, negated
from tui_mail.ui.widgets.rows import Place, Slice, Source

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

MOST_COUNTED = 1000  # messages that a search counts before it says “1000+”


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

    async def of_kind(self, kind: Kind) -> MarksFound:
        """The marks of all rows of a kind, the newest as far as they can be marked."""
        ...

    async def between(self, one: ListRow, other: ListRow) -> MarksFound:
        """The marks of the rows from one to the other, whichever is first."""
        ...

    async def next_unread(self, key: PageKey, *, up: bool) -> Further | None:
        """The nearest row further down than `key`, or further up, with something unread."""
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

    async def between(self, one: ListRow, other: ListRow) -> MarksFound:
        return await self._parts.database.read(self._between, (one.key, other.key))

    def _between(self, session: "Session", ends: tuple[PageKey, PageKey]) -> MarksFound:
        from tui_mail.db.list_ways import marks_between

        operator, folder = self._parts.operator_id, self._folder_id
        order, threads = self.order, self.threads
        return marks_between(session, operator, folder, ends, threads=threads, order=order)

    async def next_unread(self, key: PageKey, *, up: bool) -> Further | None:
        return await self._parts.database.read(self._next_unread, key, up)

    def _next_unread(self, session: "Session", key: PageKey, up: bool) -> Further | None:
        from tui_mail.db.list_ways import next_unread

        operator, folder = self._parts.operator_id, self._folder_id
        order, threads = self.order, self.threads
        return next_unread(session, operator, folder, key, up=up, threads=threads, order=order)

    async def of_kind(self, kind: Kind) -> MarksFound:
        return await self._parts.database.read(self._of_kind, kind)

    def _of_kind(self, session: "Session", kind: Kind) -> MarksFound:
        from tui_mail.db.marking import of_kind

        operator = self._parts.operator_id
        return of_kind(session, operator, self._folder_id, kind, threads=self.threads)

    async def keep(self, order: ListOrder) -> None:
        """Read the folder in this order from now on."""
        await self._parts.database.write(self._keep, order)

    def _keep(self, session: "Session", order: ListOrder) -> None:
        from tui_mail.db.orders import keep_order

        keep_order(session, self._parts.operator_id, self._folder_id, order)


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as it was understood, and how many messages it found, as far as they are counted;
    where there are none, what may be wrong with it."""

    tree: Tree
    count: int
    hints: tuple[str, ...]


class SearchSource:
    """The messages that a query finds, one row a message."""

    both_ways = False
    threads = False

    def __init__(self, parts: "Parts", query: str) -> None:
        self.order = BY_DATE
        self._parts = parts
        self._query = query
        self._asked: Asked | None = None

    @property
    def hints(self) -> tuple[str, ...]:
        """Sentences on why nothing was found."""
        return () if self._asked is None else self._asked.hints

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[ListRow]:
        return await self._parts.database.read(
            self._read, key if place is Place.OLDER else None, limit
        )

    def _read(self, session: "Session", key: PageKey | None, limit: int) -> Slice[ListRow]:
        from tui_mail.db.fulltext import search

        asked = self._asked
        if asked is None or key is None:  # read from its top: what it finds may have changed
            asked = self._asked = self._ask(session)
        rows = search(session, self._parts.operator_id, asked.tree, before=key, limit=limit)
        return Slice(rows, asked.count)

    def _ask(self, session: "Session") -> Asked:
        from tui_mail.db.fulltext import count
        from tui_mail.db.saved_searches import understood
        from tui_mail.db.search_names import hints

        operator = self._parts.operator_id
        tree = understood(session, operator, self._query, datetime.now(UTC))
        found = count(session, operator, tree, at_most=MOST_COUNTED)
        return Asked(tree, found, () if found else tuple(hints(session, operator, tree)))

    def same(self, one: ListRow, other: ListRow) -> bool:
        return one.message_id == other.message_id

    def mark(self, row: ListRow) -> int:
        return row.message_id

    def marked(self, marks: Iterable[int]) -> Marked:
        return Marked(messages=tuple(marks))

    async def of_kind(self, kind: Kind) -> MarksFound:
        return await self._parts.database.read(self._of_kind, kind)

    def _of_kind(self, session: "Session", kind: Kind) -> MarksFound:
        from tui_mail.db.fulltext import matching
        from tui_mail.db.marking import MOST_MARKED

        wanted = self._also(session, _of_kind(kind))
        found = matching(session, self._parts.operator_id, wanted, limit=MOST_MARKED + 1)
        total = len(found) if len(found) <= MOST_MARKED else None
        return MarksFound(tuple(found[:MOST_MARKED]), total)

    async def between(self, one: ListRow, other: ListRow) -> MarksFound:
        return await self._parts.database.read(self._between, one, other)

    def _between(self, session: "Session", one: ListRow, other: ListRow) -> MarksFound:
        from tui_mail.db.fulltext import matching
        from tui_mail.db.marking import MOST_MARKED

        operator, tree = self._parts.operator_id, self._also(session, Nothing())
        newest, oldest = sorted((one, other), key=lambda row: row.key.id, reverse=True)
        rest = matching(session, operator, tree, before=newest.key, limit=MOST_MARKED)
        found = (newest.message_id, *rest)
        if oldest.message_id in found:
            found = found[: found.index(oldest.message_id) + 1]
        total = len(found) if len(found) <= MOST_MARKED else None
        return MarksFound(found[:MOST_MARKED], total)

    async def next_unread(self, key: PageKey, *, up: bool) -> Further | None:
        if up:  # from the top on all rows are with the list
            return None
        return await self._parts.database.read(self._next_unread, key)

    def _next_unread(self, session: "Session", key: PageKey) -> Further | None:
        from tui_mail.db.fulltext import matching, search
        from tui_mail.db.marking import MOST_MARKED

        operator = self._parts.operator_id
        unread = self._also(session, Is(Mark.UNREAD))
        nearest = search(session, operator, unread, before=key, limit=1)
        every = self._also(session, Nothing())
        ids = matching(session, operator, every, before=key, limit=MOST_MARKED) if nearest else []
        if not nearest or nearest[0].message_id not in ids:
            return None
        return Further(nearest[0].key, ids.index(nearest[0].message_id) + 1)

    def _also(self, session: "Session", more: Tree) -> Tree:
        """What is asked for, and `more` than that."""
        asked = self._asked = self._asked or self._ask(session)
        return all_of([asked.tree, more])


def _of_kind(kind: Kind) -> Tree:
    """What is asked of the messages of a kind."""
    asked: dict[Kind, Tree] = {
        Kind.ALL: Nothing(),
        Kind.READ: Is(Mark.READ),
        Kind.UNREAD: Is(Mark.UNREAD),
        Kind.STARRED: Is(Mark.STARRED),
        Kind.UNSTARRED: negated(Is(Mark.STARRED)),
        Kind.FILES: HasAttachment(),
    }
    return asked[kind]
