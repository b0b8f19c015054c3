"""From the rows of the ERP's tables to records: codes, references between tables, wrong rows.

Hides how rows become records, whatever keeps the tables. What is wrong with a row is told with its
place, and the rest is taken all the same.
"""

from collections.abc import Callable, Iterator

from tui_mail.connectors.rows import BadCell, Row
from tui_mail.i18n import _
from tui_mail.linking.numbers import canonical_number
from tui_mail.values import (
    DOCUMENT_KINDS,
    AddressRecord,
    CompanyRecord,
    EntityRecord,
    ErpChanges,
    LineRecord,
    RecordError,
    Reference,
    RelationRecord,
)

Report = Callable[[RecordError], None]
RowsOf = Callable[[str, Report], Iterator[Row]]
"""The rows of a table by its name in `layout.TABLES`; what cannot be read goes to the report."""

_COUNTERPARTIES = ("customer", "supplier", "lead")
_OWN_FILES = ("due_item", "activity", "opportunity")
_FILED_DOCUMENTS = tuple(kind for kind in DOCUMENT_KINDS if kind not in _OWN_FILES)


def read_tables(rows_of: RowsOf, cursor: str) -> ErpChanges:
    """All records of all tables, complete as of `cursor`; `due_items` is asked for twice.

    With rows that could not be taken there is no cursor: they are told of at every reading.
    """
    return _Import(rows_of).run(cursor)


