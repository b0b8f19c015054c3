"""The line that says what just happened, and how to take it back."""

import re
from time import monotonic
from typing import Final

from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Piece, fit, width_of

NEWS_SECONDS: Final = 10.0
UNDO_SECONDS: Final = 60.0
SEEN_SECONDS: Final = 4.0  # after which whoever presses a key has read what went wrong


_LEAST_QUOTED: Final = 8  # cells, in which a name is still known
_QUOTED = re.compile("((?<=«)[^»]*(?=»)|(?<=“)[^”]*(?=”))")


class StatusLine(Bar):
    """Keeps what was said last, while it is news; what went wrong until somebody has seen it.

    Where there is no room for all of it, names in quotes are shortened first, then its end; the
    key that takes it back is always there.
    """

    _text = _ending = SafeText("")
    _said = 0  # how often something was
    _wrong_at: float | None = None  # monotonic: since when it says what went wrong

    def say(self, text: SafeText, *, undo: bool = False, wrong: bool = False) -> None:
        """Say this. `undo`: with the key that takes it back; `wrong`: it went wrong."""
        self._say(text, safe(_(" – z to undo")) if undo else SafeText(""), wrong=wrong)
        if text and not wrong:
            self._later(UNDO_SECONDS if undo else NEWS_SECONDS, SafeText(""))

    def _say(self, text: SafeText, ending: SafeText, *, wrong: bool = False) -> None:
        self._text, self._ending = text, ending
        self._said += 1
        self._wrong_at = monotonic() if wrong else None
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        text, width = self._text, self.size.width
        if width:
            text = shortened(text, width - 1 - width_of(self._ending))
        style = "" if self._wrong_at is None else "error"
        pieces = [Piece(SafeText(f" {text}"), style), Piece(self._ending, "dim")]
        self.show(tuple(piece for piece in pieces if piece.text))

    def pressed(self) -> None:
        """A key was pressed: what went wrong has been seen, unless it was said just now."""
        if self._wrong_at is not None and monotonic() - self._wrong_at >= SEEN_SECONDS:
            self.say(SafeText(""))

    def say_for(self, seconds: float, text: SafeText, ending: SafeText) -> None:
        """Say `text` with an `ending` that is true for so long, then without it, unless something
        else was said meanwhile."""
        self._say(text, ending)
        self._later(seconds, text)

    def _later(self, seconds: float, then: SafeText) -> None:
        said = self._said

        def over() -> None:
            if self._said == said:
                self.say(then)

        self.set_timer(seconds, over)


def shortened(text: SafeText, width: int) -> SafeText:
    """`text` in at most `width` cells: its longest quoted names lose their ends first."""
    parts = _QUOTED.split(text)
    quoted = range(1, len(parts), 2)
    excess = width_of(text) - width
    while excess > 0 and quoted:
        longest = max(quoted, key=lambda place: width_of(parts[place]))
        taken = width_of(parts[longest])
        if taken <= _LEAST_QUOTED:
            break
        kept = max(_LEAST_QUOTED, taken - excess)
        parts[longest] = fit(SafeText(parts[longest]), kept)
        excess -= taken - kept
    short = SafeText("".join(parts))
    return fit(short, width) if excess > 0 else short
