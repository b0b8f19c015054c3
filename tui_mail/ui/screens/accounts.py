"""How each account is doing: up to date or not, what waits, what is wrong, and who works on it;
where fetching is paused, and goes on. Below them the places that records of the ERP come from.

Live: read again when the database changes and, for the time that passes, every two seconds.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.erplines import erp_lines
from tui_mail.ui.keys import MOVES, bind, commands, hints
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.widgets.lines import Bar, Lines
from tui_mail.ui.widgets.text import BLANK, Line, Piece, fit, plain, width_of
from tui_mail.ui.work import begin
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from tui_mail.db.erp_status import ErpStatus
    from tui_mail.db.session import Session
    from tui_mail.db.turns import Served
    from tui_mail.ui.parts import Parts
    from tui_mail.worker.schedule import Rule

_SECONDS = 2.0
_TOPICS = {"accounts", "outbox", "operations", "erp"}
_MARGIN = "     "


def _read(session: "Session", operator_id: int) -> "tuple[list[Served], ErpStatus]":
    from tui_mail.db.erp_status import erp_status
    from tui_mail.db.turns import served

    return served(session, operator_id), erp_status(session)


def _pause(
    session: "Session", operator_id: int, account_ids: "list[int] | None", *, paused: bool
) -> list[str]:
    from tui_mail.db.accounts import pause

    return pause(session, operator_id, account_ids, paused=paused)


class AccountsPanel(Panel, Lines):
    """Some lines for each account, the first of which the cursor is on."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]

    def __init__(self) -> None:
        super().__init__(id="accounts")
        self._rows: list[Served] | None = None
        self._erp: ErpStatus | None = None
        self._lines: list[Line] = []
        self._starts: list[int] = []
        self._at = 0

    def start(self, parts: "Parts") -> None:
        super().start(parts)
        self._load()
        self.set_interval(_SECONDS, self._load)

    def changed(self, topics: frozenset[str]) -> None:
        if topics & _TOPICS:
            self._load()

    def _load(self) -> None:
        begin(self, self._loaded, "accounts", latest=True)

    async def _loaded(self) -> None:
        assert self.parts is not None
        found = await self.read(_read, self.parts.operator_id)
        if found is not None:
            self._rows, self._erp = found
            self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Lay the lines out; repaints only when one differs."""
        from tui_mail.worker.schedule import here, rule_of  # no list waits for it

        now = datetime.now(UTC)
        width = self.inner_width
        local = here()
        lines: list[Line] = []
        self._starts = []
        longest = max((width_of(safe(row.status.email)) for row in self._rows or ()), default=0)
        for row in self._rows or ():
            self._starts.append(len(lines))
            lines += _lines(row, rule_of(row.status, local), width, now, longest=longest)
        if self._rows == []:
            lines = [plain(safe(_(" There is no account: tui-mail account add YOU@FIRM")), "dim")]
        if self._erp is not None:
            lines += erp_lines(self._erp, width, now)
        if lines != self._lines:
            self._lines = lines
            self.forget()

    def title(self) -> SafeText:
        count = len(self._rows or ())
        words = ngettext("{number} account", "{number} accounts", count)
        return safe(words.format(number=count))

    @property
    def count(self) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        return self._lines[index] if index < len(self._lines) else BLANK

    def background(self, index: int) -> str:
        return "cursor" if self._starts and index == self._starts[self._place] else "background"

    @property
    def _place(self) -> int:
        """Which account the cursor is on."""
        return min(self._at, len(self._starts) - 1)

    def _go_to(self, place: int) -> None:
        if not self._starts:
            return
        self._at = max(0, min(place, len(self._starts) - 1))
        start = self._starts[self._at]
        end = self._starts[self._at + 1] if self._at + 1 < len(self._starts) else self.count
        if start < self.top:
            self.scroll_lines_to(start)
        elif end > self.top + self.page:
            self.scroll_lines_to(min(end - self.page, start))
        self.refresh()

    def action_move(self, step: int) -> None:
        self._go_to(self._place + step)

    def action_page(self, pages: float) -> None:
        wanted = self._starts[self._place] + int(pages * self.page) if self._starts else 0
        self._go_to(sum(start <= wanted for start in self._starts) - 1)

    def action_first(self) -> None:
        self._go_to(0)

    def action_last(self) -> None:
        self._go_to(len(self._starts) - 1)

    def pause(self) -> None:
        """Leave the account that the cursor is on alone, or go on with it."""
        if self._rows and (status := self._rows[self._place].status).protocol != "local":
            self._begin_pausing([status.account_id], paused=not status.paused)

    def pause_all(self) -> None:
        """Leave all alone, or go on with all where all are left alone."""
        found = [row.status for row in self._rows or () if row.status.protocol != "local"]
        if found:
            self._begin_pausing(None, paused=not all(status.paused for status in found))

    def _begin_pausing(self, account_ids: list[int] | None, *, paused: bool) -> None:
        begin(self, partial(self._pausing, account_ids, paused=paused), "pausing")

    async def _pausing(self, account_ids: list[int] | None, *, paused: bool) -> None:
        assert self.parts is not None
        try:
            emails = await self.parts.database.write(
                _pause, self.parts.operator_id, account_ids, paused=paused
            )
        except TuiMailError as error:
            self.post_message(Said.error(error))
            return
        words = (
            _("Paused: {accounts}. Letters go out all the same.")
            if paused
            else _("Fetched from again: {accounts}.")
        )
        said = words.format(accounts=", ".join(emails))
        if not emails:
            said = _("You manage none of these accounts: ask whoever does.")
        self.post_message(Said(safe(said), wrong=not emails))


def _lines(
    row: "Served", rule: "Rule", width: int, now: datetime, *, longest: int
) -> Iterator[Line]:
    """How one account is doing. `longest`: cells of the longest address among all."""
    status = row.status
    sign, style = ("⚠", "error") if status.trouble else ("●", "accent")
    if rule.paused:
        sign, style = "‖", "warning"
    success = safe(_("never up to date"))
    if status.last_success is not None:
        lag = formats.ago((now - status.last_success).total_seconds())
        success = safe(
            _("up to date {time}, {lag}").format(
                time=formats.when(status.last_success, now), lag=lag
            )
        )
    room = width - 4 - width_of(success)
    first = max(16, width * 2 // 5, min(longest, room))
    yield (
        Piece(SafeText(f" {sign} "), style),
        Piece(fit(safe(status.email), first), "bold"),
        Piece(fit(SafeText(f" {success}"), max(0, width - first - 3))),
    )
    if pace := formats.paced(rule):
        style = "warning" if rule.paused else "dim"
        yield from (plain(part, style) for part in wrapped(pace, width - 1, _MARGIN))
    for text, style in _details(row, now):
        yield from (plain(part, style) for part in wrapped(text, width - 1, _MARGIN))
    yield BLANK


def _details(row: "Served", now: datetime) -> Iterator[tuple[SafeText, str]]:
    status, turn = row.status, row.turn
    queue = [
        ngettext(
            "{number} change for the server", "{number} changes for the server", status.waiting
        ).format(number=status.waiting),
        ngettext("{number} letter to send", "{number} letters to send", status.outgoing).format(
            number=status.outgoing
        ),
    ]
    yield safe(" · ".join(queue)), "" if status.waiting or status.outgoing else "dim"
    if turn is not None:
        words = _("served by {host}, process {process}, since {time}").format(
            host=turn.holder.host,
            process=turn.holder.process,
            time=formats.when(turn.since, now),
        )
        yield safe(words), "dim"
    elif status.protocol != "local":
        yield safe(_("nobody serves it: leave a console open, or run tui-mail worker")), "warning"
    if kept := formats.kept(status.keep_days, status.keep_kib):
        yield kept, "dim"
    if status.trouble:
        yield safe(status.trouble), "error"


class AccountsScreen(Screen[None]):
    """The accounts, over the main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("accounts.pause", "p", "pause", msgid("pause or go on"), hint=True),
        bind("accounts.close", "escape,q,u,f8", "close", msgid("close"), hint=True),
        bind("accounts.check", "f5", "check_mail", msgid("check mail"), hint=True),
        bind("accounts.pause_all", "P", "pause_all", msgid("pause or go on: all"), hint=True),
    ]

    def __init__(self, parts: "Parts") -> None:
        super().__init__()
        self._parts = parts
        self._panel = AccountsPanel()

    def compose(self) -> ComposeResult:
        yield self._panel
        yield Bar(id="status")
        yield Bar(id="hints")

    def on_mount(self) -> None:
        self._panel.start(self._parts)
        self.set_focus(self._panel)

    def changed(self, topics: frozenset[str]) -> None:
        """The database changed."""
        self._panel.changed(topics)

    def on_descendant_focus(self) -> None:
        self.call_after_refresh(self._show_hints)

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_hints)

    def _show_hints(self) -> None:
        if self.is_attached:
            rows = commands(self.active_bindings.values())
            self.query_one("#hints", Bar).show(hints(rows, self.size.width))

    def on_said(self, event: Said) -> None:
        event.stop()
        style = "error" if event.wrong else ""
        self.query_one("#status", Bar).show(plain(SafeText(f" {event.text}"), style))

    def action_pause(self) -> None:
        self._panel.pause()

    def action_pause_all(self) -> None:
        self._panel.pause_all()

    def action_check_mail(self) -> None:
        if self._parts.worker is not None:
            self._parts.worker.check_now()
            self.query_one("#status", Bar).show(plain(safe(_(" Looking for mail…"))))

    def action_close(self) -> None:
        self.dismiss(None)
