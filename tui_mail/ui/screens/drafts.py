"""The letters that are being written, to go on with one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from tui_mail.db.draft_content import decode
from tui_mail.db.rows import DraftRow
from tui_mail.errors import WrongData
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui import formats
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit


class DraftsScreen(PickScreen[DraftRow]):
    """Gives back the draft that was chosen."""

    def __init__(self, rows: Sequence[DraftRow]) -> None:
        super().__init__(safe(_("Drafts")), self._fitting)
        self._rows = [(row, *_named(row)) for row in rows]

    async def _fitting(self, text: str) -> list[Choice[DraftRow]]:
        now = datetime.now(UTC)
        words = folded(text).split()
        return [
            Choice(partial(_draw, row, to, subject, now), row)
            for row, to, subject in self._rows
            if all(word in folded(f"{to} {subject}") for word in words)
        ]


def _named(row: DraftRow) -> tuple[SafeText, SafeText]:
    """To whom and about what a draft is."""
    try:
        content = decode(row.content)
    except WrongData as error:
        return SafeText(""), safe(error.message)
    return safe(content.to), safe(content.subject) or safe(_("(no subject)"))


def _draw(row: DraftRow, to: SafeText, subject: SafeText, now: datetime, width: int) -> Line:
    who = max(12, width * 32 // 100)
    when = formats.when(row.updated_at, now)
    return (
        Piece(SafeText(f"   {fit(to or SafeText('–'), who)} ")),
        Piece(SafeText(f"{fit(subject, max(8, width - who - 15))} ")),
        Piece(fit(when, 9, right=True), "dim"),
    )
