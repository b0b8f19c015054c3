"""Places that one goes to by typing: a folder, a saved search, a document, a customer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import EntityRow, FolderRow, SavedRow
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui import formats
from tui_mail.ui.kinds import account_name, folder_name, is_party, kind_name
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit
from tui_mail.values import DOCUMENT_KINDS, PARTY_KINDS

if TYPE_CHECKING:
    from datetime import date as Day

    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


def _find(session: "Session", text: str, kinds: Sequence[str]) -> list[EntityRow]:
    from tui_mail.db.erp import find_entities

    return find_entities(session, text, kinds=kinds, limit=40)


class MailFolderPick(PickScreen[FolderRow]):
    """Gives back the folder that was chosen."""

    def __init__(self, heading: SafeText, rows: Sequence[FolderRow]) -> None:
        super().__init__(heading, self._fitting)
        self._rows = rows

    async def _fitting(self, text: str) -> list[Choice[FolderRow]]:
        fitting = _folders(self._rows, text)
        return [Choice(partial(_draw_folder, row), row) for row in fitting]


class PlacePick(PickScreen[FolderRow | SavedRow]):
    """Gives back the folder or saved search that was chosen."""

    def __init__(self, rows: Sequence[FolderRow], searches: Sequence[SavedRow]) -> None:
        super().__init__(safe(_("Go to a folder or a saved search")), self._fitting)
        self._rows, self._searches = rows, searches

    async def _fitting(self, text: str) -> list[Choice[FolderRow | SavedRow]]:
        found: list[Choice[FolderRow | SavedRow]] = [
            Choice(partial(_draw_folder, row), row) for row in _folders(self._rows, text)
        ]
        named = (one for one in self._searches if _fits(text, one.name))
        found.extend(Choice(partial(_draw_search, one), one) for one in named)
        return found


def _folders(rows: Sequence[FolderRow], text: str) -> list[FolderRow]:
    return [
        row
        for row in rows
        if _fits(text, f"{row.account} {row.name} {folder_name(row.role, row.name)}")
    ]


def _fits(text: str, name: str) -> bool:
    """Whether every word that was typed is in the name."""
    return all(word in folded(name) for word in folded(text).split())


class RecordPick(PickScreen[int]):
    """Gives back the id of the record that was chosen. `sort`: "document" or "party"."""

    def __init__(self, parts: "Parts", sort: str) -> None:
        heading, empty = _("Go to a customer"), _("Type a name or a code.")
        placeholder = _("name, code")
        if sort == "document":
            heading, empty = _("Go to a document"), _("Type a number, a name or an amount.")
            placeholder = _("number, name, amount")
        super().__init__(safe(heading), self._records, placeholder=placeholder, empty=empty)
        self._parts = parts
        self._kinds = DOCUMENT_KINDS if sort == "document" else PARTY_KINDS

    async def _records(self, text: str) -> list[Choice[int]]:
        if not text.strip():
            return []
        today = datetime.now(UTC).astimezone().date()
        rows = await self._parts.database.read(_find, text, self._kinds)
        return [Choice(partial(draw_record, row, today), row.id) for row in rows]


def _draw_folder(row: FolderRow, width: int) -> Line:
    unread = str(row.unread) if row.unread else ""
    return (
        Piece(fit(SafeText(f"   {folder_name(row.role, row.name)}"), max(16, width // 2))),
        Piece(fit(account_name(row.account), max(1, width - max(16, width // 2) - 8)), "dim"),
        Piece(fit(SafeText(unread), 7, right=True), "accent"),
    )


def _draw_search(row: SavedRow, width: int) -> Line:
    first = max(16, width // 2)
    return (
        Piece(fit(SafeText(f"   {safe(row.name)}"), first)),
        Piece(fit(safe(_("saved search")), max(1, width - first)), "dim"),
    )


def draw_record(row: EntityRow, today: "Day", width: int) -> Line:
    """A record to be chosen, as one line."""
    if is_party(row.kind):
        name, beside = (
            safe(row.title or row.code),
            SafeText(f"{kind_name(row.kind)} {safe(row.code)}"),
        )
    else:
        name = SafeText(f"{kind_name(row.kind)} {formats.short_code(row.code, today)}")
        beside = safe(row.party)
    first = max(20, width * 40 // 100)
    day = formats.short_day(row.day, today) if row.day else SafeText("")
    amount = formats.money(row.amount, row.currency) if row.amount is not None else SafeText("")
    return (
        Piece(fit(SafeText(f"   {name}"), first)),
        Piece(fit(SafeText(f" {beside}"), max(1, width - first - 26)), "dim"),
        Piece(fit(day, 9, right=True), "dim"),
        Piece(fit(amount, 15, right=True)),
    )
