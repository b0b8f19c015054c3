"""Records of the ERP are read again and again, and the mail that they concern is linked anew."""

import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlmodel import Session, col, select

from tests.db.house import BIANCHI, FERRI, INVOICE, NOW, ORDER, House, build, changes
from tui_mail.db import erp, erp_concerned, erp_turns, word_index
from tui_mail.db.engine import Database
from tui_mail.db.tables import Entity, ErpSource, Link, MessageText
from tui_mail.errors import Offline, TryLater, TurnLost
from tui_mail.values import EntityRecord, ErpChanges, LineRecord
from tui_mail.worker.records import refresh, refresh_due


@dataclass
class Books:
    """An ERP of a test: what it says, and what happens while it is asked."""

    says: ErpChanges
    meanwhile: Callable[[], None] = field(default=lambda: None)
    asked: int = 0

    def changes(self, cursor: str) -> ErpChanges:
        self.asked += 1
        self.meanwhile()
        if cursor and cursor == self.says.cursor:
            return ErpChanges(cursor=cursor, complete=False)
        return self.says

    def document(self, company: str, kind: str, code: str) -> Sequence[LineRecord]:
        return ()

    def search(self, text: str) -> Sequence[EntityRecord]:
        return ()

    def url(self, company: str, kind: str, code: str) -> str:
        return ""


def _quiet(_text: str) -> None:
    """Nothing is told."""


def _read(database: Database, books: Books) -> dict[str, tuple[int, ...]]:
    done = refresh(database, books, "books", "", _quiet)
    return {one.kind: (one.read, one.new, one.changed, one.gone) for one in done.counts}


def _source(database: Database) -> ErpSource:
    found = database.read_now(erp.source, "books")
    assert found is not None
    return found


@pytest.fixture
def books(database: Database) -> Books:
    database.write_now(erp.add_source, "books", "/srv/books")
    return Books(changes())


def _everything(session: Session) -> list[tuple[str, str, bool, int | None]]:
    query = select(col(Entity.kind), col(Entity.code), col(Entity.gone), col(Entity.party_id))
    return [
        tuple(row) for row in session.execute(query.order_by(col(Entity.kind), col(Entity.code)))
    ]


