"""What people type to search, as a tree; and words, cut the same way in mail and in queries.

Any input is a query: what is no operator is words, and what has no letter or digit says nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from tui_mail.safetext import folded

LONGEST_WORD = 100

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Chinese and Japanese have no spaces: each character is a word, and a phrase finds the rest.
_WORD = re.compile(f"(?=[^\\W_])[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")
_PIECE = re.compile(
    r'(?P<name>[a-z]+):(?:"(?P<quoted_value>[^"]*)"?|(?P<value>[^\s"]+))'
    r'|"(?P<phrase>[^"]*)"?(?P<star>\*?)|(?P<word>[^\s"]+)',
    re.IGNORECASE,
)


class Field(StrEnum):
    """Where a term is looked for."""

    ANYWHERE = ""
    SUBJECT = "subject"
    SENDER = "from"
    RECIPIENTS = "to"


@dataclass(frozen=True, slots=True)
class Term:
    """Words that follow each other; `prefix`: the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False
    field: Field = Field.ANYWHERE


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """All of it must hold. `folders` and `accounts`: as typed, any of them.

    A query that asks for nothing finds nothing, lest a slip of the hand act on all mail.
    """

    terms: tuple[Term, ...] = ()
    folders: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    unread: bool = False
    starred: bool = False

    @property
    def is_empty(self) -> bool:
        return self == SearchQuery()


def words(text: str) -> list[str]:
    """The words of `text` in comparable form: folded, letters and digits only, cut when endless."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded(text))]


def parse(text: str) -> SearchQuery:
    """The query that `text` means; never raises."""
    terms: list[Term] = []
    folders: list[str] = []
    accounts: list[str] = []
    states: set[str] = set()
    for piece in _PIECE.finditer(text):
        name = (piece["name"] or "").lower()
        value = piece["quoted_value"] or piece["value"] or ""
        if name == "in" and value:
            folders.append(value)
        elif name == "account" and value:
            accounts.append(value.lower())
        elif name == "is" and value.lower() in {"unread", "starred"}:
            states.add(value.lower())
        else:
            terms.append(_term(piece, name, value))
    return SearchQuery(
        terms=tuple(term for term in terms if term.words),
        folders=tuple(folders),
        accounts=tuple(accounts),
        unread="unread" in states,
        starred="starred" in states,
    )


def _term(piece: re.Match[str], name: str, value: str) -> Term:
    if name in {Field.SENDER, Field.RECIPIENTS, Field.SUBJECT}:
        text, field = value, Field(name)
    else:  # an unknown operator is words
        text, field = piece[0], Field.ANYWHERE
    return Term(tuple(words(text)), prefix=text.endswith("*"), field=field)
