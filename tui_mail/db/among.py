"""A column among many values, in a statement that stays the same whatever their number.

Values in an IN (…) make a statement as long as they are many, which is put together, and planned,
anew each time. Hides how each database takes them as one: SQLite as JSON, PostgreSQL as an array.
"""

import json
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Dialect, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, TypeDecorator, TypeEngine

from tui_mail.db.tables import acceptable


class _Many(TypeDecorator[list[Any]]):
    """A list as the database takes it."""

    impl = Text
    cache_ok = True

    def __init__(self, of: type[TypeEngine[Any]]) -> None:
        super().__init__()
        self.of = of

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        plain = Text() if dialect.name == "sqlite" else ARRAY(self.of)
        return dialect.type_descriptor(plain)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        values = [*value]
        if dialect.name != "sqlite":
            return self._as_kept(values)
        written = json.dumps(values)
        # Plain letters are kept as they are, which is seen at once.
        return written if "\\u" not in written else json.dumps(self._as_kept(values))

    def _as_kept(self, values: list[Any]) -> list[Any]:
        """As columns hold it: PostgreSQL refuses NUL, SQLite's JSON ends there."""
        return [*map(acceptable, values)] if self.of is Text else values


class _Among(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "_Among":
        """Itself: compared with 1, as SQLite's conditions would be, it would find no index."""
        return self


@compiles(_Among, "sqlite")
def _sqlite(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 — names of ours


@compiles(_Among, "postgresql")
def _postgresql(element: _Among, compiler: SQLCompiler, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({values})"


def among_texts(column: Any, name: str) -> ColumnElement[bool]:
    """The condition that a column of text has one of the values bound to `name`."""
    return _Among(column, bindparam(name, type_=_Many(Text)))


def among_numbers(column: Any, name: str) -> ColumnElement[bool]:
    """The condition that a column of ids has one of the values bound to `name`."""
    return _Among(column, bindparam(name, type_=_Many(BigInteger)))
