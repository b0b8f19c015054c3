"""An electronic invoice, or a notice of the exchange system, as text that a person reads."""

from collections.abc import Iterable, Iterator, Mapping

from tui_mail.i18n import _, msgid, pgettext
from tui_mail.mail.invoices import (
    Invoice,
    InvoiceParty,
    InvoiceReference,
    SdiNotice,
)

_TYPES: Mapping[str, str] = {
    "TD01": msgid("Invoice"),
    "TD02": msgid("Advance on an invoice"),
    "TD03": msgid("Advance on a fee"),
    "TD04": msgid("Credit note"),
    "TD05": msgid("Debit note"),
    "TD06": msgid("Bill for a fee"),
    "TD07": msgid("Simplified invoice"),
    "TD08": msgid("Simplified credit note"),
    "TD09": msgid("Simplified debit note"),
    "TD16": msgid("Reverse charge within Italy"),
    "TD17": msgid("Self-invoice for services from abroad"),
    "TD18": msgid("Self-invoice for goods from the Union"),
    "TD19": msgid("Self-invoice for goods from abroad"),
    "TD20": msgid("Self-invoice for an invoice that did not come"),
    "TD24": msgid("Deferred invoice"),
    "TD25": msgid("Deferred invoice"),
    "TD26": msgid("Sale of assets"),
    "TD27": msgid("Own use or gift"),
}
_NOTICES: Mapping[str, str] = {
    "RC": msgid("delivered to the buyer"),
    "NS": msgid("rejected by the exchange system: the invoice counts as not issued"),
    "MC": msgid("not delivered to the buyer, yet issued: the buyer finds it with the tax office"),
    "NE": msgid("the buyer's answer"),
    "MT": msgid("an invoice for you, with its data"),
    "AT": msgid("the exchange system attests that it could not deliver the invoice"),
    "DT": msgid("the buyer's time to answer has run out"),
    "EC": msgid("your answer as the buyer"),
    "SE": msgid("your answer as the buyer was rejected"),
}
_REFERENCES: Mapping[str, str] = {
    "order": msgid("Buyer's order"),
    "contract": msgid("Contract"),
    "agreement": msgid("Agreement"),
    "receipt": msgid("Goods received"),
    "invoice": msgid("Invoice referred to"),
    "delivery": msgid("Delivery note"),
}
_METHODS: Mapping[str, str] = {
    "MP01": msgid("cash"),
    "MP02": msgid("cheque"),
    "MP05": msgid("bank transfer"),
    "MP08": msgid("payment card"),
    "MP12": msgid("RIBA"),
    "MP19": msgid("SEPA direct debit"),
    "MP20": msgid("SEPA direct debit"),
    "MP21": msgid("SEPA direct debit"),
    "MP23": msgid("PagoPA"),
}
_DESCRIPTION = 44  # cells; what is longer goes on in lines of its own


def documents_text(documents: Iterable[Invoice | SdiNotice]) -> str:
    """Invoices and notices one after the other; foreign text within is not made safe yet."""
    return "\n\n".join(
        "\n".join(_invoice(one) if isinstance(one, Invoice) else _notice(one)) for one in documents
    )


def _invoice(one: Invoice) -> Iterator[str]:
    kind = _(_TYPES[one.type]) if one.type in _TYPES else one.type or _("Invoice")
    yield _("▪ {kind} {number} of {date}").format(
        kind=kind, number=one.number or "–", date=_day(one.date) or "–"
    )
    yield _field(_("Total"), f"{one.total} {one.currency}".strip())
    yield _field(_("Seller"), _side(one.seller))
    yield _field(_("Buyer"), _side(one.buyer))
    for reference in one.references:
        yield _reference(reference)
    for cause in one.causes:
        yield _field(_("Reason"), cause)
    if one.lines:
        yield ""
        yield from _table(
            (_("No."), _("Description"), _("Quantity"), _("Price"), _("Total"), _("VAT %")),
            [
                (
                    line.number,
                    line.description,
                    f"{_bare(line.quantity, 0)} {line.unit}".strip(),
                    _bare(line.price, 2),
                    line.total,
                    line.vat_rate,
                )
                for line in one.lines
            ],
        )
    if one.vat:
        yield ""
        yield from _table(
            (_("VAT %"), _("Net"), pgettext("tax", "VAT"), _("Nature")),
            [(each.rate, each.net, each.vat, each.nature) for each in one.vat],
        )
    if one.dues:
        yield ""
        for due in one.dues:
            method = _(_METHODS[due.method]) if due.method in _METHODS else due.method
            parts = (_day(due.date), f"{due.amount} {one.currency}".strip(), method, due.iban)
            yield _field(_("Payment due"), "  ".join(part for part in parts if part))
    yield from _seal(one)


