"""Electronic invoices and the notices of the exchange system, read out of the files of a message."""

import base64
import io
import zipfile
from dataclasses import asdict
from decimal import Decimal
from email.message import EmailMessage

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder
from tests.mail.providers import identity
from tui_mail.linking.invoice_keys import file_key
from tui_mail.mail.invoice_text import document_blocks
from tui_mail.mail.invoices import (
    NOTICES,
    Invoice,
    InvoiceReference,
    SdiNotice,
    invoices_in,
)
from tui_mail.mail.parse import parse
from tui_mail.mail.render import plain, render
from tui_mail.values import ParsedAttachment

FOLDER = "oca-l10n-italy-12/l10n_it_fatturapa_out/tests/data"
# What each file is: kind, number, day, total, VAT number of the seller, documents named.
FILES: dict[str, tuple[str, str, str, str, str, list[tuple[str, str]]]] = {
    "CHE114993395IVA_00007.xml": (
        "TD01",
        "INV/2018/0014",
        "2018-01-07",
        "12.20",
        "CHE-114.993.395IVA",
        [],
    ),
    "IT03297040366_00005.xml": (
        "TD01",
        "INV/2016/0017",
        "2016-06-15",
        "10.98",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00001.xml": (
        "TD01",
        "INV/2016/0013",
        "2016-01-07",
        "17.08",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00002.xml": (
        "TD01",
        "INV/2016/0014",
        "2016-06-15",
        "17.08",
        "IT06363391001",
        [("order", "PO123")],
    ),
    "IT06363391001_00003.xml": (
        "TD01",
        "INV/2016/0015",
        "2016-06-15",
        "17.08",
        "IT06363391001",
        [("order", "PO123")],
    ),
    "IT06363391001_00004.xml": (
        "TD01",
        "INV/2016/0016",
        "2016-06-15",
        "17.08",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00006.xml": (
        "TD01",
        "INV/2018/0013",
        "2018-01-07",
        "17.08",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00008.xml": (
        "TD01",
        "INV/2018/0015",
        "2018-01-07",
        "14.00",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00010.xml": (
        "TD01",
        "INV/2019/0010",
        "2019-08-07",
        "11.00",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00011.xml": (
        "TD01",
        "INV/2018/0011",
        "2018-01-07",
        "17.08",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00012.xml": (
        "TD01",
        "INV/2020/0012",
        "2020-01-07",
        "12.20",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00013.xml": (
        "TD01",
        "INV/2020/0012",
        "2020-01-07",
        "10.00",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00014.xml": (
        "TD01",
        "INV/2021/0014",
        "2021-01-07",
        "22.00",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00015.xml": (
        "TD01",
        "INV/2021/0001",
        "2021-12-16",
        "11.97",
        "IT06363391001",
        [],
    ),
    "IT06363391001_00015a.xml": (
        "TD01",
        "INV/2021/0001",
        "2021-12-16",
        "14.00",
        "IT06363391001",
        [],
    ),
}
NOTICE = (
    '<?xml version="1.0"?><types:{root} xmlns:types="http://ivaservizi.agenziaentrate.gov.it/docs/'
    'xsd/fattura/messaggi/v1.0" versione="1.0"><IdentificativoSdI>111</IdentificativoSdI>'
    "<NomeFile>IT01234567890_00001.xml.p7m</NomeFile>{more}</types:{root}>"
)


def file(name: str, content: bytes) -> ParsedAttachment:
    return ParsedAttachment(name, "application/octet-stream", content)


def invoice(content: bytes, name: str = "IT1_1.xml") -> Invoice:
    (found,) = invoices_in([file(name, content)])
    assert isinstance(found, Invoice)
    return found


def _said(documents: list[Invoice | SdiNotice]) -> str:
    """Each line and each cell of a table in a line of its own."""
    blocks = list(document_blocks(documents))
    return "\n".join(
        text
        for block in blocks
        for text in (block.words, *(cell for row in block.rows for cell in row))
    )


def sample(name: str = "IT06363391001_00004.xml") -> bytes:
    return (data_folder(FOLDER) / name).read_bytes()


def test_every_invoice_of_the_set_is_read_whole() -> None:
    paths = sorted(data_folder(FOLDER).glob("*.xml"))
    assert len(paths) == 15
    for path in paths:
        one = invoice(path.read_bytes(), path.name)
        assert one.type.startswith("TD"), path
        assert one.number, path
        assert one.date[:2] == "20", path
        assert one.seller.vat, path
        assert one.seller.name, path
        assert one.buyer.name, path
        assert one.lines, path
        assert one.vat, path
        text = _said([one])
        assert one.number in text, path
        assert one.seller.vat in text, path
        assert all(f"{Decimal(line.total):.2f}" in text for line in one.lines), path


@pytest.mark.parametrize(("name", "said"), FILES.items())
def test_an_invoice_says_who_what_and_when(name: str, said: tuple[object, ...]) -> None:
    one = invoice(sample(name))
    named = [(each.kind, each.number) for each in one.references]
    assert (one.type, one.number, one.date, one.total, one.seller.vat, named) == said


