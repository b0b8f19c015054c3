"""Which record a folder stands for: opens on what it is called after, typing searches all records."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import EntityRow, FolderRow
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.kinds import folder_name
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.screens.places import draw_record
from tui_mail.ui.widgets.text import Line, plain

if TYPE_CHECKING:
    from datetime import date as Day

    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


@dataclass(frozen=True, slots=True)
class Standing:
    """What a folder is to stand for; None: for nothing any more."""

    record: EntityRow | None


def _read(
    session: "Session", operator_id: int, folder_id: int, text: str
) -> tuple[EntityRow | None, list[EntityRow]]:
    """What the folder stands for now, and what it may: what `text` finds, else what it is called after."""
    from tui_mail.db.erp import find_entities
    from tui_mail.db.folder_records import folder_records, proposed

    now = folder_records(session, operator_id).get(folder_id)
    if text.strip():
        return now, find_entities(session, text, limit=40)
    alike = proposed(session, operator_id)
    return now, [one.record for one in alike if one.folder.folder_id == folder_id]


class FolderRecordPick(PickScreen[Standing]):
    """Gives back what a folder is to stand for."""

    def __init__(self, parts: "Parts", row: FolderRow) -> None:
        self._name = folder_name(row.role, row.name)
        super().__init__(
            safe(_("Which record does the folder “{name}” stand for?").format(name=self._name)),
            self._fitting,
            placeholder=_("number, name, amount, reference"),
            empty=_("Nothing is proposed: type a number, a name or an amount."),
        )
        self._parts = parts
        self._row = row

    async def _fitting(self, text: str) -> list[Choice[Standing]]:
        today = datetime.now(UTC).astimezone().date()
        now, found = await self._parts.database.read(
            _read, self._parts.operator_id, self._row.folder_id, text
        )
        choices = [Choice(partial(draw_record, one, today), Standing(one)) for one in found]
        if now is not None and not text.strip():
            words = _("stands for {record}: Enter ends that").format(record=_called(now, today))
            choices.insert(0, Choice(partial(_draw, safe(words)), Standing(None)))
        return choices


def _draw(text: SafeText, _width: int) -> Line:
    return plain(SafeText(f"   {text}"))


def _called(row: EntityRow, today: "Day") -> SafeText:
    return formats.record(row.kind, row.code, row.title, today)


def _stand(
    session: "Session", operator_id: int, folder_id: int, entity_id: int | None, now: datetime
) -> None:
    from tui_mail.db.folder_records import stand_for, stand_for_none

    if entity_id is None:
        stand_for_none(session, operator_id, folder_id, now)
    else:
        stand_for(session, operator_id, folder_id, entity_id, now)


async def stand(parts: "Parts", row: FolderRow, standing: Standing) -> SafeText:
    """Have a folder stand for a record, or for none; the sentence.

    Raises NotAllowed, NotFound, WrongUse.
    """
    now = datetime.now(UTC)
    record = standing.record
    entity_id = record.id if record is not None else None
    await parts.database.write(_stand, parts.operator_id, row.folder_id, entity_id, now)
    name = folder_name(row.role, row.name)
    if record is None:
        return safe(_("“{name}” stands for no record any more").format(name=name))
    called = _called(record, now.astimezone().date())
    return safe(
        _("“{name}” stands for {record}: what is put there is linked to it").format(
            name=name, record=called
        )
    )
