"""What the review line says, how a letter's own words are told, where an address is in a line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.db.address_book import Acquaintance
from tui_mail.db.draft_content import DraftContent, DraftFile
from tui_mail.i18n import set_language
from tui_mail.ui.writing.addresses import piece_at
from tui_mail.ui.writing.markdown import is_marked, own_words
from tui_mail.ui.writing.review import Answered, Weight, obstacle, review
from tui_mail.ui.writing.start import change_signature, with_signature

QUOTED = "Ciao\n\n-- \nAnna\n\nOn Monday, Luca wrote:\n> in allegato **tutto**\n"


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


def said(content: DraftContent, *people: Acquaintance, answered: Answered | None = None) -> str:
    found = review(content, (), {one.address: one for one in people}, answered)
    return " | ".join(f"{one.weight}: {one.text}" for one in found)


def test_a_stranger_among_the_recipients_is_pointed_out() -> None:
    content = DraftContent(to="a@example.org, b@example.org", subject="x", body="ciao")
    text = said(content, Acquaintance("a@example.org", met=True), Acquaintance("b@example.org"))
    assert text == "look: unknown address: b@example.org"


@pytest.mark.parametrize(
    "words", ["vedi allegato", "Allego la nota", "see attached", "in allegato"]
)
def test_a_missing_attachment_is_pointed_out(words: str) -> None:
    content = DraftContent(to="a@example.org", subject="x", body=words)
    assert "an attachment is mentioned" in said(content)
    there = DraftContent(
        to="a@example.org", subject="x", body=words, attachments=(DraftFile("n.pdf"),)
    )
    assert said(there) == "well: 1 attachment"


def test_what_others_wrote_does_not_count_as_a_mention() -> None:
    content = DraftContent(to="a@example.org", subject="x", body=QUOTED)
    assert said(content) == ""


def test_the_gravest_comes_first() -> None:
    content = DraftContent(to="nonsense there", attachments=(DraftFile("n.pdf"),))
    weights = [one.weight for one in review(content, (), {}, Answered("Giulia", "10:43"))]
    assert weights == sorted(weights, key=list(Weight).index)
    assert weights[0] is Weight.STOP


def test_an_obstacle_names_its_field() -> None:
    found = obstacle(DraftContent(to="a@example.org", bcc="not one"))
    assert found is not None
    assert found.field == "bcc"
    nobody = obstacle(DraftContent())
    assert nobody is not None
    assert nobody.field == "to"
    assert obstacle(DraftContent(cc="a@example.org")) is None


@pytest.mark.parametrize(
    ("body", "marked"),
    [
        ("la **nota**", True),
        ("`codice`", True),
        ("# Titolo", True),
        ("[sito](https://example.org)", True),
        ("- uno\n- due", True),
        ("1. uno\n2. due", True),
        ("| a | b |\n|---|---|\n| 1 | 2 |", True),
        ("2 * 3 * 4", False),
        ("- solo", False),
        ("file_di_prova", False),
        (QUOTED, False),
    ],
)
def test_markdown_is_told_by_its_marks(body: str, marked: bool) -> None:
    assert is_marked(body) is marked


@given(st.text())
def test_no_text_breaks_the_review(text: str) -> None:
    content = DraftContent(to=text, subject=text, body=text)
    review(content, (), {})
    is_marked(text)
    assert len(own_words(text)) <= len(text)


@pytest.mark.parametrize(
    ("text", "cursor", "piece"),
    [
        ("anna", 4, "anna"),
        ("a@b.it, lu", 10, " lu"),
        ("a@b.it, lu, c@d.it", 9, " lu"),
        ('"Rossi, Mario" <m@r.it>, x', 5, '"Rossi, Mario" <m@r.it>'),
        ("a@b.it, ", 8, " "),
    ],
)
def test_the_address_under_the_cursor_is_found(text: str, cursor: int, piece: str) -> None:
    start, end = piece_at(text, cursor)
    assert text[start:end] == piece


@given(st.text(alphabet='a,;" @'), st.integers(0, 30))
def test_the_address_under_the_cursor_is_within_the_line(text: str, cursor: int) -> None:
    start, end = piece_at(text, min(cursor, len(text)))
    assert 0 <= start <= end <= len(text)


def test_a_signature_stands_above_the_quote_and_changes_with_the_account() -> None:
    body = with_signature("\n\nOn Monday, Luca wrote:\n> ciao\n", "Anna")
    assert body == "\n\n-- \nAnna\n\nOn Monday, Luca wrote:\n> ciao\n"
    assert "-- \nBruno\n" in change_signature(body, "Anna", "Bruno")
    edited = body.replace("Anna", "Anna R.")
    assert change_signature(edited, "Anna", "Bruno") == edited
