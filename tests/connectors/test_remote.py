"""ERPs that are asked over the network: what goes wrong on the way, and what comes since a cursor."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.connectors import books
from tests.connectors.books import NOW, Books, named, row
from tests.servers import erpnext as erpnext_server
from tests.servers import odoo as odoo_server
from tests.servers.erp_http import Response
from tests.servers.erpnext import ErpNextServer
from tests.servers.odoo import OdooServer
from tui_mail.connectors.erpnext import ErpNextConnector
from tui_mail.connectors.odoo import OdooConnector
from tui_mail.connectors.web import Limits
from tui_mail.errors import (
    NotAllowed,
    Offline,
    ProtocolRefused,
    SettingsWrong,
    TlsRefused,
    TryLater,
    TuiMailError,
)
from tui_mail.values import Reference

_LATER = "2026-11-27 07:00:00"
Server = OdooServer | ErpNextServer


def test_a_wrong_key_is_told(remote: Books, server: Server) -> None:
    server.key = "another"
    with pytest.raises(NotAllowed):
        remote.connector.changes("")


def test_what_is_busy_is_asked_again(remote: Books, server: Server) -> None:
    server.http.faults.append(Response(429, b"", headers={"Retry-After": "0"}))
    assert remote.connector.changes("").complete


def test_what_stays_busy_is_left_for_later(remote: Books, server: Server) -> None:
    server.http.faults.extend([Response(503, b"", headers={"Retry-After": "0"})] * 2)
    with pytest.raises(TryLater):
        remote.connector.changes("")


_FAULTS: list[tuple[str, Response, type[TuiMailError]]] = [
    ("silent", Response(200, b"{}", pause=True), Offline),
    ("cut", Response(200, b'[{"id"', announced=5_000), Offline),
    ("garbage", Response(200, b"\x00\xff<<<"), ProtocolRefused),
    ("other things", Response(200, b'"well"'), ProtocolRefused),
    ("deep", Response(200, b"[" * 100_000), ProtocolRefused),
    ("too much", Response(200, b" " * 300_000), ProtocolRefused),
    ("elsewhere", Response(302, b"", headers={"Location": "http://127.0.0.1:9/"}), ProtocolRefused),
    ("broken", Response(500, b"Traceback"), ProtocolRefused),
]


@pytest.mark.parametrize(
    ("answer", "error"), [one[1:] for one in _FAULTS], ids=[f[0] for f in _FAULTS]
)
def test_an_answer_that_is_none_is_told(
    remote: Books, server: Server, answer: Response, error: type[TuiMailError]
) -> None:
    server.http.faults.append(answer)
    with pytest.raises(error):
        remote.connector.changes("")
    assert remote.connector.changes("").complete


def test_a_server_that_is_not_there_is_told(remote: Books, server: Server) -> None:
    server.http.stop()
    with pytest.raises(Offline):
        remote.connector.changes("")


def test_entities_in_xml_are_refused(old_odoo: OdooServer, tmp_path: Path) -> None:
    file = old_odoo.http.key_file(tmp_path, odoo_server.KEY)
    connector = books.odoo(old_odoo, file, lambda: NOW).connector
    bomb = b'<!DOCTYPE a [<!ENTITY b "bb">]><methodResponse><params><param><value>&b;</value>'
    old_odoo.http.faults.extend([Response(404, b""), Response(200, bomb, "text/xml")])
    with pytest.raises(ProtocolRefused):
        connector.changes("")


def test_tables_of_any_length_are_read_page_by_page(remote: Books, server: Server) -> None:
    many = 2_100
    if isinstance(server, OdooServer):
        _grow(server.tables, "sale.order", many, lambda n: {"id": 1_000 + n, "name": f"S9{n:05}"})
    else:
        _grow(server.tables, "Sales Order", many, lambda n: {"name": f"SAL-ORD-2025-{n:05}"})
    connector = _patient(server, remote)
    found = [one for one in connector.changes("").entities if one.kind == "sales_order"]
    assert len({one.code for one in found}) == len(found) == many + 1


def _grow(tables: dict[str, list[Any]], name: str, many: int, change: Any) -> None:
    first = tables[name][0]
    tables[name] += [{**first, **change(number)} for number in range(many)]


def _patient(server: Server, remote: Books) -> OdooConnector | ErpNextConnector:
    """The connector without the limits that tests of limits have."""
    connector = remote.connector
    assert isinstance(connector, OdooConnector | ErpNextConnector)
    connector._limits = Limits()
    return connector


def test_after_the_first_reading_only_what_changed_comes(remote: Books, server: Server) -> None:
    if isinstance(server, OdooServer):
        server.tables["res.partner"][3]["write_date"] = "2026-11-25 08:00:00"
    else:
        server.tables["Supplier"][0]["modified"] = "2026-11-25 08:00:00.000000"
    cursor = remote.connector.changes("").cursor
    _touch(server, later=_LATER)
    changes = remote.connector.changes(cursor)
    assert not changes.complete
    assert remote.order in {_ref(entity) for entity in changes.entities}
    assert remote.invoice not in {_ref(entity) for entity in changes.entities}
    order = next(one for one in changes.entities if _ref(one) == remote.order)
    assert order.state == "cancelled"
    assert order.party == remote.customer
    assert not remote.connector.changes(changes.cursor).entities


def _ref(entity: Any) -> Any:
    return Reference(entity.kind, entity.code, entity.company)


def _touch(server: Server, *, later: str) -> None:
    if isinstance(server, OdooServer):
        server.tables["sale.order"][0] |= {"state": "cancel", "write_date": later}
    else:
        server.tables["Sales Order"][0] |= {"docstatus": 2, "modified": f"{later}.000000"}


def test_a_day_later_everything_is_read_so_that_what_was_deleted_shows(
    request: pytest.FixtureRequest, odoo: OdooServer, tmp_path: Path
) -> None:
    now = [NOW]
    file = odoo.http.key_file(tmp_path, odoo_server.KEY)
    kept = books.odoo(odoo, file, lambda: now[0])
    cursor = kept.connector.changes("").cursor
    odoo.tables["sale.order"].clear()
    assert not kept.connector.changes(cursor).complete
    now[0] += timedelta(hours=25)
    changes = kept.connector.changes(cursor)
    assert changes.complete
    assert kept.order not in {_ref(one) for one in changes.entities}


def test_an_archived_party_is_out_of_use_and_keeps_its_documents(
    remote: Books, server: Server
) -> None:
    if isinstance(server, OdooServer):
        server.tables["res.partner"][2] |= {"active": False}
    else:
        server.tables["Customer"][0] |= {"disabled": 1}
    changes = remote.connector.changes("")
    by_name = {_ref(one): one for one in changes.entities}
    assert by_name[remote.customer].gone
    assert by_name[remote.order].party == remote.customer
    assert (remote.customer, None) not in {(one.party, one.contact) for one in changes.addresses}


def test_what_the_key_may_not_read_is_told_and_nothing_is_taken_for_gone(
    remote: Books, server: Server
) -> None:
    denied = "account.move" if isinstance(server, OdooServer) else "Sales Invoice"
    server.denied.add(denied)
    changes = remote.connector.changes("")
    assert not changes.complete
    assert [(one.file, one.rest) for one in changes.errors] == [(denied, True)]
    again = remote.connector.changes(changes.cursor)
    assert [(one.file, one.rest) for one in again.errors] == [(denied, True)]
    assert remote.order in {_ref(one) for one in changes.entities}


def test_a_key_goes_only_where_it_is_safe(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("secret")
    file.chmod(0o644)
    for location in (
        f"odoo+https://erp.example/books?key_file={file}",  # others read it
        f"odoo+http://erp.example/books?key_file={file}",
        "odoo+https://erp.example/books",
        "odoo+https://reader:secret@erp.example/books",
        f"odoo+https:///books?key_file={file}",
        f"odoo+https://erp.example/books?key_file={file}&other=1",
        f"odoo+https://erp.example:x/books?key_file={file}",
    ):
        with pytest.raises(SettingsWrong) as told:
            OdooConnector(location)
        assert "secret" not in told.value.message
    with pytest.raises(SettingsWrong):
        ErpNextConnector(f"erpnext+http://erp.example/?key_file={file}")


def test_authorities_that_cannot_be_read_are_told(erpnext: ErpNextServer, tmp_path: Path) -> None:
    file = erpnext.http.key_file(tmp_path, erpnext_server.KEY)
    location = f"{erpnext.location(file)}&ca_file={tmp_path / 'none.pem'}"
    with pytest.raises(TlsRefused):
        ErpNextConnector(location).changes("")


def test_an_older_odoo_needs_a_user(old_odoo: OdooServer, tmp_path: Path) -> None:
    file = old_odoo.http.key_file(tmp_path, odoo_server.KEY)
    location = old_odoo.location(file).partition("&user")[0]
    with pytest.raises(SettingsWrong):
        OdooConnector(location).changes("")


def test_kinds_of_crm_come_where_they_are_installed(odoo: OdooServer, tmp_path: Path) -> None:
    company = [1, "Rossi"]
    odoo.tables["crm.lead"] = [
        row(4, name="Pumps", type="opportunity", partner_id=[10, "B"], company_id=company)
        | {"expected_revenue": 5000.0, "company_currency": [1, "EUR"], "stage_id": [2, "Won"]},
        row(5, name="Asks", type="lead", partner_name="Verdi", company_id=company)
        | {"email_from": "Verdi <v@verdi.example>", "partner_id": False, "stage_id": False},
    ]
    odoo.tables["mail.activity"] = [
        row(9, summary="Call", res_model="sale.order", res_id=119, date_deadline="2026-12-01")
        | {"user_id": [2, "Sara"], "activity_type_id": [1, "Call"]}
    ]
    kept = books.odoo(odoo, odoo.http.key_file(tmp_path, odoo_server.KEY), lambda: NOW)
    changes = kept.connector.changes("")
    by_name = {(one.kind, one.code): one for one in changes.entities}
    assert by_name["opportunity", "4"].party == kept.customer
    assert by_name["lead", "5"].title == "Verdi"
    activity = by_name["activity", "9"]
    assert activity.party == kept.customer
    assert activity.details["operator"] == "sara"
    assert {one.email for one in changes.addresses if one.party.kind == "lead"} == {
        "v@verdi.example"
    }


def test_to_dos_and_opportunities_of_erpnext(erpnext: ErpNextServer, tmp_path: Path) -> None:
    erpnext.tables["Opportunity"] = [
        named("CRM-OPP-2026-00001", opportunity_from="Customer", party_name="Bianchi")
        | {"company": "Rossi Srl", "status": "Open", "opportunity_amount": 5000}
    ]
    erpnext.tables["ToDo"] = [
        named("todo1", description="<p>Call &amp; ask</p>", date="2026-12-01", status="Open")
        | {"reference_type": "Sales Order", "reference_name": "SAL-ORD-2026-00119"}
    ]
    file = erpnext.http.key_file(tmp_path, erpnext_server.KEY)
    kept = books.erpnext(erpnext, file, lambda: NOW)
    changes = kept.connector.changes("")
    by_name = {(one.kind, one.code): one for one in changes.entities}
    assert by_name["opportunity", "CRM-OPP-2026-00001"].party == kept.customer
    assert by_name["activity", "todo1"].title == "Call & ask"
    assert by_name["activity", "todo1"].party == kept.customer


def test_a_quotation_that_became_an_order_is_gone(odoo: OdooServer, tmp_path: Path) -> None:
    order = odoo.tables["sale.order"][0]
    order["state"] = "sent"
    kept = books.odoo(odoo, odoo.http.key_file(tmp_path, odoo_server.KEY), lambda: NOW)
    first = kept.connector.changes("")
    quote = Reference("quote", "S00119", "1")
    assert quote in {_ref(one) for one in first.entities}
    order |= {"state": "sale", "write_date": _LATER}
    changes = kept.connector.changes(first.cursor)
    assert changes.gone == (quote,)
    assert (quote, kept.order) in {(one.source, one.target) for one in changes.relations}
