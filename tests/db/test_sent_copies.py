"""What a server has in the folder of sent mail is taken for the copy of a letter, and nothing else is."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text, update
from sqlmodel import Session, col

from tests.db.house import NOW, House, build
from tests.db.making import analyzed
from tui_mail.db import outbox, outbox_decisions, sent_copies
from tui_mail.db.bulk import insert_rows
from tui_mail.db.engine import Database
from tui_mail.db.folders import folder_for_role
from tui_mail.db.many import key_of
from tui_mail.db.outbox import Enqueue
from tui_mail.db.tables import Account, Operation, Outgoing, Placement
from tui_mail.values import FolderRole, Identity

_IDENTITY = Identity("1@rossi.it", 999, NOW)


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def _sent(house: House) -> int:
    """A letter that went, with its copy here alone; the folder of sent mail."""

    def write(session: Session) -> int:
        letter = outbox.enqueue(
            session,
            Enqueue(
                account_id=house.shared,
                operator_id=house.anna,
                raw=b"Subject: x\r\n\r\nciao\r\n",
                message_id=_IDENTITY.message_id,
                envelope_sender="vendite@rossi.it",
                recipients=("a@ferri.it",),
                not_before=NOW,
            ),
            NOW,
        )
        session.execute(
            update(Outgoing)
            .where(col(Outgoing.id) == letter.outgoing_id)
            .values(state="sent", sent_at=NOW)
        )
        return key_of(folder_for_role(session, house.shared, FolderRole.SENT).id)

    folder = house.database.write_now(write)
    house.message(folder=folder, header=_IDENTITY.message_id)
    return folder


def _keys(session: Session, folder_id: int) -> list[str]:
    return list(
        session.scalars(select(col(Placement.remote)).where(col(Placement.folder_id) == folder_id))
    )


def _take(house: House, folder: int, told: dict[str, Identity], days: int = 0) -> None:
    house.database.write_now(sent_copies.take, folder, told, NOW + timedelta(days=days))


def _account(session: Session, account_id: int) -> Account:
    found = session.get(Account, account_id)
    assert found is not None
    return found


def test_the_copy_of_a_letter_gets_the_key_of_the_servers(house: House) -> None:
    folder = _sent(house)
    assert house.database.read_now(sent_copies.are_awaited, folder, NOW)
    other = Identity("2@rossi.it", 999, NOW)
    _take(house, folder, {"1:7": other, "1:8": _IDENTITY})
    assert house.database.read_now(_keys, folder) == ["1:8"]
    assert house.database.read_now(_account, house.shared).files_sent_itself


def test_nothing_is_taken_for_a_letter_of_long_ago_or_elsewhere(house: House) -> None:
    folder = _sent(house)
    assert not house.database.read_now(sent_copies.are_awaited, folder, NOW + timedelta(days=9))
    assert not house.database.read_now(sent_copies.are_awaited, house.inbox, NOW)
    _take(house, folder, {"1:8": _IDENTITY}, days=9)
    _take(house, house.inbox, {"1:8": _IDENTITY})
    assert house.database.read_now(_keys, folder) == [""]


def test_a_marked_key_is_renewed_and_says_nothing_of_the_server(house: House) -> None:
    folder = _sent(house)
    _take(house, folder, {"1:8": _IDENTITY})
    house.database.write_now(sent_copies.learn, house.shared, server=False)

    def mark(session: Session) -> None:
        session.execute(
            update(Placement).where(col(Placement.folder_id) == folder).values(remote="? 1:8")
        )

    house.database.write_now(mark)
    _take(house, folder, {"2:1": _IDENTITY})
    assert house.database.read_now(_keys, folder) == ["2:1"]
    assert not house.database.read_now(_account, house.shared).files_sent_itself


def test_a_second_copy_takes_the_place_of_ours_which_is_deleted_there(house: House) -> None:
    folder = _sent(house)
    _take(house, folder, {"1:8": _IDENTITY})
    _take(house, folder, {"1:9": _IDENTITY})
    assert house.database.read_now(_keys, folder) == ["1:9"]

    def waiting(session: Session) -> list[tuple[Any, ...]]:
        rows = select(col(Operation.verb), col(Operation.remote)).where(
            col(Operation.folder_id) == folder, col(Operation.remote) != ""
        )
        return [tuple(row) for row in session.execute(rows)]

    assert house.database.read_now(waiting) == [("delete", "1:8")]


def test_a_letter_that_a_person_settles_waits_for_its_copy(house: House) -> None:
    _sent(house)

    def unknown(session: Session) -> int:
        session.execute(update(Outgoing).values(state="sending"))
        outbox.recover(session, house.shared, NOW)
        return key_of(session.scalars(select(col(Outgoing.id))).one())

    letter = house.database.write_now(unknown)
    assert house.database.read_now(outbox.unfiled, house.shared) == []
    house.database.write_now(outbox_decisions.settle_by_hand, house.anna, letter, NOW)
    [due] = house.database.read_now(outbox.unfiled, house.shared)
    assert due.id == letter
    house.database.write_now(outbox.note_filed, letter)
    assert house.database.read_now(outbox.unfiled, house.shared) == []


def test_what_is_sent_from_an_account_is_known_by_its_host(house: House) -> None:
    account = house.database.read_now(_account, house.shared)
    assert not sent_copies.server_files(account)
    account.smtp_host = "SMTP.gmail.com"
    assert sent_copies.server_files(account)
    account.sent_copies = "here"
    assert not sent_copies.server_files(account)


def test_letters_are_found_among_many_without_reading_them_all(house: House) -> None:
    folder = _sent(house)
    house.database.write_now(_many)
    for read in (
        lambda session: sent_copies.are_awaited(session, folder, NOW),
        lambda session: outbox.unfiled(session, house.shared),
        lambda session: sent_copies.take(session, folder, {}, NOW),
    ):
        for plan in house.database.read_now(_plans, read):
            assert "SCAN outgoing\n" not in plan, plan
            assert "SCAN message\n" not in plan, plan
            assert "Seq Scan on outgoing " not in plan, plan
            assert "Seq Scan on message " not in plan, plan


def _many(session: Session) -> None:
    rows = [
        {
            "account_id": 1 + number % 2,
            "message_id": f"many{number}@rossi.it",
            "raw": b"x",
            "state": "sent",
            "next_try": NOW,
            "created_at": NOW,
            "sent_at": NOW - timedelta(days=10 + number),
        }
        for number in range(3000)
    ]
    insert_rows(session, Outgoing, rows)
    analyzed(session)


def _plans(session: Session, read: Callable[[Session], object]) -> list[str]:
    connection = session.connection()
    told: list[tuple[str, Sequence[object]]] = []

    def note(
        _c: object, _cursor: object, sql: str, parameters: Sequence[object], *_: object
    ) -> None:
        told.append((sql, parameters))

    event.listen(connection, "before_cursor_execute", note)
    read(session)
    event.remove(connection, "before_cursor_execute", note)
    postgresql = session.get_bind().dialect.name == "postgresql"
    if postgresql:  # what it does with many more rows
        connection.execute(text("SET enable_seqscan = off"))
    explain = "EXPLAIN " if postgresql else "EXPLAIN QUERY PLAN "
    return [
        "\n".join(
            [sql, *(str(row[-1]) for row in connection.exec_driver_sql(explain + sql, given)), ""]
        )
        for sql, given in told
        if sql.startswith("SELECT")
    ]
