"""What a search asks of words and marks, in the language of each database's index.

Hides FTS5's query strings and PostgreSQL's tsquery: both are made of quoted words alone, which
have nothing but letters and digits in them, so that nothing typed is ever their syntax.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    cast,
    column,
    func,
    literal,
    literal_column,
    not_,
    or_,
    table,
)
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR

from tui_mail.db.word_index import (
    ANY_MESSAGE,
    COLUMNS,
    HAS_INSIDE,
    INSIDE,
    NOT_PAIRED,
    pair_mark,
)
from tui_mail.search.tree import Field, Words

_COLUMNS = {
    Field.SUBJECT: ("subject",),
    Field.SENDER: ("sender",),
    Field.RECIPIENTS: ("recipients", "copies", "blind_copies"),
    Field.COPY: ("copies",),
    Field.BLIND_COPY: ("blind_copies",),
    Field.BODY: ("body",),
    Field.FILE_NAME: ("attachment_names",),
    Field.ATTACHMENT: ("attachment_names", INSIDE),
}
_SIGNS = {
    Field.SUBJECT: "·s",
    Field.SENDER: "·f",
    Field.RECIPIENTS: "·t",
    Field.COPY: "·c",
    Field.BLIND_COPY: "·b",
    Field.FILE_NAME: "·n",
}

SQLITE_INDEX = table("message_words", column("rowid"), *(column(name) for name in COLUMNS))
POSTGRESQL_INDEX = table(
    "message_words", column("position"), column("words"), column("lexemes", TSVECTOR)
)


@dataclass(frozen=True, slots=True)
class Marked:
    """With at least one of these marks."""

    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """Every part holds; at least two."""

    parts: "tuple[TextTree, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    """One of the parts holds; at least two."""

    parts: "tuple[TextTree, ...]"


@dataclass(frozen=True, slots=True)
class Without:
    """The part does not hold."""

    part: "TextTree"


# What the index of words can answer by itself.
TextTree: TypeAlias = Words | Marked | Both | Either | Without


def both(parts: Iterable[TextTree]) -> TextTree:
    flat = [one for part in parts for one in (part.parts if isinstance(part, Both) else (part,))]
    return flat[0] if len(flat) == 1 else Both(tuple(flat))


# -- SQLite ----------------------------------------------------------------------------------------


def fts5(asked: TextTree, known: Callable[[str], Sequence[str]]) -> str:
    """The query string of FTS5; `known` gives words that begin with one, none for too many."""
    match asked:
        case Words():
            return _fts5_words(asked, known)
        case Marked(marks):
            return _one_of(f'"{mark}"' for mark in marks)
        case Either(parts):
            return _one_of(fts5(part, known) for part in parts)
        case Both(parts):
            kept = [part for part in parts if not isinstance(part, Without)] or [_ANY]
            left = [part.part for part in parts if isinstance(part, Without)]
            wanted = " AND ".join(fts5(part, known) for part in kept)
            if not left:
                return f"({wanted})"
            return f"(({wanted}) NOT {_one_of(fts5(part, known) for part in left)})"
        case Without(part):
            return f"({fts5(_ANY, known)} NOT {fts5(part, known)})"


_ANY = Marked((ANY_MESSAGE,))


def _one_of(parts: Iterable[str]) -> str:
    return f"({' OR '.join(parts)})"


def _fts5_words(asked: Words, known: Callable[[str], Sequence[str]]) -> str:
    phrase = " ".join(asked.words)
    within = f"{{{' '.join(_COLUMNS[asked.field])}}} : " if asked.field else ""
    if not asked.prefix:
        return f'({within}"{phrase}")'
    *before, last = asked.words
    endings = known(last)
    if endings:
        return _one_of(f'{within}"{" ".join([*before, one])}"' for one in endings)
    return f'({within}"{phrase}" *)'


def begins_in_text(asked: Words) -> ColumnElement[bool]:
    """The same as FTS5 would say of a prefix, by the row's own text."""
    sought = " " + " ".join(asked.words)
    names = _COLUMNS[asked.field] if asked.field else COLUMNS
    return or_(*(func.instr(literal(" ") + SQLITE_INDEX.c[name], sought) > 0 for name in names))


