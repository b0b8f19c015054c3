import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_mail.connectors.files import FilesConnector
from tui_mail.connectors.layout import TABLES
from tui_mail.errors import NotFound
from tui_mail.values import AddressRecord, EntityRecord, ErpChanges, Reference, RelationRecord

FOLDER = {
    "companies": "code,name,vat,domains,addresses\n01,Rossi,IT1,Rossi.example rossi.test,io@Rossi.example\n",
    "operators": "login,name,email,active\nsara,Sara Conti,Sara@rossi.example,true\n",
    "parties": (
        "company,kind,code,name,vat,city,pec,customer_code,blocked\n"
        "01,lead,L1,Bianchi,,,,C1,\n01,customer,C1,Bianchi Spa,IT2,Bologna,b@pec.example,,true\n"
        "01,supplier,F1,Neri,,,,,\n"
    ),
    "contacts": "company,party_kind,party,number,name,role\n01,customer,C1,1,Marta,acquisti\n",
    "addresses": (
        "company,party_kind,party,contact,email,purpose,primary\n"
        "01,customer,C1,1,M.Bianchi@bianchi.example,orders,true\n01,supplier,F1,,@neri.example,,\n"
    ),
    "opportunities": "company,code,party_kind,party,title,stage,value,currency\n01,T-9,lead,L1,Pompe,open,5000,EUR\n",
    "documents": (
        "company,kind,year,series,number,version,code,date,party_kind,party,contact,total,currency,state,"
        "their_reference,our_reference,title,opportunity,sdi_file,sdi_id,url\n"
        "01,offer,2026,,77,2,,2026-01-05,lead,L1,,900.5,EUR,open,,,Pompe,T-9,,,\n"
        "01,sales_order,2026,A,00119,0,,2026-01-10,customer,C1,1,1234.50,EUR,open,PO 4,SC,,,,,\n"
        "01,invoice,2026,,1,,,2026-02-01,customer,C1,,100,EUR,open,,,,,x.xml,99,https://e.example/1\n"
        "01,purchase_invoice,2026,,1,,,2026-02-02,supplier,F1,,50,EUR,open,,,,,,,\n"
        "01,delivery_note,,,,,WH/OUT/00007,2026-02-01,customer,C1,,,,,,,,,,,\n"
    ),
    "document_links": "company,from,to\n01,sales_order:2026/A/00119,invoice:2026/1\n",
    "due_items": (
        "company,invoice,instalment,party_kind,party,due_date,amount,open,method,level,blocked,disputed\n"
        "01,purchase_invoice:2026/1,1,,,2026-03-31,50,0,bonifico,,,\n"
        "01,invoice:2026/1,1,customer,C1,2026-03-31,100,60.25,RiBa,2,,true\n"
    ),
    "activities": (
        "company,code,kind,party_kind,party,document,opportunity,due,operator,state,title\n"
        "01,A1,call,customer,C1,invoice:2026/1,T-9,2026-03-01,sara,open,Chiamare\n"
    ),
    "lines": (
        "company,document,line,article,description,quantity,unit,price,discount,vat_rate\n"
        '01,sales_order:2026/A/00119,1,P1,"Pompa, 2 pollici",2.5,pz,12.3456,10+5,22\n'
    ),
}


def _write(folder: Path, tables: dict[str, str]) -> FilesConnector:
    for name, content in tables.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return FilesConnector(folder)


@pytest.fixture
def whole(tmp_path: Path) -> ErpChanges:
    changes = _write(tmp_path, FOLDER).changes("")
    assert not changes.errors
    return changes


def _entity(changes: ErpChanges, kind: str, code: str) -> EntityRecord:
    return next(one for one in changes.entities if (one.kind, one.code) == (kind, code))


