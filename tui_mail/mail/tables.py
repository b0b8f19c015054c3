"""Data tables as aligned columns that fit a width; figures stand at the right."""

import re
from collections.abc import Iterator, Sequence

from tui_mail.mail.blocks import Piece, Style
from tui_mail.mail.cells import chopped, width_of

_BETWEEN = "  "
_NARROWEST = 6
_LONGEST_CELL = 1_000
_LONGEST_FIGURE = 30
_FIGURE = re.compile(r"[-+]?[€$£]?\s?\d[\d.,' ]*+(?:[€$£%]|[A-Z]{2,3}|[a-z]{1,3})?$")


def is_figure(text: str) -> bool:
    """Whether a cell holds a number or an amount."""
    return len(text) <= _LONGEST_FIGURE and _FIGURE.match(text) is not None


def shortened(cell: str) -> str:
    """As much of a cell as a person reads in a table."""
    return cell if len(cell) <= _LONGEST_CELL else cell[: _LONGEST_CELL - 1] + "…"


def lay_out(rows: Sequence[Sequence[str]], headed: bool, width: int) -> Iterator[list[Piece]]:
    """The rows of the screen for a table of safe text, made one by one as they are asked for.

    Each is at most `width` cells wide, but where the columns are too many: then it is a cell.
    """
    columns = max(len(row) for row in rows)
    table = [[*row, *[""] * (columns - len(row))] for row in rows]
    natural = [max(1, *(_widest(row[column]) for row in table)) for column in range(columns)]
    room = width - len(_BETWEEN) * (columns - 1)
    if room < columns * _NARROWEST and sum(natural) > room:
        yield from _as_records(table, headed)
        return
    widths = _fitted(natural, room)
    body = table[1:] if headed else table
    right = [
        all(is_figure(row[column]) for row in body if row[column])
        and any(row[column] for row in body)
        for column in range(columns)
    ]
    for index, row in enumerate(table):
        style = Style.BOLD if headed and index == 0 else Style.TABLE
        yield from ([Piece(text, style)] for text in _row(row, widths, right))
        if headed and index == 0:
            rule = _BETWEEN.join("─" * column for column in widths)
            yield [Piece(rule, Style.DIM)]


def _widest(cell: str) -> int:
    return max(map(width_of, cell.split("\n")))


def _fitted(natural: Sequence[int], room: int) -> list[int]:
    """Narrow the widest columns, and those alone, until all fit."""
    widths = list(natural)
    excess = sum(widths) - room
    while excess > 0:
        widest = max(widths)
        second = max((w for w in widths if w < widest), default=_NARROWEST)
        at_most = [i for i, w in enumerate(widths) if w == widest]
        step = min(widest - max(second, _NARROWEST), -(-excess // len(at_most)))
        if step <= 0:
            break
        for index in at_most:
            taken = min(step, excess)
            widths[index] -= taken
            excess -= taken
    return widths


def _row(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    cells = [_wrapped(text, width) for text, width in zip(row, widths, strict=True)]
    lines = []
    for line in range(max(len(cell) for cell in cells)):
        parts = []
        for cell, width, at_right in zip(cells, widths, right, strict=True):
            text = cell[line] if line < len(cell) else ""
            space = " " * (width - width_of(text))
            parts.append(space + text if at_right else text + space)
        lines.append(_BETWEEN.join(parts).rstrip())
    return lines


def _wrapped(cell: str, width: int) -> list[str]:
    return [row for line in cell.split("\n") for row in _wrapped_line(line, width)]


def _wrapped_line(text: str, width: int) -> list[str]:
    lines, current, used = [], "", 0
    for word in text.split(" "):
        taken = width_of(word)
        if current and used + 1 + taken <= width:
            current, used = f"{current} {word}", used + 1 + taken
            continue
        if current:
            lines.append(current)
        *full, current = chopped(word, width)
        lines.extend(full)
        used = width_of(current)
    lines.append(current)
    return lines


def _as_records(table: Sequence[Sequence[str]], headed: bool) -> Iterator[list[Piece]]:
    """A table too wide for the screen, one cell a line, each under its column's name."""
    names = table[0] if headed else [""] * len(table[0])
    for index, row in enumerate(table[1:] if headed else table):
        if index:
            yield []
        for name, text in zip(names, row, strict=True):
            yield from (
                [Piece(f"{name}: {line}" if name else line, Style.TABLE)]
                for line in filter(None, text.split("\n"))
            )
