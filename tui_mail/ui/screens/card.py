"""A record's card: what it is, its chain, its lines and what is open, then its mail, newest first.

Hides how it is read; gives back the message that is to be read and where the card was left for it,
None when the card is just closed.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from tui_mail.db.rows import Card, EntityRow, ListRow
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.cardlines import body_of, heading_of
from tui_mail.ui.held_keys import held
from tui_mail.ui.keys import (
    CARD,
    CARD_PREFIXES,
    MOVES,
    NOT_YET,
    PREFIXES,
    UNDO,
    WRITE,
    bind,
    commands,
    hints,
    not_yet,
)
from tui_mail.ui.mailkeys import Asked, no_message
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.prefixes import PrefixKeys
from tui_mail.ui.screens.trace import CardPlace, TracePanel
from tui_mail.ui.widgets.entries import Entries, Entry
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.status import StatusLine
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from datetime import date as Day

    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts
    from tui_mail.ui.screens.desk import Desk

_SOON_SECONDS = 0.05  # how long the card waits for its mail, and for the mail to be drawn
_LEAST = 4  # lines that the card keeps beside much mail, and the mail beside a long card


def _read(session: "Session", entity_id: int, today: "Day") -> Card:
    from tui_mail.db.cards import card

    return card(session, entity_id, today)


def _try_again(session: "Session", entity_id: int, now: datetime) -> bool:
    from tui_mail.db.writing import try_again

    return try_again(session, entity_id, now)


async def _soon(event: asyncio.Event) -> None:
    """Wait for it, but not long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_SOON_SECONDS):
            await event.wait()


@dataclass(frozen=True, slots=True)
class CardChoice:
    """A message that is to be read, and the cards that it was chosen on, the lowest first."""

    row: ListRow
    cards: Sequence[CardPlace]


class CardPanel(Panel, Entries[EntityRow]):
    """The record itself; the cursor goes over the records that belong to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("card.open", "enter,o", "open", msgid("card"), hint=True),
        bind("mail.trace", "t", "trace", msgid("record's mail")),
        *MOVES,
    ]

    class Grown(Message):
        """There are more or fewer lines."""

    def __init__(self, place: CardPlace) -> None:
        super().__init__(id="card")
        self.entity_id = place.entity_id
        self.card: Card | None = None
        self._left_on = place.record  # the record on which the card was left

    def start(self, parts: "Parts") -> None:
        super().start(parts)
        self.changed(frozenset({"erp"}))

    def changed(self, topics: frozenset[str]) -> None:
        if "erp" in topics:
            begin(self, self._loaded, "card", latest=True)

    async def _loaded(self) -> None:
        today = datetime.now(UTC).astimezone().date()
        found = await self.read(_read, self.entity_id, today)
        if found is not None and found != self.card:
            self.card = found
            if self._left_on is not None:
                self.chosen, self._left_on = self._left_on, None
            self.forget()
            self.post_message(self.Grown())

    @property
    def record(self) -> EntityRow | None:
        """The record under the cursor, or to which it goes once the card is there."""
        return self.chosen or self._left_on

    def title(self) -> SafeText:
        if self.card is None:
            return safe(_("Record"))
        heading = heading_of(self.card.entity, datetime.now(UTC).astimezone().date())
        below = self.count - self.top - self.size.height + 1
        if below <= 0:
            return heading
        more = ngettext("{n} more line", "{n} more lines", below).format(n=below)
        return safe(f"{heading} · ↓ {more}")

    def scroll_lines_to(self, top: int) -> None:
        before = self.top
        super().scroll_lines_to(top)
        if self.top != before:
            self.forget()  # the title says how much is below

    def on_focus(self) -> None:
        super().on_focus()
        self._show_chosen()

    def on_resize(self) -> None:
        super().on_resize()
        if self.has_focus and self.top:
            self.scroll_lines_to(0)  # it may have grown for the cursor: no further than need be
            self._show_chosen()

    def _show_chosen(self) -> None:
        """Scroll down to what the cursor is on."""
        lines = self._lines_of(self.chosen)
        if lines and lines[-1] >= self.top + self.page:
            self.scroll_lines_to(lines[-1] - self.page + 1)

    def entries(self, width: int) -> list[Entry[EntityRow]]:
        if self.card is None:
            return []
        return body_of(self.card, width, datetime.now(UTC).astimezone().date())

    def same(self, one: EntityRow, other: EntityRow) -> bool:
        return one.id == other.id

    def action_open(self) -> None:
        if self.chosen is not None:
            self._open(self.chosen.id)

    def action_trace(self) -> None:
        """The mail of the record under the cursor, or of the card's own."""
        self._open(self.entity_id if self.chosen is None else self.chosen.id, mail_only=True)

    def _open(self, entity_id: int, *, mail_only: bool = False) -> None:
        screen = self.screen
        if isinstance(screen, CardScreen):
            screen.open_card(entity_id, mail_only=mail_only)


