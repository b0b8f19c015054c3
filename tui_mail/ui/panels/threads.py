"""The list of conversations or messages: a folder, or what a search found.

Hides where rows come from and how they are paged; says what was opened.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui_mail.db.rows import (
    BY_DATE,
    MOST_ORDERED,
    FolderRow,
    ListOrder,
    ListRow,
    PageKey,
    Sort,
)
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, safe
from tui_mail.ui import rowline
from tui_mail.ui.keys import MAIL, MOVES, bind
from tui_mail.ui.kinds import folder_name
from tui_mail.ui.mailkeys import MailKeys, Target, no_message, target_of
from tui_mail.ui.marks import MARKS, MarkKeys
from tui_mail.ui.notices import Said
from tui_mail.ui.ordered import OrderedSource
from tui_mail.ui.panel import Panel
from tui_mail.ui.sources import MOST_COUNTED, FolderSource, ListSource, SearchSource
from tui_mail.ui.widgets.rows import RowList
from tui_mail.ui.widgets.text import BLANK, Line, fit, plain
from tui_mail.ui.work import begin
from tui_mail.ui.wrap import wrapped

_MOST_EMPTY = 6  # lines of the sentence that an empty list says
STARRED = "is:starred"
_TOPICS = frozenset({"mail", "links", "folders", "erp"})


# How a list says what it is ordered by.
_ORDERS = {
    ListOrder(Sort.DATE): msgid("date ↓"),
    ListOrder(Sort.DATE, backwards=True): msgid("date ↑"),
    ListOrder(Sort.SENDER): msgid("sender A–Z"),
    ListOrder(Sort.SENDER, backwards=True): msgid("sender Z–A"),
    ListOrder(Sort.SUBJECT): msgid("subject A–Z"),
    ListOrder(Sort.SUBJECT, backwards=True): msgid("subject Z–A"),
    ListOrder(Sort.SIZE): msgid("size ↓"),
    ListOrder(Sort.SIZE, backwards=True): msgid("size ↑"),
    ListOrder(Sort.STATE): msgid("unread first"),
    ListOrder(Sort.STATE, backwards=True): msgid("read first"),
}


def _within(folder: FolderRow) -> str:
    """The query that finds what is in a folder."""
    return f'in:"{folder.name}" account:{folder.account}'


class ThreadsPanel(MarkKeys, MailKeys, Panel, RowList[ListRow]):
    """The list, with its title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.open", "enter,o", "open", msgid("open"), hint=True),
        *MAIL,
        *MOVES,
        *MARKS,
        bind("list.next_unread", "tab", "unread(1)", msgid("next unread")),
        bind("list.previous_unread", "shift+tab", "unread(-1)", msgid("previous unread")),
        bind("list.save_search", "ctrl+s", "save_search", msgid("save the search")),
        bind("list.threads", "T", "threads", msgid("conversations or messages")),
        bind("list.fold", "left,right", "fold", msgid("fold, unfold")),
    ]
    source: ListSource | None

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
        self.drafts = 0  # letters being written here, which are not in the folder of drafts
        self.marks = {}
        self.empty: Callable[[], SafeText] = lambda: SafeText("")
        self._now = datetime.now(UTC)
        self._found_in = BY_DATE  # the order of what a search found

    # -- what is shown

    def show_folder(self, folder: FolderRow) -> None:
        """Show a folder from its newest conversation on."""
        self.words, self.folder = "", folder
        self._show()

    def show_search(self, query: str, name: str = "") -> None:
        """Show what `query` finds, a saved search of that name; nothing asked goes back to the folder."""
        self.words, self.search_name = query, name
        self._found_in = BY_DATE
        self._show()

    def _show(self) -> None:
        if self.parts is None:
            return
        self.unmark()
        self._now = datetime.now(UTC)
        if self.words:
            plain = self._found_in == BY_DATE
            self.show(
                SearchSource(self.parts, self.words)
                if plain
                else OrderedSource(self.parts, self.words, self._found_in)
            )
        elif self.folder is not None:
            self.show(FolderSource(self.parts, self.folder.folder_id, threads=self.by_thread))
        else:
            self.show(None)

    def narrowing(self) -> str:
        """What finds the mail that is shown."""
        if self.words or self.folder is None:
            return self.words
        return _within(self.folder)

    def asked(self) -> str:
        """What is searched for, in words where a key asked for it; as it was typed otherwise."""
        from tui_mail.search.language import ALTERNATIVE

        places: list[tuple[str, str]] = [(STARRED, _("Starred"))]
        if self.folder is not None:
            name = folder_name(self.folder.role, self.folder.name)
            places.append((_within(self.folder), name))
        for query, place in places:
            if not self.search_name and f"{self.words} ".startswith(f"{query} "):
                further = self.words.removeprefix(query).split()
                if not ALTERNATIVE.intersection(further):  # which need not be in that place
                    return " · ".join([place, *([" ".join(further)] if further else [])])
        return _("Search: {query}").format(query=self.search_name or self.words)

    def changed(self, topics: frozenset[str]) -> None:
        if topics & _TOPICS:
            self._now = datetime.now(UTC)
            self.read_again()

    # -- drawing

    def title(self) -> SafeText:
        if self.words:
            counted = f"{MOST_COUNTED}+" if self.total > MOST_COUNTED else self.total
            count = counted if self.loaded else "…"
            found = f"{self.asked()} · {count}"
            order = "" if self._found_in == BY_DATE else f" · {_(_ORDERS[self._found_in])}"
            return safe(f"{found}{order}{self._marks_title()}")
        if self.folder is None:
            return safe(_("Messages"))
        name = folder_name(self.folder.role, self.folder.name)
        if not self.loaded:
            return name
        order = _(_ORDERS[self.source.order]) if self.source is not None else ""
        return safe(f"{name} · {self.total} · {order}{self._marks_title()}")

    def _marks_title(self) -> str:
        number = len(self.marks)
        words = ngettext(" · {number} marked", " · {number} marked", number)
        return words.format(number=number) if number else ""

    def head(self, width: int) -> Sequence[Line]:
        """Above a folder of drafts: the letters that are being written here."""
        if self.words or self.folder is None or self.folder.role != "drafts" or not self.drafts:
            return ()
        words = ngettext(
            "{number} letter is being written here: g d goes on with it",
            "{number} letters are being written here: g d goes on with one",
            self.drafts,
        )
        text = safe(words.format(number=self.drafts))
        return [plain(fit(SafeText(f" {text}"), width), "accent")]

    def tell_drafts(self, drafts: int) -> None:
        """So many letters are being written in the account that is shown."""
        if drafts != self.drafts:
            self.drafts = drafts
            self.forget()

    @property
    def count(self) -> int:
        return self.total or (_MOST_EMPTY if self.is_empty else 0)

    @property
    def is_empty(self) -> bool:
        """Whether there is no row, and none is being read."""
        return not self.total and (self.loaded or self.source is None)

    def line(self, index: int, width: int) -> Line:
        if self.is_empty:
            lines = wrapped(self.empty(), width - 1, " ")
            return plain(lines[index], "dim") if index < len(lines) else BLANK
        return super().line(index, width)

    def background(self, index: int) -> str:
        return "background" if self.is_empty else super().background(index)

    def draw(self, row: ListRow, width: int) -> Line:
        current = self.row is row
        marked = self.is_marked(row)
        draft = not self.words and self.folder is not None and self.folder.role == "drafts"
        return rowline.draw(row, width, self._now, current=current, marked=marked, draft=draft)

    @property
    def hints(self) -> tuple[str, ...]:
        """Sentences on why a search found nothing."""
        return self.source.hints if isinstance(self.source, SearchSource) else ()

    # -- keys

    def target(self) -> Target | None:
        row = self.row
        return None if row is None else target_of(row, whole=self.whole)

    @property
    def whole(self) -> bool:
        """Whether a row stands for all of its conversation in the folder."""
        return self.source is not None and self.source.threads

    def action_open(self) -> None:
        self.post_message(no_message() if self.row is None else self.Opened(self.row))

    def on_row_list_moved(self, event: RowList.Moved) -> None:
        event.stop()
        self.post_message(self.Looked(self.row))

    def action_unread(self, step: int) -> None:
        """To the next row with something unread in that direction, wherever it is."""
        index, row = self.cursor, self.row
        if row is None:
            return
        while (further := self.row_at(index + step)) is not None:
            index, row = index + step, further
            if row.unread:
                self.move_to(index)
                return
        begin(self, partial(self._unread, step, index, row.key), "unread", latest=True)

    async def _unread(self, step: int, index: int, key: PageKey) -> None:
        """Further than the row of that index and key, which is the last one that is loaded."""
        source = self.source
        if source is None:
            return
        try:
            found = await source.next_unread(key, up=step < 0)
        except TuiMailError as error:
            self.post_message(Said.error(error))
            return
        if source is not self.source:
            return
        if found is None:
            text = _("Nothing is unread further down.")
            self.post_message(Said(safe(text if step > 0 else _("Nothing is unread further up."))))
            return
        await self.reach(index + step * found.steps, found.key)

    def action_fold(self) -> None:
        """Rows do not fold: say where what is in them is seen."""
        text = _("There is nothing to fold here: Enter reads, T shows the messages one by one.")
        if not self.whole:
            text = _("There is nothing to fold here: Enter reads.")
        self.post_message(Said(safe(text)))

    def action_save_search(self) -> None:
        self.post_message(self.Kept(self.words))

    def action_threads(self) -> None:
        self.by_thread = not self.by_thread
        self._show()

    def order_by(self, sort: str) -> None:
        """Read the folder in another order; asked for again, the other way round."""
        source = self.source
        if source is None:
            return
        wanted = ListOrder(Sort(sort))
        if source.order == wanted:
            wanted = replace(wanted, backwards=True)
        if isinstance(source, FolderSource):
            begin(self, partial(self._order, source, wanted), "order", latest=True)
        else:
            self._order_found(wanted)

    def _order_found(self, order: ListOrder) -> None:
        """What a search found, in this order until something else is asked for."""
        if self.total > MOST_COUNTED:
            words = _("Of what is found, at most the newest {number} are put in this order.")
            self.post_message(Said(safe(words.format(number=MOST_ORDERED))))
        self._found_in = order
        self._show()

    async def _order(self, source: FolderSource, order: ListOrder) -> None:
        try:
            await source.keep(order)
        except TuiMailError as error:
            self.post_message(Said.error(error))
            return
        if source is self.source:
            self._show()
