"""Files within files: Outlook's envelope, signed and encrypted ones, BinHex, uuencode, yEnc, messages."""

import base64
import binascii
import struct
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder
from tui_mail.mail.parse import parse
from tui_mail.mail.rtf import read_rtf, unpack
from tui_mail.mail.source import dismantle, restore
from tui_mail.mail.textfiles import cut_files
from tui_mail.mail.tnef import open_tnef
from tui_mail.values import ParsedMessage

# -- building --------------------------------------------------------------------------------------


def attribute(level: int, name: int, value: bytes) -> bytes:
    checksum = sum(value) % 65536
    return struct.pack("<BII", level, name, len(value)) + value + struct.pack("<H", checksum)


def properties(*each: tuple[int, int, bytes]) -> bytes:
    packed = struct.pack("<I", len(each))
    for tag, kind, value in each:
        packed += struct.pack("<HH", kind, tag)
        if kind in {0x1E, 0x1F, 0x0102, 0x0D}:
            packed += struct.pack("<II", 1, len(value))
        packed += value + b"\0" * (-len(value) % 4)
    return packed


def tnef(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def tnef_file(name: str, content: bytes, *more: tuple[int, int, bytes]) -> bytes:
    return (
        attribute(2, 0x00069002, b"\0" * 14)
        + attribute(2, 0x00018010, b"SHORT~1.PDF\0")
        + attribute(2, 0x0006800F, content)
        + attribute(
            2, 0x00069005, properties((0x3707, 0x1F, (name + "\0").encode("utf-16-le")), *more)
        )
    )


def with_file(content: bytes, media_type: str, name: str, body: str = "ciao") -> bytes:
    encoded = base64.encodebytes(content).decode()
    return (
        "From: a@x.it\nSubject: prova\nContent-Type: multipart/mixed; boundary=x\n\n"
        f"--x\nContent-Type: text/plain\n\n{body}\n"
        f'--x\nContent-Type: {media_type}; name="{name}"\n'
        f"Content-Transfer-Encoding: base64\n\n{encoded}\n--x--\n"
    ).encode()


def files(parsed: ParsedMessage) -> list[tuple[str, str, bytes]]:
    return [(each.name, each.media_type, each.content) for each in parsed.attachments]


def comes_back(raw: bytes) -> bool:
    source = dismantle(raw)
    blobs = {str(each.number): each.attachment.content for each in source.attachments}
    return restore(source.skeleton(list(blobs)), blobs.__getitem__) == raw


@cache
def identity() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Anna")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    builder = builder.public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=2))
    return key, builder.sign(key, hashes.SHA256())


def signed(content: bytes) -> bytes:
    key, certificate = identity()
    builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
    return builder.add_signer(certificate, key, hashes.SHA256()).sign(
        Encoding.DER, [pkcs7.PKCS7Options.Binary]
    )


# -- winmail.dat -----------------------------------------------------------------------------------


def test_the_files_in_an_outlook_envelope_are_files_of_the_message() -> None:
    envelope = tnef(
        attribute(1, 0x00069007, struct.pack("<II", 1252, 0)),
        tnef_file("Fattura però.pdf", b"%PDF-1", (0x370E, 0x1E, b"application/pdf\0")),
        tnef_file("foto.png", b"\x89PNG", (0x3712, 0x1E, b"<img1>\0")),
    )
    raw = with_file(envelope, "application/ms-tnef", "winmail.dat")
    parsed = parse(raw)
    assert files(parsed) == [
        ("winmail.dat", "application/ms-tnef", envelope),
        ("Fattura però.pdf", "application/pdf", b"%PDF-1"),
        ("foto.png", "image/png", b"\x89PNG"),
    ]
    assert parsed.attachments[2].content_id == "img1"
    assert parsed.text.strip() == "ciao"
    assert comes_back(raw)


@pytest.mark.parametrize(
    ("property_", "text", "html"),
    [
        ((0x1000, 0x1F, "perché no".encode("utf-16-le")), "perché no", ""),
        ((0x1013, 0x0102, b"<p>perch\xe9 <b>no</b>"), "perché no", "<p>perché <b>no</b>"),
    ],
)
def test_the_letter_in_an_outlook_envelope_is_read_when_there_is_no_other(
    property_: tuple[int, int, bytes], text: str, html: str
) -> None:
    # A named property comes with its set and number before its value.
    named = struct.pack("<HH", 0x03, 0x8001) + b"\1" * 16 + struct.pack("<II", 0, 7) + b"\0" * 4
    whole = properties(property_)
    envelope = tnef(
        attribute(1, 0x00069007, struct.pack("<II", 1252, 0)),
        attribute(1, 0x00069003, struct.pack("<I", 2) + named + whole[4:]),
    )
    parsed = parse(with_file(envelope, "application/ms-tnef", "winmail.dat", body=""))
    assert (parsed.text.strip(), parsed.html) == (text, html)


def test_an_item_within_an_outlook_envelope_gives_its_files_and_its_text() -> None:
    inner = tnef(
        attribute(1, 0x0002800C, b"dentro\0"),
        tnef_file("b.txt", b"due"),
    )
    outer = tnef(tnef_file("Inoltro", b"", (0x3701, 0x0D, b"\0" * 16 + inner)))
    parsed = parse(with_file(outer, "application/octet-stream", "winmail.dat"))
    assert [(each.name, each.content) for each in parsed.attachments[1:]] == [
        ("Inoltro.txt", b"dentro"),
        ("b.txt", b"due"),
    ]


@given(st.binary(max_size=300))
def test_no_outlook_envelope_makes_it_raise(data: bytes) -> None:
    open_tnef(tnef() + data)
    open_tnef(tnef(attribute(1, 0x00069003, data), tnef_file("a", data), data))
    unpack(b"\0" * 8 + b"LZFu" + b"\0" * 4 + data)


@given(
    st.lists(
        st.sampled_from(
            [
                b"{",
                b"}",
                b"\\",
                b"\\u-5 ",
                b"\\'e8",
                b"\\*",
                b"\\htmltag1 ",
                b"\\ansicpg",
                b"9",
                b"a",
                b"\\htmlrtf ",
                b"\\uc0 ",
            ]
        ),
        max_size=40,
    )
)
def test_no_rich_text_makes_it_raise(pieces: list[bytes]) -> None:
    read_rtf(b"".join(pieces))


@pytest.mark.parametrize(
    ("rtf", "text", "is_html"),
    [
        (rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 perch\'e9\par no}", "perché\nno", False),
        (rb"{\rtf1\uc1 citt\u224?\~x\{\}}", "città\u00a0x{}", False),
        (
            (rb"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 ciao"
            rb"\htmlrtf }\htmlrtf0 {\*\htmltag72 </p>}}"),
            "<p>ciao</p>",
            True,
        ),
    ],
)  # fmt: skip
def test_rich_text(rtf: bytes, text: str, is_html: bool) -> None:
    assert read_rtf(rtf) == (text, is_html)


def test_packed_rich_text() -> None:
    # The example of MS-OXRTFCP §3.1: "{\rtf1\ansi\ansicpg1252\pard hello world}\r\n"
    packed = bytes.fromhex(
        "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320a"
        "f32068656c090020627705b06c647d0a800fa0"
    )
    assert unpack(packed) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"


# -- signed and encrypted --------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["der", "base64", "pem"])
def test_a_signed_invoice_is_listed_with_what_was_signed(written: str) -> None:
    envelope = signed(b"<FatturaElettronica/>")
    if written == "base64":
        envelope = base64.encodebytes(envelope)
    elif written == "pem":
        envelope = (
            b"-----BEGIN PKCS7-----\n" + base64.encodebytes(envelope) + b"-----END PKCS7-----"
        )
    raw = with_file(envelope, "application/octet-stream", "IT0123_1.xml.p7m")
    assert files(parse(raw))[1] == ("IT0123_1.xml", "application/xml", b"<FatturaElettronica/>")
    assert comes_back(raw)


def test_a_signed_letter_is_read_as_the_letter() -> None:
    entity = b"Content-Type: text/plain; charset=utf-8\r\n\r\nperch\xc3\xa9\r\n"
    body = base64.encodebytes(signed(entity)).decode()
    parsed = parse(
        (
            "From: a@x.it\nContent-Type: application/pkcs7-mime; smime-type=signed-data;"
            f' name="smime.p7m"\nContent-Transfer-Encoding: base64\n\n{body}'
        ).encode()
    )
    assert parsed.text.strip() == "perché"
    assert [each.name for each in parsed.attachments] == ["smime.p7m"]
    assert parsed.warnings == ()


def test_an_encrypted_letter_is_said_to_be() -> None:
    _key, certificate = identity()
    envelope = (
        pkcs7.PKCS7EnvelopeBuilder()
        .set_data(b"x")
        .add_recipient(certificate)
        .encrypt(Encoding.DER, [])
    )
    parsed = parse(with_file(envelope, "application/pkcs7-mime", "smime.p7m"))
    assert parsed.warnings == ("encrypted",)
    pgp = parse(b"From: a@x.it\nContent-Type: multipart/encrypted; boundary=x\n\n--x\n\na\n--x--\n")
    assert pgp.warnings == ("encrypted",)


def test_envelopes_in_envelopes_end_at_three() -> None:
    content = b"<a/>"
    for _level in range(6):
        content = signed(content)
    parsed = parse(with_file(content, "application/octet-stream", "a.xml" + ".p7m" * 6))
    assert [each.name.count(".p7m") for each in parsed.attachments] == [6, 5, 4, 3]


# -- in the text -----------------------------------------------------------------------------------


def uuencoded(name: str, content: bytes) -> str:
    lines = [binascii.b2a_uu(content[i : i + 45]).decode() for i in range(0, len(content), 45)]
    return f"begin 644 {name}\n{''.join(lines)}`\nend\n"


def test_files_written_into_the_text_are_taken_out_of_it() -> None:
    text = "Ecco:\n" + uuencoded("a b.txt", b"uno" * 40) + "e\n" + uuencoded("c.png", b"\x89PNG")
    raw = f"From: a@x.it\n\n{text}fine\n".encode()
    parsed = parse(raw)
    assert parsed.text == "Ecco:\ne\nfine\n"
    assert files(parsed) == [
        ("a b.txt", "text/plain", b"uno" * 40),
        ("c.png", "image/png", b"\x89PNG"),
    ]
    assert comes_back(raw)


def test_a_file_in_a_text_that_was_cut_off_is_there_as_far_as_it_goes() -> None:
    text = uuencoded("elenco.txt", b"una riga\n" * 40).removesuffix("`\nend\n")
    raw = f"From: a@x.it\n\nEcco:\n{text}".encode()
    parsed = parse(raw)
    assert (parsed.text, parsed.damage) == ("Ecco:\n", ("transfer_encoding",))
    assert files(parsed) == [("elenco.txt", "text/plain", b"una riga\n" * 40)]
    assert comes_back(raw)


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 me at hello\nthis is prose\nend\n",
        "begin 644 x\n",
        "begin 644 x\nend\n",
        "begin 644 x\n#0V%T\n",
        "=ybegin line=128 size=3 name=x\n",
        "=ybegin line=128 size=3 name=x\n=yend size=3\n",
    ],
)
def test_what_only_begins_like_a_file_stays_text(text: str) -> None:
    parsed = parse(f"From: a@x.it\n\n{text}".encode())
    assert (parsed.text, parsed.attachments) == (text, ())


