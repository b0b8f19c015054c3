"""What a search found, in the order of senders, subjects, sizes or states: a list like the others."""

from typing import TYPE_CHECKING

from tui_mail.db.rows import Further, ListOrder, ListRow, MarksFound, PageKey
from tui_mail.search.tree import Is, Mark, Nothing
from tui_mail.ui.sources import SearchSource
from tui_mail.ui.widgets.rows import Slice

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


class OrderedSource(SearchSource):
    """The messages that a query finds; which and in what order is kept from the top on."""

    def __init__(self, parts: "Parts", query: str, order: ListOrder) -> None:
        super().__init__(parts, query)
        self.order = order
        self._ids: list[int] = []
        self._places: dict[int, int] = {}  # by the position that is in the key of a row

    def _read(self, session: "Session", key: PageKey | None, limit: int) -> Slice[ListRow]:
        from tui_mail.db.fulltext import listed
        from tui_mail.db.search_order import ordered

        operator = self._parts.operator_id
        if self._asked is None or key is None:
            self._asked = self._ask(session)
            self._ids = ordered(session, operator, self._asked.tree, self.order)
            self._places = {}
        start = self._places.get(key.id, len(self._ids) - 1) + 1 if key is not None else 0
        wanted = self._ids[start : start + limit]
        rows = listed(session, operator, self._asked.tree, wanted)
        places = {message_id: start + number for number, message_id in enumerate(wanted)}
        self._places |= {row.key.id: places[row.message_id] for row in rows}
        return Slice(rows, self._asked.count)

    def _between(self, _session: "Session", one: ListRow, other: ListRow) -> MarksFound:
        from tui_mail.db.marking import MOST_MARKED

        first, last = sorted(self._places[row.key.id] for row in (one, other))
        found = tuple(self._ids[first : last + 1])
        total = len(found) if len(found) <= MOST_MARKED else None
        return MarksFound(found[:MOST_MARKED], total)

    def _next_unread(self, session: "Session", key: PageKey) -> Further | None:
        from tui_mail.db.fulltext import listed, matching

        operator, start = self._parts.operator_id, self._places[key.id]
        wanted = self._also(session, Is(Mark.UNREAD))
        unread = {*matching(session, operator, wanted, limit=len(self._ids))}
        further = enumerate(self._ids[start + 1 :], 1)
        steps, found = next(((n, one) for n, one in further if one in unread), (0, 0))
        row = next(iter(listed(session, operator, self._also(session, Nothing()), [found])), None)
        return Further(row.key, steps) if row is not None else None
