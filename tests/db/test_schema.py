"""The schema: made from nothing, the same as the classes say, never opened when it is newer."""

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from tui_mail.db.engine import Database
from tui_mail.db.schema import HEAD, compared, configuration, prepare
from tui_mail.errors import UnknownSchema


def _set_version(session: Session, version: str) -> None:
    session.connection().execute(
        text("UPDATE alembic_version SET version_num = :v"), {"v": version}
    )


def _differences(session: Session) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    options = {"include_name": compared, "compare_type": True, "target_metadata": SQLModel.metadata}
    context = MigrationContext.configure(session.connection(), opts=options)
    return list(compare_metadata(context, SQLModel.metadata))


def test_an_empty_database_gets_the_tables_that_the_classes_describe(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    prepare(database)
    prepare(database)
    assert database.read_now(_differences) == []
    database.close_now()


def test_a_database_of_a_newer_program_is_refused_with_a_sentence(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    prepare(database)
    database.write_now(_set_version, "9999")
    with pytest.raises(UnknownSchema, match="upgrade the program"):
        prepare(database)
    database.close_now()


def test_the_head_is_the_newest_migration(database: Database) -> None:
    from alembic.script import ScriptDirectory

    def newest(session: Session) -> str | None:
        config = configuration(session.connection())
        return ScriptDirectory.from_config(config).get_current_head()

    assert database.read_now(newest) == HEAD
