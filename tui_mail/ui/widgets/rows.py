"""A list of any length with a cursor, of which only a window is in memory.

`RowList` hides which rows are loaded and when more are asked for. Rows come from a `Source` by
keyset; a row that has not come yet is blank, and no key ever waits for the database. Moving the
cursor repaints two lines; at the edge the list flips by half a page.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import Generic, Protocol, TypeVar

from textual import events
from textual.message import Message

from tui_mail.db.rows import PageKey
from tui_mail.errors import TuiMailError
from tui_mail.ui.notices import Said
from tui_mail.ui.widgets.lines import Lines
from tui_mail.ui.widgets.text import BLANK, Line
from tui_mail.ui.work import begin


class Place(Enum):
    """Which rows are asked for, relative to a key; rows are newest first."""

    TOP = "top"
    OLDER = "older"
    NEWER = "newer"
    BOTTOM = "bottom"
    FROM = "from"  # at the key or older: the same window again


class Keyed(Protocol):
    """A row that can be paged by."""

    @property
    def key(self) -> PageKey: ...


_R = TypeVar("_R", bound=Keyed)
_REACHED_AFTER = 5  # tries, while other rows keep being read


@dataclass(frozen=True, slots=True)
class Slice(Generic[_R]):
    """Some rows in their order, and how many there are in all (None: only as many as were seen)."""

    rows: Sequence[_R]
    total: int | None = None


class Source(Protocol[_R]):
    """Where rows come from. `both_ways`: it also goes up and to the end, not only down."""

    @property
    def both_ways(self) -> bool: ...

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[_R]: ...

    def same(self, one: _R, other: _R) -> bool:
        """Whether two rows are the same thing, read at different times."""
        ...


class RowList(Lines, Generic[_R]):
    """The list; a subclass draws a row."""

    WINDOW = 100  # rows asked for at once
    KEPT = 600  # rows kept around what is shown

    class Moved(Message):
        """The cursor is on another row, or what is under it was read anew."""

        def __init__(self, owner: "RowList[Keyed]") -> None:
            super().__init__()
            self.owner = owner

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.source: Source[_R] | None = None
        self.rows: list[_R] = []
        self.base = 0  # index of rows[0]
        self.total = 0
        self.cursor = 0
        self.loaded = False  # the first window has come
        self._ended = False  # for sources that only go down: the last row is loaded
        self._filling = False
        self._stale = False
        self._moved = False  # by a person
        self._generation = 0

    # -- what is in it

    def draw(self, row: _R, width: int) -> Line:
        """A row as a line."""
        raise NotImplementedError

    @property
    def count(self) -> int:
        return self.total

    def line(self, index: int, width: int) -> Line:
        row = self.row_at(index)
        return BLANK if row is None else self.draw(row, width)

    def background(self, index: int) -> str:
        if index != self.cursor:
            return "background"
        return "cursor" if self.has_focus else "quiet"

    def row_at(self, index: int) -> _R | None:
        """The row of that index, None while it has not been read."""
        place = index - self.base
        return self.rows[place] if 0 <= place < len(self.rows) else None

    @property
    def row(self) -> _R | None:
        """The row under the cursor."""
        return self.row_at(self.cursor)

    # -- showing a source

    def show(self, source: Source[_R] | None) -> None:
        """Show `source` from its top."""
        self._generation += 1
        self.source = source
        self.rows, self.base, self.total = [], 0, 0
        self.cursor = self.top = 0
        self.loaded = self._ended = self._filling = self._stale = self._moved = False
        self.forget()
        if source is not None:
            self._fill(Place.TOP)

    def read_again(self) -> None:
        """What is shown may have changed: read it again in place, the cursor stays on its row."""
        if self.source is None:
            return
        self._stale = True
        if not self._filling:
            self._fill(Place.FROM)

    # -- moving

    def move_to(self, index: int) -> None:
        """Put the cursor on `index`, as far as there are rows."""
        index = max(0, min(index, self.total - 1))
        if index == self.cursor or not self.total:
            return
        old, self.cursor = self.cursor, index
        self._moved = True
        if self.top <= index < self.top + self.page:
            self.redraw(old, index)
        else:
            self._show_around(index, up=index < self.top)
        self._wish()
        self.post_message(self.Moved(self))  # type: ignore[arg-type] # a list of some rows

    async def reach(self, index: int, key: PageKey) -> None:
        """Put the cursor on the row of that key, which has that index and was perhaps not read."""
        for _try in range(_REACHED_AFTER):
            if await self._reached(index, key):
                return

    async def _reached(self, index: int, key: PageKey) -> bool:
        """False when other rows were read meanwhile: then it must be done again."""
        source = self.source
        if source is None:
            return True
        self._generation += 1
        generation, self._filling = self._generation, True
        end = self.base + len(self.rows)
        try:
            if source.both_ways or not self.rows:
                found = await source.slice(Place.FROM, key, self.WINDOW)
            else:
                limit = max(self.WINDOW, index - end + self.WINDOW)
                found = await source.slice(Place.OLDER, self.rows[-1].key, limit)
        except TuiMailError as error:
            if generation == self._generation:
                self._filling = False
                self.post_message(Said.error(error))
            return True
        except asyncio.CancelledError:
            if generation == self._generation:
                self._filling = False
                self.call_later(self._read_on)  # not at all where the list goes too
            raise
        if generation != self._generation:
            return self.source is not source
        if source.both_ways:
            self.rows, self.base = list(found.rows), index
            self.total = max(found.total or 0, index + len(self.rows))
        else:
            self._take(Place.OLDER, found, limit)
        self._filling = False
        self.forget()
        self.move_to(index)
        self._read_on()
        return True

    def _read_on(self) -> None:
        """Read what else is to be read."""
        if self._stale and not self._filling:
            self._fill(Place.FROM)
        else:
            self._wish()

    def _show_around(self, index: int, *, up: bool) -> None:
        """Flip so that `index` is in the middle: a list that scrolls by one repaints all of itself."""
        half = self.page // 2
        top = index - half if up else index - (self.page - 1 - half)
        self.top = max(0, min(top, self.total - self.page))
        self.refresh()

    def action_move(self, step: int) -> None:
        self.move_to(self.cursor + step)

    def action_page(self, pages: float) -> None:
        step = int((self.page - 1) * pages) or (1 if pages > 0 else -1)
        index = max(0, min(self.cursor + step, self.total - 1))
        self.top = max(0, min(self.top + step, self.total - self.page))
        self._moved = True
        if index != self.cursor:
            self.cursor = index
            self.post_message(self.Moved(self))  # type: ignore[arg-type] # a list of some rows
        self.refresh()
        self._wish()

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(self.total - 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        super().on_mouse_scroll_down(event)
        self._wish()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        super().on_mouse_scroll_up(event)
        self._wish()

    def on_click(self, event: events.Click) -> None:
        index = self.top + event.y - len(self._heads())
        if 0 <= index < self.total:
            self.move_to(index)

    # -- reading

    def _wish(self) -> None:
        """Ask for rows when what is shown, and half a window around it, is not there."""
        if self.source is not None and not self._filling and self._missing() is not None:
            self._fill(self._missing() or Place.FROM)

    def _missing(self) -> Place | None:
        if not self.loaded:
            return None
        margin = self.WINDOW // 2
        end = self.base + len(self.rows)
        two = self.source is not None and self.source.both_ways
        if not two:
            return Place.OLDER if not self._ended and self.top + self.page + margin > end else None
        shown_end = min(self.total, self.top + self.page)
        if self.top >= end + self.WINDOW and shown_end + margin >= self.total:
            return Place.BOTTOM
        if self.top + self.page + self.WINDOW < self.base and self.top < margin:
            return Place.TOP
        if min(self.total, shown_end + margin) > end and self.rows:
            return Place.OLDER
        if max(0, self.top - margin) < self.base and self.rows:
            return Place.NEWER
        return None

    def _fill(self, place: Place) -> None:
        self._filling = True
        begin(self, partial(self._filled, place, self._generation), "rows")

    async def _filled(self, place: Place, generation: int) -> None:
        source = self.source
        if source is None:
            return
        if place is Place.FROM:
            self._stale = False
        key, limit = self._question(place)
        if place is Place.FROM and (key is None or not source.both_ways or not self.base):
            place, limit = Place.TOP, max(self.WINDOW, len(self.rows))
        try:
            found = await source.slice(place, key, limit)
        except TuiMailError as error:
            if generation == self._generation:
                self._filling = False
                self.post_message(Said.error(error))
            return
        if generation != self._generation:
            return
        before, seen = self.row, self.top <= self.cursor < self.top + self.page
        self._take(place, found, limit)
        self._filling = False
        self._repaint(before, keep_in_sight=seen)
        self._read_on()

    def _question(self, place: Place) -> tuple[PageKey | None, int]:
        if not self.rows:
            return None, self.WINDOW
        if place is Place.FROM:
            return self.rows[0].key, max(self.WINDOW, len(self.rows))
        return self.rows[-1 if place is Place.OLDER else 0].key, self.WINDOW

    def _take(self, place: Place, found: Slice[_R], limit: int) -> None:
        """Put what was read where it belongs, and set right what was only guessed."""
        rows, total = list(found.rows), found.total
        short = len(rows) < limit
        match place:
            case Place.TOP | Place.FROM:
                self._take_again(place, rows, total)
                self._ended = short
            case Place.BOTTOM:
                total = total if total is not None else self.total
                self.rows, self.base = rows, max(0, total - len(rows))
            case Place.OLDER:
                self.rows += rows
                self._ended = short
                if short and total is not None:  # this is the end, whatever was counted
                    total = self.base + len(self.rows)
            case Place.NEWER:
                self.rows[:0] = rows
                self.base -= len(rows)
                if self.base < 0 or (short and self.base):  # the top: every index was off
                    self._shift(-self.base)
        self.total = total if total is not None else self.base + len(self.rows)
        self.total = max(self.total, self.base + len(self.rows))
        self._trim()
        self.loaded = True

    def _take_again(self, place: Place, rows: list[_R], total: int | None) -> None:
        old, source = self.row, self.source
        on_screen = self.cursor - self.top
        if place is Place.FROM and total is not None:
            self.base = max(0, self.base + total - self.total)
        else:
            self.base = 0
        self.rows = rows
        if old is not None and source is not None:
            for place_in, row in enumerate(rows):
                if source.same(old, row):
                    self._follow(self.base + place_in, on_screen)
                    break

    def _follow(self, index: int, on_screen: int) -> None:
        """Keep the cursor on its row, which is at `index` now, and what came above it in sight.

        A list that nobody has moved in yet stays at its top: in a first sync hundreds come above.
        """
        at_top = self.top == 0
        if at_top and not self._moved and self.display and index >= self.page > 1:
            self.cursor = 0
            return
        self.cursor = index
        self.top = 0 if at_top and index < self.page else max(0, index - on_screen)

    def _shift(self, by: int) -> None:
        self.base += by
        self.cursor = max(0, self.cursor + by)
        self.top = max(0, self.top + by)

    def _trim(self) -> None:
        """Keep what is near; a source that only goes down is kept from its top."""
        if self.source is None or not self.source.both_ways or len(self.rows) <= self.KEPT:
            return
        middle = self.top + self.page // 2 - self.base
        start = max(0, min(middle - self.KEPT // 2, len(self.rows) - self.KEPT))
        self.rows = self.rows[start : start + self.KEPT]
        self.base += start

    def _repaint(self, before: _R | None, *, keep_in_sight: bool) -> None:
        self.cursor = max(0, min(self.cursor, self.total - 1))
        self.top = max(0, min(self.top, self.total - self.page))
        if keep_in_sight and not self.top <= self.cursor < self.top + self.page:
            self.top = max(0, min(self.cursor - self.page // 2, self.total - self.page))
        self.forget()
        if self.row != before or before is None:
            self.post_message(self.Moved(self))  # type: ignore[arg-type] # a list of some rows
