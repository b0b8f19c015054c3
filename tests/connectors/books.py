"""The same small company in every ERP that there is a connector for: a customer with a contact, a
supplier, an order with two lines, an invoice that came out of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.servers.erpnext import ErpNextServer
from tests.servers.odoo import OdooServer
from tui_mail.connectors import Connector
from tui_mail.connectors.web import Limits
from tui_mail.values import Reference

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
QUICK = Limits(seconds=6.0, silence=3.0, size=200_000, tries=2)
_STAMP = "2026-11-20 08:00:00"

_CUSTOMER = Reference("customer", "C1", "01")
_SUPPLIER = Reference("supplier", "F1", "01")
_CONTACT = Reference("contact", "customer/C1/1", "01")
_ORDER = Reference("sales_order", "2026/119", "01")
_INVOICE = Reference("invoice", "2026/7", "01")


@dataclass
class Books:
    """A connector and what its ERP calls the records. `order_url`: where the order is shown."""

    connector: Connector
    customer: Reference = _CUSTOMER
    supplier: Reference = _SUPPLIER
    contact: Reference = _CONTACT
    order: Reference = _ORDER
    invoice: Reference = _INVOICE
    order_url: str = "https://erp.example/119"
    others: set[tuple[str, str]] = field(default_factory=set)
    """Records that this ERP has beside."""


FILES = {
    "companies.csv": "code,name\n01,Rossi\n",
    "parties.csv": "company,kind,code,name\n01,customer,C1,Società Bianchi\n01,supplier,F1,Neri\n",
    "contacts.csv": "company,party_kind,party,number,name,role\n01,customer,C1,1,Marta,acquisti\n",
    "addresses.csv": (
        "company,party_kind,party,contact,email\n"
        "01,customer,C1,,info@bianchi.example\n01,customer,C1,1,marta@bianchi.example\n"
    ),
    "documents.csv": (
        "company,kind,year,number,party_kind,party,contact,url,total,currency,date,their_reference\n"
        "01,sales_order,2026,119,customer,C1,1,https://erp.example/119,1204.50,EUR,2026-11-02,PO 4\n"
        "01,invoice,2026,7,customer,C1,,,1204.50,EUR,2026-11-09,PO 4\n"
    ),
    "document_links.csv": "company,from,to\n01,sales_order:2026/119,invoice:2026/7\n",
    "due_items.csv": (
        "company,invoice,instalment,due_date,amount,open\n"
        "01,invoice:2026/7,1,2026-12-31,604.50,604.50\n"
        "01,invoice:2026/7,2,2027-01-31,600,600\n"
    ),
    "lines.csv": (
        "company,document,line,article,price,quantity\n"
        "01,sales_order:2026/119,2,B,1.50,3\n01,sales_order:2026/119,1,A,2,600\n"
    ),
}


def row(record_id: int, **fields: Any) -> dict[str, Any]:
    return {"id": record_id, "write_date": _STAMP, **fields}


def fill_odoo(server: OdooServer) -> None:
    euro, company = [1, "EUR"], [1, "Rossi"]
    server.tables = {
        "res.company": [row(1, name="Rossi", vat="IT1", email=False, partner_id=[1, "Rossi"])],
        "res.users": [
            row(2, login="sara", name="Sara", email="Sara@rossi.example", partner_id=[3, "Sara"])
            | {"share": False, "active": True}
        ],
        "res.partner": [
            _partner(1, "Rossi"),
            _partner(3, "Sara", company=1),
            _partner(10, "Società Bianchi", email="Info@bianchi.example", customer_rank=3),
            _partner(11, "Neri", supplier_rank=1, company_id=company),
            _partner(12, "Marta", company=10, email='"Marta B." <marta@bianchi.example>')
            | {"function": "acquisti"},
        ],
        "sale.order": [
            row(119, name="S00119", state="sale", partner_id=[12, "Marta"], company_id=company)
            | {"date_order": "2026-11-02 10:11:12", "amount_total": 1204.5, "currency_id": euro}
            | {"client_order_ref": "PO 4", "origin": False}
        ],
        "sale.order.line": [
            _line(1, [119, "S00119"], "A", product_uom_qty=600.0, price_unit=2.0),
            _line(2, [119, "S00119"], "B", product_uom_qty=3.0, price_unit=1.5),
        ],
        "account.move": [
            row(7, name="INV/2026/00007", state="posted", move_type="out_invoice")
            | {"partner_id": [10, "Bianchi"], "company_id": company, "currency_id": euro}
            | {"invoice_date": "2026-11-09", "amount_total": 1204.5, "ref": "PO 4"}
            | {"payment_state": "not_paid", "invoice_origin": "S00119"},
            row(8, name=False, state="draft", move_type="out_invoice", company_id=company),
        ],
        "crm.lead": [],
        "mail.activity": [],
        "account.move.line": [
            _due(70, "2027-01-31", 600.0),
            _due(71, "2026-12-31", 604.5),
            row(72, move_id=[7, "INV/2026/00007"], date_maturity=False, display_type="product")
            | {"product_id": [1, "A"], "quantity": 600.0, "price_unit": 2.0},
        ],
    }


def _partner(partner_id: int, name: str, *, company: int = 0, **fields: Any) -> dict[str, Any]:
    fields = {"customer_rank": 0, "supplier_rank": 0, "email": False, "active": True, **fields}
    commercial = [company or partner_id, name]
    return row(partner_id, name=name, commercial_partner_id=commercial, **fields)


def _line(line_id: int, order: list[Any], article: str, **fields: Any) -> dict[str, Any]:
    return row(line_id, order_id=order, product_id=[line_id, article], name=article, **fields)


def _due(line_id: int, day: str, amount: float) -> dict[str, Any]:
    return row(
        line_id,
        move_id=[7, "INV/2026/00007"],
        date_maturity=day,
        display_type="payment_term",
        balance=amount,
        amount_currency=amount,
        amount_residual=amount,
        amount_residual_currency=amount,
    )


def odoo(server: OdooServer, key_file: object, clock: Callable[[], datetime]) -> Books:
    from tui_mail.connectors.odoo import OdooConnector

    return Books(
        OdooConnector(server.location(key_file), limits=QUICK, clock=clock),
        customer=Reference("customer", "10", "1"),
        supplier=Reference("supplier", "11", "1"),
        contact=Reference("contact", "customer/10/12", "1"),
        order=Reference("sales_order", "S00119", "1"),
        invoice=Reference("invoice", "INV/2026/00007", "1"),
        order_url=f"{server.http.base}/web#id=119&model=sale.order&view_type=form",
        others={("operator", "sara")},
    )


def named(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "modified": f"{_STAMP}.000000", **fields}


def fill_erpnext(server: ErpNextServer) -> None:
    order, invoice = "SAL-ORD-2026-00119", "ACC-SINV-2026-00007"
    sold = {"company": "Rossi Srl", "docstatus": 1, "currency": "EUR", "grand_total": 1204.5}
    server.tables = {
        "Company": [named("Rossi Srl", abbr="R")],
        "User": [named("sara@rossi.example", full_name="Sara", enabled=1), named("Guest")],
        "Customer": [named("Bianchi", customer_name="Società Bianchi", disabled=0)],
        "Supplier": [named("Neri", supplier_name="Neri", disabled=0)],
        "Lead": [],
        "Contact": [named("Marta-Bianchi", first_name="Marta", designation="acquisti")],
        "Contact Email": [
            _within(
                "e1", "Contact", "Marta-Bianchi", email_id="Marta@bianchi.example", is_primary=1
            )
        ],
        "Address": [named("Bianchi-Billing", city="Bologna", email_id="info@bianchi.example")],
        "Dynamic Link": [
            _within("l1", "Contact", "Marta-Bianchi", link_doctype="Customer", link_name="Bianchi"),
            _within(
                "l2", "Address", "Bianchi-Billing", link_doctype="Customer", link_name="Bianchi"
            ),
        ],
        "Contact Phone": [],
        "Opportunity": [],
        "ToDo": [],
        "Quotation": [],
        "Sales Order": [
            named(order, customer="Bianchi", transaction_date="2026-11-02", status="To Deliver")
            | {**sold, "po_no": "PO 4", "contact_person": "Marta-Bianchi"}
        ],
        "Sales Order Item": [
            _within("i2", "Sales Order", order, idx=2, item_code="B", qty=3.0, rate=1.5),
            _within("i1", "Sales Order", order, idx=1, item_code="A", qty=600.0, rate=2.0),
        ],
        "Sales Invoice": [
            named(invoice, customer="Bianchi", posting_date="2026-11-09", status="Unpaid")
            | {**sold, "po_no": "PO 4", "is_return": 0}
        ],
        "Sales Invoice Item": [
            _within("i3", "Sales Invoice", invoice, idx=1, item_code="A", sales_order=order)
        ],
        "Payment Schedule": [
            _within("p1", "Sales Invoice", invoice, idx=1, due_date="2026-12-31")
            | {"payment_amount": 604.5, "outstanding": 604.5},
            _within("p2", "Sales Invoice", invoice, idx=2, due_date="2027-01-31")
            | {"payment_amount": 600.0, "outstanding": 600.0},
        ],
    }


def _within(name: str, doctype: str, parent: str, **fields: Any) -> dict[str, Any]:
    return named(name, parenttype=doctype, parent=parent, **fields)


def erpnext(server: ErpNextServer, key_file: object, clock: Callable[[], datetime]) -> Books:
    from tui_mail.connectors.erpnext import ErpNextConnector

    return Books(
        ErpNextConnector(server.location(key_file), limits=QUICK, clock=clock),
        customer=Reference("customer", "Bianchi", "R"),
        supplier=Reference("supplier", "Neri", "R"),
        contact=Reference("contact", "customer/Bianchi/Marta-Bianchi", "R"),
        order=Reference("sales_order", "SAL-ORD-2026-00119", "R"),
        invoice=Reference("invoice", "ACC-SINV-2026-00007", "R"),
        order_url=f"{server.http.base}/app/sales-order/SAL-ORD-2026-00119",
        others={("operator", "sara@rossi.example")},
    )
