"""A widget that draws lines: only those on the screen, each once, without widgets within.

`Lines` hides scrolling, the title line, the rule at its left and the cache of drawn lines; who
subclasses it says how many lines there are, what is in one, and what stays on top (`head`).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_mail.safetext import SafeText
from tui_mail.ui.widgets.text import BLANK, Line, Piece, strip_of, width_of

if TYPE_CHECKING:
    from tui_mail.ui.look import Look


class Lines(Widget, can_focus=True):
    """Lines under a title; `top` is the first one shown."""

    DEFAULT_CSS = """
    Lines { background: $background; color: $foreground; width: 1fr; height: 1fr; }
    """
    _CACHED = 1000

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.top = 0
        self.rule = ""  # "┬" or "├": a rule at the left, and how it meets the title line
        self._drawn: dict[tuple[int, int, str], Strip] = {}
        self._head: Sequence[Line] | None = None

    # -- what a subclass says

    @property
    def count(self) -> int:
        """How many lines there are below the head."""
        return 0

    def line(self, index: int, width: int) -> Line:
        """What is in a line."""
        raise NotImplementedError

    def background(self, index: int) -> str:
        """The background of a line: "background", "cursor" or "quiet"."""
        return "background"

    def title(self) -> SafeText:
        """What the title line says; nothing means no title line."""
        return SafeText("")

    def head(self, width: int) -> Sequence[Line]:
        """The lines that stay on top, below the title."""
        return ()

    # -- for others

    @property
    def look(self) -> "Look":
        return cast("Look", self.app)

    @property
    def is_active(self) -> bool:
        """Whether keys act here; the title line says so."""
        return self.has_focus

    @property
    def inner_width(self) -> int:
        return max(0, self.size.width - (1 if self.rule else 0))

    @property
    def page(self) -> int:
        """How many lines are shown at once."""
        return max(1, self.size.height - len(self._heads()))

    def forget(self) -> None:
        """Draw everything anew: what is in the lines has changed."""
        self._drawn.clear()
        self._head = None
        self.refresh()

    def redraw(self, *indexes: int) -> None:
        """Repaint just these lines."""
        start = len(self._heads())
        shown = [
            Region(0, start + index - self.top, self.size.width, 1)
            for index in indexes
            if 0 <= index - self.top < self.page
        ]
        if shown:
            self.refresh(*shown)

    def scroll_lines_to(self, top: int) -> None:
        """Show from line `top` on, as far as there are lines."""
        top = max(0, min(top, self.count - self.page))
        if top != self.top:
            self.top = top
            self.refresh()

    # -- drawing

    def _heads(self) -> Sequence[Line]:
        if self._head is None:
            title = self.title()
            lead = [self._title_line(title)] if title else []
            self._head = [*lead, *self.head(self.inner_width)]
        return self._head

    def _title_line(self, title: SafeText) -> Line:
        focused = self.is_active
        bar, style = ("━", "accent") if focused else ("─", "rule")
        width = self.inner_width
        rest = max(0, width - width_of(title) - 3)
        return (
            Piece(SafeText(f"{bar} "), style),
            Piece(title, "accent bold" if focused else "dim"),
            Piece(SafeText(f" {bar * rest}"), style),
        )

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if width <= 0:
            return Strip.blank(0)
        heads = self._heads()
        if y < len(heads):
            return self._strip(heads[y], width, "background", first=y == 0)
        index = self.top + y - len(heads)
        if index >= self.count:
            return self._strip(BLANK, width, "background")
        background = self.background(index)
        key = (index, width, background)
        strip = self._drawn.get(key)
        if strip is None:
            if len(self._drawn) >= self._CACHED:
                self._drawn.clear()
            strip = self._strip(self.line(index, self.inner_width), width, background)
            self._drawn[key] = strip
        return strip

    def _strip(self, line: Line, width: int, background: str, *, first: bool = False) -> Strip:
        look = self.look
        inks, ascii_only = look.inks, look.ascii
        if not self.rule:
            return strip_of(line, width, inks, background=background, ascii_only=ascii_only)
        sign = SafeText(self.rule if first and self.title() else "│")
        lead = strip_of((Piece(sign, "rule"),), 1, inks, ascii_only=ascii_only)
        if width == 1:
            return lead
        rest = strip_of(line, width - 1, inks, background=background, ascii_only=ascii_only)
        return Strip.join([lead, rest])

    def on_resize(self) -> None:
        self.forget()
        self.scroll_lines_to(self.top)

    def on_focus(self) -> None:
        self.forget()

    def on_blur(self) -> None:
        self.forget()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines_to(self.top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines_to(self.top - 3)


class Bar(Widget):
    """A line with something at the left and something at the right, and lines below when need be."""

    DEFAULT_CSS = "Bar { height: 1; width: 1fr; background: $background; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.left: Line = BLANK
        self.right: Line = BLANK
        self.below: Sequence[Line] = ()

    def show(self, left: Line, right: Line = BLANK, below: Sequence[Line] = ()) -> None:
        """Say this from now on."""
        if (left, right, below) == (self.left, self.right, self.below):
            return
        if len(below) != len(self.below):
            self.styles.height = 1 + len(below)
        self.left, self.right, self.below = left, right, below
        self.refresh()

    def render_line(self, y: int) -> Strip:
        look = cast("Look", self.app)
        width = self.size.width
        taken = sum(width_of(piece.text) for piece in self.right)
        if width <= 0 or y > len(self.below):
            return Strip.blank(width)
        if y:
            return strip_of(self.below[y - 1], width, look.inks, ascii_only=look.ascii)
        if taken >= width:
            return strip_of(self.left, width, look.inks, ascii_only=look.ascii)
        left = strip_of(self.left, width - taken, look.inks, ascii_only=look.ascii)
        right = strip_of(self.right, taken, look.inks, ascii_only=look.ascii)
        return Strip.join([left, right])
