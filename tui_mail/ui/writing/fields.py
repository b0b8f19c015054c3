"""The fields above a letter: account, addresses, subject, and rows of things (records, files).

Each is one line that shows its label; what a field means is the business of who holds it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from tui_mail.db.address_book import SenderRow
from tui_mail.i18n import msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.keys import bind
from tui_mail.ui.widgets.text import (
    BLANK,
    Line,
    Piece,
    SafeStatic,
    fit,
    strip_of,
    width_of,
)

if TYPE_CHECKING:
    from tui_mail.ui.look import Look

LABEL = 10  # cells


class Field(Horizontal):
    """A label and what it names; the label of the field in hand is bright."""

    DEFAULT_CSS = f"""
    Field {{ height: 1; width: 1fr; }}
    Field .label {{ width: {LABEL}; color: $dim; background: $background; }}
    Field .label.-here {{ color: $accent; }}
    """

    def __init__(self, label: SafeText, widget: Widget, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._label = SafeStatic(fit(SafeText(f" {label}"), LABEL))
        self._label.add_class("label")
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self._label
        yield self.widget

    def on_descendant_focus(self) -> None:
        self._label.add_class("-here")

    def on_descendant_blur(self) -> None:
        self._label.remove_class("-here")


class OneLine(Widget, can_focus=True):
    """A line that can be focused; a subclass says what is on it."""

    DEFAULT_CSS = "OneLine { height: 1; width: 1fr; background: $background; }"

    def pieces(self, width: int) -> Line:
        """What the line shows."""
        return BLANK

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y or width <= 0:
            return Strip.blank(max(0, width))
        look = cast("Look", self.app)
        return strip_of(self.pieces(width), width, look.inks, ascii_only=look.ascii)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, _event: events.Click) -> None:
        self.focus()


class AccountField(OneLine):
    """Which account the letter goes from; Space takes the next one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("compose.account", "space,alt+down", "next(1)", msgid("next account"), hint=True),
        bind("compose.account_before", "alt+up", "next(-1)", msgid("previous account")),
    ]

    class Changed(Message):
        """Another account was taken."""

        def __init__(self, before: SenderRow, now: SenderRow) -> None:
            super().__init__()
            self.before = before
            self.now = now

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._senders: Sequence[SenderRow] = ()
        self._place = 0

    def offer(self, senders: Sequence[SenderRow], account_id: int) -> None:
        """The accounts to choose from, and the one to begin with."""
        self._senders = senders
        ids = [one.account_id for one in senders]
        self._place = ids.index(account_id)
        self.refresh()

    @property
    def sender(self) -> SenderRow:
        return self._senders[self._place]

    def pieces(self, width: int) -> Line:
        if not self._senders:
            return BLANK
        sender = self.sender
        name = safe(f"{sender.name} <{sender.email}>" if sender.name else sender.email)
        more = SafeText(" ▾") if len(self._senders) > 1 else SafeText("")
        style = "accent bold" if self.has_focus else ""
        return (Piece(name, style), Piece(more, "accent"))

    def action_next(self, step: int) -> None:
        if len(self._senders) > 1:
            before = self.sender
            self._place = (self._place + step) % len(self._senders)
            self.refresh()
            self.post_message(self.Changed(before, self.sender))

    def on_click(self, event: events.Click) -> None:
        if self.has_focus:
            self.action_next(1)
        super().on_click(event)


@dataclass(frozen=True, slots=True)
class Chip:
    """A thing in a row: what it is called, and its key."""

    text: SafeText
    key: object


class ChipsField(OneLine):
    """A row of things, one after the other; Del takes the one in hand away, Enter asks for more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("chips.add", "enter", "more", msgid("add"), hint=True),
        bind("chips.remove", "delete,backspace", "remove", msgid("take away"), hint=True),
        bind("chips.previous", "left", "step(-1)", msgid("previous")),
        bind("chips.next", "right", "step(1)", msgid("next")),
    ]

    class Removed(Message):
        """A thing is to be taken away."""

        def __init__(self, field: "ChipsField", key: object) -> None:
            super().__init__()
            self.field = field
            self.key = key

    class Wanted(Message):
        """Something is to be added."""

        def __init__(self, field: "ChipsField") -> None:
            super().__init__()
            self.field = field

    def __init__(self, sign: str, empty: SafeText, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._sign = SafeText(f"{sign} ")
        self._empty = empty
        self.chips: Sequence[Chip] = ()
        self._place = 0

    def show(self, chips: Sequence[Chip]) -> None:
        """The things from now on."""
        self.chips = chips
        self._place = max(0, min(self._place, len(chips) - 1))
        self.refresh()

    def pieces(self, width: int) -> Line:
        if not self.chips:
            return (Piece(self._empty, "dim"),)
        first = self._first_shown(width)
        found: list[Piece] = []
        left = width
        for number, chip in enumerate(self.chips[first:], first):
            rest = len(self.chips) - number
            room = left - (5 if rest > 1 else 0)
            cells = width_of(self._sign) + width_of(chip.text) + 2
            if cells > room and found:
                found.append(Piece(SafeText(f"+{rest}"), "dim"))
                break
            style = "accent bold underline" if self.has_focus and number == self._place else ""
            text = fit(chip.text, min(width_of(chip.text), max(1, room - 4)))
            found += [Piece(self._sign, "accent"), Piece(text, style), Piece(SafeText("  "))]
            left -= cells
        return tuple(found)

    def _first_shown(self, width: int) -> int:
        """From where to show, so that the thing in hand is seen."""
        first = 0
        while first < self._place:
            cells = sum(width_of(one.text) + 4 for one in self.chips[first : self._place + 1])
            if cells + 4 <= width:
                break
            first += 1
        return first

    def action_step(self, step: int) -> None:
        self._place = max(0, min(self._place + step, len(self.chips) - 1))
        self.refresh()

    def action_remove(self) -> None:
        if self.chips:
            self.post_message(self.Removed(self, self.chips[self._place].key))

    def action_more(self) -> None:
        self.post_message(self.Wanted(self))
