"""One clause of a query as both databases read it: its conditions, its bounds, its source.

What differs, how words are asked for and which index leads, is for each database to say.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, not_, or_, select
from sqlmodel import Session, col

from tui_mail.db.positions import first_position
from tui_mail.db.search_conditions import has_copy, of_message
from tui_mail.db.search_plan import AllOf, Clause, Node, NotOf, OfCopy, OfMessage, OfText, OneOf
from tui_mail.db.search_scope import Scope
from tui_mail.db.search_sources import FEW, SOME, Source, best_source, folders_meant
from tui_mail.db.search_words import Marked, TextTree, both
from tui_mail.db.tables import Message
from tui_mail.db.word_index import account_mark
from tui_mail.search.tree import Between

_ONE_IN = 10  # messages of an index that is worth gathering

# Position and id of a message.
Hit = tuple[int, int]


class ClauseSearch(ABC):
    """Finds the messages of one clause."""

    def __init__(self, session: Session, scope: Scope, clause: Clause) -> None:
        self._session = session
        self.scope = scope
        self.clause = clause

    def newest(self, before: int | None, limit: int) -> list[Hit]:
        """The newest hits below the position `before`, newest first."""
        source = self._source
        if source is not None and source.size <= FEW:
            few = self._few(source, before)
            if few is not None:
                return self._rows(self._one_by_one(few).limit(limit))
        if self._text is not None:
            return self._newest_by_text(self._text, before, limit)
        if source is not None and source.ordered:
            return self._stream(source, before, limit)
        if self._narrow is not None:
            return self._rows(self._gathered(self._narrow, before).limit(limit))
        return self._rows(self._through_all(before).limit(limit))

    @abstractmethod
    def every(self, before: int | None) -> Select[*tuple[Any, ...]]:
        """The ids of all that fit below the position `before`, in no order."""

    @abstractmethod
    def _newest_by_text(self, asked: TextTree, before: int | None, limit: int) -> list[Hit]: ...

    @abstractmethod
    def _text_of_row(self, asked: TextTree) -> ColumnElement[bool]:
        """The condition on a row of Message that its words fit."""

    @abstractmethod
    def _text_among(self, asked: TextTree, positions: Sequence[int]) -> ColumnElement[bool]:
        """The same, for few messages."""

    # -- what both share

    @cached_property
    def _source(self) -> Source | None:
        return best_source(self._session, self.scope, self.clause)

    @property
    def _narrow(self) -> Source | None:
        """The smallest index where gathering all that it has is less than meeting it on the way."""
        source = self._source
        if source is None or source.size > SOME:
            return None
        total = sum(place.total for place in self.scope.places)
        return source if source.size * _ONE_IN <= total else None

    @cached_property
    def _text(self) -> TextTree | None:
        """The words and marks asked for, and the marks of the accounts that copies may be in."""
        if self.clause.text is None:
            return None
        places = self.scope.places
        meant = folders_meant(self.scope, self.clause)
        accounts = {place.account_id for place in places if place.folder_id in meant}
        if self.scope.everything and accounts == {place.account_id for place in places}:
            return self.clause.text
        marks = tuple(account_mark(one) for one in sorted(accounts))
        return both([self.clause.text, Marked(marks)]) if marks else self.clause.text

    @cached_property
    def _conditions(self) -> list[ColumnElement[bool]]:
        """What must hold of a row of Message beside the words, the bounds left out."""
        found = [self._condition(node) for node in self.clause.asserted if not _is_bound(node)]
        found += [not_(self._condition(node)) for node in self.clause.denied]
        if not self.clause.copies:
            found.append(has_copy(self.scope, None))
        return found

    def _condition(self, node: Node) -> ColumnElement[bool]:
        match node:
            case OfCopy(asked):
                return has_copy(self.scope, asked)
            case OfMessage(asked):
                return of_message(self._session, asked)
            case OfText(text):
                return self._text_of_row(text)
            case AllOf(parts):
                return and_(*(self._condition(part) for part in parts))
            case OneOf(parts):
                return or_(*(self._condition(part) for part in parts))
            case NotOf(part):
                return not_(self._condition(part))

    def _within(self, column: Any, before: int | None) -> list[ColumnElement[bool]]:
        """The bounds of the clause, and of the page, on a column of positions."""
        bounds = [node.asked for node in self.clause.asserted if isinstance(node, OfMessage)]
        spans = [asked for asked in bounds if isinstance(asked, Between)]
        lows = [first_position(one.since) for one in spans if one.since is not None]
        highs = [first_position(one.until) for one in spans if one.until is not None]
        if before is not None:
            highs.append(before)
        found = [column >= max(lows)] if lows else []
        return [*found, column < min(highs)] if highs else found

    def _messages(self) -> Select[*tuple[Any, ...]]:
        """Position and id."""
        query: Select[*tuple[Any, ...]] = select(col(Message.position), col(Message.id))
        return query.where(*self._conditions)

    def _few(self, source: Source, before: int | None) -> list[int] | None:
        """The positions that an index leads to; None when they are not few after all."""
        within = source.positions().where(*self._within(source.column, before))
        found = list(self._session.scalars(within.limit(FEW + 1)))
        return found if len(found) <= FEW else None

    def _one_by_one(self, few: Sequence[int]) -> Select[*tuple[Any, ...]]:
        position = col(Message.position)
        query = self._messages().where(position.in_(few))
        if self._text is not None and few:
            query = query.where(self._text_among(self._text, few))
        return query.order_by(position.desc())

    def _gathered(self, source: Source, before: int | None) -> Select[*tuple[Any, ...]]:
        """All that an index leads to, sorted here: the sum keeps a database from another way."""
        position = col(Message.position)
        some = source.positions().where(*self._within(source.column, before))
        return self._messages().where(position.in_(some)).order_by((position + 0).desc())

    def _stream(self, source: Source, before: int | None, limit: int) -> list[Hit]:
        """As an index has them, newest first; two copies of a message are one hit."""
        found: dict[int, int] = {}
        while (missing := limit - len(found)) > 0:
            # Nothing but the index can give the position: it leads.
            query = (
                select(source.column, col(Message.id))
                .join(Message, col(Message.position) == source.column + 0)
                .where(source.where, *self._within(source.column, before), *self._conditions)
                .order_by(source.column.desc())
                .limit(missing)
            )
            rows = self._rows(query)
            found.update(rows)
            if len(rows) < missing:
                break
            before = rows[-1][0]
        return list(found.items())

    def _through_all(self, before: int | None) -> Select[*tuple[Any, ...]]:
        position = col(Message.position)
        query: Select[*tuple[Any, ...]] = self._messages().where(*self._within(position, before))
        return query.order_by(position.desc())

    def _rows(self, query: Select[*tuple[Any, ...]]) -> list[Hit]:
        return [(row[0], row[1]) for row in self._session.execute(query)]


def _is_bound(node: Node) -> bool:
    return isinstance(node, OfMessage) and isinstance(node.asked, Between)
