"""The records that belong to the message in hand, and why; below, the latest mail of its party.

Hides how links, balances and mail are read together; says which record or message is wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from tui_mail.db.rows import Card, LinkRow, ListRow
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.cardlines import is_late, to_do
from tui_mail.ui.erpwords import kept_words
from tui_mail.ui.keys import MOVES, bind
from tui_mail.ui.kinds import (
    abbreviation,
    is_party,
    kind_name,
    link_name,
    method_name,
    said_by,
    state_name,
)
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.widgets.entries import Entries, Entry
from tui_mail.ui.widgets.text import BLANK, Line, Piece, fit, plain, width_of
from tui_mail.ui.work import begin
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_WHEN = 8  # cells of a day with its year
_LATEST = 8


@dataclass(frozen=True, slots=True)
class Item:
    """What the cursor stands on: a link, or a message of the party's mail."""

    link: LinkRow | None = None
    mail: ListRow | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """All that is shown for one message."""

    links: Sequence[LinkRow] = ()
    party: Card | None = None
    mail: Sequence[ListRow] = field(default_factory=tuple)
    erp: bool = True  # there are records at all


def _read(session: "Session", operator_id: int, message_id: int, now: datetime) -> Found:
    from tui_mail.db.cards import card
    from tui_mail.db.erp import knows_erp
    from tui_mail.db.links import links_of
    from tui_mail.db.traces import trace

    links = [
        link for link in links_of(session, operator_id, message_id) if link.state != "rejected"
    ]
    parties = [link for link in links if is_party(link.kind) and link.kind != "contact"]
    party_id = next((link.entity_id for link in parties), None)
    if party_id is None:
        party_id = next((link.party_id for link in links if link.party_id is not None), None)
    if party_id is None:
        return Found(links, erp=bool(links) or knows_erp(session))
    party = card(session, party_id, now.astimezone().date())
    return Found(links, party, trace(session, operator_id, party_id, limit=_LATEST))


