"""Choosing a record that a letter is about: type, see, Enter."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from tui_mail.db.rows import EntityRow
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.ui.screens.link import Candidate, draw
from tui_mail.ui.screens.pick import Choice, PickScreen


class AboutScreen(PickScreen[EntityRow]):
    """Gives back the record that was chosen; opens on what `find` gives for nothing typed."""

    def __init__(self, find: Callable[[str], Awaitable[Sequence[EntityRow]]]) -> None:
        super().__init__(safe(_("The letter is about")), self._fitting)
        self._records = find

    async def _fitting(self, text: str) -> list[Choice[EntityRow]]:
        today = datetime.now(UTC).astimezone().date()
        return [
            Choice(partial(draw, _candidate(row), today), row) for row in await self._records(text)
        ]


def _candidate(row: EntityRow) -> Candidate:
    return Candidate(row.id, row.kind, row.code, row.title, row.party, row.date, row.amount)