def test_an_invoice_is_read_in_the_reader() -> None:
    message = EmailMessage()
    message["From"] = "sdi12@pec.fatturapa.it"
    message["Subject"] = "Invio File"
    message.set_content("In allegato una fattura.")
    message.add_attachment(sample(), "application", "xml", filename="IT06363391001_00004.xml")
    shown = "\n".join(plain(render(parse(message.as_bytes()), 100)))
    assert "▪ Invoice INV/2016/0016 of 15/06/2016" in shown
    assert "Total: €17.08" in shown
    assert "Seller: YourCompany, VAT no. IT06363391001, Via Milano, 1 00100 Roma AK" in shown
    assert "Mouse, Optical" in shown
    assert "Payment due: 31/07/2016  €14.00  bank transfer" in shown


def _signed(content: bytes, encoding: serialization.Encoding) -> bytes:
    certificate, key = identity()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    return builder.add_signer(certificate, key, hashes.SHA256()).sign(
        encoding, [pkcs7.PKCS7Options.Binary]
    )


def _zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return made.getvalue()


@pytest.mark.parametrize("form", ["der", "base64", "zip", "zip of p7m"])
def test_signed_and_packed_invoices_are_read_too(form: str) -> None:
    der = _signed(sample(), serialization.Encoding.DER)
    name, content = {
        "der": ("IT06363391001_00004.xml.p7m", der),
        "base64": ("IT06363391001_00004.xml.p7m", base64.encodebytes(der)),
        "zip": ("a.zip", _zipped("IT06363391001_00004.xml", sample())),
        "zip of p7m": ("a.zip", _zipped("IT06363391001_00004.xml.p7m", der)),
    }[form]
    message = EmailMessage()
    message["From"] = "fornitore@pec.example"
    message.set_content("fattura")
    message.add_attachment(content, "application", "octet-stream", filename=name)
    (found,) = invoices_in(parse(message.as_bytes()).attachments)
    assert isinstance(found, Invoice)
    assert found.number == "INV/2016/0016"
    assert found.file == "IT06363391001_00004.xml"


def test_orders_and_delivery_notes_that_an_invoice_names_are_known() -> None:
    more = (
        b"<DatiOrdineAcquisto><IdDocumento>119/2026</IdDocumento><Data>2026-01-10</Data>"
        b"</DatiOrdineAcquisto><DatiDDT><NumeroDDT>45</NumeroDDT><DataDDT>2026-02-01</DataDDT>"
        b"</DatiDDT></DatiGenerali>"
    )
    one = invoice(sample().replace(b"</DatiGenerali>", more))
    assert one.references == (
        InvoiceReference("order", "119/2026", "2026-01-10"),
        InvoiceReference("delivery", "45", "2026-02-01"),
    )
    assert "Buyer's order: 119/2026 of 10/01/2026" in _said([one])


@pytest.mark.parametrize(("root", "kind"), NOTICES.items())
def test_a_notice_of_the_exchange_system_is_read(root: str, kind: str) -> None:
    more = "<EsitoCommittente><Esito>EC02</Esito></EsitoCommittente>" if kind == "NE" else ""
    if kind == "NS":
        more = (
            "<ListaErrori><Errore><Codice>00404</Codice><Descrizione>duplicata</Descrizione>"
            "</Errore></ListaErrori>"
        )
    content = NOTICE.format(root=root, more=more).encode()
    (found,) = invoices_in([file(f"IT01234567890_00001_{kind}_001.xml", content)])
    assert isinstance(found, SdiNotice)
    assert (found.kind, found.identifier) == (kind, "111")
    assert file_key(found.file) == "it01234567890_00001.xml"
    text = _said([found])
    assert f"Exchange system ({kind})" in text
    assert ("00404 duplicata" in text) == (kind == "NS")
    assert ("Outcome: refused" in text) == (kind == "NE")


@pytest.mark.parametrize(
    "content",
    [
        b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><FatturaElettronica>&e;</FatturaElettronica>',
        b"<FatturaElettronica>" + b"<a>" * 100_000,
        b"<FatturaElettronica><FatturaElettronicaBody>",
        b"<FatturaElettronica/>" + b" " * 6_000_000,
        b"PK\x03\x04 no archive",
    ],
)
def test_what_is_no_invoice_is_left_alone(content: bytes) -> None:
    assert invoices_in([file("IT1_1.xml", content)]) == ()


def test_hostile_text_in_an_invoice_does_not_reach_the_screen() -> None:
    message = EmailMessage()
    message.set_content("fattura")
    content = sample().replace(b"Mouse, Optical", "[red]\u202eMouse\x9b31m".encode())
    message.add_attachment(content, "application", "xml", filename="IT1_1.xml")
    shown = "\n".join(plain(render(parse(message.as_bytes()), 100)))
    assert "\u202e" not in shown
    assert "\x9b" not in shown


@given(st.data())
def test_no_change_of_an_invoice_raises(data: st.DataObject) -> None:
    raw = bytearray(sample())
    for _change in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=20))
    for one in invoices_in([file("IT1_1.xml", bytes(raw))]):
        assert asdict(one)
        assert _said([one])
