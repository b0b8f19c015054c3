"""A picture that came with a message, as large as the screen: to be looked at before it is saved.

Hides the decoding, which is done in a thread; what cannot be shown is said in words.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from tui_mail.db.rows import AttachmentRow
from tui_mail.errors import TuiMailError
from tui_mail.i18n import _, msgid
from tui_mail.safetext import SafeText, joined, safe
from tui_mail.ui import formats
from tui_mail.ui.keys import bind, commands, hints
from tui_mail.ui.widgets.lines import Bar, Lines
from tui_mail.ui.widgets.text import BLANK, Line, Piece, plain
from tui_mail.ui.work import begin
from tui_mail.ui.wrap import wrapped
from tui_mail.values import Drawing, EncodedPicture, PictureWay

if TYPE_CHECKING:
    from tui_mail.mail.pictures import Measure
    from tui_mail.worker.reading import OpenedMessage

_TYPES = ("image/png", "image/jpeg", "image/jpg", "image/pjpeg", "image/gif", "image/webp")
_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")


def are_pictures(files: Sequence[AttachmentRow]) -> list[AttachmentRow]:
    """Those of the files that seem to be pictures that can be shown."""
    return [
        file
        for file in files
        if file.media_type.lower() in _TYPES or file.name.lower().endswith(_ENDINGS)
    ]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture in lines, or why it is not shown."""

    size: "Measure | None"
    lines: Sequence[Line] = ()
    pictures: tuple[EncodedPicture, ...] = ()
    refusal: str = ""


def _refusal(why: str) -> str:
    from tui_mail.mail.pictures import MAX_ATTACHED

    match why:
        case "size":
            most = formats.size(MAX_ATTACHED)
            words = _("The picture is too large to be shown here (more than {size}): S saves it.")
            return words.format(size=most)
        case "pixels":
            return _("The picture has too many pixels to be shown here: S saves it.")
        case "kind":
            return _("This is no PNG, JPEG, GIF or WebP picture, or a damaged one: S saves it.")
        case _:
            return _("The picture is damaged and cannot be shown: S saves it.")


def _draw(
    opened: "OpenedMessage", file: AttachmentRow, drawing: Drawing, columns: int, rows: int
) -> _Shown:
    """Decode and draw, in a thread."""
    from tui_mail.mail.pictures import MAX_SENT_WHOLE, encoded, half_blocks, measured
    from tui_mail.mail.render import block_lines, picture_lines
    from tui_mail.worker.reading import attachment_of

    try:
        content = attachment_of(opened, file.number).content
    except TuiMailError as error:
        return _Shown(None, refusal=error.message)
    size = measured(content)
    if size.why:
        return _Shown(size, refusal=_refusal(size.why))
    if drawing.way is PictureWay.KITTY:
        picture = encoded(content, columns, rows, cell=drawing.cell, most=MAX_SENT_WHOLE, size=size)
        if picture is not None:
            return _Shown(size, picture_lines(0, picture), (picture,))
    lines = block_lines(half_blocks(content, columns, rows, size=size))
    return _Shown(size, lines, refusal="" if lines else _refusal("damaged"))


class _Sheet(Lines):
    """The picture of one file under its name."""

    def __init__(self, opened: "OpenedMessage") -> None:
        super().__init__(id="picture")
        self._opened = opened
        self._file: AttachmentRow | None = None
        self._shown: _Shown | None = None
        self._lines: Sequence[Line] = ()

    def show(self, file: AttachmentRow) -> None:
        """Show this one from now on."""
        self._file = file
        begin(self, partial(self._show, file), "picture", latest=True)

    async def _show(self, file: AttachmentRow) -> None:
        columns, rows = self.inner_width - 2, self.size.height - 1
        if columns <= 0 or rows <= 0:
            return
        drawing = self.look.pictures.drawing
        shown = await asyncio.to_thread(_draw, self._opened, file, drawing, columns, rows)
        if file is not self._file:
            return
        self._shown = shown
        self.look.pictures.show(self, shown.pictures, self._arrange)
        self._arrange()

    def _arrange(self) -> None:
        shown = self._shown
        if shown is None:
            return
        if shown.refusal:
            rows = wrapped(safe(shown.refusal), self.inner_width - 1, " ")
            self._lines = [BLANK, *(plain(row, "warning") for row in rows)]
        else:
            place = self.look.pictures.placed
            margin = Piece(SafeText(" "))
            self._lines = [(margin, *place(line, shown.pictures)) for line in shown.lines]
        self.forget()

    def on_resize(self) -> None:
        super().on_resize()
        if self._file is not None:
            self.show(self._file)

    def on_unmount(self) -> None:
        self.look.pictures.show(self, (), self.forget)

    @property
    def count(self) -> int:
        return len(self._lines)

    def line(self, index: int, width: int) -> Line:
        return self._lines[index] if index < len(self._lines) else BLANK

    def title(self) -> SafeText:
        file = self._file
        if file is None:
            return SafeText("")
        told = [safe(file.name) or safe(file.media_type)]
        size = None if self._shown is None else self._shown.size
        if size is not None and size.width:
            told.append(SafeText(f"{size.width} x {size.height}"))
        return joined(*told, formats.size(file.size), separator=" · ")


class PictureScreen(ModalScreen[AttachmentRow | None]):
    """Shows one of the pictures, and the others by the keys; gives back the one to be saved."""

    DEFAULT_CSS = """
    PictureScreen { background: $background; }
    PictureScreen #box { height: 100%; background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("picture.save", "S", "save", msgid("save the file"), hint=True),
        bind("picture.next", "n,J,right,space", "step(1)", msgid("next picture"), hint=True),
        bind("picture.previous", "p,K,left", "step(-1)", msgid("previous picture")),
        bind("picture.close", "escape,q,u", "close", msgid("close"), hint=True),
    ]

    def __init__(
        self, opened: "OpenedMessage", files: Sequence[AttachmentRow], first: AttachmentRow
    ) -> None:
        super().__init__()
        self._files = files
        self._at = files.index(first)
        self._sheet = _Sheet(opened)

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield self._sheet
            yield Bar(id="hints")

    def on_mount(self) -> None:
        self._sheet.focus()
        self.call_after_refresh(self._show)
        self.call_after_refresh(self._show_hints)

    def _show(self) -> None:
        self._sheet.show(self._files[self._at])

    def _show_hints(self) -> None:
        rows = commands(self.active_bindings.values())
        self.query_one("#hints", Bar).show(hints(rows, self.size.width))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no next picture where there is one only."""
        return action != "step" or len(self._files) > 1

    def action_step(self, step: int) -> None:
        self._at = (self._at + step) % len(self._files)
        self._show()

    def action_save(self) -> None:
        self.dismiss(self._files[self._at])

    def action_close(self) -> None:
        self.dismiss(None)
