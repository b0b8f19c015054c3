"""The line that says what just happened, and how to take it back."""

from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Piece


class StatusLine(Bar):
    """Keeps what was said last."""

    def say(self, text: SafeText, *, undo: bool = False, wrong: bool = False) -> None:
        """Say this from now on. `undo`: with the key that takes it back; `wrong`: it went wrong."""
        pieces = [Piece(SafeText(f" {text}"), "error" if wrong else "")]
        if undo:
            pieces.append(Piece(safe(_(" – z to undo")), "dim"))
        self.show(tuple(pieces))

    def say_for(self, seconds: float, text: SafeText, then: SafeText) -> None:
        """Say `text` while it is true, `then` afterwards, unless something else was said meanwhile."""
        self.say(text)
        said = self.left

        def over() -> None:
            if self.left is said:
                self.say(then)

        self.set_timer(seconds, over)
