"""Tells a table of data from one that only arranges a page, and gives its cells."""

from collections.abc import Mapping

from selectolax.lexbor import LexborNode

MAX_COLUMNS = 20
MAX_CELL = 200
_MAX_ROWS = 500


def data_rows(table: LexborNode, attributes: Mapping[str, str | None]) -> list[list[LexborNode]]:
    """The cells of a data table by rows; none when the table is for layout.

    Data is headed or bordered, has two rows and columns at least, short cells and no table within.
    """
    if (attributes.get("role") or "").lower() == "presentation":
        return []
    bordered = (attributes.get("border") or "0").strip().lower() not in {"0", "0px", "none", ""}
    rows = _table_rows(table)
    if len(rows) < 2 or max(map(len, rows)) < 2:
        return []
    cells = [cell for row in rows for cell in row]
    if not bordered and not any(cell.tag == "th" for cell in cells):
        return []
    if any(cell.css_first("table") is not None for cell in cells):
        return []
    if any(len(cell.text(deep=True).strip()) > MAX_CELL for cell in cells):
        return []
    return rows


def columns_of(cell: LexborNode) -> int:
    """How many columns a cell spans."""
    span = cell.attributes.get("colspan") or "1"
    return min(int(span), MAX_COLUMNS) if span.isascii() and span.isdigit() and len(span) < 4 else 1


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
