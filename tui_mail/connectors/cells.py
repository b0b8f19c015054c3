"""A value of a database or a spreadsheet as the CSV files have it: days in ISO 8601, amounts with a
point, whole numbers without one."""

import re
from datetime import date as Day
from datetime import datetime
from decimal import Decimal

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
"""What makes a cell no text."""


def cell_text(value: object) -> str:
    """The cell, stripped; bytes become what is refused with its row."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, Day):
        return value.isoformat()
    if isinstance(value, float):
        return _plain(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, bytes | memoryview):
        return "\0"
    return str(value).strip()


def _plain(value: Decimal) -> str:
    if not value.is_finite():
        return str(value)
    whole = value == value.to_integral_value()
    return figure_text(f"{value.to_integral_value() if whole else value.normalize():f}")


def figure_text(figure: str) -> str:
    """A figure that is known to be one; with a fourth decimal its three are not taken for
    thousands, as they may be where people write them."""
    decimals = figure.partition(".")[2]
    return f"{figure}0" if len(decimals) == 3 and decimals.isdigit() else figure
