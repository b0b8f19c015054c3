"""A database that has mail in it before lists had orders and conversations could be regrouped."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command
from sqlmodel import Session, col

from tests.db.making import NOW
from tui_mail.db.accounts import statuses
from tui_mail.db.actions import join, split
from tui_mail.db.conversations import window
from tui_mail.db.engine import Database
from tui_mail.db.schema import configuration, prepare
from tui_mail.db.tables import Message

_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)


def _as_before(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0003")
    metadata = sa.MetaData()
    metadata.reflect(session.connection())

    def put(table: str, **values: Any) -> None:
        columns = metadata.tables[table].columns
        empty = {
            column.name: _nothing(column.type)
            for column in columns
            if not column.nullable and not column.primary_key
        }
        session.connection().execute(metadata.tables[table].insert(), {**empty, **values})

    put("operator", id=1, login="anna", active=True)
    put("account", id=1, email="anna@noi.it", protocol="local")
    put("account_grant", account_id=1, operator_id=1, level="manage")
    put("folder", id=1, account_id=1, name="INBOX", role="inbox", total=3, conversations=2)
    for thread in (1, 2):
        put("thread", id=thread)
    mail = (
        (1, 1, "a@x", "Àncora: ordine", "Bruno"),
        (2, 1, "b@x", "R: Fwd: Acconto", ""),
        (3, 2, "", "Re: zinco", "anna"),
    )
    for number, thread, name, subject, sender in mail:
        put(
            "message",
            id=number,
            position=number,
            thread_id=thread,
            message_id=name,
            content_hash=f"hash{number}",
            subject=subject,
            sender_name=sender,
            sender_address=f"M{number}@x.it",
            references="a@x" if name == "b@x" else "",
            received_at=_AT,
            size=number * 100,
        )
        put(
            "placement",
            id=number,
            message_id=number,
            folder_id=1,
            thread_id=thread,
            received_at=_AT,
            keywords="",
        )
    for key, thread in (("a@x", 1), ("b@x", 1), ("content:3", 2)):
        put("thread_key", key=key, thread_id=thread)
    for thread, message in ((1, 2), (2, 3)):
        put("conversation", folder_id=1, thread_id=thread, placement_id=message, total=1)


def _nothing(kind: Any) -> Any:
    if isinstance(kind, sa.DateTime):
        return _AT
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.LargeBinary):
        return b""
    return 0 if isinstance(kind, sa.Integer | sa.BigInteger) else ""


def _threads(session: Session) -> list[int]:
    return list(session.scalars(sa.select(col(Message.thread_id)).order_by(col(Message.id))))


def test_mail_that_is_there_gets_its_place_in_every_order(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_as_before)
    prepare(database)
    rows = database.read_now(_keys)
    assert rows == [
        ("bruno", "ancora: ordine", 100),
        ("m2@x.it", "acconto", 200),
        ("anna", "zinco", 300),
    ]
    assert len(database.read_now(window, 1, 1, threads=False)) == 3
    database.close_now()


def test_mail_that_is_there_can_be_regrouped(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_as_before)
    prepare(database)
    database.write_now(split, 1, 2, NOW)
    first, second, third = database.read_now(_threads)
    assert len({first, second, third}) == 3
    database.write_now(join, 1, [2, 3], NOW)
    first, second, third = database.read_now(_threads)
    assert second == third != first
    database.close_now()


def test_what_went_wrong_stays_the_mailbox_s_and_nothing_went_wrong_in_sending(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    database.write_now(_as_before)
    database.write_now(_in_trouble)
    prepare(database)
    (status,) = database.read_now(statuses, 1)
    assert (status.last_error, status.sending_error) == ("No server.", "")
    database.close_now()


def _in_trouble(session: Session) -> None:
    session.execute(sa.text("UPDATE account SET last_error = 'No server.'"))


def _keys(session: Session) -> list[tuple[str, str, int]]:
    rows = session.execute(
        sa.text("SELECT sender_key, subject_key, size FROM placement ORDER BY id")
    )
    return [(sender, subject, size) for sender, subject, size in rows]
