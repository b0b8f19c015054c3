"""One row of a table and what its cells mean: keys, days, amounts, flags, each checked."""

import re
from datetime import date as Day
from decimal import Decimal

from tui_mail.i18n import _

_AMOUNT = re.compile(r"-?[0-9]{1,14}(?:\.[0-9]{1,10})?\Z")
_PERHAPS_THOUSANDS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}\Z")
_OF_THREE_DECIMALS = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_EMAIL = re.compile(r"[^\s@]{0,255}@[^\s@]{1,255}\Z")
_FLAGS = {"": False, "0": False, "false": False, "no": False, "1": True, "true": True, "yes": True}


class BadCell(Exception):
    """A cell that makes its row unusable; the message is for people."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


class Row:
    """The cells of one row as text; every method but `text` raises BadCell."""

    __slots__ = ("_cells", "file", "line")

    def __init__(self, file: str, line: int, cells: dict[str, str]) -> None:
        self.file = file
        self.line = line
        self._cells = cells

    def text(self, column: str) -> str:
        """The cell as it is, "" when it is not there."""
        return self._cells.get(column, "")

    def key(self, column: str) -> str:
        """A cell that must hold something, and nothing invisible."""
        text = self._cells.get(column, "")
        if not text:
            raise BadCell(column, _("it is empty"))
        if not text.isprintable():
            raise BadCell(column, _("the cell holds characters that are no text"))
        return text

    def choice(self, column: str, choices: tuple[str, ...]) -> str:
        """One of the words in `choices`."""
        text = self._cells.get(column, "")
        if text not in choices:
            known = " ".join(word for word in choices if word)
            raise BadCell(
                column, _("“{word}” is none of: {known}").format(word=text[:80], known=known)
            )
        return text

    def email(self, column: str) -> str:
        """An address, or `@domain`, in lower case."""
        text = self.key(column).lower()
        if not _EMAIL.match(text):
            raise BadCell(column, _("“{word}” is no e-mail address").format(word=text[:80]))
        return text

    def day(self, column: str) -> Day | None:
        """A day in ISO 8601, None when empty."""
        text = self._cells.get(column, "")
        if not text:
            return None
        try:
            if _DAY.match(text):
                return Day.fromisoformat(text)
        except ValueError:
            pass  # the thirtieth of February and its like
        raise BadCell(column, _("“{word}” is no date like 2026-03-31").format(word=text[:80]))

    def amount(self, column: str) -> Decimal | None:
        """A sum or quantity with a point, None when empty."""
        text = self._cells.get(column, "")
        if not text:
            return None
        if not _AMOUNT.match(text):
            raise BadCell(column, _("“{word}” is no amount like 1234.50").format(word=text[:80]))
        return Decimal(text)

    def money(self, column: str, currency: str) -> Decimal | None:
        """A sum of money with a point, None when empty; 1.240 is none where cents are two figures,
        for many write 1240 so."""
        text = self._cells.get(column, "")
        if _PERHAPS_THOUSANDS.match(text) and currency.upper() not in _OF_THREE_DECIMALS:
            raise BadCell(
                column,
                _("“{word}” may be {thousands} or {decimals}: write one of these").format(
                    word=text, thousands=f"{text.replace('.', '')}.00", decimals=f"{text}0"
                ),
            )
        return self.amount(column)

    def whole(self, column: str, *, most: int) -> int | None:
        """A whole number from 0 to `most`, None when empty."""
        text = self._cells.get(column, "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= most):
            raise BadCell(column, _("“{word}” is no whole number").format(word=text[:80]))
        return int(text)

    def flag(self, column: str) -> bool:
        """Yes or no; empty is no."""
        text = self._cells.get(column, "").lower()
        if text not in _FLAGS:
            raise BadCell(column, _("“{word}” is neither true nor false").format(word=text[:80]))
        return _FLAGS[text]

    def details(self, *columns: str) -> dict[str, str]:
        """Those of `columns` that hold something, by name."""
        return {name: self._cells[name] for name in columns if self._cells.get(name)}
