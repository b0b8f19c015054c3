"""A field of addresses that completes them: from the address book and from who has written.

Hides where in the line an address begins and ends, and the list of suggestions over the letter.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.widgets import Input

from tui_mail.db.address_book import Suggestion
from tui_mail.db.draft_content import typed
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.widgets.entries import Entries, Entry
from tui_mail.ui.widgets.text import Line, Piece, SafeInput, fit
from tui_mail.values import Mailbox

Find = Callable[[str], Awaitable[Sequence[Suggestion]]]
_WHOLE = re.compile(r"[^\s@<>]+@[^\s@<>]+\.[a-zA-Z]{2,}")


def piece_at(text: str, cursor: int) -> tuple[int, int]:
    """Where the address that the cursor is in begins and ends; a comma within quotes does not count."""
    start, quoted = 0, False
    for place, sign in enumerate(text):
        if sign == '"':
            quoted = not quoted
        elif sign in ",;" and not quoted:
            if place >= cursor:
                return start, place
            start = place + 1
    return start, len(text)


class Suggestions(Entries[Suggestion], can_focus=False):
    """The addresses that fit what is being typed; nothing is chosen when that is an address itself."""

    DEFAULT_CSS = """
    Suggestions { overlay: screen; display: none; height: auto; max-height: 8; position: absolute; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: Sequence[Suggestion] = ()
        self._choosing = False

    @property
    def is_open(self) -> bool:
        return bool(self.display)

    def open(self, found: Sequence[Suggestion], *, choosing: bool) -> None:
        """Show these; `choosing`: the first is chosen already."""
        self.found = found
        self.chosen = None
        self._choosing = choosing
        self.styles.height = len(found)
        self.display = bool(found)
        self.forget()

    def close(self) -> None:
        self.display = False

    def pick(self) -> Suggestion | None:
        """The suggestion that is chosen, None while none is."""
        self.values()
        return self.chosen if self._choosing else None

    def step(self, step: int) -> None:
        """Choose the next one, or the one before."""
        if self._choosing:
            self.action_move(step)
        else:
            self._choosing = True
            self.forget()

    def entries(self, width: int) -> list[Entry[Suggestion]]:
        return [Entry((self._line(one, width),), one) for one in self.found]

    def _line(self, one: Suggestion, width: int) -> Line:
        name = max(12, width * 36 // 100)
        party = max(0, width * 28 // 100) if width > 60 else 0
        shown = one.party if one.party != one.name else ""
        return (
            Piece(SafeText(f" {fit(safe(one.name or one.address), name)} ")),
            Piece(SafeText(f"{fit(safe(one.address), width - name - party - 3)} "), "dim"),
            Piece(fit(safe(shown), party), "dim"),
        )

    def background(self, index: int) -> str:
        self.values()
        row = self.found[index] if index < len(self.found) else None
        return "cursor" if self._choosing and row is self.chosen else "quiet"


class AddressField(SafeInput):
    """A line of addresses; Down chooses among the suggestions, Enter or Tab takes one, Esc none."""

    _KEYS: ClassVar[frozenset[str]] = frozenset({"up", "down", "enter", "tab", "escape"})

    class Typing(Message):
        """Something is being typed for which there may be suggestions; "" for nothing."""

        def __init__(self, field: "AddressField", text: str) -> None:
            super().__init__()
            self.field = field
            self.text = text

    def __init__(self, suggestions: Suggestions, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, select_on_focus=False)
        self.suggestions = suggestions
        self._asked = ""

    def begin_with(self, text: str) -> None:
        """Put addresses there; nothing is suggested for them."""
        self.value = text
        self.cursor_position = len(text)
        self._asked = self.typed_text()

    def typed_text(self) -> str:
        """The address that the cursor is in, as far as it is typed."""
        start, _end = piece_at(self.value, self.cursor_position)
        return self.value[start : self.cursor_position].strip()

    def on_input_changed(self, _event: Input.Changed) -> None:
        text = self.typed_text()
        if self.has_focus and text != self._asked:
            self._asked = text
            self.post_message(self.Typing(self, text))

    def offer(self, text: str, found: Sequence[Suggestion]) -> None:
        """Show what was found for `text`, unless the writer is elsewhere by now."""
        if self.has_focus and text == self._asked:
            fitting = [one for one in found if one.address != text.lower()]
            self.suggestions.open(fitting, choosing=_WHOLE.fullmatch(text) is None)

    def on_blur(self) -> None:
        self.suggestions.close()

    async def _on_key(self, event: events.Key) -> None:
        if self.suggestions.is_open and event.key in self._KEYS and self._used(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    def _used(self, key: str) -> bool:
        """Let a key act on the suggestions; False: it means what it always means."""
        match key:
            case "up" | "down":
                self.suggestions.step(1 if key == "down" else -1)
            case "escape":
                self.suggestions.close()
            case _:
                chosen = self.suggestions.pick()
                self.suggestions.close()
                if chosen is None:
                    return False
                self.take(chosen)
        return True

    def take(self, chosen: Suggestion) -> None:
        """Put an address where one is being typed, and make ready for the next."""
        start, end = piece_at(self.value, self.cursor_position)
        name = "" if chosen.name == chosen.address else chosen.name
        address = safe(typed([Mailbox(chosen.address, name)]))
        before, after = self.value[:start].rstrip(), self.value[end:]
        lead = f"{before} {address}" if before else address
        tail = after if after.strip(" ,;") else ", "
        self._asked = ""
        self.value = lead + tail
        self.cursor_position = len(lead) + (len(tail) if tail == ", " else 0)
