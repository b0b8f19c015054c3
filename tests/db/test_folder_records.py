"""Folders that stand for a record: who may say so, how it is taken back, and what names propose."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from tests.db.house import BIANCHI, FERRI, NOW, ORDER, House, build
from tui_mail.db import accounts, filing, folder_records, folder_verbs, links, undoing
from tui_mail.db.counters import refresh
from tui_mail.db.engine import Database
from tui_mail.db.link_store import write_links
from tui_mail.db.many import key_of
from tui_mail.db.tables import Folder, Message, Placement
from tui_mail.errors import NotAllowed, NotFound, WrongUse
from tui_mail.linking.reasons import in_folder, kept
from tui_mail.values import Reference


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def folder(house: House, name: str, account: int = 0) -> int:
    """A folder of the shared account, or of another."""

    def make(session: Session) -> int:
        row = Folder(account_id=account or house.shared, name=name)
        session.add(row)
        session.flush()
        return key_of(row.id)

    return house.database.write_now(make)


def stand_for(house: House, folder_id: int, reference: Reference, who: int = 0) -> None:
    house.database.write_now(
        folder_records.stand_for, who or house.anna, folder_id, house.ids[reference], NOW
    )


def records(house: House, who: int = 0) -> dict[int, str]:
    found = house.database.read_now(folder_records.folder_records, who or house.anna)
    return {key: row.code for key, row in found.items()}


def waiting(house: House) -> list[int]:
    """The conversations that are to be linked anew, which are not after that."""
    return house.database.write_now(filing.take, 100)


def put(house: House, message: int, folder_id: int) -> None:
    """As every verb does that puts a message somewhere."""

    def write(session: Session) -> None:
        row = session.get(Message, message)
        assert row is not None
        session.add(
            Placement(
                message_id=message,
                folder_id=folder_id,
                thread_id=row.thread_id,
                received_at=row.received_at,
                position=row.position,
            )
        )
        session.flush()
        refresh(session, {(folder_id, row.thread_id)})

    house.database.write_now(write)


def test_a_folder_stands_for_what_was_said_last_until_it_is_taken_back(house: House) -> None:
    ferri = folder(house, "Clienti/Ferri")
    stand_for(house, ferri, FERRI)
    stand_for(house, ferri, ORDER)
    assert records(house) == {ferri: ORDER.code}
    undo, later = undoing.undo, NOW + timedelta(minutes=1)
    said = house.database.write_now(undo, house.anna, later)
    assert "Clienti/Ferri" in str(said)
    assert records(house) == {ferri: FERRI.code}
    house.database.write_now(undo, house.anna, later)
    assert records(house) == {}
    house.database.write_now(undoing.redo, house.anna, later)
    assert records(house) == {ferri: FERRI.code}
    house.database.write_now(folder_records.stand_for_none, house.anna, ferri, later)
    assert records(house) == {}
    with pytest.raises(NotFound):
        house.database.write_now(folder_records.stand_for_none, house.anna, ferri, later)


def test_who_only_reads_may_not_say_so_and_nobody_of_the_inbox(house: House) -> None:
    ferri, own = folder(house, "Ferri"), folder(house, "Ferri", house.private)
    with pytest.raises(NotAllowed):
        stand_for(house, ferri, FERRI, house.bruno)
    with pytest.raises(NotAllowed):
        stand_for(house, own, FERRI, house.bruno)
    with pytest.raises(WrongUse):
        stand_for(house, house.inbox, FERRI)
    with pytest.raises(NotFound):
        house.database.write_now(folder_records.stand_for, house.anna, 999, 1, NOW)
    with pytest.raises(NotFound):
        house.database.write_now(folder_records.stand_for, house.anna, ferri, 999, NOW)
    stand_for(house, own, FERRI)
    stand_for(house, ferri, BIANCHI)
    assert records(house, house.bruno) == {ferri: BIANCHI.code}


def test_what_is_put_there_waits_to_be_linked_and_what_lies_elsewhere_does_not(
    house: House,
) -> None:
    ferri = folder(house, "Ferri")
    first, second = house.message(), house.message()
    put(house, first, ferri)
    assert waiting(house) == []
    stand_for(house, ferri, FERRI)
    assert waiting(house) == [house.thread_of(first)]
    put(house, second, ferri)
    assert waiting(house) == [house.thread_of(second)]
    assert waiting(house) == []
    found = house.database.read_now(filing.folders_of, [first, second, house.message()])
    assert {key: [one.name for one in there] for key, there in found.items()} == {
        first: ["Ferri"],
        second: ["Ferri"],
    }
    assert found[first][0].party_id == house.ids[FERRI]


def test_what_is_marked_as_deleted_does_not_lie_there_any_more(house: House) -> None:
    ferri = folder(house, "Ferri")
    stand_for(house, ferri, ORDER)
    message = house.message(folder=ferri)
    (known,) = house.database.read_now(filing.folders_of, [message])[message]
    assert (known.party_id, known.party_name) == (house.ids[FERRI], "Ferri Impianti Srl")

    def delete(session: Session) -> None:
        for one in session.exec(select(Placement).where(col(Placement.message_id) == message)):
            one.deleted = True

    house.database.write_now(delete)
    assert house.database.read_now(filing.folders_of, [message]) == {}


def test_a_deleted_folder_that_comes_back_stands_for_what_it_stood_for(house: House) -> None:
    ferri = folder(house, "Ferri", house.private)
    stand_for(house, ferri, FERRI)
    message = house.message(folder=ferri)
    house.database.write_now(folder_verbs.remove_folder, house.anna, ferri, NOW)
    assert waiting(house) == [house.thread_of(message)]
    assert house.database.read_now(filing.folders_of, [message]) == {}
    house.database.write_now(undoing.undo, house.anna, NOW)
    assert list(records(house).values()) == [FERRI.code]
    assert waiting(house) == [house.thread_of(message)]
    assert list(house.database.read_now(filing.folders_of, [message])) == [message]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("Clienti/Ferri Impianti Srl", [(FERRI, False)]),
        ("ferri impianti SRL", [(FERRI, False)]),
        ("Clienti/C107", [(FERRI, True)]),
        ("Ordini/2026/119", [(ORDER, True)]),
        ("Ordini/2026-119", [(ORDER, True)]),
        ("2026_119", [(ORDER, True)]),
        ("Ferri", []),
        ("119", []),
        ("Varie", []),
    ],
)
def test_folders_that_are_called_as_a_record_is_are_proposed(
    house: House, name: str, found: list[tuple[Reference, bool]]
) -> None:
    here = folder(house, name)
    alike = house.database.read_now(folder_records.proposed, house.anna)
    assert [(one.record.id, one.by_code) for one in alike] == [
        (house.ids[reference], by_code) for reference, by_code in found
    ]
    assert all(one.folder.folder_id == here for one in alike)
    assert records(house) == {}
    if found:
        stand_for(house, here, found[0][0])
        assert house.database.read_now(folder_records.proposed, house.anna) == []


def test_the_name_of_a_folder_is_not_for_who_may_not_read_it(house: House) -> None:
    own = folder(house, "Causa contro Ferri", house.private)
    message = house.message()
    put(house, message, own)
    why = kept(in_folder(own, "Causa contro Ferri"))
    row = {
        "message_id": message,
        "entity_id": house.ids[FERRI],
        "received_at": NOW,
        "operator_id": None,
        "at": NOW,
        "state": "automatic",
        "method": "folder",
        "score": 99,
        "why": why,
        "found_in": "Causa contro Ferri",
    }
    house.database.write_now(write_links, [row], [], [])
    (mine,) = house.database.read_now(links.links_of, house.anna, message)
    assert "Causa contro Ferri" in mine.why
    assert mine.found_in == "Causa contro Ferri"
    (theirs,) = house.database.read_now(links.links_of, house.bruno, message)
    assert (theirs.why, theirs.found_in) == ("it lies in a folder that stands for it", "")


def test_what_lay_in_the_folder_of_an_account_that_is_gone_is_linked_anew(house: House) -> None:
    ferri = folder(house, "Ferri", house.private)
    stand_for(house, ferri, FERRI)
    message = house.message()
    put(house, message, ferri)
    assert waiting(house) == [house.thread_of(message)]
    house.database.write_now(accounts.remove_account, house.anna, "anna@rossi.it")
    assert waiting(house) == [house.thread_of(message)]
    assert house.database.read_now(filing.folders_of, [message]) == {}
