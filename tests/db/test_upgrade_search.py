"""A database that has mail in it before searches had an order: all of it is found as it was."""

from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlmodel import Session

from tests.db.making import NOW, Office, arrival
from tui_mail.db.engine import Database
from tui_mail.db.fulltext import search
from tui_mail.db.positions import first_position
from tui_mail.db.schema import configuration, prepare
from tui_mail.db.word_index import agreement
from tui_mail.search.language import parse

_AT = datetime(2026, 3, 1, 8, tzinfo=UTC)
_MANY = 300  # in one second: more than have room in it


def _nothing(kind: Any) -> Any:
    if isinstance(kind, sa.DateTime):
        return _AT
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.LargeBinary):
        return b""
    return 0 if isinstance(kind, sa.Integer | sa.BigInteger) else ""


def _as_before(session: Session) -> None:
    command.upgrade(configuration(session.connection()), "0001")
    metadata = sa.MetaData()
    metadata.reflect(session.connection(), resolve_fks=False)

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
    put("folder", id=1, account_id=1, name="INBOX", role="inbox", total=_MANY + 2)
    put("entity", id=1, kind="sales_order", code="2026/7", code_folded="2026/7", number="7")
    times = [_AT] * _MANY + [_AT - timedelta(days=1), datetime(1950, 1, 1, tzinfo=UTC)]
    for number, at in enumerate(times, 1):
        put(
            "message",
            id=number,
            thread_id=number,
            content_hash=f"hash{number}",
            subject=f"Ordine {number}",
            sender_name="Bruno Rossi",
            sender_address="rossi@x.it",
            recipients="Vendite",
            recipient_addresses="vendite@noi.it capo@noi.it",
            copy_addresses="capo@noi.it",
            received_at=at,
            size=2 ** number.bit_length(),
            kind="human",
        )
        put(
            "message_text",
            message_id=number,
            subject=f"Ordine {number}",
            people="Bruno Rossi",
            body=f"perché no{number}",
            attachment_names="listino.pdf" if number == 5 else "",
        )
        put("placement", id=number, message_id=number, folder_id=1, received_at=at, remote="")
    put("link", id=1, message_id=9, entity_id=1, received_at=_AT, state="confirmed", at=_AT)


def _found(database: Database, query: str) -> list[int]:
    rows = database.read_now(search, 1, parse(query, NOW, UTC), limit=1000)
    return [row.message_id for row in rows]


def _positions(session: Session) -> list[int]:
    return list(session.scalars(sa.text("SELECT position FROM message ORDER BY position")))


def test_mail_that_is_there_is_found_newest_first(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(_as_before)
    prepare(database)
    newest_first = [*range(_MANY, 0, -1), _MANY + 1, _MANY + 2]
    assert _found(database, "perche* in:INBOX") == newest_first
    assert _found(database, "ordine") == newest_first
    for query in ("subject:5 listino", "filename:listino", "no5"):
        assert _found(database, query) == [5]
    for query in ("from:rossi@x.it", "to:vendite@noi.it", "cc:capo@noi.it", "is:unread"):
        assert _found(database, query) == newest_first
    assert _found(database, "cc:vendite") == []
    assert _found(database, "order:2026/7") == [9]
    positions = database.read_now(_positions)
    assert positions[2] == first_position(_AT)
    assert len(set(positions)) == len(newest_first)
    found = database.read_now(agreement)
    assert (found.missing, found.orphaned) == (0, 0)
    database.close_now()


def _as_before_pairs(session: Session) -> None:
    """What is kept of words' order is all that `ts_delete` takes from them here."""
    session.connection().exec_driver_sql(
        "UPDATE message_words SET lexemes = ts_delete(lexemes, ARRAY(SELECT one"
        " FROM unnest(tsvector_to_array(lexemes)) AS one"
        " WHERE one = '·p' OR one >= chr(983040) COLLATE \"C\"))"
    )


def _upgraded_to_pairs(session: Session) -> None:
    """That step alone: mail is written by what knows the newest tables, none of which it changes."""
    step = import_module("tui_mail.db.migrations.versions.0007_pairs")
    with Operations.context(MigrationContext.configure(session.connection())):
        step.upgrade()


def test_phrases_are_found_in_mail_from_before_pairs_were_kept(
    empty_database_url: str,
) -> None:
    database = Database(empty_database_url)
    prepare(database)
    office = Office(database)
    texts = ("Conferma dell'ordine di ieri", "ordine senza conferma", "ordine di oggi")
    office.save(*(arrival(f"m{n}", f"1:{n}", text=text) for n, text in enumerate(texts)))
    if not database.is_sqlite:
        database.write_now(_as_before_pairs)
    database.write_now(_upgraded_to_pairs)
    office.save(arrival("new", "1:9", text="ordine di domani", minutes=9))
    assert len(_found(database, '"ordine di"')) == 3
    assert len(_found(database, '"ordine senza conferma"')) == 1
    assert len(_found(database, '"conferma ordine"')) == 0
    database.close_now()
