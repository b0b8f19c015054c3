"""Searching with a tsvector: the index of words gives hits in no order, the one of positions gives
all rows in order; the newest rows are gone through first, then the hits that the words lead to.

Hides how it is decided which, and that a planner which takes words for independent of each other is
not left alone with the choice.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, literal, select, text
from sqlmodel import col

from tui_mail.db.search_clause import ClauseSearch, Hit
from tui_mail.db.search_words import POSTGRESQL_INDEX, TextTree, beyond, exactly, holds, tsquery
from tui_mail.db.tables import Message

_RARE = 3_000  # hits that are gathered and sorted rather than met on the way
_GONE_THROUGH = 1_000  # rows from the newest on, which tell how many others fit
_DEARER = 15  # times: a hit gathered, than a row gone through
_ESTIMATE = text(
    "EXPLAIN (FORMAT JSON) SELECT 1 FROM message_words WHERE lexemes @@ CAST(:query AS tsquery)"
)
_position = POSTGRESQL_INDEX.c.position


class PostgresqlSearch(ClauseSearch):
    """Finds the messages of one clause in PostgreSQL."""

    def every(self, before: int | None) -> Select[*tuple[Any, ...]]:
        query = select(col(Message.id)).where(
            *self._within(col(Message.position), before), *self._conditions
        )
        if self._text is None:
            return query
        return query.join(POSTGRESQL_INDEX, _position == col(Message.position)).where(
            *_led_to(self._text)
        )

    def _newest_by_text(self, asked: TextTree, before: int | None, limit: int) -> list[Hit]:
        found: list[Hit] = []
        stride = _GONE_THROUGH if self._estimate(asked) > _RARE else 0
        while stride:
            start = self._far_enough(before, stride)
            query = self._rows_of(before).where(exactly(asked)).order_by(_position.desc())
            if start is not None:
                query = query.where(_position >= start, col(Message.position) >= start)
            rows = self._rows(query.limit(limit - len(found)))
            found += rows
            if start is None or len(found) == limit:
                return found
            before = start
            stride = self._worth_it(stride, len(rows), limit - len(found))
        # The sum keeps the rest from going in order.
        rest = self._rows_of(before).where(*_led_to(asked)).order_by((_position + 0).desc())
        source = self._narrow
        if source is not None:
            rest = rest.where(_position.in_(source.positions()))
        return found + self._rows(rest.limit(limit - len(found)))

    def _worth_it(self, gone: int, hits: int, missing: int) -> int:
        """How many rows more are to be gone through, if as many fit as did of those gone through.

        0 when what the words lead to is gathered sooner.
        """
        if not hits:
            return 0
        needed = 2 * gone * missing // hits
        all_hits = sum(place.total for place in self.scope.places) * hits // gone
        return needed if needed <= all_hits * _DEARER else 0

    def _estimate(self, asked: TextTree) -> int:
        """How many rows the planner expects."""
        query = tsquery(asked)
        if not query or ":*" in query:  # of words that may go on it always expects few
            return _RARE + 1
        plan = self._session.connection().execute(_ESTIMATE, {"query": query}).scalar_one()
        parsed = json.loads(plan) if isinstance(plan, str) else plan
        return int(parsed[0]["Plan"]["Plan Rows"])

    def _far_enough(self, before: int | None, stride: int) -> int | None:
        """The position of the row `stride` rows further down; None when there are fewer."""
        rows = select(_position).where(*self._within(_position, before))
        return self._session.scalar(rows.order_by(_position.desc()).offset(stride).limit(1))

    def _rows_of(self, before: int | None) -> Select[*tuple[Any, ...]]:
        return (
            select(_position, col(Message.id))
            .join(Message, col(Message.position) == _position)
            .where(*self._within(_position, before), *self._conditions)
            # The same of both: a merge of the two begins where the first can be.
            .where(*self._within(col(Message.position), before))
        )

    def _text_of_row(self, asked: TextTree) -> ColumnElement[bool]:
        return exists(
            select(literal(1))
            .select_from(POSTGRESQL_INDEX)
            .where(_position == col(Message.position), exactly(asked))
        )

    def _text_among(self, asked: TextTree, positions: Sequence[int]) -> ColumnElement[bool]:
        some = select(_position).where(exactly(asked), _position.in_(positions))
        return col(Message.position).in_(some)


def _led_to(asked: TextTree) -> list[ColumnElement[bool]]:
    """What leads to the hits, and where that says too much, what they are told by."""
    query = tsquery(asked)
    return [holds(query), *beyond(asked)] if query else [exactly(asked)]
