"""Electronic invoices in every form that they come in: signed, forged, simplified, and made to hurt."""

from datetime import UTC, datetime
from functools import partial

import pytest

from tests.mail.papers import NAME, Written, enveloped, in_base64, invoice, letter, notice, zipped
from tui_mail.extract.files import text_of
from tui_mail.i18n import set_language
from tui_mail.mail.invoices import Invoice, SdiNotice, invoices_in
from tui_mail.mail.parse import parse
from tui_mail.mail.render import plain, render
from tui_mail.mail.xmltree import read_tree

SIMPLE = (
    b"<x:FatturaElettronicaSemplificata xmlns:x='urn:x'><FatturaElettronicaHeader>"
    b"<CedentePrestatore><IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>01234567890</IdCodice>"
    b"</IdFiscaleIVA><Denominazione>Bar</Denominazione></CedentePrestatore>"
    b"</FatturaElettronicaHeader><FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento>"
    b"<TipoDocumento>TD07</TipoDocumento><Data>2026-03-04</Data><Numero>9</Numero>"
    b"</DatiGeneraliDocumento></DatiGenerali><DatiBeniServizi><Descrizione>Pranzo</Descrizione>"
    b"<Importo>22.00</Importo></DatiBeniServizi></FatturaElettronicaBody>"
    b"</x:FatturaElettronicaSemplificata>"
)


def found(name: str, content: bytes) -> tuple[Invoice | SdiNotice, ...]:
    return invoices_in(parse(letter((name, content))).attachments)


def shown(name: str, content: bytes) -> str:
    return "\n".join(plain(render(parse(letter((name, content))), 120)))


@pytest.mark.parametrize("form", ["der", "base64", "zipped"])
def test_it_is_said_who_signed(form: str) -> None:
    sealed = enveloped(invoice(Written()))
    name, content = {
        "der": (f"{NAME}.xml.p7m", sealed),
        "base64": (f"{NAME}.xml.p7m", in_base64(sealed)),
        "zipped": ("a.zip", zipped([(f"{NAME}.xml.p7m", sealed)])),
    }[form]
    (one,) = found(name, content)
    assert (one.signature, one.signer) == ("sound", "Posta Certificata Prova")
    assert "Signature: by Posta Certificata Prova; whether that" in shown(name, content)


def test_lines_are_easy_to_read() -> None:
    drawn = shown(f"{NAME}.xml", invoice(Written()))
    assert "2 NR" in drawn
    assert "  50.00  " in drawn
    narrow = plain(render(parse(letter((f"{NAME}.xml", invoice(Written())))), 50))
    seller = next(place for place, line in enumerate(narrow) if "Seller" in line)
    assert narrow[seller].startswith("  Seller")
    assert narrow[seller + 1].startswith("    ")


@pytest.mark.parametrize("width", [59, 78, 120])
def test_the_lines_of_an_invoice_fit_the_width(width: int) -> None:
    long = "Pompa sommersa monofase con galleggiante e quadro elettrico, codice 11.22-A"
    content = invoice(Written(description=long))
    lines = plain(render(parse(letter((f"{NAME}.xml", content))), width))
    assert max(map(len, lines)) <= width
    place = next(index for index, line in enumerate(lines) if line.startswith("No."))
    assert lines[place].endswith("VAT %")
    assert lines[place + 2].split()[:3] == ["1", "Pompa", "sommersa"]
    assert lines[place + 2].split()[-5:] == ["2", "NR", "50.00", "100.00", "22"]


def test_sums_and_moments_are_written_as_people_do(request: pytest.FixtureRequest) -> None:
    set_language("it")
    request.addfinalizer(partial(set_language, "en"))
    drawn = shown(f"{NAME}.xml", invoice(Written(total="5664.73")))
    assert "Totale: 5.664,73 €" in drawn
    assert "Scadenza: 30/04/2026  5.664,73 €" in drawn
    drawn = shown(f"{NAME}_RC_001.xml", notice("RC"))
    here = datetime(2026, 3, 4, 9, tzinfo=UTC).astimezone()
    assert f"Ricevuto: 4 mar 2026 {here:%H:%M}" in drawn
    assert f"File: {NAME}.xml.p7m" in drawn


@pytest.mark.parametrize("total", ["1E+999999", "NaN", "12,50", "-", "9" * 30, "\u0661\u0662"])
def test_a_sum_that_is_none_is_shown_as_it_is_written(total: str) -> None:
    assert f"Total: {total} EUR" in shown(f"{NAME}.xml", invoice(Written(total=total)))


@pytest.mark.parametrize("moment", ["soon", "2026-13-04T10:00:00", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none_is_shown_as_it_is_written(moment: str) -> None:
    content = notice("RC").replace(b"2026-03-04T10:00:00.000+01:00", moment.encode())
    assert f"Received: {moment}" in shown(f"{NAME}_RC_001.xml", content)


def test_a_changed_invoice_is_read_and_its_signature_not_believed() -> None:
    forged = enveloped(invoice(Written())).replace(b"122.00", b"922.00")
    (one,) = found(f"{NAME}.xml.p7m", forged)
    assert (one.signature, isinstance(one, Invoice) and one.total) == ("broken", "922.00")
    assert "the file was changed, or forged" in shown(f"{NAME}.xml.p7m", forged)


def test_of_an_unsigned_invoice_no_signature_is_said() -> None:
    (one,) = found(f"{NAME}.xml", invoice(Written()))
    assert one.signature == "none"
    assert "Signature" not in shown(f"{NAME}.xml", invoice(Written()))


def test_a_simplified_invoice_is_read() -> None:
    (one,) = found("a.xml", SIMPLE)
    assert isinstance(one, Invoice)
    assert (one.type, one.number, one.total, one.seller.vat) == (
        *("TD07", "9", "22.00"),
        "IT01234567890",
    )
    assert "Pranzo" in shown("a.xml", SIMPLE)
    assert "Simplified invoice 9" in shown("a.xml", SIMPLE)


def test_what_is_in_a_packed_invoice_is_found_by_the_search() -> None:
    packed = zipped([(f"{NAME}.xml.p7m", enveloped(invoice(Written())))])
    text = text_of("a.zip", "application/zip", packed).split("\n")
    assert {"Rossi Srl", "Bianchi Spa", "Vendita", "Pompa", f"{NAME}.xml.p7m"} <= {*text}


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b"\r\n", b"\xef\xbb\xbf\r\n "])
def test_blanks_before_the_declaration_do_no_harm(prefix: bytes) -> None:
    assert len(found(f"{NAME}.xml", prefix + invoice(Written()))) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"<FatturaElettronica>" + b"<a>" * 61 + b"</a>" * 61 + b"</FatturaElettronica>",
        b"<FatturaElettronica>" + b"<a/>" * 200_001 + b"</FatturaElettronica>",
        b"<!DOCTYPE a><FatturaElettronica/>",
    ],
)
def test_more_than_anything_honest_has_is_not_read(content: bytes) -> None:
    assert read_tree(content, 5_000_000) is None
    assert found("a.xml", content) == ()
