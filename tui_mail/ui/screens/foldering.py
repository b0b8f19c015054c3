"""Folders by hand: named, renamed, deleted; what is done, and the sentence that says so."""

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import FolderRow
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


class FolderName(PickScreen[str]):
    """Gives back a name for a folder; `/` in it puts it into another."""

    def __init__(self, heading: SafeText, beside: SafeText) -> None:
        super().__init__(
            heading, self._typed, placeholder=_("a name; Customers/Rossi: in Customers")
        )
        self._beside = beside

    async def _typed(self, text: str) -> list[Choice[str]]:
        name = "/".join(" ".join(part.split()) for part in text.strip().split("/"))
        return [Choice(partial(self._draw, name), name)] if name else []

    def _draw(self, name: str, width: int) -> Line:
        first = max(16, width // 2)
        return (
            Piece(fit(SafeText(f"   {safe(name)}"), first)),
            Piece(fit(self._beside, max(1, width - first)), "dim"),
        )


def _create(
    session: "Session", operator_id: int, account_id: int, name: str, now: datetime
) -> None:
    from tui_mail.db.folder_verbs import create_folder

    create_folder(session, operator_id, account_id, name, now)


async def create(parts: "Parts", account_id: int, name: str) -> SafeText:
    """Make a folder; the sentence. Raises NotAllowed, WrongUse."""
    await parts.database.write(_create, parts.operator_id, account_id, name, datetime.now(UTC))
    return safe(_("Made the folder “{name}”").format(name=name))


def _rename(session: "Session", operator_id: int, folder_id: int, name: str, now: datetime) -> None:
    from tui_mail.db.folder_verbs import rename_folder

    rename_folder(session, operator_id, folder_id, name, now)


async def rename(parts: "Parts", row: FolderRow, name: str) -> SafeText:
    """Call a folder otherwise; the sentence. Raises NotAllowed, NotFound, WrongUse."""
    now = datetime.now(UTC)
    await parts.database.write(_rename, parts.operator_id, row.folder_id, name, now)
    return safe(_("The folder is called “{name}”").format(name=name))


def _delete(session: "Session", operator_id: int, folder_id: int, now: datetime) -> None:
    from tui_mail.db.folder_verbs import remove_folder

    remove_folder(session, operator_id, folder_id, now)


async def delete(parts: "Parts", row: FolderRow) -> SafeText:
    """Delete a folder; the sentence. Raises NotAllowed, NotFound, WrongUse."""
    await parts.database.write(_delete, parts.operator_id, row.folder_id, datetime.now(UTC))
    if not row.total:
        return safe(_("Deleted the folder “{name}”").format(name=row.name))
    sentence = ngettext(
        "Deleted the folder “{name}”; its {number} message is in the trash",
        "Deleted the folder “{name}”; its {number} messages are in the trash",
        row.total,
    )
    return safe(sentence.format(name=row.name, number=row.total))
