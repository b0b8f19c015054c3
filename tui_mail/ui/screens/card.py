"""A record's card: what it is, its chain, its lines and what is open, then its mail, newest first.

Hides how it is read; gives back the message that is to be read and where the card was left for it,
None when the card is just closed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen

from tui_mail.db.rows import ALL_MAIL, Card, EntityRow, ListRow, PageKey, TraceFilter
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import rowline
from tui_mail.ui.cardlines import body_of, heading_of
from tui_mail.ui.keys import MOVES, bind, commands, hints
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.screens.narrow import Narrowed, NarrowPick, has_chain
from tui_mail.ui.widgets.entries import Entries, Entry
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.rows import Place, RowList, Slice
from tui_mail.ui.widgets.text import Line, plain
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from datetime import date as Day

    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_LEAST = 4  # lines that the card keeps beside much mail, and the mail beside a long card


def _read(session: "Session", entity_id: int, today: "Day") -> Card:
    from tui_mail.db.cards import card

    return card(session, entity_id, today)


def _try_again(session: "Session", entity_id: int, now: datetime) -> bool:
    from tui_mail.db.writing import try_again

    return try_again(session, entity_id, now)


@dataclass(frozen=True, slots=True)
class CardPlace:
    """A card, and where in it the cursor stands: on a record, or on the mail of that index."""

    entity_id: int
    mail_only: bool = False
    record: EntityRow | None = None
    mail: ListRow | None = None
    index: int = 0
    narrowed: Narrowed = field(default_factory=Narrowed)


@dataclass(frozen=True, slots=True)
class CardChoice:
    """A message that is to be read, and the cards that it was chosen on, the lowest first."""

    row: ListRow
    cards: Sequence[CardPlace]


class CardPanel(Panel, Entries[EntityRow]):
    """The record itself; the cursor goes over the records that belong to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("card.open", "enter,o", "open", msgid("card"), hint=True),
        *MOVES,
    ]

    class Grown(Message):
        """There are more or fewer lines."""

    def __init__(self, place: CardPlace) -> None:
        super().__init__(id="card")
        self.entity_id = place.entity_id
        self.chosen = place.record
        self.card: Card | None = None

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
            self.forget()
            self.post_message(self.Grown())

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
        if self.chosen is not None and self.chosen.id != self.entity_id:
            screen = self.screen
            if isinstance(screen, CardScreen):
                screen.open_card(self.chosen.id)


class TraceSource:
    """The mail of a record, newest first. `hidden`: messages that this operator may not read, once
    they are counted.
    """

    both_ways = False

    def __init__(
        self,
        parts: "Parts",
        entity_id: int,
        only: TraceFilter = ALL_MAIL,
        *,
        chain: bool = False,
    ) -> None:
        self._parts = parts
        self._entity_id = entity_id
        self._only = only
        self._chain = chain
        self.hidden = 0

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[ListRow]:
        before = key if place is Place.OLDER else None
        return await self._parts.database.read(self._read, before, limit)

    def _read(self, session: "Session", before: PageKey | None, limit: int) -> Slice[ListRow]:
        from tui_mail.db.traces import trace

        rows = trace(
            session,
            self._parts.operator_id,
            self._entity_id,
            only=self._only,
            chain=self._chain,
            before=before,
            limit=limit,
        )
        return Slice(rows)

    def count(self, session: "Session") -> int:
        """Count what this operator may not read."""
        from tui_mail.db.traces import unreadable

        operator, entity = self._parts.operator_id, self._entity_id
        return unreadable(session, operator, entity, only=self._only, chain=self._chain)

    def same(self, one: ListRow, other: ListRow) -> bool:
        return one.message_id == other.message_id


