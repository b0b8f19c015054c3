"""The beginning of a text, asked for in the form that each database has an index for."""

from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlmodel import Session


def begins(session: Session, column: Any, text: str) -> ColumnElement[bool]:
    """`column` begins with `text`. SQLite only uses an index for comparisons, and compares by code
    point; PostgreSQL compares by the rules of a language, which a prefix does not follow."""
    if session.get_bind().dialect.name == "sqlite":
        return and_(column >= text, column < text + "\U0010ffff")
    return and_(column.startswith(text, autoescape=True))
