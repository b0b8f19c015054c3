"""Searching with FTS5: its index gives hits by position, newest first, and stops when told to.

What only SQLite needs is hidden here: a sign before a column keeps it from another way through the
tables, and a word that may go on is looked up among the words that there are.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, func, literal_column, select, text
from sqlmodel import col

from tui_mail.db.search_clause import ClauseSearch, Hit
from tui_mail.db.search_words import (
    SQLITE_INDEX,
    Both,
    Marked,
    TextTree,
    begins_in_text,
    both,
    fts5,
)
from tui_mail.db.tables import Message
from tui_mail.db.word_index import ANY_MESSAGE
from tui_mail.search.tree import Words

_READ_FOR_PREFIX = 1_500  # rows whose text is looked at before all words are
_MOST_ENDINGS = 128
_KNOWN = text(
    "SELECT term FROM message_words_known WHERE term >= :first AND term < :last LIMIT :limit"
)
_rowid = SQLITE_INDEX.c.rowid
_just_rowid: ColumnElement[int] = literal_column("+message_words.rowid", Integer)


class SqliteSearch(ClauseSearch):
    """Finds the messages of one clause in SQLite."""

    def every(self, before: int | None) -> Select[*tuple[Any, ...]]:
        query = select(col(Message.id)).where(
            *self._within(col(Message.position), before), *self._conditions
        )
        return query if self._text is None else query.where(self._text_of_row(self._text))

    def _newest_by_text(self, asked: TextTree, before: int | None, limit: int) -> list[Hit]:
        found = self._by_rows(asked, before, limit)
        if found is None:
            found = self._rows(self._by_index(self._fts5(asked), before).limit(limit))
        return found

    def _by_index(self, match: str, before: int | None) -> Select[*tuple[Any, ...]]:
        query = (
            select(_rowid, col(Message.id))
            .join(Message, col(Message.position) == _just_rowid)
            .where(_matches(match), *self._within(_rowid, before))
        )
        source = self._narrow
        if source is not None:
            query = query.where(_just_rowid.in_(source.positions()))
        return query.where(*self._conditions).order_by(_rowid.desc())

    # -- words that may go on

    def _by_rows(self, asked: TextTree, before: int | None, limit: int) -> list[Hit] | None:
        """The hits among the newest rows, by their own text; None when that does not say all.

        FTS5 reads every word that begins so, whatever their number, before it gives one hit.
        """
        parts = asked.parts if isinstance(asked, Both) else (asked,)
        begun = [part for part in parts if isinstance(part, Words) and part.prefix]
        if not begun:
            return None
        others = [part for part in parts if part not in begun] or [Marked((ANY_MESSAGE,))]
        rows = (
            select(_rowid)
            .where(_matches(self._fts5(both(others))), *self._within(_rowid, before))
            .order_by(_rowid.desc())
            .limit(_READ_FOR_PREFIX)
            .subquery()
        )
        looked_at = self._session.execute(
            select(func.count(), func.min(rows.c.rowid)).select_from(rows)
        ).one()
        if not looked_at[0]:
            return []
        query = (
            self._by_index(self._fts5(both(others)), before)
            .where(_rowid >= looked_at[1], *(begins_in_text(part) for part in begun))
            .limit(limit)
        )
        found = self._rows(query)
        whole = looked_at[0] < _READ_FOR_PREFIX or len(found) == limit
        return found if whole else None

    def _known(self, beginning: str) -> list[str]:
        """The words that begin so; none when they are too many to be asked for one by one."""
        values = {"first": beginning, "last": f"{beginning}\U0010ffff", "limit": _MOST_ENDINGS + 1}
        found = [str(row[0]) for row in self._session.connection().execute(_KNOWN, values)]
        return found if len(found) <= _MOST_ENDINGS else []

    def _fts5(self, asked: TextTree) -> str:
        return fts5(asked, self._known)

    def _text_of_row(self, asked: TextTree) -> ColumnElement[bool]:
        return col(Message.position).in_(select(_rowid).where(_matches(self._fts5(asked))))

    def _text_among(self, asked: TextTree, positions: Sequence[int]) -> ColumnElement[bool]:
        some = select(_rowid).where(_matches(self._fts5(asked)), _rowid.in_(positions))
        return col(Message.position).in_(some)


def _matches(query: str) -> ColumnElement[bool]:
    return literal_column("message_words").bool_op("MATCH")(query)
