"""Takes a connector's records into the tables: what is new, what differs, what is gone.

Hides how references become ids and how an unchanged record costs nothing: a fingerprint of what
a connector says of a record, its lines included, is kept with it.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, Select, delete, or_, select, tuple_, update
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_numbered, insert_rows
from tui_mail.db.many import chunks
from tui_mail.db.tables import Address, Company, DocumentLine, Entity, EntityRelation
from tui_mail.linking.invoice_keys import file_key, vat_key
from tui_mail.linking.numbers import canonical_number
from tui_mail.safetext import folded
from tui_mail.values import (
    ENTITY_KINDS,
    PARTY_KINDS,
    EntityRecord,
    ErpChanges,
    LineRecord,
    Reference,
)

_Key = tuple[str, str, str]  # company, kind, code
_AddressKey = tuple[str, str, int, int | None]  # company, e-mail, party, contact
_Columns = Row[*tuple[Any, ...]]
_WHOLE_KIND_FROM = 2_000  # more codes of a kind than this: read the kind, not the codes
_MOST = Decimal(10) ** 14
_BIG = 2**31 - 1
_ADDRESSES: Select[*tuple[Any, ...]] = select(
    col(Address.id),
    col(Address.source),
    col(Address.company),
    col(Address.email),
    col(Address.party_id),
    col(Address.contact_id),
    col(Address.purpose),
    col(Address.primary),
)


def _key(reference: Reference, company: str) -> _Key:
    """The key of a record named within a record of `company`."""
    return plain(reference.company or company), reference.kind, plain(reference.code)


def plain(text: str) -> str:
    """Text that both databases take in any column."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _money(value: Decimal | None) -> Decimal | None:
    """A sum that the databases can hold; others are not sums of money."""
    return value if value is not None and value.is_finite() and abs(value) < _MOST else None


def _small(value: int | None) -> int | None:
    return value if value is not None and abs(value) <= _BIG else None


