"""Identifiers of our own letters: nobody else makes one, and the text says them too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.mail.own_ids import is_ours, new_message_id, with_reference
from tui_mail.values import BodyFormat, Letter, Mailbox

KEY = b"k" * 32


def test_identifiers_are_short_ascii_and_new_each_time() -> None:
    first, second = new_message_id("città.it", KEY), new_message_id("città.it", KEY)
    assert first != second
    assert first.endswith("@xn--citt-3na.it")
    assert len(first) < 70
    assert new_message_id("x y>", KEY).endswith("@localhost")


def _reference() -> str:
    return new_message_id("a.it", KEY).partition("@")[0]


def test_only_what_the_key_signed_is_ours() -> None:
    reference = _reference()
    assert is_ours(reference, KEY)
    assert not is_ours(reference, b"another key")
    assert not is_ours(reference[:-1], KEY)
    assert not is_ours(f"{reference}a", KEY)
    assert not is_ours(reference.upper(), KEY)


@given(st.data())
def test_a_changed_one_is_nothing(data: st.DataObject) -> None:
    reference = _reference()
    place = data.draw(st.integers(0, len(reference) - 1))
    other = data.draw(st.characters().filter(lambda one: one != reference[place]))
    assert not is_ours(reference[:place] + other + reference[place + 1 :], KEY)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert not is_ours(text, KEY)


@pytest.mark.parametrize("form", [BodyFormat.TEXT, BodyFormat.MARKDOWN])
def test_a_letter_says_its_reference_once(form: BodyFormat) -> None:
    letter = Letter(sender=Mailbox("a@a.it"), body="Buongiorno\n\nAnna\n", format=form)
    first, second = new_message_id("a.it", KEY), new_message_id("a.it", KEY)
    again = with_reference(with_reference(letter, first), second)
    assert again.body == f"Buongiorno\n\nAnna\n\nRef. {second.partition('@')[0]}\n"


def test_a_page_says_it_before_its_end() -> None:
    letter = Letter(
        sender=Mailbox("a@a.it"),
        body="<html><body><p>Ciao</p></body></html>",
        format=BodyFormat.HTML,
    )
    identifier = new_message_id("a.it", KEY)
    body = with_reference(letter, identifier).body
    assert identifier.partition("@")[0] in body
    assert body.endswith("</body></html>")
    bare = Letter(sender=Mailbox("a@a.it"), body="<p>Ciao</p>", format=BodyFormat.HTML)
    assert identifier.partition("@")[0] in with_reference(bare, identifier).body
