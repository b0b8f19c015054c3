"""A condition that only sorts out what another one has found by an index.

SQLite does not know how many rows a value has: of two indexes it may choose that of the kind, which
half of all records have. PostgreSQL counts them, and is left to choose.
"""

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ColumnElement
from sqlalchemy.sql.functions import FunctionElement


class _Unindexed(FunctionElement[Any]):
    inherit_cache = True

    def __init__(self, expression: Any) -> None:
        super().__init__(expression)
        self.type = expression.type

    def self_group(self, against: Any = None) -> "_Unindexed":
        return self


@compiles(_Unindexed)
def _plain(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)})"


@compiles(_Unindexed, "sqlite")
def _sqlite(element: _Unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+({compiler.process(element.clauses, **options)})"


def unindexed(expression: Any) -> ColumnElement[Any]:
    """A column or condition for which no index of SQLite is to be chosen."""
    return _Unindexed(expression)
