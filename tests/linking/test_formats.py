from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tui_mail.linking.facts import KnownDocument
from tui_mail.linking.formats import Format, candidates_of, formats_taught
from tui_mail.linking.numbers import Taught
from tui_mail.linking.tokens import Token, tokens_in

ORDER = KnownDocument(
    1,
    "sales_order",
    "2026/A/123",
    company="01",
    year=2026,
    series="A",
    number="123",
    party_id=7,
    date=date(2026, 2, 1),
)
REFERRED = replace(ORDER, number="", series="", their_reference="PO-0123/2026")
EVERYBODY = Taught("01", ((0, 2),))


def _token(text: str) -> Token:
    return next(tokens_in("text", text))


@pytest.mark.parametrize(
    ("text", "written", "lead"),
    [
        ("per OV-26-123 manca un collo", "OV-{yy}-{n}", ""),
        ("vs. 2026/0123/A", "{y}/{n}/{s}", "vs"),
        ("ns. rif. 123/26", "{n}/{yy}", "rif"),
        ("ns. rif. n. 123/26", "{n}/{yy}", "rif"),
        ("OV123", "OV{n}", ""),
    ],
)
def test_a_way_of_writing_our_number_is_learned(text: str, written: str, lead: str) -> None:
    document = replace(ORDER, series="A" if "{s}" in written else "")
    assert [*formats_taught(_token(text), document)] == [Format("sales_order", "01", written, lead)]


@pytest.mark.parametrize(
    "text",
    [
        "OV-26-124",  # another number
        "OV-25-123",  # another year
        "OV-7-123",  # nobody knows what 7 is
        "123-123",  # which of them?
        "123/26",  # hardly any signs, and no word before them
        "123",
    ],
)
def test_what_is_not_plain_teaches_nothing(text: str) -> None:
    assert not [*formats_taught(_token(text), ORDER)]


def test_a_number_that_could_be_the_year_teaches_nothing() -> None:
    assert not [*formats_taught(_token("OV-26-26"), replace(ORDER, number="26"))]


@pytest.mark.parametrize(
    ("text", "reference", "written", "meant", "later", "found"),
    [
        ("rif. 123/26", "PO-0123/2026", "{n}/{yy}", "PO-{n:04}/{y}", "rif. 7/25", "PO-0007/2025"),
        ("KM-4711", "4711", "KM-{n}", "{n}", "KM-4712", "4712"),
        ("rif. 26.4711", "4711/2026", "{yy}.{n}", "{n}/{y}", "rif. 25.4712", "4712/2025"),
    ],
)
def test_a_party_s_own_reference_is_read_as_the_erp_holds_it(
    text: str, reference: str, written: str, meant: str, later: str, found: str
) -> None:
    (learned,) = formats_taught(_token(text), replace(REFERRED, their_reference=reference))
    assert (learned.written, learned.meant) == (written, meant)
    (candidate,) = candidates_of(_token(later), learned, EVERYBODY)
    assert (candidate.written, candidate.number, candidate.whose) == (found, "", "theirs")


def test_a_short_reference_is_chance() -> None:
    assert not [*formats_taught(_token("KM-12"), replace(REFERRED, their_reference="12"))]


def test_a_number_is_read_in_the_way_that_was_taught() -> None:
    learned = Format("sales_order", "01", "{y}/{n}/{s}", "vs")
    (found,) = candidates_of(_token("il vs. 2025/0044/b, grazie"), learned, EVERYBODY)
    assert (found.year, found.number, found.series) == (2025, "44", "B")
    assert (found.found_in, found.taught) == ("vs. 2025/0044/b", EVERYBODY)
    assert not [*candidates_of(_token("il ns. 2025/0044/b"), learned, EVERYBODY)]


def test_a_way_is_that_of_one_company_and_of_whom_it_was_taught() -> None:
    taught = Taught("01", ((7, 3),))
    assert (taught.times_of("01", 7), taught.times_of("01", 8), taught.times_of("02", 7)) == (
        3,
        0,
        0,
    )
    assert EVERYBODY.times_of("01", None) == 2


@given(
    st.sampled_from(["OV-{y}-{n}", "{n}/KX/{y}", "ORD{n}", "AB.{y}.{n}", "{y}_{n}_ZZ"]),
    st.integers(1, 99_999),
    st.integers(2001, 2079),
    st.integers(1, 99_999),
    st.integers(2001, 2079),
)
def test_what_is_taught_by_one_example_reads_all_others(
    way: str, number: int, year: int, other: int, later: int
) -> None:
    document = replace(ORDER, series="", number=str(number), year=year)
    token = _token(way.format(n=number, y=year % 100))
    for learned in formats_taught(token, document):
        again = _token(way.format(n=other, y=f"{later % 100:02}"))
        for found in candidates_of(again, learned, EVERYBODY):
            assert found.number == str(other)
            assert found.year in {None, later}


@given(st.text(max_size=60), st.text("0123456789AB/-.", max_size=12))
def test_no_text_is_too_strange_to_look_for_tokens_in(text: str, number: str) -> None:
    document = replace(ORDER, number=number, their_reference=text)
    for token in tokens_in("text", text + number):
        assert token.shape
        for learned in formats_taught(token, document):
            assert "{n}" in learned.written
