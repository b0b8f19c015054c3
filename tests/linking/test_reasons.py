"""Reasons are data until somebody reads them."""

from collections.abc import Iterator

import pytest

from tui_mail.i18n import set_language
from tui_mail.linking.reasons import kept, reason, worded


@pytest.fixture(autouse=True)
def _english_afterwards() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def test_the_same_link_is_explained_in_each_reader_s_language() -> None:
    stored = kept(reason("contact", address="anna@bianchi.example", contact="Anna {x} Bianchi"))
    assert worded(stored) == "anna@bianchi.example is Anna {x} Bianchi"
    set_language("it")
    assert worded(stored) == "anna@bianchi.example è Anna {x} Bianchi"


def test_an_amount_is_written_in_each_reader_s_language() -> None:
    stored = kept(reason("amount", amount="5664.73"))
    assert worded(stored) == "the invoice comes to its total, 5,664.73"
    set_language("it")
    assert "5.664,73" in worded(stored)


def test_several_reasons_make_one_line() -> None:
    stored = kept(reason("subject", words="order 119"), reason("thread"))
    assert worded(stored) == "the subject says “order 119”; it answers a message about it"


@pytest.mark.parametrize(
    "text",
    ["", "linked by hand", "[]x", "[1, 2]", '[["unheard", {}]]', '[["subject", {}]]', "12", "null"],
)
def test_what_is_no_stored_reason_is_shown_as_it_is(text: str) -> None:
    assert worded(text) == text


def test_long_foreign_text_is_cut() -> None:
    assert worded(kept(reason("subject", words="a \n" * 200))) == (
        "the subject says “" + ("a " * 40)[:79] + "…”"
    )
