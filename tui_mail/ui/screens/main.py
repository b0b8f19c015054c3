"""The main screen: places the panels for the size at hand and wires them together.

Panels own their data; here is only who is beside whom, who hears of what, and the lines around.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from tui_mail.db.rows import FolderRow, ListRow
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.header import HeaderBar
from tui_mail.ui.held_keys import held
from tui_mail.ui.keys import NOT_YET, SCREEN, Command, commands, hints, not_yet
from tui_mail.ui.layout import PANELS, plan
from tui_mail.ui.linkkeys import LinkChosen
from tui_mail.ui.mailkeys import Asked, Target, target_of
from tui_mail.ui.notices import Said
from tui_mail.ui.panel import Panel
from tui_mail.ui.panels.agenda import AgendaPanel
from tui_mail.ui.panels.folders import FoldersPanel
from tui_mail.ui.panels.reader import ReaderPanel
from tui_mail.ui.panels.records import RecordsPanel
from tui_mail.ui.panels.threads import STARRED, ThreadsPanel
from tui_mail.ui.prefixes import PrefixKeys
from tui_mail.ui.screens.desk import Desk
from tui_mail.ui.screens.way_back import WayBack
from tui_mail.ui.widgets.entries import Entries
from tui_mail.ui.widgets.lines import Bar, Lines
from tui_mail.ui.widgets.searchline import SearchLine
from tui_mail.ui.widgets.status import StatusLine
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_LIST_SECONDS = 0.05  # in which the list is read and drawn
_REST_SECONDS = 0.25  # the cursor rests on a row before the row is shown


class MainScreen(PrefixKeys, Screen[None]):
    """Folders, list, reader, records, agenda."""

    DEFAULT_CSS = """
    MainScreen { layout: vertical; background: $background; }
    MainScreen #body { layout: horizontal; height: 1fr; }
    MainScreen #folders { width: 22; }
    MainScreen #middle { layout: vertical; width: 1fr; }
    MainScreen #side { layout: vertical; width: 31; }
    MainScreen #threads { height: 2fr; }
    MainScreen #reader { height: 3fr; }
    MainScreen #records { height: 3fr; }
    MainScreen #agenda { height: 2fr; }
    MainScreen.-wide #middle { layout: horizontal; }
    MainScreen.-wide #threads { width: 13fr; height: 1fr; }
    MainScreen.-wide #reader { width: 10fr; height: 1fr; }
    MainScreen.-wide #side { width: 18%; min-width: 32; }
    MainScreen.-columns #side { layout: horizontal; width: 30%; max-width: 80; }
    MainScreen.-columns #records { height: 1fr; }
    MainScreen.-columns #agenda { height: 1fr; }
    MainScreen.-narrow #folders { width: 1fr; }
    MainScreen.-narrow #side { width: 1fr; }
    """
    AUTO_FOCUS = "#threads"
    BINDINGS: ClassVar[list[BindingType]] = [*SCREEN, *NOT_YET]

    def __init__(self) -> None:
        super().__init__()
        self.folders = FoldersPanel(id="folders")
        self.threads = ThreadsPanel(id="threads")
        self.reader = ReaderPanel(id="reader")
        self.records = RecordsPanel(id="records")
        self.agenda = AgendaPanel(id="agenda")
        self.header = HeaderBar(id="header")
        self.status = StatusLine(id="status")
        self.search = SearchLine()
        self.desk = Desk(self)
        self.way_back = WayBack(self)
        self.parts: Parts | None = None
        self._panel = "threads"
        self._resting: Timer | None = None
        self._no_account = False
        self._was_empty = False  # the list, when the hints were last shown
        self.first_list = asyncio.Event()  # the first list is drawn, or there is none
        self._read_folders = False
        self._asked_to_quit = False
        self.threads.empty = self._empty

    def compose(self) -> ComposeResult:
        yield self.header
        with Container(id="body"):
            yield self.folders
            with Container(id="middle"):
                yield self.threads
                yield self.reader
            with Container(id="side"):
                yield self.records
                yield self.agenda
        yield self.status
        yield self.search
        yield Bar(id="hints")

    # -- the parts have come; the database changed

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (self.folders, self.threads, self.reader, self.records, self.agenda)

    def start(self, parts: "Parts") -> None:
        """Show what is in the database."""
        self.parts = parts
        for panel in self.panels:
            panel.start(parts)
        self.header.start(parts)

    def complete(self) -> None:
        """All parts have come: what waited for them is done."""
        self._rested()
        self.header.show_now()

    def changed(self, topics: frozenset[str]) -> None:
        """The database changed: every panel looks whether it is about what it shows, the list first.

        Where all read at once, each waits for all.
        """
        self.threads.changed(topics)
        self.set_timer(_LIST_SECONDS, partial(self._rest_changed, topics))

    def _rest_changed(self, topics: frozenset[str]) -> None:
        for panel in self.panels:
            if panel is not self.threads:
                panel.changed(topics)
        self.header.changed(topics)

    # -- the size at hand

    def on_resize(self, event: events.Resize) -> None:
        self._arrange(event.size.width, event.size.height)
        if self.focused is not self.reader:  # which may have been hidden while the cursor moved
            self.call_after_refresh(self._rested)

    def _arrange(self, width: int, height: int) -> None:
        chosen = plan(width, height, self._panel)
        self.set_class(chosen.narrow, "-narrow")
        self.set_class(chosen.wide, "-wide")
        self.set_class(chosen.columns, "-columns")
        for name in PANELS:
            getattr(self, name).display = name in chosen.shown
        self.query_one("#middle").display = bool(chosen.shown & {"threads", "reader"})
        self.query_one("#side").display = bool(chosen.shown & {"records", "agenda"})
        for name, rule in chosen.rules.items():
            panel: Lines = getattr(self, name)
            if panel.rule != rule:
                panel.rule = rule
                panel.forget()
        self.reader.records = chosen.narrow
        self.header.narrow = chosen.narrow
        self.call_after_refresh(self.show_hints)

    def go_to(self, panel: str) -> None:
        """Give a panel the focus, and the screen when there is room for one only."""
        self._enter(panel)
        self._arrange(self.size.width, self.size.height)
        widget: Widget = getattr(self, panel)
        self.set_focus(widget)  # at once: the next key is for it

    def _enter(self, panel: str) -> None:
        if panel != self._panel:
            self._panel = panel
            self.status.look_away()

    @property
    def panel(self) -> str:
        """The name of the panel that has, or had last, the focus."""
        return self._panel

    @property
    def sees_reader(self) -> bool:
        return bool(self.reader.display)

    # -- lines around the panels

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        name = event.widget.id or ""
        if name in PANELS:
            self._enter(name)
        if name == "threads":
            self._take_row()
        self.call_after_refresh(self.show_hints)

    def on_screen_suspend(self) -> None:
        """Another screen is on top."""
        self.status.look_away()

    def show_hints(self) -> None:
        """The last line: what can be pressed now."""
        if not self.is_attached:
            return
        rows, width = commands(self.active_bindings.values()), self.size.width
        if self.search.is_open:
            line = self.search.hints(rows, width)
        else:
            rows = [row for row in rows if self._has_object(row)]
            line = hints(_of_search(rows) if self._shows_search else rows, width)
        self.query_one("#hints", Bar).show(line)

    @property
    def _is_empty(self) -> bool:
        """Whether it is known that the list has no row."""
        return self._read_folders and self.threads.is_empty

    def _has_object(self, row: Command) -> bool:
        """Whether there is what a verb of the list or of the records could be about."""
        if row.place is self.threads:
            return not self._is_empty or row.action == "save_search"
        return row.place is not self.records or self.records.offers(row.action)

    @property
    def _shows_search(self) -> bool:
        return bool(self.threads.words) and self._panel == "threads"

    def on_said(self, event: Said) -> None:
        event.stop()
        self.status.say(event.text, undo=event.undo, wrong=event.wrong)

    def _empty(self) -> SafeText:
        """Why the list is empty, and the key that leads on."""
        if self.parts is None or not self._read_folders:
            return SafeText("")
        if self._no_account:
            return safe(_("No account yet: quit (^Q) and run  tui-mail account add YOU@FIRM"))
        if self.threads.words:
            nothing = _("Nothing found. Esc goes back to the folder.")
            return safe(" ".join((*self.threads.hints, nothing)))
        if self.threads.head(self.threads.inner_width):
            return SafeText("")  # the letters above are all there is
        folder = self.threads.folder
        if folder is not None and (trouble := self.header.not_fetched(folder.account_id)):
            return trouble
        return safe(_("Nothing in this folder. g i goes to the inbox, F5 checks mail."))

    # -- what panels tell

    def on_folders_panel_read(self, event: FoldersPanel.Read) -> None:
        self._no_account, self._read_folders = not event.rows, True
        if self._no_account:
            self.first_list.set()
            self.threads.forget()
            self.show_hints()
        self.header.folder = self.folders.current()
        self.header.show_now()
        self._tell_drafts()

    def _tell_drafts(self) -> None:
        folder = self.threads.folder
        if folder is not None:
            self.threads.tell_drafts(self.folders.drafts.get(folder.account_id, 0))

    def on_header_bar_read(self) -> None:
        if not self.threads.total:
            self.threads.forget()  # it says why it is empty

    def on_folders_panel_searched(self, event: FoldersPanel.Searched) -> None:
        self.reader.close()
        self._show_search(event.search.query, event.search.name)
        self.go_to("threads")

    def on_folders_panel_changed(self, event: FoldersPanel.Changed) -> None:
        self.desk.change_search(event.verb, event.search)

    def on_folders_panel_wanted(self, event: FoldersPanel.Wanted) -> None:
        self.desk.change_folder(event.verb, event.account_id, event.folder)

    def on_threads_panel_kept(self, event: ThreadsPanel.Kept) -> None:
        self.desk.save_search(event.query)

    def on_folders_panel_chosen(self, event: FoldersPanel.Chosen) -> None:
        self.show_folder(event.folder)
        if event.by_hand:
            self.status.look_away()
            self.go_to("threads")

    def show_folder(self, folder: FolderRow) -> None:
        """Show a folder's list from its top."""
        self.way_back.forget()
        self.reader.close()
        self.threads.show_folder(folder)
        self._tell_drafts()
        self.header.folder, self.header.search = folder, ""
        self.header.show_now()

    def _show_search(self, query: str, name: str = "") -> None:
        """Show what a search finds, a saved one of that name; "" goes back to the folder."""
        self.status.go_on()
        self.threads.show_search(query, name)
        self.header.search = self.threads.asked() if query else ""
        self.header.show_now()

    def on_threads_panel_opened(self, event: ThreadsPanel.Opened) -> None:
        self.open(event.row)

    def open(self, row: ListRow) -> None:
        """Read a message of the list."""
        self.way_back.forget()
        self.read(row)

    def read(self, row: ListRow) -> None:
        """Read a message, wherever it comes from."""
        self._rest_no_more()
        self.status.go_on()
        self.records.show(row.message_id)
        self.go_to("reader")
        self.reader.open(row.message_id, target=target_of(row, whole=False))

    def on_threads_panel_looked(self, event: ThreadsPanel.Looked) -> None:
        self._rest_no_more()
        if self.threads.loaded:
            self.call_after_refresh(self.first_list.set)
        if self._is_empty != self._was_empty:
            self._was_empty = self._is_empty
            self.show_hints()
        if event.row is None:
            if self.threads.loaded and not self.threads.total:
                self.reader.close()
                self.records.show(None)
            return
        self._resting = self.set_timer(_REST_SECONDS, self._rested)

    def _rest_no_more(self) -> None:
        if self._resting is not None:
            self._resting.stop()
            self._resting = None

    def _rested(self) -> None:
        """The cursor has rested on a row: show it, without calling it read."""
        row = self.threads.row
        reading = self.focused is self.reader
        if row is None or self.way_back or (reading and self.desk.is_read_now(row)):
            return
        self.records.show(row.message_id)
        if self.sees_reader and row.message_id != self.reader.message_id:
            self.reader.open(row.message_id, by_hand=reading)

    def _take_row(self) -> None:
        """The list has the focus: what is shown is its row again, for keys are about that."""
        self.way_back.forget()
        self._rested()

    def on_reader_panel_shown(self, event: ReaderPanel.Shown) -> None:
        self.records.show(event.row.id)
        self.desk.shown(event.row, opened=event.opened)

    def on_reader_panel_save(self, event: ReaderPanel.Save) -> None:
        self.desk.save(event)

    def on_reader_panel_files(self, event: ReaderPanel.Files) -> None:
        self.desk.list_files(event)

    def on_link_chosen(self, event: LinkChosen) -> None:
        self.desk.see_link(event)

    def on_reader_panel_step(self, event: ReaderPanel.Step) -> None:
        before = self.threads.cursor
        self.threads.action_move(event.step)
        row = self.threads.row
        if row is not None and self.threads.cursor != before:
            self.open(row)

    def on_asked(self, event: Asked) -> None:
        self.desk.verbs.asked(event.verb, event.target, event.marked)

    def on_records_panel_opened(self, event: RecordsPanel.Opened) -> None:
        self.desk.open_card(event.entity_id)

    def on_agenda_panel_opened(self, event: AgendaPanel.Opened) -> None:
        self.desk.open_card(event.entity_id)

    def on_entries_moved(self, event: Entries.Moved) -> None:
        event.stop()
        if event.owner is self.records and self._panel == "records":
            self.show_hints()

    def on_records_panel_read(self, event: RecordsPanel.Read) -> None:
        self.way_back.read(event.row)

    def on_records_panel_decided(self, event: RecordsPanel.Decided) -> None:
        self.desk.decide(event.verb, event.link)

    def on_records_panel_wanted(self, event: RecordsPanel.Wanted) -> None:
        if event.verb == "trace" and event.entity_id is not None:
            self.desk.open_card(event.entity_id, mail_only=True)
        elif event.verb == "link" and (target := self._target()) is not None:
            self.desk.verbs.asked("link", target)

    def _target(self) -> Target | None:
        """The message whose records are shown."""
        found = self.reader.target()
        if found is not None and found.message_id == self.records.message_id:
            return found
        return self.threads.target()

    # -- keys

    def on_key(self, event: events.Key) -> None:
        self._asked_to_quit = self._asked_to_quit and event.key == "q"
        self.status.pressed()
        self.takes(event)

    def action_panel(self, name: str) -> None:
        self.go_to(name)

    def action_next_panel(self) -> None:
        place = PANELS.index(self._panel)
        self.go_to(PANELS[(place + 1) % len(PANELS)])

    def action_next_folder(self, step: int) -> None:
        self.folders.step(step)

    def action_go(self, role: str) -> None:
        if role == "drafts":
            self.desk.letters.go_drafts()
        elif not self.folders.go(role):
            self.status.say(safe(_("There is no such folder in your accounts.")))

    def action_first_row(self) -> None:
        focused = self.focused
        if focused is self.reader:
            self.reader.action_top()
        elif isinstance(focused, ThreadsPanel | FoldersPanel | RecordsPanel | AgendaPanel):
            focused.action_first()

    def action_go_folder(self) -> None:
        held(self).hold()
        self.desk.pick_folder()

    def action_go_record(self, sort: str) -> None:
        held(self).hold()
        self.desk.pick_record(sort)

    def action_write(self, answer: str) -> None:
        held(self).hold()
        self.desk.letters.write(answer, None)

    def action_undo(self) -> None:
        self.desk.doing.undo()

    def action_redo(self) -> None:
        self.desk.doing.redo()

    def action_not_yet(self) -> None:
        self.status.say(not_yet())

    def action_mark_kind(self, kind: str) -> None:
        self.threads.mark_kind(kind)

    def action_order(self, sort: str) -> None:
        self.threads.order_by(sort)

    def action_ask(self, verb: str) -> None:
        in_reader = self.focused is self.reader or self.way_back
        panel = self.reader if in_reader else self.threads
        panel.ask(verb, opens=verb == "copy")

    def action_go_starred(self) -> None:
        self.folders.leave_search(searching=True)
        self._show_search(STARRED)
        self.go_to("threads")

    def action_check_mail(self) -> None:
        if self.parts is not None and self.parts.worker is not None:
            self.parts.worker.check_now()
            self.status.say(safe(_("Looking for mail…")))
        else:
            self.status.say(safe(_("Another program fetches the mail of these accounts.")))

    def action_accounts(self) -> None:
        self.desk.show_accounts()

    def action_back(self) -> None:
        """One step back; at the list's top nothing is left."""
        self._back()

    def action_back_or_quit(self) -> None:
        if self._back():
            return
        if self._asked_to_quit:
            self.app.exit()
        else:
            self._asked_to_quit = True
            self.status.say(safe(_("Press q again to quit.")))

    def _back(self) -> bool:
        if self.desk.doing.leave():
            pass
        elif self.search.is_open:
            self._close_search()
        elif self._panel == "reader" and self.way_back.go():
            pass
        elif self._panel != "threads":
            self.go_to("threads")
        elif self.threads.unmark():
            pass
        elif self.threads.words:
            self.folders.leave_search()
            self._show_search("")
            self.show_hints()
        else:
            return False
        return True

    # -- the search line

    def action_search(self) -> None:
        self.status.display = False
        self.search.open(self.threads.words)

    def action_filter(self) -> None:
        """Search what the list shows: in its folder, or within what was searched for."""
        asked = self.threads.narrowing()
        self.status.display = False
        self.search.open(f"{asked} " if asked else "", further=True)

    def on_search_line_typed(self, event: SearchLine.Typed) -> None:
        held(self).hold()  # what is typed meanwhile is for the list
        begin(self, partial(self._search, event.query, keep=event.keep), "search", latest=True)

    async def _search(self, text: str, *, keep: bool) -> None:
        """Show what `text` finds; a mistake is shown below it instead, and nothing is found."""
        from tui_mail.search.mistakes import QueryMistake

        if self.parts is None:
            return
        try:
            await self.parts.database.read(_understood, self.parts.operator_id, text)
        except QueryMistake as mistake:
            self.search.show_mistake(mistake)
        except TuiMailError as error:
            self.status.say(safe(error.message), wrong=True)
        else:
            self._close_search()
            self.folders.leave_search(searching=bool(text))
            self._show_search(text)
            if keep:
                self.desk.save_search(text)
        held(self).release()

    def _close_search(self) -> None:
        self.search.close()
        self.status.display = True
        self.go_to("threads")


def _of_search(rows: Iterable[Command]) -> list[Command]:
    """With what can be done with a search at the front."""
    own = {row.action: row for row in rows if row.action in {"save_search", "back"}}
    shown = [replace(row, hint=True, keys=row.keys[-1:]) for row in own.values()]
    return [*shown, *(row for row in rows if row.action not in own)]


def _understood(session: "Session", operator_id: int, text: str) -> None:
    """Raises QueryMistake where the text is no query."""
    from tui_mail.db.saved_searches import understood

    understood(session, operator_id, text, datetime.now(UTC))
