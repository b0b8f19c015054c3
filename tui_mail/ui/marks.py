"""Marking rows of the list: one, a range, or all of a kind; verbs are then about the marked ones."""

from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import Kind, ListRow, Marked
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import safe
from tui_mail.ui.keys import bind
from tui_mail.ui.notices import Said
from tui_mail.ui.widgets.rows import Place, RowList
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.ui.sources import ListSource

    _Base = RowList[ListRow]
else:
    _Base = object

MARKS = [
    bind("list.mark", "x,space", "mark", msgid("mark")),
    bind("list.mark_range", "X", "mark_range", msgid("mark up to here")),
]
_LONGEST_RANGE = 10_000


class MarkKeys(_Base):
    """Actions of `MARKS` for the list."""

    source: "ListSource | None"
    marks: dict[int, None]
    _anchor: ListRow | None = None

    def is_marked(self, row: ListRow) -> bool:
        return bool(self.marks) and self.source is not None and self.source.mark(row) in self.marks

    def marked(self) -> Marked | None:
        """The marked rows; None when there are none."""
        if self.source is None or not self.marks:
            return None
        return self.source.marked(self.marks)

    def unmark(self) -> bool:
        """Take all marks away; whether there were any."""
        had = bool(self.marks)
        self.marks, self._anchor = {}, None
        if had:
            self.forget()
        return had

    def action_mark(self) -> None:
        """Mark the row, or take its mark away, and go on to the next."""
        row = self.row
        if row is None or self.source is None:
            return
        mark = self.source.mark(row)
        if mark in self.marks:
            del self.marks[mark]
        else:
            self.marks[mark] = None
        self._anchor = row
        self.forget()
        self.action_move(1)

    def action_mark_range(self) -> None:
        """Mark all rows from the one that was marked last to this one."""
        begin(self, self._mark_range, "marks")

    async def _mark_range(self) -> None:
        row, source, anchor = self.row, self.source, self._anchor
        if row is None or source is None:
            return
        first = self._place_of(anchor) if anchor is not None else None
        if anchor is None:
            rows = [row]
        elif first is not None:
            start, end = sorted((first, self.cursor))
            rows = [one for place in range(start, end + 1) if (one := self.row_at(place))]
        else:
            rows = await self._between(source, anchor, row)
        self.marks |= dict.fromkeys(source.mark(one) for one in rows)
        self._anchor = row
        self._say_marks()

    def _place_of(self, row: ListRow) -> int | None:
        source = self.source
        for place, one in enumerate(self.rows, self.base):
            if source is not None and source.same(one, row):
                return place
        return None

    async def _between(self, source: "ListSource", one: ListRow, other: ListRow) -> list[ListRow]:
        """The rows from one to the other, whichever is first; not all of them are loaded."""
        for start, end in ((one, other), (other, one)):
            found = await source.slice(Place.FROM, start.key, _LONGEST_RANGE)
            for number, row in enumerate(found.rows):
                if source.same(row, end):
                    return list(found.rows[: number + 1])
        return [other]

    def mark_kind(self, kind: str) -> None:
        """Mark all rows of a kind, whether they are loaded or not; "none" takes all marks away."""
        if kind == "none":
            self.unmark()
        elif self.source is not None:
            begin(self, partial(self._mark_kind, self.source, Kind(kind)), "marks", latest=True)

    async def _mark_kind(self, source: "ListSource", kind: Kind) -> None:
        try:
            found = await source.of_kind(kind)
        except TuiMailError as error:
            self.post_message(Said.error(error))
            return
        if source is self.source:
            self.marks = dict.fromkeys(found)
            self._say_marks()

    def _say_marks(self) -> None:
        self.forget()
        number = len(self.marks)
        words = ngettext("{number} marked", "{number} marked", number)
        if not number:
            words = _("Nothing is marked.")
        self.post_message(Said(safe(words.format(number=number))))
