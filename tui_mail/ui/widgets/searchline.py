"""The line that a search is typed into, with what is wrong with it below.

Hides where a mistake is marked: under the very letters that are to blame; and what a line has to say
to who does not know the language.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.search.guide import examples
from tui_mail.ui.keys import Command, bind, hints
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Line, Piece, SafeInput, plain, width_of
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_mail.search.mistakes import QueryMistake


class SearchInput(SafeInput):
    """What is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("search.find", "enter", "submit", msgid("find"), hint=True),
        bind("search.close", "escape", "screen.back", msgid("close"), hint=True),
        bind("search.keep", "ctrl+s", "keep", msgid("save"), hint=True),
    ]

    class Kept(Message):
        """What is typed is to be searched, and saved."""

    def action_keep(self) -> None:
        self.post_message(self.Kept())


class SearchLine(Vertical):
    """Hidden until it is opened."""

    DEFAULT_CSS = """
    SearchLine { height: auto; display: none; }
    SearchLine.-open { display: block; }
    SearchLine #mark, SearchLine #mistake { display: none; }
    SearchLine.-mistaken #mark, SearchLine.-mistaken #mistake { display: block; }
    """

    class Typed(Message):
        """A search is to be made. `keep`: and to be saved under a name."""

        def __init__(self, query: str, *, keep: bool = False) -> None:
            super().__init__()
            self.query = query
            self.keep = keep

    def compose(self) -> ComposeResult:
        says = _('search all mail: words, "a phrase", begin*, -without, one or another')
        yield SearchInput(placeholder=safe(says), id="search")
        yield Bar(id="mark")
        yield Bar(id="mistake")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    @property
    def _input(self) -> SearchInput:
        return self.query_one("#search", SearchInput)

    def open(self, query: str, *, further: bool = False) -> None:
        """Take the focus, to have `query` changed or another one typed; `further`: more of it."""
        self.add_class("-open")
        self._input.value = query
        self._input.select_on_focus = not further
        self._input.cursor_position = len(query)
        self.screen.set_focus(self._input)

    def close(self) -> None:
        """Give the line back."""
        self.remove_class("-open", "-mistaken")

    def show_mistake(self, mistake: "QueryMistake") -> None:
        """The sentence under the line that was typed, and what is to blame marked."""
        search = self._input
        before = search.value[: mistake.start + len(search.value) - len(search.value.lstrip())]
        place = max(0, width_of(safe(before)) - search.scroll_offset.x)
        length = max(1, width_of(safe(search.value.strip()[mistake.start : mistake.end])))
        mark = SafeText(" " * place + "^" * length)
        self.query_one("#mark", Bar).show((Piece(mark, "error"),))
        rows = wrapped(safe(mistake.message), self.size.width)
        first, *below = (plain(row, "error") for row in rows)
        self.query_one("#mistake", Bar).show(first, below=below)
        self.add_class("-mistaken")

    def hints(self, rows: Iterable[Command], width: int) -> Line:
        """What can be pressed and typed here, as much as fits into `width` cells."""
        keys = hints(
            (row for row in rows if row.place is self._input or row.action == "help"), width
        )
        pieces = list(keys)
        left = width - sum(width_of(piece.text) for piece in keys)
        for example in examples():
            operator, colon, value = example.partition(":")
            if width_of(safe(example)) > left:
                break
            left -= width_of(safe(example)) + 2
            pieces += [Piece(safe(operator + colon)), Piece(safe(f"{value}  "), "dim")]
        return tuple(pieces)

    def on_search_input_kept(self, event: SearchInput.Kept) -> None:
        event.stop()
        self.post_message(self.Typed(self._input.value.strip(), keep=True))

    def on_input_submitted(self, event: "Input.Submitted") -> None:
        event.stop()
        self.post_message(self.Typed(event.value.strip()))

    def on_input_changed(self, event: "Input.Changed") -> None:
        event.stop()
        self.remove_class("-mistaken")
