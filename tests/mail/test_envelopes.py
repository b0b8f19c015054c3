"""The letter in a certified envelope is read alone, and nothing of it is ever cut off."""

import pytest
from msgspec.structs import replace

from tests.mail.providers import Posted, envelope
from tui_mail.mail.envelopes import without_envelope
from tui_mail.mail.parse import parse

WORDS = "Messaggio di posta certificata"
SIGNED = "vorrei dieci viti\r\n\r\n-- \r\nAnna Rossi\r\n\r\n-- \r\nvia Roma 1"


@pytest.mark.parametrize("text", ["vorrei dieci viti", SIGNED, ""])
def test_the_words_of_the_envelope_are_apart_from_those_of_the_letter(text: str) -> None:
    whole = parse(envelope(Posted(text=text)))
    letter, words = without_envelope(whole)
    assert words == WORDS
    assert WORDS in whole.text
    assert letter.text.split() == text.split()
    assert replace(letter, text=whole.text, html=whole.html) == whole


def test_where_something_is_to_be_doubted_the_provider_is_heard() -> None:
    for raw in (envelope(Posted(), signed=False), envelope(Posted(), kind="errore")):
        whole = parse(raw)
        assert without_envelope(whole) == (whole, "")


def test_other_mail_stays_as_it_is() -> None:
    whole = parse(b"From: a@b.it\r\nSubject: ciao\r\n\r\nciao\r\n\r\n-- \r\nAnna\r\n")
    assert without_envelope(whole) == (whole, "")
