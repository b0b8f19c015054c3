"""A database with accounts and letters is told who files the copies of what is sent."""

from typing import Any

from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlmodel import Session, col

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import Account, Outgoing


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0010")
    found = MetaData()
    found.reflect(session.connection(), only=["account", "outgoing"])
    account, outgoing = found.tables["account"], found.tables["outgoing"]
    session.connection().execute(insert(account), row_of(account, id=1))
    session.connection().execute(insert(outgoing), row_of(outgoing, id=1, account_id=1))


def _new(session: Session) -> tuple[Any, ...]:
    command.upgrade(configuration(session.connection()), "0011")
    copies = session.scalars(select(col(Account.sent_copies))).one()
    return copies, session.scalars(select(col(Outgoing.unfiled))).one()


def test_who_files_copies_is_found_out_and_letters_of_before_are_filed(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert database.write_now(_new) == ("auto", False)
    database.close_now()
