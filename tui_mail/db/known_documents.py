"""The documents that messages may mean, for many messages at once: as `knowledge`, by other keys.

Hides which index each key is found by.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers, among_texts
from tui_mail.db.many import rows_of
from tui_mail.db.tables import MONEY_SCALE, Entity
from tui_mail.db.unindexed import unindexed
from tui_mail.linking.facts import KnownDocument, Needs
from tui_mail.linking.numbers import NumberCandidate
from tui_mail.linking.payments import PAYABLE_KINDS
from tui_mail.safetext import folded
from tui_mail.values import DOCUMENT_KINDS


@cache
def document_rows() -> Select[*tuple[Any, ...]]:
    """The columns of `KnownDocument`, of all documents that are not gone."""
    party = aliased(Entity)
    return (
        select(
            col(Entity.id),
            col(Entity.kind),
            col(Entity.code),
            col(Entity.company),
            col(Entity.year),
            col(Entity.series),
            col(Entity.number),
            col(Entity.version),
            col(Entity.party_id),
            func.coalesce(col(party.title), ""),
            col(Entity.date),
            col(Entity.state),
            col(Entity.their_reference),
            col(Entity.title),
            col(Entity.sdi_file),
            col(Entity.amount),
            col(Entity.due_date),
            col(Entity.open_amount),
        )
        .outerjoin(party, col(party.id) == col(Entity.party_id))
        .where(unindexed(col(Entity.kind)).in_(DOCUMENT_KINDS), ~col(Entity.gone))
    )


def documents(session: Session, needs: Collection[Needs]) -> list[KnownDocument]:
    """What the numbers, codes, files and references of messages may mean, in the order of ids."""
    numbers: defaultdict[str, dict[Any, NumberCandidate]] = defaultdict(dict)
    needs = [one for one in needs if one.candidates or one.files]
    for need in needs:
        for one in need.candidates:
            meant = one.kinds, one.year, one.series, one.version
            numbers[one.number].setdefault(meant, one)
    numbers.pop("", None)
    codes = {folded(code) for need in needs for code in need.codes}
    files = {name for need in needs for name in need.files}
    references = {one for need in needs for one in need.references}
    # One after the other: with OR, SQLite reads all there are.
    ids = {
        *_numbered(session, numbers),
        *_ids(session, codes, Entity.code_folded, col(Entity.kind).in_(DOCUMENT_KINDS)),
        *_ids(session, files, Entity.sdi_file),
        *_ids(session, _given(session, references), Entity.their_reference),
    }
    if not ids:
        return []
    rows = rows_of(session, _by_id(), {"some": ids})
    found = {row.id: KnownDocument(*row) for row in rows}
    return [found[key] for key in sorted(found)]


@cache
def _by_id() -> Select[*tuple[Any, ...]]:
    return document_rows().where(among_numbers(col(Entity.id), "some"))


def payable(
    session: Session, parties: Collection[int], needs: Collection[Needs]
) -> dict[int, list[KnownDocument]]:
    """By party, what is open, and what has one of the amounts though it is paid by now."""
    found: defaultdict[int, list[KnownDocument]] = defaultdict(list)
    if parties:
        units = {int(amount * MONEY_SCALE) for need in needs for amount in need.paid}
        for row in rows_of(session, _payable(), {"some": parties, "paid": units}):
            document = KnownDocument(*row)
            found[document.party_id or 0].append(document)
    return found


@cache
def _payable() -> Select[*tuple[Any, ...]]:
    amount, still_open = col(Entity.amount), col(Entity.open_amount)
    of_these = or_(among_numbers(amount, "paid"), among_numbers(still_open, "paid"))
    unpaid = or_(
        still_open != Decimal(0), and_(still_open.is_(None), col(Entity.state) != "closed")
    )
    return document_rows().where(
        among_numbers(col(Entity.party_id), "some"),
        col(Entity.kind).in_(PAYABLE_KINDS),
        or_(unpaid, of_these),
    )


def _given(session: Session, references: set[str]) -> set[str]:
    """None where no record has any: SQLite would read them all, as the index has but one value."""
    some = select(col(Entity.id)).where(col(Entity.their_reference) > "").limit(1)
    return references if references and session.scalar(some) is not None else set()


def _numbered(
    session: Session, numbers: Mapping[str, Mapping[Any, NumberCandidate]]
) -> Iterator[int]:
    """The documents that one of the candidates for their number names: a small part of them all."""
    if not numbers:
        return
    for key, number, *rest in rows_of(session, _by_number(), {"some": numbers}):
        for one in numbers[number].values():  # any() takes twice as long
            if one.names(*rest):
                yield key
                break


@cache
def _by_number() -> Select[*tuple[Any, ...]]:
    columns = (getattr(Entity, name) for name in ("number", "kind", "year", "series", "version"))
    return select(col(Entity.id), *columns).where(among_texts(col(Entity.number), "some"))


def _ids(
    session: Session, values: Collection[str], column: Any, *conditions: ColumnElement[bool]
) -> Iterable[int | None]:
    if not values:
        return ()
    query = select(col(Entity.id)).where(among_texts(col(column), "some"), *conditions)
    return session.scalars(query, {"some": values})
