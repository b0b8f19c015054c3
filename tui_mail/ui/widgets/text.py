"""Text on the screen: pieces with a style, lines of them, and widgets that take nothing else.

`SafeText` is the only text that gets in, so a `str` out of a message does not pass a type check,
and nothing is ever read as Textual's markup.
"""

from typing import NamedTuple, Protocol

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Input, Static

from tui_mail.safetext import SafeText, safe
from tui_mail.ui.theme import Inks

# One cell each, in the order of their twins: what a terminal without Unicode shows instead.
_SIGNS = "●▌↩⧖★▸▾▪✓↑↗↙⚠│─━┬├┼┤›·…–—“”«»→←↓⏎␛␡‖"
_TWINS = '*>r~+>v@v^/<!|-=-|+|>-~--""""><vE??='
ASCII = str.maketrans(_SIGNS, _TWINS)


class Piece(NamedTuple):
    """Text in one style; styles are words that `theme.Inks` knows."""

    text: SafeText
    style: str = ""


class Drawn(Protocol):
    """Anything with safe text and the name of a style: a `Piece`, or a span of a rendered message."""

    @property
    def text(self) -> SafeText: ...
    @property
    def style(self) -> str: ...


Line = tuple[Drawn, ...]
BLANK: Line = ()


def plain(text: SafeText, style: str = "") -> Line:
    """A line of one piece."""
    return (Piece(text, style),)


def width_of(text: str) -> int:
    """How many cells `text` takes."""
    return cell_len(text)


def fit(text: SafeText, width: int, *, right: bool = False) -> SafeText:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    if width <= 0:
        return SafeText("")
    length = cell_len(text)
    if length > width:
        return SafeText(set_cell_size(text, width - 1) + "…")
    pad = " " * (width - length)
    return SafeText(pad + text if right else text + pad)


def strip_of(
    line: Line, width: int, inks: Inks, *, background: str = "background", ascii_only: bool = False
) -> Strip:
    """`line` drawn in exactly `width` cells; neighbours of the same style are drawn as one."""
    segments: list[Segment] = []
    left = width
    for piece in line:
        if left <= 0:
            break
        text: str = piece.text.translate(ASCII) if ascii_only else piece.text
        length = cell_len(text)
        if length > left:
            text, length = set_cell_size(text, left), left
        if not text:
            continue
        style = inks.style(piece.style, background)
        if segments and segments[-1].style == style:
            segments[-1] = Segment(segments[-1].text + text, style)
        else:
            segments.append(Segment(text, style))
        left -= length
    if left > 0:
        style = inks.style("", background)
        if segments and segments[-1].style == style:
            segments[-1] = Segment(segments[-1].text + " " * left, style)
        else:
            segments.append(Segment(" " * left, style))
    return Strip(segments, max(width, 0))


class SafeStatic(Static):
    """Textual's Static for safe text only, shown as it is."""

    def __init__(self, text: SafeText, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(Content(text), id=id, markup=False)

    def show(self, text: SafeText) -> None:
        self.update(Content(text))


class SafeInput(Input):
    """One line of typing; what is pasted is made safe first (a pasted line end is a space)."""

    DEFAULT_CSS = """
    SafeInput, SafeInput:focus {
        border: none; height: 1; padding: 0; background: $background; color: $foreground;
        background-tint: $background 0%;
    }
    SafeInput > .input--placeholder, SafeInput > .input--suggestion { color: $dim; }
    """

    def _on_paste(self, event: events.Paste) -> None:
        event.text = safe(event.text)  # Textual hands the event on to the handler of Input