def test_every_file_and_column_is_taken(whole: ErpChanges) -> None:
    assert whole.companies[0].domains == ("rossi.example", "rossi.test")
    order = _entity(whole, "sales_order", "2026/A/00119")
    assert order == EntityRecord(
        company="01",
        kind="sales_order",
        code="2026/A/00119",
        party=Reference("customer", "C1", "01"),
        contact=Reference("contact", "customer/C1/1", "01"),
        year=2026,
        series="A",
        number="119",
        date=date(2026, 1, 10),
        amount=Decimal("1234.50"),
        currency="EUR",
        state="open",
        their_reference="PO 4",
        our_reference="SC",
    )
    invoice = _entity(whole, "invoice", "2026/1")
    assert invoice.url == "https://e.example/1"
    assert invoice.details == {"sdi_file": "x.xml", "sdi_id": "99"}
    customer = _entity(whole, "customer", "C1")
    assert customer.title == "Bianchi Spa"
    assert customer.details["city"] == "Bologna"
    assert _entity(whole, "contact", "customer/C1/1").details == {"role": "acquisti"}
    assert _entity(whole, "opportunity", "T-9").amount == 5000
    activity = _entity(whole, "activity", "A1")
    assert activity.due_date == date(2026, 3, 1)
    assert activity.details["operator"] == "sara"
    line = whole.lines[0]
    assert (line.description, line.price) == ("Pompa, 2 pollici", Decimal("12.3456"))


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("offer", "2026/77.2"),
        ("sales_order", "2026/A/00119"),
        ("invoice", "2026/1"),
        ("delivery_note", "WH/OUT/00007"),
        ("due_item", "2026/1#1"),
    ],
)
def test_codes_are_made_as_the_contract_has_them(whole: ErpChanges, kind: str, code: str) -> None:
    assert _entity(whole, kind, code)


def test_due_items_of_two_invoices_with_one_code_stay_apart(whole: ErpChanges) -> None:
    ours = _entity(whole, "due_item", "2026/1#1")
    theirs = _entity(whole, "due_item", "purchase_invoice:2026/1#1")
    assert (ours.party, ours.open_amount, ours.state) == (
        Reference("customer", "C1", "01"),
        Decimal("60.25"),
        "open",
    )
    assert (theirs.party, theirs.state) == (Reference("supplier", "F1", "01"), "closed")


def test_addresses_know_parties_contacts_and_own_people(whole: ErpChanges) -> None:
    customer = Reference("customer", "C1", "01")
    assert set(whole.addresses) == {
        AddressRecord("", "sara@rossi.example", Reference("operator", "sara"), purpose="operator"),
        AddressRecord("01", "b@pec.example", customer, purpose="pec"),
        AddressRecord(
            "01",
            "m.bianchi@bianchi.example",
            customer,
            Reference("contact", "customer/C1/1", "01"),
            "orders",
            primary=True,
        ),
        AddressRecord("01", "@neri.example", Reference("supplier", "F1", "01")),
    }


def test_relations_run_from_what_was_first(whole: ErpChanges) -> None:
    def relation(source: str, target: str) -> RelationRecord:
        def reference(text: str) -> Reference:
            kind, _, code = text.partition(":")
            return Reference(kind, code, "01")

        return RelationRecord("01", reference(source), reference(target))

    assert set(whole.relations) == {
        relation("opportunity:T-9", "offer:2026/77.2"),
        relation("sales_order:2026/A/00119", "invoice:2026/1"),
        relation("invoice:2026/1", "due_item:2026/1#1"),
        relation("purchase_invoice:2026/1", "due_item:purchase_invoice:2026/1#1"),
        relation("invoice:2026/1", "activity:A1"),
        relation("opportunity:T-9", "activity:A1"),
    }


