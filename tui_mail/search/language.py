"""Reads a query as people type it into a tree: Gmail's and notmuch's ways, in English and Italian.

Any text is a query or a QueryMistake with the place of the mistake. Side by side means "and";
`or` binds less than that; `-` and NOT take the term that follows. `and` and `or` are operators in
small letters too, the Italian E and O in capitals only, lest common words vanish from searches;
`not` and `non` in small letters are where an operator, a group or a phrase follows. What looks like an operator and is none is a mistake, not silently words; but addresses
of the web, times, file paths, marks of replies and message identifiers are words, and so is what
is a common word before a colon and a space: “Att: Rossi”.
"""

import re
from collections.abc import Callable, Collection
from datetime import datetime, tzinfo
from typing import NamedTuple

from tui_mail.i18n import _
from tui_mail.search.mistakes import QueryMistake, WrongValueError
from tui_mail.search.operators import (
    LABELS,
    Operator,
    Value,
    is_common_word,
    looks_like_a_number,
    near_operators,
    operator_named,
    saved,
)
from tui_mail.search.times import Clock
from tui_mail.search.tree import (
    Field,
    Nothing,
    Tree,
    Words,
    all_of,
    any_of,
    negated,
)
from tui_mail.search.words import words

LONGEST_QUERY = 4_000
MOST_WORDS = 200
DEEPEST = 20

ALTERNATIVE = {"OR", "or", "|", "||", "O", "OPPURE"}
_AND = {"AND", "and", "&", "&&", "E"}
_NOT = {"NOT", "NON"}
# In other letters a word, unless what follows is no plain word.
_SMALL_NOT = {"not", "non"}
# These are an operator between two terms only, else a word like any other.
_SMALL = {"or", "and", "|", "||", "&", "&&", "o", "oppure"}
# In Italian text nearly every message has the word: it means this only among values.
_OR_OF_VALUES = {"o", "oppure"}
_PIECE = re.compile(
    r"""(?P<space>\s+)
    | (?P<open>[({]) | (?P<close>[)}])
    | (?P<minus>-(?=[\w"({@]))
    | @(?P<saved>\w[\w-]*(?=[\s(){}]|$)|"[^"]*"?)
    | (?P<operator>[^\W\d_][\w-]*):(?!:|//|\\)
    | "(?P<phrase>[^"]*)"?(?P<star>\*?)
    | (?P<word>[^\s"(){}]+)""",
    re.VERBOSE,
)
_VALUE = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"?(?P<star>\*?)|(?P<plain>[^\s"(){}]+))')
_GROUP = re.compile(r"\s*[({]")
_CLOSING = {"(": ")", "{": "}"}
# What stands before a colon in texts that people paste.
_NO_OPERATORS = {
    *("re", "r", "rif", "ris", "fw", "fwd", "i", "aw", "wg", "sv", "tr", "rv", "ref"),
    *("http", "https", "ftp", "mailto", "tel", "urn", "doi", "sip", "cid"),
}
_UNPRINTABLE = re.compile("[\0\ud800-\udfff]")


def parse(
    text: str, now: datetime, zone: tzinfo | None = None, unshown: Collection[str] = ()
) -> Tree:
    """What `text` asks for. `now` is aware; `zone`: whose days are meant, None for this computer's.
    `unshown`: kinds of records that no operator is proposed for.

    Raises QueryMistake, and nothing else.
    """
    if len(text) > LONGEST_QUERY:
        message = _("A query has at most {count} characters.").format(count=LONGEST_QUERY)
        raise QueryMistake(message, LONGEST_QUERY, len(text))
    return _Reading(_UNPRINTABLE.sub("\ufffd", text), Clock(now, zone), unshown).whole()


class _Token(NamedTuple):
    kind: str  # open, close, minus, saved, operator, phrase, word, end
    text: str
    start: int
    end: int
    star: bool = False