class TracePanel(Panel, RowList[ListRow]):
    """The record's mail, with the same rows as the list."""

    class Grown(Message):
        """There is more or less mail."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("trace.open", "enter,o", "open", msgid("read it"), hint=True),
        bind("trace.narrow", "backslash", "narrow", msgid("filter"), hint=True),
        bind("trace.chain", "C", "chain", msgid("with its chain"), hint=True),
        *MOVES,
    ]

    class Chosen(Message):
        """A message is to be read."""

        def __init__(self, row: ListRow) -> None:
            super().__init__()
            self.row = row

    def __init__(self, place: CardPlace) -> None:
        super().__init__(id="trace")
        self._entity_id = place.entity_id
        self.narrowed = place.narrowed
        self._wanted = (place.index, place.mail)
        self._told = 0  # how many rows were told of

    def start(self, parts: "Parts") -> None:
        super().start(parts)
        self._narrow(self.narrowed)

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        """The first rows are there: to the one on which the card was left."""
        event.stop()
        (index, mail), self._wanted = self._wanted, (0, None)
        if mail is not None:
            begin(self, partial(self._return, index, mail), "reach", latest=True)

    async def _return(self, index: int, mail: ListRow) -> None:
        places = (n for n, row in enumerate(self.rows) if row.message_id == mail.message_id)
        place = next(places, None)
        if place is None:
            await self.reach(index, mail.key)
        else:
            self.move_to(place)

    def _look(self, source: TraceSource) -> None:
        self.show(source)
        self._count()

    def _count(self) -> None:
        begin(self, self._counted, "hidden", latest=True)

    async def _counted(self) -> None:
        """How much may not be read is said when the rows are there: of a large customer it takes
        as long as a person would notice."""
        source = self.source
        if isinstance(source, TraceSource):
            hidden = await self.read(source.count)
            if hidden is not None and hidden != source.hidden:
                source.hidden = hidden
                self.forget()

    def action_narrow(self) -> None:
        if self.parts is not None:
            pick = NarrowPick(self.parts, self._entity_id, self.narrowed)
            self.app.push_screen(pick, self._narrow)

    def action_chain(self) -> None:
        begin(self, self._with_chain, "chain", latest=True)

    async def _with_chain(self) -> None:
        """Show the mail of the record's chain too, or no more."""
        if not await self.read(has_chain, self._entity_id):
            self.post_message(Said(safe(_("Nothing came of this record, and it came from none."))))
        else:
            self._narrow(self.narrowed.chained(not self.narrowed.chain))

    def _narrow(self, chosen: Narrowed | None) -> None:
        if chosen is not None and self.parts is not None:
            self.narrowed = chosen
            self._look(TraceSource(self.parts, self._entity_id, chosen.only, chain=chosen.chain))

    def changed(self, topics: frozenset[str]) -> None:
        if topics & {"mail", "links"}:
            self.read_again()
            self._count()

    def title(self) -> SafeText:
        hidden = self.source.hidden if isinstance(self.source, TraceSource) else 0
        text = _("Mail")
        if self.loaded:
            more = "" if self._ended else "+"
            text = _("Mail · {count}").format(count=f"{self.total}{more}")
        text = " · ".join([text, *self.narrowed.names.values()])
        if hidden:
            words = ngettext("{0} you may not read", "{0} you may not read", hidden)
            text += " · " + words.format(hidden)
        return safe(text)

    @property
    def count(self) -> int:
        return self.total or (1 if self.loaded else 0)

    def line(self, index: int, width: int) -> Line:
        if not self.total and self.narrowed.names:
            return plain(safe(_(" None of its mail is such: \\ shows all of it again.")), "dim")
        if not self.total:
            return plain(safe(_(" No mail is linked to this record.")), "dim")
        return super().line(index, width)

    def forget(self) -> None:
        super().forget()
        if self.count != self._told:
            self._told = self.count
            self.post_message(self.Grown())

    def background(self, index: int) -> str:
        return super().background(index) if self.total else "background"

    def draw(self, row: ListRow, width: int) -> Line:
        return rowline.draw(row, width, datetime.now(UTC), current=self.row is row)

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Chosen(self.row))


class CardScreen(Screen[CardChoice | None]):
    """The card over its mail; `mail_only`: the mail has the focus at first."""

    DEFAULT_CSS = """
    CardScreen #card { height: 1fr; }
    CardScreen #trace { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("card.close", "escape,q,u", "close", msgid("close"), hint=True),
        bind("card.other", "tab,f6", "other", msgid("card or mail"), hint=True),
        bind("card.again", "R", "again", msgid("write it again"), hint=True, first=True),
    ]

    def __init__(self, parts: "Parts", place: CardPlace) -> None:
        super().__init__()
        self._parts = parts
        self._place = place
        self._card = CardPanel(place)
        self._trace = TracePanel(place)

    def compose(self) -> ComposeResult:
        yield self._card
        yield self._trace
        yield Bar(id="status")
        yield Bar(id="hints")

    def on_mount(self) -> None:
        self._trace.start(self._parts)  # first: what most people come for
        self._card.start(self._parts)
        in_mail = self._place.mail_only or self._place.mail is not None
        (self._trace if in_mail else self._card).focus()

    def changed(self, topics: frozenset[str]) -> None:
        """The database changed."""
        self._card.changed(topics)
        self._trace.changed(topics)

    def on_descendant_focus(self) -> None:
        self._divide()
        self.call_after_refresh(self._show_hints)

    def on_resize(self) -> None:
        self._divide()
        self.call_after_refresh(self._show_hints)

    def on_card_panel_grown(self) -> None:
        self._divide()
        self.call_after_refresh(self._show_hints)

    def on_trace_panel_grown(self) -> None:
        self._divide()

    def _divide(self) -> None:
        """The mail takes the rows that it needs, the card the rest; where both need more than there
        is, what has the focus has the most."""
        room = self.size.height - 2
        card, mail = self._card.count + 1, self._trace.count + 1
        kept = _LEAST if self.focused is self._trace else room - max(_LEAST, room // 3)
        self._card.styles.height = min(card, max(room - mail, kept))

    def _show_hints(self) -> None:
        card = self._card.card
        rows = [
            row
            for row in commands(self.active_bindings.values())
            if row.action != "chain" or (card is not None and card.chained)
        ]
        self.query_one("#hints", Bar).show(hints(rows, self.size.width))

    def on_said(self, event: Said) -> None:
        event.stop()
        style = "error" if event.wrong else ""
        self.query_one("#status", Bar).show(plain(SafeText(f" {event.text}"), style))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
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

    def open_card(self, entity_id: int) -> None:
        """Another record's card on top of this one; a message chosen there is given on."""
        self.app.push_screen(CardScreen(self._parts, CardPlace(entity_id)), self._given)

    def _given(self, choice: CardChoice | None) -> None:
        if choice is not None:
            here = replace(
                self._place, record=self._card.chosen, mail=None, narrowed=self._trace.narrowed
            )
            self.dismiss(replace(choice, cards=(here, *choice.cards)))

    def on_trace_panel_chosen(self, event: TracePanel.Chosen) -> None:
        trace = self._trace
        here = replace(self._place, mail=event.row, index=trace.cursor, narrowed=trace.narrowed)
        self.dismiss(CardChoice(event.row, [here]))

    def action_other(self) -> None:
        if self.focused is self._trace:
            self.set_focus(self._card)
        else:
            self.set_focus(self._trace)

    def action_close(self) -> None:
        self.dismiss(None)