# -- PostgreSQL ------------------------------------------------------------------------------------


def tsquery(asked: TextTree) -> str:
    """A tsquery that holds of every message that `asked` holds of; "" when none says anything.

    Where words must follow each other, or stand in the body, it holds of more: see `exactly`.
    """
    match asked:
        case Words():
            return _tsquery_words(asked)
        case Marked(marks):
            return _among(f"'{mark}'" for mark in marks)
        case Both(parts):
            return _joined(" & ", [one for part in parts if (one := tsquery(part))])
        case Either(parts):
            some = [tsquery(part) for part in parts]
            return _joined(" | ", some) if all(some) else ""
        case Without(part):
            return f"!({tsquery(part)})" if is_exact(part) else ""


def _joined(sign: str, parts: Sequence[str]) -> str:
    return f"({sign.join(parts)})" if parts else ""


def _among(parts: Iterable[str]) -> str:
    return _joined(" | ", list(parts))


def _tsquery_words(asked: Words) -> str:
    sign = _SIGNS.get(asked.field, "")
    lexemes = [f"'{sign}{word}'" for word in asked.words]
    if asked.prefix:
        lexemes[-1] += ":*"
    if asked.field is Field.ATTACHMENT:
        named = f"'{_SIGNS[Field.FILE_NAME]}{asked.words[0]}'"
        begins = asked.prefix and len(asked.words) == 1
        lexemes.append(_among([f"'{HAS_INSIDE}'", f"{named}:*" if begins else named]))
    whole = asked.words[:-1] if asked.prefix else asked.words
    if pairs := [f"'{pair_mark(*pair)}'" for pair in pairwise(whole)]:
        lexemes.append(_among([_joined(" & ", pairs), f"'{NOT_PAIRED}'"]))
    return _joined(" & ", lexemes)


def is_exact(asked: TextTree) -> bool:
    """Whether `tsquery` says all that is asked."""
    match asked:
        case Words():
            return len(asked.words) == 1 and (not asked.field or asked.field in _SIGNS)
        case Both(parts) | Either(parts):
            return all(is_exact(part) for part in parts)
        case Without(part):
            return is_exact(part)
        case Marked():
            return True


def exactly(asked: TextTree) -> ColumnElement[bool]:
    """The condition on a row of PostgreSQL's index, word by word and phrase by phrase.

    No index is used for it: what leads to the row is said beside it.
    """
    if is_exact(asked):
        return _holds_of_row(tsquery(asked))
    match asked:
        case Both(parts):
            return and_(*(exactly(part) for part in parts))
        case Either(parts):
            return or_(*(exactly(part) for part in parts))
        case Without(part):
            return not_(exactly(part))
        case Words():
            return and_(_holds_of_row(tsquery(asked)), _in_text(asked))
        case Marked():
            return _holds_of_row(tsquery(asked))


def beyond(asked: TextTree) -> list[ColumnElement[bool]]:
    """What is to be said of a row that `tsquery` holds of, for it to be what is asked."""
    if is_exact(asked):
        return []
    match asked:
        case Words():
            return [_in_text(asked)]
        case Both(parts):
            return [one for part in parts for one in beyond(part)]
        case _:
            return [exactly(asked)]


def _holds_of_row(query: str) -> ColumnElement[bool]:
    return func.ts_match_vq(POSTGRESQL_INDEX.c.lexemes, _cast(query))


def holds(query: str) -> ColumnElement[bool]:
    """What leads to the rows that a tsquery holds of."""
    return POSTGRESQL_INDEX.c.lexemes.bool_op("@@")(_cast(query))


def _cast(query: str) -> ColumnElement[Any]:
    return cast(literal(query, String), TSQUERY)


def _in_text(asked: Words) -> ColumnElement[bool]:
    sought = f"% {' '.join(asked.words)}{'' if asked.prefix else ' '}%"
    if not asked.field:
        return POSTGRESQL_INDEX.c.words.like(sought)
    return or_(*(_line(name).like(sought) for name in _COLUMNS[asked.field]))


def _line(name: str) -> Any:
    number = COLUMNS.index(name) + 1
    return func.split_part(POSTGRESQL_INDEX.c.words, literal_column("E'\\n'"), number)
