"""A database with accounts and files is told what stays here: all of it."""

from alembic import command
from sqlalchemy import MetaData, insert
from sqlmodel import Session, col, select

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration, prepare
from tui_mail.db.tables import Account, Blob


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0026")
    found = MetaData()
    found.reflect(session.connection(), only=["account", "blob"])
    for name, given in (("account", {"id": 1}), ("blob", {"id": "a" * 64})):
        session.connection().execute(
            insert(found.tables[name]), row_of(found.tables[name], **given)
        )


def _new(session: Session) -> tuple[object, ...]:
    account = session.exec(select(col(Account.keep_days), col(Account.keep_kib))).one()
    blob = session.exec(select(col(Blob.away), col(Blob.kept_until))).one()
    return (*account, *blob)


def test_all_files_of_before_stay(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    prepare(database)
    assert database.read_now(_new) == (None, None, False, None)
    database.close_now()
