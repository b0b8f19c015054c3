"""Electronic invoices (FatturaPA) and the notices of the exchange system that carries them (SdI).

Finds them among the files of a message: XML, signed (p7m, opened by `containers`), or in a ZIP.
Names are compared without their namespaces, which have changed over the years. Never raises.
"""

import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from io import BytesIO
from xml.etree.ElementTree import Element
from zlib import error as ZlibError

from tui_mail.mail.budget import FileBudget
from tui_mail.mail.cms import open_envelope
from tui_mail.mail.headers import one_line
from tui_mail.mail.signature import signature_within
from tui_mail.mail.xmltree import local, read_tree
from tui_mail.values import ParsedAttachment

MAX_FILE = 5 * 1024 * 1024  # what the exchange system takes
MAX_INVOICES = 50
_OFFICE = "[Content_Types].xml"  # in every file of an office program, and in no archive of invoices
MAX_ROWS = 1_000
MAX_KEYS = 20
_IN_WORDS = {"order": "Vs. ordine", "invoice": "Ns. fattura", "delivery": "Ns. DDT"}
_LONGEST = 1_000
_SIGNS = (b"FatturaElettronica", b"IdentificativoSdI", b"NomeFile")
_BEGINNING = 4_096
NOTICES = {
    "RicevutaConsegna": "RC",
    "NotificaScarto": "NS",
    "RicevutaScarto": "NS",
    "NotificaMancataConsegna": "MC",
    "RicevutaImpossibilitaRecapito": "MC",
    "NotificaEsito": "NE",
    "FileMetadati": "MT",
    "MetadatiInvioFile": "MT",
    "AttestazioneTrasmissioneFattura": "AT",
    "NotificaDecorrenzaTermini": "DT",
    "NotificaEsitoCommittente": "EC",
    "ScartoEsitoCommittente": "SE",
}


@dataclass(frozen=True, slots=True)
class InvoiceParty:
    """A side of an invoice. `vat`: country and number, as IT01234567890."""

    name: str = ""
    vat: str = ""
    tax_code: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceLine:
    """A line, every field as written."""

    number: str = ""
    description: str = ""
    quantity: str = ""
    unit: str = ""
    price: str = ""
    total: str = ""
    vat_rate: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceVat:
    """A line of the summary of VAT."""

    rate: str = ""
    net: str = ""
    vat: str = ""
    nature: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceDue:
    """A due date."""

    date: str = ""
    amount: str = ""
    method: str = ""
    iban: str = ""


@dataclass(frozen=True, slots=True)
class InvoiceReference:
    """A document that an invoice names. `kind`: order, contract, agreement, receipt, invoice, delivery."""

    kind: str
    number: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """A document of a FatturaPA file; every field foreign text, dates and amounts as written.

    `signature`: of the file, as `values.Signature.state` has it, by `signer`.
    """

    file: str
    type: str
    number: str
    date: str
    currency: str
    total: str
    seller: InvoiceParty
    buyer: InvoiceParty
    causes: tuple[str, ...] = ()
    lines: tuple[InvoiceLine, ...] = ()
    vat: tuple[InvoiceVat, ...] = ()
    dues: tuple[InvoiceDue, ...] = ()
    references: tuple[InvoiceReference, ...] = ()
    signature: str = "none"
    signer: str = ""


@dataclass(frozen=True, slots=True)
class SdiNotice:
    """A notice of the exchange system. `kind`: RC, NS, MC, NE, MT, AT, DT, EC, SE.

    `file`: the invoice's file that it speaks of, `identifier`: the system's number of it.
    `outcome`: EC01 accepted, EC02 refused. `errors`: code and description.
    """

    kind: str
    file: str = ""
    identifier: str = ""
    received: str = ""
    delivered: str = ""
    outcome: str = ""
    description: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    signature: str = "none"
    signer: str = ""


def invoices_in(files: Sequence[ParsedAttachment]) -> tuple[Invoice | SdiNotice, ...]:
    """The invoices and notices among files, each file read once, at most fifty."""
    return tuple(each_invoice(files))


def each_invoice(
    files: Sequence[ParsedAttachment], budget: FileBudget | None = None
) -> Iterator[Invoice | SdiNotice]:
    """The same one by one: no file is read before a document of it is asked for."""
    budget = budget or FileBudget()
    for count, one in enumerate(_each(files, budget)):
        if count == MAX_INVOICES:
            budget.spent = True
            return
        yield one


def _each(files: Sequence[ParsedAttachment], budget: FileBudget) -> Iterator[Invoice | SdiNotice]:
    seen: set[bytes] = set()
    for name, content, sealed in _documents(files, budget):
        if content in seen:
            continue
        seen.add(content)
        if not budget.reads(content):
            return
        yield from _signed(_read(name, content), content, sealed)


def invoice_keys(documents: Iterable[Invoice | SdiNotice]) -> str:
    """What invoices and notices are found and linked by, in the words of their writers.

    The first line of each is read by `linking.invoice_keys`; the others read as a letter's text.
    """
    return "\n".join(line for one in documents for line in _keys(one))


