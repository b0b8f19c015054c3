"""How people name documents, amounts and days: many forms for one number, in two languages."""

import random
from datetime import date
from decimal import Decimal

from tui_mail.demo.records import DemoDocument

MONTHS = ("gen", "feb", "mar", "apr", "mag", "giu", "lug", "ago", "set", "ott", "nov", "dic")
ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
ENGLISH_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DAYS = ("lun", "mar", "mer", "gio", "ven", "sab", "dom")
# Subject forms: {n} number with series, {y} year, {d} date, {o} vs. or ns. as the speaker says it.
SUBJECT_ITALIAN = {
    "sales_order": ("ordine {n}", "Ordine n. {n}", "OC {n}", "{o} ordine {n}/{y}", "conferma d'ordine {n}",
                    "ordine n. {n} del {d}", "impegno {n}", "ord. {n}/{y}", "OC {y}/{n}"),
    "quote": ("preventivo {n}", "Preventivo n. {n}", "PV {n}", "prev. {n}/{y}", "{o} preventivo {n} del {d}", "preventivo {y}/{n}"),
    "offer": ("offerta {n}", "Offerta n. {n}", "{o} offerta {n}", "offerta {n}/{y}", "Offerta {n} del {d}"),
    "delivery_note": ("DDT n. {n}", "DDT {n}", "bolla {n}", "doc. di trasporto {n}", "DDT {n} del {d}", "{o} DDT {n}/{y}"),
    "invoice": ("fattura {n}", "Fattura n. {n} del {d}", "ft. {n}", "fatt. nr {n}", "FT {n}", "{o} fattura {n}", "fattura {n}/{y}"),
    "due_item": ("fattura {n}", "fattura n. {n} del {d}", "ft. {n}", "FT {n}", "{o} fattura {n}"),
    "credit_note": ("nota di credito {n}", "NC {n}", "{o} nota di credito n. {n}", "Nota di credito {n} del {d}"),
    "purchase_order": ("ordine {n}", "OF {n}", "ordine fornitore {n}/{y}", "Ordine n. {n} del {d}"),
    "goods_receipt": ("carico {n}", "carico n. {n} del {d}"),
    "purchase_invoice": ("fattura {n}",),
    "job": ("commessa {n}", "Commessa {n}/{y}", "comm. {n}", "Commessa n. {n}"),
}  # fmt: skip
BODY_ITALIAN = {
    "sales_order": (
        "l'ordine n. {n} del {d}",
        "l'ordine {n}",
        "la conferma d'ordine {n}",
        "{oa} ordine {n}/{y}",
    ),
    "quote": ("il preventivo n. {n}", "il preventivo {n} del {d}", "{oa} preventivo {n}"),
    "offer": ("l'offerta {n}", "l'offerta n. {n} del {d}"),
    "delivery_note": ("il DDT n. {n}", "la bolla {n}", "il documento di trasporto {n} del {d}"),
    "invoice": ("la fattura n. {n} del {d}", "la fattura {n}", "la ft. {n}"),
    "due_item": ("la fattura n. {n} del {d}", "la fattura {n}", "la ft. {n}"),
    "credit_note": ("la nota di credito {n}", "la nota di credito n. {n} del {d}"),
    "purchase_order": ("l'ordine n. {n} del {d}", "l'ordine {n}"),
    "goods_receipt": ("il carico {n} del {d}", "il carico n. {n}"),
    "purchase_invoice": ("la fattura",),
    "job": ("la commessa {n}", "la commessa {n}/{y}"),
}
PLAIN_ITALIAN = {
    "sales_order": "l'ordine in corso", "quote": "il preventivo", "offer": "l'offerta",
    "delivery_note": "la consegna", "invoice": "l'ultima fattura", "due_item": "la fattura",
    "credit_note": "la nota di credito", "purchase_order": "l'ordine", "job": "il cantiere",
    "goods_receipt": "la consegna di ieri", "purchase_invoice": "la fattura",
}  # fmt: skip
ENGLISH = {
    "sales_order": ("order {n}", "order no. {n}", "order {y}/{n}", "order confirmation {n}"),
    "quote": ("quotation {n}", "quotation no. {n}", "quote {y}/{n}"),
    "offer": ("offer {n}", "offer no. {n} of {d}"),
    "delivery_note": ("delivery note {n}", "delivery note no. {n}", "DN {n}"),
    "invoice": ("invoice {n}", "invoice no. {n} of {d}", "inv. {n}", "invoice {y}/{n}"),
    "due_item": ("invoice {n}", "invoice no. {n} of {d}", "inv. {n}"),
    "credit_note": ("credit note {n}",),
    "purchase_order": ("order {n}", "purchase order no. {n}", "PO {n}"),
    "goods_receipt": ("delivery {n}",),
    "purchase_invoice": ("invoice",),
    "job": ("job {n}", "project {n}"),
}
PLAIN_ENGLISH = {
    "sales_order": "our current order", "quote": "the quotation", "offer": "the offer",
    "delivery_note": "the delivery", "invoice": "the last invoice", "due_item": "the invoice",
    "credit_note": "the credit note", "purchase_order": "the order", "job": "the project",
    "goods_receipt": "the delivery", "purchase_invoice": "the invoice",
}  # fmt: skip
FEMININE = frozenset({"offer", "invoice", "due_item", "credit_note", "job", "purchase_invoice"})


def subject_form(
    source: random.Random, kind: str, document: DemoDocument, speaker: tuple[str, str]
) -> str:
    """Return one of the ways to put the document's number into a subject.

    `kind` may differ from the document's (`due_item` on an invoice); `speaker` is (`them` or
    `us`, language).
    """
    who, language = speaker
    table = SUBJECT_ITALIAN if language == "it" else ENGLISH
    return source.choice(table[kind]).format(
        n=document.short, y=document.year, d=f"{document.date:%d/%m/%Y}", o=_owner(kind, who)
    )


def phrase(
    source: random.Random, kind: str, document: DemoDocument, speaker: tuple[str, str]
) -> str:
    """Return the document as it stands in a sentence, with its article and number."""
    who, language = speaker
    if language != "it":
        form = source.choice(ENGLISH[kind])
        text = form.format(
            n=document.short,
            y=document.year,
            d=f"{short_day(document.date, language)} {document.year}",
        )
        return f"our {text}" if _owner(kind, who) == "ns." else f"your {text}"
    owner = _owner(kind, who)
    article = "la" if kind in FEMININE else "il"
    return source.choice(BODY_ITALIAN[kind]).format(
        n=document.short, y=document.year, d=f"{document.date:%d/%m/%Y}", oa=f"{article} {owner}"
    )


def plain_phrase(kind: str, language: str) -> str:
    """Return the document as people say it who give no number."""
    return (PLAIN_ITALIAN if language == "it" else PLAIN_ENGLISH)[kind]


def amount(value: Decimal, language: str) -> str:
    """Return an amount of euro as written in the language: `1.240,00 €`, `EUR 1,240.00`."""
    text = f"{value:,.2f}"
    if language != "it":
        return f"EUR {text}"
    return text.replace(",", " ").replace(".", ",").replace(" ", ".") + " €"


def short_day(day: date, language: str) -> str:
    """Return a day as people write it in a letter: `27/11`, `27 November`."""
    return f"{day:%d/%m}" if language == "it" else f"{day.day} {ENGLISH_MONTHS[day.month - 1]}"


def _owner(kind: str, who: str) -> str:
    """Return whose document it is for the speaker: ours are all but what the other side issues."""
    ours = kind != "purchase_invoice"
    return "ns." if (who == "us") == ours else "vs."
