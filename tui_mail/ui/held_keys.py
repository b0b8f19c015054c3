"""Keys that are typed while a screen is on its way: they are meant for it, not for what is below.

Over SSH several keys come at once; without this the letter begun after `r` would be read as
commands of the list.
"""

from collections.abc import Callable
from time import monotonic

from textual import events
from textual.dom import DOMNode

_LONGEST_SECONDS = 3.0

_Key = events.Key | events.Paste


class HeldKeys:
    """Keeps keys from `hold` to `release`, which hands them on in the order they were typed."""

    def __init__(self, hand_on: Callable[[_Key], object]) -> None:
        self._hand_on = hand_on
        self._kept: list[_Key] = []
        self._until = 0.0  # monotonic
        self._released = 0.0  # monotonic, as the time of events is
        self.times = 0  # how often keys were held

    @property
    def holding(self) -> bool:
        """Whether keys are kept; when the screen does not come in time, they are forgotten."""
        if self._until and monotonic() > self._until:
            self.forget()
        return self._until > 0

    def hold(self) -> None:
        """Keep what is typed from now on."""
        self.times += 1
        self._until = monotonic() + _LONGEST_SECONDS

    def keep(self, event: _Key) -> None:
        self._kept.append(event)

    def is_late(self, event: _Key) -> bool:
        """Whether an event was typed before the screen was there, and has been on its way since."""
        return event.time < self._released

    def release(self) -> None:
        """The screen is there: what was typed goes to it."""
        self._until = 0.0
        self._released = monotonic()
        kept, self._kept = sorted(self._kept, key=lambda event: event.time), []
        for event in kept:
            self.hand_on(event)

    def hand_on(self, event: _Key) -> None:
        """To the screen that is there now."""
        self._hand_on(
            events.Key(event.key, event.character)
            if isinstance(event, events.Key)
            else events.Paste(event.text)
        )

    def forget(self) -> None:
        """The screen did not come: what was typed for it must not act on anything else."""
        self._until = 0.0
        self._kept.clear()


def held(node: DOMNode) -> HeldKeys:
    """The held keys of the application that a widget is in; its own where it has none (a test's)."""
    found = getattr(node.app, "held", None)
    return found if isinstance(found, HeldKeys) else HeldKeys(lambda _key: None)
