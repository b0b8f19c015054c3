"""The query language: any input is a query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.search.query import Field, SearchQuery, Term, parse
from tui_mail.search.words import LONGEST_WORD, words


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Perché città", [Term(("perche",)), Term(("citta",))]),
        ('"ordine 119"', [Term(("ordine", "119"))]),
        ("prev*", [Term(("prev",), prefix=True)]),
        ('"ordine 11"*', [Term(("ordine", "11"), prefix=True)]),
        ("rossi@x.it", [Term(("rossi", "x", "it"))]),
        ("12/2026", [Term(("12", "2026"))]),
        ("l'azienda", [Term(("l", "azienda"))]),
        ("C#", [Term(("c",))]),
        ("from:Rossi", [Term(("rossi",), field=Field.SENDER)]),
        ('TO:"Anna Bianchi"', [Term(("anna", "bianchi"), field=Field.RECIPIENTS)]),
        ("subject:sol*", [Term(("sol",), prefix=True, field=Field.SUBJECT)]),
        ("colour:red", [Term(("colour", "red"))]),
        ("is:blue", [Term(("is", "blue"))]),
        ("from: Rossi", [Term(("from",)), Term(("rossi",))]),
        ('NEAR( AND OR NOT "', [Term((w,)) for w in ("near", "and", "or", "not")]),
        ("見積書", [Term(("見", "積", "書"))]),
        ("- * ! ''", []),
    ],
)
def test_words_phrases_prefixes_and_fields(text: str, terms: list[Term]) -> None:
    assert list(parse(text).terms) == terms


def test_operators_narrow_the_search() -> None:
    query = parse('in:"Posta inviata" in:INBOX account:Anna@Noi.it is:unread IS:STARRED')
    assert query == SearchQuery((), ("Posta inviata", "INBOX"), ("anna@noi.it",), True, True)
    assert not query.is_empty


@pytest.mark.parametrize("text", ["", "   ", '"', "***", "''", "\u202e\0"])
def test_what_says_nothing_asks_for_nothing(text: str) -> None:
    assert parse(text).is_empty


@given(st.text())
def test_any_input_is_a_query_of_words_that_are_letters_and_digits(text: str) -> None:
    for term in parse(text).terms:
        assert term.words
        for word in term.words:
            assert word.isalnum()
            assert len(word) <= LONGEST_WORD
            assert words(word) == [word]


@given(st.text())
def test_accents_and_case_make_no_difference(text: str) -> None:
    assert words(text.upper().lower()) == words(text.upper().lower().casefold())
    assert words("È" + text) == words("e\u0300" + text)
