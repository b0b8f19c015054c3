"""The text in attached files, of every kind; and files that are made to hurt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data import data_folder
from tests.extract import making
from tui_mail.demo.attachments import pdf
from tui_mail.extract.files import may_have_text, text_of
from tui_mail.extract.limits import MOST_BYTES, MOST_TEXT, NotReadError, TooLargeError

INNER = b"Subject: Dentro\r\nFrom: Anna <anna@x.it>\r\n\r\nIl preventivo\r\n"


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        (
            "a.pdf",
            pdf(["Fattura 88/A", "Totale è 1.204,00"]),
            ["Fattura 88/A", "Totale è 1.204,00"],
        ),
        ("a.docx", making.docx("Contratto", "due &amp; tre"), ["Contratto", "due & tre"]),
        ("a.xlsx", making.xlsx(), ["Pompa", "Valvola", "1204.5", "Rossi"]),
        ("a.pptx", making.pptx(), ["Listino 2026"]),
        ("a.odt", making.odt(), ["Verbale", "Riunione del comitato"]),
        ("a.txt", "città\r\nuna".encode(), ["città", "una"]),
        ("a.txt", "città".encode("cp1252"), ["città"]),
        ("a.csv", "à;b".encode("utf-16"), ["à;b"]),
        ("a.html", b"<p>uno<script>due</script></p><p>tre", ["uno", "tre"]),
        ("a.rtf", rb"{\rtf1\ansi{\fonttbl Arial;}Ordine\par n. 5\'e0}", ["Ordine", "n. 5à"]),
        ("a.xml", b"<a><b>uno</b><c>due</c></a>", ["uno", "due"]),
        ("a.eml", INNER, ["Dentro", "Anna anna@x.it", "Il preventivo"]),
        ("a.xml.p7m", making.signed(b"<a>firmato</a>"), ["firmato"]),
        ("a.zip", making.zipped({"ordini/primo.txt": b"x"}), ["ordini/primo.txt"]),
        ("a.jpg", b"\xff\xd8\xff\xe0", []),
    ],
)
def test_the_text_of_a_file_line_by_line(name: str, content: bytes, lines: list[str]) -> None:
    assert text_of(name, "application/octet-stream", content).splitlines() == lines


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("fattura", "application/octet-stream"), ("fattura.dat", "application/pdf"), ("x.zip", "")],
)
def test_first_bytes_know_better_than_names(name: str, media_type: str) -> None:
    content = making.docx("Contratto") if name == "x.zip" else pdf(["Fattura"])
    assert may_have_text(name, media_type)
    assert text_of(name, media_type, content) in {"Fattura", "Contratto"}


def test_a_letter_in_a_letter_is_read_with_its_files() -> None:
    inner = (
        b"Subject: Fuori\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\ntesto\r\n"
        b"--b\r\nContent-Type: text/csv\r\nContent-Disposition: attachment; filename=a.csv\r\n\r\n"
        b"pompa;valvola\r\n--b--\r\n"
    )
    assert text_of("a.eml", "message/rfc822", inner).splitlines() == [
        "Fuori",
        "testo",
        "a.csv",
        "pompa;valvola",
    ]


def test_an_italian_invoice_is_its_values_without_its_files() -> None:
    folder = data_folder("oca-l10n-italy-12")
    paths = sorted(folder.rglob("*.xml"))
    read = {path.name: text_of(path.name, "", path.read_bytes()) for path in paths}
    assert len(read) > 5
    assert all("info@yourcompany.example.com" in text for text in read.values())
    for text in read.values():
        assert all(len(word) <= 300 for word in text.split())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", b"%PDF-1.4\nnothing"),
        ("a.docx", b"PK\x03\x04 nothing"),
        ("a.docx", making.docx("x").replace(b"PK\x01\x02", b"PK\x01\x03")),
        ("a.xml", b"<a><b></a>"),
        ("a.xml", making.laughs()),
        ("a.xml", making.outside()),
        ("a.xml", b"<a>" * 2000),
        ("a.docx", making.docx("x").replace(b"<w:p>", b"<w:q>")),
        ("a.p7m", b"no envelope"),
    ],
)
def test_what_is_broken_or_asks_for_more_is_not_read(name: str, content: bytes) -> None:
    try:
        found = text_of(name, "", content)
    except NotReadError:
        return
    assert "ha" * 10 not in found
    assert "prima" not in found


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.docx", making.bomb()),
        ("a.odt", making.bomb("content.xml")),
        ("a.txt", b"x" * (MOST_BYTES + 1)),
        ("a.xml" + ".p7m" * 50, making.signed(b"<a>x</a>", 50)),
        ("a.zip", making.zipped({f"{n}.txt": b"" for n in range(3000)})),
    ],
)
def test_what_grows_beyond_reason_is_too_large(name: str, content: bytes) -> None:
    with pytest.raises(TooLargeError):
        text_of(name, "", content)


def test_of_a_long_text_the_beginning_is_kept() -> None:
    found = text_of("a.txt", "text/plain", b"parola " * 200_000)
    assert found.startswith("parola parola")
    assert len(found) <= MOST_TEXT
    assert len(text_of("a.docx", "", making.docx(*["parola"] * 100_000))) <= MOST_TEXT


NAMES = (
    "a.pdf",
    "a.docx",
    "a.xlsx",
    "a.odt",
    "a.xml",
    "a.p7m",
    "a.rtf",
    "a.html",
    "a.eml",
    "a.zip",
    "a",
)
SEEDS = (
    pdf(["x"]),
    making.docx("x"),
    making.xlsx(),
    making.signed(b"<a/>"),
    INNER,
    making.laughs(),
)


@given(
    st.sampled_from(NAMES),
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 4000), st.binary(min_size=1, max_size=4)), max_size=8),
)
def test_mutants_are_read_or_refused(
    name: str, seed: bytes, changes: list[tuple[int, bytes]]
) -> None:
    data = bytearray(seed)
    for place, piece in changes:
        data[place : place + len(piece)] = piece
    try:
        found = text_of(name, "", bytes(data))
    except (NotReadError, TooLargeError):
        return
    found.encode()
    assert "\0" not in found
