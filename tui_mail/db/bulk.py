"""New rows by the hundred: one statement a table, whatever the number of rows.

Hides how each database likes it: SQLite's executemany; PostgreSQL's `unnest` of one array a
column, which neither parses a statement that grows with the rows nor asks once for each of them.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import ARRAY, Insert, bindparam, func, insert, inspect, select, text
from sqlalchemy.dialects import sqlite
from sqlmodel import Session, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

_Bind = Callable[[Any], Any] | None
_SQLITE = sqlite.dialect()
# A message's time is in each of its rows, and writing it takes longer than all else of most.
_TIME = UTCDateTime().dialect_impl(_SQLITE).bind_processor(_SQLITE) or str
_WRITTEN = lru_cache(maxsize=4096)(_TIME)

_FEW = 500  # rows that any way through them is good enough for
_GROWING_WITH = {  # tables without numbers of their own
    "message": ("attachment", "thread", "thread_key"),
    "placement": ("conversation",),
}


def insert_rows(session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert `rows` of `table`, column name -> value, which all name the same columns."""
    if not rows:
        return
    connection = session.connection()
    names = tuple(rows[0])
    if connection.dialect.name == "sqlite":
        # Past SQLAlchemy, which would look at each value of each row.
        statement, places = _one_by_one(table, names)
        columns = [_values(rows, *place) for place in places]
        connection.exec_driver_sql(statement, [*zip(*columns, strict=True)])
        return
    values = {name: [row[name] for row in rows] for name in names}
    connection.execute(_from_arrays(table, names), values)


def insert_numbered(
    session: Session, table: type[SQLModel], rows: Sequence[dict[str, Any]]
) -> list[int]:
    """Insert `rows` of a table whose `id` the database gives; the ids, in the order of `rows`."""
    if not rows:
        return []
    sqlite = session.get_bind().dialect.name == "sqlite"
    number = _ids_after_last if sqlite else _next_ids
    ids = number(session, str(table.__tablename__), len(rows))
    insert_rows(session, table, [{"id": one, **row} for one, row in zip(ids, rows, strict=True)])
    if sqlite:
        return ids
    if ids[0].bit_length() != (ids[-1] + 1).bit_length() > _FEW.bit_length():
        _count_again(session, table)
    return ids


def _count_again(session: Session, table: type[SQLModel]) -> None:
    """PostgreSQL chooses ways by how many rows it believes there are, and looks itself a minute
    later at best: a first synchronization would be over, and have taken four times as long."""
    name = str(table.__tablename__)
    session.connection().execute(text(f"ANALYZE {', '.join((name, *_GROWING_WITH.get(name, ())))}"))


def _ids_after_last(session: Session, table: str, number: int) -> list[int]:
    """The next `number` ids of a table on SQLite, where whoever writes is alone.

    RETURNING would take twice as long as the rows do.
    """
    connection = session.connection()
    kept = text("SELECT seq FROM sqlite_sequence WHERE name = :table")  # of ids never given again
    highest = text(f"SELECT max(id) FROM {table}")  # noqa: S608 — a table of ours
    last = max(
        connection.scalar(kept, {"table": table}) or 0,
        connection.scalar(highest) or 0,
    )
    return list(range(last + 1, last + 1 + number))


def _next_ids(session: Session, table: str, number: int) -> list[int]:
    """The next `number` ids of a table on PostgreSQL: what RETURNING gives is in no promised order."""
    sequence = func.pg_get_serial_sequence(table, "id")
    counted = func.generate_series(1, number).table_valued("n")
    return sorted(session.scalars(select(func.nextval(sequence)).select_from(counted)))


@cache
def _one_by_one(
    table: type[SQLModel], names: tuple[str, ...]
) -> tuple[str, list[tuple[str, _Bind, Any]]]:
    """SQLite's statement for one row, and in its order the columns, what makes a value the driver's,
    and the value where the rows have none."""
    statement = insert(table).compile(dialect=_SQLITE, column_keys=names)
    places = []
    for name in statement.positiontup or ():
        column = inspect(table).columns[name]
        bind = column.type.dialect_impl(_SQLITE).bind_processor(_SQLITE)
        bind = _written_time if isinstance(column.type, UTCDateTime) else bind
        places.append((name, bind, getattr(column.default, "arg", None)))
    return str(statement), places


def _written_time(at: datetime | None) -> Any:
    """In other zones an hour a year comes twice, and its times count as the same."""
    return _WRITTEN(at) if at is not None and at.tzinfo is UTC else _TIME(at)


def _values(rows: Sequence[dict[str, Any]], name: str, bind: _Bind, default: Any) -> list[Any]:
    values = [row[name] for row in rows] if name in rows[0] else [default] * len(rows)
    return values if bind is None else list(map(bind, values))


def _from_arrays(table: type[SQLModel], names: tuple[str, ...]) -> Insert:
    columns = inspect(table).columns
    arrays = [bindparam(name, type_=ARRAY(columns[name].type)) for name in names]
    rows = func.unnest(*arrays).table_valued(*names).render_derived("given")
    return insert(table).from_select(list(names), select(*(rows.c[name] for name in names)))
