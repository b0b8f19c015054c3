"""The folders, by account: shared accounts first, with what is unread; then the saved searches.

Hides the reading and folding of the tree; says which folder was chosen.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType
from textual.message import Message

from tui_mail.db.rows import FolderRow, SavedRow
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, safe
from tui_mail.ui.keys import MOVES, bind
from tui_mail.ui.kinds import account_name, folder_name
from tui_mail.ui.panel import Panel
from tui_mail.ui.standings import Standing, standings
from tui_mail.ui.widgets.entries import Entries, Entry
from tui_mail.ui.widgets.text import Line, Piece, fit, plain, width_of
from tui_mail.ui.work import begin

if TYPE_CHECKING:
    from tui_mail.db.session import Session
    from tui_mail.ui.parts import Parts


@dataclass(frozen=True, slots=True)
class Node:
    """What the cursor stands on: a folder, a saved search, or else an account (0: the searches)."""

    account_id: int
    folder: FolderRow | None = None
    search: SavedRow | None = None


def _read(
    session: "Session", operator_id: int
) -> tuple[list[FolderRow], list[SavedRow], dict[int, int]]:
    from tui_mail.db.folders import drafts_here, folders
    from tui_mail.db.saved_list import saved_searches

    return (
        folders(session, operator_id),
        saved_searches(session, operator_id),
        drafts_here(session, operator_id),
    )


def _unread(session: "Session", operator_id: int, query: str) -> int:
    """How many unread messages a saved search finds, counted as far as they are shown."""
    from tui_mail.db.fulltext import count
    from tui_mail.db.saved_searches import understood
    from tui_mail.search.mistakes import QueryMistake
    from tui_mail.search.tree import Is, Mark, all_of

    try:
        tree = understood(session, operator_id, query, datetime.now(UTC))
    except QueryMistake:  # it names a search that is gone: whoever opens it is told
        return 0
    return count(session, operator_id, all_of([tree, Is(Mark.UNREAD)]), at_most=_MOST_UNREAD)


_SEARCHES = 0
_OF_FOLDERS = frozenset({"delete", "rename", "record"})
_MOST_UNREAD = 99
_REST_SECONDS = 1.0  # before searches are counted: more may be coming in
_STANDINGS_SECONDS = 0.3
_PAUSE_SECONDS = 5.0  # before they are counted again, while it keeps coming
_PATIENCE_SECONDS = 30.0  # with who types: a count is no news that anyone waits for
_COUNTED_AFTER = frozenset({"mail", "accounts", "searches"})


class FoldersPanel(Panel, Entries[Node]):
    """The tree of folders."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("folders.open", "enter,o", "open", msgid("open"), hint=True),
        *MOVES,
        bind("folders.fold", "left", "fold(True)", msgid("fold"), hint=True),
        bind("folders.unfold", "right", "fold(False)", msgid("unfold"), hint=True),
        bind("folders.create", "plus", "create", msgid("new folder")),
        bind(
            "searches.delete", "d,delete", "change('delete')", msgid("delete the folder or search")
        ),
        bind("searches.rename", "f2", "change('rename')", msgid("rename the folder or search")),
        bind("folders.record", "L", "change('record')", msgid("record that the folder stands for")),
        bind("searches.up", "shift+up,K", "change('up')", msgid("move the search up")),
        bind("searches.down", "shift+down,J", "change('down')", msgid("move the search down")),
    ]

    class Chosen(Message):
        """A folder is to be shown. `by_hand`: the person asked for it."""

        def __init__(self, folder: FolderRow, *, by_hand: bool) -> None:
            super().__init__()
            self.folder = folder
            self.by_hand = by_hand

    class Searched(Message):
        """What a saved search finds is to be shown."""

        def __init__(self, search: SavedRow) -> None:
            super().__init__()
            self.search = search

    class Changed(Message):
        """A saved search is to be changed: delete, rename, up, down."""

        def __init__(self, verb: str, search: SavedRow) -> None:
            super().__init__()
            self.verb = verb
            self.search = search

    class Wanted(Message):
        """A folder is to be made in an account, or `folder` to be changed: create, delete, rename,
        or "record": which one it stands for."""

        def __init__(self, verb: str, account_id: int, folder: FolderRow | None = None) -> None:
            super().__init__()
            self.verb = verb
            self.account_id = account_id
            self.folder = folder

    class Read(Message):
        """The folders were read; `rows` is empty when there is no account."""

        def __init__(self, rows: Sequence[FolderRow]) -> None:
            super().__init__()
            self.rows = rows

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.rows: list[FolderRow] = []
        self.searches: list[SavedRow] = []
        self.drafts: dict[int, int] = {}  # letters that are being written here, by account
        self._standings: dict[int, Standing] = {}  # of folders that stand for a record, or may
        self._unread: dict[int, int] = {}  # by saved search, at most one more than is shown
        self._uncounted = True  # something has changed since they were counted
        self._counting = False
        self.search: int | None = None  # the saved search whose list is on the screen
        self.searching = False  # something is searched for that is not saved
        self.shown: int | None = None  # the folder whose list is on the screen
        self._folded: set[int] = set()

    def start(self, parts: "Parts") -> None:
        super().start(parts)
        self._load()
        begin(self, self._stand, "standings", latest=True)

    def changed(self, topics: frozenset[str]) -> None:
        self._uncounted = self._uncounted or bool(topics & _COUNTED_AFTER)
        if topics & {"folders", "mail", "accounts", "searches", "drafts"}:
            self._load()
        if topics & {"folders", "accounts", "erp"}:
            begin(self, self._stand, "standings", latest=True)

    def _load(self) -> None:
        begin(self, self._loaded, "folders", latest=True)

    async def _loaded(self) -> None:
        assert self.parts is not None
        found = await self.read(_read, self.parts.operator_id)
        if found is None:
            return
        rows, searches, drafts = found
        if drafts != self.drafts:
            self.drafts = drafts
            self.forget()
        if searches != self.searches:
            self.searches = searches
            self.forget()
        if rows != self.rows:
            self.rows = sorted(rows, key=lambda row: (not row.shared, row.account_id))
            self.forget()
        self.post_message(self.Read(self.rows))
        if self._uncounted and not self._counting:
            self._counting = True
            begin(self, self._count, "counts")
        if self.search is None and all(row.folder_id != self.shown for row in self.rows):
            first = next((row for row in self.rows if row.role == "inbox"), None)
            first = first or (self.rows[0] if self.rows else None)
            if first is not None:
                self._choose(first, by_hand=False)

    async def _stand(self) -> None:
        """What folders stand for: behind everything that is waited for."""
        assert self.parts is not None
        await asyncio.sleep(_STANDINGS_SECONDS)
        await self.parts.database.quiet(_PATIENCE_SECONDS)
        found = await self.read(standings, self.parts.operator_id)
        if found is not None and found != self._standings:
            self._standings = found
            self.forget()

    async def _count(self) -> None:
        """What is unread in saved searches: behind everything else, one by one."""
        assert self.parts is not None
        seconds = _REST_SECONDS
        while self._uncounted:
            await asyncio.sleep(seconds)
            self._uncounted, seconds = False, _PAUSE_SECONDS
            for row in self.searches:
                await self.parts.database.quiet(_PATIENCE_SECONDS)
                found = await self.read(_unread, self.parts.operator_id, row.query)
                if found is not None and found != self._unread.get(row.id, 0):
                    self._unread[row.id] = found
                    self.forget()
        self._counting = False

    def _choose(self, folder: FolderRow, *, by_hand: bool) -> None:
        self.shown, self.search, self.searching = folder.folder_id, None, False
        self._folded.discard(folder.account_id)
        self.chosen = Node(folder.account_id, folder)
        self.forget()
        self.post_message(self.Chosen(folder, by_hand=by_hand))

    # -- drawing

    def title(self) -> SafeText:
        return safe(_("Folders"))

    def entries(self, width: int) -> list[Entry[Node]]:
        found: list[Entry[Node]] = []
        account: int | None = None
        for row in self.rows:
            if row.account_id != account:
                account = row.account_id
                found.append(self._account(row, width))
            if row.account_id not in self._folded:
                node = Node(row.account_id, row)
                found.append(Entry((self._folder(row, width),), node))
        if not found:
            return [Entry((plain(safe(_(" none yet")), "dim"),))]
        return found + self._saved(width)

    def _saved(self, width: int) -> list[Entry[Node]]:
        """The saved searches, below the folders."""
        if not self.searches:
            return []
        folded = _SEARCHES in self._folded
        name = safe(_("Searches"))
        head = fit(SafeText(f"{'▸' if folded else '▾'} {name}"), width)
        found = [Entry((plain(head),), Node(_SEARCHES))]
        if not folded:
            found += [
                Entry((self._search(row, width),), Node(_SEARCHES, search=row))
                for row in self.searches
            ]
        return found

    def _search(self, row: SavedRow, width: int) -> Line:
        shown = row.id == self.search
        count = self._unread.get(row.id, 0)
        figure = f"{_MOST_UNREAD}+ " if count > _MOST_UNREAD else f"{count} " if count else ""
        style = "accent bold" if shown else "" if count else "dim"
        name = fit(safe(row.name), width - 3 - width_of(figure) - 1)
        return (
            Piece(SafeText("  ▌" if shown else "   "), "accent"),
            Piece(SafeText(f"{name} {figure}"), style),
        )

    def _account(self, row: FolderRow, width: int) -> Entry[Node]:
        folded = row.account_id in self._folded
        local = account_name(row.account)
        same = {other.account for other in self.rows if account_name(other.account) == local}
        name = local if len(same) == 1 else safe(row.account)
        text = fit(SafeText(f"{'▸' if folded else '▾'} {name}"), width)
        style = "bold" if row.shared else ""
        return Entry((plain(text, style),), Node(row.account_id))

    def _folder(self, row: FolderRow, width: int) -> Line:
        shown = row.folder_id == self.shown and self.search is None and not self.searching
        count = row.unread
        if row.role == "drafts":
            count = row.total + self.drafts.get(row.account_id, 0)
        figure = f"{count} " if count else ""
        standing = self._standings.get(row.folder_id)
        room = width - 4 - width_of(figure)
        sign = standing.sign if standing is not None else SafeText("")
        name = folder_name(row.role, row.name)
        name = fit(name, room - len(sign)) if width_of(name) > room - len(sign) else name
        if standing is not None and width_of(name + standing.whole) <= room:
            sign = standing.whole
        left = room - width_of(name + sign)
        style = "accent bold" if shown else "" if count and row.role != "drafts" else "dim"
        return (
            Piece(SafeText("  ▌" if shown else "   "), "accent"),
            Piece(name, style),
            Piece(sign, "accent" if standing is not None and standing.sure else "warning"),
            Piece(SafeText(f"{' ' * left} {figure}"), style),
        )

    def same(self, one: Node, other: Node) -> bool:
        return _identity(one) == _identity(other)

    # -- keys

    def action_open(self) -> None:
        node = self.chosen
        if node is None:
            return
        if node.search is not None:
            self.show_search(node.search)
        elif node.folder is None:
            self.action_fold(node.account_id not in self._folded)
        else:
            self._choose(node.folder, by_hand=True)

    def action_fold(self, folded: bool) -> None:
        if self.chosen is None:
            return
        account = self.chosen.account_id
        (self._folded.add if folded else self._folded.discard)(account)
        if folded:
            self.chosen = Node(account)
        self.forget()

    def action_change(self, verb: str) -> None:
        node = self.chosen
        if node is not None and node.search is not None:
            if verb != "record":
                self.post_message(self.Changed(verb, node.search))
        elif node is not None and node.folder is not None and verb in _OF_FOLDERS:
            self.post_message(self.Wanted(verb, node.account_id, node.folder))

    def action_create(self) -> None:
        if self.chosen is not None and self.chosen.account_id != _SEARCHES:
            self.post_message(self.Wanted("create", self.chosen.account_id))

    def leave_search(self, *, searching: bool = False) -> None:
        """No saved search is on the screen any more; `searching`: something else is searched for."""
        self.search, self.searching = None, searching
        self.forget()

    def go(self, role: str) -> bool:
        """Show the folder of that role in the account in hand, else in any; False when there is none."""
        here = next((row.account_id for row in self.rows if row.folder_id == self.shown), None)
        fitting = [row for row in self.rows if row.role == role]
        fitting.sort(key=lambda row: row.account_id != here)
        if not fitting:
            return False
        self._choose(fitting[0], by_hand=True)
        return True

    def step(self, step: int) -> None:
        """Show the next folder, or the one before."""
        order = [row.folder_id for row in self.rows]
        if self.shown in order:
            place = order.index(self.shown) + step
            if 0 <= place < len(order):
                self._choose(self.rows[place], by_hand=True)

    def show_folder(self, folder_id: int) -> None:
        """Show that folder."""
        for row in self.rows:
            if row.folder_id == folder_id:
                self._choose(row, by_hand=True)

    def show_search(self, row: SavedRow) -> None:
        """Show what that saved search finds."""
        self.search = row.id
        self.forget()
        self.post_message(self.Searched(row))

    def current(self) -> FolderRow | None:
        """The folder that is shown, as last read."""
        return next((row for row in self.rows if row.folder_id == self.shown), None)


def _identity(node: Node) -> tuple[int, int | None, int | None]:
    return (
        node.account_id,
        node.folder.folder_id if node.folder is not None else None,
        node.search.id if node.search is not None else None,
    )
