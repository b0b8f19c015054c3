"""Makes the files that come with the demo's letters: PDF, PNG and text, by hand and real."""

import struct
import zlib
from collections.abc import Sequence
from datetime import date

from tui_mail.demo.envelope import Attachment
from tui_mail.demo.records import DemoDocument, DemoLine

TITLES = {
    "quote": ("Preventivo", "Quotation"),
    "offer": ("Offerta", "Offer"),
    "sales_order": ("Conferma_ordine", "Order_confirmation"),
    "purchase_order": ("Ordine", "Order"),
    "delivery_note": ("DDT", "Delivery_note"),
    "goods_receipt": ("DDT", "Delivery_note"),
    "invoice": ("Fattura", "Invoice"),
    "purchase_invoice": ("Fattura", "Invoice"),
    "credit_note": ("Nota_credito", "Credit_note"),
    "job": ("Commessa", "Job"),
}


def pdf(lines: Sequence[str]) -> bytes:
    """Return a PDF of one A4 page with `lines` in Helvetica, the first one large."""
    drawn = []
    for place, line in enumerate(lines[:48]):
        safe = line.encode("cp1252", "replace").translate(None, b"\r\n")
        for special in (b"\\", b"(", b")"):
            safe = safe.replace(special, b"\\" + special)
        size = 16 if place == 0 else 10
        drawn.append(b"/F1 %d Tf 1 0 0 1 56 %d Tm (%s) Tj" % (size, 780 - place * 15, safe))
    content = b"BT\n" + b"\n".join(drawn) + b"\nET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def png(shade: int) -> bytes:
    """Return a PNG of 96 by 64 pixels, a gradient that differs with `shade`."""
    width, height = 96, 64
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        rows += bytes(
            value
            for x in range(width)
            for value in ((x * 2 + shade) % 256, (y * 3 + shade) % 256, (x ^ y) * 2 % 256)
        )

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(rows), 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def document_file(document: DemoDocument, lines: Sequence[DemoLine], language: str) -> Attachment:
    """Return a document of the ERP as PDF, named after its kind, number and year."""
    italian = language == "it"
    title = TITLES[document.kind][0 if italian else 1]
    number = document.short.replace("/", "_")
    if document.version:
        number += f"_rev{document.version}"
    head = f"{title.replace('_', ' ')} n. {document.short} - {document.date:%d/%m/%Y}"
    body = [
        f"{line.article:<8} {line.description}   {line.quantity} {line.unit} x {line.price}"
        for line in lines
    ]
    total = f"{'Totale IVA compresa' if italian else 'Total incl. VAT'}: EUR {document.total}"
    text = [head, "", "Rossi Srl - Via dell'Industria 14 - 47921 Rimini", "", *body, "", total]
    return Attachment(f"{title}_{number}_{document.year}.pdf", "application/pdf", pdf(text))


def order_file(reference: str, lines: Sequence[DemoLine], day: date) -> Attachment:
    """Return an order of the other side as PDF."""
    body = [f"{line.quantity} {line.unit}  {line.description}" for line in lines]
    name = "".join(letter if letter.isalnum() else "_" for letter in reference) or "ordine"
    text = [f"Ordine {reference}", f"{day:%d/%m/%Y}", "", *body]
    return Attachment(f"{name}.pdf", "application/pdf", pdf(text))


def list_file(lines: Sequence[DemoLine], language: str) -> Attachment:
    """Return a list of articles as plain text, separated by semicolons."""
    head = "articolo;quantità" if language == "it" else "article;quantity"
    rows = [head, *(f"{line.description};{line.quantity}" for line in lines)]
    name = "elenco.csv" if language == "it" else "list.csv"
    return Attachment(name, "text/csv; charset=utf-8", "\r\n".join(rows).encode() + b"\r\n")


def receipt_file(amount: str, day: date, language: str) -> Attachment:
    """Return a bank's receipt as PDF."""
    title = "Contabile bonifico" if language == "it" else "Bank transfer receipt"
    name = "contabile" if language == "it" else "receipt"
    text = [title, f"{day:%d/%m/%Y}", f"EUR {amount}", "Rossi Srl"]
    return Attachment(f"{name}_{day:%Y%m%d}.pdf", "application/pdf", pdf(text))


def foreign_invoice_file(name: str, document: DemoDocument, language: str) -> Attachment:
    """Return a supplier's invoice as PDF, under the supplier's own number."""
    title = TITLES["invoice"][0 if language == "it" else 1]
    number = document.their_reference.replace("/", "_") or document.short
    text = [f"{title} {document.their_reference}", name, f"{document.date:%d/%m/%Y}", "",
            f"EUR {document.total}"]  # fmt: skip
    return Attachment(f"{title}_{number}.pdf", "application/pdf", pdf(text))
