"""Keys of two strokes: the first one waits for the second, and after a while says which there are."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events

from tui_mail.ui.held_keys import held
from tui_mail.ui.keys import PREFIXES, Next, prefix_hints
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import SafeInput
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from textual.screen import Screen

    _Base = Screen[Any]
else:
    _Base = object

_PREFIX_SECONDS = 0.4


class PrefixKeys(_Base):
    """Actions of `prefixes` for a screen whose last line is `#hints`, below `#status`."""

    prefixes: ClassVar[Mapping[str, tuple[Next, ...]]] = PREFIXES
    _prefix = ""

    def show_hints(self) -> None:
        """The last line: what can be pressed now."""
        raise NotImplementedError

    def follows_not(self, prefix: str, key: str) -> None:
        """A key was pressed that does not follow this prefix here."""

    def takes(self, event: events.Key) -> None:
        """A key that no binding took: it is the second one where a first one was pressed."""
        if not self._prefix:
            return
        event.stop()
        event.prevent_default()
        self._follow(event.character or "")

    def _follow(self, key: str) -> None:
        """Do what `key` means after the prefix."""
        prefix, self._prefix = self._prefix, ""
        self.query_one("#status").display = True
        self.show_hints()
        action = next((item.action for item in self.prefixes[prefix] if item.key == key), "")
        if action:
            held(self).hold()  # at once: what was typed behind it is on its way
            begin(self, partial(self._carry_out, action), "prefix")
        else:
            self.follows_not(prefix, key)

    async def _carry_out(self, action: str) -> None:
        """Keys go on to what is below, unless the action holds them itself, for what is to come."""
        keys = held(self)
        times = keys.times
        try:
            await self.run_action(action)
        finally:
            if keys.times == times:
                keys.release()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        # These come before any widget's keys, or the next key would overtake them on their way
        # up; where words are typed they are letters.
        if action in {"prefix", "search"} and isinstance(self.focused, SafeInput):
            return False
        return super().check_action(action, parameters)

    def action_prefix(self, prefix: str) -> None:
        if self._prefix:
            self._follow(prefix)
            return
        self._prefix = prefix
        if self.prefixes[prefix]:
            self.set_timer(_PREFIX_SECONDS, self._show_prefix)

    def _show_prefix(self) -> None:
        if self._prefix:
            first, *below = prefix_hints(self._prefix, self.prefixes[self._prefix], self.size.width)
            # In place of what just happened, so that nothing above has to move.
            self.query_one("#status").display = not below
            self.query_one("#hints", Bar).show(first, below=below)
