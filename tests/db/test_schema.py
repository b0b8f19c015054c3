"""The schema: made from nothing, the same as the classes say, never opened when it is newer."""

import re
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session, SQLModel

from tui_mail.db import migrations
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


def test_a_migration_rests_on_nothing_that_changes_later() -> None:
    for folder in migrations.__path__:
        files = sorted((Path(folder) / "versions").glob("[0-9]*.py"))
        assert files
        for file in files:
            assert not re.search(r"(?m)^\s*(?:from|import) tui_mail", file.read_text("utf-8")), file
