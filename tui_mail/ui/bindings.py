"""Every binding of the console by its name, gathered from where each belongs."""

from collections.abc import Iterable
from dataclasses import dataclass

from textual.binding import Binding

from tui_mail.ui.keys import APP
from tui_mail.ui.panels.agenda import AgendaPanel
from tui_mail.ui.panels.folders import FoldersPanel
from tui_mail.ui.panels.reader import ReaderPanel
from tui_mail.ui.panels.records import RecordsPanel
from tui_mail.ui.panels.threads import ThreadsPanel
from tui_mail.ui.screens.accounts import AccountsScreen
from tui_mail.ui.screens.card import CardScreen
from tui_mail.ui.screens.compose import ComposeScreen
from tui_mail.ui.screens.link import LinkScreen
from tui_mail.ui.screens.main import MainScreen
from tui_mail.ui.screens.picture import PictureScreen
from tui_mail.ui.widgets.searchline import SearchInput

_PLACES = (
    MainScreen,
    ThreadsPanel,
    FoldersPanel,
    ReaderPanel,
    RecordsPanel,
    AgendaPanel,
    AccountsScreen,
    CardScreen,
    LinkScreen,
    ComposeScreen,
    PictureScreen,
    SearchInput,
)


@dataclass(frozen=True, slots=True)
class NamedKeys:
    """An action's name, the keys that do it, and its words (a msgid)."""

    name: str
    keys: tuple[str, ...]
    words: str


def every_binding() -> list[NamedKeys]:
    """Each named binding once, by name."""
    found: dict[str, NamedKeys] = {}
    lists: list[Iterable[object]] = [APP, *(place.BINDINGS for place in _PLACES)]
    for rows in lists:
        for row in rows:
            if isinstance(row, Binding) and row.id:
                keys = tuple(key.strip() for key in row.key.split(","))
                found.setdefault(row.id, NamedKeys(row.id, keys, row.description))
    return [found[name] for name in sorted(found)]
