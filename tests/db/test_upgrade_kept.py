"""A database that has mail in it is brought up to date: its files wait to be read for the search."""

from datetime import UTC, date, datetime
from typing import Any

from alembic import command
from sqlalchemy import MetaData, Table, insert, select
from sqlmodel import Session, col

from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration, prepare
from tui_mail.db.tables import Assignment, SavedSearch, TextWaiting


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0002")


def row_of(table: Table, **given: Any) -> dict[str, Any]:
    """A row of `table` with something in every column that must have it."""
    some: dict[type, Any] = {
        int: 1,
        str: "x",
        bytes: b"x",
        bool: False,
        datetime: datetime(2026, 1, 1, tzinfo=UTC),
        date: date(2026, 1, 1),
    }
    columns = [column for column in table.columns if not column.nullable]
    return {column.name: some[column.type.python_type] for column in columns} | given


def _mail(session: Session) -> None:
    connection = session.connection()
    found = MetaData()
    found.reflect(connection, only=["message", "attachment"])
    message, attachment = found.tables["message"], found.tables["attachment"]
    rows = [row_of(message, id=n, content_hash=f"hash {n}") for n in (1, 2, 3)]
    for number, row in enumerate(rows):
        unique = {"position": number} if "position" in message.columns else {}
        connection.execute(insert(message), {**row, **unique})
    files = [(1, 1), (1, 2), (3, 1)]
    for key, (message_id, number) in enumerate(files, 1):
        row = row_of(attachment, id=key, message_id=message_id, number=number)
        connection.execute(insert(attachment), row)


def _waiting(session: Session) -> list[int]:
    return list(session.scalars(select(col(TextWaiting.message_id)).order_by("message_id")))


def _new(session: Session) -> int:
    return sum(len(session.scalars(select(table)).all()) for table in (SavedSearch, Assignment))


def test_files_that_are_there_already_wait_to_be_read(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    database.write_now(_mail)
    prepare(database)
    assert database.read_now(_waiting) == [1, 3]
    assert database.read_now(_new) == 0
    database.close_now()
