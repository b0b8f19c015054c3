"""Whatever word announces a document is found, though most words are passed over at a glance."""

from hypothesis import given
from hypothesis import strategies as st

from tui_mail.linking.words import TYPES, heads

_OWNERS = (
    "",
    "ns. ",
    "n/s ",
    "nostra ",
    "our ",
    "unsere ",
    "nuestro ",
    "vs ",
    "v/s ",
    "Votre ",
    "ihr ",
)


@given(
    word=st.one_of([st.from_regex(pattern, fullmatch=True) for _name, _kinds, pattern in TYPES]),
    owner=st.sampled_from(_OWNERS),
    before=st.sampled_from(["", "Buongiorno, ", "(", "_"]),
)
def test_every_word_that_announces_a_document_is_found(word: str, owner: str, before: str) -> None:
    text = f"{before}{owner}{word} 12"

    assert len(before) in [head.start() for head in heads(text)]
