"""A draft's content comes back as it was kept."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_mail.db.draft_content import DraftContent, decode, encode, file_of, of_letter, to_letter
from tui_mail.errors import WrongData
from tui_mail.values import BodyFormat, Letter, LetterAttachment, Mailbox

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(_TEXT, _TEXT, st.sampled_from(BodyFormat), st.lists(st.binary(max_size=40), max_size=3))
def test_what_is_kept_comes_back(to: str, body: str, form: BodyFormat, files: list[bytes]) -> None:
    content = DraftContent(
        to=to,
        body=body,
        format=form,
        links=(3, 1),
        headers=(("X-A", "b"),),
        references=("a@b", "c@d"),
        attachments=tuple(file_of(LetterAttachment("n", one, "a/b")) for one in files),
    )
    assert decode(encode(content)) == content
    assert [one.size for one in content.attachments] == [len(one) for one in files]


def test_a_letter_comes_back() -> None:
    letter = Letter(
        sender=Mailbox("anna@rossi.it", "Anna"),
        to=(Mailbox("m@r.it", 'Rossi, "Mario"'),),
        bcc=(Mailbox("b@r.it"),),
        subject="s",
        body="b",
        attachments=(LetterAttachment("n.pdf", b"%PDF", "application/pdf"),),
        in_reply_to="a@b",
        references=("a@b",),
    )
    assert to_letter(decode(encode(of_letter(letter))), letter.sender) == letter


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"links": ["x"]}', '{"format": "x"}', '{"attachments": [{}]}']
)
def test_what_is_no_draft_is_said_to_be_none(text: str) -> None:
    with pytest.raises(WrongData):
        decode(text)


def test_a_missing_key_is_empty() -> None:
    assert decode(json.dumps({"subject": "x", "later": 1})) == DraftContent(subject="x")
