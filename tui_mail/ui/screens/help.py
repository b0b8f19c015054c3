"""What the keys do here, made from the bindings."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.search.guide import Rule, rules
from tui_mail.ui.keys import MOVES, PREFIXES, Command, bind, key_name
from tui_mail.ui.widgets.lines import Bar, Lines
from tui_mail.ui.widgets.text import BLANK, Line, Piece, fit, plain

_COLUMN = 40


class _Keys(Lines):
    """The keys in as many columns as fit."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]

    def __init__(self, rows: Sequence[Command]) -> None:
        super().__init__()
        self._rows = rows

    def title(self) -> SafeText:
        return safe(_("Keys"))

    def _cells(self) -> list[Line]:
        cells = [_cell(row.keys, row.words) for row in self._rows]
        for prefix, following in PREFIXES.items():
            cells += [_cell((f"{prefix} {item.key}",), item.words) for item in following]
        return cells

    def _table(self) -> list[Line]:
        cells = self._cells()
        columns = max(1, self.inner_width // _COLUMN)
        height = -(-len(cells) // columns)
        lines: list[Line] = [BLANK]
        for row in range(height):
            picked = cells[row::height]
            lines.append(tuple(piece for cell in picked for piece in cell))
        lines += [BLANK, plain(safe(_(" What / understands")), "bold")]
        lines += [_rule(rule, self.inner_width) for rule in rules()]
        lines += [
            BLANK,
            plain(safe(_(" The settings file can give every key another one.")), "dim"),
        ]
        return lines

    @property
    def count(self) -> int:
        return len(self._table())

    def line(self, index: int, width: int) -> Line:
        lines = self._table()
        return lines[index] if index < len(lines) else BLANK

    def action_move(self, step: int) -> None:
        self.scroll_lines_to(self.top + step)

    def action_page(self, pages: float) -> None:
        self.scroll_lines_to(self.top + int(pages * self.page))

    def action_first(self) -> None:
        self.scroll_lines_to(0)

    def action_last(self) -> None:
        self.scroll_lines_to(self.count)


def _cell(keys: Sequence[str], words: str) -> Line:
    shown = " ".join(key_name(key) for key in keys[:2])
    return (
        Piece(fit(SafeText(f" {shown}"), 14), "accent"),
        Piece(fit(SafeText(f" {safe(_(words))}"), _COLUMN - 14)),
    )


def _rule(rule: Rule, width: int) -> Line:
    return (
        Piece(fit(safe(f" {rule.typed}"), 28), "accent"),
        Piece(fit(safe(rule.found), max(1, width - 28))),
    )


class HelpScreen(Screen[None]):
    """The keys of the panel that had the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("help.close", "escape,q,u,?,f1", "close", msgid("close"), hint=True)
    ]

    def __init__(self, rows: Sequence[Command]) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        yield _Keys(self._rows)
        bar = Bar()
        bar.show((Piece(key_name("escape"), "accent"), Piece(safe(" " + _("close")), "dim")))
        yield bar

    def action_close(self) -> None:
        self.dismiss(None)
