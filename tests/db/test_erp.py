"""Records come in, are found again, and show their cards."""

from dataclasses import replace
from datetime import date as Day
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from tests.db.house import BIANCHI, COMPANY, DUE, FERRI, INVOICE, NOW, ORDER, House, build, changes
from tui_mail.db import cards, erp
from tui_mail.db.engine import Database
from tui_mail.db.tables import Address, DocumentLine, EntityRelation
from tui_mail.errors import NotFound, TuiMailError, WrongData, WrongUse
from tui_mail.values import (
    AddressRecord,
    EntityRecord,
    ErpChanges,
    LineRecord,
    Reference,
    RelationRecord,
)

TODAY = NOW.date()


@pytest.fixture
def house(database: Database) -> House:
    return build(database)


def counts(house: House, new: ErpChanges, source: str = "books") -> dict[str, tuple[int, ...]]:
    done = house.database.write_now(erp.take, source, new, NOW)
    return {one.kind: (one.read, one.new, one.changed, one.gone) for one in done}


def emails(house: House) -> list[str]:
    return house.database.read_now(
        lambda session: sorted(session.exec(select(Address.email)).all())
    )


def test_taking_the_same_again_changes_nothing(house: House) -> None:
    assert counts(house, changes()) == {
        "customer": (2, 0, 0, 0),
        "contact": (1, 0, 0, 0),
        "sales_order": (1, 0, 0, 0),
        "invoice": (1, 0, 0, 0),
        "due_item": (1, 0, 0, 0),
    }


def test_a_record_arrives_whole(house: House) -> None:
    row = house.database.read_now(erp.entity, ORDER)
    assert (row.title, row.party, row.party_kind, row.party_code) == (
        "Pompe e valvole",
        "Ferri Impianti Srl",
        "customer",
        "C107",
    )
    assert (row.amount, row.currency, row.date) == (Decimal(1204), "EUR", Day(2026, 11, 3))
    lines = house.database.read_now(erp.document_lines, row.id)
    assert [(one.line, one.article, one.price) for one in lines] == [
        (1, "P1", Decimal("400.5")),
        (2, "V1", Decimal("134.333")),
    ]


def test_what_is_missing_from_complete_changes_is_gone_and_comes_back(house: House) -> None:
    without = tuple(one for one in changes().entities if one.kind != "invoice")
    assert counts(house, changes(entities=without))["invoice"] == (0, 0, 0, 1)
    assert house.database.read_now(erp.entity, INVOICE).gone
    assert counts(house, changes(entities=without)).get("invoice") is None
    assert counts(house, changes())["invoice"] == (1, 0, 1, 0)
    assert not house.database.read_now(erp.entity, INVOICE).gone