class _Reading:
    """One query on its way from text to tree: by recursive descent, a method a rule."""

    def __init__(self, text: str, clock: Clock, unshown: Collection[str]) -> None:
        self._text = text
        self._unshown = unshown
        self._clock = clock
        self._position = 0
        self._depth = 0
        self._or = ALTERNATIVE
        self._words = 0
        self._next = self._token()

    def whole(self) -> Tree:
        if self._text.strip() == "*":
            message = _("“*” stands behind the beginning of a word; in:anywhere finds all mail.")
            raise QueryMistake(message, self._text.index("*"), self._text.index("*") + 1)
        tree = self._any(None, joined=all_of)
        if self._next.kind == "close":
            raise self._mistake(
                _("“{text}” closes nothing: take it out, or put the words in quotes."), self._next
            )
        return tree

    # -- pieces of the text

    def _token(self) -> _Token:
        """The next piece from `_position` on, which moves behind it."""
        while found := _PIECE.match(self._text, self._position):
            kind = found.lastgroup or ""
            if kind == "space":
                self._position = found.end()
                continue
            if kind == "operator" and not self._is_operator(found):
                word = re.compile(r'[^\s"(){}]+').match(self._text, self._position)
                assert word is not None  # the operator's letters, at least
                self._position = word.end()
                return _Token("word", word[0], word.start(), word.end())
            self._position = found.end()
            if kind == "star":
                kind = "phrase"
            return _Token(kind, found[kind], found.start(), found.end(), bool(found["star"]))
        return _Token("end", "", len(self._text), len(self._text))

    def _is_operator(self, found: re.Match[str]) -> bool:
        """Whether letters and a colon are an operator; words otherwise.

        Raises QueryMistake where they look like one that does not exist.
        """
        name = found["operator"]
        follows = self._text[found.end() : found.end() + 1]
        apart = not follows or follows.isspace()
        if operator_named(name):
            return not (apart and is_common_word(name))
        if apart or len(name) == 1 or name.lower() in _NO_OPERATORS:
            return False
        if any(character.isdigit() for character in name):
            return False
        raise QueryMistake(_unknown(name, self._unshown), found.start(), found.end())

    def _take(self) -> _Token:
        token = self._next
        self._next = self._token()
        return token

    def _is(self, names: set[str]) -> bool:
        """Whether an operator between terms is next."""
        return self._next.kind == "word" and self._next.text in names

    def _is_small_not(self) -> bool:
        """Whether the next word is “not” and stands before an operator, a group or a phrase."""
        if self._next.kind != "word" or self._next.text.lower() not in _SMALL_NOT:
            return False
        start = self._position
        while (found := _PIECE.match(self._text, start)) and found.lastgroup == "space":
            start = found.end()
        if found is None or found.lastgroup in {"word", "close", "minus"}:
            return False
        return found.lastgroup != "operator" or self._is_operator(found)

    def _mistake(self, message: str, token: _Token) -> QueryMistake:
        text = self._text[token.start : token.end]
        return QueryMistake(message.format(text=text), token.start, token.end)

    # -- rules, from what binds least to what binds most

    def _any(self, within: Operator | None, joined: Callable[[list[Tree]], Tree]) -> Tree:
        """Terms with `or` between; those side by side are `joined`."""
        choices = [self._all(within, joined)]
        while self._is(self._or):
            sign = self._take()
            if sign.text in _SMALL and self._ends():
                choices[-1] = joined([choices[-1], self._as_word(sign, within)])
                break
            self._needs_more(sign)
            choices.append(self._all(within, joined))
        return any_of(choices)

    def _all(self, within: Operator | None, joined: Callable[[list[Tree]], Tree]) -> Tree:
        if (self._is(ALTERNATIVE) or self._is(_AND)) and self._next.text not in _SMALL:
            self._needs_more(self._next, before=True)
        if self._ends():
            return Nothing()
        terms = [self._chain(within)]
        while not self._ends() and not self._is(self._or):
            terms.append(self._chain(within))
        return joined(terms)

    def _chain(self, within: Operator | None) -> Tree:
        """Terms with `and` written between them."""
        terms = [self._term(within)]
        while self._is(_AND):
            sign = self._take()
            if sign.text in _SMALL and self._ends():
                terms.append(self._as_word(sign, within))
                break
            self._needs_more(sign)
            terms.append(self._term(within))
        return all_of(terms)

    def _as_word(self, sign: _Token, within: Operator | None) -> Tree:
        """What could have stood between two terms, and has none after it."""
        if within is not None:
            return self._valued(within, _value_of(sign, self._clock), sign)
        return self._count(_anywhere(sign), sign)

    def _ends(self) -> bool:
        return self._next.kind in {"end", "close"}

    def _needs_more(self, sign: _Token, *, before: bool = False) -> None:
        follows = self._next.kind == "word" and self._next.text in (ALTERNATIVE | _AND) - _SMALL
        if before or self._ends() or follows:
            raise self._mistake(
                _("“{text}” stands between two terms; in quotes it is a word."), sign
            )

    def _term(self, within: Operator | None) -> Tree:
        opposite = False
        while self._next.kind == "minus" or self._is(_NOT) or self._is_small_not():
            sign = self._take()
            if self._ends() or self._is((ALTERNATIVE | _AND) - _SMALL):
                raise self._mistake(
                    _("“{text}” needs a term after it; in quotes it is a word."), sign
                )
            opposite = not opposite
        if (self._is(ALTERNATIVE) or self._is(_AND)) and self._next.text not in _SMALL:
            self._needs_more(self._next, before=True)
        found = self._atom(within)
        return negated(found) if opposite else found

    def _atom(self, within: Operator | None) -> Tree:
        if self._next.kind == "operator":
            return self._operator()
        token = self._take()
        if token.kind == "open":
            return self._group(token, within)
        if within is not None:
            return self._valued(within, _value_of(token, self._clock), token)
        if token.kind == "saved":
            return self._saved(token)
        if token.kind == "word" and (found := self._label(token)):
            return found
        return self._count(_anywhere(token), token)

    def _group(self, opening: _Token, within: Operator | None) -> Tree:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._mistake(_("Groups in groups go too deep here."), opening)
        outside = self._or
        if within is not None:
            self._or = ALTERNATIVE | _OR_OF_VALUES
        found = self._any(within, all_of if opening.text == "(" else any_of)
        self._or = outside
        if self._next.kind != "close" or self._next.text != _CLOSING[opening.text]:
            raise self._mistake(
                _("“{text}” is never closed: close it, or put the words in quotes."), opening
            )
        self._depth -= 1
        self._take()
        return found

    def _label(self, token: _Token) -> Tree | None:
        """`OC 123`, as chips in the list say it: the words, or the record's mail."""
        kinds = LABELS.get(token.text)
        follows = self._next
        if not kinds or follows.kind != "word" or not looks_like_a_number(follows.text):
            return None
        self._take()
        both = all_of([_anywhere(token), _anywhere(follows)])
        return self._count(any_of([both, kinds.record(follows.text)]), token)

    def _saved(self, token: _Token) -> Tree:
        try:
            found = saved(token.text)
        except WrongValueError as error:
            raise self._mistake(str(error), token) from error
        return self._count(found, token)

    def _operator(self) -> Tree:
        """An operator with its value: one word, a phrase, or a group of them."""
        token = self._next
        operator = operator_named(token.text)
        assert operator is not None  # the token says so
        if group := _GROUP.match(self._text, self._position):
            opening = _Token("open", group[0][-1], group.end() - 1, group.end())
            self._position = group.end()
            self._next = self._token()
            found = self._group(opening, operator)
            if isinstance(found, Nothing):
                raise self._mistake(_("“{text}” needs a value after it."), token)
            return found
        value = _VALUE.match(self._text, self._position)
        if value is None:
            raise self._mistake(_("“{text}” needs a value after it."), token)
        self._position = value.end()
        given = _Token(
            "word" if value["quoted"] is None else "phrase",
            value["plain"] if value["quoted"] is None else value["quoted"],
            token.start,
            value.end(),
            bool(value["star"]),
        )
        self._next = self._token()
        return self._valued(operator, _value_of(given, self._clock), given)

    def _valued(self, operator: Operator, value: Value, token: _Token) -> Tree:
        if not value.text.strip():
            raise self._mistake(_("“{text}” needs a value after it."), token)
        try:
            found = operator.read(value)
        except WrongValueError as error:
            message = str(error).format(text=value.text, name=operator.called)
            raise QueryMistake(message, token.start, token.end) from error
        return self._count(found, token)

    def _count(self, found: Tree, token: _Token) -> Tree:
        self._words += len(found.words) if isinstance(found, Words) else 1
        if self._words > MOST_WORDS:
            message = _("A query has at most {count} words.").format(count=MOST_WORDS)
            raise QueryMistake(message, token.start, token.end)
        return found


def _value_of(token: _Token, clock: Clock) -> Value:
    if token.kind == "phrase":
        return Value(token.text, clock, star=token.star, quoted=True)
    text = token.text.rstrip("*") or token.text
    return Value(text, clock, star=text != token.text)


def _anywhere(token: _Token) -> Tree:
    found = tuple(words(token.text))
    starred = token.star or (token.kind == "word" and token.text.endswith("*"))
    return Words(found, starred, Field.ANYWHERE) if found else Nothing()


def _unknown(name: str, unshown: Collection[str]) -> str:
    near = near_operators(name, unshown)
    if near:
        return _("“{name}:” is no operator. Did you mean {near}? In quotes it is a word.").format(
            name=name, near=", ".join(_("“{name}”").format(name=f"{one}:") for one in near)
        )
    return _("“{name}:” is no operator; in quotes it is a word.").format(name=name)
