"""The ERP as a database of Odoo's: partners, orders, transfers, invoices, due dates, and where they
are installed leads, opportunities and activities.

    odoo+https://HOST/DATABASE?key_file=FILE[&user=LOGIN][&ca_file=FILE]

Hides models, fields and archived records. A company is known by its id, as a partner is; what
belongs to no company in particular is given for each. A document is known by its name.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from tui_mail.connectors import odoo_models as words
from tui_mail.connectors.memory import MOST_FOUND
from tui_mail.connectors.odoo_calls import Domain, NoModel, Odoo, Values
from tui_mail.connectors.odoo_crm import Crm, Named
from tui_mail.connectors.odoo_models import DOCUMENTS, Documents
from tui_mail.connectors.odoo_parties import Parties
from tui_mail.connectors.odoo_writing import Making
from tui_mail.connectors.place import read_place
from tui_mail.connectors.since import Gathered, read_since
from tui_mail.connectors.web import Limits, Web
from tui_mail.errors import NotFound
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

_POSTED = ["state", "!=", "draft"]  # an invoice has no number before


class OdooConnector:
    """`location`: as above."""

    def __init__(
        self,
        location: str,
        *,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._place = read_place(location, "odoo")
        self._limits = limits or Limits()
        self._clock = clock

    def changes(self, cursor: str) -> ErpChanges:
        """What was written since `cursor`, or everything once a day, since nothing tells of
        deletions."""
        with self._web() as web:
            odoo = Odoo(self._place, web)
            return read_since(cursor, self._clock(), lambda since: self._reading(odoo).run(since))

    def document(self, company: str, kind: str, code: str) -> Sequence[LineRecord]:
        """The lines of a document, in order."""
        with self._web() as web:
            reading = self._reading(Odoo(self._place, web))
            found = reading.find(company, kind, code)
            if found is None:
                return []
            source, row = found
            reading.read_lines(source, {row["id"]: Reference(kind, code, company)})
            return reading.found.lines

    def search(self, text: str) -> Sequence[EntityRecord]:
        """Records whose code or title contain `text`, at most 50."""
        if not text.strip():
            return []
        with self._web() as web:
            return self._reading(Odoo(self._place, web)).search(text.strip())[:MOST_FOUND]

    def url(self, company: str, kind: str, code: str) -> str:
        """The record's form in Odoo, "" when it is not there."""
        with self._web() as web:
            reading = self._reading(Odoo(self._place, web))
            if kind in {"customer", "supplier"}:
                return reading.form("res.partner", int(code)) if code.isdecimal() else ""
            found = reading.find(company, kind, code)
            return reading.form(found[0].model, found[1]["id"]) if found else ""

    def ticket(self, record: NewEntity) -> str:
        """A new external id."""
        return uuid.uuid4().hex

    def write(self, record: NewEntity, ticket: str) -> WrittenEntity:
        """Make the record, or find the one of this external id."""
        with self._web() as web:
            odoo = Odoo(self._place, web)
            return Making(odoo, self._reading(odoo).form).make(record, ticket)

    def _web(self) -> Web:
        headers = {"Authorization": f"bearer {self._place.key}"}
        if self._place.path:
            headers["X-Odoo-Database"] = self._place.path
        return Web(self._place, headers, self._limits)

    def _reading(self, odoo: Odoo) -> "_Reading":
        return _Reading(odoo, self._place.base)


