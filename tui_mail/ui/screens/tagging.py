"""Tags by typing: those that there are, and a new one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from tui_mail.i18n import _
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag to be put on, or taken `off`."""

    name: str
    off: bool = False


class TagPick(PickScreen[Tag]):
    """Gives back a tag: one that is there, to be taken off where it is on already, or a new one."""

    def __init__(self, heading: SafeText, known: Sequence[str], on: Collection[str]) -> None:
        super().__init__(
            heading,
            self._fitting,
            placeholder=_("a tag"),
            empty=_("There are no tags yet: type a name for one."),
        )
        self._known = known
        self._on = on

    async def _fitting(self, text: str) -> list[Choice[Tag]]:
        typed = text.strip()
        found = [
            Tag(name, name in self._on) for name in self._known if folded(typed) in folded(name)
        ]
        found.sort(key=lambda tag: not tag.name.lower().startswith(typed.lower()))
        if typed and all(typed.lower() != tag.name.lower() for tag in found):
            found.append(Tag(typed))
        return [Choice(partial(self._draw, tag), tag) for tag in found]

    def _draw(self, tag: Tag, width: int) -> Line:
        first = max(16, width // 2)
        beside = _("take it off") if tag.off else "" if tag.name in self._known else _("a new tag")
        sign = "✓" if tag.off else " "
        return (
            Piece(fit(SafeText(f" {sign} {safe(tag.name)}"), first)),
            Piece(fit(safe(beside), max(1, width - first)), "dim"),
        )