class Taking:
    """One taking of changes, with the records that are known so far."""

    def __init__(self, session: Session, source: str, changes: ErpChanges) -> None:
        self._session = session
        self._source = source
        self._changes = changes
        self._records = {
            (plain(one.company), one.kind, plain(one.code)): one
            for one in changes.entities
            if one.kind in ENTITY_KINDS
        }
        self._lines: dict[_Key, list[LineRecord]] = defaultdict(list)
        for line in changes.lines:
            self._lines[_key(line.document, line.company)].append(line)
        self._unread = {_key(one, one.company) for one in changes.unread} - self._records.keys()
        self.ids: dict[_Key, int] = {}
        self._known: dict[_Key, tuple[str, bool]] = {}  # fingerprint, gone
        self.read: dict[str, int] = defaultdict(int)
        self.new: dict[str, int] = defaultdict(int)
        self.changed: dict[str, int] = defaultdict(int)
        self.gone: dict[str, int] = defaultdict(int)
        self.touched: set[int] = set()
        """What is new, other than it was, or gone, by id."""

    def run(self) -> None:
        """Take everything in: parties first, so that what refers to them finds them."""
        _save_companies(self._session, self._changes)
        self._load()
        for kinds in (PARTY_KINDS, ("contact",), None):
            self._save(
                {
                    key: one
                    for key, one in self._records.items()
                    if (one.kind in kinds if kinds else one.kind not in (*PARTY_KINDS, "contact"))
                }
            )
        self._save_lines_alone()
        self._close_named()
        self._save_addresses()
        self._save_relations()
        if self._changes.complete:
            self.remove(self.missing())

    def look(self) -> "Missing":
        """What is missing in complete changes that are taken already; nothing is written."""
        self._load()
        return self.missing()

    def missing(self) -> "Missing":
        """What is known of the source and is not among the changes.

        A record that is there but could not be read stays as it was, with its addresses and with
        what led to it.
        """
        there = self._records.keys() | self._unread
        columns = (col(Entity.id), col(Entity.company), col(Entity.kind), col(Entity.code))
        known = select(*columns).where(
            col(Entity.source) == self._source, col(Entity.gone).is_(False)
        )
        gone = [
            (row.kind, row.id)
            for row in self._session.execute(known)
            if (row.company, row.kind, row.code) not in there
        ]
        wanted = self._address_rows()
        unread = {self.ids[key] for key in self._unread if key in self.ids}
        addresses = [
            row.id
            for row in self._session.execute(_ADDRESSES.where(col(Address.source) == self._source))
            if (row.company, row.email, row.party_id, row.contact_id) not in wanted
            and not {row.party_id, row.contact_id} & unread
        ]
        pairs = self._wanted_relations()
        own = {self.ids[key] for key in self._records if key in self.ids}
        relations = [
            (source, target)
            for source, target in self._relations(own) - pairs
            if source in own and target not in unread
        ]
        return Missing(tuple(gone), tuple(addresses), tuple(sorted(relations)))

    def remove(self, missing: "Missing") -> None:
        """What the ERP no longer has is marked, never deleted: mail may be linked to it."""
        self._close(missing.entities)
        for some in chunks(missing.addresses):
            these = col(Address.id).in_(some)
            self.touched.update(self._session.scalars(select(col(Address.party_id)).where(these)))
            self._session.execute(delete(Address).where(these))
        pair = tuple_(col(EntityRelation.source_id), col(EntityRelation.target_id))
        for pairs in chunks(missing.relations):
            self._session.execute(delete(EntityRelation).where(pair.in_(pairs)))

    # -- entities

    def _load(self) -> None:
        """Ids and fingerprints of every record that the changes name."""
        wanted: dict[tuple[str, str], set[str]] = defaultdict(set)
        for company, kind, code in self._named():
            wanted[company, kind].add(code)
        columns = (
            col(Entity.id),
            col(Entity.company),
            col(Entity.kind),
            col(Entity.code),
            col(Entity.fingerprint),
            col(Entity.gone),
        )
        for (company, kind), codes in wanted.items():
            query = select(*columns).where(col(Entity.company) == company, col(Entity.kind) == kind)
            parts = (
                [query]
                if len(codes) > _WHOLE_KIND_FROM
                else [query.where(col(Entity.code).in_(some)) for some in chunks(codes)]
            )
            for part in parts:
                for row in self._session.execute(part):
                    self.ids[row.company, row.kind, row.code] = row.id
                    self._known[row.company, row.kind, row.code] = (row.fingerprint, row.gone)

    def _named(self) -> Iterable[_Key]:
        changes = self._changes
        yield from self._records
        yield from self._lines
        yield from self._unread
        yield from (_key(one, one.company) for one in changes.gone)
        for entity in changes.entities:
            for reference in (entity.party, entity.contact):
                if reference:
                    yield _key(reference, entity.company)
        for address in changes.addresses:
            for reference in (address.party, address.contact):
                if reference:
                    yield _key(reference, address.company)
        for relation in changes.relations:
            yield _key(relation.source, relation.company)
            yield _key(relation.target, relation.company)

    def _id(self, reference: Reference | None, company: str) -> int | None:
        return self.ids.get(_key(reference, company)) if reference else None

    def _save(self, records: dict[_Key, EntityRecord]) -> None:
        new: list[_Key] = []
        inserts: list[dict[str, Any]] = []
        updates: list[dict[str, Any]] = []
        with_lines: list[_Key] = []
        for key, record in records.items():
            row = self._row(key, record)
            self.read[record.kind] += 1
            known = self._known.get(key)
            if known is None:
                new.append(key)
                inserts.append(row)
                self.new[record.kind] += 1
            elif known != (row["fingerprint"], record.gone):
                updates.append({"id": self.ids[key], **row})
                counted = self.gone if record.gone and not known[1] else self.changed
                counted[record.kind] += 1
            else:
                continue
            with_lines.append(key)
        self._write(new, inserts, updates)
        self._save_lines(with_lines)

    def _write(
        self, new: Sequence[_Key], inserts: list[dict[str, Any]], updates: list[dict[str, Any]]
    ) -> None:
        ids = insert_numbered(self._session, Entity, inserts)
        self.ids.update(zip(new, ids, strict=True))
        self.touched.update(ids)
        self.touched.update(one["id"] for one in updates)
        if updates:
            self._session.execute(update(Entity), updates)

    def _row(self, key: _Key, record: EntityRecord) -> dict[str, Any]:
        details = {name: plain(text) for name, text in record.details.items()}
        row: dict[str, Any] = {
            "source": self._source,
            "company": key[0],
            "kind": record.kind,
            "code": key[2],
            "code_folded": folded(key[2]),
            "title": record.title,
            "title_folded": folded(record.title),
            "party_id": self._id(record.party, record.company),
            "contact_id": self._id(record.contact, record.company),
            "year": _small(record.year),
            "series": plain(record.series),
            "number": canonical_number(plain(record.number)),
            "version": _small(record.version) or 0,
            "date": record.date,
            "due_date": record.due_date,
            "amount": _money(record.amount),
            "open_amount": _money(record.open_amount),
            "currency": plain(record.currency),
            "state": plain(record.state),
            "their_reference": record.their_reference,
            "our_reference": record.our_reference,
            "url": record.url,
            "details": json.dumps(details, ensure_ascii=False, sort_keys=True),
            "gone": record.gone,
        }
        said = repr((tuple(row.values()), self._lines.get(key)))
        row["fingerprint"] = hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()
        # What `details` say already, to be found by.
        row["vat"] = vat_key(details.get("vat", ""))
        row["sdi_file"] = file_key(details.get("sdi_file", ""))
        return row

    def _close_named(self) -> None:
        """What is said to be gone, if it was there."""
        named = {_key(one, one.company) for one in self._changes.gone} - self._records.keys()
        there = [key for key in named if not self._known.get(key, ("", True))[1]]
        self._close([(key[1], self.ids[key]) for key in there])

    def _close(self, gone: Sequence[tuple[str, int]]) -> None:
        """Mark records, given as kind and id."""
        for kind, entity_id in gone:
            self.gone[kind] += 1
            self.touched.add(entity_id)
        for some in chunks(entity_id for _kind, entity_id in gone):
            self._session.execute(
                update(Entity)
                .where(col(Entity.id).in_(some))
                .values(gone=True)
                .execution_options(synchronize_session=False)
            )

    # -- what hangs on entities

    def _save_lines(self, keys: Sequence[_Key]) -> None:
        for some in chunks(self.ids[key] for key in keys):
            self._session.execute(delete(DocumentLine).where(col(DocumentLine.entity_id).in_(some)))
        rows = {
            (self.ids[key], line.line): _line_row(self.ids[key], line)
            for key in keys
            for line in self._lines.get(key, ())
            if _small(line.line) is not None
        }
        insert_rows(self._session, DocumentLine, list(rows.values()))

    def _save_lines_alone(self) -> None:
        """Lines of documents that are not themselves among the changes."""
        self._save_lines(
            [key for key in self._lines if key not in self._records and key in self.ids]
        )

    def _save_addresses(self) -> None:
        """A record that is given comes with all of its addresses; the rest of them goes.

        Those of a record that could not be read stay: they name nobody that is known today.
        """
        wanted = self._address_rows()
        owners = {self.ids[key] for key in self._records if key in self.ids}
        unread = {self.ids[key] for key in self._unread if key in self.ids}
        there = _addresses(self._session, owners | {row["party_id"] for row in wanted.values()})
        gone = [
            row
            for key, row in there.items()
            if key not in wanted
            and row.source == self._source
            and not {row.party_id, row.contact_id} & unread
            and (row.contact_id or row.party_id) in owners
        ]
        changed = [
            {"id": there[key].id, **row}
            for key, row in wanted.items()
            if key in there and _differs(there[key], row)
        ]
        for some in chunks(row.id for row in gone):
            self._session.execute(delete(Address).where(col(Address.id).in_(some)))
        if changed:
            self._session.execute(update(Address), changed)
        new = [row for key, row in wanted.items() if key not in there]
        insert_numbered(self._session, Address, new)
        self.touched.update(row["party_id"] for row in new)
        self.touched.update(row.party_id for row in gone)

    def _address_rows(self) -> dict[_AddressKey, dict[str, Any]]:
        """Address rows by what makes them one, of parties that exist."""
        rows: dict[_AddressKey, dict[str, Any]] = {}
        for one in self._changes.addresses:
            party = self._id(one.party, one.company)
            email = plain(one.email.strip().lower())
            if party is None or "@" not in email:
                continue
            contact = self._id(one.contact, one.company)
            company = plain(one.company)
            rows[company, email, party, contact] = {
                "source": self._source,
                "company": company,
                "email": email,
                "domain": email.rpartition("@")[2],
                "party_id": party,
                "contact_id": contact,
                "purpose": plain(one.purpose),
                "primary": one.primary,
            }
        return rows

    def _save_relations(self) -> None:
        """Relations that are given."""
        wanted = self._wanted_relations()
        there = self._relations({source for source, _target in wanted})
        new = [{"source_id": one, "target_id": other} for one, other in sorted(wanted - there)]
        insert_rows(self._session, EntityRelation, new)

    def _wanted_relations(self) -> set[tuple[int, int]]:
        pairs = (
            (self._id(one.source, one.company), self._id(one.target, one.company))
            for one in self._changes.relations
        )
        return {(one, other) for one, other in pairs if one and other and one != other}

    def _relations(self, sources: Collection[int]) -> set[tuple[int, int]]:
        """The relations out of these records, and maybe others."""
        columns = (col(EntityRelation.source_id), col(EntityRelation.target_id))
        queries = [select(*columns)]
        if len(sources) <= _WHOLE_KIND_FROM:
            queries = [queries[0].where(columns[0].in_(some)) for some in chunks(sources)]
        return {
            (row.source_id, row.target_id)
            for part in queries
            for row in self._session.execute(part)
        }


