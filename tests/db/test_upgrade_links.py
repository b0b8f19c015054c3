"""The links of a database that has some learn of their messages what a record's mail is asked by."""

from typing import Any

from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlmodel import Session, col

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import Link


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0021")
    found = MetaData()
    found.reflect(session.connection(), only=["message", "link"])
    message, link = found.tables["message"], found.tables["link"]
    for number, outgoing, kind in ((1, False, "human"), (2, True, "auto_reply")):
        row = row_of(message, id=number, content_hash=str(number), position=number)
        row |= {"outgoing": outgoing, "kind": kind}
        session.connection().execute(insert(message), row)
        row = row_of(link, id=number, message_id=number, entity_id=1, position=number)
        session.connection().execute(insert(link), row)


def _new(session: Session) -> list[tuple[Any, ...]]:
    command.upgrade(configuration(session.connection()), "head")
    query = select(col(Link.message_id), col(Link.outgoing), col(Link.kind))
    return [tuple(row) for row in session.execute(query.order_by(col(Link.id)))]


def test_links_have_direction_and_kind_of_their_messages(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert database.write_now(_new) == [(1, False, "human"), (2, True, "auto_reply")]
    database.close_now()
