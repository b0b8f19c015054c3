"""The terminal's answer to who it is, taken out of what is typed. Hides that it may come in pieces,
late or never; no key is lost by it.
"""

import re
from collections.abc import Callable
from threading import Event
from time import monotonic

QUESTION = "\x1b[>q"  # XTVERSION of xterm's control sequences
_ANSWER = re.compile(r"\x1bP>\|([^\x00-\x1f\x7f]{0,200})(?:\x1b\\|\x07)")
# The beginning of one at the end of what came: so little of it may be a key that was pressed…
_PERHAPS = re.compile(r"\x1b(?:P>?)?\Z")
_BEGUN = re.compile(r"\x1bP>\|[^\x00-\x1f\x7f]{0,200}\x1b?\Z")  # …and so much cannot
_SECONDS = 3.0  # within which an answer is likely
_SOON_SECONDS = 0.3  # within which nearly all come


class Answers:
    """What comes from the terminal, without the answer; `told` is called with the name in it."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._held = ""
        self._until = 0.0  # monotonic: as long, the beginning of a key may be held back
        self._waiting = False
        self._answered = Event()

    def expect(self) -> None:
        """The question is on its way."""
        self._waiting = True
        self._until = monotonic() + _SECONDS

    def settle(self) -> None:
        """Wait for an answer that is due: one that comes after the end is typed into the shell."""
        if self._waiting:
            self._answered.wait(max(0.0, self._until - _SECONDS + _SOON_SECONDS - monotonic()))

    def take(self, data: str) -> str:
        """What of `data` was typed, together with what had been held back."""
        if not self._waiting:
            return data
        data, self._held = self._held + data, ""
        answer = _ANSWER.search(data)
        if answer is not None:
            self._waiting = False
            self._answered.set()
            self._told(answer[1])
            return data[: answer.start()] + data[answer.end() :]
        begun = _BEGUN.search(data) or (
            _PERHAPS.search(data) if monotonic() < self._until else None
        )
        if begun is None:
            return data
        self._held = begun[0]
        return data[: begun.start()]

    def idle(self) -> str:
        """Nothing came for a while: what was held back and was typed after all."""
        held, self._held = self._held, ""
        if _BEGUN.fullmatch(held):
            if monotonic() < self._until:
                self._held = held
            return ""  # the rest of an answer that never came is no key
        return held
