"""Attachments out of a message: which one, into which folder. Hides the reading of folders."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from tui_mail.db.rows import AttachmentRow
from tui_mail.i18n import _, msgid, ngettext
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui import formats
from tui_mail.ui.keys import bind
from tui_mail.ui.screens.attach import from_root, listed
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, SafeInput, fit

_KIND = 24  # cells for what sort of file it is


def _draw_file(row: AttachmentRow, width: int) -> Line:
    name = safe(row.name) or safe(row.media_type)
    kind = _KIND if width > 3 * _KIND else 0
    sort = _("on the server") if row.away else row.media_type
    return (
        Piece(SafeText(f"   {fit(name, max(8, width - 16 - kind))}")),
        Piece(fit(SafeText(f" {safe(sort)}"), kind), "dim"),
        Piece(fit(formats.size(row.size), 12, right=True), "dim"),
    )


class FilePick(PickScreen[AttachmentRow]):
    """Gives back the attachment that was chosen, to be saved."""

    def __init__(self, files: Sequence[AttachmentRow], heading: SafeText) -> None:
        super().__init__(heading, self._find_files)
        self._files = files

    async def _find_files(self, text: str) -> list[Choice[AttachmentRow]]:
        fits = [row for row in self._files if folded(text) in folded(row.name)]
        return [Choice(partial(_draw_file, row), row) for row in fits]


def _draw_folder(path: Path, here: bool, width: int) -> Line:
    name = safe(f"{path}/" if here else f"{path.name}/")
    words = safe(_("save here")) if here else SafeText("")
    return (
        Piece(SafeText(f"   {fit(name, max(8, width - 20))}"), "bold" if here else "accent"),
        Piece(fit(words, 16, right=True), "dim"),
    )


def folders_for(text: str) -> list[tuple[Path, bool]]:
    """The folder that is typed in whole (True), then those that it may go on to."""
    typed = _typed(text)
    here = [(typed, True)] if typed.is_dir() else []
    return here + [(one.path, False) for one in listed(text) if one.size is None]


def _typed(text: str) -> Path:
    """The path that is typed; one from the root behind another stands for itself."""
    text = from_root(text)
    try:
        return Path(text or "~").expanduser()
    except RuntimeError:  # the home of nobody
        return Path(text)


class FolderPick(PickScreen[Path]):
    """Gives back the folder that was chosen; Enter on one below goes into it, Tab completes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("save.complete", "tab", "complete", msgid("complete"), hint=True),
    ]

    def __init__(self, count: int, begun: str) -> None:
        words = ngettext("Save {count} file in", "Save {count} files in", count)
        super().__init__(safe(words.format(count=count)), self._find_folders)
        self._begun = begun

    def on_mount(self) -> None:
        super().on_mount()
        self._type(self._begun)

    async def _find_folders(self, text: str) -> list[Choice[Path]]:
        found = await asyncio.to_thread(folders_for, text)
        return [Choice(partial(_draw_folder, path, here), path) for path, here in found]

    def chose(self, value: Path) -> None:
        if _typed(self.query_one(SafeInput).value) == value:
            self.dismiss(value)
        else:
            self._type(f"{value}/")

    def chose_nothing(self) -> None:
        """Say that the folder is not there."""
        words = _("There is no folder {path}: make it first, or type another; Tab completes.")
        self.say_wrong(safe(words.format(path=_typed(self.query_one(SafeInput).value))))

    def action_complete(self) -> None:
        """Take over the name that is chosen, and look into it."""
        self.choices.values()
        if self.choices.chosen is not None:
            self._type(f"{self.choices.chosen.value}/")

    def _type(self, text: str) -> None:
        line = self.query_one(SafeInput)
        line.value = safe(text)
        line.cursor_position = len(line.value)
