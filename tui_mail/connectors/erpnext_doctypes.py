"""What is read of ERPNext, and what its words mean here: DocTypes, fields, states."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal, InvalidOperation
from typing import Any

Values = Mapping[str, Any]

COMPANY = ("name", "abbr", "tax_id", "email", "domain")
USER = ("name", "full_name", "enabled")
PARTIES = {
    "Customer": ("customer", ("customer_name", "tax_id", "language", "disabled")),
    "Supplier": ("supplier", ("supplier_name", "tax_id", "language", "disabled")),
    "Lead": ("lead", ("lead_name", "company_name", "email_id", "status", "company")),
}
CONTACT = ("first_name", "last_name", "designation", "email_id", "status")
ADDRESS = ("address_title", "city", "country", "email_id", "disabled", "is_primary_address")
OPPORTUNITY = (
    *("opportunity_from", "party_name", "title", "status", "sales_stage", "expected_closing"),
    *("opportunity_amount", "currency", "company", "transaction_date"),
)
TODO = ("description", "date", "status", "reference_type", "reference_name", "allocated_to")
EVENT = ("subject", "starts_on", "status", "event_category")
_TAG = re.compile(r"<[^<>]{0,2000}>")
_TITLE = 200
_CLOSED = frozenset({"Closed", "Completed", "Paid", "Cancelled", "Lost", "Converted", "Ordered"})


@dataclass(frozen=True, slots=True)
class Documents:
    """A DocType of documents. `party`: the field that names who it is with, of the DocType
    `party_type`, or of the one that the field of that name says. `origins`: the fields of its lines
    that name what it came out of."""

    doctype: str
    kind: str
    party: str
    party_type: str
    date: str
    theirs: str = ""
    returns: str = ""
    has_due: bool = False
    more: tuple[str, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Of a document; `name` and `modified` come with every one."""
        common = ("company", "docstatus", "status", "currency", "grand_total", "contact_person")
        named = (self.party, self.date, self.theirs, *self.more)
        if not self.party_type[:1].isupper():
            named = (*named, self.party_type)
        returns = ("is_return",) if self.returns else ()
        return (*common, *(one for one in named if one), *returns)


DOCUMENTS = (
    Documents(
        doctype="Quotation",
        kind="quote",
        party="party_name",
        party_type="quotation_to",
        date="transaction_date",
        more=("opportunity",),
    ),
    Documents(
        doctype="Sales Order",
        kind="sales_order",
        party="customer",
        party_type="Customer",
        date="transaction_date",
        theirs="po_no",
        origins=(("prevdoc_docname", "quote"),),
    ),
    Documents(
        doctype="Delivery Note",
        kind="delivery_note",
        party="customer",
        party_type="Customer",
        date="posting_date",
        theirs="po_no",
        origins=(("against_sales_order", "sales_order"),),
    ),
    Documents(
        doctype="Sales Invoice",
        kind="invoice",
        party="customer",
        party_type="Customer",
        date="posting_date",
        theirs="po_no",
        returns="credit_note",
        has_due=True,
        origins=(("sales_order", "sales_order"), ("delivery_note", "delivery_note")),
    ),
    Documents(
        doctype="Purchase Order",
        kind="purchase_order",
        party="supplier",
        party_type="Supplier",
        date="transaction_date",
    ),
    Documents(
        doctype="Purchase Receipt",
        kind="goods_receipt",
        party="supplier",
        party_type="Supplier",
        date="posting_date",
        theirs="supplier_delivery_note",
        origins=(("purchase_order", "purchase_order"),),
    ),
    Documents(
        doctype="Purchase Invoice",
        kind="purchase_invoice",
        party="supplier",
        party_type="Supplier",
        date="posting_date",
        theirs="bill_no",
        returns="credit_note",
        has_due=True,
        origins=(("purchase_order", "purchase_order"), ("purchase_receipt", "goods_receipt")),
    ),
)
KINDS = {one.doctype: one.kind for one in DOCUMENTS} | {"Opportunity": "opportunity"}
PARTY_KINDS = {doctype: kind for doctype, (kind, _fields) in PARTIES.items()}
LINE = ("parent", "idx", "item_code", "item_name", "qty", "uom", "rate", "discount_percentage")
DUE = ("parent", "idx", "due_date", "payment_amount", "outstanding", "mode_of_payment")


def text(row: Values, name: str) -> str:
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def plain(written: str) -> str:
    """What is typed there may be HTML; its words are enough."""
    return " ".join(html.unescape(_TAG.sub(" ", written[:4_000])).split())[:_TITLE]


def filled(name: str, value: str) -> dict[str, str]:
    """A detail, if there is one."""
    return {name: value} if value else {}


def whole(row: Values, name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0


def day(row: Values, name: str) -> Day | None:
    """The day of a date, or of a moment."""
    try:
        return Day.fromisoformat(text(row, name)[:10])
    except ValueError:
        return None


def amount(row: Values, name: str) -> Decimal | None:
    """A sum or quantity."""
    value = row.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def state(row: Values) -> str:
    """Open, closed or cancelled, by docstatus (2 is cancelled) and status."""
    if whole(row, "docstatus") == 2 or text(row, "status") == "Cancelled":
        return "cancelled"
    return "closed" if text(row, "status") in _CLOSED else "open"