def test_a_yenc_file_is_its_bytes() -> None:
    folder = data_folder("mimekit") / "UnitTests/TestData/yenc"
    parsed = parse((folder / "simple.msg").read_bytes())
    assert [(each.name, len(each.content)) for each in parsed.attachments] == [
        ("testfile.txt", 584)
    ]
    assert binascii.crc32(parsed.attachments[0].content) == 0xDED29F4F


@given(
    st.lists(
        st.sampled_from(
            [
                b"begin 644 a\n",
                b"end\n",
                b"`\n",
                b"#0V%T\n",
                b"=ybegin name=a\n",
                b"=yend size=1\n",
                b"=",
                b"\r\n",
                b"\n",
            ]
        ),
        max_size=20,
    )
)
def test_taking_files_out_never_raises(pieces: list[bytes]) -> None:
    text = b"".join(pieces)
    left, found = cut_files(text)
    assert len(left) <= len(text)
    assert bool(found) == (left != text)


# -- messages within -------------------------------------------------------------------------------


INNER = (
    "From: Bruno <b@y.it>\nSubject: Ordine 12\nDate: Thu, 05 Mar 2026 10:00:00 +0100\n"
    "Content-Type: multipart/mixed; boundary=z\n\n--z\n\nvorrei dieci viti\n"
    "--z\nContent-Type: application/pdf; name=o.pdf\n\n%PDF\n--z--\n"
)


