"""Messages that are read without being the list's row, and the way back to where they were opened.

Hides what has to be as it was there: the panel, the message beside it, the cards on top.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_mail.db.rows import ListRow
from tui_mail.ui.screens.trace import CardPlace

if TYPE_CHECKING:
    from tui_mail.ui.screens.main import MainScreen


@dataclass(frozen=True, slots=True)
class _Left:
    """A place that was left to read `row`: `message_id` was in hand there, `cards` were on top."""

    panel: str
    message_id: int | None
    row: ListRow
    cards: Sequence[CardPlace]


class WayBack:
    """The places of a main screen that were left for a message, the latest last."""

    def __init__(self, screen: "MainScreen") -> None:
        self._screen = screen
        self._left: list[_Left] = []

    def __bool__(self) -> bool:
        """Whether another message than the list's row is in hand."""
        return bool(self._left)

    def read(self, row: ListRow, cards: Sequence[CardPlace] = ()) -> None:
        """Read a message of a panel, or of the last one of these cards."""
        screen = self._screen
        self._left.append(_Left(screen.panel, screen.records.message_id, row, cards))
        screen.read(row)

    def forget(self) -> None:
        """The list's row is in hand again."""
        self._left.clear()

    def go(self) -> bool:
        """Go back one place, all there as it was; False when there is none to go back to."""
        if not self._left:
            return False
        left = self._left.pop()
        screen = self._screen
        screen.records.show(left.message_id, at=left.row if left.panel == "records" else None)
        screen.go_to(left.panel)
        if left.message_id is not None and screen.sees_reader:
            screen.reader.open(left.message_id, by_hand=left.panel == "reader")
        if left.cards:
            screen.desk.show_cards(left.cards)
        return True
