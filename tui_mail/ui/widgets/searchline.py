"""The line that a search is typed into, with what is wrong with it below.

Hides where a mistake is marked: under the very letters that are to blame.
"""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Piece, SafeInput, plain, width_of
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui_mail.search.mistakes import QueryMistake


class SearchLine(Vertical):
    """Hidden until it is opened."""

    DEFAULT_CSS = """
    SearchLine { height: auto; display: none; }
    SearchLine.-open { display: block; }
    SearchLine #mark, SearchLine #mistake { display: none; }
    SearchLine.-mistaken #mark, SearchLine.-mistaken #mistake { display: block; }
    """

    class Typed(Message):
        """A search is to be made."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    def compose(self) -> ComposeResult:
        yield SafeInput(placeholder=_("search all mail"), id="search")
        yield Bar(id="mark")
        yield Bar(id="mistake")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    @property
    def _input(self) -> SafeInput:
        return self.query_one("#search", SafeInput)

    def open(self, query: str) -> None:
        """Take the focus, to have `query` changed or another one typed."""
        self.add_class("-open")
        self._input.value = query
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

    def on_input_submitted(self, event: "Input.Submitted") -> None:
        event.stop()
        self.post_message(self.Typed(event.value.strip()))

    def on_input_changed(self, event: "Input.Changed") -> None:
        event.stop()
        self.remove_class("-mistaken")
