"""A database with accounts is told of pauses and paces: nothing is paused by that."""

from alembic import command
from sqlalchemy import MetaData, insert
from sqlmodel import Session, col, select

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import Account


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0015")
    found = MetaData()
    found.reflect(session.connection(), only=["account"])
    account = found.tables["account"]
    session.connection().execute(insert(account), row_of(account, id=1))


def _new(session: Session) -> tuple[bool, int, str]:
    command.upgrade(configuration(session.connection()), "0016")
    wanted = select(col(Account.paused), col(Account.rate), col(Account.schedule))
    return session.exec(wanted).one()


def test_accounts_of_before_go_on_as_fast_as_can_be(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert tuple(database.write_now(_new)) == (False, 0, "")
    database.close_now()
