"""Type, see, Enter: a line to type in, what fits below it. For folders, records and commands."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.held_keys import held
from tui_mail.ui.keys import bind, commands, hints
from tui_mail.ui.widgets.entries import Entries, Entry
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Line, SafeInput, SafeStatic, plain
from tui_mail.ui.work import begin
from tui_mail.ui.wrap import wrapped

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Choice(Generic[_V]):
    """Something to choose: how it is drawn in a given width, and what it stands for."""

    draw: Callable[[int], Line]
    value: _V


Find = Callable[[str], Awaitable[Sequence[Choice[_V]]]]


class Choices(Entries[Choice[_V]], can_focus=False):
    """What fits what was typed."""

    def __init__(self, heading: SafeText, empty: SafeText) -> None:
        super().__init__(id="choices")
        self.heading = heading
        self.empty = empty  # what is said while nothing is typed and there is nothing to choose
        self.found: Sequence[Choice[_V]] = ()
        self.looked = False
        self.asked = False
        self.wrong = SafeText("")  # why what was typed leads to nothing, once it was chosen

    @property
    def is_active(self) -> bool:
        return True

    def title(self) -> SafeText:
        return self.heading

    def entries(self, width: int) -> list[Entry[Choice[_V]]]:
        if self.wrong:
            return [Entry(tuple(plain(one, "error") for one in wrapped(self.wrong, width, " ")))]
        if not self.found and self.asked:
            return [Entry((plain(safe(_(" Nothing fits.")), "dim"),))]
        if not self.found and self.looked and self.empty:
            return [Entry(tuple(plain(one, "dim") for one in wrapped(self.empty, width, " ")))]
        return [Entry((choice.draw(width),), choice) for choice in self.found]

    def same(self, one: Choice[_V], other: Choice[_V]) -> bool:
        return one.value == other.value


class PickScreen(ModalScreen[_V | None], Generic[_V]):
    """Gives back the value that was chosen, None when nothing was."""

    DEFAULT_CSS = """
    PickScreen { align: center bottom; background: transparent; }
    PickScreen #box { height: 60%; min-height: 8; background: $background; }
    PickScreen #typing { height: 1; }
    PickScreen #prompt { width: 3; color: $accent; }
    PickScreen SafeInput { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("pick.choose", "enter", "choose", msgid("choose"), hint=True, first=True),
        bind("pick.down", "down,ctrl+n", "move(1)", msgid("down")),
        bind("pick.up", "up", "move(-1)", msgid("up")),
        bind("pick.page_down", "pagedown", "move(8)", msgid("page down")),
        bind("pick.page_up", "pageup", "move(-8)", msgid("page up")),
        bind("pick.close", "escape", "close", msgid("close"), hint=True),
    ]

    def __init__(
        self, heading: SafeText, find: Find[_V], *, placeholder: str = "", empty: str = ""
    ) -> None:
        super().__init__()
        self._placeholder = placeholder
        self._find = find
        self._found_for: str | None = None  # what was typed, of what is shown
        self._wanted: str | None = None  # what was typed, and is not looked up yet
        self._looking = False
        self._waiting: Callable[[], None] | None = None
        self.choices: Choices[_V] = Choices(heading, safe(empty))

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield self.choices
            yield from self.beneath()
            with Horizontal(id="typing"):
                yield SafeStatic(SafeText(" › "), id="prompt")
                yield SafeInput(placeholder=self._placeholder)
            yield Bar(id="hints")

    def beneath(self) -> ComposeResult:
        """What stands between the choices and the line to type in: nothing."""
        yield from ()

    def looked(self) -> None:
        """What fits is there."""

    def on_mount(self) -> None:
        self.query_one(SafeInput).focus()
        self.look_up("")
        self.call_after_refresh(self.show_hints)
        self.call_after_refresh(held(self).release)

    def show_hints(self) -> None:
        """The keys that work here."""
        rows = commands(self.active_bindings.values())
        rows.sort(key=lambda row: row.action != "choose")  # before keys that a line of text has too
        self.query_one("#hints", Bar).show(hints(rows, self.size.width))

    def look_up(self, text: str) -> None:
        """Show what fits `text`, the newest when more is typed than can be looked up."""
        self._wanted = text
        if not self._looking:
            self._looking = True
            # What was typed or pasted at once is looked up at once: keys go by the console and the
            # line, and what the line says comes by this screen.
            typing = self.query_one(SafeInput)
            last = partial(begin, self, self._look_on, "find")
            self.app.call_later(typing.call_later, partial(self.call_later, last))

    async def _look_on(self) -> None:
        try:
            while self._wanted is not None:
                text, self._wanted = self._wanted, None
                await self._look_up(text)
        finally:
            self._looking = False

    async def _look_up(self, text: str) -> None:
        try:
            self.choices.found = await self._find(text)
        except TuiMailError as error:
            self.choices.heading = safe(error.message)
            self.choices.found = ()
        self.choices.looked = True
        self.choices.asked = bool(text.strip())  # before that the line itself says what to type
        self.choices.wrong = SafeText("")
        self.choices.top = 0
        self.choices.forget()
        self._found_for = text
        self.looked()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._when_found(waiting)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.look_up(event.value)

    def action_choose(self) -> None:
        self.with_chosen(self.chose, self.chose_nothing)

    def with_chosen(
        self, do: Callable[[_V], None], otherwise: Callable[[], None] = lambda: None
    ) -> None:
        """Do it with the choice that what has been typed leads to, once that is found: who types
        fast presses Enter before it is on the screen."""

        def decide() -> None:
            self.choices.values()
            if self.choices.chosen is not None:
                do(self.choices.chosen.value)
            elif self.choices.asked:
                otherwise()

        # Keys before this one may still be on their way to the line.
        self.query_one(SafeInput).call_later(self._when_found, decide)

    def _when_found(self, decide: Callable[[], None]) -> None:
        if self._found_for == self.query_one(SafeInput).value:
            decide()
        else:
            self._waiting = decide

    def chose(self, value: _V) -> None:
        """A choice was made."""
        self.dismiss(value)

    def chose_nothing(self) -> None:
        """Enter was pressed where nothing fits what was typed."""

    def say_wrong(self, words: SafeText) -> None:
        """Say in place of the choices why there is none."""
        self.choices.wrong = words
        self.choices.forget()

    def action_move(self, step: int) -> None:
        self.choices.action_move(step)

    def action_close(self) -> None:
        self.dismiss(None)
