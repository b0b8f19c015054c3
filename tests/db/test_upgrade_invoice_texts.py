"""After an upgrade, files that may hold electronic invoices are read again; others are not."""

from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlmodel import Session, col

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import AttachmentText, TextWaiting

FILES = [
    ("IT01_1.XML", "x"),
    ("IT01_1.xml.p7m", "s"),
    ("a.zip", "z"),
    ("a.pdf", "p"),
    ("b.xml", ""),
]


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0018")
    found = MetaData()
    names = ["message", "thread", "attachment", "attachment_text", "text_waiting"]
    found.reflect(session.connection(), only=names)
    tables = found.tables
    connection = session.connection()
    connection.execute(insert(tables["thread"]), row_of(tables["thread"], id=1))
    for number, (name, sha256) in enumerate(FILES, 1):
        message = row_of(
            tables["message"], id=number, thread_id=1, content_hash=str(number), position=number
        )
        connection.execute(insert(tables["message"]), message)
        for place in (1, 2):  # the same file twice
            row = row_of(
                tables["attachment"],
                id=number * 10 + place,
                message_id=number,
                number=place,
                name=name,
                sha256=sha256 or "unread",
            )
            connection.execute(insert(tables["attachment"]), row)
        if sha256:
            row = row_of(tables["attachment_text"], sha256=sha256, outcome="done")
            connection.execute(insert(tables["attachment_text"]), row)
    connection.execute(insert(tables["text_waiting"]), {"message_id": 2})


def _new(session: Session) -> tuple[list[int], list[str]]:
    command.upgrade(configuration(session.connection()), "0019")
    waiting = session.scalars(
        select(col(TextWaiting.message_id)).order_by(col(TextWaiting.message_id))
    )
    return list(waiting), list(session.scalars(select(col(AttachmentText.sha256))))


def test_an_upgrade_has_invoices_read_again(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert database.write_now(_new) == ([1, 2, 3], ["p"])
    database.close_now()
