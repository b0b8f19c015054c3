"""Whether a person would have seen what stands at a place of a page, element by element."""

from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from tui_mail.mail.colours import UNKNOWN, are_alike
from tui_mail.mail.declarations import NOTHING
from tui_mail.mail.elements import SKIPPED, Attributes, is_tracker, said_of
from tui_mail.mail.stylesheet import StyleSheet, merged

_WHITE, _BLACK = 0xFFFFFF, 0x000000


@dataclass(frozen=True, slots=True)
class _View:
    """How text looks in an element."""

    ink: int
    paper: int
    tiny: bool = False
    flat: bool = False
    unseen: bool = False


class Sight:
    """The elements that are open, as far as they hide what is in them. `hidden` counts what was."""

    def __init__(self, sheet: StyleSheet) -> None:
        self.hidden = 0
        self._sheet = None if sheet.is_empty else sheet
        # Where a rule that was not understood paints, white text may well be seen.
        self._views = [_View(_BLACK, UNKNOWN if sheet.paints_unseen else _WHITE)]

    def enter(self, node: LexborNode, tag: str) -> Attributes | None:
        """Begin an element: its attributes, None when nothing of it is seen; then it is not begun."""
        if tag in SKIPPED:
            return None
        attributes = node.attributes
        said = said_of(tag, attributes)
        if self._sheet is not None:
            said = merged(self._sheet.said_of(tag, attributes), said)
        if said.hidden or (tag == "img" and is_tracker(attributes)):
            self.hidden += 1
            return None
        outer = self._views[-1]
        if said is NOTHING and tag != "a" and not outer.flat:
            self._views.append(outer)
            return attributes
        ink = UNKNOWN if tag == "a" else outer.ink  # links have a colour of their own
        ink = ink if said.ink is None else said.ink
        paper = outer.paper if said.paper is None else said.paper
        tiny = outer.tiny if said.tiny is None else said.tiny
        view = _View(ink, paper, tiny, bool(said.flat), tiny or are_alike(ink, paper))
        self._views.append(view)
        return attributes

    def leave(self) -> None:
        """The element that was begun last ends."""
        self._views.pop()

    @property
    def is_flat(self) -> bool:
        """Whether the element has no margin above and below."""
        return self._views[-1].flat

    def sees(self, text: str) -> bool:
        """Whether text is seen here; it is counted when it is not, and says something."""
        if not self._views[-1].unseen:
            return True
        if text.strip():
            self.hidden += 1
        return False
