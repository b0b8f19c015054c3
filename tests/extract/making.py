"""Files of each kind, made by hand, and such as are made to hurt."""

import io
import zipfile
import zlib

_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def docx(*paragraphs: str, **more: str) -> bytes:
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    document = f"<w:document {_W}><w:body>{body}</w:body></w:document>"
    return zipped({"word/document.xml": document, **more})


def xlsx() -> bytes:
    shared = "<sst><si><t>Pompa</t></si><si><r><t>Val</t></r><r><t>vola</t></r></si></sst>"
    sheet = (
        '<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>77</v></c>'
        '<c><v>1204.5</v></c><c t="inlineStr"><is><t>Rossi</t></is></c></row></sheetData></worksheet>'
    )
    return zipped(
        {
            "xl/workbook.xml": "<workbook/>",
            "xl/sharedStrings.xml": shared,
            "xl/worksheets/sheet1.xml": sheet,
        }
    )


def pptx() -> bytes:
    slide = f"<p:sld xmlns:p='p' {_A}><a:p><a:r><a:t>Listino 2026</a:t></a:r></a:p></p:sld>"
    return zipped({"ppt/presentation.xml": "<p/>", "ppt/slides/slide1.xml": slide})


def odt() -> bytes:
    content = (
        '<office:document-content xmlns:office="o" xmlns:text="t"><office:body>'
        "<text:h>Verbale</text:h><text:p>Riunione del <text:span>comitato</text:span></text:p>"
        "</office:body></office:document-content>"
    )
    return zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def bomb(name: str = "word/document.xml", size: int = 300 << 20) -> bytes:
    """A document of which one part is `size` bytes of text when unpacked."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    head = f"<w:document {_W}><w:p><w:t>".encode()
    data = packer.compress(head)
    crc = zlib.crc32(head)
    piece = b"a " * (1 << 19)
    for _number in range(size // len(piece)):
        data += packer.compress(piece)
        crc = zlib.crc32(piece, crc)
    data += packer.flush()
    total = len(head) + size // len(piece) * len(piece)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        info = zipfile.ZipInfo(name)
        archive.writestr(info, data)
    # The one entry is made to say that it is deflated, in both of its headers.
    raw = bytearray(out.getvalue())
    for sign, method, sums in ((b"PK\x03\x04", 8, 14), (b"PK\x01\x02", 10, 16)):
        start = raw.index(sign)
        raw[start + method : start + method + 2] = (8).to_bytes(2, "little")
        raw[start + sums : start + sums + 4] = crc.to_bytes(4, "little")
        raw[start + sums + 8 : start + sums + 12] = (total & 0xFFFFFFFF).to_bytes(4, "little")
    return bytes(raw)


def pdf_bomb(size: int = 400 << 20) -> bytes:
    """A PDF whose one page is `size` bytes of content when unpacked."""
    packer = zlib.compressobj(9)
    data = packer.compress(b"BT /F1 9 Tf ")
    piece = b"(a) Tj " * 150_000
    for _number in range(size // len(piece)):
        data += packer.compress(piece)
    data += packer.flush()
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(data), data),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out = bytearray(b"%PDF-1.4\n")
    for number, body in enumerate(objects, start=1):
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    return bytes(out + b"trailer\n<< /Size 6 /Root 1 0 R >>\n%%EOF\n")


def laughs() -> bytes:
    """Entities within entities: a billion of them when they are put in."""
    entities = "".join(
        f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "ha"}'.rstrip('"')
        + (f"&l{n - 1};" * 9 if n else "")
        + '">'
        for n in range(10)
    )
    return f'<?xml version="1.0"?><!DOCTYPE x [{entities}]><x>&l9;</x>'.encode()


def outside() -> bytes:
    """An entity that asks for a file of this computer."""
    return (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        b"<x>prima &f; dopo</x>"
    )


def signed(content: bytes, times: int = 1) -> bytes:
    """`content` in that many envelopes of CMS, one in the other, with no signature."""
    from asn1crypto import cms

    for _number in range(times):
        data = cms.SignedData(
            {
                "version": "v1",
                "digest_algorithms": [],
                "encap_content_info": {"content_type": "data", "content": content},
                "signer_infos": [],
            }
        )
        content = cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()
    return content
