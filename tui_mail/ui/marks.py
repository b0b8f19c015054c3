"""Marking rows of the list: one, a range, or all of a kind; verbs are then about the marked ones."""

from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import Kind, ListRow, Marked, MarksFound
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.keys import bind
from tui_mail.ui.notices import Said
from tui_mail.ui.widgets.rows import RowList
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
        self._say_marks(MarksFound(tuple(self.marks), len(self.marks)))
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
            found = MarksFound((source.mark(row),), 1)
        elif first is not None:
            start, end = sorted((first, self.cursor))
            rows = [one for place in range(start, end + 1) if (one := self.row_at(place))]
            found = MarksFound(tuple(source.mark(one) for one in rows), len(rows))
        else:
            try:
                found = await source.between(anchor, row)
            except TuiMailError as error:
                self.post_message(Said.error(error))
                return
        if source is self.source:
            self.marks |= dict.fromkeys(found.marks)
            self._anchor = row
            self._say_marks(found)

    def _place_of(self, row: ListRow) -> int | None:
        source = self.source
        for place, one in enumerate(self.rows, self.base):
            if source is not None and source.same(one, row):
                return place
        return None

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
            self.marks = dict.fromkeys(found.marks)
            self._say_marks(found)

    def _say_marks(self, found: MarksFound) -> None:
        self.forget()
        number = len(self.marks)
        if found.total is None or found.total > len(found.marks):
            self.post_message(Said(_not_all(found)))
            return
        words = ngettext("{number} marked", "{number} marked", number)
        if not number:
            words = _("Nothing is marked.")
        self.post_message(Said(safe(words.format(number=number))))


def _not_all(found: MarksFound) -> SafeText:
    """There is more to be marked than can be at once."""
    number = len(found.marks)
    if found.total is None:
        text = _("The first {number} are marked, no more can be at once; there are more.")
        return safe(text.format(number=number))
    text = _("The first {number} of {total} are marked: no more can be at once.")
    return safe(text.format(number=number, total=found.total))