def test_a_forwarded_message_is_read_with_its_files() -> None:
    raw = (
        "From: a@x.it\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nvedi sotto\n"
        f"--x\nContent-Type: message/rfc822\n\n{INNER}\n--x--\n"
    ).encode()
    parsed = parse(raw)
    assert parsed.text.startswith("vedi sotto")
    assert "▪ Ordine 12 · Bruno <b@y.it> · 2026-03-05 10:00\n\nvorrei dieci viti" in parsed.text
    assert parsed.new_text.strip() == "vedi sotto"
    assert [each.name for each in parsed.attachments] == ["Ordine 12.eml", "o.pdf"]
    assert comes_back(raw)


def test_a_digest_is_its_messages() -> None:
    parsed = parse(
        b"From: list@x.it\nContent-Type: multipart/digest; boundary=x\n\n"
        b"--x\n\nSubject: uno\n\nprimo\n--x\n\nSubject: due\n\nsecondo\n--x--\n"
    )
    assert [each.name for each in parsed.attachments] == ["uno.eml", "due.eml"]
    assert parsed.text == "▪ uno\n\nprimo\n\n▪ due\n\nsecondo"


def test_a_letter_that_could_not_be_delivered_is_a_file_and_no_more() -> None:
    parsed = parse(
        (
            "From: MAILER-DAEMON@x.it\nContent-Type: multipart/report; boundary=x;"
            " report-type=delivery-status\n\n--x\n\nnon consegnato\n"
            f"--x\nContent-Type: message/rfc822\n\n{INNER}\n--x--\n"
        ).encode()
    )
    assert parsed.text.strip() == "non consegnato"
    assert [each.name for each in parsed.attachments] == ["Ordine 12.eml"]


