"""Records of before are found by their VAT number and their invoice's file after an upgrade."""

from alembic import command
from sqlalchemy import MetaData, insert, select
from sqlmodel import Session, col

from tests.db.test_upgrade_kept import row_of
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration
from tui_mail.db.tables import Entity


def _old(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0016")
    found = MetaData()
    found.reflect(session.connection(), only=["entity"])
    entity = found.tables["entity"]
    details = [
        '{"vat": "IT 01234567890"}',
        '{"sdi_file": "IT01_1.XML.p7m"}',
        "{}",
        'no "vat" that is JSON',
    ]
    for number, text in enumerate(details, 1):
        row = row_of(entity, id=number, code=str(number), details=text)
        session.connection().execute(insert(entity), row)


def _new(session: Session) -> list[tuple[str, str]]:
    command.upgrade(configuration(session.connection()), "0017")
    query = select(col(Entity.vat), col(Entity.sdi_file)).order_by(col(Entity.id))
    return [(vat, file) for vat, file in session.execute(query)]


def test_an_upgrade_finds_the_keys_in_the_details(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_old)
    assert database.write_now(_new) == [("01234567890", ""), ("", "it01_1.xml"), ("", ""), ("", "")]
    database.close_now()
