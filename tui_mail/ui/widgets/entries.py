"""A short list of things of one or more lines each, with a cursor that goes from thing to thing.

For what is known in whole: folders, the records of a message, the days of the agenda.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from textual import events
from textual.message import Message

from tui_mail.ui.widgets.lines import Lines
from tui_mail.ui.widgets.text import BLANK, Line

_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class Entry(Generic[_V]):
    """Lines that belong together. `value` is what the cursor stands on; None is passed over."""

    lines: tuple[Line, ...]
    value: _V | None = field(default=None)


class Entries(Lines, Generic[_V]):
    """The list; a subclass says what the entries are, at a given width."""

    class Moved(Message):
        """The cursor is on another entry."""

        def __init__(self, owner: "Entries[object]") -> None:
            super().__init__()
            self.owner = owner

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.chosen: _V | None = None
        self._entries: list[Entry[_V]] | None = None
        self._flat: list[tuple[int, Line]] = []

    def entries(self, width: int) -> Sequence[Entry[_V]]:
        """What there is."""
        raise NotImplementedError

    def same(self, one: _V, other: _V) -> bool:
        """Whether two values are the same thing, read at different times."""
        return one == other

    def forget(self) -> None:
        self._entries = None
        super().forget()

    # -- where the cursor is

    def _all(self) -> list[Entry[_V]]:
        if self._entries is None:
            self._entries = list(self.entries(self.inner_width))
            self._flat = [
                (number, line) for number, entry in enumerate(self._entries) for line in entry.lines
            ]
            self.chosen = self._kept()
        return self._entries

    def _kept(self) -> _V | None:
        values = [entry.value for entry in self._entries or () if entry.value is not None]
        if self.chosen is not None:
            for value in values:
                if self.same(value, self.chosen):
                    return value
        return values[0] if values else None

    def values(self) -> list[_V]:
        """What the cursor can stand on, in order."""
        return [entry.value for entry in self._all() if entry.value is not None]

    def choose(self, value: _V) -> None:
        """Put the cursor on `value`."""
        old = self._lines_of(self.chosen)
        self._all()
        self.chosen = value
        new = self._lines_of(value)
        self.redraw(*old, *new)
        if new and not self.top <= new[0] <= new[-1] < self.top + self.page:
            self.scroll_lines_to(new[0] - (self.page - len(new)) // 2)
        self.post_message(self.Moved(self))  # type: ignore[arg-type] # entries of some kind

    def _lines_of(self, value: _V | None) -> list[int]:
        entries = self._all()
        return [
            index
            for index, (number, _line) in enumerate(self._flat)
            if value is not None and entries[number].value is value
        ]

    # -- what Lines asks

    @property
    def count(self) -> int:
        self._all()
        return len(self._flat)

    def line(self, index: int, width: int) -> Line:
        self._all()
        return self._flat[index][1] if index < len(self._flat) else BLANK

    def background(self, index: int) -> str:
        entries = self._all()
        if index >= len(self._flat):
            return "background"
        value = entries[self._flat[index][0]].value
        if value is None or value is not self.chosen:
            return "background"
        return "cursor" if self.is_active else "background"

    # -- keys

    def action_move(self, step: int) -> None:
        values = self.values()
        if not values:
            self.scroll_lines_to(self.top + step)
            return
        place = next((n for n, value in enumerate(values) if value is self.chosen), 0)
        target = max(0, min(place + step, len(values) - 1))
        if target == place:  # lines beyond the last thing can still be read
            self.scroll_lines_to(self.top + step)
        elif values[target] is not self.chosen:
            self.choose(values[target])

    def action_page(self, pages: float) -> None:
        self.action_move(int(pages * max(1, self.page - 1)) or (1 if pages > 0 else -1))

    def action_first(self) -> None:
        if values := self.values():
            self.choose(values[0])
        self.scroll_lines_to(0)

    def action_last(self) -> None:
        if values := self.values():
            self.choose(values[-1])
        self.scroll_lines_to(self.count)

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - len(self._heads())
        if 0 <= index < self.count:
            value = self._all()[self._flat[index][0]].value
            if value is not None:
                self.choose(value)
