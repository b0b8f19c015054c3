"""A database with accounts and folders learns which are shown, and by what they are known."""

from typing import Any

from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlmodel import Session, col

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import Account, Folder


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0012")
    found = MetaData()
    found.reflect(session.connection(), only=["account", "folder"])
    account, folder = found.tables["account"], found.tables["folder"]
    session.connection().execute(insert(account), row_of(account, id=1))
    session.connection().execute(insert(folder), row_of(folder, id=1, account_id=1))


def _new(session: Session) -> tuple[Any, ...]:
    command.upgrade(configuration(session.connection()), "0013")
    only = session.scalars(select(col(Account.only_subscribed))).one()
    [(hidden, identity)] = session.execute(select(col(Folder.hidden), col(Folder.identity))).all()
    return only, hidden, identity


def test_every_folder_of_before_is_shown(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert database.write_now(_new) == (False, False, "")
    database.close_now()
