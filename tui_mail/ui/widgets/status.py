"""The line that says what just happened, and how to take it back."""

from time import monotonic
from typing import Final

from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Piece

NEWS_SECONDS: Final = 10.0
UNDO_SECONDS: Final = 60.0
SEEN_SECONDS: Final = 4.0  # after which whoever presses a key has read what went wrong


class StatusLine(Bar):
    """Keeps what was said last, while it is news; what went wrong until somebody has seen it."""

    _said = 0  # how often something was
    _wrong_at: float | None = None  # monotonic: since when it says what went wrong

    def say(self, text: SafeText, *, undo: bool = False, wrong: bool = False) -> None:
        """Say this. `undo`: with the key that takes it back; `wrong`: it went wrong."""
        pieces = [Piece(SafeText(f" {text}"), "error" if wrong else "")]
        if undo:
            pieces.append(Piece(safe(_(" – z to undo")), "dim"))
        self.show(tuple(pieces))
        self._said += 1
        self._wrong_at = monotonic() if wrong else None
        if text and not wrong:
            self._later(UNDO_SECONDS if undo else NEWS_SECONDS, SafeText(""))

    def pressed(self) -> None:
        """A key was pressed: what went wrong has been seen, unless it was said just now."""
        if self._wrong_at is not None and monotonic() - self._wrong_at >= SEEN_SECONDS:
            self.say(SafeText(""))

    def say_for(self, seconds: float, text: SafeText, then: SafeText) -> None:
        """Say `text` while it is true, `then` afterwards, unless something else was said meanwhile."""
        self.say(text)
        self._later(seconds, then)

    def _later(self, seconds: float, then: SafeText) -> None:
        said = self._said

        def over() -> None:
            if self._said == said:
                self.say(then)

        self.set_timer(seconds, over)