def test_a_record_that_could_not_be_read_is_not_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither are its addresses, however many records there are."""
    book = emails(house)
    for whole_kind_from in (2_000, 0):
        monkeypatch.setattr("tui_mail.db.erp_save._WHOLE_KIND_FROM", whole_kind_from)
        for lost in (ORDER, BIANCHI):
            start = changes()
            some = changes(
                entities=tuple(one for one in start.entities if one.code != lost.code),
                addresses=tuple(one for one in start.addresses if one.party != lost),
                unread=(lost,),
            )
            outcome = house.database.write_now(erp.take, "books", some, NOW)
            assert not any(one.gone for one in outcome)
            assert not house.database.read_now(erp.entity, lost).gone
    assert emails(house) == book


def test_changes_since_a_cursor_leave_the_rest_alone(house: House) -> None:
    order = next(one for one in changes().entities if one.kind == "sales_order")
    some = ErpChanges(cursor="2", complete=False, entities=(replace(order, state="closed"),))
    assert counts(house, some) == {"sales_order": (1, 0, 1, 0)}
    assert house.database.read_now(erp.entity, ORDER).state == "closed"
    assert not house.database.read_now(erp.entity, INVOICE).gone


def test_another_source_closes_only_its_own_records(house: House) -> None:
    empty = ErpChanges(cursor="", complete=True)
    assert counts(house, empty, source="other") == {}
    assert counts(house, empty)["customer"] == (0, 0, 0, 2)


def test_changed_lines_replace_the_document_s_lines(house: House) -> None:
    other = (LineRecord(COMPANY, ORDER, 1, "X9"),)
    assert counts(house, changes(lines=other))["sales_order"] == (1, 0, 1, 0)
    lines = house.database.read_now(erp.document_lines, house.ids[ORDER])
    assert [one.article for one in lines] == ["X9"]


def test_addresses_follow_their_parties(house: House) -> None:
    assert emails(house) == [
        "@ferri.it",
        "acquisti@bianchi.it",
        "info@ferri.it",
        "l.ferri@ferri.it",
    ]
    counts(house, changes(addresses=changes().addresses[2:]))
    assert emails(house) == ["@ferri.it", "acquisti@bianchi.it"]


def test_a_party_given_since_a_cursor_comes_with_all_of_its_addresses(house: House) -> None:
    bianchi = next(one for one in changes().entities if one.code == BIANCHI.code)
    new = AddressRecord(COMPANY, "nuovo@bianchi.it", BIANCHI, primary=True)
    some = ErpChanges(cursor="2", complete=False, entities=(bianchi,), addresses=(new,))
    counts(house, some)
    assert emails(house) == ["@ferri.it", "info@ferri.it", "l.ferri@ferri.it", "nuovo@bianchi.it"]


def test_two_sources_may_know_the_same_address(house: House) -> None:
    same = ErpChanges(cursor="", complete=True, addresses=changes().addresses)
    counts(house, same, source="crm")
    assert len(emails(house)) == 4


def test_relations_that_the_erp_takes_back_go(house: House) -> None:
    counts(house, changes(relations=(RelationRecord(COMPANY, ORDER, INVOICE),)))
    found = house.database.read_now(lambda session: session.exec(select(EntityRelation)).all())
    assert [(one.source_id, one.target_id) for one in found] == [
        (house.ids[ORDER], house.ids[INVOICE])
    ]


def test_what_leads_to_a_record_that_could_not_be_read_stays(house: House) -> None:
    some = changes(
        entities=tuple(one for one in changes().entities if one.code != INVOICE.code),
        relations=(),
        unread=(INVOICE,),
    )
    counts(house, some)
    found = house.database.read_now(lambda session: session.exec(select(EntityRelation)).all())
    assert (house.ids[ORDER], house.ids[INVOICE]) in {
        (one.source_id, one.target_id) for one in found
    }


def test_references_to_nobody_are_left_empty(house: House) -> None:
    lost = EntityRecord(COMPANY, "quote", "2026/1", party=Reference("customer", "NONE"))
    relation = RelationRecord(COMPANY, Reference("quote", "2026/1"), Reference("quote", "2026/2"))
    line = LineRecord(COMPANY, Reference("quote", "2026/9"), 1)
    some = ErpChanges("", False, entities=(lost,), relations=(relation,), lines=(line,))
    counts(house, some)
    assert house.database.read_now(erp.entity, Reference("quote", "2026/1")).party_id is None


def test_hostile_values_are_taken_without_raising(house: House) -> None:
    odd = EntityRecord(
        COMPANY,
        "quote",
        "a\0b\ud800",
        title="t\0\ud800'; DROP TABLE entity",
        year=10**12,
        number="\0",
        amount=Decimal("NaN"),
        open_amount=Decimal("1e40"),
        currency="\0",
        details={"a\0": "b\ud800"},
    )
    line = LineRecord(
        COMPANY, Reference("quote", "a\0b\ud800"), 1, "\0", quantity=Decimal("Infinity")
    )
    assert counts(house, ErpChanges("", False, entities=(odd,), lines=(line,)))["quote"][1] == 1


def test_a_known_source_keeps_its_cursor_and_success(house: House) -> None:
    house.database.write_now(erp.add_source, "books", "/srv/erp")
    house.database.write_now(erp.source_failed, "books", "gone")
    assert [one.last_error for one in house.database.read_now(erp.sources)] == ["gone"]
    counts(house, changes())
    (source,) = house.database.read_now(erp.sources)
    assert (source.cursor, source.last_success, source.last_error) == ("1", NOW, "")
    house.database.write_now(erp.add_source, "books", "/srv/elsewhere")
    (source,) = house.database.read_now(erp.sources)
    assert (source.location, source.cursor) == ("/srv/elsewhere", "")


def test_an_erp_is_known_by_its_place_or_by_its_records(database: Database) -> None:
    assert not database.read_now(erp.knows_erp)
    database.write_now(erp.take, "import", changes(), NOW)
    assert database.read_now(erp.sources) == []
    assert database.read_now(erp.knows_erp)


def test_many_records_are_taken_and_taken_again(sqlite_database: Database) -> None:
    orders = tuple(
        EntityRecord(COMPANY, "sales_order", f"2026/{n}", number=str(n), party=FERRI)
        for n in range(20_000)
    )
    many = changes(entities=(*changes().entities[:2], *orders), lines=(), relations=())
    (_customers, first) = sqlite_database.write_now(erp.take, "books", many, NOW)
    assert (first.read, first.new) == (20_000, 20_000)
    (_customers, again) = sqlite_database.write_now(erp.take, "books", many, NOW)
    assert (again.read, again.changed) == (20_000, 0)


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("invoice:2026/88", Reference("invoice", "2026/88")),
        (" Invoice:2026/A/88@ROSSI ", Reference("invoice", "2026/A/88", "ROSSI")),
        ("due_item:2026/88#1", Reference("due_item", "2026/88#1")),
        ("customer:a@b@ROSSI", Reference("customer", "a@b", "ROSSI")),
        ("sales_order:x:y", Reference("sales_order", "x:y")),
    ],
)
def test_a_record_is_named_by_kind_code_and_company(text: str, reference: Reference) -> None:
    assert erp.parse_reference(text) == reference


@pytest.mark.parametrize("text", ["", "invoice", "invoice:", "bill:1", ":1", "invoice:@ROSSI"])
def test_what_names_no_record_is_wrong_data(text: str) -> None:
    with pytest.raises(WrongData):
        erp.parse_reference(text)


@given(st.text(max_size=30))
def test_parsing_a_name_gives_a_reference_or_our_error(text: str) -> None:
    try:
        reference = erp.parse_reference(text)
    except TuiMailError:
        return
    assert erp.parse_reference(str(reference)) == reference


def test_a_record_of_two_companies_must_say_which(house: House) -> None:
    other = EntityRecord("VERDI", "sales_order", "2026/119")
    counts(house, ErpChanges("", False, entities=(other,)))
    with pytest.raises(WrongUse, match="sales_order:2026/119@ROSSI"):
        house.database.read_now(erp.entity, Reference("sales_order", "2026/119"))
    found = house.database.read_now(erp.entity, Reference("sales_order", "2026/119", "verdi"))
    assert found.company == "VERDI"


def test_a_record_that_is_not_there_says_so(house: House) -> None:
    with pytest.raises(NotFound, match="invoice:1999/1"):
        house.database.read_now(erp.entity, Reference("invoice", "1999/1"))
    with pytest.raises(WrongData, match="kinds are"):
        house.database.read_now(erp.entity, Reference("bill", "1"))
    with pytest.raises(NotFound):
        house.database.read_now(erp.entity_by_id, 10**9)
    with pytest.raises(NotFound):
        house.database.read_now(cards.card, 10**9, TODAY)


def test_the_case_of_a_code_does_not_matter(house: House) -> None:
    assert (
        house.database.read_now(erp.entity, Reference("invoice", "2026/a/88")).code == INVOICE.code
    )


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("119", ORDER.code),
        ("2026/119", ORDER.code),
        ("2026/0119", ORDER.code),
        ("2026/a/88", INVOICE.code),
        ("po-77", ORDER.code),
        ("1.204", ORDER.code),
        ("1.204,00", ORDER.code),
        ("1240,00", INVOICE.code),
        ("ferri", FERRI.code),
        ("FERRI imp", FERRI.code),
        ("119 ferri", ORDER.code),
        ("impianti 88", INVOICE.code),
        ("bian", BIANCHI.code),
        ("c200", BIANCHI.code),
        ("88/A", INVOICE.code),
        ("88/a/26", INVOICE.code),
        ("88/A/2026", INVOICE.code),
        ("119/26", ORDER.code),
        ("FT 88/A", INVOICE.code),
        ("fattura 88/A", INVOICE.code),
        ("INV 88", INVOICE.code),
        ("88/a ferri", INVOICE.code),
        ("Fattura ferri", INVOICE.code),
        ("OC 119", ORDER.code),
        ("ordine 119", ORDER.code),
        ("order 2026/119", ORDER.code),
        ("SO 119 ferri", ORDER.code),
        ("cliente bianchi", BIANCHI.code),
    ],
)
def test_typed_words_find_the_record(house: House, text: str, code: str) -> None:
    found = house.database.read_now(erp.find_entities, text)
    assert code in [one.code for one in found][:2]


@pytest.mark.parametrize("text", ["123", "123 ferri"])
def test_a_number_finds_itself_before_the_same_number_of_a_series(house: House, text: str) -> None:
    orders = [
        EntityRecord(COMPANY, "sales_order", code, party=FERRI, year=2026, series=series,
                     number="123", date=day, state=state)
        for code, series, day, state in (
            ("2026/123", "", Day(2026, 3, 2), "closed"),
            ("2026/W/123", "W", Day(2026, 11, 2), "open"),
        )
    ]  # fmt: skip
    house.database.write_now(erp.take, "books", changes(entities=orders), NOW)
    found = house.database.read_now(erp.find_entities, text)
    assert [one.code for one in found] == ["2026/123", "2026/W/123"]


@pytest.mark.parametrize("text", ["88/A/1", "88/1", "SC 88/A/1", "Due item 88/a/26/1"])
def test_an_instalment_is_found_by_the_number_of_its_invoice(house: House, text: str) -> None:
    due = EntityRecord(COMPANY, DUE.kind, DUE.code, year=2026, series="A", number="88")
    counts(house, ErpChanges("", False, entities=(due,)))
    assert [one.code for one in house.database.read_now(erp.find_entities, text)] == [DUE.code]


@pytest.mark.parametrize(
    "text",
    ["", "  ", "%", "_", "'", '"', "119 nobody", "\\", "\0", "OF 119", "88/B",
     "119/25", "88/A/2", "ordine", "offerta 88/A"],
)  # fmt: skip
def test_words_that_mean_nothing_find_nothing(house: House, text: str) -> None:
    assert house.database.read_now(erp.find_entities, text) == []


def test_the_search_is_narrowed_by_kind_and_company(house: House) -> None:
    read = house.database.read_now
    assert [one.kind for one in read(erp.find_entities, "2026", kinds=("invoice",))] == ["invoice"]
    assert read(erp.find_entities, "ferri", company="VERDI") == []
    assert len(read(erp.find_entities, "2026", limit=1)) == 1


def test_of_records_that_are_called_alike_the_first_one_made_comes_first(house: House) -> None:
    kinds = ("customer", "supplier", "lead")
    alike = [EntityRecord(COMPANY, kind, "R1", "Rossi Srl") for kind in kinds]
    house.database.write_now(erp.take, "books", changes(entities=alike), NOW)
    found = house.database.read_now(erp.find_entities, "rossi srl")
    assert [one.kind for one in found] == [*kinds]


def test_a_document_s_card_has_its_chain_lines_and_instalments(house: House) -> None:
    card = house.database.read_now(cards.card, house.ids[INVOICE], TODAY)
    assert [one.code for one in card.chain] == [ORDER.code, INVOICE.code, DUE.code]
    assert [one.code for one in card.due_items] == [DUE.code]
    assert [one.title for one in card.contacts] == ["Luca Ferri"]
    assert card.addresses[0] == "info@ferri.it"  # where they want invoices
    order = house.database.read_now(cards.card, house.ids[ORDER], TODAY)
    assert len(order.lines) == 2
    assert order.addresses == ("l.ferri@ferri.it", "info@ferri.it")


def test_a_party_s_card_says_what_is_open_and_late(house: House) -> None:
    card = house.database.read_now(cards.card, house.ids[FERRI], TODAY)
    assert [one.code for one in card.open_documents] == [INVOICE.code, ORDER.code]
    assert [one.code for one in card.due_items] == [DUE.code]
    assert (card.balance, card.overdue, card.overdue_since) == (
        Decimal(1240),
        Decimal(1240),
        Day(2026, 11, 16),
    )
    early = house.database.read_now(cards.card, house.ids[FERRI], Day(2026, 11, 16))
    assert (early.balance, early.overdue, early.overdue_since) == (Decimal(1240), None, None)
    assert card.chain == ()
    bianchi = house.database.read_now(cards.card, house.ids[BIANCHI], TODAY)
    assert (bianchi.balance, bianchi.due_items) == (None, ())


def test_documents_that_came_out_of_each_other_in_a_circle_have_a_chain(house: House) -> None:
    circle = ErpChanges("", False, relations=(RelationRecord(COMPANY, DUE, ORDER),))
    counts(house, circle)
    card = house.database.read_now(cards.card, house.ids[ORDER], TODAY)
    assert len(card.chain) == 3


def test_lines_of_a_closed_document_stay(house: House) -> None:
    counts(house, ErpChanges("", True))

    def lines(session: Session) -> int:
        query = select(DocumentLine).where(col(DocumentLine.entity_id) == house.ids[ORDER])
        return len(session.exec(query).all())

    assert house.database.read_now(lines) == 2
