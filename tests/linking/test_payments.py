from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.linking.test_pipeline import (
    ASK,
    AUTO,
    BIANCHI,
    KNOWLEDGE,
    VERDI,
    _document,
    _facts,
    _states,
)
from tui_mail.linking.facts import KnownDocument
from tui_mail.linking.mentions import Parts
from tui_mail.linking.payment_notices import payment_in
from tui_mail.linking.pipeline import link, needs
from tui_mail.linking.reasons import worded


def _invoice(entity_id: int, amount: str, **other: object) -> KnownDocument:
    document = _document(
        entity_id, "invoice", str(entity_id), BIANCHI, date=date(2026, 2, entity_id - 199)
    )
    amount_due = Decimal(amount)
    return replace(document, amount=amount_due, open_amount=amount_due, **other)


FIRST, SECOND, THIRD = _invoice(200, "1234.56"), _invoice(201, "700.00"), _invoice(202, "1234.56")
OTHERS = replace(_invoice(203, "1234.56"), party_id=VERDI)
OPEN = (FIRST, SECOND, THIRD, OTHERS)


def _paid(text: str, payable: tuple[KnownDocument, ...] = OPEN, **other: object) -> dict[int, str]:
    facts = _facts("marta@bianchi.example", "Avviso", parts=Parts(text=text))
    found = _states(link(facts, replace(KNOWLEDGE, payable=payable, **other)))
    assert found.pop(BIANCHI) == AUTO
    return found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Bonifico di € 1.234,56, fattura del 01/02/2026", {200: ASK}),
        ("We have paid EUR 1,234.56, your invoice of 2026-02-03", {202: ASK}),
        ("Bonifico di 1234,56 euro", {}),  # of two
        ("Bonifico di 1.234,56 euro, fattura del 02/02/2026", {}),  # the day of another amount
        ("Bonifico di 700,00 euro del 02/02/2026", {201: ASK}),
        ("Bonifico di 700 euro del 02/02/2026", {}),  # not to the cent
        ("Bonifico di 700,01 euro del 02/02/2026", {}),
        ("Totale 700,00 euro del 02/02/2026", {}),  # nothing is paid
    ],
)
def test_an_amount_with_its_day_proposes_the_only_document(
    text: str, found: dict[int, str]
) -> None:
    assert _paid(text) == found


def test_never_across_parties() -> None:
    facts = _facts("info@verdi.example", parts=Parts(text="Pagato € 1.234,56 del 01/02/2026"))
    assert _states(link(facts, replace(KNOWLEDGE, payable=(FIRST, THIRD)))) == {VERDI: AUTO}


def test_the_due_day_counts_and_an_instalment_is_its_invoice() -> None:
    due = replace(SECOND, entity_id=210, kind="due_item", code=f"{SECOND.code}#1", date=None)
    due = replace(due, due_date=date(2026, 3, 31))
    text = "Pagati 700,00 euro con scadenza 31/03/2026"
    assert _paid(text, (SECOND, due)) == {210: ASK}
    whole = replace(SECOND, due_date=date(2026, 3, 31))
    assert _paid(text, (whole, due)) == {201: ASK}


def test_an_open_document_goes_before_a_paid_one() -> None:
    paid = replace(THIRD, open_amount=Decimal(0), date=FIRST.date)
    text = "Pagato € 1.234,56 del 01/02/2026"
    assert _paid(text, (FIRST, paid)) == {200: ASK}
    assert _paid(text, (paid,)) == {202: ASK}  # booked since


def test_a_number_that_alone_is_of_several_is_made_certain_by_the_amount() -> None:
    same = (
        _document(220, "invoice", "5", BIANCHI, amount=Decimal("10.00"), year=2025),
        _document(221, "invoice", "5", BIANCHI, amount=Decimal("20.00")),
    )
    assert _paid("Pagata la fattura 5", documents=same) == {220: ASK, 221: ASK}
    assert _paid("Pagata la fattura 5, € 20,00", same, documents=same) == {221: AUTO}
    assert _paid("Pagata fattura n. 5, € 20,00", same, documents=same) == {221: AUTO}


def test_few_documents_that_come_to_the_sum_are_proposed() -> None:
    found = _paid("Bonifico di 1.934,56 euro", (FIRST, SECOND))
    assert found == {200: ASK, 201: ASK}
    # One or the other comes to it.
    assert _paid("Bonifico di 1.934,56 euro", (FIRST, SECOND, THIRD)) == {}
    assert _paid("Bonifico di 1.934,57 euro", (FIRST, SECOND)) == {}


def test_of_many_open_documents_no_sum_is_guessed() -> None:
    many = tuple(
        replace(FIRST, entity_id=300 + n, code=str(n), amount=Decimal(n), open_amount=Decimal(n))
        for n in range(1, 60)
    )
    assert _paid("Bonifico di 3,00 euro, 117,00", many) == {}


def test_the_sentence_says_the_amount() -> None:
    facts = _facts("marta@bianchi.example", parts=Parts(text="Pagato 700,00 euro del 02/02/2026"))
    found = {one.entity_id: one for one in link(facts, replace(KNOWLEDGE, payable=OPEN))}
    assert worded(found[201].why) == "it tells of a payment of 700.00 and of its day"
    assert needs(facts).paid == (Decimal("700.00"),)


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("pagato 1.234.567,89", ["1234567.89"]),
        ("paid 1,234,567.89 USD", ["1234567.89"]),
        ("pagato 1 234,50 €", ["1234.50"]),
        ("pagato €12,00.", ["12.00"]),
        ("pagato il 12.03.2026 alle 10.30", ["10.30"]),
        ("pagato 12,345 kg", None),
        ("pagato 22,00%", None),
        ("12,00 euro", None),
    ],
)
def test_amounts_are_read_to_the_cent(text: str, amounts: list[str] | None) -> None:
    found = payment_in(text)
    assert (found and [str(one) for one in found.amounts]) == amounts


@given(st.text("0123456789.,' €pagatoscadenza/-\n", max_size=80))
def test_any_text_can_be_looked_at(text: str) -> None:
    found = payment_in(f"pagato {text}")
    assert found is None or all(one > 0 for one in found.amounts)
