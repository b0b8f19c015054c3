"""The guide to the query language, and the names that mistakes suggest, in the reader's language."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tui_mail.i18n import set_language
from tui_mail.search.guide import examples, rules
from tui_mail.search.language import parse
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.operators import operator_named

NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)


@pytest.fixture(params=["en", "it"])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    set_language(request.param)
    yield request.param
    set_language("en")


def mistake(text: str) -> str:
    with pytest.raises(QueryMistake) as caught:
        parse(text, NOW)
    return caught.value.message


def test_what_the_guide_tells_can_be_typed(language: str) -> None:
    for rule in rules():
        for name, value in re.findall(r"\b([^\W\d_]+):(\S*)", rule.typed):
            assert operator_named(name) is not None, rule.typed
            if value:
                parse(f"{name}:{value}", NOW)
        for typed in re.findall(r"\b[^\W\d_]+:[^\s:;,]+", rule.found):
            parse(typed if typed.count("(") == typed.count(")") else f"{typed})", NOW)


def test_the_examples_of_the_search_line_can_be_typed(language: str) -> None:
    for typed in examples():
        parse(typed, NOW)
    names = {operator_named(typed.partition(":")[0]).called for typed in examples()}  # type: ignore[union-attr]
    assert {"en": {"from", "has"}, "it": {"da", "ha"}}[language] <= names


@pytest.mark.parametrize(
    ("typed", "english", "italian"),
    [
        ("form:x", "from:", "from:"),
        ("tga:x", "tag:", "tag:"),
        ("custmer:x", "customer:", "customer:"),
        ("invoce:1", "invoice:", "invoice:"),
        ("clinte:x", "cliente:", "cliente:"),
        ("frm:x", "from:", "from:"),
    ],
)
def test_the_nearest_operator_alone_is_told(
    typed: str, english: str, italian: str, language: str
) -> None:
    near = {"en": english, "it": italian}[language]
    found = re.findall(r"[“«](\w+:)[”»]", mistake(typed))
    assert found == [typed[: typed.index(":") + 1], near]


def test_the_guide_tells_the_names_of_the_readers_language(language: str) -> None:
    own = {"en": {"subject", "before", "customer"}, "it": {"oggetto", "prima", "cliente"}}
    typed = " ".join(rule.typed for rule in rules())
    assert own[language] <= set(re.findall(r"([^\W\d_]+):", typed))


def test_a_choice_that_is_nearly_right_is_told_first_and_few_with_it(language: str) -> None:
    name = {"en": "is:unred", "it": "e:non-leta"}[language]
    near = {"en": "unread", "it": "non-letto"}[language]
    said = mistake(name)
    assert near in said
    assert said.count(",") <= 2
    assert f"{name.partition(':')[0]}:" in said


def test_a_choice_like_none_is_told_which_there_are(language: str) -> None:
    said = mistake("state:qqq")
    assert {"en": "open, waiting, done", "it": "aperta, attesa, fatta"}[language] in said


@pytest.mark.parametrize(
    ("typed", "near"), [("ogetto:x", "oggetto:"), ("subjct:x", "subject:"), ("sta:x", "stat")]
)
def test_an_operator_that_is_nearly_right_is_suggested(
    typed: str, near: str, language: str
) -> None:
    assert near in mistake(typed)


def test_of_names_that_are_alike_the_one_of_the_readers_language_is_told(language: str) -> None:
    said = mistake("stat:x")
    assert {"en": "state:", "it": "stato:"}[language] in said
    assert {"en": "stato:", "it": "state:"}[language] not in said
