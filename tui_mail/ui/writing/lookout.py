"""What lies around a letter: who its recipients are, whether a colleague answers, too.

Hides when the database is asked, and draws the lines that tell of it.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tui_mail.db.draft_content import DraftContent
from tui_mail.db.rows import EntityRow
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.widgets.text import Line, Piece, width_of
from tui_mail.ui.writing.read import Surroundings, records_for, surroundings
from tui_mail.ui.writing.review import Answered, Remark, Weight, recipients_of, review
from tui_mail.ui.writing.start import FORWARD
from tui_mail.values import BodyFormat
from tui_mail.worker.drafting import Sheet

if TYPE_CHECKING:
    from tui_mail.ui.parts import Parts

_HEAVY = SafeText("━" * 400)
_SIGNS = {Weight.STOP: ("⚠", "error"), Weight.LOOK: ("⚠", "warning"), Weight.WELL: ("✓", "accent")}


class Lookout:
    """Asks the database about one letter."""

    def __init__(self, parts: "Parts", sheet: Sheet) -> None:
        self._parts = parts
        self._answered_id = None if sheet.answer == FORWARD else sheet.in_reply_to_id
        self._around = Surroundings({})

    async def look(self, content: DraftContent) -> None:
        """Read what is around the letter as it is now. Raises what the database raises."""
        boxes, _wrong = recipients_of(content)
        self._around = await self._parts.database.read(
            surroundings,
            self._parts.operator_id,
            [box.address for box in boxes],
            self._answered_id,
        )

    @property
    def answered(self) -> Answered | None:
        """The colleague who answers the same message."""
        colleague = self._around.colleague
        if colleague is None:
            return None
        return Answered(colleague.name, formats.clock(colleague.at), sent=colleague.sent)

    def remarks(
        self, content: DraftContent, records: Collection[EntityRow], *, sends: bool
    ) -> list[Remark]:
        """What there is to say of the letter; `sends`: its account has a sending server."""
        return review(content, records, self._around.people, self.answered, sends=sends)

    async def records(self, text: str) -> list[EntityRow]:
        """Records for typed words; without any, those of the recipients."""
        today = datetime.now(UTC).astimezone().date()
        parties = {one for person in self._around.people.values() for one in person.party_ids}
        return await self._parts.database.read(records_for, text, parties, today)


def review_line(remarks: Sequence[Remark], width: int) -> Line:
    """As many remarks as one line of `width` cells holds, the gravest first, the first in any case."""
    pieces: list[Piece] = []
    left = width
    for remark in remarks:
        left -= width_of(remark.text) + 4
        if left < 0 and pieces:
            break
        sign, style = _SIGNS[remark.weight]
        words = "dim" if remark.weight is Weight.WELL else style
        pieces += [Piece(SafeText(f" {sign} "), style), Piece(SafeText(f"{remark.text} "), words)]
    return tuple(pieces)


def title_line(heading: SafeText, form: BodyFormat, saved_at: datetime | None) -> tuple[Line, Line]:
    """What is being written, at left; how it will go and when it was saved, at right."""
    states = []
    if form is not BodyFormat.TEXT:
        states.append("HTML" if form is BodyFormat.HTML else "Markdown")
    if saved_at is not None:
        states.append(_("draft saved {time}").format(time=formats.clock(saved_at)))
    left = (
        Piece(SafeText("━ "), "accent"),
        Piece(heading, "accent bold"),
        Piece(SafeText(f" {_HEAVY}"), "accent"),
    )
    if not states:
        return left, ()
    return left, (Piece(safe(f" {' · '.join(states)} "), "dim"), Piece(SafeText("━"), "accent"))
