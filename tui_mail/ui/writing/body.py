"""The letter's text: typed here, or in the writer's own editor.

Hides that what is pasted is made safe, and the file that the editor is given.
"""

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from textual import events
from textual.app import App, SuspendNotSupported
from textual.widgets import TextArea

from tui_mail.db.draft_content import DraftContent
from tui_mail.errors import InputOutput, NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.safetext import safe_lines
from tui_mail.ui.writing.markdown import is_marked
from tui_mail.values import BodyFormat


def safe_text(text: str) -> str:
    """`text` of several lines without anything that could act on the terminal."""
    return "\n".join(safe_lines(text))


class LetterBody(TextArea):
    """The text, wrapped on the screen only."""

    DEFAULT_CSS = """
    LetterBody, LetterBody:focus {
        border: none; padding: 0 1; background: $background; color: $foreground;
        background-tint: $background 0%; scrollbar-size-vertical: 1;
        scrollbar-color: $rule; scrollbar-color-hover: $rule; scrollbar-color-active: $rule;
        scrollbar-background: $background; scrollbar-background-hover: $background;
        scrollbar-background-active: $background;
        & .text-area--cursor-line { background: $background; }
        & .text-area--cursor { background: $foreground; color: $background; }
        & .text-area--selection { background: $cursor; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, soft_wrap=True, show_line_numbers=False, tab_behavior="focus")
        self.cursor_blink = False
        self._chosen: BodyFormat | None = None  # by the writer; None: as the text is

    async def _on_paste(self, event: events.Paste) -> None:
        event.text = safe_text(event.text)  # Textual hands the event on to the handler of TextArea

    @property
    def form(self) -> BodyFormat:
        """How the letter goes: by choice, else as Markdown when it uses its marks."""
        return self._chosen or _form_of(self.text)

    def toggle_markdown(self) -> None:
        """Send it as Markdown, or just as it is typed, whatever marks it uses."""
        marked = self.form is BodyFormat.MARKDOWN
        self._chosen = BodyFormat.TEXT if marked else BodyFormat.MARKDOWN

    def begin_with(self, content: DraftContent, *, saved: bool) -> None:
        """Show a letter's text. `saved`: its form was decided before."""
        decided = saved and content.format is not _form_of(content.body)
        self._chosen = content.format if decided else None
        self.put(content.body)

    def put(self, text: str) -> None:
        """Make `text` the letter's, the cursor at its beginning."""
        self.load_text(text)
        self.move_cursor((0, 0))


def _form_of(text: str) -> BodyFormat:
    return BodyFormat.MARKDOWN if is_marked(text) else BodyFormat.TEXT


def editor_command() -> list[str]:
    """What the environment names as the writer's editor (VISUAL, then EDITOR), else vi."""
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        return shlex.split(named)
    except ValueError:
        return [named]


async def edit_outside(app: App[Any], text: str) -> str:
    """The letter as it comes out of the writer's editor; the terminal is the editor's meanwhile.

    Raises NotFound when there is no such program, InputOutput when it fails, WrongUse when this
    terminal cannot be given away.
    """
    try:
        with app.batch_update(), app.suspend():
            return await edited(editor_command(), text)
    except SuspendNotSupported as error:
        raise WrongUse(_("This terminal cannot be handed to an editor.")) from error
    finally:
        app.refresh()


async def edited(command: Sequence[str], text: str) -> str:
    """`text` after `command FILE` has changed it; the file is its owner's only, and gone after.

    Raises NotFound when there is no such program, InputOutput when it fails.
    """
    path = await asyncio.to_thread(_lay_out, text)
    try:
        code = await _run(command, path)
        if code:
            raise InputOutput(
                _("The editor ended with an error ({code}): the letter is as it was.").format(
                    code=code
                )
            )
        return safe_text(await asyncio.to_thread(_read, path))
    finally:
        await asyncio.to_thread(shutil.rmtree, path.parent, ignore_errors=True)


def _lay_out(text: str) -> Path:
    """A new file with `text`, in a folder of its own, for its owner only."""
    path = Path(tempfile.mkdtemp(prefix="tui-mail-")) / "letter.md"
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    return path


def _read(path: Path) -> str:
    return path.read_text("utf-8", errors="replace").rstrip("\n") + "\n"


async def _run(command: Sequence[str], path: Path) -> int:
    try:
        process = await asyncio.create_subprocess_exec(*command, str(path))
    except OSError as error:
        raise NotFound(
            _("{program} cannot be started: name your editor in EDITOR.").format(program=command[0])
        ) from error
    return await process.wait()
