"""Today and the coming days: appointments and what falls due.

Hides which days are read; says which record is wanted.
"""

from datetime import UTC, datetime, time, timedelta
from datetime import date as Day
from itertools import groupby
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui_mail.db.rows import EventRow
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.keys import MOVES, bind
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.widgets.entries import Entries, Entry
from tui_mail.ui.widgets.text import Piece, fit, plain, width_of
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_DAYS = 14
_REFRESH_SECONDS = 60.0


def _read(session: "Session", operator_id: int, start: datetime, end: datetime) -> list[EventRow]:
    from tui_mail.db.agenda import events

    return events(session, operator_id, start, end)


class AgendaPanel(Panel, Entries[EventRow]):
    """The agenda as a list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("agenda.open", "enter,o", "open", msgid("card"), hint=True),
        *MOVES,
    ]

    class Opened(Message):
        """The card of an entry's record is wanted."""

        def __init__(self, entity_id: int) -> None:
            super().__init__()
            self.entity_id = entity_id

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._events: list[EventRow] = []
        self._now = datetime.now(UTC)
        self._loaded = False

    def start(self, parts: "Parts") -> None:
        super().start(parts)
        self._load()
        self.set_interval(_REFRESH_SECONDS, self._load)

    def changed(self, topics: frozenset[str]) -> None:
        if topics & {"agenda", "erp"}:
            self._load()

    def _load(self) -> None:
        begin(self, self._read_days, "agenda", latest=True)

    async def _read_days(self) -> None:
        assert self.parts is not None
        now = datetime.now(UTC)
        today = now.astimezone().date()
        start = datetime.combine(today, time()).astimezone()
        found = await self.read(_read, self.parts.operator_id, start, start + timedelta(days=_DAYS))
        if found is None:
            return
        next_one = self._next()
        self._now = now
        if found != self._events or not self._loaded or next_one is not self._next():
            self._events, self._loaded = found, True
            self.forget()

    # -- drawing

    def title(self) -> SafeText:
        if not self._loaded:
            return safe(_("Agenda"))
        today = self._now.astimezone().date()
        return safe(_("Today, {day}").format(day=formats.weekday(today)))

    def entries(self, width: int) -> list[Entry[EventRow]]:
        today = self._now.astimezone().date()
        found: list[Entry[EventRow]] = []
        next_one = self._next()
        ordered = sorted(self._events, key=lambda row: (_day(row, today), row.due, row.starts_at))
        for day, rows in groupby(ordered, key=lambda row: _day(row, today)):
            if day != today:
                name = formats.weekday(day)
                bar = "─" * max(0, width - width_of(name) - 4)
                found.append(
                    Entry(
                        (
                            (
                                Piece(SafeText("── "), "rule"),
                                Piece(name, "dim"),
                                Piece(SafeText(f" {bar}"), "rule"),
                            ),
                        )
                    )
                )
            found += [self._event(row, width, next_one) for row in rows]
        if not found and self._loaded:
            return [Entry((plain(safe(_(" Nothing in the coming days.")), "dim"),))]
        return found

    def _next(self) -> EventRow | None:
        coming = [row for row in self._events if not row.all_day and row.ends_at >= self._now]
        return min(coming, key=lambda row: row.starts_at, default=None)

    def _event(self, row: EventRow, width: int, next_one: EventRow | None) -> Entry[EventRow]:
        if row.due:
            return self._due(row, width)
        when = safe(_("all day")) if row.all_day else formats.clock(row.starts_at)
        past = not row.all_day and row.ends_at < self._now
        sign = "▸ " if row is next_one else "  "
        room = width - width_of(when) - 5
        line = (
            Piece(SafeText(sign), "accent"),
            Piece(SafeText(f"{when} "), "dim" if past else "accent" if row is next_one else ""),
            Piece(fit(safe(row.title), room), "dim" if past else ""),
        )
        return Entry((line,), row)

    def _due(self, row: EventRow, width: int) -> Entry[EventRow]:
        """What falls due, and whose it is: below where there is no room for both."""
        amount = SafeText("")
        if row.amount is not None:
            amount = formats.money(row.amount, row.currency)
        name, whose = row.title, ""
        if row.chip is not None and row.title != row.chip.code:
            name, whose = (
                formats.short_code(row.chip.code, self._now.astimezone().date()),
                row.title,
            )
        room = width - width_of(amount) - 2
        text, party = safe(_("  due {name}").format(name=name)), safe(f" {whose}" if whose else "")
        if width_of(text) + width_of(party) <= room:
            text, party = SafeText(f"{text}{party}"), SafeText("")
        line = (Piece(fit(text, room), "dim"), Piece(SafeText(f" {amount} ")))
        below = plain(fit(SafeText(f"   {party}"), width), "dim")
        return Entry((line, below) if party else (line,), row)

    def same(self, one: EventRow, other: EventRow) -> bool:
        return (one.id, one.due) == (other.id, other.due)

    def action_open(self) -> None:
        if self.chosen is None:
            return
        if self.chosen.chip is not None:
            self.post_message(self.Opened(self.chosen.chip.entity_id))
        else:
            self.post_message(Said(safe(_("No record belongs to this appointment."))))


def _day(row: EventRow, today: Day) -> Day:
    """The day that an entry stands under; what began earlier stands under today."""
    return max(today, row.starts_at.astimezone().date())
