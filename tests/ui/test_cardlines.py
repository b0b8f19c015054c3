"""A record's card says its facts in the words of people."""

from datetime import date as Day
from decimal import Decimal

import pytest

from tui_mail.db.rows import Card, EntityRow
from tui_mail.i18n import set_language
from tui_mail.ui.cardlines import body_of


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
