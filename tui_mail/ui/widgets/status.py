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
SEEN_SECONDS: Final = 4.0  # after which whoever presses a key has read what is said


_LEAST_QUOTED: Final = 8  # cells, in which a name is still known
_QUOTED = re.compile("((?<=«)[^»]*(?=»)|(?<=“)[^”]*(?=”))")


class StatusLine(Bar):
    """Keeps what was said last, while it is news; what went wrong until somebody has seen it.

    A way back is spoken of for longer than what is only to be known where one is. Where there is no
    room for all of it, names in quotes are shortened first, then its end; the key that takes it
    back is always there.
    """

    _text = _ending = SafeText("")
    _wrong = False
    _said = 0  # how often something was
    _since = 0.0  # monotonic
    _undo = False  # it says how something is taken back
    _timed = False  # it is true for some seconds, wherever one goes

    def say(self, text: SafeText, *, undo: bool = False, wrong: bool = False) -> None:
        """Say this. `undo`: with the key that takes it back; `wrong`: it went wrong."""
        self._say(text, safe(_(" – z to undo")) if undo else SafeText(""), wrong=wrong)
        self._undo = undo
        if text and not wrong:
            self._later(UNDO_SECONDS if undo else NEWS_SECONDS, SafeText(""))

    def _say(self, text: SafeText, ending: SafeText, *, wrong: bool = False) -> None:
        self._text, self._ending, self._wrong = text, ending, wrong
        self._said += 1
        self._since, self._undo, self._timed = monotonic(), False, False
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        text, width = self._text, self.size.width
        if width:
            text = shortened(text, width - 1 - width_of(self._ending))
        pieces = [
            Piece(SafeText(f" {text}"), "error" if self._wrong else ""),
            Piece(self._ending, "dim"),
        ]
        self.show(tuple(piece for piece in pieces if piece.text))

    def pressed(self) -> None:
        """A key was pressed: what is said has been seen, unless it was said just now."""
        if monotonic() - self._since >= SEEN_SECONDS:
            self.look_away()

    def look_away(self) -> None:
        """What was shown is left, and with it what was said of it."""
        if not self._undo:
            self.go_on()

    def go_on(self) -> None:
        """Something else is in hand: what was done before is of no interest any more."""
        if not self._timed:
            self.say(SafeText(""))

    def say_for(self, seconds: float, text: SafeText, ending: SafeText) -> None:
        """Say `text` with an `ending` that is true for so long, then without it, unless something
        else was said meanwhile."""
        self._say(text, ending)
        self._timed = True
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
