"""The list of conversations or messages: a folder, or what a search found.

Hides where rows come from and how they are paged; says what was opened.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui_mail.db.rows import FolderRow, ListRow, PageKey
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import rowline
from tui_mail.ui.keys import MAIL, MOVES, bind
from tui_mail.ui.kinds import folder_name
from tui_mail.ui.mailkeys import MailKeys, Target, target_of
from tui_mail.ui.panel import Panel
from tui_mail.ui.widgets.rows import Place, RowList, Slice
from tui_mail.ui.widgets.text import BLANK, Line, plain
from tui_mail.ui.wrap import wrapped

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts

_MOST_COUNTED = 1000  # messages that a search counts before it says “1000+”
_MOST_EMPTY = 6  # lines of the sentence that an empty list says
_TOPICS = frozenset({"mail", "links", "folders", "erp"})


class FolderSource:
    """The conversations (or the messages) of a folder."""

    both_ways = True

    def __init__(self, parts: "Parts", folder_id: int, *, threads: bool) -> None:
        self._parts = parts
        self._folder_id = folder_id
        self._threads = threads

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[ListRow]:
        return await self._parts.database.read(self._read, place, key, limit)

    def _read(
        self, session: "Session", place: Place, key: PageKey | None, limit: int
    ) -> Slice[ListRow]:
        from tui_mail.db.conversations import end_window, window
        from tui_mail.db.folders import folders

        operator, folder = self._parts.operator_id, self._folder_id
        if place is Place.BOTTOM:
            rows = end_window(session, operator, folder, limit=limit, threads=self._threads)
        else:
            rows = window(
                session,
                operator,
                folder,
                before=key if place is Place.OLDER else None,
                after=key if place is Place.NEWER else None,
                start=key if place is Place.FROM else None,
                limit=limit,
                threads=self._threads,
            )
        counts = [row for row in folders(session, operator) if row.folder_id == folder]
        total = sum(row.conversations if self._threads else row.total for row in counts)
        return Slice(rows, total)

    def same(self, one: ListRow, other: ListRow) -> bool:
        if self._threads:
            return one.thread_id == other.thread_id
        return one.placement_id == other.placement_id


class SearchSource:
    """The messages that a query finds, one row a message."""

    both_ways = False

    def __init__(self, parts: "Parts", query: str) -> None:
        self._parts = parts
        self._query = query

    async def slice(self, place: Place, key: PageKey | None, limit: int) -> Slice[ListRow]:
        return await self._parts.database.read(
            self._read, key if place is Place.OLDER else None, limit
        )

    def _read(self, session: "Session", key: PageKey | None, limit: int) -> Slice[ListRow]:
        from tui_mail.db.fulltext import count, search
        from tui_mail.db.saved_searches import understood

        operator = self._parts.operator_id
        query = understood(session, operator, self._query, datetime.now(UTC))
        rows = search(session, operator, query, before=key, limit=limit)
        return Slice(rows, count(session, operator, query, at_most=_MOST_COUNTED))

    def same(self, one: ListRow, other: ListRow) -> bool:
        return one.message_id == other.message_id


class ThreadsPanel(MailKeys, Panel, RowList[ListRow]):
    """The list, with its title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.open", "enter,o", "open", msgid("open"), hint=True),
        *MAIL,
        *MOVES,
        bind("list.next_unread", "tab", "unread(1)", msgid("next unread")),
        bind("list.previous_unread", "shift+tab", "unread(-1)", msgid("previous unread")),
        bind("list.save_search", "ctrl+s", "save_search", msgid("save the search")),
        bind("list.threads", "T", "threads", msgid("conversations or messages")),
    ]

    class Opened(Message):
        """A row is to be read."""

        def __init__(self, row: ListRow) -> None:
            super().__init__()
            self.row = row

    class Kept(Message):
        """The search is to be saved; "" when a folder is shown."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    class Looked(Message):
        """The cursor rests on another row; None when there is none."""

        def __init__(self, row: ListRow | None) -> None:
            super().__init__()
            self.row = row

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.folder: FolderRow | None = None
        self.words = ""
        self.search_name = ""  # of the saved search that is shown
        self.by_thread = True
        self.empty: Callable[[], SafeText] = lambda: SafeText("")
        self._now = datetime.now(UTC)

    # -- what is shown

    def show_folder(self, folder: FolderRow) -> None:
        """Show a folder from its newest conversation on."""
        self.words, self.folder = "", folder
        self._show()

    def show_search(self, query: str, name: str = "") -> None:
        """Show what `query` finds, a saved search of that name; nothing asked goes back to the folder."""
        self.words, self.search_name = query, name
        self._show()

    def _show(self) -> None:
        if self.parts is None:
            return
        self._now = datetime.now(UTC)
        if self.words:
            self.show(SearchSource(self.parts, self.words))
        elif self.folder is not None:
            self.show(FolderSource(self.parts, self.folder.folder_id, threads=self.by_thread))
        else:
            self.show(None)

    def changed(self, topics: frozenset[str]) -> None:
        if topics & _TOPICS:
            self._now = datetime.now(UTC)
            self.read_again()

    # -- drawing

    def title(self) -> SafeText:
        if self.words:
            counted = f"{_MOST_COUNTED}+" if self.total > _MOST_COUNTED else self.total
            count = counted if self.loaded else "…"
            return safe(
                _("Search: {query} · {count}").format(
                    query=self.search_name or self.words, count=count
                )
            )
        if self.folder is None:
            return safe(_("Messages"))
        name = folder_name(self.folder.role, self.folder.name)
        if not self.loaded:
            return name
        return safe(_("{folder} · {count} · date ↓").format(folder=name, count=self.total))

    @property
    def count(self) -> int:
        return self.total or (_MOST_EMPTY if self._is_empty else 0)

    @property
    def _is_empty(self) -> bool:
        return not self.total and (self.loaded or self.source is None)

    def line(self, index: int, width: int) -> Line:
        if self._is_empty:
            lines = wrapped(self.empty(), width - 1, " ")
            return plain(lines[index], "dim") if index < len(lines) else BLANK
        return super().line(index, width)

    def background(self, index: int) -> str:
        return "background" if self._is_empty else super().background(index)

    def draw(self, row: ListRow, width: int) -> Line:
        current = self.row is row
        return rowline.draw(row, width, self._now, current=current)

    # -- keys

    def target(self) -> Target | None:
        row = self.row
        return None if row is None else target_of(row, whole=self.by_thread and not self.words)

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row))

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        event.stop()
        self.post_message(self.Looked(self.row))

    def action_unread(self, step: int) -> None:
        """To the next unread row among those that are loaded, in that direction."""
        index = self.cursor + step
        while (row := self.row_at(index)) is not None:
            if row.unread:
                self.move_to(index)
                return
            index += step

    def action_save_search(self) -> None:
        self.post_message(self.Kept(self.words))

    def action_threads(self) -> None:
        self.by_thread = not self.by_thread
        self._show()