def test_messages_in_messages_end_at_three() -> None:
    inner = "Subject: fondo\n\nultimo\n"
    for level in range(6):
        inner = f"Subject: s{level}\nContent-Type: message/rfc822\n\n{inner}"
    parsed = parse(inner.encode())
    assert len(parsed.attachments) == 4


def test_a_piece_of_a_message_is_said_to_be_one() -> None:
    first = parse(
        b"From: a@x.it\nContent-Type: message/partial; id=1; number=1; total=2\n\n"
        b"From: a@x.it\nSubject: lungo\n\nprima parte\n"
    )
    assert first.warnings == ("partial_message",)
    assert first.text == "prima parte\n"
    elsewhere = parse(
        b'From: a@x.it\nContent-Type: message/external-body; access-type=URL; URL="http://x.it/a"\n\n'
        b"Content-Type: image/png\n\n"
    )
    assert elsewhere.warnings == ("external_body",)
    assert elsewhere.text == "access-type: URL\nurl: http://x.it/a"


# -- certified mail --------------------------------------------------------------------------------


def envelope(name: str, author: str, sender: str = "posta-certificata@pec.example") -> bytes:
    return (
        f'From: "{name}" <{sender}>\nReply-To: {author}\nSubject: POSTA CERTIFICATA: ordine\n'
        "X-Trasporto: posta-certificata\nContent-Type: multipart/signed; boundary=x\n\n"
        "--x\nContent-Type: multipart/mixed; boundary=y\n\n--y\n\nMessaggio di posta certificata\n"
        "--y\nContent-Type: application/xml; name=daticert.xml\n\n<postacert/>\n"
        "--y\nContent-Type: message/rfc822; name=postacert.eml\n\n"
        f"From: Anna <{author}>\nSubject: ordine\n\nvorrei dieci viti\n--y--\n"
        "--x\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nabc\n--x--\n"
    ).encode()


