"""Which mail a change of the ERP's records concerns, so that only that is linked anew.

What is linked to a record, what names it by code, number or reference, and what its addresses wrote or
were written to. Hides the index of words.
"""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import ColumnElement, delete, func, literal_column, or_, select
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.bulk import insert_rows
from tui_mail.db.many import chunks
from tui_mail.db.search_words import (
    POSTGRESQL_INDEX,
    SQLITE_INDEX,
    Either,
    TextTree,
    fts5,
    holds,
    tsquery,
)
from tui_mail.db.tables import Address, Entity, EntityWaiting, Link, Message
from tui_mail.search.tree import Words
from tui_mail.search.words import words

_SHORTEST = 3  # a number of fewer signs says nothing by itself
_PHRASES_AT_ONCE = 50
_MOST = 20_000  # messages of one look; of a domain that writes more, the newest


def keep_waiting(session: Session, entity_ids: Collection[int]) -> None:
    """Remember records whose mail is to be linked anew."""
    there = {
        one
        for some in chunks(entity_ids)
        for one in session.scalars(
            select(col(EntityWaiting.entity_id)).where(col(EntityWaiting.entity_id).in_(some))
        )
    }
    rows = [{"entity_id": one} for one in sorted(set(entity_ids) - there)]
    insert_rows(session, EntityWaiting, rows)


def waiting(session: Session, limit: int | None) -> list[int]:
    """The records whose mail is to be linked anew, at most `limit` where one is given."""
    key = col(EntityWaiting.entity_id)
    return list(session.scalars(select(key).order_by(key).limit(limit)))


def count_waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(EntityWaiting)) or 0


def done_waiting(session: Session, entity_ids: Collection[int]) -> None:
    """The mail of these records is linked."""
    for some in chunks(entity_ids):
        session.execute(delete(EntityWaiting).where(col(EntityWaiting.entity_id).in_(some)))


def concerned(session: Session, entity_ids: Collection[int]) -> list[int]:
    """The messages that a change of these records concerns, by id."""
    linked = select(col(Link.message_id)).where(among_numbers(col(Link.entity_id), "records"))
    found = set(session.execute(linked, {"records": [*entity_ids]}).scalars())
    for phrases in chunks(_phrases(session, entity_ids), _PHRASES_AT_ONCE):
        found.update(_with_words(session, phrases))
    return sorted(found)


def _phrases(session: Session, entity_ids: Collection[int]) -> Iterator[Words]:
    columns = (col(Entity.code), col(Entity.number), col(Entity.their_reference), col(Entity.kind))
    said: set[str] = set()
    for some in chunks(entity_ids):
        for code, number, theirs, kind in session.execute(
            select(*columns).where(col(Entity.id).in_(some))
        ):
            said.update((theirs, *((code, number) if kind not in _WITHOUT_NUMBER else ())))
        query = select(col(Address.email)).where(
            or_(col(Address.party_id).in_(some), col(Address.contact_id).in_(some))
        )
        said.update(email.removeprefix("@") for email in session.scalars(query))
    for one in sorted(said):
        cut = tuple(words(one))
        if len("".join(cut)) >= _SHORTEST:
            yield Words(cut)


def _with_words(session: Session, phrases: Sequence[Words]) -> list[int]:
    """The newest messages that hold one of these phrases."""
    asked: TextTree = Either(tuple(phrases)) if len(phrases) > 1 else phrases[0]
    if session.get_bind().dialect.name == "sqlite":
        index, place = SQLITE_INDEX, SQLITE_INDEX.c.rowid
        fits: ColumnElement[bool] = literal_column("message_words").bool_op("MATCH")(
            fts5(asked, lambda _word: ())
        )
    else:
        index, place = POSTGRESQL_INDEX, POSTGRESQL_INDEX.c.position
        fits = holds(tsquery(asked))
    query = (
        select(col(Message.id))
        .select_from(index)
        .join(Message, col(Message.position) == place)
        .where(fits)
        .order_by(place.desc())
        .limit(_MOST)
    )
    return [one for one in session.scalars(query) if one is not None]


_WITHOUT_NUMBER = frozenset({"customer", "supplier", "lead", "operator", "contact"})
