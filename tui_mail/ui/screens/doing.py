"""Carrying out what keys ask for, off the keys' path: what is said of it, and how it is taken back.

Hides how work is begun, what an error looks like, and which way back `undo` takes.
"""

from collections.abc import Callable, Coroutine
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any

from tui_mail.errors import TuiMailError
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import deeds, held_keys
from tui_mail.ui.widgets.status import StatusLine
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.ui.parts import Parts
    from tui_mail.ui.screens.main import MainScreen
    from tui_mail.worker.reading import OpenedMessage

_FILES = "files"
_LONG_SECONDS = 1.0  # after which a wait is spoken of

Deed = Callable[[], Coroutine[Any, Any, SafeText]]


class Doing:
    """What is done on a main screen and on the cards over it, one thing after another."""

    def __init__(self, screen: "MainScreen") -> None:
        self.screen = screen
        self._way_back: Deed | None = None  # of what the journal does not know of
        self._until = 0.0  # monotonic
        self._waits = False  # for files from a server

    @property
    def parts(self) -> "Parts | None":
        return self.screen.parts

    @property
    def status(self) -> StatusLine:
        """The line that says what was done: the one nearest to the eye."""
        found = (getattr(one, "status", None) for one in reversed(self.screen.app.screen_stack))
        return next((line for line in found if isinstance(line, StatusLine)), self.screen.status)

    def run(self, work: Deed, *, undo: bool = False) -> None:
        """Do `work`, and say the sentence that it gives. `undo`: it can be taken back."""
        begin(self.screen, partial(self._said, work, undo=undo), "deeds")

    async def _said(self, work: Deed, *, undo: bool) -> None:
        try:
            text = await work()
        except TuiMailError as error:
            held_keys.held(self.screen).forget()
            self.status.say(safe(error.message), wrong=True)
            return
        if undo:
            self._way_back = None
        if text:
            self.status.say(text, undo=undo)

    def with_files(self, opened: "OpenedMessage", then: "Callable[[OpenedMessage], None]") -> None:
        """Do `then` with a message when its files are here; those with its server are fetched."""
        if opened.away:
            held_keys.held(self.screen).forget()
            begin(self.screen, partial(self._waiting, opened, then), _FILES, latest=True)
        else:
            then(opened)

    async def _waiting(
        self, opened: "OpenedMessage", then: "Callable[[OpenedMessage], None]"
    ) -> None:
        assert self.parts is not None
        words = safe(_("Fetching the files from the server…  Esc leaves it"))
        timer = self.screen.set_timer(_LONG_SECONDS, partial(self.status.say, words))
        self._waits = True
        try:
            found = await deeds.with_files(self.parts, opened)
        except TuiMailError as error:
            self.status.say(safe(error.message), wrong=True)
            return
        finally:
            self._waits = False
            timer.stop()
        self.status.say(SafeText(""))
        then(found)

    def leave(self) -> bool:
        """Wait for files no more; whether anybody did. They come all the same."""
        if not self._waits:
            return False
        self.screen.workers.cancel_group(self.screen, _FILES)
        self.status.say(safe(_("Not waited for: the files come when the server gives them.")))
        return True

    def offer(self, seconds: float, way_back: Deed) -> None:
        """For some seconds undo is `way_back`, until something else is done."""
        self._way_back, self._until = way_back, monotonic() + seconds

    def undo(self) -> None:
        """Take back what was done last."""
        if self.parts is None:
            return
        way_back, self._way_back = self._way_back, None
        if way_back is not None and monotonic() < self._until:
            self.run(way_back)
        else:
            self.run(partial(deeds.undo, self.parts))

    def redo(self) -> None:
        """Do again what was taken back last."""
        if self.parts is not None:
            self.run(partial(deeds.redo, self.parts))
