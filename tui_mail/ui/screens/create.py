"""A record out of a message: which kind, then a few lines that are filled in already.

Hides what each kind asks for and where the message says it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from tui_mail.db.rows import EntityRow
from tui_mail.errors import WrongData
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.search.times import day_to_come
from tui_mail.ui import formats
from tui_mail.ui.held_keys import held
from tui_mail.ui.keys import bind, commands, hints
from tui_mail.ui.kinds import kind_name
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Line, Piece, SafeInput, SafeStatic, fit, plain

if TYPE_CHECKING:
    from tui_mail.db.creating import NewRecord
    from tui_mail.db.guesses import Said
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_DAYS_AHEAD = 1
_DETAILS = frozenset({"phone", "role", "contact", "stage"})


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a record of `kind` begins with: the lines by name, and whose it is; `there`: it is
    known already, and none is to be made."""

    kind: str
    lines: dict[str, str]
    party: EntityRow | None = None
    there: EntityRow | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a message's writer, and which kinds can be made."""

    said: "Said"
    party: EntityRow | None  # whose matter it is
    firm: EntityRow | None  # that the writer is of
    contact: EntityRow | None
    lead: str  # what a lead would be called
    kinds: Sequence[str]


def _read(session: "Session", operator_id: int, message_id: int) -> _Known:
    from tui_mail.db.creating import contact_of, kinds_to_make
    from tui_mail.db.guesses import (
        firm_of_writer,
        is_firm_here,
        is_of_firm,
        is_ours,
        likely_party,
        said,
    )

    heard = said(session, operator_id, message_id)
    party = likely_party(session, operator_id, message_id)
    firm = firm_of_writer(session, operator_id, message_id)
    ours = is_ours(session, heard)
    contact = None if ours else contact_of(session, heard.who.address)
    names = (heard.who.firm, heard.who.name or heard.who.address)
    lead = next((name for name in names if name and not is_firm_here(session, name)), "")
    without = set()
    if ours or not lead or is_of_firm(session, operator_id, message_id):
        without.add("lead")
    if firm is None and contact is None:
        without.add("contact")
    kinds = [kind for kind in kinds_to_make(session, party or firm) if kind not in without]
    if ours and not kinds:
        raise WrongData(_("We wrote this ourselves: a contact is made of a letter of theirs."))
    return _Known(heard, party, firm, contact, lead, kinds)


async def beginnings(parts: "Parts", message_id: int) -> list[Beginning]:
    """What can be made of a message: a contact where its firm is known, else a lead first; of one
    who is a contact already something to do first. Nothing where neither the firm is known nor the
    company works with a CRM.

    Raises NotFound.
    """
    known = await parts.database.read(_read, parts.operator_id, message_id)
    who, party, there = known.said.who, known.party, known.contact
    tomorrow = datetime.now(UTC).astimezone().date() + timedelta(days=_DAYS_AHEAD)
    person = {"name": who.name or who.address, "address": who.address, "phone": who.phone}
    contact = Beginning("contact", {**person, "role": ""}, known.firm, there)
    lead = Beginning("lead", {**person, "name": known.lead, "contact": who.name})
    matter = known.said.subject.strip()
    activity = Beginning("activity", {"name": matter, "due": formats.day(tomorrow)}, party)
    opportunity = Beginning("opportunity", {"name": matter, "stage": ""}, party)
    rest = (lead, activity, opportunity)
    order = [contact, *rest] if there is None else [*rest, contact]
    return [one for one in order if one.kind in known.kinds]


