"""After an upgrade, messages with files that may be notices of the exchange are linked anew."""

from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlmodel import Session, col

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import ExchangeNotice, TaughtFormat, TextWaiting

_FILES = ["IT01234567890_1_RC_001.XML", "offerta.pdf", "IT01234567890_2.xml.p7m", ""]


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0024")
    found = MetaData()
    names = ["thread", "message", "attachment", "text_waiting"]
    found.reflect(session.connection(), only=names)
    thread, message, attachment, waiting = (found.tables[name] for name in names)
    connection = session.connection()
    connection.execute(insert(thread), row_of(thread, id=1))
    for number, name in enumerate(_FILES, 1):
        row = row_of(message, id=number, content_hash=str(number), thread_id=1, position=number)
        connection.execute(insert(message), row)
        file = row_of(attachment, id=number, message_id=number, number=1, name=name)
        connection.execute(insert(attachment), file)
    connection.execute(insert(waiting), {"message_id": 3})


def _new(session: Session) -> list[int]:
    command.upgrade(configuration(session.connection()), "0025")
    assert session.execute(select(col(ExchangeNotice.number))).all() == []
    assert session.execute(select(col(TaughtFormat.written))).all() == []
    return [*session.scalars(select(col(TextWaiting.message_id)).order_by("message_id"))]


def test_an_upgrade_has_notices_of_before_linked_anew(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert database.write_now(_new) == [1, 3]
    database.close_now()
