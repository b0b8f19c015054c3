"""An electronic invoice, or a notice of the exchange system, as a person reads it.

Gives logical lines and tables, to be laid out for the width at hand; foreign text within is not
made safe yet. Sums and days are written as the language does.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from tui_mail.i18n import _, figure, moment, money, msgid, pgettext
from tui_mail.mail.blocks import Block, Piece, Style
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
_DECIMAL = re.compile(r"[-+]?[0-9]{1,15}(?:\.[0-9]{1,8})?")
_DECIMALS = 8  # the most that the format allows, in prices
_INDENT = "  "


def document_blocks(documents: Iterable[Invoice | SdiNotice]) -> Iterator[Block]:
    """Invoices and notices one after the other, each below a blank line."""
    for one in documents:
        yield Block()
        yield from _invoice(one) if isinstance(one, Invoice) else _notice(one)


def _invoice(one: Invoice) -> Iterator[Block]:
    kind = _(_TYPES[one.type]) if one.type in _TYPES else one.type or _("Invoice")
    title = _("▪ {kind} {number} of {date}").format(
        kind=kind, number=one.number or "–", date=_day(one.date) or "–"
    )
    yield _line(title)
    yield _field(_("Total"), _money(one.total, one.currency))
    yield _field(_("Seller"), _side(one.seller))
    yield _field(_("Buyer"), _side(one.buyer))
    for reference in one.references:
        yield _reference(reference)
    for cause in one.causes:
        yield _field(_("Reason"), cause)
    if one.lines:
        yield from _table(
            (_("No."), _("Description"), _("Quantity"), _("Price"), _("Total"), _("VAT %")),
            [
                (
                    line.number,
                    line.description,
                    f"{_figure(line.quantity, 0)} {line.unit}".strip(),
                    _figure(line.price, 2),
                    _figure(line.total, 2),
                    _figure(line.vat_rate, 0),
                )
                for line in one.lines
            ],
        )
    if one.vat:
        yield from _table(
            (_("VAT %"), _("Net"), pgettext("tax", "VAT"), _("Nature")),
            [
                (_figure(each.rate, 0), _figure(each.net, 2), _figure(each.vat, 2), each.nature)
                for each in one.vat
            ],
        )
    if one.dues:
        yield Block()
        for due in one.dues:
            method = _(_METHODS[due.method]) if due.method in _METHODS else due.method
            parts = (_day(due.date), _money(due.amount, one.currency), method, due.iban)
            yield _field(_("Payment due"), "  ".join(part for part in parts if part))
    yield from _seal(one)


def _notice(one: SdiNotice) -> Iterator[Block]:
    title = _("▪ Exchange system ({kind}): {words}")
    yield _line(title.format(kind=one.kind, words=_(_NOTICES[one.kind])))
    outcome = {"EC01": _("accepted"), "EC02": _("refused")}.get(one.outcome, one.outcome)
    fields = (
        (_("File"), one.file),
        (_("SDI number"), one.identifier),
        (_("Received"), _moment(one.received)),
        (pgettext("sdi", "Delivered"), _moment(one.delivered)),
        (_("Outcome"), outcome),
        (_("Description"), one.description),
    )
    yield from (_field(label, value) for label, value in fields if value)
    for code, description in one.errors:
        yield _field(_("Error"), f"{code} {description}".strip())
    yield from _seal(one)


def _seal(one: Invoice | SdiNotice) -> Iterator[Block]:
    """What can be said of the signature without knowing whom the reader trusts."""
    if one.signature == "sound":
        words = _("by {signer}; whether that certificate may be trusted was not checked")
        yield _field(_("Signature"), words.format(signer=one.signer or "–"))
    elif one.signature != "none":
        yield _field(_("Signature"), _("it does not fit: the file was changed, or forged"))


def _reference(one: InvoiceReference) -> Block:
    when = _(" of {date}").format(date=_day(one.date)) if one.date else ""
    return _field(_(_REFERENCES[one.kind]), f"{one.number}{when}")


def _side(one: InvoiceParty) -> str:
    vat = _("VAT no. {number}").format(number=one.vat) if one.vat else ""
    code = _("tax code {code}").format(code=one.tax_code) if one.tax_code and not vat else ""
    return ", ".join(part for part in (one.name, vat or code, one.place) if part)


def _field(label: str, value: str) -> Block:
    return _line(f"{label}: {value}", _INDENT)


def _line(text: str, indent: str = "") -> Block:
    return Block([Piece(text, Style.PLAIN)], first=indent, rest=indent * 2)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[Block]:
    """Below a blank line, without the columns in which nothing is."""
    used = [place for place in range(len(head)) if any(row[place] for row in rows)]
    if used:
        yield Block()
        yield Block(rows=[[row[place] for place in used] for row in (head, *rows)], headed=True)


def _day(written: str) -> str:
    """A day of XML as people write it here, anything else as it is."""
    year, _dash, rest = written.partition("-")
    month, _dash, day = rest.partition("-")
    sound = len(year) == 4 and (year + month + day).isdigit() and len(month + day) == 4
    return f"{day}/{month}/{year}" if sound else written


def _moment(written: str) -> str:
    """A moment of XML in local time as people write it here, a day as a day, else as it is."""
    if "T" not in written:
        return _day(written)
    try:
        return moment(datetime.fromisoformat(written))
    except (ValueError, OverflowError):
        return written


def _money(amount: str, currency: str) -> str:
    """A sum as people write it here, anything else as it is."""
    if _DECIMAL.fullmatch(amount) is None:
        return f"{amount} {currency}".strip()
    return money(Decimal(amount), currency)


def _figure(number: str, least: int) -> str:
    """A number with so many decimals and without idle zeros beyond, anything else as it is."""
    if _DECIMAL.fullmatch(number) is None:
        return number
    return figure(Decimal(number), least, _DECIMALS)