@pytest.mark.parametrize(
    ("table", "row", "column"),
    [
        ("parties", "01,friend,C9,Nobody,,,,,", "kind"),
        ("parties", "02,customer,C9,Nobody,,,,,", "company"),
        ("parties", "01,customer,,Nobody,,,,,", "code"),
        ("parties", "01,customer,C1,Again,,,,,", "code"),
        ("parties", "01,customer,C9,Nobody,,,no address,,", "pec"),
        ("parties", "01,customer,C9,Nobody,,,,,perhaps", "blocked"),
        ("parties", "01,lead,L9,Nobody,,,,C77,", "customer_code"),
        ("contacts", "01,customer,C7,1,Marta,", "party"),
        ("contacts", "01,boss,C1,1,Marta,", "party_kind"),
        ("addresses", "01,customer,C1,9,a@b.example,,", "contact"),
        ("addresses", "01,customer,C1,,not an address,,", "email"),
        ("opportunities", '01,T-8,lead,L1,x,open,"1.000,00",EUR', "value"),
        ("opportunities", '01,T-8,lead,L1,x,open,"1,240",EUR', "value"),
        ("opportunities", "01,T-8,lead,L1,x,open,1.240,EUR", "value"),
        ("opportunities", "01,T-8,lead,L1,x,open,-12.000,", "value"),
        ("opportunities", "01,T-8,lead,L1,x,open,NaN,EUR", "value"),
        ("documents", "01,quote,2026,,9,,,,,,,1.240,EUR,,,,,,,,", "total"),
        ("documents", "01,bill,2026,,9,,,,,,,,,,,,,,,,", "kind"),
        ("documents", "01,due_item,2026,,9,,,,,,,,,,,,,,,,", "kind"),
        ("documents", "01,invoice,26th,,9,,,,,,,,,,,,,,,,", "year"),
        ("documents", "01,invoice,2026,,,,,,,,,,,,,,,,,,", "number"),
        ("documents", "01,invoice,2026,,9,,,31/01/2026,,,,,,,,,,,,,", "date"),
        ("documents", "01,invoice,2026,,9,,,2026-02-30,,,,,,,,,,,,,", "date"),
        ("documents", "01,invoice,2026,,9,,,,customer,C1,,1e5,,,,,,,,,", "total"),
        ("documents", "01,invoice,2026,,9,,,,customer,C7,,,,,,,,,,,", "party"),
        ("documents", "01,invoice,2026,,9,,,,customer,C1,7,,,,,,,,,,", "contact"),
        ("documents", "01,invoice,2026,,9,,,,,,1,,,,,,,,,,", "party"),
        ("documents", "01,invoice,2026,,9,,,,,,,,,lost,,,,,,,", "state"),
        ("documents", "01,invoice,2026,,9,,,,,,,,,,,,,T-77,,,", "opportunity"),
        ("documents", "01,invoice,2026,,1,,,,,,,,,,,,,,,,", "number"),
        ("document_links", "01,sales_order:2026/5,invoice:2026/1", "from"),
        ("document_links", "01,invoice:2026/1,2026/1", "to"),
        ("due_items", "01,invoice:2026/8,1,,,,,,,,,", "invoice"),
        ("due_items", "01,invoice:2026/1,1,,,,,,,,,", "instalment"),
        ("due_items", "01,invoice:2026/1,2,,,,1.240,,,,,", "amount"),
        ("due_items", "01,invoice:2026/1,2,,,,,1.240,,,,", "open"),
        ("due_items", "01,invoice:2026/1,2,,,soon,,,,,,", "due_date"),
        ("activities", "01,A2,call,,,quote:2026/1,,,,,", "document"),
        ("activities", "01,A2,call,,,,,,nobody,,", "operator"),
        ("lines", "01,invoice:2026/1,first,,,,,,,", "line"),
        ("lines", "01,invoice:2026/1,1,,,two,,,,", "quantity"),
        ("lines", "01,invoice:2026/2,1,,,,,,,", "document"),
    ],
)
def test_a_mistake_is_named_by_file_line_and_column_and_the_rest_is_taken(
    tmp_path: Path, whole: ErpChanges, table: str, row: str, column: str
) -> None:
    changes = _write(tmp_path, {table: FOLDER[table] + row + "\n"}).changes("")
    line = FOLDER[table].count("\n") + 1
    assert [(one.file, one.line, one.column) for one in changes.errors] == [
        (f"{table}.csv", line, column)
    ]
    assert changes.errors[0].message
    assert set(map(str, whole.relations)) <= set(map(str, changes.relations))
    assert [one for one in changes.entities if one.code != "L9"] == list(whole.entities)


def test_a_record_whose_row_is_bad_is_not_taken_for_gone(tmp_path: Path) -> None:
    bad = FOLDER["documents"].replace("2026-01-10", "10.1.2026")
    changes = _write(tmp_path, {**FOLDER, "documents": bad}).changes("")
    assert changes.unread == (Reference("sales_order", "2026/A/00119", "01"),)


