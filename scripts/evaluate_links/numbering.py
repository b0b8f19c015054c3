"""How the ERPs of the simulated companies number their documents, and how people write that down.

Three ways: year, series and number apart (as Business has them), Odoo's and ERPNext's codes. A
number is written in whole (nobody can mistake it), or loosely, or with a mistake.
"""

import random
from dataclasses import dataclass
from datetime import date as Day

SERIES, ODOO, ERPNEXT = "series", "odoo", "erpnext"

_ODOO = {
    "sales_order": "S{n:05}",
    "purchase_order": "P{n:05}",
    "invoice": "INV/{y}/{n:05}",
    "credit_note": "RINV/{y}/{n:05}",
    "purchase_invoice": "BILL/{y}/{n:04}",
    "delivery_note": "WH/OUT/{n:05}",
    "quote": "S{n:05}",
}
_ERPNEXT = {
    "sales_order": "SAL-ORD-{y}-{n:05}",
    "purchase_order": "PUR-ORD-{y}-{n:05}",
    "invoice": "ACC-SINV-{y}-{n:05}",
    "credit_note": "ACC-SINV-RET-{y}-{n:05}",
    "purchase_invoice": "ACC-PINV-{y}-{n:05}",
    "delivery_note": "MAT-DN-{y}-{n:05}",
    "quote": "SAL-QTN-{y}-{n:05}",
}


@dataclass(frozen=True, slots=True)
class Number:
    """A document's number. `code` is the ERP's; `series` "" where there is none."""

    style: str
    kind: str
    year: int
    number: int
    date: Day
    series: str = ""

    @property
    def code(self) -> str:
        if self.style == SERIES:
            middle = f"{self.series}/" if self.series else ""
            return f"{self.year}/{middle}{self.number}"
        pattern = (_ODOO if self.style == ODOO else _ERPNEXT)[self.kind]
        return pattern.format(y=self.year, n=self.number)

    @property
    def counts_for_ever(self) -> bool:
        """Whether the code holds no year, so that it is never given out again."""
        return "{y}" not in _ODOO[self.kind] if self.style == ODOO else False


def in_full(one: Number, chance: random.Random) -> str:
    """So that only one document of the company and kind can be meant."""
    if one.style != SERIES:
        way = chance.random()
        if way < 0.15:
            return one.code.lower()
        return _without_zeros(one.code) if way < 0.25 else one.code
    day = f"{one.date:%d/%m/%Y}"
    if one.series:
        ways: tuple[str, ...] = (
            f"{one.number}/{one.series}/{one.year}",
            f"{one.year}/{one.series}/{one.number}",
            f"{one.number}/{one.series} del {day}",
            f"{one.number}/{one.series}/{one.year % 100}",
        )
    else:
        ways = (
            f"{one.number}/{one.year}",
            f"{one.number} / {one.year}",
            f"{one.number}-{one.year}",
            f"{one.year}/{one.number}",
            f"{one.number} del {day}",
            f"{one.number}/{one.year % 100}",
        )
    return chance.choice(ways)


def _without_zeros(code: str) -> str:
    """INV/2026/42 for INV/2026/00042, which some people save."""
    head, digits = code.rstrip("0123456789"), code[len(code.rstrip("0123456789")) :]
    return f"{head}{digits.lstrip('0')}" if head.endswith(("/", "-")) else code


def loosely(one: Number, chance: random.Random) -> str:
    """The number, and hardly more."""
    if one.style == SERIES and one.series and chance.random() < 0.5:
        return f"{one.number}/{one.series}"
    if one.style != SERIES and chance.random() < 0.4:
        return f"{one.number:05}"
    return str(one.number)


def mistyped(text: str, chance: random.Random) -> str:
    """`text` with two digits exchanged, or one that is wrong."""
    places = [place for place, letter in enumerate(text) if letter.isdigit()]
    place = places[-1] if len(places) == 1 else chance.choice(places[-3:])
    wrong = chance.choice([digit for digit in "0123456789" if digit != text[place]])
    return text[:place] + wrong + text[place + 1 :]


def in_file_name(one: Number, word: str, chance: random.Random) -> str:
    """As people and programs name the file of a document."""
    if one.style != SERIES:
        return f"{one.code.replace('/', '_')}.pdf"
    series = f"_{one.series}" if one.series else ""
    ways = (
        f"{word}_{one.number}{series}_{one.year}.pdf",
        f"{word} {one.number}{series.replace('_', '-')}-{one.year}.pdf",
    )
    return chance.choice(ways)
