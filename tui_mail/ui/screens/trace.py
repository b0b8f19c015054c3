"""The mail of a record on its card, newest first: which of it is shown, and how it is paged.

Hides how it is counted and narrowed; says what was opened, and which verb was asked for.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui_mail.db.rows import ALL_MAIL, EntityRow, ListRow, PageKey, TraceFilter
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import rowline
from tui_mail.ui.keys import MAIL, MOVES, bind
from tui_mail.ui.mailkeys import MailKeys, Target, no_message, target_of
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.screens.narrow import Narrowed, NarrowPick, has_chain
from tui_mail.ui.widgets.rows import Place, RowList, Slice
from tui_mail.ui.widgets.text import Line, plain
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


@dataclass(frozen=True, slots=True)
class CardPlace:
    """A card, and where in it the cursor stands: on a record, or on the mail of that index."""

    entity_id: int
    mail_only: bool = False
    record: EntityRow | None = None
    mail: ListRow | None = None
    index: int = 0
    narrowed: Narrowed = field(default_factory=Narrowed)


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
        self.asked = asyncio.Event()  # the first rows are there, or cannot be read

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[ListRow]:
        before = key if place is Place.OLDER else None
        try:
            return await self._parts.database.read(self._read, before, limit)
        finally:
            self.asked.set()

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


class TracePanel(MailKeys, Panel, RowList[ListRow]):
    """The record's mail, with the same rows as the list."""

    class Grown(Message):
        """There is more or less mail."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("trace.open", "enter,o", "open", msgid("read it"), hint=True),
        *(row for row in MAIL if row.id != "mail.trace"),
        bind("mail.trace", "t", "trace", msgid("record's mail")),  # no hint: mostly it is this
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
            await source.asked.wait()
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

    def target(self) -> Target | None:
        """The message under the cursor: of its conversation others need not be the record's."""
        return None if self.row is None else target_of(self.row, whole=False)

    def action_open(self) -> None:
        self.post_message(no_message() if self.row is None else self.Chosen(self.row))
