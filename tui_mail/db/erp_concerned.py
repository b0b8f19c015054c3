"""Which mail a change of the ERP's records concerns, so that only that is linked anew.

What is linked to a record, what names it by code, number, reference, VAT number or file, what its
addresses and their domains wrote or were written to, and of that what has a document's short number
or tells of a payment. Hides the index of words.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, literal_column, or_, select
from sqlmodel import Session, col

from tui_mail.db.accounts import own_addresses
from tui_mail.db.among import among_numbers
from tui_mail.db.bulk import insert_rows
from tui_mail.db.knowledge import own_house
from tui_mail.db.many import chunks, rows_of
from tui_mail.db.search_words import (
    POSTGRESQL_INDEX,
    SQLITE_INDEX,
    Either,
    TextTree,
    both,
    fts5,
    holds,
    tsquery,
)
from tui_mail.db.tables import Address, Entity, EntityWaiting, Link, Message
from tui_mail.linking.parties import tells_company
from tui_mail.linking.payment_notices import SIGNS
from tui_mail.linking.payments import PAYABLE_KINDS
from tui_mail.search.tree import Words
from tui_mail.search.words import words

_WITHOUT_NUMBER = frozenset({"customer", "supplier", "lead", "operator", "contact"})
_SHORTEST = 3  # a number of fewer signs says nothing by itself
_ASKED_AT_ONCE = 50
_PLACES_AT_ONCE = 200
_PAYMENT = [Words(tuple(words(sign)), prefix=True) for sign in SIGNS]
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
    for some in chunks(_asked(session, entity_ids), _ASKED_AT_ONCE):
        together = _with_words(session, some)
        found.update(together)
        if len(together) == _MOST:  # the newest of one hide what is older of the others
            found.update(key for one in some for key in _with_words(session, [one]))
    return sorted(found)


def _asked(session: Session, entity_ids: Collection[int]) -> Iterator[TextTree]:
    """What to look for in mail, of which each is enough by itself."""
    said: set[str] = set()
    theirs: defaultdict[int, set[Words]] = defaultdict(set)
    for row in rows_of(session, _names(), {"some": entity_ids}):
        said.update((row.their_reference, row.vat, row.sdi_file))
        if row.kind not in _WITHOUT_NUMBER:
            said.update((row.code, row.number))
            if row.party_id is not None:
                theirs[row.party_id].update(_of_party(row.number, row.kind))
    yield from _telling(said)
    places = _places(session, {*entity_ids, *theirs})
    yield from {place for one in entity_ids for place in places.get(one, ())}
    for party_id, names in theirs.items():
        for some in chunks(places.get(party_id, ()), _PLACES_AT_ONCE) if names else ():
            yield both((_either(some), _either(names)))


@cache
def _names() -> Select[*tuple[Any, ...]]:
    names = ("code", "number", "their_reference", "vat", "sdi_file", "kind", "party_id")
    columns = [getattr(Entity, name) for name in names]
    return select(*columns).where(among_numbers(col(Entity.id), "some"))


def _telling(said: Iterable[str]) -> Iterator[Words]:
    """The phrases of those that say something by themselves."""
    for one in said:
        cut = tuple(words(one))
        if len("".join(cut)) >= _SHORTEST:
            yield Words(cut)


def _of_party(number: str, kind: str) -> Iterator[Words]:
    """What says something of a document in the mail of its party."""
    if cut := tuple(words(number)):
        yield Words(cut)
    if kind in PAYABLE_KINDS:
        yield from _PAYMENT


def _places(session: Session, entity_ids: Collection[int]) -> dict[int, set[Words]]:
    """Where parties and contacts write from: their domains, of addresses whose domain says nothing
    of them the whole."""
    own = own_house(session, own_addresses(session))
    ours = own.domains | {one.rpartition("@")[2] for one in own.addresses}
    found: defaultdict[int, set[Words]] = defaultdict(set)
    for email, domain, *whose in rows_of(session, _addresses(), {"some": entity_ids}):
        tells = tells_company(domain) and domain not in ours
        for key in filter(None, whose):
            found[key].update(_telling((domain if tells else email,)))
    return found


@cache
def _addresses() -> Select[*tuple[Any, ...]]:
    names = ("email", "domain", "party_id", "contact_id")
    columns = [getattr(Address, name) for name in names]
    party, contact = (among_numbers(col(getattr(Address, name)), "some") for name in names[2:])
    return select(*columns).where(or_(party, contact))


def _either(parts: Collection[Words]) -> TextTree:
    first, *others = sorted(parts, key=lambda one: one.words)
    return Either((first, *others)) if others else first


def _with_words(session: Session, some: Sequence[TextTree]) -> list[int]:
    """The newest messages that one of these holds of."""
    asked = Either(tuple(some)) if len(some) > 1 else some[0]
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
