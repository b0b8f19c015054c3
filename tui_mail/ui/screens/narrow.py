"""Which of a record's mail is shown: chosen by typing, one thing after another.

Hides how the choices are named, and that one of a sort takes the place of the one before it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import ALL_MAIL, TraceFilter
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui import formats
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_MONTH = 30  # days
_CAME = ("received", "incoming", "arrivata", "ricevuta", "in entrata")
_SENT = ("sent", "outgoing", "inviata", "in uscita")
_BETWEEN = re.compile(r"[\W_]+")
_ENDING = re.compile(r"(?<=\w{4})[aeio]?s?$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is shown, and how people say it: for each sort of choice the name of what was chosen."""

    only: TraceFilter = ALL_MAIL
    names: dict[str, SafeText] = field(default_factory=dict)
    chain: bool = False  # with the mail of what it came from and of what came of it

    def by(self, sort: str, name: str, only: TraceFilter) -> "Narrowed":
        return replace(self, only=only, names={**self.names, sort: safe(name)})

    def chained(self, chain: bool) -> "Narrowed":
        names = {sort: name for sort, name in self.names.items() if sort != "chain"}
        if chain:
            names["chain"] = safe(_("with its chain"))
        return replace(self, names=names, chain=chain)


@dataclass(frozen=True, slots=True)
class _Row:
    """A choice, its sort in words, what it leads to, and what else people call it."""

    name: str
    about: str
    leads_to: Narrowed
    also: Sequence[str] = ()

    @property
    def words(self) -> list[str]:
        """All that may be typed for it."""
        return _words(" ".join([self.name, self.about, *self.also]))


def _words(text: str) -> list[str]:
    return _BETWEEN.sub(" ", folded(text)).split()


def _stems(text: str) -> list[str]:
    """The words that were typed, longer ones without their ending: `inviate` is `inviata`."""
    return [_ENDING.sub("", word) for word in _words(text)]


def has_chain(session: "Session", entity_id: int) -> bool:
    """Whether the record came from another, or another came of it."""
    from tui_mail.db.traces import chain_ids

    return len(chain_ids(session, entity_id)) > 1


def _read(
    session: "Session", operator_id: int, entity_id: int
) -> tuple[list[tuple[int, str]], bool]:
    """The accounts by name, and whether there is a chain."""
    from tui_mail.db.accounts import accounts

    found = [(one.id or 0, one.email) for one in accounts(session, operator_id)]
    return found, has_chain(session, entity_id)


class NarrowPick(PickScreen[Narrowed]):
    """Gives back what is to be shown: all, less than now, or more: the mail of its chain too."""

    def __init__(self, parts: "Parts", entity_id: int, now: Narrowed) -> None:
        super().__init__(
            safe(_("Which mail of this record")),
            self._fitting,
            placeholder=_("sent, 3m, 2026-01..2026-03, an account, bounce, chain…"),
        )
        self._parts = parts
        self._entity_id = entity_id
        self._now = now

    async def _fitting(self, text: str) -> list[Choice[Narrowed]]:
        accounts, chain = await self._parts.database.read(
            _read, self._parts.operator_id, self._entity_id
        )
        wanted = _stems(text)
        fitting = (
            row
            for row in (*self._chain(chain), *self._all(accounts))
            if all(any(word.startswith(stem) for word in row.words) for stem in wanted)
        )
        return [
            Choice(partial(_draw, row.name, row.about), row.leads_to)
            for row in (*self._typed(text), *fitting)
        ]

    def _typed(self, text: str) -> Iterator[_Row]:
        """The period that was typed, if it is one."""
        from tui_mail.search.mistakes import WrongValueError
        from tui_mail.search.times import Clock, period

        try:
            since, until = period(text, Clock(datetime.now(UTC)))
        except WrongValueError:
            return
        name = _called(since, until)
        only = replace(self._now.only, since=since, until=until)
        yield _Row(name, _("period"), self._now.by("period", name, only))

    def _chain(self, has: bool) -> Iterator[_Row]:
        if self._now.chain:
            now = self._now.chained(False)
            yield _Row(_("without its chain"), _("only of this record"), now)
        elif has:
            about = _("what it came from, and what came of it")
            yield _Row(_("with its chain"), about, self._now.chained(True))

    def _all(self, accounts: list[tuple[int, str]]) -> Iterator[_Row]:
        now, only = self._now, self._now.only
        if only != ALL_MAIL:
            yield _Row(_("all mail"), "", Narrowed().chained(now.chain))
        ways = ((False, _("came in"), _CAME), (True, _("sent by us"), _SENT))
        for outgoing, name, also in ways:
            to = now.by("way", name, replace(only, outgoing=outgoing))
            yield _Row(name, _("direction"), to, also)
        for name, since, until in _periods(datetime.now(UTC).astimezone()):
            to = now.by("period", name, replace(only, since=since, until=until))
            yield _Row(name, _("period"), to)
        if len(accounts) > 1:
            for identifier, email in accounts:
                to = now.by("account", email, replace(only, account_id=identifier))
                yield _Row(email, _("account"), to)
        from tui_mail.search.choices import KINDS
        from tui_mail.search.tree import OfKind

        for names, tree in KINDS.rows:
            if isinstance(tree, OfKind):
                to = now.by("kind", names.shown, replace(only, kinds=tree.kinds))
                yield _Row(names.shown, _("kind"), to, names.names)


def _called(since: datetime | None, until: datetime | None) -> SafeText:
    """A period by its first and last day."""
    first = formats.day(since.astimezone().date()) if since else ""
    # What ends at midnight ends with the day before.
    last = formats.day((until - timedelta(microseconds=1)).astimezone().date()) if until else ""
    if first and last:
        return safe(first if first == last else f"{first} – {last}")
    return safe(
        _("from {day} on").format(day=first) if first else _("up to {day}").format(day=last)
    )


def _periods(now: datetime) -> Iterator[tuple[str, datetime, datetime | None]]:
    """`now` is in the time of this place; years begin where people are."""
    year = datetime(now.year, 1, 1).astimezone()
    yield _("last 30 days"), now - timedelta(days=_MONTH), None
    yield _("this year"), year, None
    yield _("last year"), datetime(now.year - 1, 1, 1).astimezone(), year


def _draw(name: str, about: str, width: int) -> Line:
    first = max(20, width // 2)
    return (
        Piece(fit(SafeText(f"   {safe(name)}"), first)),
        Piece(fit(safe(about), max(1, width - first)), "dim"),
    )