@pytest.mark.parametrize(
    ("table", "right", "wrong"),
    [
        ("companies", "01,Rossi", "O1,Rossi"),
        ("parties", "C1,Bianchi Spa,IT2,Bologna,b@pec.example", "C1,Bianchi Spa,IT2,Bologna,b"),
        ("parties", "01,customer,C1", "01,client,C1"),
        ("documents", "01,invoice,2026,,1,", "01,bill,2026,,1,"),
        ("documents", "01,delivery_note,,", "01,delivery_note,MMXXVI,"),
    ],
)
def test_a_mistake_in_one_row_lets_nothing_else_be_gone(
    tmp_path: Path, whole: ErpChanges, table: str, right: str, wrong: str
) -> None:
    """What refers to the record cannot be taken for now either, and is there all the same."""
    assert right in FOLDER[table]
    spoiled = {**FOLDER, table: FOLDER[table].replace(right, wrong, 1)}
    changes = _write(tmp_path, spoiled).changes("")
    assert changes.errors
    there = {(one.kind, one.code) for one in changes.entities}
    there |= {(one.kind, one.code) for one in changes.unread}
    assert {(one.kind, one.code) for one in whole.entities} <= there


def test_an_address_stays_where_it_is_not_clear_whether_it_is_the_first(tmp_path: Path) -> None:
    bad = FOLDER["addresses"].replace("orders,true", "orders,perhaps")
    changes = _write(tmp_path, {**FOLDER, "addresses": bad}).changes("")
    assert [(one.file, one.column) for one in changes.errors] == [("addresses.csv", "primary")]
    assert "m.bianchi@bianchi.example" in {one.email for one in changes.addresses}


def test_an_unknown_column_is_an_error_and_its_file_is_taken(tmp_path: Path) -> None:
    tables = {"parties": "company,kind,colour,code,name\n01,customer,red,C1,Bianchi\n"}
    changes = _write(tmp_path, tables).changes("")
    assert [(one.file, one.line, one.column) for one in changes.errors] == [
        ("parties.csv", 1, "colour")
    ]
    assert [one.title for one in changes.entities] == ["Bianchi"]


def test_a_file_without_its_key_columns_is_not_read(tmp_path: Path) -> None:
    changes = _write(tmp_path, {"parties": "company,kind,name\n01,customer,Bianchi\n"}).changes("")
    assert [(one.line, one.column) for one in changes.errors] == [(1, "code")]
    assert not changes.entities


def test_lines_are_counted_over_quoted_line_ends(tmp_path: Path) -> None:
    table = 'company,kind,code,name\n01,customer,C1,"Bianchi\nSpa"\n\n01,friend,C2,x\n'
    changes = _write(tmp_path, {"parties": table}).changes("")
    assert [one.line for one in changes.errors] == [5]


@pytest.mark.parametrize(
    "content",
    [
        b"company,kind,code,name\n01,customer,C1,Citt\xe0\n",
        b'company,kind,code,name\n01,customer,C1,"' + b"x" * 200_000 + b'"\n',
        b"company,kind,code,name\n01,customer,C1,a\0b\n",
        b"company,kind,code,name\n01,customer,C1,a,b\n",
        b"\xff\xfe\0\0",
    ],
    ids=["latin-1", "endless cell", "nul", "too many cells", "binary"],
)
def test_a_damaged_file_is_an_error_not_an_exception(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "parties.csv").write_bytes(content)
    changes = FilesConnector(tmp_path).changes("")
    assert len(changes.errors) >= 1
    assert changes.errors[0].file == "parties.csv"
    assert not changes.entities


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    text = "\ufeffcompany,kind,code,name\r\n01,customer,C1,Città\r\n"
    (tmp_path / "parties.csv").write_bytes(text.encode())
    assert [one.title for one in FilesConnector(tmp_path).changes("").entities] == ["Città"]


def test_json_arrays_do_as_csv_does(tmp_path: Path, whole: ErpChanges) -> None:
    folder = tmp_path / "json"
    folder.mkdir()
    for name, content in FOLDER.items():
        header, *lines = [line.split(",") for line in content.replace('"', "").splitlines()]
        if name == "lines":
            lines = [[*lines[0][:4], "Pompa, 2 pollici", *lines[0][6:]]]
        rows = [dict(zip(header, line, strict=True)) for line in lines]
        (folder / f"{name}.json").write_text(json.dumps(rows), encoding="utf-8")
    changes = FilesConnector(folder).changes("")
    assert not changes.errors
    assert changes.entities == whole.entities
    assert changes.lines == whole.lines


