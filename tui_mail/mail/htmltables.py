"""Tells a table of data from one that only arranges a page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from tui_mail.mail.tables import is_figure

MAX_COLUMNS = 20
MAX_CELL = 200
_MAX_ROWS = 500
_MAX_PLAIN_CELL = 60
_BORDER = re.compile(r"border[a-z-]*\s*:[^;]*\b(?:solid|dotted|dashed|double)\b", re.IGNORECASE)
_NOT_IN_DATA = "table,p p,div div,ul,ol,blockquote,h1,h2,h3,hr"


def is_data(table: LexborNode, attributes: Mapping[str, str | None]) -> bool:
    """Whether a table holds data: then it has two rows and columns at least, and short cells.

    It is headed, or bordered, or a column of it holds figures and every row has as many cells.
    """
    if (attributes.get("role") or "").lower() in {"presentation", "none"}:
        return False
    rows = _table_rows(table)
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return False
    cells = [cell for row in rows for cell in row]
    if any(cell.css_first("table") is not None for cell in cells):
        return False
    texts = [[cell.text(deep=True).strip() for cell in row] for row in rows]
    if any(len(text) > MAX_CELL for row in texts for text in row):
        return False
    if any(cell.tag == "th" for cell in cells) or _is_bordered(attributes, cells):
        return any(text for row in texts[1:] for text in row)
    return _holds_figures(texts) and not any(cell.css_first(_NOT_IN_DATA) for cell in cells)


def is_headed(table: LexborNode) -> bool:
    """Whether the first row of a data table names its columns."""
    rows = _table_rows(table)
    texts = [[cell.text(deep=True).strip() for cell in row] for row in rows]
    named = [cell for cell, text in zip(rows[0], texts[0], strict=True) if text]
    if named and all(cell.tag == "th" for cell in named):
        return True
    row = rows[0][0].parent
    if row is not None and row.parent is not None and row.parent.tag == "thead":
        return True
    if any(is_figure(text) for text in texts[0]) or any(cell.tag == "th" for cell in rows[1]):
        return False
    if len({len(row) for row in texts}) != 1 or not any(is_figure(text) for text in texts[1]):
        return False
    columns = list(zip(*texts, strict=True))
    return all(column[0] or not any(column) for column in columns)


@dataclass(slots=True)
class Columns:
    """Where the cells of a table stand, though cells may take several columns and rows."""

    at: int = 0
    below: dict[int, int] = field(default_factory=dict)  # column -> rows that are still taken

    def begin_row(self) -> None:
        """A row begins."""
        self.at = 0

    def place(self, cell: LexborNode) -> tuple[int, int]:
        """How many empty places are before a cell, and how many columns it takes."""
        before = 0
        while self.below.get(self.at, 0) > 0 and before < MAX_COLUMNS:
            self.below[self.at] -= 1
            self.at += 1
            before += 1
        attributes = cell.attributes
        columns, rows = _span(attributes.get("colspan")), _span(attributes.get("rowspan"))
        if rows > 1:
            self.below.update(dict.fromkeys(range(self.at, self.at + columns), rows - 1))
        self.at += columns
        return before, columns


def _span(value: str | None) -> int:
    if value and value.isascii() and value.isdigit() and len(value) < 4:
        return max(1, min(int(value), MAX_COLUMNS))
    return 1


def _is_bordered(attributes: Mapping[str, str | None], cells: Sequence[LexborNode]) -> bool:
    border = (attributes.get("border") or "0").strip().lower()
    if border not in {"0", "0px", "none", ""}:
        return True
    framed = sum(bool(_BORDER.search(cell.attributes.get("style") or "")) for cell in cells)
    return framed * 2 > len(cells)


def _holds_figures(texts: Sequence[Sequence[str]]) -> bool:
    """Whether it reads as a list of things with their amounts, though nothing says so."""
    if len(texts) < 3 or len({len(row) for row in texts}) != 1:
        return False
    if any(len(text) > _MAX_PLAIN_CELL for row in texts for text in row):
        return False
    return any(
        sum(is_figure(row[column]) for row in texts[1:]) * 3 >= (len(texts) - 1) * 2
        for column in range(1, len(texts[0]))
    )


def _table_rows(table: LexborNode) -> list[list[LexborNode]]:
    """The cells of a table by rows; none when there are more than a person would read."""
    rows: list[list[LexborNode]] = []
    sections = [child for child in _children(table) if child.tag in {"tbody", "thead", "tfoot"}]
    for section in sections or [table]:
        for row in _children(section):
            if row.tag == "tr":
                cells = [cell for cell in _children(row) if cell.tag in {"td", "th"}]
                if len(cells) > MAX_COLUMNS or len(rows) >= _MAX_ROWS:
                    return []
                if cells:
                    rows.append(cells)
    return rows


def _children(node: LexborNode) -> list[LexborNode]:
    found = []
    child = node.first_child
    while child is not None:
        found.append(child)
        child = child.next
    return found