@dataclass(frozen=True, slots=True)
class Missing:
    """What is to be marked (kind and id of records) and to be taken away (addresses, relations)."""

    entities: Sequence[tuple[str, int]] = ()
    addresses: Sequence[int] = ()
    relations: Sequence[tuple[int, int]] = ()


def _line_row(entity_id: int, line: LineRecord) -> dict[str, Any]:
    return {
        "entity_id": entity_id,
        "line": line.line,
        "article": line.article,
        "description": line.description,
        "quantity": _money(line.quantity),
        "unit": plain(line.unit),
        "price": _money(line.price),
        "discount": plain(line.discount),
        "vat_rate": plain(line.vat_rate),
    }


def _differs(row: _Columns, wanted: dict[str, Any]) -> bool:
    return (row.purpose, row.primary) != (wanted["purpose"], wanted["primary"])


def _addresses(session: Session, owners: Collection[int]) -> dict[_AddressKey, _Columns]:
    """What is in the address book of these parties and contacts, whatever source said it."""
    queries = [_ADDRESSES]
    if len(owners) <= _WHOLE_KIND_FROM:
        queries = [
            _ADDRESSES.where(
                or_(col(Address.party_id).in_(some), col(Address.contact_id).in_(some))
            )
            for some in chunks(sorted(owners))
        ]
    return {
        (row.company, row.email, row.party_id, row.contact_id): row
        for part in queries
        for row in session.execute(part)
    }


def _save_companies(session: Session, changes: ErpChanges) -> None:
    """Companies are few, and stay; one that only records name is known by its code alone."""
    for one in changes.companies:
        session.merge(
            Company(
                code=plain(one.code),
                name=one.name,
                vat=plain(one.vat),
                domains=" ".join(one.domains).lower(),
                addresses=" ".join(one.addresses).lower(),
            )
        )
    session.flush()
    known = set(session.scalars(select(col(Company.code))))
    named = {plain(one.company) for one in changes.entities} - known - {""}
    session.add_all(Company(code=code) for code in sorted(named))
    session.flush()
