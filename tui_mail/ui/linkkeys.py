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
    _number = 0  # what the figures typed so far make
    _meant = 0  # the number that was there when another key was pressed: it is about that
    _typed_at = 0.0  # when the last figure was typed

    def take_links(self, links: Sequence[str], mismatches: Sequence[Mismatch]) -> None:
        """These are the links from now on, by number from 1."""
        if links != self._links:
            self._number = self._meant = 0
        self._links, self._mismatches = links, mismatches

    def on_key(self, event: events.Key) -> None:
        """A bare figure is one of a link's number, which any other key ends."""
        figure = event.key
        if not (figure.isascii() and figure.isdecimal()):
            self._meant, self._number = self._number, 0
            return
        event.stop()
        now = monotonic()
        begun = self._number if now - self._typed_at < _FIGURES_BELONG else 0
        self._number, self._typed_at = (begun * 10 + int(figure)) % 10_000, now
        target = self._link_target(self._number)
        if target is not None:
            words = _("link {number}: {target}  ·  o see it in whole  y copy").format(
                number=self._number, target=_label(target)
            )
            self.post_message(Said(safe(words)))

    def action_open_link(self) -> None:
        number, target = self._chosen_link()
        if target is not None:
            found = (one for one in self._mismatches if one.number == number)
            self.post_message(LinkChosen(number, target, next(found, None)))

    def action_copy_link(self) -> None:
        _number, target = self._chosen_link()
        if target is not None:
            self.app.copy_to_clipboard(safe(target))
            words = _("copied: {target}").format(target=_label(target))
            self.post_message(Said(safe(words)))

    def _link_target(self, number: int) -> str | None:
        return self._links[number - 1] if 0 < number <= len(self._links) else None

    def _chosen_link(self) -> tuple[int, str | None]:
        """The link of the number that was typed, or the only one; says so when there is none.

        The number has done its work then: the next one is typed anew.
        """
        number, self._meant = self._meant, 0
        if monotonic() - self._typed_at > _NUMBER_HOLDS:
            number = 0
        if not number and len(self._links) == 1:
            number = 1
        target = self._link_target(number)
        if target is None:
            self.post_message(Said(safe(_no_link(number, len(self._links)))))
        return number, target


def _no_link(number: int, count: int) -> str:
    if not count:
        return _("The message has no links.")
    if not number:
        return _("Type the number of a link first.")
    return _("The message has no link {number}.").format(number=number)


def _label(target: str) -> str:
    from tui_mail.mail.links import link_label

    return link_label(target)
