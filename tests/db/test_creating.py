"""Records out of messages: kept as ours, linked, not touched by a refresh, taken back whole."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import Session

from tests.db.house import BIANCHI, COMPANY, FERRI, NOW, House, build, changes
from tui_mail.db import creating, erp, links, undoing
from tui_mail.db.address_book import acquaintances
from tui_mail.db.creating import NewRecord
from tui_mail.db.engine import Database
from tui_mail.db.rows import EntityRow
from tui_mail.db.tables import Address, Entity, Link
from tui_mail.errors import NotAllowed, WrongData
from tui_mail.values import LOCAL_SOURCE


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def make(house: House, message: int, record: NewRecord) -> EntityRow:
    made = house.database.write_now(creating.create, house.anna, message, record, NOW)
    return house.database.read_now(erp.entity_by_id, made)


def contact(house: House) -> NewRecord:
    details = {"phone": "051 1", "role": ""}
    return NewRecord("contact", "Ada Neri", house.ids[BIANCHI], " Ada@Neri.it ", details=details)


def linked(house: House, message: int) -> list[tuple[str, str, str]]:
    rows = house.database.read_now(links.links_of, house.anna, message)
    return sorted((row.kind, row.title, row.state) for row in rows)


def test_a_contact_is_of_its_firm_and_its_address_is_known(house: House) -> None:
    message = house.message(sender_address="ada@neri.it")
    row = make(house, message, contact(house))
    assert (row.kind, row.title, row.company, row.source) == (
        "contact",
        "Ada Neri",
        COMPANY,
        LOCAL_SOURCE,
    )
    assert (row.party, row.details) == ("Bianchi Spa", {"phone": "051 1"})
    assert linked(house, message) == [
        ("contact", "Ada Neri", "confirmed"),
        ("customer", "Bianchi Spa", "confirmed"),
    ]
    known = house.database.read_now(acquaintances, house.anna, ["ada@neri.it"])
    assert known["ada@neri.it"].party == "Bianchi Spa"


def test_undo_takes_all_of_it_back_and_redo_makes_it_again(house: House) -> None:
    def everything(session: Session) -> list[str]:
        rows = [
            *session.scalars(select(Entity)),
            *session.scalars(select(Address)),
            *session.scalars(select(Link)),
        ]
        return sorted(
            repr(row.model_dump(exclude=set() if isinstance(row, Entity) else {"id"}))
            for row in rows
        )

    message = house.message(sender_address="ada@neri.it")
    before = house.database.read_now(everything)
    for record in (
        contact(house),
        NewRecord("activity", "Richiamare", house.ids[FERRI], due=NOW.date()),
        NewRecord("lead", "Neri Snc", address="ada@neri.it"),
    ):
        make(house, message, record)
        after = house.database.read_now(everything)
        house.database.write_now(undoing.undo, house.anna, NOW)
        assert house.database.read_now(everything) == before
        house.database.write_now(undoing.redo, house.anna, NOW)
        assert house.database.read_now(everything) == after
        house.database.write_now(undoing.undo, house.anna, NOW)
        assert house.database.read_now(everything) == before


def test_a_refresh_of_the_erp_leaves_it_alone(house: House) -> None:
    made = make(house, house.message(), contact(house))
    house.database.write_now(erp.take, "books", replace(changes(), cursor="2"), NOW)
    assert house.database.read_now(erp.entity_by_id, made.id) == made
    known = house.database.read_now(acquaintances, house.anna, ["ada@neri.it"])
    assert known["ada@neri.it"].party == "Bianchi Spa"


def test_each_has_a_code_of_its_own(house: House) -> None:
    lead = NewRecord("lead", "Neri Snc")
    codes = [make(house, house.message(), lead).code for _one in range(3)]
    assert codes == ["+1", "+2", "+3"]


@pytest.mark.parametrize(
    "record",
    [
        NewRecord("invoice", "88"),
        NewRecord("lead", "  "),
        NewRecord("lead", "Neri", address="neri"),
        NewRecord("lead", "Neri", address="@neri.it"),
        NewRecord("contact", "Ada Neri"),
    ],
)
def test_what_can_be_none_is_refused(house: House, record: NewRecord) -> None:
    message = house.message()
    with pytest.raises(WrongData):
        house.database.write_now(creating.create, house.anna, message, record, NOW)
    assert linked(house, message) == []


def test_who_may_only_read_makes_nothing(house: House) -> None:
    message = house.message()
    lead = NewRecord("lead", "Neri Snc", address="ada@neri.it")
    with pytest.raises(NotAllowed):
        house.database.write_now(creating.create, house.bruno, message, lead, NOW)
    known = house.database.read_now(acquaintances, house.anna, ["ada@neri.it"])
    assert not known["ada@neri.it"].known
