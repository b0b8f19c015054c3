"""What is read of Odoo, and what its words mean here: models, fields, states.

Fields that a version or a set of modules does not have are left out by `Odoo.fields`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Day
from decimal import Decimal, InvalidOperation
from typing import Any

Values = Mapping[str, Any]

COMPANY = ("name", "vat", "email", "partner_id")
USER = ("login", "name", "email", "partner_id", "share", "active")
PARTNER = (
    *("name", "commercial_partner_id", "company_id", "email", "vat", "ref", "lang", "city"),
    *("country_id", "function", "active", "customer_rank", "supplier_rank", "write_date"),
    *("l10n_it_pec_email", "l10n_it_codice_fiscale", "l10n_it_pa_index"),
)
LEAD = (
    *("name", "type", "partner_id", "company_id", "company_currency", "expected_revenue"),
    *("stage_id", "active", "contact_name", "partner_name", "email_from", "write_date"),
    *("date_deadline",),
)
ACTIVITY = (
    *("summary", "activity_type_id", "res_model", "res_id", "res_name", "date_deadline"),
    *("user_id", "active", "write_date"),
)
DUE = ("move_id", "date_maturity", "balance", "amount_currency", "amount_residual", "write_date")
DUE_CURRENCY = "amount_residual_currency"


@dataclass(frozen=True, slots=True)
class Documents:
    """A model of documents. `kinds`: by the value of `by`; `lines`: the model of its lines, the
    field that names the document there, and its field of the quantity."""

    model: str
    by: str
    kinds: Mapping[str, str]
    date: str
    total: str
    theirs: str
    closed: tuple[str, ...]
    more: tuple[str, ...]
    lines: str
    of: str
    quantity: str

    def kind(self, row: Values) -> str:
        """What a record is here."""
        return self.kinds.get(text(row, self.by), next(iter(self.kinds.values())))

    def side(self, row: Values) -> str:
        """Whether its partner is a customer or a supplier."""
        bought = self.kind(row) in _OF_SUPPLIERS or text(row, self.by).startswith("in_")
        return "supplier" if bought else "customer"

    @property
    def fields(self) -> tuple[str, ...]:
        common = ("name", "state", "partner_id", "company_id", "currency_id", "write_date")
        named = (self.by, self.date, self.total, self.theirs)
        return tuple(dict.fromkeys((*common, *(one for one in named if one), *self.more)))


_OF_SUPPLIERS = ("purchase_order", "goods_receipt", "purchase_invoice")

DOCUMENTS = (
    Documents(
        model="sale.order",
        by="state",
        kinds={
            "draft": "quote",
            "sent": "quote",
            "sale": "sales_order",
            "done": "sales_order",
            "cancel": "sales_order",
        },
        date="date_order",
        total="amount_total",
        theirs="client_order_ref",
        closed=("done",),
        more=("opportunity_id", "origin"),
        lines="sale.order.line",
        of="order_id",
        quantity="product_uom_qty",
    ),
    Documents(
        model="purchase.order",
        by="state",
        kinds=dict.fromkeys(
            ("draft", "sent", "to approve", "purchase", "done", "cancel"), "purchase_order"
        ),
        date="date_order",
        total="amount_total",
        theirs="partner_ref",
        closed=("done",),
        more=("origin",),
        lines="purchase.order.line",
        of="order_id",
        quantity="product_qty",
    ),
    Documents(
        model="stock.picking",
        by="picking_type_code",
        kinds={"outgoing": "delivery_note", "incoming": "goods_receipt"},
        date="scheduled_date",
        total="",
        theirs="",
        closed=("done",),
        more=("origin", "date_done"),
        lines="stock.move",
        of="picking_id",
        quantity="product_uom_qty",
    ),
    Documents(
        model="account.move",
        by="move_type",
        kinds={
            "out_invoice": "invoice",
            "out_receipt": "invoice",
            "in_invoice": "purchase_invoice",
            "in_receipt": "purchase_invoice",
            "out_refund": "credit_note",
            "in_refund": "credit_note",
        },
        date="invoice_date",
        total="amount_total",
        theirs="ref",
        closed=(),
        more=("payment_state", "invoice_origin"),
        lines="account.move.line",
        of="move_id",
        quantity="quantity",
    ),
)
LINE = ("product_id", "name", "price_unit", "discount", "display_type")
UNITS = ("product_uom_id", "product_uom")


def text(row: Values, name: str) -> str:
    """A field as text; Odoo's False is nothing."""
    value = row.get(name)
    return value.strip() if isinstance(value, str) else ""


def number_of(row: Values, name: str) -> int | None:
    """The id that a many-to-one field holds."""
    value = row.get(name)
    if isinstance(value, list | tuple) and value:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def name_of(row: Values, name: str) -> str:
    """What a many-to-one field's record is called."""
    value = row.get(name)
    named = isinstance(value, list | tuple) and len(value) > 1 and isinstance(value[1], str)
    return str(value[1]).strip() if named and value else ""


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
