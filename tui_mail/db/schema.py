"""The shape of the database and its upgrades: hides Alembic, which is imported only when needed.

A database that is up to date costs one SELECT.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, inspect, text
from sqlmodel import Session

from tui_mail.db.engine import Database
from tui_mail.errors import UnknownSchema
from tui_mail.i18n import _

if TYPE_CHECKING:
    from alembic.config import Config

HEAD: Final = "0029"

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSIONS = "alembic_version"
# Made in raw SQL by the migrations, since the two databases search text each in its own way.
_FULL_TEXT = "message_words"
# Indexes that go down in part, which Alembic cannot compare on SQLite.
_DESCENDING = "placement_by_"
_LEFT_OUT = {"table": _FULL_TEXT, "index": _DESCENDING}


def prepare(database: Database) -> None:
    """Make the tables, or bring them up to date; nothing is changed when they are.

    Raises UnknownSchema when a newer program wrote the database.
    """
    if database.read_now(_version) != HEAD:
        database.write_now(_upgrade)


def compared(name: str | None, kind: str, _parents: Mapping[Any, str | None]) -> bool:
    """Whether Alembic compares the table or index `name` with the classes of `db.tables`."""
    return not (name or "").startswith(_LEFT_OUT.get(kind, "\0"))


def configuration(connection: Connection) -> "Config":
    """How Alembic finds the migrations and works on `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _version(session: Session) -> str:
    """The version that the database says it has, "" for a new one."""
    connection = session.connection()
    if not inspect(connection).has_table(_VERSIONS):
        return ""
    found = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()  # noqa: S608
    return str(found or "")


def _upgrade(session: Session) -> None:
    """Run the missing migrations, in the transaction of `session`: all of them, or none."""
    from alembic import command
    from alembic.script import ScriptDirectory

    version = _version(session)  # again: another process may have been quicker
    if version == HEAD:
        return
    config = configuration(session.connection())
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version and version not in known:
        raise UnknownSchema(
            _("The database was written by a newer tui_mail: upgrade the program to open it.")
        )
    command.upgrade(config, "head")
    _index_words(session)


def _index_words(session: Session) -> None:
    """A migration that changes what is indexed leaves the index empty."""
    from tui_mail.db.word_index import rebuild  # nobody whose tables are there waits for it

    after: int | None = -1
    while after is not None:
        after = rebuild(session, after)
