"""What people type to search: words, and a few operators.

Any input is a query: what is no operator is words, and what has no letter or digit says nothing.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from tui_mail.search.words import words

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
