"""Many values at once, in statements of a size that both databases take."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import CursorResult, Select
from sqlmodel import Session

_T = TypeVar("_T")

# SQLite takes 32,766 variables in a statement, older builds 999.
_AT_ONCE = 500


def chunks(values: Iterable[_T], size: int = _AT_ONCE) -> Iterator[Sequence[_T]]:
    """`values` in lists of at most `size`, for one IN (…) each."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def execute_many(session: Session, statement: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Run `statement` for each of `rows` by the driver's executemany; nothing when there are none."""
    if rows:
        session.connection().execute(statement, rows)


def rows_of(
    session: Session, query: Select[*tuple[Any, ...]], values: Mapping[str, Any]
) -> CursorResult[*tuple[Any, ...]]:
    """The rows of a query of columns past the session, which takes longer for them: it looks for
    objects. What the session has yet to write is written first."""
    session.flush()
    return session.connection().execute(query, values)


def key_of(identifier: int | None) -> int:
    """The id of a row that the database has numbered."""
    if identifier is None:
        raise ValueError("the row is not in the database yet")
    return identifier
