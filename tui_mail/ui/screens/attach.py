"""Choosing a file to send: type a path, see what is there, Enter. Hides the reading of folders."""

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, folded, safe
from tui_mail.ui import formats
from tui_mail.ui.keys import bind
from tui_mail.ui.screens.pick import Choice, PickScreen
from tui_mail.ui.widgets.text import Line, Piece, SafeInput, fit

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A file, or a folder when `size` is None."""

    path: Path
    size: int | None


def listed(text: str) -> list[Found]:
    """What a typed path may become, folders first."""
    folder, begun = _split(text)
    wanted = folded(begun)
    found: list[Found] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if not folded(entry.name).startswith(wanted):
                    continue
                if entry.name.startswith(".") and not begun.startswith("."):
                    continue
                size = None if entry.is_dir() else entry.stat(follow_symlinks=False).st_size
                found.append(Found(Path(entry.path), size))
    except OSError:  # a folder that is not there, or not ours to read, holds nothing to choose
        return []
    found.sort(key=lambda one: (one.size is not None, folded(one.path.name)))
    return found[:_SHOWN]


def from_root(text: str) -> str:
    """What is typed, without what stands before a path from the root."""
    return text[text.rfind("//") + 1 :] if "//" in text else text


def _split(text: str) -> tuple[Path, str]:
    """The folder that is typed in whole, and the beginning of a name in it.

    A path from the root that is typed or pasted behind another stands for itself.
    """
    text = from_root(text)
    head, slash, begun = text.rpartition("/")
    folder = Path(f"{head}/") if slash else Path("~") if not text.startswith("~") else Path(text)
    try:
        return folder.expanduser(), begun
    except RuntimeError:  # the home of nobody
        return folder, begun


def _draw(found: Found, width: int) -> Line:
    name = safe(found.path.name + ("/" if found.size is None else ""))
    shown = SafeText("") if found.size is None else formats.size(found.size)
    style = "accent" if found.size is None else ""
    return (
        Piece(SafeText(f"   {fit(name, max(8, width - 16))}"), style),
        Piece(fit(shown, 12, right=True), "dim"),
    )


class AttachScreen(PickScreen[Found]):
    """Gives back the file that was chosen; Enter on a folder goes into it, Tab completes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("attach.complete", "tab", "complete", msgid("complete"), hint=True),
    ]

    def __init__(self, begun: str = "~/") -> None:
        super().__init__(safe(_("Attach a file")), self._find_files)
        self._begun = begun

    def on_mount(self) -> None:
        super().on_mount()
        self._type(self._begun)

    async def _find_files(self, text: str) -> list[Choice[Found]]:
        found = await asyncio.to_thread(listed, text)
        return [Choice(partial(_draw, one), one) for one in found]

    def chose(self, value: Found) -> None:
        if value.size is None:
            self._type(f"{value.path}/")
        else:
            self.dismiss(value)

    def chose_nothing(self) -> None:
        """Say that the file is not there."""
        words = _("There is no file {path}: type another; Tab completes.")
        self.say_wrong(safe(words.format(path=from_root(self.query_one(SafeInput).value))))

    def action_complete(self) -> None:
        """Take over the name that is chosen, and look into it when it is a folder."""
        self.choices.values()
        if self.choices.chosen is not None:
            found = self.choices.chosen.value
            self._type(f"{found.path}/" if found.size is None else str(found.path))

    def _type(self, text: str) -> None:
        line = self.query_one(SafeInput)
        line.value = safe(text)
        line.cursor_position = len(line.value)
