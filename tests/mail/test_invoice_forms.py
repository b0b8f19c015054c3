"""Electronic invoices in every form that they come in: signed, forged, simplified, and made to hurt."""

import io
import zipfile
from datetime import UTC, datetime
from functools import partial
from xml.etree.ElementTree import Element

import pytest

from tests.mail.papers import NAME, Written, enveloped, in_base64, invoice, letter, notice, zipped
from tui_mail.extract.files import text_of
from tui_mail.i18n import set_language
from tui_mail.mail import cells, invoices
from tui_mail.mail.invoices import Invoice, SdiNotice, invoices_in
from tui_mail.mail.parse import parse
from tui_mail.mail.render import MAX_INVOICE_LINES, plain, render
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


WIDE = "漢" * 1_000


def rows_of(count: int, cell: str, number: str = "1") -> bytes:
    """An invoice of so many lines, the same text in every field."""
    fields = (
        *("NumeroLinea", "Descrizione", "Quantita", "UnitaMisura"),
        *("PrezzoUnitario", "PrezzoTotale", "AliquotaIVA"),
    )
    line = "".join(f"<{field}>{cell}</{field}>" for field in fields)
    lines = f"<DettaglioLinee>{line}</DettaglioLinee>" * count
    start, _mark, end = invoice(Written(number=number)).partition(b"<DatiBeniServizi>")
    return start + b"<DatiBeniServizi>" + lines.encode() + end


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many characters were measured one by one: work is counted, not seconds."""
    counted = [0]
    width = cells._width

    def count(character: str) -> int:
        counted[0] += 1
        return width(character)

    monkeypatch.setattr(cells, "_width", count)
    return counted


@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_table_of_long_wide_words_is_laid_out_in_one_pass(
    measured: list[int], width: int
) -> None:
    rendered = render(parse(letter(("a.xml", rows_of(10, WIDE)))), width)
    assert any("漢" in line for line in plain(rendered))
    assert measured[0] < 10 * 7 * len(WIDE) * 6


@pytest.mark.parametrize("packed", [False, True])
def test_nothing_is_laid_out_that_is_not_shown(measured: list[int], packed: bool) -> None:
    content = rows_of(245, WIDE)
    files = [(f"{n}.xml", rows_of(245, WIDE, str(n))) for n in range(8)]
    message = letter(("a.zip", zipped(files)) if packed else ("a.xml", content))
    rendered = render(parse(message), 80)
    assert rendered.partial
    assert plain(rendered)[-1] == "…"
    assert len(rendered.lines) < MAX_INVOICE_LINES + 10
    assert measured[0] < 3_000_000


def test_a_long_description_is_shown_whole() -> None:
    drawn = shown("a.xml", rows_of(1, "parola " * 120))
    assert drawn.count("…") == 1  # quantity and unit share one cell


def test_of_many_files_no_more_is_read_than_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[int] = []

    def count(content: bytes, most: int) -> Element | None:
        reads.append(len(content))
        return read_tree(content, most)

    monkeypatch.setattr(invoices, "read_tree", count)
    files = [(f"{n}.xml", rows_of(900, "12.50", str(n))) for n in range(20)]
    rendered = render(parse(letter(("a.zip", zipped(files)))), 120)
    assert rendered.partial
    assert len(reads) == 6


def test_of_files_that_are_too_much_to_read_it_is_told() -> None:
    dense = [
        (f"{n}.xml", f"<FatturaElettronica>{'<a/>' * 150_000}<b>{n}</b>".encode()) for n in range(3)
    ]
    rendered = render(parse(letter(("a.zip", zipped(dense)))), 80)
    assert rendered.partial
    assert plain(rendered)[-1] == "…"


def test_an_invoice_that_fits_is_whole() -> None:
    rendered = render(parse(letter((f"{NAME}.xml", invoice(Written())))), 80)
    assert not rendered.partial
    assert plain(rendered)[-1] != "…"


def test_a_simplified_sum_beyond_all_numbers_is_none() -> None:
    goods = b"<DatiBeniServizi><Importo>9E+999999</Importo></DatiBeniServizi>"
    (one,) = found(
        "a.xml",
        SIMPLE.replace(b"</FatturaElettronicaBody>", goods * 2 + b"</FatturaElettronicaBody>"),
    )
    assert isinstance(one, Invoice)
    assert one.total == ""


@pytest.mark.parametrize(
    "value", ["9" * 100_000, "1E+999999999", "0." + "1" * 100_000, "-" * 9_000]
)
def test_hostile_numbers_are_shown_in_short(value: str) -> None:
    drawn = shown("a.xml", rows_of(2, value))
    assert value[:4] in drawn
    assert len(drawn) < 30_000


def test_a_file_of_an_office_program_is_no_archive_of_invoices() -> None:
    names = ["[Content_Types].xml", *(f"ppt/slides/slide{n}.xml" for n in range(60))]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "<a/>")
    rendered = render(parse(letter(("bilancio.pptx", packed.getvalue()))), 80)
    assert not rendered.partial