class _Import:
    """One reading; a table may refer only to tables read before it."""

    def __init__(self, rows_of: RowsOf) -> None:
        self._rows_of = rows_of
        self._companies: dict[str, CompanyRecord] = {}
        self._entities: dict[Reference, EntityRecord] = {}
        self._addresses: dict[tuple[Reference, str, Reference | None], AddressRecord] = {}
        self._relations: dict[RelationRecord, None] = {}
        self._lines: dict[tuple[Reference, int], LineRecord] = {}
        self._errors: list[RecordError] = []
        self._unread: dict[Reference, None] = {}
        self._due_of_invoices: set[str] = set()
        self._converted: list[tuple[Row, Reference]] = []

    def run(self, cursor: str) -> ErpChanges:
        takers: dict[str, Callable[[Row], None]] = {
            "companies": self._company,
            "operators": self._operator,
            "parties": self._party,
            "contacts": self._contact,
            "addresses": self._address,
            "opportunities": self._opportunity,
            "documents": self._document,
            "document_links": self._document_link,
            "due_items": self._due_item,
            "activities": self._activity,
            "lines": self._line,
        }
        for row in self._rows_of("due_items", lambda _error: None):
            if row.text("invoice").startswith("invoice:"):
                self._due_of_invoices.add(self._due_code(row))
        for name, take in takers.items():
            for row in self._rows_of(name, self._errors.append):
                try:
                    take(row)
                except BadCell as bad:
                    self._refuse(row, bad)
        self._check_converted_leads()
        return ErpChanges(
            cursor="" if self._errors else cursor,
            # What could not be read may hold any record: none is gone for being missed.
            complete=not any(error.rest for error in self._errors),
            companies=tuple(self._companies.values()),
            entities=tuple(self._entities.values()),
            addresses=tuple(self._addresses.values()),
            relations=tuple(self._relations),
            lines=tuple(self._lines.values()),
            errors=tuple(self._errors),
            unread=tuple(one for one in self._unread if one not in self._entities),
        )

    # -- who ---------------------------------------------------------------------------------------

    def _company(self, row: Row) -> None:
        code = row.key("code")
        if code in self._companies:
            raise BadCell("code", _("this record is there twice"))
        self._companies[code] = CompanyRecord(
            code=code,
            name=row.text("name"),
            vat=row.text("vat"),
            domains=tuple(row.text("domains").lower().split()),
            addresses=tuple(row.text("addresses").lower().split()),
        )

    def _operator(self, row: Row) -> None:
        reference = self._announce(Reference("operator", row.key("login")), "login")
        email = row.email("email") if row.text("email") else ""
        details = row.details("active")
        row.flag("active")
        self._add(
            reference,
            EntityRecord("", "operator", reference.code, title=row.text("name"), details=details),
        )
        if email:
            self._add_address(AddressRecord("", email, reference, purpose="operator"))

    def _party(self, row: Row) -> None:
        kind = self._kind_of(row, _COUNTERPARTIES, row.key("code"))
        reference = self._announce(Reference(kind, row.key("code"), row.text("company")))
        company = self._of_company(row)
        row.flag("blocked")
        details = row.details(
            "vat", "tax_code", "pec", "language", "city", "country", "blocked", "customer_code"
        )
        pec = row.email("pec") if row.text("pec") else ""
        if row.text("customer_code"):
            # The customer may stand further down in the same file.
            became = Reference("customer", row.key("customer_code"), company)
            self._converted.append((row, became))
        title = row.text("name")
        self._add(reference, EntityRecord(company, kind, reference.code, title, details=details))
        if pec:
            self._add_address(AddressRecord(company, pec, reference, purpose="pec"))

    def _contact(self, row: Row) -> None:
        code = f"{row.key('party_kind')}/{row.key('party')}/{row.key('number')}"
        reference = self._announce(Reference("contact", code, row.text("company")), "number")
        company, party = self._of_company(row), self._party_of(row, required=True)
        row.day("left_on")
        record = EntityRecord(
            company,
            "contact",
            code,
            title=row.text("name"),
            party=party,
            details=row.details("role", "left_on"),
        )
        self._add(reference, record)

    def _address(self, row: Row) -> None:
        company, party = self._of_company(row), self._party_of(row, required=True)
        if party is not None:
            record = AddressRecord(
                company=company,
                email=row.email("email"),
                party=party,
                contact=self._contact_of(row, party),
                purpose=row.text("purpose"),
                primary=self._is_primary(row),
            )
            self._add_address(record)

    def _is_primary(self, row: Row) -> bool:
        """Whether the address is the first; one is not lost where that is not clear."""
        try:
            return row.flag("primary")
        except BadCell as bad:
            self._refuse(row, bad)
            return False

    # -- what --------------------------------------------------------------------------------------

    def _opportunity(self, row: Row) -> None:
        reference = self._announce(Reference("opportunity", row.key("code"), row.text("company")))
        company = self._of_company(row)
        record = EntityRecord(
            company,
            "opportunity",
            reference.code,
            title=row.text("title"),
            party=self._party_of(row),
            number=canonical_number(reference.code),
            amount=row.money("value", row.text("currency")),
            currency=row.text("currency"),
            state=row.text("stage"),
            details=row.details("stage"),
        )
        self._add(reference, record)

    def _document(self, row: Row) -> None:
        code = self._document_code(row)
        kind = self._kind_of(row, _FILED_DOCUMENTS, code)
        reference = self._announce(
            Reference(kind, code, row.text("company")), "code" if row.text("code") else "number"
        )
        company = self._of_company(row)
        year, version = row.whole("year", most=9999), row.whole("version", most=9999) or 0
        party = self._party_of(row)
        opportunity = self._own_reference(row, "opportunity", "opportunity", company)
        record = EntityRecord(
            company,
            kind,
            code,
            title=row.text("title"),
            party=party,
            contact=self._contact_of(row, party),
            year=year,
            series=row.text("series"),
            number=canonical_number(row.text("number") or code),
            version=version,
            date=row.day("date"),
            amount=row.money("total", row.text("currency")),
            currency=row.text("currency"),
            state=row.choice("state", ("open", "closed", "cancelled", "")),
            their_reference=row.text("their_reference"),
            our_reference=row.text("our_reference"),
            url=row.text("url"),
            details=row.details("opportunity", "sdi_file", "sdi_id"),
        )
        self._add(reference, record)
        self._relate(company, opportunity, reference)

    def _document_code(self, row: Row) -> str:
        """The ERP's own code, or what year, series, number and version make."""
        if row.text("code"):
            return row.key("code")
        version = row.whole("version", most=9999)
        series = f"{row.key('series')}/" if row.text("series") else ""
        ending = f".{version}" if version else ""
        return f"{row.key('year')}/{series}{row.key('number')}{ending}"

    def _document_link(self, row: Row) -> None:
        company = self._of_company(row)
        self._relate(company, self._named(row, "from", company), self._named(row, "to", company))

    def _due_item(self, row: Row) -> None:
        code = self._due_code(row)
        if not row.text("invoice").startswith("invoice:") and code in self._due_of_invoices:
            # Invoices and purchase invoices are numbered apart, so their codes meet.
            code = f"{row.text('invoice').partition(':')[0]}:{code}"
        reference = self._announce(Reference("due_item", code, row.text("company")), "instalment")
        company = self._of_company(row)
        invoice = self._entities[self._named(row, "invoice", company)]
        open_amount = row.money("open", invoice.currency)
        row.flag("blocked")
        row.flag("disputed")
        record = EntityRecord(
            company,
            "due_item",
            code,
            party=self._party_of(row) or invoice.party,
            year=invoice.year,
            series=invoice.series,
            number=invoice.number,
            date=invoice.date,
            due_date=row.day("due_date"),
            amount=row.money("amount", invoice.currency),
            open_amount=open_amount,
            currency=invoice.currency,
            state="" if open_amount is None else "open" if open_amount else "closed",
            details=row.details("invoice", "instalment", "method", "level", "blocked", "disputed"),
        )
        self._add(reference, record)
        self._relate(company, Reference(invoice.kind, invoice.code, company), reference)

    def _due_code(self, row: Row) -> str:
        code = row.text("invoice").partition(":")[2].partition("@")[0]
        return f"{code}#{row.text('instalment')}"

    def _activity(self, row: Row) -> None:
        reference = self._announce(Reference("activity", row.key("code"), row.text("company")))
        company = self._of_company(row)
        document = self._named(row, "document", company) if row.text("document") else None
        opportunity = self._own_reference(row, "opportunity", "opportunity", company)
        self._own_reference(row, "operator", "operator", "")
        record = EntityRecord(
            company,
            "activity",
            reference.code,
            title=row.text("title"),
            party=self._party_of(row),
            number=canonical_number(reference.code),
            due_date=row.day("due"),
            state=row.text("state"),
            details=row.details("kind", "document", "opportunity", "operator"),
        )
        self._add(reference, record)
        self._relate(company, document, reference)
        self._relate(company, opportunity, reference)

    def _line(self, row: Row) -> None:
        company = self._of_company(row)
        document = self._named(row, "document", company)
        number = row.whole("line", most=999_999_999)
        if number is None or (document, number) in self._lines:
            raise BadCell("line", _("this record is there twice") if number else _("it is empty"))
        self._lines[document, number] = LineRecord(
            company,
            document,
            number,
            article=row.text("article"),
            description=row.text("description"),
            quantity=row.amount("quantity"),
            unit=row.text("unit"),
            price=row.amount("price"),
            discount=row.text("discount"),
            vat_rate=row.text("vat_rate"),
        )

    # -- references --------------------------------------------------------------------------------

    def _refuse(self, row: Row, bad: BadCell) -> None:
        self._errors.append(RecordError(row.file, row.line, bad.column, bad.message))

    def _check_converted_leads(self) -> None:
        for row, customer in self._converted:
            try:
                self._known("customer_code", customer)
            except BadCell as bad:
                self._refuse(row, bad)

    def _announce(self, reference: Reference, column: str = "code") -> Reference:
        """Remember that the record is there, whatever else is wrong with its row."""
        if reference in self._entities:
            raise BadCell(column, _("this record is there twice"))
        self._unread[reference] = None
        return reference

    def _kind_of(self, row: Row, kinds: tuple[str, ...], code: str) -> str:
        """The kind of the row's record; where it names none, a record of any may be there."""
        if row.text("kind") not in kinds:
            company = row.text("company")
            self._unread.update((Reference(kind, code, company), None) for kind in kinds)
        return row.choice("kind", kinds)

    def _add(self, reference: Reference, record: EntityRecord) -> None:
        self._entities[reference] = record

    def _add_address(self, record: AddressRecord) -> None:
        self._addresses.setdefault((record.party, record.email, record.contact), record)

    def _relate(self, company: str, source: Reference | None, target: Reference | None) -> None:
        if source and target:
            self._relations.setdefault(RelationRecord(company, source, target))

    def _of_company(self, row: Row) -> str:
        company = row.text("company")
        if self._companies and company not in self._companies:
            raise BadCell("company", _("there is no such record: {code}").format(code=company))
        return company

    def _known(self, column: str, reference: Reference) -> Reference:
        if reference not in self._entities:
            raise BadCell(column, _("there is no such record: {code}").format(code=reference))
        return reference

    def _party_of(self, row: Row, *, required: bool = False) -> Reference | None:
        if not required and not row.text("party"):
            return None
        kind = row.choice("party_kind", _COUNTERPARTIES)
        return self._known("party", Reference(kind, row.key("party"), row.text("company")))

    def _contact_of(self, row: Row, party: Reference | None) -> Reference | None:
        if not row.text("contact"):
            return None
        if party is None:
            raise BadCell("party", _("it is empty"))
        code = f"{party.kind}/{party.code}/{row.key('contact')}"
        return self._known("contact", Reference("contact", code, party.company))

    def _own_reference(self, row: Row, column: str, kind: str, company: str) -> Reference | None:
        if not row.text(column):
            return None
        return self._known(column, Reference(kind, row.key(column), company))

    def _named(self, row: Row, column: str, company: str) -> Reference:
        """A record named as KIND:CODE, possibly with @COMPANY."""
        kind, colon, code = row.key(column).partition(":")
        if not colon or kind not in DOCUMENT_KINDS:
            raise BadCell(column, _("it must be KIND:CODE, with a kind of document"))
        if "@" in code and (reference := Reference(kind, *code.rsplit("@", 1))) in self._entities:
            return reference
        return self._known(column, Reference(kind, code, company))
