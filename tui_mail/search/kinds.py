"""What screens call kinds of records, and which kinds people mean by such words."""

from collections.abc import Sequence
from functools import cache

from tui_mail.i18n import in_every_language, msgid
from tui_mail.safetext import folded

NAMES = {
    "customer": msgid("Customer"),
    "supplier": msgid("Supplier"),
    "lead": msgid("Lead"),
    "operator": msgid("Operator"),
    "contact": msgid("Contact"),
    "quote": msgid("Quote"),
    "sales_order": msgid("Order"),
    "purchase_order": msgid("Purchase order"),
    "offer": msgid("Offer"),
    "delivery_note": msgid("Delivery note"),
    "goods_receipt": msgid("Goods receipt"),
    "invoice": msgid("Invoice"),
    "purchase_invoice": msgid("Purchase invoice"),
    "credit_note": msgid("Credit note"),
    "due_item": msgid("Due item"),
    "job": msgid("Job"),
    "activity": msgid("Activity"),
    "opportunity": msgid("Opportunity"),
}
ABBREVIATIONS = {
    "customer": msgid("CUS"),
    "supplier": msgid("SUP"),
    "lead": msgid("LEAD"),
    "operator": msgid("OPR"),
    "contact": msgid("CON"),
    "quote": msgid("QT"),
    "sales_order": msgid("SO"),
    "purchase_order": msgid("PO"),
    "offer": msgid("OFF"),
    "delivery_note": msgid("DN"),
    "goods_receipt": msgid("GR"),
    "invoice": msgid("INV"),
    "purchase_invoice": msgid("PINV"),
    "credit_note": msgid("CN"),
    "due_item": msgid("DUE"),
    "job": msgid("JOB"),
    "activity": msgid("ACT"),
    "opportunity": msgid("OPP"),
}


def kinds_called(words: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """The kinds that the first of the folded `words` name in any language, and how many words those
    are; none when there is no kind of that name, or no word after it."""
    for count in range(len(words) - 1, 0, -1):
        kinds = _kinds().get(" ".join(words[:count]))
        if kinds:
            return kinds, count
    return (), 0


@cache
def _kinds() -> dict[str, tuple[str, ...]]:
    from tui_mail.search.operators import NAMED_KINDS  # the first list does not wait for it

    found = {folded(name): set(kinds) for name, kinds in NAMED_KINDS.items()}
    for names in (NAMES, ABBREVIATIONS):
        for kind, message in names.items():
            for name in in_every_language(message):
                found.setdefault(folded(name), set()).add(kind)
    return {name: tuple(sorted(kinds)) for name, kinds in found.items()}