def _keys(one: Invoice | SdiNotice) -> Iterator[str]:
    file = "".join(one.file.split()) or "–"
    if isinstance(one, SdiNotice):
        yield f"FatturaPA file {file}"
        yield f"SdI {one.kind} {one.identifier}"
        return
    seller, buyer = one.seller.vat or "–", one.buyer.vat or "–"
    yield f"FatturaPA cedente {seller} cessionario {buyer} file {file}"
    kind = "nota di credito" if one.type == "TD04" else "fattura"
    yield f"Ns. {kind} n. {one.number} del {one.date}, totale {one.total} {one.currency}"
    for each in one.references[:MAX_KEYS]:
        words = _IN_WORDS.get(each.kind, "")
        if words and each.number:
            yield f"{words} n. {each.number}{f' del {each.date}' if each.date else ''}"


def _signed(
    documents: Iterable[Invoice | SdiNotice], content: bytes, sealed: bytes
) -> Iterator[Invoice | SdiNotice]:
    """With the signature of the file, `sealed`, that `content` was signed in; without, as they are."""
    if not sealed:
        yield from documents
        return
    signature = signature_within(sealed, content)
    for one in documents:
        yield replace(one, signature=signature.state, signer=signature.signer)


def _documents(
    files: Iterable[ParsedAttachment], budget: FileBudget
) -> Iterator[tuple[str, bytes, bytes]]:
    """Name, content, and the signed file that it was in; that one comes before what was in it."""
    sealed: dict[bytes, bytes] = {}
    for one in files:
        if one.name.lower().endswith(".p7m"):
            envelope = open_envelope(one.content)
            if envelope is not None and envelope.content:
                sealed[envelope.content] = one.content
        elif one.name.lower().endswith(".zip") or one.content[:4] == b"PK\x03\x04":
            yield from _zipped(one.content, budget)
        elif _may_be(one.content):
            yield one.name, one.content, sealed.get(one.content, b"")


def _may_be(content: bytes) -> bool:
    """By its beginning; a signature may stand before the first name."""
    if len(content) > MAX_FILE or b"<" not in content[:200]:
        return False
    return any(sign in content[:_BEGINNING] for sign in _SIGNS)


def _zipped(content: bytes, budget: FileBudget) -> Iterator[tuple[str, bytes, bytes]]:
    from tui_mail.mail.containers import unpack

    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if _OFFICE in archive.namelist():
                return
            entries = [
                entry
                for entry in archive.infolist()
                if entry.filename.lower().endswith((".xml", ".p7m"))
            ]
            budget.spent |= len(entries) > MAX_INVOICES
            for entry in entries[:MAX_INVOICES]:
                name = entry.filename.rpartition("/")[2]
                if entry.file_size > MAX_FILE:
                    continue
                with archive.open(entry) as file:
                    inner = file.read(MAX_FILE + 1)
                if not budget.unpacks(inner):
                    return
                unpacked = unpack(name, "", inner) if name.lower().endswith(".p7m") else None
                for one, data in (
                    [(each.name, each.content) for each in unpacked.files]
                    if unpacked
                    else [(name, inner)]
                ):
                    if _may_be(data):
                        yield one, data, inner if unpacked else b""
    except (
        zipfile.BadZipFile,
        ZlibError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        EOFError,
    ):
        return


def _read(name: str, content: bytes) -> Iterator[Invoice | SdiNotice]:
    root = read_tree(content, MAX_FILE)
    if root is None:
        return
    if local(root) in _INVOICES:
        bodies = [one for one in root if local(one) == "FatturaElettronicaBody"]
        seller = _party(_first(root, "CedentePrestatore"))
        buyer = _party(_first(root, "CessionarioCommittente"))
        for body in bodies[:MAX_INVOICES]:
            yield _invoice(name, body, seller, buyer)
    elif local(root) in NOTICES:
        yield _notice(NOTICES[local(root)], root)


_INVOICES = frozenset({"FatturaElettronica", "FatturaElettronicaSemplificata"})

# -- invoices --------------------------------------------------------------------------------------

_REFERENCES = {
    "DatiOrdineAcquisto": "order",
    "DatiContratto": "contract",
    "DatiConvenzione": "agreement",
    "DatiRicezione": "receipt",
    "DatiFattureCollegate": "invoice",
}


