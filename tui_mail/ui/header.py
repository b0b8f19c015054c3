"""The line on top: which folder, what is on its way out, whether mail is up to date."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from textual.message import Message

from tui_mail.db.rows import AccountStatus, FolderRow
from tui_mail.i18n import _, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.kinds import account_name, folder_name
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.widgets.lines import Bar
from tui_mail.ui.widgets.text import Line, Piece
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts
    from tui_mail.worker.fetch import Progress

_SECONDS = 2.0
_MINUTE = 60
_TOLD_BYTES = 1 << 20
_MOST_TOLD = 2  # folders


def _read(session: "Session", operator_id: int) -> tuple[list[AccountStatus], int]:
    from tui_mail.db.accounts import statuses
    from tui_mail.db.outbox import waiting_count

    return statuses(session, operator_id), waiting_count(session, operator_id)


class HeaderBar(Panel, Bar):
    """Reads the accounts' state by itself."""

    class Read(Message):
        """How the accounts are doing was read."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.folder: FolderRow | None = None
        self.search = ""  # what is searched for, in words, where that is shown instead
        self.narrow = False
        self._accounts: list[AccountStatus] = []
        self._outgoing = 0

    def start(self, parts: "Parts") -> None:
        super().start(parts)
        self._load()
        self.set_interval(_SECONDS, self.show_now)

    def changed(self, topics: frozenset[str]) -> None:
        if topics & {"accounts", "outbox", "operations"}:
            self._load()

    def _load(self) -> None:
        begin(self, self._loaded, "header", latest=True)

    async def _loaded(self) -> None:
        assert self.parts is not None
        found = await self.read(_read, self.parts.operator_id)
        if found is None:
            return
        before = self._trouble()
        self._accounts, self._outgoing = found
        trouble = self._trouble()
        if trouble and trouble != before:
            self.post_message(Said(trouble, wrong=True))
        self.post_message(self.Read())
        self.show_now()

    def _trouble(self) -> SafeText:
        """What is wrong with the first account in trouble, as a sentence; "" when all is well."""
        for account in self._accounts:
            if account.trouble:
                return safe(f"{account.email}: {account.trouble}")
        return SafeText("")

    def not_fetched(self, account_id: int) -> SafeText:
        """Why an account's mail is not up to date, as a sentence; "" when it is."""
        for account in self._accounts:
            if account.account_id == account_id and account.paused:
                return safe(_("{email} is paused: F8, p").format(email=account.email))
            if account.account_id == account_id and account.fetching_trouble:
                return safe(f"{account.email}: {account.fetching_trouble}")
        return SafeText("")

    def on_mount(self) -> None:
        self.show_now()

    def on_resize(self) -> None:
        self.show_now()

    def show_now(self) -> None:
        """Draw what is known; repaints only when it differs."""
        self.show(self._where(), self._how())

    def _where(self) -> Line:
        brand = Piece(SafeText(" tui_mail"), "accent bold")
        if self.search:
            text = safe(self.search)
            if self.narrow:
                return (Piece(SafeText(f" {text}"), "bold"),)
            return (brand, Piece(SafeText(f"   {text}"), "bold"))
        if self.folder is None:
            return (brand,)
        account = account_name(self.folder.account)
        name = folder_name(self.folder.role, self.folder.name)
        if self.narrow:
            return (Piece(SafeText(f" {name}"), "bold"), Piece(SafeText(f" · {account}"), "dim"))
        return (
            brand,
            Piece(SafeText(f"   {account} › "), "dim"),
            Piece(name, "bold"),
        )

    def _how(self) -> Line:
        pieces: list[Piece] = []
        if self.narrow and not self.search and self.folder is not None and self.folder.unread:
            pieces.append(Piece(SafeText(f"{self.folder.unread} ●  "), "accent"))
        if self._outgoing:
            text = f"↑{self._outgoing}"
            if not self.narrow:
                text = _("↑{count} outgoing").format(count=self._outgoing)
            stuck = any(account.outgoing and account.sending_error for account in self._accounts)
            style = "error" if stuck else "warning"
            pieces.append(Piece(safe(f"{'⚠ ' if stuck else ''}{text}   "), style))
        pieces += self._state()
        return tuple(pieces)

    def _fetched(self, fetching: Sequence["Progress"]) -> str:
        if self.narrow:
            done = sum(one.done for one in fetching) / sum(one.total for one in fetching)
            return f"↓ {done:.0%}"
        return ", ".join(how_far(one) for one in fetching[:_MOST_TOLD])

    def _paused(self) -> int:
        """How many accounts are not fetched from now."""
        by_hour = [one for one in self._accounts if one.schedule and not one.paused]
        paused = sum(one.paused for one in self._accounts)
        if by_hour:
            from tui_mail.worker.schedule import here, rule_of  # later than the first list

            local = here()
            paused += sum(rule_of(one, local).paused for one in by_hour)
        return paused

    def _state(self) -> list[Piece]:
        worker = self.parts.worker if self.parts is not None else None
        fetching = worker.summary().fetching if worker is not None else ()
        if fetching:
            return [Piece(safe(f"{self._fetched(fetching)} "), "dim")]
        if any(account.fetching_trouble for account in self._accounts):
            return [Piece(safe(_("⚠ not up to date ")), "error")]
        paused = self._paused()
        if paused:
            text = ngettext("‖ {count} paused ", "‖ {count} paused ", paused)
            return [Piece(safe(text.format(count=paused)), "warning")]
        seen = [status.last_success for status in self._accounts if status.last_success]
        if not seen:
            return []
        when = formats.when(max(seen), datetime.now(UTC))
        text = safe(_("● updated {time} ").format(time=when))
        return [Piece(text, "dim")]


def how_far(progress: "Progress") -> str:
    """How far it is, as 'Inbox 1,200 of 20,000 · 14 MB · 2 minutes left'."""
    told = _("{folder} {done} of {total}").format(
        folder=folder_name(progress.role, progress.folder),
        done=formats.number(Decimal(progress.done)),
        total=formats.number(Decimal(progress.total)),
    )
    if progress.size >= _TOLD_BYTES:
        told += _(" · {megabytes} MB").format(megabytes=progress.size >> 20)
    left = progress.seconds_left
    if left is None:
        return told
    if left < _MINUTE:
        return told + _(" · less than a minute left")
    minutes = math.ceil(left / _MINUTE)
    return told + ngettext(" · {count} minute left", " · {count} minutes left", minutes).format(
        count=minutes
    )