class RecordsPanel(Panel, Entries[Item]):
    """Linked parties and documents, each with why."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("records.open", "enter,o", "open", msgid("card"), hint=True),
        bind("records.confirm", "y", "decide('confirm')", msgid("confirm"), hint=True),
        bind("records.reject", "delete,n", "decide('reject')", msgid("reject"), hint=True),
        bind("records.link", "L", "link", msgid("link"), hint=True),
        bind("records.trace", "t", "trace", msgid("record's mail"), hint=True),
        *MOVES,
    ]

    class Opened(Message):
        """A record's card is wanted."""

        def __init__(self, entity_id: int) -> None:
            super().__init__()
            self.entity_id = entity_id

    class Read(Message):
        """A message of the party's mail is wanted."""

        def __init__(self, row: ListRow) -> None:
            super().__init__()
            self.row = row

    class Decided(Message):
        """A link is right ("confirm") or wrong ("reject")."""

        def __init__(self, verb: str, link: LinkRow) -> None:
            super().__init__()
            self.verb = verb
            self.link = link

    class Wanted(Message):
        """All mail of a record ("trace"), or linking by hand ("link")."""

        def __init__(self, verb: str, entity_id: int | None = None) -> None:
            super().__init__()
            self.verb = verb
            self.entity_id = entity_id

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.message_id: int | None = None
        self._found = Found()
        self._now = datetime.now(UTC)
        self._in_whole: frozenset[int] = frozenset()  # records whose reason is not cut

    def show(self, message_id: int | None, *, at: ListRow | None = None) -> None:
        """Show the records of a message; `at`: with the cursor on this one of the party's mail."""
        if message_id == self.message_id:
            return
        self.message_id = message_id
        if message_id is None:
            self._found = Found()
            self.forget()
        else:
            self._load(at)

    def start(self, parts: "Parts") -> None:
        super().start(parts)
        self._load()

    def changed(self, topics: frozenset[str]) -> None:
        if topics & {"links", "erp", "mail"}:
            self._load()

    def _load(self, at: ListRow | None = None) -> None:
        if self.message_id is not None and self.parts is not None:
            begin(self, partial(self._loaded, self.message_id, at), "records", latest=True)

    async def _loaded(self, message_id: int, at: ListRow | None) -> None:
        assert self.parts is not None
        now = datetime.now(UTC)
        found = await self.read(_read, self.parts.operator_id, message_id, now)
        if found is not None and message_id == self.message_id:
            self._now = now
            if found != self._found:
                self._found = found
                self.top = 0
                self.forget()
                self.post_message(self.Moved(self))  # type: ignore[arg-type] # as in Entries
            if at is not None:
                self._stand_on(Item(mail=at))

    def _stand_on(self, wanted: Item) -> None:
        for item in self.values():
            if self.same(item, wanted):
                self.choose(item)

    # -- drawing

    def title(self) -> SafeText:
        return safe(_("Records"))

    def entries(self, width: int) -> list[Entry[Item]]:
        found = self._found
        if self.message_id is None:
            return [_sentence(_("The records of the message in hand stand here."), width)]
        if not found.links and found.party is None:
            return [self._nothing(width, erp=found.erp)]
        parties = [link for link in found.links if is_party(link.kind)]
        documents = [link for link in found.links if not is_party(link.kind)]
        mail: list[Entry[Item]] = []
        if found.mail and found.party is not None:
            mail = [self._heading(found.party, width)]
            mail += [self._mail(row, width) for row in found.mail]
        links = [*parties, *documents]
        self._in_whole = frozenset(link.entity_id for link in links)
        blocks = [*self._records(links, width), *mail]
        if sum(len(block.lines) for block in blocks) > super().page:
            self._in_whole = self._under_cursor(links)
            blocks = [*self._records(links, width), *mail]
        return blocks

    def _records(self, links: Sequence[LinkRow], width: int) -> list[Entry[Item]]:
        return [
            self._party(link, width) if is_party(link.kind) else self._document(link, width)
            for link in links
        ]

    def _under_cursor(self, links: Sequence[LinkRow]) -> frozenset[int]:
        """Whose reason is told in whole where there is not room for all: of the others a line must
        do."""
        there = [Item(link=link) for link in links]
        there += [Item(mail=row) for row in self._found.mail]
        on = next(
            (one for one in there if self.chosen is not None and self.same(one, self.chosen)), None
        )
        on = on or (there[0] if there else None)
        return frozenset({on.link.entity_id} if on is not None and on.link is not None else ())

    def _nothing(self, width: int, *, erp: bool) -> Entry[Item]:
        if erp:
            text = _("Nothing is linked to this message: press L to link a record.")
        else:
            text = _("No ERP yet: tui-mail erp import FOLDER brings customers and documents.")
        return _sentence(text, width)

    def _party(self, link: LinkRow, width: int) -> Entry[Item]:
        code = safe(link.code)
        name = safe(link.title) or code
        room = width - width_of(code) - 3
        lines: list[Line] = [
            (
                Piece(_sign(link), _ink(link)),
                Piece(SafeText(f"{fit(name, room - 1)} "), "bold"),
                Piece(code, "dim"),
            )
        ]
        party = self._found.party
        if party is not None and party.entity.id == link.entity_id:
            lines += self._balance(party, width)
        lines += _way(link, width)
        lines += _why(link, width, whole=link.entity_id in self._in_whole)
        lines.append(BLANK)
        return Entry(tuple(lines), Item(link=link))

    def _balance(self, card: Card, width: int) -> list[Line]:
        lines: list[Line] = []
        currency = next((item.currency for item in card.due_items if item.currency), "EUR")
        if card.balance:
            amount = formats.money(card.balance, currency)
            lines.append(plain(safe(_("  balance {amount}").format(amount=amount))))
        if card.overdue:
            amount = formats.money(card.overdue, currency)
            parts = [safe(_("  overdue {amount}").format(amount=amount))]
            if card.overdue_since is not None:
                days = (self._now.astimezone().date() - card.overdue_since).days
                since = safe(_(" for {days} d").format(days=days))
                if width_of(parts[0]) + width_of(since) < width:
                    parts = [SafeText(f"{parts[0]}{since}")]
                else:
                    parts.append(SafeText(f" {since}"))
            lines += [plain(part, "error") for part in parts]
        if (following := card.next_activity) is not None:
            today = self._now.astimezone().date()
            late, text = is_late(following, today), str(to_do(following, today))
            if not late:
                text = _("next: {activity}").format(activity=text)
            style = "error" if late else ""
            lines += [plain(part, style) for part in wrapped(safe(text), width - 1, "  ")]
        return lines

    def _document(self, link: LinkRow, width: int) -> Entry[Item]:
        today = self._now.astimezone().date()
        code = formats.short_code(link.code, today)
        day = formats.short_day(link.date, today) if link.date else SafeText("")
        name = SafeText(f"{kind_name(link.kind)} {code}")
        room = width - width_of(day) - 3
        if width_of(name) > room:
            name = SafeText(f"{abbreviation(link.kind)} {code}")
        lines: list[Line] = [
            (
                Piece(_sign(link), _ink(link)),
                Piece(SafeText(f"{fit(name, room - 1)} "), "bold"),
                Piece(day, "dim"),
            )
        ]
        figures = [state_name(link.entity_state)] if link.entity_state else []
        if link.amount is not None:
            figures.insert(0, formats.money(link.amount, link.currency))
        if figures:
            lines.append(plain(SafeText("  " + "  ".join(figures))))
        party = self._found.party
        if link.party and (party is None or party.entity.id != link.party_id):
            lines.append(plain(fit(SafeText(f"  {safe(link.party)}"), width), "dim"))
        lines += _way(link, width)
        lines += _why(link, width, whole=link.entity_id in self._in_whole)
        lines.append(BLANK)
        return Entry(tuple(lines), Item(link=link))

    def _heading(self, card: Card, width: int) -> Entry[Item]:
        name = safe(card.entity.title) or safe(card.entity.code)
        text = safe(_("Mail of {party}").format(party=name))
        shown = text if width_of(text) <= width - 6 else fit(text, width - 6)
        bar = "─" * max(0, width - width_of(shown) - 4)
        return Entry(
            (
                (
                    Piece(SafeText("── "), "rule"),
                    Piece(shown, "dim"),
                    Piece(SafeText(f" {bar}"), "rule"),
                ),
            )
        )

    def _mail(self, row: ListRow, width: int) -> Entry[Item]:
        when = fit(formats.when_briefly(row.received_at, self._now), _WHEN)
        here = row.message_id == self.message_id
        sign = "▸" if here else "↗" if row.outgoing else "↙"
        subject = safe(row.subject) or safe(_("(no subject)"))
        style = "dim" if here else "bold" if row.unread else ""
        line = (
            Piece(SafeText(f" {when} "), "dim"),
            Piece(SafeText(f"{sign} "), "accent"),
            Piece(fit(subject, width - width_of(when) - 5), style),
        )
        return Entry((line,), Item(mail=row))

    def same(self, one: Item, other: Item) -> bool:
        if one.link is not None and other.link is not None:
            return one.link.entity_id == other.link.entity_id
        if one.mail is not None and other.mail is not None:
            return one.mail.message_id == other.mail.message_id
        return False

    # -- where the cursor is, and what is below

    def choose(self, value: Item) -> None:
        self.chosen = value
        self.forget()
        self._all()
        super().choose(self.chosen)

    @property
    def page(self) -> int:
        return max(1, super().page - 1) if self._overflows else super().page

    @property
    def _overflows(self) -> bool:
        """Whether the last line is needed to say how much is below."""
        return self.count > super().page > 1

    def render_line(self, y: int) -> Strip:
        if y < self.size.height - 1 or not self._overflows:
            return super().render_line(y)
        return self._strip(self._below(), self.size.width, "background")

    def _below(self) -> Line:
        """How many records and messages are below what is shown."""
        end = self.top + self.page
        entries, rest = self._all(), self._flat[end:]
        hidden = {number for number, _line in rest} - {number for number, _line in self._flat[:end]}
        more = sum(1 for number in hidden if entries[number].value is not None)
        if not any(line for _number, line in rest):
            return BLANK
        words = ngettext("{n} more", "{n} more", more).format(n=more) if more else ""
        return plain(safe(f"  ↓ {words}"), "warning")

    # -- keys

    def offers(self, action: str) -> bool:
        """Whether there is something here that the action can be about."""
        there = self.values()
        on_link = self.chosen is not None and self.chosen.link is not None
        if action.startswith("decide"):
            return on_link
        if action == "trace":
            return on_link or self._found.party is not None
        return bool(there) if action == "open" else self.message_id is not None

    def action_open(self) -> None:
        item = self.chosen
        if item is None:
            self._say_no_record()
        elif item.link is not None:
            self.post_message(self.Opened(item.link.entity_id))
        elif item.mail is not None:
            self.post_message(self.Read(item.mail))

    def action_decide(self, verb: str) -> None:
        if self.chosen is not None and self.chosen.link is not None:
            self.post_message(self.Decided(verb, self.chosen.link))
        else:
            self._say_no_record()

    def action_link(self) -> None:
        self.post_message(self.Wanted("link"))

    def action_trace(self) -> None:
        item = self.chosen
        if item is not None and item.link is not None:
            self.post_message(self.Wanted("trace", item.link.entity_id))
        elif self._found.party is not None:
            self.post_message(self.Wanted("trace", self._found.party.entity.id))
        else:
            self._say_no_record()

    def _say_no_record(self) -> None:
        self.post_message(Said(safe(_("There is no record here."))))


