"""A database with places and records made here is told of writing: nothing is written by that."""

from alembic import command
from sqlalchemy import MetaData, insert
from sqlmodel import Session, col, select

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import Entity, EntityWriting, ErpSource
from tui_mail.values import LOCAL_SOURCE

_BEFORE = "0025"


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), _BEFORE)
    found = MetaData()
    found.reflect(session.connection(), only=["erp_source", "entity"])
    place, entity = found.tables["erp_source"], found.tables["entity"]
    connection = session.connection()
    connection.execute(insert(place), row_of(place, name="erp", location="odoo+https://erp/db"))
    made = {"source": LOCAL_SOURCE, "kind": "lead", "code": "+1", "title": "Neri"}
    connection.execute(insert(entity), row_of(entity, id=1, details="{}", **made))


def _new(session: Session) -> tuple[str, list[str], list[EntityWriting]]:
    command.upgrade(configuration(session.connection()), "0026")
    writes = session.exec(select(col(ErpSource.writes))).one()
    titles = list(session.exec(select(col(Entity.title)).where(Entity.source == LOCAL_SOURCE)))
    return writes, titles, list(session.exec(select(EntityWriting)))


def test_what_was_made_before_stays_only_here(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert database.write_now(_new) == ("", ["Neri"], [])
    database.close_now()
