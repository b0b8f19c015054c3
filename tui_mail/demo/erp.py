"""Writes the demo company's ERP as the folder of CSV files that the `files` connector reads."""

import csv
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from tui_mail.demo.records import DemoCompany, DemoDocument

Cell = str | int | Decimal | date | None
COLUMNS = {
    "companies": "code name vat domains addresses",
    "operators": "login name email active",
    "parties": "company kind code name vat tax_code pec language city country blocked customer_code",
    "contacts": "company party_kind party number name role left_on",
    "addresses": "company party_kind party contact email purpose primary",
    "documents": "company kind year series number version code date party_kind party contact total"
    " currency state their_reference our_reference title opportunity sdi_file sdi_id url",
    "document_links": "company from to",
    "due_items": "company invoice instalment party_kind party due_date amount open method level"
    " blocked disputed",
    "opportunities": "company code party_kind party title stage value currency",
    "activities": "company code kind party_kind party document opportunity due operator state title",
    "lines": "company document line article description quantity unit price discount vat_rate",
}


def write_erp(company: DemoCompany, folder: Path) -> None:
    """Write every file of the `files` connector into `folder`, which is made when missing.

    UTF-8, comma, header row, ISO dates, amounts with a point, true and false. Raises OSError.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in _tables(company):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS[name].split())
            writer.writerows([_text(cell) for cell in row] for row in rows)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)


def _tables(company: DemoCompany) -> Iterator[tuple[str, Iterable[tuple[Cell, ...]]]]:
    own = company.code
    addresses = ("vendite", "amministrazione", "demo", "info")
    boxes = " ".join(f"{name}@{company.domain}" for name in addresses)
    yield "companies", [(own, company.name, company.vat, company.domain, boxes)]
    yield "operators", [(who.login, who.name, who.email, who.active) for who in company.operators]
    yield "parties", [
        (own, party.kind, party.code, party.name, party.vat, party.tax_code, party.pec,
         party.language, party.city, party.country, party.blocked, party.customer_code)
        for party in company.parties
    ]  # fmt: skip
    yield "contacts", [
        (own, contact.party_kind, contact.party, contact.number, contact.name, contact.role,
         contact.left_on)
        for contact in company.contacts
    ]  # fmt: skip
    yield "addresses", [
        (own, address.party_kind, address.party, address.contact, address.email, address.purpose,
         address.primary)
        for address in company.addresses
    ]  # fmt: skip
    yield from _document_tables(company)
    yield "opportunities", [
        (own, chance.code, chance.party_kind, chance.party, chance.title, chance.stage,
         chance.value, chance.currency)
        for chance in company.opportunities
    ]  # fmt: skip
    yield "activities", [
        (own, task.code, task.kind, task.party_kind, task.party, task.document, task.opportunity,
         task.due, task.operator, task.state, task.title)
        for task in company.activities
    ]  # fmt: skip


def _document_tables(company: DemoCompany) -> Iterator[tuple[str, Iterable[tuple[Cell, ...]]]]:
    own = company.code
    yield "documents", [
        (own, document.kind, document.year, document.series, document.number, document.version,
         "", document.date, document.party_kind, document.party, document.contact, document.total,
         document.currency, document.state, document.their_reference, document.our_reference,
         document.title, document.opportunity, *_interchange(company.vat, document), "")
        for document in company.documents
    ]  # fmt: skip
    yield "document_links", [(own, link.source, link.target) for link in company.links]
    yield "due_items", [
        (own, item.invoice, item.instalment, item.party_kind, item.party, item.due_date,
         item.amount, item.open, item.method, item.level, item.blocked, item.disputed)
        for item in company.due_items
    ]  # fmt: skip
    yield "lines", [
        (own, line.document, line.line, line.article, line.description, line.quantity, line.unit,
         line.price, line.discount, line.vat_rate)
        for line in company.lines
    ]  # fmt: skip


def _interchange(vat: str, document: DemoDocument) -> tuple[str, str]:
    """Return the file name and the identifier that the tax exchange (SdI) gave an invoice."""
    if document.kind not in {"invoice", "credit_note"}:
        return "", ""
    letter = document.series or ("F" if document.kind == "invoice" else "N")
    key = f"{letter}{document.number:04}"
    identifier = document.year * 1_000_000 + document.number * 37 + ord(letter)
    return f"IT{vat}_{key}.xml", str(identifier)
