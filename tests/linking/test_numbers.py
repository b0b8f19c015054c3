import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.linking import words
from tui_mail.linking.numbers import (
    CODE,
    MOST_CANDIDATES,
    NAKED,
    NumberCandidate,
    canonical_code,
    canonical_number,
    codes_like,
    document_candidates,
)
from tui_mail.values import DOCUMENT_KINDS


def _first(text: str, *, ours: bool = False) -> NumberCandidate:
    found = document_candidates(text, ours=ours)
    assert found, text
    return found[0]


@pytest.mark.parametrize(
    ("text", "kind", "year", "series", "number"),
    [
        ("Fattura n. 123/A del 12/03/2024", "invoice", 2024, "A", "123"),
        ("ft. 123", "invoice", None, "", "123"),
        ("fatt. nr 12/2024", "invoice", 2024, "", "12"),
        ("Sollecito pagamento fattura 2026/88", "invoice", 2026, "", "88"),
        ("Fattura n.ro 00119", "invoice", None, "", "119"),
        ("FATTURA N°119/26", "invoice", 2026, "", "119"),
        ("fattura A/119", "invoice", None, "A", "119"),
        ("Fattura_123_A_2024.pdf", "invoice", 2024, "A", "123"),
        ("fattura 2026/B/44", "invoice", 2026, "B", "44"),
        ("fattura 119/1", "invoice", None, "1", "119"),
        ("ordine 24 / 2026", "sales_order", 2026, "", "24"),
        ("DDT n. 45", "delivery_note", None, "", "45"),
        ("DDT 45.pdf", "delivery_note", None, "", "45"),
        ("bolla nº45", "delivery_note", None, "", "45"),
        ("doc. di trasporto 12", "delivery_note", None, "", "12"),
        ("Ns. conferma d'ordine 119/2026", "sales_order", 2026, "", "119"),
        ("ordine n. 119 del 2026", "sales_order", 2026, "", "119"),
        ("Ordine 2026/119 - consegna 12/03/2026", "sales_order", 2026, "", "119"),
        ("Conferma ordine fornitore 53/2025", "purchase_order", 2025, "", "53"),
        ("OC 12", "sales_order", None, "", "12"),
        ("Carico n. 66 del 27/05/2025: quantità errata", "goods_receipt", 2025, "", "66"),
        ("Rif. PV 145", "quote", None, "", "145"),
        ("OF 12", "purchase_order", None, "", "12"),
        ("impegno 12/2026", "sales_order", 2026, "", "12"),
        ("preventivo 31/2026", "quote", 2026, "", "31"),
        ("offerta n. 2026/77", "offer", 2026, "", "77"),
        ("nota di credito 5/2026", "credit_note", 2026, "", "5"),
        ("NC 8", "credit_note", None, "", "8"),
        ("commessa 12/26", "job", 2026, "", "12"),
        ("Invoice #119", "invoice", None, "", "119"),
        ("Your order No. 119 of 2026", "sales_order", 2026, "", "119"),
        ("purchase order 119", "purchase_order", None, "", "119"),
        ("PO 119", "purchase_order", None, "", "119"),
        ("delivery note 45/2026", "delivery_note", 2026, "", "45"),
        ("credit note 5", "credit_note", None, "", "5"),
        ("quotation 31", "quote", None, "", "31"),
        ("Rechnung Nr. 2026-119", "invoice", 2026, "", "119"),
        ("Auftragsbestätigung 119", "sales_order", None, "", "119"),
        ("Lieferschein 45", "delivery_note", None, "", "45"),
        ("Angebot 31", "offer", None, "", "31"),
        ("facture n° 119", "invoice", None, "", "119"),
        ("commande 119", "sales_order", None, "", "119"),
        ("devis 31", "quote", None, "", "31"),
        ("bon de livraison 45", "delivery_note", None, "", "45"),
        ("factura nº 119/2026", "invoice", 2026, "", "119"),
        ("pedido 119", "sales_order", None, "", "119"),
        ("albarán 45", "delivery_note", None, "", "45"),
    ],
)
def test_people_write_numbers_in_many_ways(
    text: str, kind: str, year: int | None, series: str, number: str
) -> None:
    found = _first(text)
    assert (found.kinds[0], found.year, found.series, found.number) == (kind, year, series, number)
    start, end = found.span
    assert text[start:end] == found.found_in


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("INV/2024/00001", "invoice"),
        ("RINV/2024/00001", "credit_note"),
        ("S00042", "sales_order"),
        ("P00012", "purchase_order"),
        ("WH/OUT/00012", "delivery_note"),
        ("ACC-SINV-2024-00001", "invoice"),
        ("SAL-ORD-2024-00001", "sales_order"),
        ("PUR-ORD-2024-00001", "purchase_order"),
        ("FA2401-0001", "invoice"),
        ("AV2401-0001", "credit_note"),
        ("OPP-0012", "quote"),
        ("ATT00058", "quote"),
        ("2026/119#2", "due_item"),
    ],
)
def test_codes_of_other_systems_are_taken_whole(text: str, kind: str) -> None:
    found = [one for one in document_candidates(f"Re: {text} urgente", ours=False) if one.code]
    assert [(one.code, one.kinds[0], one.strength) for one in found] == [(text, kind, CODE)]


