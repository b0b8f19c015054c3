"""Every command by its name: a picker over the bindings in force."""

from collections.abc import Sequence
from functools import partial

from tui_mail.i18n import _
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui.keys import Command, key_name
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit


def palette(rows: Sequence[Command]) -> PickScreen[Command]:
    """The screen that gives back the command to run."""

    async def find(text: str) -> list[Choice[Command]]:
        wanted = folded(text).split()
        return [
            Choice(partial(_draw, row), row)
            for row in rows
            if all(word in folded(_(row.words)) for word in wanted)
        ]

    return PickScreen(safe(_("Commands")), find)


def _draw(row: Command, width: int) -> Line:
    keys = SafeText(" ".join(key_name(key) for key in row.keys[:3]))
    return (
        Piece(fit(safe(f"   {_(row.words)}"), max(1, width - 20))),
        Piece(fit(SafeText(f"{keys} "), 20, right=True), "accent"),
    )