class _Reading:
    """One reading: documents first, since they tell who is a customer and who a supplier."""

    def __init__(self, odoo: Odoo, base: str) -> None:
        self._odoo = odoo
        self._base = base
        self.found = Gathered()
        self._parties = Parties(odoo, self.found, self.form)
        self._named: Named = defaultdict(list)
        self._crm = Crm(self.found, self._parties, self._named, self.form)

    def form(self, model: str, record_id: int) -> str:
        return f"{self._base}/web#id={record_id}&model={model}&view_type=form"

    def run(self, since: str) -> Gathered:
        self._parties.read_companies()
        changed: Domain = [["write_date", ">=", since]] if since else []
        rows = {one.model: self._document_rows(one, changed) for one in DOCUMENTS}
        leads = self._optional("crm.lead", words.LEAD, changed)
        activities = self._optional("mail.activity", words.ACTIVITY, changed)
        self._add_what_is_to_be_done_for(activities, rows, leads)
        for source in DOCUMENTS:
            for row in rows[source.model]:
                self._parties.use(source.side(row), row)
        for row in leads:
            self._parties.use("customer", row)
        self._parties.read(changed)
        for row in leads:
            self._crm.take_lead(row)
        for source in DOCUMENTS:
            taken = [(row, self._take(source, row)) for row in rows[source.model]]
            named = {row["id"]: one for row, records in taken for one in records}
            self.read_lines(source, named)
            if source.model == "account.move":
                self._read_due({key: self.found.entities[one] for key, one in named.items()})
        for row in activities:
            self._crm.take_activity(row)
        return self.found

    def _add_what_is_to_be_done_for(
        self, activities: Sequence[Values], rows: dict[str, list[Values]], leads: list[Values]
    ) -> None:
        """What activities are about is read also where it has not changed."""
        about: dict[str, set[int]] = defaultdict(set)
        for row in activities:
            if isinstance(row.get("res_id"), int):
                about[words.text(row, "res_model")].add(row["res_id"])
        for partner in about["res.partner"]:
            self._parties.need(partner)
        for source in DOCUMENTS:
            missing = about[source.model] - {row["id"] for row in rows[source.model]}
            more = _kinds_of(source)
            rows[source.model] += self._there(source.model, source.fields, missing, more)
        missing = about["crm.lead"] - {row["id"] for row in leads}
        leads += self._there("crm.lead", words.LEAD, missing)

    def _there(
        self, model: str, fields: Sequence[str], ids: Collection[int], more: Domain = ()
    ) -> list[Values]:
        """Records by id, of a model that need not be installed."""
        try:
            return list(self._odoo.rows_of(model, fields, "id", ids, *more))
        except NoModel:
            return []

    # -- documents

    def _document_rows(self, source: Documents, changed: Domain) -> list[Values]:
        """Those that changed, and invoices of which a due date did."""
        rows = self._optional(source.model, source.fields, [*changed, *_kinds_of(source)])
        if changed and source.model == "account.move":
            kinds = ["move_id.move_type", "in", list(source.kinds)]
            due = [*changed, ["date_maturity", "!=", False], kinds]
            lines = self._optional("account.move.line", words.DUE, due)
            moves = {words.number_of(row, "move_id") for row in lines} - {None}
            known = {row["id"] for row in rows}
            wanted = [one for one in moves if one is not None and one not in known]
            rows += self._there(source.model, source.fields, wanted, [_POSTED])
        return rows

    def _optional(self, model: str, fields: Sequence[str], domain: Domain) -> list[Values]:
        """Records of a model that need not be installed; one that may not be read is told of."""
        try:
            rows = list(self._odoo.rows(model, fields, domain))
        except NoModel as error:
            if error.denied:
                said = _("the key may not read this: give its user the right to")
                self.found.errors.append(RecordError(model, 0, "", said, rest=True))
            return []
        for row in rows:
            self.found.stamps[model, str(row["id"])] = words.text(row, "write_date")
        return rows

    def _take(self, source: Documents, row: Values) -> list[Reference]:
        code = words.text(row, "name")
        if not code or code == "/":
            return []
        kind = source.kind(row)
        taken = []
        for company in self._parties.companies_of(row):
            record = self._record(source, row, company)
            reference = self.found.add(record)
            self._named[source.model, row["id"]].append(reference)
            if kind == "sales_order":
                # An order was a quotation of the same name, which is one no more.
                quote = Reference("quote", code, company)
                self.found.gone[quote] = None
                self.found.relate(quote, reference)
            self._relate_origin(kind, row, reference)
            taken.append(reference)
        return taken

    def _record(self, source: Documents, row: Values, company: str) -> EntityRecord:
        party, contact = self._parties.of(row, source.side(row), company)
        date = words.day(row, "date_done") or words.day(row, source.date)
        code = words.text(row, "name")
        return EntityRecord(
            company=company,
            kind=source.kind(row),
            code=code,
            party=party,
            contact=contact,
            year=date.year if date else None,
            number=canonical_number(code),
            date=date,
            amount=words.amount(row, source.total) if source.total else None,
            currency=words.name_of(row, "currency_id"),
            state=_state(source, row),
            their_reference=words.text(row, source.theirs) if source.theirs else "",
            our_reference=words.text(row, "invoice_origin") or words.text(row, "origin"),
            url=self.form(source.model, row["id"]),
        )

    def _relate_origin(self, kind: str, row: Values, reference: Reference) -> None:
        """What an order led to names it, as its origin."""
        before = {
            "delivery_note": "sales_order",
            "goods_receipt": "purchase_order",
            "invoice": "sales_order",
            "purchase_invoice": "purchase_order",
        }.get(kind)
        opportunity = words.number_of(row, "opportunity_id")
        if opportunity is not None:
            source = Reference("opportunity", str(opportunity), reference.company)
            self.found.relate(source, reference)
        if before:
            origins = words.text(row, "invoice_origin") or words.text(row, "origin")
            for origin in filter(None, map(str.strip, origins.split(",")[:50])):
                self.found.relate(Reference(before, origin, reference.company), reference)

    def read_lines(self, source: Documents, named: dict[int, Reference]) -> None:
        """The lines of documents, by their ids there."""
        fields = (*words.LINE, *words.UNITS, source.quantity, source.of)
        more = (
            [["display_type", "in", [False, "product"]]]
            if source.lines == "account.move.line"
            else []
        )
        try:
            rows = self._odoo.rows_of(source.lines, fields, source.of, named, *more)
            numbers: dict[int, int] = defaultdict(int)
            for row in rows:
                document = words.number_of(row, source.of)
                if document not in named or words.text(row, "display_type") not in {"", "product"}:
                    continue
                numbers[document] += 1
                self.found.lines.append(_line(row, source, named[document], numbers[document]))
        except NoModel:
            return

    def _read_due(self, moves: dict[int, EntityRecord]) -> None:
        fields = (*words.DUE, words.DUE_CURRENCY)
        of_move: dict[int, list[Values]] = defaultdict(list)
        try:
            for row in self._odoo.rows_of(
                "account.move.line", fields, "move_id", moves, ["date_maturity", "!=", False]
            ):
                move = words.number_of(row, "move_id")
                if move in moves:
                    of_move[move].append(row)
                    key = ("account.move.line", str(row["id"]))
                    self.found.stamps[key] = words.text(row, "write_date")
        except NoModel:
            return
        for move, rows in of_move.items():
            rows.sort(key=lambda row: (words.text(row, "date_maturity"), row["id"]))
            for instalment, row in enumerate(rows, 1):
                self._take_due(moves[move], instalment, row)

    def _take_due(self, invoice: EntityRecord, instalment: int, row: Values) -> None:
        amount = words.amount(row, "amount_currency") or words.amount(row, "balance")
        left = words.amount(row, words.DUE_CURRENCY)
        if left is None:
            left = words.amount(row, "amount_residual")
        due = self.found.add(
            EntityRecord(
                company=invoice.company,
                kind="due_item",
                code=f"{invoice.code}#{instalment}",
                party=invoice.party,
                year=invoice.year,
                number=invoice.number,
                date=invoice.date,
                due_date=words.day(row, "date_maturity"),
                amount=abs(amount) if amount is not None else None,
                open_amount=abs(left) if left is not None else None,
                currency=invoice.currency,
                state="open" if left else "closed",
                details={
                    "invoice": f"{invoice.kind}:{invoice.code}",
                    "instalment": str(instalment),
                },
            )
        )
        self.found.relate(Reference(invoice.kind, invoice.code, invoice.company), due)

    # -- one at a time

    def find(self, company: str, kind: str, code: str) -> tuple[Documents, Values] | None:
        """Where a document is, by its name. Raises NotFound for a kind that Odoo has not."""
        self._parties.read_companies()
        sources = [one for one in DOCUMENTS if kind in one.kinds.values()]
        for source in sources:
            values = [value for value, named in source.kinds.items() if named == kind]
            domain = [["name", "=", code], [source.by, "in", values]]
            try:
                rows = self._odoo.first(source.model, source.fields, domain, MOST_FOUND)
            except NoModel as error:
                raise NotFound(_("Odoo has no such records: install its module.")) from error
            for row in rows:
                if company in self._parties.companies_of(row):
                    return source, row
        return None

    def search(self, text: str) -> list[EntityRecord]:
        self._parties.read_companies()
        rows = [
            (one, self._try(one.model, one.fields, [["name", "ilike", text]])) for one in DOCUMENTS
        ]
        for source, found in rows:
            for row in found:
                self._parties.use(source.side(row), row)
        self._parties.read_some([["name", "ilike", text]], MOST_FOUND)
        for source, found in rows:
            for row in found:
                if words.text(row, source.by) in source.kinds:
                    self._take(source, row)
        wanted = self._parties.matching | {
            reference for references in self._named.values() for reference in references
        }
        return [one for reference, one in self.found.entities.items() if reference in wanted]

    def _try(self, model: str, fields: Sequence[str], domain: Domain) -> Sequence[Values]:
        try:
            return self._odoo.first(model, fields, domain, MOST_FOUND)
        except NoModel:
            return []


def _kinds_of(source: Documents) -> Domain:
    """The records of a model that are documents here."""
    kinds = [source.by, "in", list(source.kinds)]
    return [kinds, _POSTED] if source.model == "account.move" else [kinds]


def _state(source: Documents, row: Values) -> str:
    state = words.text(row, "state")
    if state == "cancel":
        return "cancelled"
    paid = words.text(row, "payment_state") in {"paid", "in_payment", "reversed"}
    return "closed" if paid or state in source.closed else "open"


def _line(row: Values, source: Documents, document: Reference, number: int) -> LineRecord:
    discount = words.amount(row, "discount")
    return LineRecord(
        company=document.company,
        document=document,
        line=number,
        article=words.name_of(row, "product_id"),
        description=words.text(row, "name"),
        quantity=words.amount(row, source.quantity),
        unit=next((unit for name in words.UNITS if (unit := words.name_of(row, name))), ""),
        price=words.amount(row, "price_unit"),
        discount=f"{discount.normalize():f}" if discount else "",
    )
