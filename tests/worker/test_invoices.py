"""Electronic invoices link themselves: by VAT number, the other side's number, our order, their file."""

from decimal import Decimal
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.data import data_folder
from tests.mail.papers import enveloped, zipped
from tests.mail.providers import Posted, envelope
from tests.worker.office import NOW, Office, office_on
from tests.worker.test_texts import take_in
from tui_mail.db import erp, links
from tui_mail.db.engine import Database
from tui_mail.db.rows import LinkRow
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
        amount=Decimal("17.08"),
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
    message.add_attachment(content, "application", "octet-stream", filename=name)
    return message.as_bytes()


def from_exchange(name: str, content: bytes, *, signed: bool = True) -> bytes:
    """As the exchange writes: by certified mail, in an envelope of its provider's."""
    head, _blank, body = _mail(SDI, name, content).partition(b"\n\n")
    kept = [line for line in head.decode().split("\n") if line.startswith(("MIME", "Content"))]
    posted = Posted(
        sender=SDI,
        to="anna@rossi.it",
        subject="Invio file",
        text=body.decode().replace("\n", "\r\n"),
        head="".join(f"{line}\r\n" for line in kept),
    )
    return envelope(posted, signed=signed)


async def _linked(office: Office, raw: bytes) -> dict[str, str]:
    """Record -> state, when the mail has come and its files were read."""
    return {f"{row.kind}:{row.code}": str(row.state) for row in await _links(office, raw)}


async def _links(office: Office, raw: bytes) -> list[LinkRow]:
    book = AddressRecord("01", "info@altra.it", OTHER)
    company = CompanyRecord("01", "Rossi", domains=("rossi.it",))
    given = ErpChanges("", True, companies=(company,), entities=RECORDS, addresses=(book,))
    await office.database.write(erp.take, "books", given, NOW)
    (message_id,) = await take_in(office, raw)
    await read_waiting(office.database, office.blobs, office.locks)
    return await office.database.read(links.links_of, office.operator_id, message_id)


def _order(number: bytes) -> bytes:
    folder = data_folder("oca-l10n-italy-12/l10n_it_fatturapa_out/tests/data")
    content = (folder / "IT06363391001_00002.xml").read_bytes()
    assert b"PO123" in content
    return content.replace(b"<IdDocumento>PO123", b"<IdDocumento>" + number)


async def test_an_invoice_that_the_exchange_system_brings_is_linked_by_its_keys(
    office: Office,
) -> None:
    raw = from_exchange("IT06363391001_00002.xml", _order(b"123/2016"))
    found = await _linked(office, raw)
    assert found["supplier:S1"] == "automatic"
    assert found["purchase_order:2016/123"] == "automatic"
    assert found["purchase_invoice:2016/31"] == "automatic"  # its number, and its total
    assert "customer:C9" not in found
    assert "supplier:S2" not in found


@pytest.mark.parametrize("name", ["IT06363391001_00002.xml.p7m", "a.zip"])
async def test_signed_and_packed_it_says_the_same(office: Office, name: str) -> None:
    content = _order(b"123/2016")
    packed = zipped([("IT06363391001_00002.xml", content)]) if name == "a.zip" else None
    found = await _linked(office, from_exchange(name, packed or enveloped(content)))
    assert found["supplier:S1"] == "automatic"
    assert found["purchase_order:2016/123"] == "automatic"
    assert found["purchase_invoice:2016/31"] == "automatic"


async def test_another_total_leaves_the_invoice_to_a_person(office: Office) -> None:
    content = _order(b"123/2016").replace(b">17.08</ImportoTotale", b">18.08</ImportoTotale")
    found = await _linked(office, from_exchange("IT06363391001_00002.xml", content))
    assert found["purchase_invoice:2016/31"] == "proposed"


async def test_our_own_invoice_to_the_exchange_is_its_customer_s(office: Office) -> None:
    content = _order(b"PO 9").replace(b"INV/2016/0014", b"2016/7")
    raw = _mail("anna@rossi.it", "IT06363391001_00009.xml", content).replace(
        b"To: anna@rossi.it", f"To: {SDI}".encode()
    )
    found = await _linked(office, raw)
    assert found["invoice:2016/7"] == "automatic"
    assert found["customer:C9"] == "automatic"
    assert "purchase_invoice:2016/31" not in found


async def _forged(office: Office, raw: bytes) -> None:
    found = await _linked(office, raw)
    assert found["supplier:S1"] == "proposed"
    assert "automatic" not in found.values()


async def test_an_invoice_that_nobody_known_sends_is_asked_about(office: Office) -> None:
    await _forged(office, _mail("chiunque@example.com", "a.xml", _order(b"123/2016")))


async def test_what_only_says_it_is_from_the_exchange_is_asked_about(office: Office) -> None:
    await _forged(office, _mail(SDI, "a.xml", _order(b"123/2016")))


async def test_an_unsigned_envelope_of_the_exchange_is_asked_about(office: Office) -> None:
    await _forged(office, from_exchange("a.xml", _order(b"123/2016"), signed=False))


async def test_whose_invoice_another_one_sends_is_asked(office: Office) -> None:
    found = await _linked(office, _mail("info@altra.it", "a.xml", _order(b"123/2016")))
    assert found["supplier:S2"] == "automatic"
    assert found["supplier:S1"] == "proposed"
    assert found.get("purchase_order:2016/123", "proposed") == "proposed"


@pytest.mark.parametrize(
    ("sender", "state"),
    [("", "automatic"), (SDI, "proposed"), ("chiunque@example.com", "proposed")],
)
async def test_a_notice_goes_to_the_invoice_whose_file_it_names(
    office: Office, sender: str, state: str
) -> None:
    name = "IT06363391001_00009_RC_001.xml"
    raw = _mail(sender, name, NOTICE) if sender else from_exchange(name, NOTICE)
    found = await _linked(office, raw)
    assert found.pop("invoice:2016/7") == state
    # Its party comes with what is sure.
    assert found == ({"customer:C9": "automatic"} if state == "automatic" else {})


async def test_the_file_that_a_notice_names_is_told_as_it_is_written(office: Office) -> None:
    found = await _links(office, from_exchange("IT06363391001_00009_RC_001.xml", NOTICE))
    reasons = [row.why for row in found if row.kind == "invoice"]
    assert reasons == ["it is about the invoice's file IT06363391001_00009.xml"]


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