class CardScreen(PrefixKeys, Screen[CardChoice | None]):
    """The card over its mail; `mail_only`: the mail has the focus at first."""

    DEFAULT_CSS = """
    CardScreen #card { height: 1fr; }
    CardScreen #trace { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("card.close", "escape,q,u", "close", msgid("close"), hint=True),
        bind("card.other", "tab,f6", "other", msgid("card or mail"), hint=True),
        bind("card.again", "R", "again", msgid("write it again"), hint=True, first=True),
        *WRITE,
        *UNDO,
        *CARD,
        *NOT_YET,
    ]
    prefixes = CARD_PREFIXES

    def __init__(self, parts: "Parts", place: CardPlace, desk: "Desk") -> None:
        """`desk` does what is asked of the mail."""
        super().__init__()
        self.status = StatusLine(id="status")
        self._desk = desk
        self._parts = parts
        self._place = place
        self._card = CardPanel(place)
        self._trace = TracePanel(place)
        self._mail_came = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield self._card
        yield self._trace
        yield self.status
        yield Bar(id="hints")

    def on_mount(self) -> None:
        self._trace.start(self._parts)  # first: what most people come for
        in_mail = self._place.mail_only or self._place.mail is not None
        (self._trace if in_mail else self._card).focus()
        begin(self, self._appear, "appear")

    async def _appear(self) -> None:
        """Draw nothing before there is mail, then the mail, then read the card: what is read beside
        the drawing, and drawn without need, is what a person waits for."""
        with self.app.batch_update():
            await _soon(self._mail_came)
        drawn = asyncio.Event()
        self.refresh()
        self.call_after_refresh(drawn.set)  # never, when a screen on top of this one went at once
        await _soon(drawn)
        self._card.start(self._parts)

    def changed(self, topics: frozenset[str]) -> None:
        """The database changed."""
        self._card.changed(topics)
        self._trace.changed(topics)

    def on_descendant_focus(self) -> None:
        self._divide()
        self.call_after_refresh(self.show_hints)

    def on_resize(self) -> None:
        self._divide()
        self.call_after_refresh(self.show_hints)

    def on_card_panel_grown(self) -> None:
        self._divide()
        self.call_after_refresh(self.show_hints)

    def on_trace_panel_grown(self) -> None:
        self._divide()
        if self._trace.loaded:
            self._mail_came.set()

    def _divide(self) -> None:
        """The mail takes the rows that it needs, the card the rest; where both need more than there
        is, what has the focus has the most."""
        room = self.size.height - 2
        card, mail = self._card.count + 1, self._trace.count + 1
        kept = _LEAST if self.focused is self._trace else room - max(_LEAST, room // 3)
        self._card.styles.height = min(card, max(room - mail, kept))

    def show_hints(self) -> None:
        """The last line: what can be pressed now."""
        card = self._card.card
        rows = [
            row
            for row in commands(self.active_bindings.values())
            if row.action != "chain" or (card is not None and card.chained)
        ]
        self.query_one("#hints", Bar).show(hints(rows, self.size.width))

    def on_said(self, event: Said) -> None:
        event.stop()
        self.status.say(event.text, undo=event.undo, wrong=event.wrong)

    def on_screen_suspend(self) -> None:
        """Another screen is on top."""
        self.status.look_away()

    def on_key(self, event: events.Key) -> None:
        self.status.pressed()
        self.takes(event)

    def action_on_card(self, prefix: str) -> None:
        self.action_prefix(prefix)

    def follows_not(self, prefix: str, key: str) -> None:
        """It must not act on the mail either; of one of the list's it is said where it works."""
        if any(item.key == key for item in PREFIXES[prefix]):
            self.status.say(safe(_("This is done from the list: Esc closes the card.")))

    def action_first_row(self) -> None:
        panel = self._trace if self.focused is self._trace else self._card
        panel.action_first()

    def action_ask(self, verb: str) -> None:
        if self.focused is self._trace:
            self._trace.ask(verb, opens=verb == "copy")
        else:
            self.post_message(no_message())

    def on_asked(self, event: Asked) -> None:
        self._desk.verbs.carry_out(event.verb, event.target)

    def action_write(self, answer: str) -> None:
        held(self).hold()
        self._desk.letters.write(answer, None)

    def action_undo(self) -> None:
        self._desk.doing.undo()

    def action_redo(self) -> None:
        self._desk.doing.redo()

    def action_not_yet(self) -> None:
        self.status.say(not_yet())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "again" and self._prefix:
            return False  # it comes before the second key is taken
        if action == "again":
            card = self._card.card
            return card is not None and card.entity.refused
        return super().check_action(action, parameters)

    def action_again(self) -> None:
        """Have a record that the ERP refused written once more."""
        begin(self, self._again, "deeds")

    async def _again(self) -> None:
        now = datetime.now(UTC)
        try:
            waits = await self._parts.database.write(_try_again, self._card.entity_id, now)
        except TuiMailError as error:
            self.post_message(Said.error(error))
            return
        if waits:
            self.post_message(Said(safe(_("It is tried again in a moment."))))

    def open_card(self, entity_id: int, *, mail_only: bool = False) -> None:
        """Another record's card on top of this one; a message chosen there is given on."""
        if entity_id == self._place.entity_id:
            self.set_focus(self._trace if mail_only else self._card)
            return
        place = CardPlace(entity_id, mail_only=mail_only)
        self.app.push_screen(CardScreen(self._parts, place, self._desk), self._given)

    def _given(self, choice: CardChoice | None) -> None:
        if choice is not None:
            here = replace(
                self._place, record=self._card.record, mail=None, narrowed=self._trace.narrowed
            )
            self.dismiss(replace(choice, cards=(here, *choice.cards)))

    def on_trace_panel_chosen(self, event: TracePanel.Chosen) -> None:
        trace = self._trace
        here = replace(
            self._place,
            record=self._card.record,
            mail=event.row,
            index=trace.cursor,
            narrowed=trace.narrowed,
        )
        self.dismiss(CardChoice(event.row, [here]))

    def action_other(self) -> None:
        if self.focused is self._trace:
            self.set_focus(self._card)
        else:
            self.set_focus(self._trace)

    def action_close(self) -> None:
        if not self._desk.doing.leave():
            self.dismiss(None)
