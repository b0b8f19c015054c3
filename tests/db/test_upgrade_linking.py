"""Databases with mail, links and records in them are told of what linking came to know since.

Nothing that is there is touched by it, and what is new is written and read from then on.
"""

from datetime import UTC, datetime
from typing import Any

from alembic import command
from sqlalchemy import MetaData, Table, insert, select
from sqlmodel import Session, col

from tests.db.test_upgrade_kept import row_of
from tui_mail.db import certified, erp, erp_concerned, erp_turns, filing, secrets
from tui_mail.db.engine import Database
from tui_mail.db.learned import learned
from tui_mail.db.schema import configuration
from tui_mail.db.tables import Entity, ErpSource, FiledThread, Folder, FolderRecord, Link, Message
from tui_mail.values import CertifiedState

_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)


def upgraded(session: Session, version: str) -> None:
    command.upgrade(configuration(session.connection()), version)


def tables(session: Session, *names: str) -> dict[str, Table]:
    found = MetaData()
    found.reflect(session.connection(), only=names)
    return {name: found.tables[name] for name in names}


def put(session: Session, table_name: str, /, **columns: Any) -> None:
    """A row of a table as it is at that version."""
    table = tables(session, table_name)[table_name]
    session.connection().execute(insert(table), row_of(table, **columns))


def furnished(session: Session, version: str) -> None:
    """An account with a folder, two messages, a customer and a link that a person confirmed."""
    upgraded(session, version)
    put(session, "account", id=1)
    put(session, "folder", id=1, account_id=1, name="Clienti/Ferri")
    for number in (1, 2):
        unique = {"content_hash": f"hash {number}", "message_id": f"{number}@test"}
        columns = tables(session, "message")["message"].columns
        place = {"position": number} if "position" in columns else {}
        put(session, "message", id=number, thread_id=number, **unique, **place)
    put(session, "entity", id=1, kind="customer", code="C1", title="Ferri")
    put(session, "erp_source", name="books", location="/books", cursor="7")
    columns = tables(session, "link")["link"].columns
    place = {"position": 1} if "position" in columns else {}
    said = {"state": "confirmed", "method": "hand", "operator_id": 1}
    put(session, "link", id=1, message_id=1, entity_id=1, **said, **place)


def kept(session: Session) -> tuple[list[int | None], list[tuple[int, str]], list[str]]:
    """The messages, the links and the records that are there."""
    links = session.execute(select(col(Link.message_id), col(Link.state)))
    return (
        list(session.scalars(select(col(Message.id)).order_by(col(Message.id)))),
        [(row[0], row[1]) for row in links],
        list(session.scalars(select(col(Entity.code)))),
    )


_KEPT = ([1, 2], [(1, "confirmed")], ["C1"])


def test_letters_are_signed_with_a_secret_that_is_made_once(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(furnished, "0011")
    database.write_now(upgraded, "0012")
    first = database.write_now(secrets.made_letter_key)
    assert first
    assert database.write_now(secrets.made_letter_key) == first
    database.write_now(upgraded, "head")
    assert database.read_now(secrets.letter_key) == first
    assert database.read_now(kept) == _KEPT
    database.close_now()


def test_receipts_of_certified_mail_are_kept(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(furnished, "0013")
    database.write_now(upgraded, "0014")

    def receipt(session: Session) -> None:
        put(
            session,
            "certified_report",
            message_id=2,
            address="a@pec.it",
            letter="1@test",
            identifier="x",
            state="delivered",
            at=_AT,
        )

    database.write_now(receipt)
    found = database.read_now(certified.states, {"1@test": ["a@pec.it"]})
    assert found == {"1@test": (CertifiedState("a@pec.it", "delivered", "x"),)}
    database.write_now(upgraded, "head")
    assert database.read_now(certified.states, {"1@test": ["a@pec.it"]}) == found
    assert database.read_now(kept) == _KEPT
    database.close_now()


def test_addresses_are_learnt_from_what_people_say_after_it(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(furnished, "0014")
    database.write_now(upgraded, "0015")
    database.write_now(put, "learned_address", email="a@b.it", entity_id=1, times=2)
    database.write_now(upgraded, "head")
    (party,) = database.read_now(learned, {"a@b.it"})["a@b.it"]
    assert (party.party_id, party.times) == (1, 2)
    assert database.read_now(kept) == _KEPT
    database.close_now()


def test_places_of_the_erp_are_read_in_turns(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(furnished, "0017")
    database.write_now(upgraded, "0018")

    def place(session: Session) -> tuple[object, ...]:
        names = ("name", "location", "cursor", "token", "tried_at", "until")
        return tuple(session.execute(select(*(getattr(ErpSource, one) for one in names))).one())

    assert database.read_now(place) == ("books", "/books", "7", 0, None, None)
    assert database.read_now(erp_concerned.count_waiting) == 0
    database.write_now(erp_concerned.keep_waiting, [1])
    assert database.read_now(erp_concerned.waiting, None) == [1]
    database.write_now(upgraded, "head")
    assert database.write_now(erp_turns.claim, "books", _AT) == 1
    assert database.read_now(erp_concerned.waiting, None) == [1]
    assert [one.name for one in database.read_now(erp.sources)] == ["books"]
    assert database.read_now(kept) == _KEPT
    database.close_now()


def test_folders_stand_for_nothing_until_somebody_says_so(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    database.write_now(furnished, "0019")
    database.write_now(upgraded, "head")

    def placed(session: Session) -> None:
        put(
            session,
            "placement",
            id=1,
            message_id=1,
            folder_id=1,
            thread_id=1,
            position=1,
            deleted=False,
        )

    database.write_now(placed)
    assert database.read_now(filing.folders_of, [1, 2]) == {}

    def stand(session: Session) -> None:
        session.add(FolderRecord(folder_id=1, entity_id=1, at=_AT))
        session.add(FiledThread(thread_id=1))

    database.write_now(stand)
    (known,) = database.read_now(filing.folders_of, [1, 2])[1]
    assert (known.name, known.entity_id) == ("Clienti/Ferri", 1)

    def without_folder(session: Session) -> list[FolderRecord]:
        session.delete(session.get(Folder, 1))
        session.flush()
        return list(session.scalars(select(FolderRecord)))

    assert database.write_now(without_folder) == []
    assert database.read_now(kept) == _KEPT
    database.close_now()
