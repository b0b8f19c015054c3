"""What every connector must do, whatever stands behind it: one body, run on each."""

from datetime import date
from decimal import Decimal

import pytest

from tests.connectors.books import Books
from tui_mail.values import EntityRecord, ErpChanges, Reference


def _record(changes: ErpChanges, reference: Reference) -> EntityRecord:
    return next(
        one
        for one in changes.entities
        if (one.kind, one.code, one.company) == (reference.kind, reference.code, reference.company)
    )


def _due(kept: Books, instalment: int) -> Reference:
    return Reference("due_item", f"{kept.invoice.code}#{instalment}", kept.invoice.company)


def test_the_first_reading_is_complete(kept: Books) -> None:
    changes = kept.connector.changes("")
    assert changes.complete
    assert changes.cursor
    assert not changes.errors
    known = (kept.customer, kept.supplier, kept.contact, kept.order, kept.invoice)
    due = {("due_item", _due(kept, 1).code), ("due_item", _due(kept, 2).code)}
    expected = {(one.kind, one.code) for one in known} | due | kept.others
    assert {(one.kind, one.code) for one in changes.entities} == expected


def test_an_order_is_told_with_its_party_contact_sum_day_and_reference(kept: Books) -> None:
    order = _record(kept.connector.changes(""), kept.order)
    assert (order.party, order.contact) == (kept.customer, kept.contact)
    assert (order.amount, order.currency) == (Decimal("1204.50"), "EUR")
    assert (order.date, order.their_reference) == (date(2026, 11, 2), "PO 4")
    assert order.year == 2026
    assert order.number


def test_due_dates_hang_on_their_invoice(kept: Books) -> None:
    changes = kept.connector.changes("")
    first, second = (_record(changes, _due(kept, number)) for number in (1, 2))
    assert (first.due_date, first.open_amount) == (date(2026, 12, 31), Decimal("604.5"))
    assert (second.due_date, second.amount) == (date(2027, 1, 31), Decimal(600))
    assert first.party == kept.customer
    pairs = {(one.source, one.target) for one in changes.relations}
    assert {(kept.invoice, _due(kept, 1)), (kept.order, kept.invoice)} <= pairs


def test_addresses_are_of_the_party_or_of_its_contact(kept: Books) -> None:
    found = {
        (one.email, one.contact)
        for one in kept.connector.changes("").addresses
        if one.party == kept.customer
    }
    assert found == {("info@bianchi.example", None), ("marta@bianchi.example", kept.contact)}


def test_nothing_is_read_again_while_nothing_has_changed(kept: Books) -> None:
    cursor = kept.connector.changes("").cursor
    assert kept.connector.changes(cursor) == ErpChanges(cursor=cursor, complete=False)


def test_an_unknown_cursor_brings_everything(kept: Books) -> None:
    assert kept.connector.changes("of another day") == kept.connector.changes("")


def test_lines_of_a_document_come_in_order(kept: Books) -> None:
    order = kept.order
    lines = kept.connector.document(order.company, order.kind, order.code)
    assert [(line.article, line.quantity) for line in lines] == [
        ("A", Decimal(600)),
        ("B", Decimal(3)),
    ]
    assert lines[1].price == Decimal("1.5")
    assert not kept.connector.document("02", order.kind, order.code)
    assert not kept.connector.document(order.company, order.kind, "2020/1")


def test_lines_are_told_with_their_documents(kept: Books) -> None:
    lines = [one for one in kept.connector.changes("").lines if one.document == kept.order]
    assert {(one.line, one.article) for one in lines} == {(1, "A"), (2, "B")}


def test_search_finds_a_party_by_its_name_and_a_document_by_its_number(kept: Books) -> None:
    assert kept.customer.code in {one.code for one in kept.connector.search("BIANCHI")}
    assert [one.code for one in kept.connector.search("119")] == [kept.order.code]
    for nothing in ("nobody at all", "  "):
        assert not kept.connector.search(nothing)


def test_the_address_of_a_record_is_given_where_there_is_one(kept: Books) -> None:
    order = kept.order
    assert kept.connector.url(order.company, order.kind, order.code) == kept.order_url
    assert kept.connector.url(order.company, order.kind, "2020/8") == ""


@pytest.mark.parametrize("kept", ["files", "memory", "sqlite", "postgresql"], indirect=True)
def test_what_is_searched_here_needs_no_accents(kept: Books) -> None:
    assert kept.customer.code in {one.code for one in kept.connector.search("societa")}
