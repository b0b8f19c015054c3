"""The ERP as a site of ERPNext's: customers, suppliers and leads with their contacts, orders,
delivery notes, invoices, payment schedules, opportunities, to-dos and events.

    erpnext+https://HOST?key_file=FILE[&ca_file=FILE]      FILE: api_key:api_secret

Hides DocTypes, tables within documents, and names that stand for records. A company is known by its
abbreviation; a party belongs to each of them, since none is the company's own there.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from urllib.parse import quote

from tui_mail.connectors import erpnext_doctypes as words
from tui_mail.connectors.erpnext_calls import Filter, NoDoctype, Site
from tui_mail.connectors.erpnext_crm import Crm
from tui_mail.connectors.erpnext_doctypes import (
    DOCUMENTS,
    PARTIES,
    PARTY_KINDS,
    Documents,
    Values,
)
from tui_mail.connectors.erpnext_people import People
from tui_mail.connectors.erpnext_writing import Making
from tui_mail.connectors.memory import MOST_FOUND
from tui_mail.connectors.place import read_place
from tui_mail.connectors.since import Gathered, read_since
from tui_mail.connectors.web import Limits, Web
from tui_mail.i18n import _
from tui_mail.linking.numbers import canonical_number
from tui_mail.values import (
    EntityRecord,
    ErpChanges,
    LineRecord,
    NewEntity,
    RecordError,
    Reference,
    WrittenEntity,
)


class ErpNextConnector:
    """`location`: as above."""

    def __init__(
        self,
        location: str,
        *,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._place = read_place(location, "erpnext")
        self._limits = limits or Limits()
        self._clock = clock

    def changes(self, cursor: str) -> ErpChanges:
        """What was modified since `cursor`, or everything once a day, since nothing tells of
        deletions."""
        with self._web() as web:
            return read_since(cursor, self._clock(), lambda since: self._reading(web).run(since))

    def document(self, company: str, kind: str, code: str) -> Sequence[LineRecord]:
        """The lines of a document, in order."""
        with self._web() as web:
            reading = self._reading(web)
            source = reading.find(company, kind, code)
            if source is None:
                return []
            reading.read_lines(source, {code: Reference(kind, code, company)}, [code])
            return reading.found.lines

    def search(self, text: str) -> Sequence[EntityRecord]:
        """Records whose code or title contain `text`, at most 50."""
        if not text.strip():
            return []
        with self._web() as web:
            return self._reading(web).search(text.strip())[:MOST_FOUND]

    def url(self, company: str, kind: str, code: str) -> str:
        """The record's form in ERPNext, "" when it is not there."""
        with self._web() as web:
            reading = self._reading(web)
            for doctype, known in PARTY_KINDS.items():
                if known == kind:
                    return reading.form(doctype, code)
            source = reading.find(company, kind, code)
            return reading.form(source.doctype, code) if source else ""

    def ticket(self, record: NewEntity) -> str:
        """What is the same there already."""
        with self._web() as web:
            return self._making(web).ticket(record)

    def write(self, record: NewEntity, ticket: str) -> WrittenEntity:
        """Make the document, or find what is the same and has come since the ticket."""
        with self._web() as web:
            return self._making(web).make(record, ticket)

    def _making(self, web: Web) -> Making:
        return Making(Site(web), self._reading(web).form)

    def _web(self) -> Web:
        return Web(self._place, {"Authorization": f"token {self._place.key}"}, self._limits)

    def _reading(self, web: Web) -> "_Reading":
        return _Reading(Site(web), self._place.base)