@pytest.mark.parametrize(
    "text",
    [
        "tel. 0541 123456",
        "Tel. +39 0541/123456",
        "fax 0541-2026/119",
        "IBAN IT60X0542811101000000123456",
        "IT60 X054 2811 1010 0000 0123 456",
        "P.IVA 01234567890",
        "partita iva IT01234567890",
        "47921 Rimini",
        "ordine del 12/3",
        "fattura 12/03/2026",
        "fattura del 12.03.2026",
        "riunione 2026/03/12",
        "bilancio 03/2026",
        "2026-03-12",
        "ordine 500 pezzi",
        "ordine 24 ore",
        "fattura di € 1.234,50",
        "fattura 1.234,50",
        "fattura € 500",
        "ordine 500 €",
        "invoice 500 EUR",
        "so 3 things",
        "spedizione 1Z999AA10123456784",
        "tracking n. 2026/119",
        "https://example.com/fattura/119/2026",
        "fattura119@example.com",
        "nuovo ordine - 12 pompe",
        "riordine 12",
        "offerta per 12 pompe",
        "IT01234567890",
        "",
        "12",
    ],
)
def test_what_only_looks_like_a_number_is_left_alone(text: str) -> None:
    assert document_candidates(text, ours=False) == ()


def test_a_list_of_numbers_shares_the_word_and_the_year() -> None:
    found = document_candidates("fatture n. 119, 120 e 121/2026", ours=True)
    assert [(one.number, one.year) for one in found] == [
        ("119", 2026),
        ("120", 2026),
        ("121", 2026),
    ]
    assert all(one.kinds[0] == "invoice" for one in found)


def test_a_quantity_after_one_order_is_no_second_order() -> None:
    assert [one.number for one in document_candidates("ordine 119 e 3 richieste", ours=True)] == [
        "119"
    ]


def test_two_years_are_read_both_ways() -> None:
    found = document_candidates("fattura 2025/2026", ours=True)
    assert {(one.year, one.number) for one in found} == {(2025, "2026"), (2026, "2025")}


def test_a_naked_code_may_be_any_document() -> None:
    found = _first("R: 2026/119")
    assert found.kinds == DOCUMENT_KINDS
    assert (found.year, found.number, found.strength) == (2026, "119", NAKED)


def test_the_day_and_the_revision_are_read() -> None:
    assert _first("ordine 119 del 12.03.26").date == date(2026, 3, 12)
    assert _first("Offerta 77 rev. 2").version == 2
    assert _first("offerta 2026/77.2").version == 2


@pytest.mark.parametrize(
    ("text", "ours", "whose"),
    [
        ("ns. ordine 119", True, "ours"),
        ("vs. ordine 119", True, "theirs"),
        ("vs. ordine 119", False, "ours"),
        ("ordine nostro 119", False, "theirs"),
        ("your order 119", False, "ours"),
        ("our invoice 119", False, "theirs"),
        ("Ihre Bestellung 119", False, "ours"),
        ("notre facture 119", True, "ours"),
        ("ordine 119", True, ""),
    ],
)
def test_whose_number_it_is_turns_with_the_writer(text: str, ours: bool, whose: str) -> None:
    assert _first(text, ours=ours).whose == whose