def test_a_certified_letter_is_read_before_its_envelope() -> None:
    parsed = parse(envelope("Per conto di: anna@pec.it", "anna@pec.it"))
    assert parsed.kind == "pec_envelope"
    assert parsed.text.startswith("vorrei dieci viti")
    assert "Messaggio di posta certificata" in parsed.text
    assert parsed.new_text.strip() == "vorrei dieci viti"
    assert parsed.warnings == ("pec_broken",)


@pytest.mark.parametrize(
    "raw",
    [
        envelope("Per conto di: capo@banca.it", "anna@pec.it"),
        envelope("capo@banca.it", "anna@pec.it"),
        envelope("Per conto di: anna@pec.it", "anna@pec.it", "truffa@evil.example"),
    ],
)
def test_what_only_looks_like_a_certified_envelope_is_doubted(raw: bytes) -> None:
    parsed = parse(raw)
    assert "pec_sender" in parsed.warnings
    assert parsed.sender is not None
    assert parsed.sender.address != "anna@pec.it"


# -- which form is read ----------------------------------------------------------------------------


def alternative(*parts: str) -> ParsedMessage:
    body = "".join(f"--x\n{part}\n" for part in parts)
    return parse(f"Content-Type: multipart/alternative; boundary=x\n\n{body}--x--\n".encode())


def test_the_page_of_an_alternative_may_hold_files_in_its_middle() -> None:
    parsed = alternative(
        "Content-Type: text/plain\n\nprima e dopo",
        "Content-Type: multipart/mixed; boundary=y\n\n--y\nContent-Type: text/html\n\n<p>prima\n"
        "--y\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n"
        "--y\nContent-Type: text/html\n\n<p>dopo\n--y--",
    )
    assert parsed.text == "prima e dopo"
    assert "prima" in parsed.html
    assert "dopo" in parsed.html
    assert [each.name for each in parsed.attachments] == ["a.pdf"]


def test_an_empty_plain_form_does_not_hide_the_page() -> None:
    parsed = alternative("Content-Type: text/plain\n\n ", "Content-Type: text/html\n\n<p>ciao")
    assert parsed.text == "ciao"


def test_a_calendar_among_the_forms_is_a_file() -> None:
    parsed = alternative(
        "Content-Type: text/plain\n\ninvito",
        "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR",
    )
    assert (parsed.text, parsed.kind) == ("invito", "calendar")
    assert [each.media_type for each in parsed.attachments] == ["text/calendar"]


def test_several_texts_in_one_form_are_all_read() -> None:
    parsed = alternative(
        "Content-Type: multipart/mixed; boundary=y\n\n--y\n\nuno\n--y\n\ndue\n--y--"
    )
    assert parsed.text == "uno\ndue"


def test_the_page_of_related_parts_is_the_one_that_is_named() -> None:
    parsed = parse(
        b'Content-Type: multipart/related; boundary=x; start="<b>"\n\n'
        b"--x\nContent-Type: text/html\nContent-ID: <a>\n\n<p>cornice\n"
        b"--x\nContent-Type: text/html\nContent-ID: <b>\n\n<p>pagina\n--x--\n"
    )
    assert parsed.text == "pagina"
    assert [each.content_id for each in parsed.attachments] == ["a"]


def test_a_named_text_that_is_all_there_is_is_read() -> None:
    parsed = parse(
        b"Content-Type: multipart/mixed; boundary=x\n\n"
        b"--x\nContent-Type: text/plain; name=nota.txt\n\nciao\n--x--\n"
    )
    assert parsed.text == "ciao"
    assert [each.name for each in parsed.attachments] == ["nota.txt"]


def test_enriched_text_is_read_without_its_commands() -> None:
    parsed = parse(b"Content-Type: text/enriched\n\n<bold>Ciao</bold>\nAnna <<3\n\nfine")
    assert parsed.text == "Ciao Anna <3\nfine"