def test_three_decimals_are_taken_where_they_cannot_be_thousands(tmp_path: Path) -> None:
    rows = {
        "opportunities": "company,code,value,currency\n01,A,1.240,TND\n01,B,0.125,EUR\n01,C,1234.500,\n",
        "documents": "company,kind,code\n01,quote,Q\n",
        "lines": "company,document,line,quantity,price\n01,quote:Q,1,2.500,1.245\n",
    }
    changes = _write(tmp_path, rows).changes("")
    sums = [one.amount for one in changes.entities if one.kind == "opportunity"]
    assert sums == [Decimal("1.24"), Decimal("0.125"), Decimal("1234.5")]
    assert [(one.quantity, one.price) for one in changes.lines] == [
        (Decimal("2.5"), Decimal("1.245"))
    ]
    figures = tmp_path / "figures"
    figures.mkdir()
    (figures / "opportunities.json").write_text('[{"company": "01", "code": "T", "value": 1.240}]')
    assert FilesConnector(figures).changes("").entities[0].amount == Decimal("1.24")


def test_figures_in_json_keep_every_digit(tmp_path: Path) -> None:
    rows = '[{"company": "01", "code": "T", "value": 0.1000000001, "title": null}, {"company": "01"}, 5]'
    (tmp_path / "opportunities.json").write_text(rows, encoding="utf-8")
    changes = FilesConnector(tmp_path).changes("")
    assert changes.entities[0].amount == Decimal("0.1000000001")
    assert [(one.line, one.column) for one in changes.errors] == [(2, "code"), (3, "")]


@pytest.mark.parametrize("content", ["", "{}", "[", "[" * 100_000, '[{"code": "\\ud800"}]'])
def test_broken_json_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "companies.json").write_text(content, encoding="utf-8")
    assert len(FilesConnector(tmp_path).changes("").errors) == 1


def test_a_changed_file_changes_the_cursor(tmp_path: Path) -> None:
    connector = _write(tmp_path, FOLDER)
    before = connector.changes("")
    _write(tmp_path, {"operators": "login,name\nsara,Sara\npaolo,Paolo\n"})
    after = connector.changes(before.cursor)
    assert after.complete
    assert after.cursor != before.cursor
    assert len(after.entities) == len(before.entities) + 1


def test_a_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        FilesConnector(tmp_path / "nowhere").changes("")


def test_an_empty_folder_is_an_empty_erp(tmp_path: Path) -> None:
    changes = FilesConnector(tmp_path).changes("")
    assert changes.complete
    assert not changes.entities


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.sampled_from(sorted(TABLES)), st.data())
def test_no_content_of_a_file_raises(tmp_path: Path, table: str, data: st.DataObject) -> None:
    columns = " ".join(TABLES[table]).split()
    cell = st.sampled_from(
        ["", "01", "customer", "invoice:2026/1", "2026", "1", "\0", '"', "é", "@"]
    )
    rows = data.draw(st.lists(st.lists(cell, max_size=len(columns) + 1), max_size=4))
    text = "\n".join(",".join(row) for row in [columns, *rows])
    (tmp_path / f"{table}.csv").write_text(text, encoding="utf-8")
    changes = FilesConnector(tmp_path).changes("")
    assert changes.complete != any(error.rest for error in changes.errors)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.binary(max_size=200))
def test_no_bytes_in_a_file_raise(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "documents.csv").write_bytes(content)
    (tmp_path / "parties.json").write_bytes(content)
    changes = FilesConnector(tmp_path).changes("")
    assert changes.complete != any(error.rest for error in changes.errors)


@pytest.mark.parametrize(
    "content",
    [
        "company,kind,code,name\n01,customer,C1,Bianchi\n01,customer,C2,caff\xe9\n".encode(
            "latin-1"
        ),
        b"company,kind,name\n01,customer,Bianchi\n",
        b'company,kind,code,name\n01,customer,C1,"Bianchi\n',
    ],
)
def test_a_file_that_is_not_read_to_its_end_says_of_nothing_that_it_is_gone(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "parties.csv").write_bytes(content)
    changes = FilesConnector(tmp_path).changes("")
    assert changes.errors
    assert not changes.complete


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write_between_cells(tmp_path: Path, delimiter: str) -> None:
    rows = (("Company", "KIND", "code", "name"), ("01", "customer", "C1", "Bianchi"))
    text = "\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "parties.csv").write_text(f"\ufeff{text}\n", encoding="utf-8")
    changes = FilesConnector(tmp_path).changes("")
    assert changes.errors == ()
    assert [(one.code, one.title) for one in changes.entities] == [("C1", "Bianchi")]
