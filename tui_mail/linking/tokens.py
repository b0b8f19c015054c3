"""Words with digits in a text, each with the word before it: what may be a number in somebody's way."""

import re
from collections.abc import Iterator

from msgspec import Struct

_LONGEST = 30
_TOKEN = re.compile(
    r"(?<![\w/.\-#@])(?:(?P<lead>[^\W\d_]{2,14})[.:°]{0,2}[ \t]{1,2}(?:(?:nr|no|n)[.°]{0,2}[ \t]{0,2})?)?"
    r"(?P<written>(?=[A-Za-z/\-_.#]{0,12}[0-9])[A-Za-z0-9]{1,12}(?:[/\-_.#][A-Za-z0-9]{1,12}){0,5})"
    r"(?![\w@])"
)
_DIGITS = re.compile(r"[0-9]+")
_LETTERS = re.compile(r"[A-Z]+")


class Token(Struct, frozen=True):
    """`lead`: the word before it on its line, in lower case, "" for none; `found_in`: both as they
    stand there; `place`: as of `mentions`.
    """

    written: str
    lead: str = ""
    found_in: str = ""
    place: str = "text"

    @property
    def shape(self) -> str:
        """What all tokens have that are built alike: A for letters, 9 for digits, and the signs."""
        return _DIGITS.sub("9", _LETTERS.sub("A", self.written.upper()))


def tokens_in(place: str, text: str) -> Iterator[Token]:
    """The tokens of a text, in its order."""
    for match in _TOKEN.finditer(text):
        written = match["written"]
        if len(written) <= _LONGEST:
            yield Token(written, (match["lead"] or "").lower(), match[0], place)