@pytest.mark.parametrize(
    ("number", "canonical"), [("00119", "119"), ("000", "0"), (" a12 ", "A12"), ("", "")]
)
def test_numbers_are_compared_without_zeros(number: str, canonical: str) -> None:
    assert canonical_number(number) == canonical


def test_candidates_are_capped() -> None:
    text = " ".join(f"fattura {number}" for number in range(1000))
    assert len(document_candidates(text, ours=True)) == MOST_CANDIDATES


@pytest.mark.parametrize(
    "unit",
    ["1", "fattura ", "2026/", "a-", "A-1", "fatture 1, ", "€ ", "1 ", "n. ", "1,", "+1 ", "a.b"],
)
def test_reading_takes_time_in_proportion(unit: str) -> None:
    start = time.process_time()
    document_candidates((unit * 100_000)[:100_000], ours=True)
    assert time.process_time() - start < 2


WORDS = [
    "fattura",
    "ordine",
    "n.",
    "119",
    "2026/",
    "/A",
    "del ",
    "12/03/2026",
    "rev. 2",
    " ",
    "-",
    "€",
    "٣",
    "²",
]


@given(st.one_of(st.text(), st.lists(st.sampled_from(WORDS)).map("".join)), st.booleans())
def test_reading_never_raises_and_is_repeatable(text: str, ours: bool) -> None:
    found = document_candidates(text, ours=ours)
    assert found == document_candidates(text, ours=ours)
    for one in found:
        assert one.found_in == text[slice(*one.span)]
        assert bool(one.number) != bool(one.code)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ft. acc-sinv-2026-00009", "ACC-SINV-2026-00009"),
        ("fattura INV/2026/4", "INV/2026/00004"),
        ("ft. ACC-SINV-2026-9", "ACC-SINV-2026-00009"),
        ("ddt WH/OUT/174", "WH/OUT/00174"),
        ("ord. s00118", "S00118"),
    ],
)
def test_a_code_is_known_in_small_letters_and_without_its_zeros(text: str, code: str) -> None:
    found = [one for one in document_candidates(text, ours=False) if one.code]
    assert any(canonical_code(one.code) == canonical_code(code) for one in found)
    assert any(code in codes_like(one.code) for one in found)


@pytest.mark.parametrize(
    "text",
    [
        "Sollecito rata 2 della fattura 88/A del 12/03/2026",
        "la scadenza n. 2 della ns. fattura 2026/A/88",
        "2ª rata fattura 88/A/2026",
        "Fattura n. 88/A del 2026, rata 2",
        "invoice 2026/A/88 - instalment 2",
    ],
)
def test_the_instalment_of_an_invoice_is_named_in_words(text: str) -> None:
    found = {one.kinds[0]: one for one in document_candidates(text, ours=False)}
    assert (found["invoice"].year, found["invoice"].series, found["invoice"].number) == (
        2026,
        "A",
        "88",
    )
    assert found["due_item"].code == "2026/A/88#2"
    assert "88" in found["due_item"].found_in


def test_other_numbers_near_an_invoice_are_no_instalment() -> None:
    for text in ("fattura 2026/88, rata 2/2026", "fattura 2026/88 rata unica", "2 fattura 2026/88"):
        kinds = {one.kinds[0] for one in document_candidates(text, ours=False)}
        assert "due_item" not in kinds, text


@pytest.mark.parametrize("pattern", [pattern for _name, _kinds, pattern in words.TYPES])
@given(data=st.data())
def test_every_word_of_the_vocabulary_is_found(pattern: str, data: st.DataObject) -> None:
    """Texts without one are passed over by the letters that the words begin with."""
    word = data.draw(st.from_regex(pattern.replace("(?-i:", "(?:"), fullmatch=True))
    owner = data.draw(
        st.from_regex(rf"({words.OWNER} |)".replace("(?P<owner>", "("), fullmatch=True)
    )
    assert [head.start() for head in words.heads(f"{owner}{word}, 12")] == [0]
    assert [head.start() for head in words.heads(f"€ è già {owner}{word}12")] == [8]
