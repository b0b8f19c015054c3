"""What the keys do here, made from the bindings; and what the search line understands.

Hides how cells of several lines stand in columns, and says how much there is beyond the screen.
"""

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.search.guide import rules
from tui_mail.ui.keys import MOVES, Command, bind, commands, hints, key_name, second_keys
from tui_mail.ui.widgets.lines import Bar, Lines
from tui_mail.ui.widgets.text import BLANK, Line, Piece, fit, plain
from tui_mail.ui.wrap import wrapped

_COLUMN = 40
_KEYS = 14  # of a column's cells
_TYPED = 31  # cells of what is typed into the search line


class KeyTable(Lines):
    """The keys in as many columns as fit, and the search line's language below, or before them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("help.on", "space", "read_on", msgid("read on"), hint=True),
        *MOVES,
    ]

    class Scrolled(Message):
        """Other lines are shown."""

    def __init__(self, rows: Sequence[Command], *, crm: bool, search_first: bool) -> None:
        super().__init__()
        self._rows = rows
        self._search_first = search_first
        self._crm = crm
        self._table: list[Line] = []

    def title(self) -> SafeText:
        return safe(_("Keys"))

    @property
    def more(self) -> int:
        """How many lines there are below the screen."""
        return max(0, self.count - self.top - self.page)

    def on_resize(self) -> None:
        self._table = self._arranged(self.inner_width)
        super().on_resize()
        self.post_message(self.Scrolled())

    def _arranged(self, width: int) -> list[Line]:
        cells = [_cell(map(key_name, row.keys), row.words) for row in self._rows]
        for prefix, item in second_keys(self._rows):
            cells.append(_cell([safe(f"{prefix} {item.key}")], item.words))
        columns = _columns(cells, max(1, width // _COLUMN))
        rows = zip_longest(*columns, fillvalue=_EMPTY)
        keys = [BLANK, *(tuple(piece for part in row for piece in part) for row in rows)]
        search = [BLANK, plain(safe(_(" What / understands")), "bold")]
        for rule in rules(crm=self._crm):
            search += _beside(safe(rule.typed), safe(rule.found), _TYPED, width)
        lines = [*search, *keys] if self._search_first else [*keys, *search]
        note = safe(_("The settings file can give every key another one."))
        lines += [BLANK, *(plain(line, "dim") for line in wrapped(note, width, " "))]
        return lines

    @property
    def count(self) -> int:
        return len(self._table)

    def line(self, index: int, width: int) -> Line:
        return self._table[index] if index < len(self._table) else BLANK

    def scroll_lines_to(self, top: int) -> None:
        super().scroll_lines_to(top)
        self.post_message(self.Scrolled())

    def action_move(self, step: int) -> None:
        self.scroll_lines_to(self.top + step)

    def action_page(self, pages: float) -> None:
        self.scroll_lines_to(self.top + int(pages * max(1, self.page - 1)))

    def action_read_on(self) -> None:
        self.action_page(1)

    def action_first(self) -> None:
        self.scroll_lines_to(0)

    def action_last(self) -> None:
        self.scroll_lines_to(self.count)


_EMPTY: Line = plain(SafeText(" " * _COLUMN))


def _cell(keys: Iterable[SafeText], words: str) -> list[Line]:
    """A command in a column: all its keys, and its words beside them."""
    return _beside(SafeText(" ".join(keys)), safe(_(words)), _KEYS, _COLUMN)


def _beside(left: SafeText, right: SafeText, first: int, width: int) -> list[Line]:
    """Two texts beside each other, the left one in `first` cells of `width`, both wrapped."""
    pairs = zip_longest(
        wrapped(left, first - 1, " "), wrapped(right, width - first, " "), fillvalue=SafeText("")
    )
    return [
        (Piece(fit(one, first), "accent"), Piece(fit(other, max(0, width - first))))
        for one, other in pairs
    ]


def _columns(cells: Sequence[Sequence[Line]], most: int) -> list[list[Line]]:
    """The cells in at most so many columns, one below the other, none broken, as low as can be."""
    height = -(-sum(map(len, cells)) // most)
    while len(columns := _filled(cells, height)) > most:
        height += 1
    return columns


def _filled(cells: Sequence[Sequence[Line]], height: int) -> list[list[Line]]:
    columns: list[list[Line]] = [[]]
    for cell in cells:
        if columns[-1] and len(columns[-1]) + len(cell) > height:
            columns.append([])
        columns[-1] += cell
    return columns


class HelpScreen(Screen[None]):
    """The keys of the panel that had the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("help.close", "escape,q,u,?,f1", "close", msgid("close"), hint=True)
    ]

    def __init__(self, rows: Sequence[Command], *, crm: bool, search_first: bool = False) -> None:
        super().__init__()
        self._keys = KeyTable(rows, crm=crm, search_first=search_first)

    def compose(self) -> ComposeResult:
        yield self._keys
        yield Bar(id="hints")

    def on_mount(self) -> None:
        self.set_focus(self._keys)

    def on_descendant_focus(self) -> None:
        self.call_after_refresh(self._show_hints)

    def on_key_table_scrolled(self, event: KeyTable.Scrolled) -> None:
        event.stop()
        self.call_after_refresh(self._show_hints)

    def _show_hints(self) -> None:
        """What can be pressed now, and how much there is further down."""
        if not self.is_attached:
            return
        more = self._keys.more
        words = ngettext("↓ {number} more line ", "↓ {number} more lines ", more)
        below = (Piece(safe(words.format(number=more)), "warning"),) if more else BLANK
        self.query_one("#hints", Bar).show(
            hints(commands(self.active_bindings.values()), self.size.width), below
        )

    def action_close(self) -> None:
        self.dismiss(None)
