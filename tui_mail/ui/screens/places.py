"""Places that one goes to by typing: a folder, a document, a customer."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import EntityRow, FolderRow
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


class PlacePick(PickScreen[FolderRow]):
    """Gives back the folder that was chosen."""

    def __init__(self, heading: SafeText, rows: Sequence[FolderRow]) -> None:
        super().__init__(heading, self._fitting)
        self._rows = rows

    async def _fitting(self, text: str) -> list[Choice[FolderRow]]:
        wanted = folded(text).split()
        found = []
        for row in self._rows:
            name = folded(f"{row.account} {row.name} {folder_name(row.role, row.name)}")
            if all(word in name for word in wanted):
                found.append(Choice(partial(_draw_folder, row), row))
        return found


class RecordPick(PickScreen[int]):
    """Gives back the id of the record that was chosen. `sort`: "document" or "party"."""

    def __init__(self, parts: "Parts", sort: str) -> None:
        heading = _("Go to a document") if sort == "document" else _("Go to a customer")
        super().__init__(safe(heading), self._records, placeholder=_("number, name, amount"))
        self._parts = parts
        self._kinds = DOCUMENT_KINDS if sort == "document" else PARTY_KINDS

    async def _records(self, text: str) -> list[Choice[int]]:
        if not text.strip():
            return []
        today = datetime.now(UTC).astimezone().date()
        rows = await self._parts.database.read(_find, text, self._kinds)
        return [Choice(partial(_draw_record, row, today), row.id) for row in rows]


def _draw_folder(row: FolderRow, width: int) -> Line:
    unread = str(row.unread) if row.unread else ""
    return (
        Piece(fit(SafeText(f"   {folder_name(row.role, row.name)}"), max(16, width // 2))),
        Piece(fit(account_name(row.account), max(1, width - max(16, width // 2) - 8)), "dim"),
        Piece(fit(SafeText(unread), 7, right=True), "accent"),
    )


def _draw_record(row: EntityRow, today: "Day", width: int) -> Line:
    if is_party(row.kind):
        name, beside = (
            safe(row.title or row.code),
            SafeText(f"{kind_name(row.kind)} {safe(row.code)}"),
        )
    else:
        name = SafeText(f"{kind_name(row.kind)} {formats.short_code(row.code, today)}")
        beside = safe(row.party)
    first = max(20, width * 40 // 100)
    day = formats.short_day(row.date, today) if row.date else SafeText("")
    amount = formats.money(row.amount, row.currency) if row.amount is not None else SafeText("")
    return (
        Piece(fit(SafeText(f"   {name}"), first)),
        Piece(fit(SafeText(f" {beside}"), max(1, width - first - 26)), "dim"),
        Piece(fit(day, 9, right=True), "dim"),
        Piece(fit(amount, 15, right=True)),
    )
