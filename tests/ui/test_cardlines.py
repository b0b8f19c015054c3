"""A record's card says its facts in the words of people."""

from dataclasses import replace
from datetime import date as Day
from decimal import Decimal

import pytest

from tui_mail.db.rows import Card, EntityRow
from tui_mail.i18n import set_language
from tui_mail.ui.cardlines import body_of
from tui_mail.ui.widgets.text import width_of


def card(**details: str) -> Card:
    entity = EntityRow(
        id=1, company="ROSSI", kind="customer", code="C1", title="Ferri", party_id=None,
        party_kind="", party_code="", party="", date=None, due_date=None, amount=Decimal(1),
        open_amount=None, currency="EUR", state="", their_reference="", our_reference="", url="",
        gone=False, details=details,
    )  # fmt: skip
    return Card(entity, (), (), (), (), (), ())


def facts(shown: Card) -> str:
    lines = body_of(shown, 80, Day(2026, 11, 24))[0].lines
    return "\n".join(" ".join("".join(part.text for part in line).split()) for line in lines)


@pytest.mark.parametrize("word", ["false", "0", "no", "FALSE"])
def test_what_is_not_so_is_not_said(word: str) -> None:
    assert "blocked" not in facts(card(blocked=word))


@pytest.mark.parametrize("word", ["true", "1", "yes"])
def test_what_is_so_is_ticked(word: str) -> None:
    assert "blocked ✓" in facts(card(blocked=word))


def test_other_details_keep_their_words() -> None:
    text = facts(card(language="no", customer_code="0", agente_di_zona="Sara"))
    assert "language Norwegian" in text
    assert "customer code 0" in text
    assert "agente di zona Sara" in text


@pytest.mark.parametrize(("language", "order", "kind", "land"), [
    ("en", "document Order 119", "kind telephone call", "country Italy"),
    ("it", "documento Ordine 119", "tipo telefonata", "paese Italia"),
])  # fmt: skip
def test_no_code_of_ours_is_shown(language: str, order: str, kind: str, land: str) -> None:
    set_language(language)
    try:
        text = facts(
            card(document="sales_order:2026/119", kind="call", country="IT", left_on="2026-11-01")
        )
    finally:
        set_language("en")
    assert order in text
    assert kind in text
    assert land in text
    assert "01/11/2026" in text
    assert "sales_order" not in text


@pytest.mark.parametrize(("language", "label"), [
    ("en", "our reference"), ("it", "nostro riferimento"),
])  # fmt: skip
@pytest.mark.parametrize("width", [60, 80, 120])
def test_labels_and_addresses_are_whole_at_every_width(
    language: str, label: str, width: int
) -> None:
    addresses = tuple(f"ufficio-{number}@carpenteria.example" for number in range(5))
    known = card()
    whole = replace(known, entity=replace(known.entity, our_reference="AR"), addresses=addresses)
    set_language(language)
    try:
        lines = body_of(whole, width, Day(2026, 11, 24))[0].lines
    finally:
        set_language("en")
    texts = ["".join(part.text for part in line) for line in lines]
    assert any(f" {label} AR" in text for text in texts)
    assert all(any(address in text for text in texts) for address in addresses)
    assert "…" not in "".join(texts)
    assert all(width_of(text) <= width for text in texts)
    assert texts[-1].strip()
