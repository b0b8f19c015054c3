"""Saved searches by hand: named, changed, put in order; what is done, and the sentence that says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import SavedRow
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


@dataclass(frozen=True, slots=True)
class Name:
    """A name for a search, and whether all operators see it."""

    text: str
    shared: bool = False


class NamePick(PickScreen[Name]):
    """Gives back the name under which a search is kept: what is typed, or one that is there."""

    def __init__(self, heading: SafeText, known: Sequence[SavedRow]) -> None:
        super().__init__(
            heading,
            self._find_names,
            placeholder=_("a name, or part of one that is to be replaced"),
        )
        self._known = known

    async def _find_names(self, text: str) -> list[Choice[Name]]:
        typed = " ".join(text.split())
        if not typed:  # Enter alone must not put this search in the place of another
            return []
        found = [
            Choice(partial(_draw, typed, safe(_("for me"))), Name(typed)),
            Choice(partial(_draw, typed, safe(_("for all"))), Name(typed, shared=True)),
        ]
        own = [row for row in self._known if row.own and folded(typed) in folded(row.name)]
        return found + [
            Choice(partial(_draw, row.name, safe(_("instead of this"))), Name(row.name, row.shared))
            for row in own
            if folded(row.name) != folded(typed)
        ]


def _draw(name: str, beside: SafeText, width: int) -> Line:
    first = max(16, width // 2)
    return (
        Piece(fit(SafeText(f"   {safe(name)}"), first)),
        Piece(fit(beside, max(1, width - first)), "dim"),
    )


def _save(
    session: "Session", operator_id: int, name: str, query: str, shared: bool, now: datetime
) -> str:
    """The name of the search in whose place it is kept, "" for none."""
    from tui_mail.db.saved_list import saved_searches
    from tui_mail.db.saved_searches import save_search

    known = saved_searches(session, operator_id)
    save_search(session, operator_id, name, query, now, shared=shared)
    return next((row.name for row in known if row.own and folded(row.name) == folded(name)), "")


async def save(parts: "Parts", name: Name, query: str) -> SafeText:
    """Keep a query under a name; the sentence. Raises WrongUse."""
    now = datetime.now(UTC)
    replaced = await parts.database.write(
        _save, parts.operator_id, name.text, query, name.shared, now
    )
    if replaced:
        return safe(_("Replaced “{name}”").format(name=replaced))
    return safe(_("Saved the search “{name}”").format(name=name.text))


def _rename(session: "Session", operator_id: int, row: SavedRow, name: Name, now: datetime) -> None:
    from tui_mail.db.saved_searches import rename_search, share_search

    if name.text != row.name:
        rename_search(session, operator_id, row.id, name.text, now)
    if name.shared != row.shared:
        share_search(session, operator_id, row.id, name.shared, now)


async def rename(parts: "Parts", row: SavedRow, name: Name) -> SafeText:
    """Give a search another name or show it to others; the sentence."""
    await parts.database.write(_rename, parts.operator_id, row, name, datetime.now(UTC))
    return safe(_("The search is called “{name}”").format(name=name.text))


def _delete(session: "Session", operator_id: int, row: SavedRow, now: datetime) -> None:
    from tui_mail.db.saved_searches import delete_search

    delete_search(session, operator_id, row.id, now)


async def delete(parts: "Parts", row: SavedRow) -> SafeText:
    """Forget a search; the sentence."""
    await parts.database.write(_delete, parts.operator_id, row, datetime.now(UTC))
    return safe(_("Deleted the search “{name}”; its mail stays").format(name=row.name))


def _move(session: "Session", operator_id: int, row: SavedRow, step: int, now: datetime) -> None:
    from tui_mail.db.saved_searches import move_search

    move_search(session, operator_id, row.id, step, now)


async def move(parts: "Parts", row: SavedRow, step: int) -> SafeText:
    """Put a search further down or up; nothing to say."""
    await parts.database.write(_move, parts.operator_id, row, step, datetime.now(UTC))
    return SafeText("")
