"""Rows in numbers are the same rows on both databases, whatever is in them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlmodel import col

from tui_mail.db.bulk import insert_numbered, insert_rows
from tui_mail.db.engine import Database
from tui_mail.db.tables import Blob, Event, Message, MessageSource, Thread

_AT = datetime(2026, 11, 24, 10, 0, 0, 123456, tzinfo=UTC)
_HOSTILE = ('{"a",b}', "\\", "NULL", "", "a\0b", "\ud800", "'; --", "見積\n書", "{}", " ")


def _message(number: int, subject: str) -> dict[str, object]:
    empty = dict.fromkeys(
        (
            "message_id",
            "in_reply_to",
            "references",
            "sender_name",
            "sender_address",
            "recipients",
            "recipient_addresses",
            "copy_addresses",
            "reply_addresses",
        ),
        "",
    )
    return {
        **empty,
        "content_hash": f"{number}",
        "thread_id": 1,
        "subject": subject,
        "date": _AT if number % 2 else None,
        "received_at": _AT,
        "position": number,
        "size": 2**31 - 1,
        "kind": "human",
        "attachment_count": 0,
        "outgoing": number % 2 == 0,
    }


def test_ids_come_in_the_order_of_the_rows(database: Database) -> None:
    rows = [_message(number, text) for number, text in enumerate(_HOSTILE)]
    ids = database.write_now(insert_numbered, Message, rows)
    assert ids == sorted(ids)
    columns = (col(Message.id), col(Message.subject), col(Message.date), col(Message.outgoing))
    found = {
        row.id: (row.subject, row.date, row.outgoing)
        for row in database.read_now(lambda s: s.execute(select(*columns)).all())
    }
    for identifier, number in zip(ids, range(len(rows)), strict=True):
        subject, date, outgoing = found[identifier]
        kept = _HOSTILE[number].replace("\0", "\ufffd").replace("\ud800", "?")
        assert (subject, date, outgoing) == (kept, rows[number]["date"], number % 2 == 0)
    (following,) = database.write_now(insert_numbered, Message, [_message(99, "")])
    assert following > ids[-1]


def test_an_hour_that_comes_twice_is_two(database: Database) -> None:
    zone = ZoneInfo("Europe/Rome")
    times = [datetime(2024, 10, 27, 2, 30, tzinfo=zone, fold=fold) for fold in (0, 1)]
    rows = [{**_message(number, ""), "received_at": at} for number, at in enumerate(times)]
    database.write_now(insert_numbered, Message, rows)
    query = select(col(Message.received_at)).order_by(col(Message.position))
    kept = [datetime(2024, 10, 27, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    assert database.read_now(lambda session: list(session.scalars(query))) == kept


def test_an_id_is_never_given_again(database: Database) -> None:
    """The audit trail and programs keep ids of messages that are gone."""
    (first, last) = database.write_now(insert_numbered, Message, [_message(1, ""), _message(2, "")])
    database.write_now(lambda s: s.execute(delete(Message)))
    (after,) = database.write_now(insert_numbered, Message, [_message(3, "")])
    assert first < last < after


def test_bytes_come_back_as_they_were(database: Database) -> None:
    rows = [_message(number, "") for number in range(3)]
    ids = database.write_now(insert_numbered, Message, rows)
    kept = [bytes(range(256)), b"", b'\\x00"{},']
    sources = [{"message_id": i, "skeleton": one} for i, one in zip(ids, kept, strict=True)]
    database.write_now(insert_rows, MessageSource, sources)
    query = select(col(MessageSource.skeleton)).order_by(col(MessageSource.message_id))
    assert database.read_now(lambda s: list(s.scalars(query))) == kept


def test_what_rows_do_not_name_is_what_a_new_record_has(database: Database) -> None:
    names = ("content_hash", "message_id", "thread_id", "received_at", "position")
    row = _message(1, "")
    (key,) = database.write_now(insert_numbered, Message, [{name: row[name] for name in names}])
    found = database.read_now(lambda session: session.get(Message, key))
    assert found is not None
    assert (found.subject, found.kind, found.size, found.outgoing) == ("", "human", 0, False)
    assert found.date is None


def test_no_rows_are_no_statement(database: Database) -> None:
    assert database.write_now(insert_numbered, Event, []) == []
    database.write_now(insert_rows, Blob, [])
    database.write_now(insert_rows, Thread, [{"id": 7}])
    assert database.read_now(lambda s: s.get(Thread, 7)) is not None
