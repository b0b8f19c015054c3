"""What was written now, in answers of common programs, against what another library finds."""

import pytest

from tests.data import data_folder
from tui_mail.mail.html import html_text
from tui_mail.mail.parse import parse
from tui_mail.mail.quotes import split_quotes

ANSWERS = (
    "android",
    "aol",
    "apple_mail",
    "apple_mail_2",
    "comcast",
    "gmail",
    "hotmail",
    "iphone",
    "outlook",
    "sparrow",
    "thunderbird",
    "yahoo",
)
# Where we differ and why: a difference that is gone fails, so that the table stays true.
_SIGNED = "it keeps the signature, which is not what was written now"
DIFFERENCES = {
    ("iphone", "text"): ("Hello", _SIGNED),
    ("sparrow", "text"): ("Hello", _SIGNED),
    ("sparrow", "html"): ("Hello", _SIGNED),
    ("outlook", "html"): ("Allo! Follow up MIME!", "its page says something else than its text"),
}


def _expected(name: str) -> str:
    path = data_folder("talon") / f"tests/fixtures/standard_replies/{name}_reply_text"
    return path.read_text("utf-8").strip() if path.exists() else "Hello"


@pytest.mark.parametrize("name", ANSWERS)
def test_the_reply_is_told_from_what_it_answers(name: str) -> None:
    path = data_folder("talon") / f"tests/fixtures/standard_replies/{name}.eml"
    parsed = parse(path.read_bytes())
    found = {"text": parsed.new_text}
    if parsed.html:
        found["html"] = split_quotes(html_text(parsed.html))[0]
    for form, new in found.items():
        expected = _expected(name)
        if (name, form) in DIFFERENCES:
            ours, _why = DIFFERENCES[name, form]
            assert ours != expected, "no difference any more: take it out of the table"
            expected = ours
        assert new == expected, form


def test_every_answer_of_the_set_is_tried() -> None:
    folder = data_folder("talon") / "tests/fixtures/standard_replies"
    assert {path.stem for path in folder.glob("*.eml")} == set(ANSWERS)


@pytest.mark.parametrize(
    ("name", "new"),
    [("OLK_SRC_BODY_SECTION", "Reply"), ("reply-separated-by-hr", "Hi\nthere\nBob")],
)
def test_pages_that_quote_without_marks(name: str, new: str) -> None:
    page = (data_folder("talon") / f"tests/fixtures/{name}.html").read_bytes()
    assert parse(b"Content-Type: text/html\n\n" + page).new_text == new


def test_a_quote_under_two_kinds_of_headers_is_a_quote() -> None:
    path = data_folder("talon") / "tests/fixtures/reply-quotations-share-block.eml"
    lines = parse(path.read_bytes()).new_text.splitlines()
    assert (lines[0][:13], lines[-1]) == ("Hi Katharine.", "Joe XXX")