def _invoice(name: str, body: Element, seller: InvoiceParty, buyer: InvoiceParty) -> Invoice:
    found = _by_name(body)
    general = _first(body, "DatiGeneraliDocumento")
    return Invoice(
        file=name,
        type=_text(general, "TipoDocumento"),
        number=_text(general, "Numero"),
        date=_text(general, "Data"),
        currency=_text(general, "Divisa"),
        total=_text(general, "ImportoTotaleDocumento") or _simple_total(body),
        seller=seller,
        buyer=buyer,
        causes=tuple(_value(one) for one in _all(general, "Causale")[:20]),
        lines=tuple(
            InvoiceLine(
                number=_text(one, "NumeroLinea"),
                description=_text(one, "Descrizione"),
                quantity=_text(one, "Quantita"),
                unit=_text(one, "UnitaMisura"),
                price=_text(one, "PrezzoUnitario"),
                total=_text(one, "PrezzoTotale"),
                vat_rate=_text(one, "AliquotaIVA"),
            )
            for one in found["DettaglioLinee"][:MAX_ROWS]
        )
        or tuple(
            InvoiceLine(
                description=_text(one, "Descrizione"),
                total=_text(one, "Importo"),
                vat_rate=_deep(one, "Aliquota"),
            )
            for one in _simple_lines(body)
        ),
        vat=tuple(
            InvoiceVat(
                rate=_text(one, "AliquotaIVA"),
                net=_text(one, "ImponibileImporto"),
                vat=_text(one, "Imposta"),
                nature=_text(one, "Natura"),
            )
            for one in found["DatiRiepilogo"][:MAX_ROWS]
        ),
        dues=tuple(
            InvoiceDue(
                date=_text(one, "DataScadenzaPagamento"),
                amount=_text(one, "ImportoPagamento"),
                method=_text(one, "ModalitaPagamento"),
                iban=_text(one, "IBAN"),
            )
            for one in found["DettaglioPagamento"][:MAX_ROWS]
        ),
        references=tuple(_references(found)),
    )


def _simple_lines(body: Element) -> list[Element]:
    """A simplified invoice has a line in each of its goods, with the tax in its amount."""
    goods = [one for one in body if local(one) == "DatiBeniServizi"][:MAX_ROWS]
    return [one for one in goods if _text(one, "Importo")]


def _simple_total(body: Element) -> str:
    try:
        amounts = [Decimal(_text(one, "Importo")) for one in _simple_lines(body)]
        return str(sum(amounts[1:], amounts[0])) if amounts else ""
    except ArithmeticError:  # not a number, or more than any sum
        return ""


def _references(found: Mapping[str, Sequence[Element]]) -> Iterator[InvoiceReference]:
    for name, kind in _REFERENCES.items():
        for one in found[name][:MAX_ROWS]:
            yield InvoiceReference(kind, _text(one, "IdDocumento"), _text(one, "Data"))
    for one in found["DatiDDT"][:MAX_ROWS]:
        yield InvoiceReference("delivery", _text(one, "NumeroDDT"), _text(one, "DataDDT"))


def _party(side: Element | None) -> InvoiceParty:
    person = " ".join(one for one in (_deep(side, "Nome"), _deep(side, "Cognome")) if one)
    country, code = "", ""
    identifier = _first(side, "IdFiscaleIVA")
    if identifier is not None:
        country, code = _text(identifier, "IdPaese"), _text(identifier, "IdCodice")
    seat = _first(side, "Sede")
    place = " ".join(
        one
        for one in (
            _text(seat, "Indirizzo"),
            _text(seat, "NumeroCivico"),
            _text(seat, "CAP"),
            _text(seat, "Comune"),
            _text(seat, "Provincia"),
        )
        if one
    )
    return InvoiceParty(
        name=_deep(side, "Denominazione") or person,
        vat="".join(f"{country}{code}".upper().split()),
        tax_code=_deep(side, "CodiceFiscale"),
        place=place,
    )


# -- notices ---------------------------------------------------------------------------------------


def _notice(kind: str, root: Element) -> SdiNotice:
    return SdiNotice(
        kind=kind,
        file=_deep(root, "NomeFile"),
        identifier=_deep(root, "IdentificativoSdI"),
        received=_deep(root, "DataOraRicezione"),
        delivered=_deep(root, "DataOraConsegna") or _deep(root, "DataMessaADisposizione"),
        outcome=_deep(root, "Esito"),
        description=_deep(root, "Descrizione") if not _all(root, "Errore") else "",
        errors=tuple(
            (_text(one, "Codice"), _text(one, "Descrizione"))
            for one in _all(root, "Errore")[:MAX_ROWS]
        ),
    )


# -- XML -------------------------------------------------------------------------------------------


def _by_name(element: Element) -> Mapping[str, list[Element]]:
    """All that is in an element, found in one pass."""
    found: defaultdict[str, list[Element]] = defaultdict(list)
    for one in element.iter():
        found[local(one)].append(one)
    return found


def _all(element: Element | None, name: str) -> list[Element]:
    return [] if element is None else [one for one in element.iter() if local(one) == name]


def _first(element: Element | None, name: str) -> Element | None:
    if element is None:
        return None
    return next((one for one in element.iter() if local(one) == name), None)


def _text(element: Element | None, name: str) -> str:
    """Of a child: whoever nests thousands of elements is not to make each of them search the rest."""
    found = (
        next((one for one in element if local(one) == name), None) if element is not None else None
    )
    return "" if found is None else _value(found)


def _deep(element: Element | None, name: str) -> str:
    found = _first(element, name)
    return "" if found is None else _value(found)


def _value(element: Element) -> str:
    text = (element.text or "")[: 8 * _LONGEST]  # blanks within it may be many
    return one_line(text)[:_LONGEST]
