"""Records of the ERP: taking them in, and finding one by what a person or a program calls it.

Hides how a name such as `sales_order:2026/119@ROSSI` or a few typed words become rows.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date as Day
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.erp_concerned import keep_waiting
from tui_mail.db.erp_save import Missing, Taking, plain
from tui_mail.db.prefix import begins
from tui_mail.db.record_way import way_columns, with_way
from tui_mail.db.rows import EntityRow, LineRow
from tui_mail.db.shown import crm_of, shown
from tui_mail.db.tables import Company, DocumentLine, Entity, ErpSource
from tui_mail.db.topics import Topic, publish
from tui_mail.db.unindexed import unindexed
from tui_mail.errors import NotFound, WrongData, WrongUse
from tui_mail.i18n import _
from tui_mail.linking.numbers import canonical_number
from tui_mail.safetext import folded
from tui_mail.values import ENTITY_KINDS, PARTY_KINDS, Crm, ErpChanges, Reference

_CANDIDATES = 200
_OF_YEAR = re.compile(r"(?:19|20)\d\d/")
_YEAR_NUMBER = re.compile(r"((?:19|20)\d\d)/(?:(\w{1,6})/)?(\w{1,12})")
_SHORT = re.compile(r"(\d{1,12})((?:/\w{1,6}){1,4})")  # as screens name documents
_SHORT_YEAR = re.compile(r"(?:20)?(\d\d)")
_SHORT_INSTALMENT = re.compile(r"[1-9]\d?")
_AMOUNT = re.compile(r"\d{1,3}(?:[.,\s]\d{3})*(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,4})?")


# -- where records come from -----------------------------------------------------------------------


def add_source(session: Session, name: str, location: str, mapping: str = "") -> None:
    """Remember a place that records come from; one of the same name is moved there, read anew.

    What may be written to an ERP of one sort is not said of one of another.
    """
    source = session.get(ErpSource, name) or ErpSource(name=name)
    if source.location.partition(":")[0] != location.partition(":")[0]:
        source.writes = ""
    source.location, source.mapping, source.cursor = location, mapping, ""
    session.add(source)
    publish(session, Topic.ERP)


def sources(session: Session) -> list[ErpSource]:
    """The places that records come from, by name."""
    return list(session.scalars(select(ErpSource).order_by(col(ErpSource.name))))


def source(session: Session, name: str) -> ErpSource | None:
    """The place of that name."""
    return session.get(ErpSource, name)


def knows_erp(session: Session) -> bool:
    """Whether there are records, or a place that they will come from."""
    known = session.scalars(select(col(Entity.id)).limit(1)).first() is not None
    return known or bool(sources(session))


def source_failed(session: Session, name: str, message: str) -> None:
    """Keep why a place could not be read, for its status."""
    source = session.get(ErpSource, name)
    if source is not None:
        source.last_error = message
        session.add(source)
        publish(session, Topic.ERP)


@dataclass(frozen=True, slots=True)
class KindCount:
    """What taking changes in did to the records of a kind."""

    kind: str
    read: int
    new: int
    changed: int
    gone: int


def take(session: Session, source: str, changes: ErpChanges, now: datetime) -> list[KindCount]:
    """Make the records what `changes` says, and tell for each kind what that did.

    A record is known by company, kind and code. With `complete`, those of the same source that are
    missing are marked as gone. Taking the same again changes nothing. What changed waits for its
    mail to be linked anew.
    """
    counts = take_part(session, source, changes)
    finish(session, source, changes.cursor, now)
    return counts


def take_part(session: Session, source: str, changes: ErpChanges) -> list[KindCount]:
    """`take`, of changes that do not end here."""
    taking = Taking(session, source, changes)
    taking.run()
    keep_waiting(session, taking.touched)
    counts = [
        KindCount(
            kind, taking.read[kind], taking.new[kind], taking.changed[kind], taking.gone[kind]
        )
        for kind in ENTITY_KINDS
    ]
    publish(session, Topic.ERP)
    return [one for one in counts if one.read or one.gone]


def missing(session: Session, source: str, changes: ErpChanges) -> Missing:
    """What complete changes, taken already in part after part, do not have any more."""
    return Taking(session, source, changes).look()


def remove(session: Session, source: str, some: Missing) -> list[KindCount]:
    """Mark, and take away, some of what is missing."""
    taking = Taking(session, source, ErpChanges(cursor="", complete=False))
    taking.remove(some)
    keep_waiting(session, taking.touched)
    publish(session, Topic.ERP)
    return [KindCount(kind, 0, 0, 0, count) for kind, count in taking.gone.items()]


def finish(session: Session, source: str, cursor: str, now: datetime, error: str = "") -> None:
    """All that the place had up to `cursor` is taken, but for what `error` says."""
    known = session.get(ErpSource, source)
    if known is not None:
        known.cursor, known.last_success, known.last_error = cursor, now, error
        session.add(known)
    publish(session, Topic.ERP)


# -- one record ------------------------------------------------------------------------------------


def parse_reference(text: str) -> Reference:
    """`KIND:CODE` or `KIND:CODE@COMPANY` as a value. Raises WrongData for anything else."""
    kind, colon, rest = plain(text).strip().partition(":")
    code, _at, company = rest.rpartition("@") if "@" in rest else (rest, "", "")
    if not colon or not code.strip():
        raise WrongData(
            _("{text} does not name a record: write KIND:CODE, such as invoice:2026/88.").format(
                text=text
            )
        )
    reference = Reference(kind.strip().lower(), code.strip(), company.strip())
    _check_kind(reference.kind)
    return reference


def _check_kind(kind: str) -> None:
    if kind not in ENTITY_KINDS:
        raise WrongData(
            _("{kind} is no kind of record; the kinds are: {kinds}.").format(
                kind=kind, kinds=", ".join(ENTITY_KINDS)
            )
        )


def entity(session: Session, reference: Reference) -> EntityRow:
    """The record of this name; case and accents of the code do not matter unless two differ in them.

    Raises WrongData for an unknown kind, NotFound, and WrongUse when several companies have it.
    """
    _check_kind(reference.kind)
    query = entity_rows(session).where(
        col(Entity.kind) == reference.kind, col(Entity.code_folded) == folded(plain(reference.code))
    )
    if reference.company:
        company = plain(reference.company).lower()
        query = query.where(func.lower(col(Entity.company)) == company)
    found = [entity_row(row) for row in session.execute(query.limit(_CANDIDATES))]
    exact = [row for row in found if row.code == reference.code]
    rows = exact or found
    if not rows:
        raise NotFound(_("There is no record {record} in the ERP's data.").format(record=reference))
    if len(rows) > 1:
        names = ", ".join(str(Reference(row.kind, row.code, row.company)) for row in rows)
        raise WrongUse(
            _("Several records are named {record}: write one of {names}.").format(
                record=reference, names=names
            )
        )
    return rows[0]


def entity_by_id(session: Session, entity_id: int) -> EntityRow:
    """The record with this id. Raises NotFound."""
    row = session.execute(entity_rows(session).where(col(Entity.id) == entity_id)).first()
    if row is None:
        raise NotFound(_("There is no such record in the ERP's data."))
    return entity_row(row)


def entities_by_id(session: Session, entity_ids: Sequence[int]) -> list[EntityRow]:
    """The records with these ids, in their order; an id of none is left out."""
    query = entity_rows(session).where(col(Entity.id).in_(set(entity_ids)))
    found = {row.id: entity_row(row) for row in session.execute(query)}
    return [found[one] for one in entity_ids if one in found]


def document_lines(session: Session, entity_id: int) -> list[LineRow]:
    """The lines of a document, in order."""
    columns = (getattr(DocumentLine, name) for name in LineRow.__slots__)
    query = (
        select(*columns)
        .where(col(DocumentLine.entity_id) == entity_id)
        .order_by(col(DocumentLine.line))
    )
    return [LineRow(**row._asdict()) for row in session.execute(query)]


def entity_rows(session: Session) -> Select[*tuple[Any, ...]]:
    """The query of the records that are shown, with their parties, to be narrowed; `entity_row` reads
    its rows.
    """
    return _entity_rows(crm_of(session))


@lru_cache(maxsize=16)  # to say what is asked takes longer than to ask it
def _entity_rows(crm: Crm) -> Select[*tuple[Any, ...]]:
    party = aliased(Entity, name="party")
    own = [name for name in EntityRow.__slots__ if name in Entity.model_fields]
    query = (
        select(
            *(getattr(Entity, name) for name in own if name != "party_id"),
            *way_columns(),
            col(party.id).label("party_id"),
            func.coalesce(col(party.kind), "").label("party_kind"),
            func.coalesce(col(party.code), "").label("party_code"),
            func.coalesce(col(party.title), "").label("party"),
        )
        .outerjoin(party, and_(col(party.id) == col(Entity.party_id), *shown(crm, party)))
        .where(*shown(crm))
    )
    return with_way(query)


def entity_row(row: Row[*tuple[Any, ...]]) -> EntityRow:
    """A row of `entity_rows` as a value."""
    columns = row._asdict()
    columns["details"] = json.loads(columns["details"] or "{}")
    return EntityRow(**columns)


# -- looking for records ---------------------------------------------------------------------------


def find_entities(
    session: Session, text: str, *, kinds: Sequence[str] = (), company: str = "", limit: int = 20
) -> list[EntityRow]:
    """Records that typed words may mean, the likeliest first, then the newest.

    Each word is a code or its beginning, a number (`119`, `2026/119`), the beginning of a word of
    the name or of the party's name, their reference, or an amount (`1.204`); all must fit. A kind
    may stand before them, as screens write it: `FT 88/A`, `purchase order 12`.
    """
    words = folded(plain(text)).split()[:8]
    whole = " ".join(words)
    found: _Found = {}
    searches = chain(_by_index(session, words, whole), _of_party(session, words))
    for condition in searches if words else ():
        found |= _fitting(session, kinds, company, condition)
    found |= _of_kind(session, words, kinds, company)
    if words and not found:
        found = _fitting(session, kinds, company, *(_anywhere(word) for word in words))
    likeliest = sorted(found, key=lambda one: (*_rank(found[one], whole, words), one))
    return entities_by_id(session, likeliest[:limit])


def _of_kind(
    session: Session, words: Sequence[str], kinds: Sequence[str], company: str
) -> "_Found":
    """Records of the kinds that the first words name, by the other words."""
    from tui_mail.search.kinds import kinds_called

    named, count = kinds_called(words)
    some = [kind for kind in named if not kinds or kind in kinds]
    rest = words[count:]
    found: _Found = {}
    searches = chain(
        _by_index(session, rest, " ".join(rest)), _of_party(session, rest, their_documents=True)
    )
    for condition in searches if some else ():
        found |= _fitting(session, some, company, condition)
    return found


class _Fits(NamedTuple):
    """What says how likely a record is meant."""

    id: int
    code: str
    title: str
    state: str
    gone: bool
    date: Day | None
    due_date: Day | None


_Found = dict[int, _Fits]


def _fitting(
    session: Session, kinds: Sequence[str], company: str, *conditions: ColumnElement[bool]
) -> _Found:
    query = select(*(getattr(Entity, name) for name in _Fits._fields))
    query = query.where(*conditions, *shown(crm_of(session)))
    if kinds:
        query = query.where(unindexed(col(Entity.kind)).in_(kinds))
    if company:
        query = query.where(col(Entity.company) == company)
    query = query.order_by(col(Entity.date).desc().nulls_last(), col(Entity.id).desc())
    fitting = (_Fits(*row) for row in session.execute(query.limit(_CANDIDATES)))
    return {one.id: one for one in fitting}


def _by_index(session: Session, words: Sequence[str], whole: str) -> Iterator[ColumnElement[bool]]:
    """What an index answers: a code, number or reference, or the beginning of a code or name."""
    every_kind = col(Entity.kind).in_(ENTITY_KINDS)
    yield and_(every_kind, begins(session, col(Entity.code_folded), whole))
    yield begins(session, col(Entity.title_folded), whole)
    yield col(Entity.their_reference).in_((whole, whole.upper(), whole.capitalize()))
    if len(words) == 1:
        companies = [*session.scalars(select(col(Company.code))), ""]
        yield and_(col(Entity.company).in_(companies), is_number(whole))


def is_number(word: str) -> ColumnElement[bool]:
    """The record's number is `word`: `119`, `2026/119`, `2026/a/119`, or as screens name it: `119/a`,
    `119/25`, `119/a/25`, with an instalment at the end (`119/2`)."""
    shape = _YEAR_NUMBER.fullmatch(word)
    if shape is not None:
        return _numbered(shape[3], shape[2] or "", int(shape[1]))
    short = _SHORT.fullmatch(word)
    if short is None:
        return col(Entity.number) == canonical_number(word)
    return or_(*_short_readings(short[1], short[2][1:].split("/")))


def _short_readings(number: str, rest: list[str]) -> Iterator[ColumnElement[bool]]:
    """What may follow a number: its series, its year, both, and an instalment after those."""
    yield _numbered(number, "/".join(rest))
    if (year := _SHORT_YEAR.fullmatch(rest[-1])) is not None:
        yield _numbered(number, "/".join(rest[:-1]), 2000 + int(year[1]))
    if _SHORT_INSTALMENT.fullmatch(rest[-1]):
        ending = col(Entity.code_folded).endswith(f"#{rest[-1]}")
        wholes = _short_readings(number, rest[:-1]) if rest[1:] else [_numbered(number)]
        yield from (and_(whole, ending) for whole in wholes)


def _numbered(number: str, series: str = "", year: int | None = None) -> ColumnElement[bool]:
    conditions = [col(Entity.number) == canonical_number(number)]
    if series:
        conditions.append(func.lower(col(Entity.series)) == series)
    if year is not None:
        conditions.append(col(Entity.year) == year)
    return and_(*conditions)


def _of_party(
    session: Session, words: Sequence[str], *, their_documents: bool = False
) -> Iterator[ColumnElement[bool]]:
    """Words without digits name a party; the others, if any, something of that party.

    `their_documents`: without others all that is the party's is meant, beside the party.
    """
    names = [word for word in words if not any(sign.isdigit() for sign in word)]
    rest = [word for word in words if word not in names]
    if not names:
        return
    party = and_(col(Entity.kind).in_(PARTY_KINDS), *(_in_name(word) for word in names))
    if not rest:
        yield party
    if not rest and not their_documents:
        return
    indexed = col(Entity.kind), col(Entity.code_folded)  # by id SQLite would go through all records
    query = select(col(Entity.id)).where(party).order_by(*indexed).limit(_CANDIDATES)
    ids = session.scalars(query).all()
    if ids:
        yield and_(col(Entity.party_id).in_(ids), *(_of_document(word) for word in rest))


def _in_name(word: str) -> ColumnElement[bool]:
    title = col(Entity.title_folded)
    return or_(title.startswith(word, autoescape=True), title.contains(f" {word}", autoescape=True))


def _of_document(word: str) -> ColumnElement[bool]:
    amounts = _amounts(word)
    return or_(
        col(Entity.code_folded).startswith(word, autoescape=True),
        is_number(word),
        func.lower(col(Entity.their_reference)) == word,
        *([col(Entity.amount).in_(amounts)] if amounts else []),
    )


def _anywhere(word: str) -> ColumnElement[bool]:
    """A look at every record, when nothing else has found any."""
    return or_(_of_document(word), _in_name(word))


def _amounts(word: str) -> list[Decimal]:
    """The sums that a word may be, with a point or a comma before the cents."""
    if not _AMOUNT.fullmatch(word):
        return []
    readings = {
        word.replace(",", ""),
        word.replace(".", "").replace(",", "."),
    }
    sums = []
    for reading in readings:
        try:
            sums.append(Decimal(reading))
        except InvalidOperation:
            continue
    return [one for one in sums if one < Decimal(10) ** 14]


def _rank(row: _Fits, whole: str, words: Sequence[str]) -> tuple[int, bool, bool, int, str]:
    code, title = folded(row.code), folded(row.title)
    if code == whole or set(words) & {code, _OF_YEAR.sub("", code, count=1)}:
        sure = 0  # the number itself before the same one of a series
    elif set(words) & {code, code.rpartition("/")[2]}:
        sure = 1
    else:  # its own name before what belongs to somebody of that name
        sure = 2 if all(word in title for word in words) else 3
    return sure, row.gone, row.state in {"closed", "cancelled"}, -_age(row), row.code


def _age(row: _Fits) -> int:
    day = row.date or row.due_date
    return day.toordinal() if day else 0