def test_piece_by_piece_gives_what_one_transaction_gives(
    database: Database, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_mail.worker.records._PIECE", 1)
    first = _read(database, books)
    assert {kind: (read, new) for kind, (read, new, *_rest) in first.items()} == {
        kind: (new, new) for kind, (_read, new, *_rest) in first.items()
    }
    before = database.read_now(_everything)
    again = database.write_now(erp.take, "books", changes(), NOW)
    assert not [one for one in again if one.new or one.changed or one.gone]
    assert database.read_now(_everything) == before
    assert _source(database).cursor == books.says.cursor


def test_only_a_whole_reading_takes_anything_for_gone(database: Database, books: Books) -> None:
    _read(database, books)
    fewer = tuple(one for one in books.says.entities if one.kind != "sales_order")
    books.says = replace(books.says, entities=fewer, complete=False, cursor="2")
    assert "sales_order" not in _read(database, books)
    books.says = replace(books.says, complete=True, cursor="3")
    assert _read(database, books)["sales_order"][3] == 1
    assert database.read_now(erp.entity, ORDER).gone


def test_what_is_cut_off_is_taken_up_again_and_nothing_is_doubled(
    database: Database, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_mail.worker.records._PIECE", 1)

    class Cut(Exception):
        pass

    said = iter(range(100))

    def cut(_text: str) -> None:
        if next(said) == 3:
            raise Cut

    with pytest.raises(Cut):
        refresh(database, books, "books", "", cut)
    assert not _source(database).cursor
    some = len(database.read_now(_everything))
    _read(database, books)
    every = database.read_now(_everything)
    assert 0 < some < len(every) == len(books.says.entities)


def test_a_changed_record_is_linked_anew_with_the_mail_that_names_it(database: Database) -> None:
    house = build(database)
    database.write_now(erp.add_source, "books", "/srv/books")
    while waiting := database.read_now(erp_concerned.waiting, None):
        database.write_now(erp_concerned.done_waiting, waiting)
    message = house.message(
        sender_address="l.ferri@ferri.it", subject="Ordine 2026/119", recipients="vendite"
    )
    assert message
    number = database.read_now(erp.entity, INVOICE).id
    assert database.read_now(erp_concerned.concerned, [number]) == []
    database.write_now(_link, message, number)
    assert database.read_now(erp_concerned.concerned, [number]) == [message]


def test_much_new_mail_of_one_record_does_not_hide_the_old_of_another(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erp_concerned, "_MOST", 2)
    house = build(database)
    old = _said(house, "Ordine 2026/119", sender_address="x@gmail.com")
    new = [
        _said(house, f"Numero {n}", minutes=n, sender_address="x@bianchi.it") for n in range(1, 5)
    ]
    ids = [database.read_now(erp.entity, one).id for one in (ORDER, BIANCHI)]
    assert database.read_now(erp_concerned.concerned, ids) == [old, *new[-2:]]


def _said(house: House, subject: str, **columns: Any) -> int:
    """A message that is found by its words."""
    message = house.message(subject=subject, **columns)

    def add(session: Session) -> None:
        session.add(
            MessageText(message_id=message, subject=subject, sender=columns["sender_address"])
        )
        session.flush()
        word_index.renew(session, [message])

    house.database.write_now(add)
    return message


def _link(session: Session, message_id: int, entity_id: int) -> None:
    session.add(
        Link(
            message_id=message_id,
            entity_id=entity_id,
            received_at=NOW,
            position=1,
            state="automatic",
            method="number",
            at=NOW,
        )
    )


def test_of_two_processes_one_reads(database: Database, books: Books) -> None:
    token = database.write_now(erp_turns.claim, "books", datetime.now(UTC))
    assert token
    with pytest.raises(TryLater):
        _read(database, books)
    assert not database.read_now(_everything)
    database.write_now(erp_turns.give_back, "books", token)
    _read(database, books)
    assert books.asked == 1
    assert not _source(database).process


def test_who_was_overtaken_writes_nothing(database: Database, books: Books) -> None:
    def overtaken() -> None:
        later = datetime.now(UTC) + erp_turns.LASTING + timedelta(seconds=1)
        thread = threading.Thread(target=database.write_now, args=(erp_turns.claim, "books", later))
        thread.start()
        thread.join()

    books.meanwhile = overtaken
    with pytest.raises(TurnLost):
        _read(database, books)
    assert not database.read_now(_everything)


def test_the_turn_of_a_process_that_is_dead_is_over(database: Database, books: Books) -> None:
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    assert database.write_now(erp_turns.claim, "books", datetime.now(UTC))
    database.write_now(_as_of, child)
    _read(database, books)
    assert books.asked == 1


def _as_of(session: Session, process: int) -> None:
    source = session.get(ErpSource, "books")
    assert source is not None
    source.host, source.process = socket.gethostname(), process
    session.add(source)


def test_an_erp_that_is_down_keeps_its_records_and_says_why(
    database: Database, books: Books
) -> None:
    _read(database, books)

    def down() -> None:
        raise Offline("erp.example is not reached.")

    books.meanwhile = down
    refresh_due(database, lambda _place, _mapping: books, timedelta(0))
    source = _source(database)
    assert source.last_error == "erp.example is not reached."
    assert source.last_success is not None
    assert database.read_now(erp.entity, FERRI).title


def test_a_place_is_read_when_it_is_due(database: Database, books: Books) -> None:
    def connect(_place: str, _mapping: str) -> Books:
        return books

    refresh_due(database, connect, timedelta(minutes=15))
    refresh_due(database, connect, timedelta(minutes=15))
    assert books.asked == 1
    refresh_due(database, connect, timedelta(0))
    assert books.asked == 2


def test_amounts_that_change_are_taken(database: Database, books: Books) -> None:
    _read(database, books)
    entities = tuple(
        replace(one, amount=Decimal(77)) if one.kind == "sales_order" else one
        for one in books.says.entities
    )
    books.says = replace(books.says, entities=entities, cursor="2")
    assert _read(database, books)["sales_order"][2] == 1
    assert database.read_now(erp.entity, ORDER).amount == 77