class KindPick(PickScreen[Beginning]):
    """Gives back what is to be made."""

    def __init__(self, subject: SafeText, choices: Sequence[Beginning]) -> None:
        heading = safe(_("Make from “{subject}”").format(subject=subject))
        super().__init__(
            heading,
            self._fitting,
            placeholder=", ".join(str(kind_name(one.kind)) for one in choices),
        )
        self._kinds = choices

    async def _fitting(self, text: str) -> list[Choice[Beginning]]:
        wanted = folded(text.strip())
        fitting = [one for one in self._kinds if wanted in folded(kind_name(one.kind))]
        return [Choice(partial(self._draw, one), one) for one in fitting]

    def _draw(self, one: Beginning, width: int) -> Line:
        about = one.lines["name"]
        if one.there is not None:
            name = one.there.title or one.there.code
            about = _("{name} is a contact already: Enter opens the card").format(name=name)
        elif one.party is not None:
            about = _("{name}, of {party}").format(name=about, party=one.party.title)
        first = max(14, width // 4)
        return (
            Piece(fit(SafeText(f"   {kind_name(one.kind)}"), first), "bold"),
            Piece(fit(safe(about), max(1, width - first)), "dim"),
        )


def _label(name: str) -> str:
    labels = {
        "name": _("name"),
        "address": _("e-mail"),
        "phone": _("telephone"),
        "role": _("role"),
        "contact": _("person"),
        "due": _("due"),
        "stage": _("stage"),
    }
    return labels[name]


class CreateScreen(ModalScreen["NewRecord | None"]):
    """Gives back the record as it is to be made, None when none is."""

    DEFAULT_CSS = """
    CreateScreen { align: center bottom; background: transparent; }
    CreateScreen #box { height: auto; background: $background; }
    CreateScreen Horizontal { height: 1; }
    CreateScreen SafeStatic { width: 16; color: $text-muted; }
    CreateScreen SafeInput { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("create.make", "enter", "make", msgid("make it"), hint=True, first=True),
        bind("create.next", "tab,down", "app.focus_next", msgid("next line"), hint=True),
        bind("create.previous", "shift+tab,up", "app.focus_previous", msgid("line before")),
        bind("create.close", "escape", "close", msgid("close"), hint=True),
    ]

    def __init__(self, start: Beginning) -> None:
        super().__init__()
        self._start = start

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield Bar(id="heading")
            for name, value in self._start.lines.items():
                with Horizontal():
                    yield SafeStatic(safe(f" {_label(name)}"))
                    yield SafeInput(safe(value), id=f"line-{name}", select_on_focus=False)
            yield Bar(id="mistake")
            yield Bar(id="hints")

    def on_mount(self) -> None:
        self._show_heading()
        self.query_one(SafeInput).focus()
        self.call_after_refresh(self._show_hints)
        self.call_after_refresh(held(self).release)

    def _show_heading(self) -> None:
        text = _("New: {kind}").format(kind=kind_name(self._start.kind))
        if self._start.party is not None:
            text += " · " + safe(self._start.party.title or self._start.party.code)
        self.query_one("#heading", Bar).show(plain(safe(f" {text}"), "bold"))

    def _show_hints(self) -> None:
        rows = commands(self.active_bindings.values())
        self.query_one("#hints", Bar).show(hints(rows, self.size.width))

    def action_make(self) -> None:
        from tui_mail.db.creating import NewRecord

        given = {
            name: self.query_one(f"#line-{name}", Input).value.strip() for name in self._start.lines
        }
        wanted = given.get("due", "")
        due = day_to_come(wanted, datetime.now(UTC).astimezone().date())
        if wanted and due is None:
            words = _("{text} is not a date: write 31/12 or 31/12/2026.").format(text=wanted)
            self.query_one("#mistake", Bar).show(plain(safe(f" {words}"), "error"))
            return
        if not given["name"]:
            words = _("Write what it is called first.")
            self.query_one("#mistake", Bar).show(plain(safe(f" {words}"), "error"))
            return
        details = {name: text for name, text in given.items() if name in _DETAILS}
        party = self._start.party
        self.dismiss(
            NewRecord(
                self._start.kind,
                given["name"],
                party.id if party is not None else None,
                given.get("address", ""),
                due,
                details,
            )
        )

    def action_close(self) -> None:
        self.dismiss(None)


def _create(
    session: "Session", operator_id: int, message_id: int, record: "NewRecord", now: datetime
) -> str:
    """What people call the place that is to have it, "" for none."""
    from tui_mail.db.creating import create
    from tui_mail.db.record_way import destination

    return destination(session, create(session, operator_id, message_id, record, now))


async def make(parts: "Parts", message_id: int, record: "NewRecord") -> SafeText:
    """Make it; the sentence. Raises NotAllowed, NotFound, WrongData."""
    now = datetime.now(UTC)
    place = await parts.database.write(_create, parts.operator_id, message_id, record, now)
    words = _("Made {kind} “{name}”: kept here, the ERP does not have it")
    if place:
        words = _("Made {kind} “{name}”: here now, in {place} shortly")
    return safe(words.format(kind=kind_name(record.kind), name=record.title, place=place))
