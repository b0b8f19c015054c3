"""Electronic invoices link themselves: by VAT number, the other side's number, our order, their file."""

from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.data import data_folder
from tests.worker.office import NOW, Office, office_on
from tests.worker.test_texts import take_in
from tui_mail.db import erp, links
from tui_mail.db.engine import Database
from tui_mail.linking.invoice_keys import vat_key
from tui_mail.values import (
    AddressRecord,
    CompanyRecord,
    EntityRecord,
    ErpChanges,
    Reference,
)
from tui_mail.worker.texts import read_waiting

SUPPLIER = Reference("supplier", "S1", "01")
SAME = Reference("customer", "C9", "01")
OTHER = Reference("supplier", "S2", "01")
BOOKED = Reference("purchase_invoice", "2016/31", "01")
ORDERED = Reference("purchase_order", "2016/123", "01")
OURS = Reference("invoice", "2016/7", "01")
RECORDS = (
    EntityRecord("01", "supplier", "S1", "YourCompany", details={"vat": "06363391001"}),
    EntityRecord("01", "customer", "C9", "YourCompany", details={"vat": "IT 06363391001"}),
    EntityRecord("01", "supplier", "S2", "Altra Srl", details={"vat": "01234567890"}),
    EntityRecord(
        "01",
        "purchase_invoice",
        "2016/31",
        party=SUPPLIER,
        year=2016,
        number="31",
        their_reference="INV/2016/0014",
    ),
    EntityRecord("01", "purchase_order", "2016/123", party=SUPPLIER, year=2016, number="123"),
    EntityRecord(
        "01",
        "invoice",
        "2016/7",
        party=SAME,
        year=2016,
        number="7",
        details={"sdi_file": "IT06363391001_00009.xml.p7m"},
    ),
)
NOTICE = (
    b'<?xml version="1.0"?><types:RicevutaConsegna xmlns:types="http://ivaservizi.agenziaentrate.gov'
    b'.it/docs/xsd/fattura/messaggi/v1.0"><IdentificativoSdI>111</IdentificativoSdI>'
    b"<NomeFile>IT06363391001_00009.xml</NomeFile></types:RicevutaConsegna>"
)
SDI = "sdi12@pec.fatturapa.it"


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return office_on(database, tmp_path / "home")


def _mail(sender: str, name: str, content: bytes) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "anna@rossi.it"
    message["Subject"] = "Invio file"
    message["Message-ID"] = f"<{name}@test>"
    message.set_content("In allegato")
    message.add_attachment(content, "application", "xml", filename=name)
    return message.as_bytes()


async def _linked(office: Office, raw: bytes) -> dict[str, str]:
    """Record -> state, when the mail has come and its files were read."""
    book = AddressRecord("01", "info@altra.it", OTHER)
    company = CompanyRecord("01", "Rossi", domains=("rossi.it",))
    given = ErpChanges("", True, companies=(company,), entities=RECORDS, addresses=(book,))
    await office.database.write(erp.take, "books", given, NOW)
    (message_id,) = await take_in(office, raw)
    await read_waiting(office.database, office.blobs, office.locks)
    rows = await office.database.read(links.links_of, office.operator_id, message_id)
    return {f"{row.kind}:{row.code}": str(row.state) for row in rows}


def _order(number: bytes) -> bytes:
    folder = data_folder("oca-l10n-italy-12/l10n_it_fatturapa_out/tests/data")
    content = (folder / "IT06363391001_00002.xml").read_bytes()
    assert b"PO123" in content
    return content.replace(b"<IdDocumento>PO123", b"<IdDocumento>" + number)


async def test_an_invoice_that_the_exchange_system_brings_is_linked_by_its_keys(
    office: Office,
) -> None:
    found = await _linked(office, _mail(SDI, "IT06363391001_00002.xml", _order(b"123/2016")))
    assert found["supplier:S1"] == "automatic"
    assert found["purchase_order:2016/123"] == "automatic"
    assert "customer:C9" not in found
    assert "supplier:S2" not in found


async def test_whose_invoice_another_one_sends_is_asked(office: Office) -> None:
    found = await _linked(office, _mail("info@altra.it", "a.xml", _order(b"123/2016")))
    assert found["supplier:S2"] == "automatic"
    assert found["supplier:S1"] == "proposed"
    assert found.get("purchase_order:2016/123", "proposed") == "proposed"


@pytest.mark.parametrize(
    ("sender", "state"), [(SDI, "automatic"), ("chiunque@example.com", "proposed")]
)
async def test_a_notice_goes_to_the_invoice_whose_file_it_names(
    office: Office, sender: str, state: str
) -> None:
    found = await _linked(office, _mail(sender, "IT06363391001_00009_RC_001.xml", NOTICE))
    assert found.pop("invoice:2016/7") == state
    # Its party comes with what is sure.
    assert found == ({"customer:C9": "automatic"} if state == "automatic" else {})


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("IT 01234567890", "01234567890"),
        ("01234567890", "01234567890"),
        ("CHE-114.993.395IVA", "CHE114993395IVA"),
        ("ITALIA", ""),
        ("", ""),
    ],
)
def test_a_vat_number_is_compared_without_what_does_not_count(written: str, key: str) -> None:
    assert vat_key(written) == key
