"""Links by their numbers: figures choose one, a letter says what is to be done with it."""

from collections.abc import Sequence
from time import monotonic
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message

from tui_mail.i18n import _, msgid
from tui_mail.safetext import safe
from tui_mail.ui.keys import bind
from tui_mail.ui.notices import Said
from tui_mail.values import Mismatch

if TYPE_CHECKING:
    from textual.widget import Widget

    _Base = Widget
else:
    _Base = object

_FIGURES_BELONG = 3.0  # seconds between the figures of one number
_NUMBER_HOLDS = 20.0  # seconds that a number waits for what is to be done with it

LINKS = [
    bind("reader.link", "o", "open_link", msgid("see a link: its number, then this")),
    bind("reader.copy_link", "y", "copy_link", msgid("copy a link: its number, then this")),
]


class LinkChosen(Message):
    """A link is to be seen in whole, with what its text claims where that is another host."""

    def __init__(self, number: int, target: str, mismatch: Mismatch | None) -> None:
        super().__init__()
        self.number = number
        self.target = target
        self.mismatch = mismatch


class LinkKeys(_Base):
    """Actions of `LINKS` for a panel that shows numbered links."""

    _links: Sequence[str] = ()
    _mismatches: Sequence[Mismatch] = ()
    _number = 0
    _typed_at = 0.0  # when the last figure was typed

    def take_links(self, links: Sequence[str], mismatches: Sequence[Mismatch]) -> None:
        """These are the links from now on, by number from 1."""
        if links != self._links:
            self._number = 0
        self._links, self._mismatches = links, mismatches

    def on_key(self, event: events.Key) -> None:
        """A bare figure is one of a link's number; with Alt it leads to a panel."""
        figure = event.key
        if not (figure.isascii() and figure.isdecimal()):
            return
        event.stop()
        now = monotonic()
        begun = self._number if now - self._typed_at < _FIGURES_BELONG else 0
        self._number, self._typed_at = (begun * 10 + int(figure)) % 10_000, now
        target = self._link_target()
        if target is not None:
            words = _("link {number}: {target}  ·  o see it in whole  y copy").format(
                number=self._number, target=_label(target)
            )
            self.post_message(Said(safe(words)))

    def action_open_link(self) -> None:
        target = self._chosen_link()
        if target is not None:
            found = (one for one in self._mismatches if one.number == self._number)
            self.post_message(LinkChosen(self._number, target, next(found, None)))

    def action_copy_link(self) -> None:
        target = self._chosen_link()
        if target is not None:
            self.app.copy_to_clipboard(safe(target))
            words = _("copied: {target}").format(target=_label(target))
            self.post_message(Said(safe(words)))

    def _link_target(self) -> str | None:
        is_there = 0 < self._number <= len(self._links)
        return self._links[self._number - 1] if is_there else None

    def _chosen_link(self) -> str | None:
        """The link of the number that was typed, or the only one; says so when there is none."""
        if monotonic() - self._typed_at > _NUMBER_HOLDS:
            self._number = 0
        if not self._number and len(self._links) == 1:
            self._number = 1
        target = self._link_target()
        if target is None:
            self.post_message(Said(safe(self._no_link(len(self._links)))))
        return target

    def _no_link(self, count: int) -> str:
        if not count:
            return _("The message has no links.")
        if not self._number:
            return _("Type the number of a link first.")
        return _("The message has no link {number}.").format(number=self._number)


def _label(target: str) -> str:
    from tui_mail.mail.links import link_label

    return link_label(target)
