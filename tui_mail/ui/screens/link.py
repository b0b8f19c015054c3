"""Linking by hand: opens on what is proposed and what is open, typing searches all records."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from tui_mail.db.rows import EntityRow, LinkRow
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import deeds, formats
from tui_mail.ui.keys import bind
from tui_mail.ui.kinds import abbreviation, is_party, kind_name, link_name, method_name, said_by
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.entries import Entries
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import BLANK, Line, Piece, SafeInput, fit, plain, width_of
from tui_mail.ui.work import begin
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from datetime import date as Day

    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


_METHOD = 15  # cells of the longest name of a method
_DAY, _AMOUNT, _SCORE = 10, 13, 5  # cells, with what parts them from what is beside them
_BEGINNING = 24  # cells of a sentence that are worth reading


@dataclass(frozen=True, slots=True)
class Candidate:
    """A record that may be linked; `state` is "" while it is not."""

    entity_id: int
    kind: str
    code: str
    title: str
    party: str
    date: "Day | None"
    amount: Decimal | None
    state: str = ""
    why: str = ""
    score: int = 0
    method: str = ""
    by: str = ""  # who confirmed it


def _of_link(link: LinkRow) -> Candidate:
    return Candidate(
        link.entity_id,
        link.kind,
        link.code,
        link.title,
        link.party,
        link.date,
        link.amount,
        link.state,
        link.why,
        link.score,
        link.method,
        link.by,
    )


def _of_entity(row: EntityRow, links: Sequence[LinkRow], why: str = "") -> Candidate:
    for link in links:
        if link.entity_id == row.id:
            return _of_link(link)
    return Candidate(
        row.id, row.kind, row.code, row.title, row.party, row.date, row.amount, why=why
    )


def _read(
    session: "Session", operator_id: int, message_id: int, text: str, today: "Day"
) -> list[Candidate]:
    """The links there are, the party's open documents and what else is likely, the likeliest first
    where nothing is linked; with `text`, the records that it finds."""
    from tui_mail.db.cards import card
    from tui_mail.db.erp import find_entities
    from tui_mail.db.guesses import guesses
    from tui_mail.db.links import links_of

    links = links_of(session, operator_id, message_id)
    if text.strip():
        return [_of_entity(row, links) for row in find_entities(session, text, limit=40)]
    found = [_of_link(link) for link in links]
    known = {link.entity_id for link in links}
    parties = {link.entity_id if is_party(link.kind) else link.party_id for link in links}
    for party_id in sorted(party for party in parties if party is not None)[:2]:
        open_ones = card(session, party_id, today).open_documents
        found += [
            _of_entity(row, (), _("open, of the same party"))
            for row in open_ones
            if row.id not in known
        ]
    known |= {one.entity_id for one in found}
    found += [
        _of_entity(one.record, (), one.why)
        for one in guesses(session, operator_id, message_id)
        if one.record.id not in known
    ]
    return found


def _name(candidate: Candidate, code: str) -> SafeText:
    if is_party(candidate.kind):
        return safe(candidate.title or code)
    return safe(f"{kind_name(candidate.kind)} {code}")


def draw(candidate: Candidate, today: "Day", width: int) -> Line:
    """A candidate as one line: sign, record, date, party, amount, by what it was found, score;
    where there is room the beginning of why. All of that is said below the list."""
    sign = {"confirmed": "✓", "proposed": "?", "rejected": "x", "automatic": "·"}
    first, second = max(16, width * 26 // 100), max(10, width * 22 // 100)
    others = 3 + first + 1 + _DAY + second + 1 + _AMOUNT + _SCORE
    second = max(10, second - max(0, others + _METHOD - width))  # how it was found is not cut
    bare = candidate.date is None and candidate.amount is None
    if bare:
        first += _DAY + _AMOUNT  # as of a customer
    code = formats.short_code(candidate.code, today)
    name = _name(candidate, code)
    if width_of(name) > first and not is_party(candidate.kind):
        name = SafeText(f"{abbreviation(candidate.kind)} {code}")
    day = formats.short_day(candidate.date, today) if candidate.date else SafeText("")
    amount = formats.money(candidate.amount) if candidate.amount is not None else SafeText("")
    party = safe(candidate.party or kind_name(candidate.kind))
    score = str(candidate.score) if candidate.score else ""
    pieces = [
        Piece(
            SafeText(f" {sign.get(candidate.state, ' ')} "),
            "warning" if candidate.state == "proposed" else "accent",
        ),
        Piece(SafeText(f"{fit(name, first)} "), "bold" if candidate.state else ""),
    ]
    if not bare:
        pieces.append(Piece(SafeText(f"{fit(day, _DAY - 2, right=True)}  "), "dim"))
    pieces.append(Piece(SafeText(f"{fit(party, second)} ")))
    if not bare:
        pieces.append(Piece(SafeText(f"{fit(amount, _AMOUNT - 2, right=True)}  ")))
    left = width - sum(width_of(piece.text) for piece in pieces) - _SCORE
    why = safe(candidate.why) if left - _METHOD >= _BEGINNING else ""
    pieces.append(Piece(fit(method_name(candidate.method), min(_METHOD, max(0, left)))))
    pieces.append(Piece(fit(SafeText(f" {why}"), left - _METHOD), "dim"))
    pieces.append(Piece(fit(SafeText(score), _SCORE - 1, right=True), "dim"))
    return tuple(pieces)


def explained(candidate: Candidate, width: int) -> list[Line]:
    """The record, how its link stands, by what it was found and how surely, then why, in whole."""
    head = [_name(candidate, candidate.code)]
    head += [link_name(candidate.state)] if candidate.state else []
    head += [method_name(candidate.method)] if candidate.method else []
    head += [SafeText(f"{candidate.score}%")] if candidate.score else []
    why = candidate.why
    if candidate.by:
        why = said_by(candidate.state, why, candidate.by)
    whole = ": ".join(part for part in (" · ".join(head), why) if part)
    return [plain(line) for line in wrapped(safe(whole), width - 1, " ")]


class LinkScreen(PickScreen[Candidate]):
    """Stays open until Esc: several records may be linked. What was said last comes back through `said`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("link.confirm", "enter", "choose", msgid("confirm"), hint=True, first=True),
        bind("link.reject", "delete", "reject", msgid("reject"), hint=True, first=True),
        bind("link.thread", "insert", "thread", msgid("whole conversation"), hint=True),
    ]

    DEFAULT_CSS = """
    LinkScreen #box { min-height: 16; }
    """

    def __init__(self, parts: "Parts", message_id: int, subject: str) -> None:
        self._parts = parts
        self._message_id = message_id
        self._subject = deeds.named(subject)
        self._whole = False
        self.said = SafeText("")
        super().__init__(
            self._heading(),
            self._candidates,
            placeholder=_("number, name, amount, reference"),
            empty=_("Nothing is proposed: type a number, a name or an amount."),
        )

    def _heading(self) -> SafeText:
        text = _("Link “{subject}”").format(subject=self._subject)
        if self._whole:
            text += " · " + _("the whole conversation")
        return safe(f"{text} · {self.said}" if self.said else text)

    async def _candidates(self, text: str) -> list[Choice[Candidate]]:
        today = datetime.now(UTC).astimezone().date()
        found = await self._parts.database.read(
            _read, self._parts.operator_id, self._message_id, text, today
        )
        return [Choice(partial(draw, candidate, today), candidate) for candidate in found]

    def beneath(self) -> ComposeResult:
        yield Bar(id="why")

    def looked(self) -> None:
        self._explain()

    def on_entries_moved(self, event: Entries.Moved) -> None:
        event.stop()
        self._explain()

    def on_resize(self) -> None:
        self.call_after_refresh(self._explain)

    def _explain(self) -> None:
        """Say below the list all about the record that the cursor is on."""
        self.choices.values()
        chosen = self.choices.chosen
        rule = plain(SafeText("─" * self.size.width), "rule")
        lines = explained(chosen.value, self.size.width) if chosen is not None else []
        self.query_one("#why", Bar).show(rule, below=lines or [BLANK])

    def chose(self, value: Candidate) -> None:
        self._decide("confirm" if value.state else "add", value)

    def action_reject(self) -> None:
        def reject(value: Candidate) -> None:
            if value.state:
                self._decide("reject", value)

        self.with_chosen(reject)

    def action_thread(self) -> None:
        self._whole = not self._whole
        self._say()

    def _decide(self, verb: str, candidate: Candidate) -> None:
        begin(self, partial(self._decided, verb, candidate), "decide")

    async def _decided(self, verb: str, candidate: Candidate) -> None:
        today = datetime.now(UTC).astimezone().date()
        record = formats.record(candidate.kind, candidate.code, candidate.title, today)
        link = (self._message_id, candidate.entity_id)
        try:
            self.said = await deeds.decide(self._parts, verb, link, record, thread=self._whole)
        except TuiMailError as error:
            self.said = safe(error.message)
        self._say()
        self.look_up(self.query_one(SafeInput).value)

    def _say(self) -> None:
        self.choices.heading = self._heading()
        self.choices.forget()
