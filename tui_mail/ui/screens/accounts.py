"""How each account is doing: up to date or not, what waits, what is wrong, and who works on it.

Live: read again when the database changes and, for the time that passes, every two seconds.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import formats
from tui_mail.ui.keys import MOVES, bind, commands, hints
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.widgets.lines import Bar, Lines
from tui_mail.ui.widgets.text import BLANK, Line, Piece, fit, plain
from tui_mail.ui.work import begin
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.db.turns import Served
    from tui_mail.ui.parts import Parts

_SECONDS = 2.0
_TOPICS = {"accounts", "outbox", "operations"}
_MARGIN = "     "


def _read(session: "Session", operator_id: int) -> "list[Served]":
    from tui_mail.db.turns import served

    return served(session, operator_id)


class AccountsPanel(Panel, Lines):
    """Some lines for each account."""

    BINDINGS: ClassVar[list[BindingType]] = [*MOVES]

    def __init__(self) -> None:
        super().__init__(id="accounts")
        self._rows: list[Served] | None = None
        self._lines: list[Line] = []

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
            self._rows = found
            self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def _arrange(self) -> None:
        """Lay the lines out; repaints only when one differs."""
        now = datetime.now(UTC)
        width = self.inner_width
        lines = [line for row in self._rows or () for line in _lines(row, width, now)]
        if self._rows == []:
            lines = [plain(safe(_(" There is no account: tui-mail account add YOU@FIRM")), "dim")]
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

    def action_move(self, step: int) -> None:
        self.scroll_lines_to(self.top + step)

    def action_page(self, pages: float) -> None:
        self.scroll_lines_to(self.top + int(pages * self.page))

    def action_first(self) -> None:
        self.scroll_lines_to(0)

    def action_last(self) -> None:
        self.scroll_lines_to(self.count)


def _lines(row: "Served", width: int, now: datetime) -> Iterator[Line]:
    status = row.status
    sign, style = ("⚠", "error") if status.trouble else ("●", "accent")
    success = safe(_("never up to date"))
    if status.last_success is not None:
        lag = formats.ago((now - status.last_success).total_seconds())
        success = safe(
            _("up to date {time}, {lag}").format(
                time=formats.when(status.last_success, now), lag=lag
            )
        )
    first = max(16, width * 2 // 5)
    yield (
        Piece(SafeText(f" {sign} "), style),
        Piece(fit(safe(status.email), first), "bold"),
        Piece(fit(SafeText(f" {success}"), max(0, width - first - 3))),
    )
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
    if status.trouble:
        yield safe(status.trouble), "error"


class AccountsScreen(Screen[None]):
    """The accounts, over the main screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("accounts.check", "f5", "check_mail", msgid("check mail"), hint=True),
        bind("accounts.close", "escape,q,u,f8", "close", msgid("close"), hint=True),
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

    def action_check_mail(self) -> None:
        if self._parts.worker is not None:
            self._parts.worker.check_now()
            self.query_one("#status", Bar).show(plain(safe(_(" Looking for mail…"))))

    def action_close(self) -> None:
        self.dismiss(None)