def _notice(one: SdiNotice) -> Iterator[str]:
    yield _("▪ Exchange system ({kind}): {words}").format(
        kind=one.kind, words=_(_NOTICES[one.kind])
    )
    outcome = {"EC01": _("accepted"), "EC02": _("refused")}.get(one.outcome, one.outcome)
    fields = (
        (_("File"), one.file),
        (_("SDI number"), one.identifier),
        (_("Received"), one.received),
        (pgettext("sdi", "Delivered"), one.delivered),
        (_("Outcome"), outcome),
        (_("Description"), one.description),
    )
    yield from (_field(label, value) for label, value in fields if value)
    for code, description in one.errors:
        yield _field(_("Error"), f"{code} {description}".strip())
    yield from _seal(one)


def _seal(one: Invoice | SdiNotice) -> Iterator[str]:
    """What can be said of the signature without knowing whom the reader trusts."""
    if one.signature == "sound":
        words = _("by {signer}; whether that certificate may be trusted was not checked")
        yield _field(_("Signature"), words.format(signer=one.signer or "–"))
    elif one.signature != "none":
        yield _field(_("Signature"), _("it does not fit: the file was changed, or forged"))


def _reference(one: InvoiceReference) -> str:
    when = _(" of {date}").format(date=_day(one.date)) if one.date else ""
    return _field(_(_REFERENCES[one.kind]), f"{one.number}{when}")


def _side(one: InvoiceParty) -> str:
    vat = _("VAT no. {number}").format(number=one.vat) if one.vat else ""
    code = _("tax code {code}").format(code=one.tax_code) if one.tax_code and not vat else ""
    return ", ".join(part for part in (one.name, vat or code, one.place) if part)


def _field(label: str, value: str) -> str:
    return f"  {label}: {value}"


def _day(written: str) -> str:
    """A day of XML as people write it here, anything else as it is."""
    year, _dash, rest = written.partition("-")
    month, _dash, day = rest.partition("-")
    sound = len(year) == 4 and (year + month + day).isdigit() and len(month + day) == 4
    return f"{day}/{month}/{year}" if sound else written


def _bare(number: str, decimals: int) -> str:
    """A number without the zeros that programs fill it with, but for so many decimals."""
    whole, dot, rest = number.partition(".")
    kept = rest[:decimals] + rest[decimals:].rstrip("0")
    return f"{whole}.{kept}" if dot and kept else whole


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Columns as wide as what is in them; the second, of words, is cut into lines."""
    cut = [
        tuple(_pieces(cell) if place == 1 else [cell] for place, cell in enumerate(row))
        for row in rows
    ]
    widths = [
        max(len(head[place]), *(len(piece) for row in cut for piece in row[place]))
        for place in range(len(head))
    ]
    yield (
        "  "
        + "  ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=True)).rstrip()
    )
    for row in cut:
        for level in range(max(len(cell) for cell in row)):
            cells = (cell[level] if level < len(cell) else "" for cell in row)
            yield (
                "  "
                + "  ".join(
                    cell.ljust(width) if place < 2 else cell.rjust(width)
                    for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
                ).rstrip()
            )


def _pieces(text: str) -> list[str]:
    pieces: list[str] = []
    line = ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > _DESCRIPTION:
            pieces.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return [*pieces, line] if line or not pieces else pieces
