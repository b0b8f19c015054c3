"""A company without a CRM sees nothing of one; its records are there all the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date as Day
from decimal import Decimal

import pytest

from tests.db.house import COMPANY, FERRI, NOW, ORDER, House, build, changes
from tui_mail.db import agenda, cards, creating, erp, links, saved_searches
from tui_mail.db.address_book import acquaintances, suggest
from tui_mail.db.creating import NewRecord
from tui_mail.db.engine import Database
from tui_mail.db.record_names import records_named
from tui_mail.db.rows import EntityRow
from tui_mail.errors import NotFound, WrongData, WrongUse
from tui_mail.search.tree import OfRecord
from tui_mail.values import (
    CRM_KINDS,
    AddressRecord,
    Crm,
    EntityRecord,
    Reference,
    RelationRecord,
)

LEAD = Reference("lead", "L1", COMPANY)
OFFER = Reference("offer", "2026/7", COMPANY)
TALKS = Reference("opportunity", "OPP1", COMPANY)
CALL = Reference("activity", "ACT1", COMPANY)
QUOTE = Reference("quote", "2026/9", COMPANY)
NO_CRM = Crm(everywhere=False)


def crm_records() -> tuple[EntityRecord, ...]:
    def record(reference: Reference, party: Reference | None, title: str = "") -> EntityRecord:
        return EntityRecord(
            company=COMPANY, kind=reference.kind, code=reference.code, title=title, party=party,
            date=Day(2026, 11, 2), amount=Decimal(7), currency="EUR", state="open",
        )  # fmt: skip

    return (
        record(LEAD, None, "Verdi Impianti"),
        record(OFFER, FERRI),
        record(TALKS, FERRI, "Pompe"),
        record(CALL, FERRI, "Richiamare"),
        replace(
            record(QUOTE, LEAD), details={"opportunity": TALKS.code, "document": "offer:2026/7"}
        ),
    )


@pytest.fixture
def house(database: Database) -> House:
    found = build(database)
    usual = changes()
    more = changes(
        entities=(*usual.entities, *crm_records()),
        addresses=(*usual.addresses, AddressRecord(COMPANY, "anna@verdi.it", LEAD)),
        relations=(*usual.relations, RelationRecord(COMPANY, OFFER, ORDER)),
    )
    database.write_now(erp.take, "books", more, NOW)
    return found


@pytest.fixture
def without(house: House) -> Iterator[Database]:
    found = Database(house.database.url, NO_CRM)
    yield found
    found.close_now()


def known(database: Database, reference: Reference) -> EntityRow:
    return database.read_now(erp.entity, reference)


def kinds(database: Database, text: str) -> set[str]:
    return {row.kind for row in database.read_now(erp.find_entities, text)}


def test_pickers_and_names_find_none(house: House, without: Database) -> None:
    for reference in (LEAD, OFFER, TALKS, CALL):
        known(house.database, reference)
        with pytest.raises(NotFound):
            known(without, reference)
    for text in ("verdi", "2026/7", "OPP1", "ferri", "ACT1"):
        assert set(CRM_KINDS) & kinds(house.database, text) or text == "ferri"
        assert not set(CRM_KINDS) & kinds(without, text)
    asked = OfRecord(("lead",), "verdi")
    assert house.database.read_now(records_named, asked)
    assert not without.read_now(records_named, asked)


def test_a_record_of_a_lead_is_shown_without_it(house: House, without: Database) -> None:
    assert known(house.database, QUOTE).party == "Verdi Impianti"
    alone = known(without, QUOTE)
    assert (alone.party, alone.party_id) == ("", None)
    message = house.message(sender_address="anna@verdi.it")
    house.database.write_now(links.add, house.anna, message, alone.id, now=NOW)
    (link,) = without.read_now(links.links_of, house.anna, message)
    assert (link.kind, link.party, link.party_id) == ("quote", "", None)


def test_a_card_names_none_in_its_details(house: House, without: Database) -> None:
    quote, today = known(house.database, QUOTE).id, NOW.date()
    named = house.database.read_now(cards.card, quote, today).entity.details
    assert named.keys() == {"opportunity", "document"}
    assert without.read_now(cards.card, quote, today).entity.details == {}


def test_cards_have_none(house: House, without: Database) -> None:
    party, order = known(house.database, FERRI).id, known(house.database, ORDER).id
    today = NOW.date()
    before = house.database.read_now(cards.card, party, today)
    assert {"offer", "opportunity", "activity"} <= {row.kind for row in before.open_documents}
    assert before.next_activity is not None
    assert before.next_activity.title == "Richiamare"
    after = without.read_now(cards.card, party, today)
    assert after.next_activity is None
    assert after.open_documents
    assert not set(CRM_KINDS) & {row.kind for row in after.open_documents}
    assert "offer" in {row.kind for row in house.database.read_now(cards.card, order, today).chain}
    assert "offer" not in {row.kind for row in without.read_now(cards.card, order, today).chain}


def test_links_are_hidden_and_come_back(house: House, without: Database) -> None:
    message = house.message(sender_address="anna@verdi.it")
    for reference in (LEAD, ORDER):
        entity = known(house.database, reference).id
        house.database.write_now(links.add, house.anna, message, entity, now=NOW)

    def shown(database: Database) -> tuple[set[str], set[str]]:
        rows = database.read_now(links.links_of, house.anna, message)
        chips = database.read_now(links.chips_for, [message])
        return {row.kind for row in rows}, {chip.kind for chip in chips[message]}

    for found in shown(without):
        assert "sales_order" in found
        assert "lead" not in found
    assert all("lead" in found for found in shown(house.database))


def test_the_address_book_and_the_agenda_have_none(house: House, without: Database) -> None:
    def party(database: Database) -> str:
        met = database.read_now(acquaintances, house.anna, ["anna@verdi.it"])
        return met["anna@verdi.it"].party

    assert party(house.database) == "Verdi Impianti"
    assert party(without) == ""
    assert house.database.read_now(suggest, house.anna, "verdi")
    assert not without.read_now(suggest, house.anna, "verdi")
    assert without.read_now(agenda.events, house.anna, NOW, NOW) is not None


def test_none_can_be_made(house: House, without: Database) -> None:
    message = house.message(sender_address="anna@verdi.it")
    assert without.read_now(creating.kinds_to_make, None) == []
    party = known(without, FERRI)
    assert without.read_now(creating.kinds_to_make, party) == ["contact"]
    with pytest.raises(WrongData):
        without.write_now(creating.create, house.anna, message, NewRecord("lead", "Neri"), NOW)


def test_no_operator_of_theirs_is_proposed(house: House, without: Database) -> None:
    def proposed(database: Database) -> str:
        with pytest.raises(WrongUse) as caught:
            database.read_now(saved_searches.understood, house.anna, "opportunty:1", NOW)
        return caught.value.message

    assert "opportunity" in proposed(house.database)
    assert "opportunity" not in proposed(without)


def test_one_company_works_with_a_crm_and_another_does_not(house: House) -> None:
    for companies, there in ((frozenset({COMPANY.lower()}), True), (frozenset({"neri"}), False)):
        database = Database(house.database.url, Crm(everywhere=False, companies=companies))
        assert ("lead" in kinds(database, "verdi")) is there
        database.close_now()