def _sentence(text: str, width: int) -> Entry[Item]:
    """What an empty panel says."""
    return Entry(tuple(plain(line, "dim") for line in wrapped(safe(text), width, " ")))


def _sign(link: LinkRow) -> SafeText:
    return SafeText({"confirmed": "✓ ", "proposed": "? "}.get(link.state, "  "))


def _ink(link: LinkRow) -> str:
    return "warning" if link.state == "proposed" else "accent"


def _way(link: LinkRow, width: int) -> list[Line]:
    """Of a record made here: how far it is, and what is wrong."""
    if not link.made_here:
        return []
    words = [kept_words(link)]
    if link.way_error:
        words.append(safe(link.way_error))
    style = "error" if link.refused else "warning"
    return [plain(part, style) for one in words for part in wrapped(one, width - 1, "  ")]


def _why(link: LinkRow, width: int, *, whole: bool) -> list[Line]:
    """By what it was found and how surely, then why: in whole, where words of mail are short, or as
    much of it as a line holds."""
    text = link.why or link_name(link.state)
    if link.state == "confirmed" and link.by:
        text = said_by(link.state, text, link.by)
    found = SafeText(f"  {method_name(link.method)} · {link.score}%")
    if not whole:
        return [plain(fit(SafeText(f"{found}: {safe(text)}"), width - 1), "dim")]
    return [
        plain(fit(found, width - 1), "dim"),
        *(plain(line, "dim") for line in wrapped(safe(text), width - 1, "  ")),
    ]
