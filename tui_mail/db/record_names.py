"""Which records a query means by a code, a number or words of a name."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session, col

from tui_mail.db.prefix import begins
from tui_mail.db.shown import crm_of, shown
from tui_mail.db.tables import Entity
from tui_mail.safetext import folded
from tui_mail.search.tree import OfRecord, Tree
from tui_mail.search.words import words
from tui_mail.values import PARTY_KINDS

MOST = 500  # records that one name means; more say nothing
_NAMED = (*PARTY_KINDS, "contact")


def records_named(session: Session, asked: OfRecord) -> tuple[int, ...]:
    """The ids of the records that `asked.wanted` is a code, a number or (of people and firms) words
    of the name of, those that are gone from the ERP too; at most 500."""
    if asked.meant is not None:
        return asked.meant
    from tui_mail.db.erp_save import plain  # most queries name no record

    found: dict[int, None] = {}
    for condition in _conditions(session, asked):
        query = select(col(Entity.id)).where(
            col(Entity.kind).in_(asked.kinds), condition, *shown(crm_of(session))
        )
        if asked.company:
            query = query.where(func.lower(col(Entity.company)) == plain(asked.company).lower())
        found.update((key, None) for key in session.scalars(query.limit(MOST)) if key is not None)
    found.update(dict.fromkeys(_by_name(session, asked)))
    return tuple(sorted(found)[:MOST])


def looked_up(session: Session, asked: Tree) -> Tree:
    """A leaf of a query with the records that it names: each is looked up once for all that ask."""
    if not isinstance(asked, OfRecord) or not asked.wanted:
        return asked
    return replace(asked, meant=records_named(session, asked))


def _conditions(session: Session, asked: OfRecord) -> Iterator[ColumnElement[bool]]:
    from tui_mail.db.erp import is_number
    from tui_mail.db.erp_save import plain

    code = folded(plain(asked.wanted)).strip()
    if asked.prefix:
        yield begins(session, col(Entity.code_folded), code)
        return
    yield col(Entity.code_folded) == code
    if "due_item" in asked.kinds:  # all instalments of an invoice
        yield begins(session, col(Entity.code_folded), f"{code}#")
    yield is_number(code)


def _by_name(session: Session, asked: OfRecord) -> Iterator[int]:
    kinds = [kind for kind in asked.kinds if kind in _NAMED]
    wanted = asked.words
    if not kinds or not wanted:
        return
    from tui_mail.db.erp_save import plain

    title = col(Entity.title_folded)
    query = select(col(Entity.id), col(Entity.title)).where(
        col(Entity.kind).in_(kinds),
        *(title.contains(word, autoescape=True) for word in wanted),
        *shown(crm_of(session)),
    )
    if asked.company:
        query = query.where(func.lower(col(Entity.company)) == plain(asked.company).lower())
    for identifier, name in session.execute(query.limit(MOST)):
        if identifier is not None and _has_words(words(name), wanted, prefix=asked.prefix):
            yield identifier


def _has_words(name: list[str], wanted: tuple[str, ...], *, prefix: bool) -> bool:
    *whole, last = wanted
    if not set(whole) <= set(name):
        return False
    return any(one.startswith(last) for one in name) if prefix else last in name
