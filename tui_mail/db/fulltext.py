"""Finding messages: a query's tree in, rows out, newest first, with the same answers on both databases.

The newest messages that fit are found without finding the others. Where words are asked for, the
index of words leads, which gives its hits newest first; where few messages meet another condition,
that one's index does.
"""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import ColumnElement, func, or_, select, union
from sqlmodel import Session

from tui_mail.db.conversations import message_rows
from tui_mail.db.record_names import looked_up
from tui_mail.db.rows import ListRow, PageKey
from tui_mail.db.search_clause import Hit
from tui_mail.db.search_conditions import copy_counts
from tui_mail.db.search_plan import clauses_of
from tui_mail.db.search_postgresql import PostgresqlSearch
from tui_mail.db.search_scope import scope_of
from tui_mail.db.search_sqlite import SqliteSearch
from tui_mail.search.tree import Tree, replaced

Search = SqliteSearch | PostgresqlSearch


def search(
    session: Session,
    operator_id: int,
    query: Tree,
    *,
    before: PageKey | None = None,
    limit: int = 100,
) -> list[ListRow]:
    """A row a message that the query fits, newest first by position, which is the id of its key.

    Only what the operator may read; `before`: the rows behind that one. Mail in the trash or among
    spam alone is found where the query names a folder, an account, a record, a conversation or a
    message.
    """
    searches = _searches(session, operator_id, query)
    found = _newest(searches, before.id if before is not None else None, limit)
    return _rows(session, operator_id, searches, [identifier for _at, identifier in found])


def listed(
    session: Session, operator_id: int, query: Tree, message_ids: Sequence[int]
) -> list[ListRow]:
    """The rows of some messages that `matching` found, in the order given."""
    return _rows(session, operator_id, _searches(session, operator_id, query), message_ids)


def matching(
    session: Session,
    operator_id: int,
    query: Tree,
    *,
    before: PageKey | None = None,
    limit: int,
) -> list[int]:
    """The messages that `search` finds a row of, by id, newest first."""
    searches = _searches(session, operator_id, query)
    found = _newest(searches, before.id if before is not None else None, limit)
    return [identifier for _at, identifier in found]


def count(
    session: Session,
    operator_id: int,
    query: Tree,
    *,
    before: PageKey | None = None,
    at_most: int | None = None,
) -> int:
    """How many messages `search` finds; with `at_most`, one more means: more than that."""
    searches = _searches(session, operator_id, query)
    if not searches:
        return 0
    end = before.id if before is not None else None
    if at_most is not None:
        return len(_newest(searches, end, at_most + 1))
    every = [one.every(end) for one in searches]
    found = (union(*every) if len(every) > 1 else every[0]).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def _rows(
    session: Session, operator_id: int, searches: Sequence[Search], message_ids: Sequence[int]
) -> list[ListRow]:
    if not message_ids:
        return []
    shown = or_(*(condition for each in searches for condition in _shown(each)))
    return message_rows(session, operator_id, message_ids, shown)


def _searches(session: Session, operator_id: int, query: Tree) -> list[Search]:
    scope = scope_of(session, operator_id, query)
    if not scope.places:
        return []
    sqlite = session.get_bind().dialect.name == "sqlite"
    kind = SqliteSearch if sqlite else PostgresqlSearch
    query = replaced(query, partial(looked_up, session))
    return [kind(session, scope, clause) for clause in clauses_of(query)]


def _newest(searches: Sequence[Search], before: int | None, limit: int) -> list[Hit]:
    """The newest of what all clauses find, each once."""
    found = {hit for each in searches for hit in each.newest(before, limit)}
    return sorted(found, reverse=True)[:limit]


def _shown(search: Search) -> list[ColumnElement[bool]]:
    """Which copies of a hit may be shown for it."""
    return [copy_counts(search.scope, asked) for asked in search.clause.copies or (None,)]
