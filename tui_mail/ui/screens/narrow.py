"""Which of a record's mail is shown: chosen by typing, one thing after another.

Hides how the choices are named, and that one of a sort takes the place of the one before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from tui_mail.db.rows import ALL_MAIL, TraceFilter
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, fit

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_MONTH = 30  # days


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is shown, and how people say it: for each sort of choice the name of what was chosen."""

    only: TraceFilter = ALL_MAIL
    names: dict[str, SafeText] = field(default_factory=dict)

    def by(self, sort: str, name: str, only: TraceFilter) -> "Narrowed":
        return Narrowed(only, {**self.names, sort: safe(name)})


def _accounts(session: "Session", operator_id: int) -> list[tuple[int, str]]:
    from tui_mail.db.accounts import accounts

    return [(one.id or 0, one.email) for one in accounts(session, operator_id)]


class NarrowPick(PickScreen[Narrowed]):
    """Gives back what is to be shown: all, or less than now."""

    def __init__(self, parts: "Parts", now: Narrowed) -> None:
        super().__init__(
            safe(_("Which mail of this record")),
            self._fitting,
            placeholder=_("sent, last year, an account, bounce…"),
        )
        self._parts = parts
        self._now = now

    async def _fitting(self, text: str) -> list[Choice[Narrowed]]:
        accounts = await self._parts.database.read(_accounts, self._parts.operator_id)
        wanted = folded(text.strip())
        return [
            Choice(partial(_draw, name, about), one)
            for name, about, one in self._all(accounts)
            if wanted in folded(f"{name} {about}")
        ]

    def _all(self, accounts: list[tuple[int, str]]) -> Iterator[tuple[str, str, Narrowed]]:
        """Name, sort of choice in words, and what it leads to."""
        now, only = self._now, self._now.only
        if only != ALL_MAIL:
            yield _("all mail"), "", Narrowed()
        ways = ((False, _("came in")), (True, _("sent by us")))
        for outgoing, name in ways:
            yield name, _("direction"), now.by("way", name, replace(only, outgoing=outgoing))
        for name, since, until in _periods(datetime.now(UTC).astimezone()):
            yield name, _("period"), now.by("period", name, replace(only, since=since, until=until))
        if len(accounts) > 1:
            for identifier, email in accounts:
                to = now.by("account", email, replace(only, account_id=identifier))
                yield email, _("account"), to
        from tui_mail.search.choices import KINDS
        from tui_mail.search.tree import OfKind

        for names, tree in KINDS.rows:
            if isinstance(tree, OfKind):
                to = now.by("kind", names.shown, replace(only, kinds=tree.kinds))
                yield names.shown, _("kind"), to


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