class _Reading:
    """One reading: who there is first, then documents in the order in which they come about."""

    def __init__(self, site: Site, base: str) -> None:
        self._site = site
        self._base = base
        self.found = Gathered()
        self._people = People(site, self.found, self.form)
        self._crm = Crm(self.found, self._people, self.form)

    def form(self, doctype: str, name: str) -> str:
        slug = doctype.lower().replace(" ", "-")
        return f"{self._base}/app/{slug}/{quote(name, safe='')}"

    def run(self, since: str) -> Gathered:
        changed: list[Filter] = [["modified", ">=", since]] if since else []
        self._people.read_companies()
        self._read_operators()
        documents = {one.doctype: self._rows(one.doctype, one.fields, changed) for one in DOCUMENTS}
        chances = self._rows("Opportunity", words.OPPORTUNITY, changed)
        to_dos = self._rows("ToDo", words.TODO, changed)
        self._add_what_is_to_be_done_for(to_dos, documents, chances)
        for source in DOCUMENTS:
            for row in documents[source.doctype]:
                self._people.use(_party_type(source, row), words.text(row, source.party))
        for row in chances:
            self._people.use(words.text(row, "opportunity_from"), words.text(row, "party_name"))
        self._people.read(self._rows, changed, whole=not since)
        for row in chances:
            self._crm.take_chance(row)
        for source in DOCUMENTS:
            self._take_all(source, documents[source.doctype], whole=not since)
        for row in to_dos:
            self._crm.take_to_do(row)
        for row in self._rows("Event", words.EVENT, changed):
            self._crm.take_event(row)
        return self.found

    def _add_what_is_to_be_done_for(
        self,
        to_dos: Sequence[Values],
        documents: dict[str, list[Values]],
        chances: list[Values],
    ) -> None:
        """What to-dos are about is read also where it has not changed."""
        about: dict[str, set[str]] = defaultdict(set)
        for row in to_dos:
            about[words.text(row, "reference_type")].add(words.text(row, "reference_name"))
        for doctype in PARTIES:
            for name in about[doctype]:
                self._people.use(doctype, name)
        wanted = [(one.doctype, one.fields, documents[one.doctype]) for one in DOCUMENTS]
        for doctype, fields, rows in (*wanted, ("Opportunity", words.OPPORTUNITY, chances)):
            missing = about[doctype] - {row["name"] for row in rows} - {""}
            rows.extend(self._there(doctype, fields, missing))

    def _there(self, doctype: str, fields: Sequence[str], names: Collection[str]) -> list[Values]:
        """Documents by name, of a DocType that need not be there."""
        try:
            return list(self._site.named(doctype, fields, names))
        except NoDoctype:
            return []

    def _rows(self, doctype: str, fields: Sequence[str], filters: Sequence[Filter]) -> list[Values]:
        """Documents of a DocType that need not be there; one that may not be read is told of."""
        try:
            rows = list(self._site.rows(doctype, fields, filters))
        except NoDoctype as error:
            self._missing(doctype, error)
            return []
        for row in rows:
            self.found.stamps[doctype, row["name"]] = words.text(row, "modified")
        return rows

    def _missing(self, doctype: str, error: NoDoctype) -> None:
        if error.denied:
            said = _("the key may not read this: give its user the right to")
            self.found.errors.append(RecordError(doctype, 0, "", said, rest=True))

    def _read_operators(self) -> None:
        try:
            for row in self._site.rows("User", words.USER):
                self._people.take_user(row)
        except NoDoctype:
            return  # only administrators may read users: a console works without

    # -- documents

    def _take_all(self, source: Documents, rows: Iterable[Values], *, whole: bool) -> None:
        named = {row["name"]: self._take(source, row) for row in rows}
        known = {name: one for name, one in named.items() if one is not None}
        parents = None if whole else list(known)
        self.read_lines(source, known, parents)
        if source.has_due:
            self._read_due(source, known, parents)

    def _take(self, source: Documents, row: Values) -> Reference | None:
        company = self._people.company(words.text(row, "company"))
        if company is None:
            return None
        doctype, name = _party_type(source, row), words.text(row, source.party)
        party = self._people.reference(doctype, name, company)
        person = words.text(row, "contact_person")
        kind = source.returns if words.whole(row, "is_return") and source.returns else source.kind
        date = words.day(row, source.date)
        reference = self.found.add(
            EntityRecord(
                company=company,
                kind=kind,
                code=row["name"],
                party=party,
                contact=self._people.contact(person, party),
                year=date.year if date else None,
                number=canonical_number(row["name"]),
                date=date,
                amount=words.amount(row, "grand_total"),
                currency=words.text(row, "currency"),
                state=words.state(row),
                their_reference=words.text(row, source.theirs) if source.theirs else "",
                url=self.form(source.doctype, row["name"]),
            )
        )
        if words.text(row, "opportunity"):
            chance = Reference("opportunity", words.text(row, "opportunity"), company)
            self.found.relate(chance, reference)
        return reference

    def read_lines(
        self, source: Documents, named: dict[str, Reference], parents: Sequence[str] | None
    ) -> None:
        """The lines of documents, and through them what those came out of."""
        origins = dict(source.origins)
        fields = (*words.LINE, *origins)
        try:
            for row in self._site.rows_of(
                f"{source.doctype} Item", fields, source.doctype, parents
            ):
                document = named.get(words.text(row, "parent"))
                if document is None:
                    continue
                self.found.lines.append(_line(row, document))
                for field, kind in origins.items():
                    if words.text(row, field):
                        before = Reference(kind, words.text(row, field), document.company)
                        self.found.relate(before, document)
        except NoDoctype as error:
            self._missing(f"{source.doctype} Item", error)

    def _read_due(
        self, source: Documents, named: dict[str, Reference], parents: Sequence[str] | None
    ) -> None:
        try:
            for row in self._site.rows_of("Payment Schedule", words.DUE, source.doctype, parents):
                document = named.get(words.text(row, "parent"))
                if document is not None:
                    self._take_due(row, self.found.entities[document])
        except NoDoctype as error:
            self._missing("Payment Schedule", error)

    def _take_due(self, row: Values, invoice: EntityRecord) -> None:
        left = words.amount(row, "outstanding")
        is_open = invoice.state == "open" and (left is None or left != 0)
        due = self.found.add(
            EntityRecord(
                company=invoice.company,
                kind="due_item",
                code=f"{invoice.code}#{words.whole(row, 'idx')}",
                party=invoice.party,
                year=invoice.year,
                number=invoice.number,
                date=invoice.date,
                due_date=words.day(row, "due_date"),
                amount=words.amount(row, "payment_amount"),
                open_amount=left if is_open else left and left * 0,
                currency=invoice.currency,
                state="open" if is_open else "closed",
                details={
                    "invoice": f"{invoice.kind}:{invoice.code}",
                    "instalment": str(words.whole(row, "idx")),
                    **words.filled("method", words.text(row, "mode_of_payment")),
                },
            )
        )
        self.found.relate(Reference(invoice.kind, invoice.code, invoice.company), due)

    # -- one at a time

    def find(self, company: str, kind: str, code: str) -> Documents | None:
        """Where a document is, by its name."""
        self._people.read_companies()
        for source in DOCUMENTS:
            if kind not in {source.kind, source.returns}:
                continue
            for row in self._few(source.doctype, source.fields, [["name", "=", code]]):
                if self._people.company(words.text(row, "company")) == company:
                    return source
        return None

    def search(self, text: str) -> list[EntityRecord]:
        self._people.read_companies()
        like = f"%{text}%"
        wanted: dict[str, list[Values]] = defaultdict(list)
        for source in DOCUMENTS:
            wanted[source.doctype] = [
                *self._few(source.doctype, source.fields, [["name", "like", like]])
            ]
            for row in wanted[source.doctype]:
                self._people.use(_party_type(source, row), words.text(row, source.party))
        matching = set()
        for doctype, (kind, fields) in PARTIES.items():
            for name in dict.fromkeys(("name", fields[0])):
                for row in self._few(doctype, fields, [[name, "like", like]]):
                    self._people.use(doctype, row["name"])
                    matching.add((kind, row["name"]))
        self._people.read(lambda *_query: [], [], whole=False)
        taken = [self._take(source, row) for source in DOCUMENTS for row in wanted[source.doctype]]
        return [
            record
            for reference, record in self.found.entities.items()
            if reference in taken or (record.kind, record.code) in matching
        ]

    def _few(
        self, doctype: str, fields: Sequence[str], filters: Sequence[Filter]
    ) -> Sequence[Values]:
        try:
            return self._site.first(doctype, fields, filters, MOST_FOUND)
        except NoDoctype:
            return []


def _party_type(source: Documents, row: Values) -> str:
    return source.party_type if source.party_type in PARTIES else words.text(row, source.party_type)


def _line(row: Values, document: Reference) -> LineRecord:
    discount = words.amount(row, "discount_percentage")
    return LineRecord(
        company=document.company,
        document=document,
        line=words.whole(row, "idx"),
        article=words.text(row, "item_code"),
        description=words.text(row, "item_name"),
        quantity=words.amount(row, "qty"),
        unit=words.text(row, "uom"),
        price=words.amount(row, "rate"),
        discount=f"{discount.normalize():f}" if discount else "",
    )
