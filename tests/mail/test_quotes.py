"""What is new in a text, and what is quoted or signed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mail.quotes import (
    LineKind,
    line_kinds,
    quote_depth,
    quote_reply,
    signature,
    split_quotes,
    wrap,
)


@pytest.mark.parametrize(
    "below",
    [
        "Il giorno mar 24 nov 2026 alle ore 10:32 Luca Ferri <l@f.it> ha scritto:\n> Buongiorno",
        "Il giorno mar 24 nov 2026 alle ore 10:32 Luca Ferri\n<l.ferri@ferri-impianti.it> ha scritto:\n> Buongiorno",
        "Il giorno mar 24 nov 2026 alle ore 10:32 Luca Ferri <l@f.it> ha\nscritto:\n\n> Buongiorno",
        "Il 24/11/2026 10:32, Luca Ferri ha scritto:\n> Buongiorno",
        "Il 24/11/2026 10:32, Luca Ferri ha scritto:\nBuongiorno",
        "On Tue, Nov 24, 2026 at 10:32 AM Luca Ferri <l@f.it> wrote:\n\n> Buongiorno",
        "Am 24.11.2026 um 10:32 schrieb Luca Ferri:\n> Buongiorno",
        "Le mar. 24 nov. 2026 à 10:32, Luca Ferri <l@f.it> a écrit :\n> Buongiorno",
        "-----Messaggio originale-----\nDa: Luca\nBuongiorno",
        "-----Original Message-----\nBuongiorno",
        "Da: Luca Ferri <l@f.it>\nInviato: martedì 24 novembre 2026 10:32\nA: Vendite\nOggetto: ordine\n\nBuongiorno",
        "*Da:* Luca Ferri <l@f.it>\n*Inviato:* martedì\n*A:* Vendite\n*Oggetto:* ordine\n\nBuongiorno",
        "From: Luca\nSent: Tuesday\nTo: Sales\nSubject: order\n\nBuongiorno",
        "________________________________\nDa: Luca\nInviato: martedì\nA: Vendite\nOggetto: x\nBuongiorno",
        "---------- Forwarded message ---------\nFrom: Luca\n\nBuongiorno",
        "Inizio messaggio inoltrato:\n\nDa: Luca\nBuongiorno",
        "> Buongiorno",
    ],
)
def test_what_is_below_an_answer_is_quoted(below: str) -> None:
    new, quoted, _signature = split_quotes(f"Confermo l'ordine 119.\n\n{below}")
    assert new == "Confermo l'ordine 119."
    assert "Buongiorno" in quoted


def test_answers_between_quotes_are_all_new() -> None:
    new, quoted, _signature = split_quotes("> prezzo?\n10 euro\n> quando?\ndomani")
    assert new == "10 euro\ndomani"
    assert quoted == "> prezzo?\n> quando?"


@pytest.mark.parametrize(
    "text",
    [
        "Da: lunedì in poi siamo chiusi.",
        "Ecco quanto scrive il cliente nella sua lettera:\nnon va bene",
        "Prezzi:\n- uno\n- due",
        "A: uno\nB: due",
    ],
)
def test_ordinary_lines_stay(text: str) -> None:
    assert split_quotes(text) == (text, "", "")


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("Ciao\n-- \nMario\nRossi srl", "Mario\nRossi srl"),
        ("Ciao\n--\nMario", "Mario"),
        ("Ciao\n\nInviato da iPhone", "Inviato da iPhone"),
        ("Ciao\n\nSent from my Samsung", "Sent from my Samsung"),
        ("Ciao\n-- \nMario\n\n> quoted", "Mario"),
        ("Ciao", ""),
        ("--\n" + "riga\n" * 40, ""),
    ],
)
def test_signatures(text: str, signed: str) -> None:
    assert signature(text) == signed


@given(st.text(alphabet="> \n-:_aDA", max_size=300))
def test_every_line_has_a_kind_and_nothing_raises(text: str) -> None:
    lines = text.split("\n")
    assert len(line_kinds(lines)) == len(lines)
    split_quotes(text)


def test_a_signature_mark_above_a_long_text_is_no_signature() -> None:
    assert line_kinds(["--", *["riga"] * 30])[0] is LineKind.NEW


@pytest.mark.parametrize(
    ("line", "depth", "rest"),
    [("> a", 1, "a"), (">> a", 2, "a"), ("> > a", 2, "a"), (">a", 1, "a"), ("a > b", 0, "a > b")],
)
def test_depth_of_a_quote(line: str, depth: int, rest: str) -> None:
    assert quote_depth(line) == (depth, rest)


def test_a_quoted_reply_goes_one_deeper() -> None:
    assert quote_reply("a\n\n> b\n", "Luca:") == "Luca:\n> a\n>\n>> b"


def test_wrapping_keeps_quote_marks_and_words() -> None:
    assert wrap("> uno due tre", 10) == "> uno due\n> tre"
    assert wrap("x" * 30, 10) == "x" * 30
