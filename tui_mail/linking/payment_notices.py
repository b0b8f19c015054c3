"""What a text says that was paid: amounts to the cent, and days.

Hides how people and banks write them. A text without a word of payment tells of none.
"""

import re
from datetime import date as Day
from decimal import Decimal

from msgspec import Struct

from tui_mail.linking.numbers import days_in

MOST = 10
_LONGEST = 20_000
SIGNS = (
    "bonific",
    "pagat",
    "pagam",
    "saldo",
    "saldat",
    "versat",
    "versam",
    "accredit",
    "contabile",
    "paid",
    "payment",
    "transfer",
    "remit",
    "überweis",
    "zahlung",
    "virement",
    "règlement",
)
# Begins with a digit, which is looked for much faster than the currency before it.
_AMOUNT = re.compile(
    r"(?P<whole>[0-9](?:(?<![\w.,/\-][0-9])|(?<![\w.,/\-]...[0-9])(?<=[Ee][Uu][Rr][0-9])"
    r"|(?<![\w.,/\-]....[0-9])(?<=[Ee][Uu][Rr][Oo][0-9]))"
    r"(?:[0-9]{0,2}(?:[.,'’ \u00a0\u202f][0-9]{3}){1,3}|[0-9]{0,8}))[.,](?P<cents>[0-9]{2})"
    r"(?![.,/\-]?[0-9])(?! ?%)",
    re.DOTALL,
)
_NO_DIGIT = re.compile(r"[^0-9]")


class Payment(Struct, frozen=True, array_like=True):
    """What a notice says was paid: amounts to the cent and days, in the order of the text."""

    amounts: tuple[Decimal, ...]
    days: tuple[Day, ...] = ()


def payment_in(text: str, *, figures: str | None = None) -> Payment | None:
    """The payment that a text tells of; None when it tells of none.

    `figures`: what of it can be amounts and days, where that is known.
    """
    text = text[:_LONGEST]
    figures = text if figures is None else figures[:_LONGEST]
    found = [*_AMOUNT.finditer(figures)]
    if not found or not _is_notice(text.lower()):
        return None
    amounts = {
        Decimal(f"{_NO_DIGIT.sub('', match['whole'])}.{match['cents']}"): None for match in found
    }
    amounts.pop(Decimal(0), None)
    return Payment(tuple(amounts)[:MOST], days_in(figures)[:MOST]) if amounts else None


def _is_notice(lower: str) -> bool:
    for sign in SIGNS:  # noqa: SIM110 — any() takes twice as long
        if sign in lower:
            return True
    return False
