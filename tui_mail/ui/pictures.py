"""The pictures on the screen: in which way they are drawn, and which of them the terminal holds.

Hides that they go to the terminal in pieces between the frames, so that a key never waits for them,
and are deleted there once nothing shows them.
"""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from tui_mail.safetext import SafeText
from tui_mail.ui.driver import GuardedDriver
from tui_mail.ui.kitty import MOST_CELLS, has_placeholders, may_be_asked
from tui_mail.ui.widgets.text import Drawn, Line, Piece
from tui_mail.ui.work import begin
from tui_mail.values import CELL, Drawing, EncodedPicture, PictureWay

if TYPE_CHECKING:
    from textual.app import App

_AUTO = "auto"
_COLOURS = ("truecolor", "256")  # a picture's cells are known by their colour


class Pictures:
    """What draws pictures asks here. `setting`: "auto" or the name of a way."""

    def __init__(self, app: "App[int]", setting: str, *, ascii_only: bool) -> None:
        self._app = app
        self._setting = setting
        ways = {PictureWay.KITTY.value: PictureWay.KITTY, PictureWay.NONE.value: PictureWay.NONE}
        self.drawing = Drawing(
            PictureWay.NONE if ascii_only else ways.get(setting, PictureWay.BLOCKS)
        )
        self._wanted: dict[object, tuple[tuple[EncodedPicture, ...], Callable[[], None]]] = {}
        self._sending = False

    @property
    def _driver(self) -> GuardedDriver | None:
        driver = self._app._driver  # noqa: SLF001 — Textual gives no other way to it
        return driver if isinstance(driver, GuardedDriver) else None

    def begin(self) -> None:
        """The first list is drawn: ask the terminal what it is, if that decides anything."""
        driver, way = self._driver, self.drawing.way
        if driver is None or self._app.console.color_system not in _COLOURS or self._app.no_color:
            self.drawing = Drawing(PictureWay.BLOCKS if way is PictureWay.KITTY else way)
        elif way is PictureWay.KITTY:
            self.drawing = Drawing(way, self._cell())
        elif way is PictureWay.BLOCKS and self._setting == _AUTO and may_be_asked(os.environ):
            driver.ask()

    def named(self, name: str) -> bool:
        """The terminal says what it is (foreign text); whether pictures are drawn otherwise now."""
        if not has_placeholders(name):
            return False
        self.drawing = Drawing(PictureWay.KITTY, self._cell())
        return True

    def _cell(self) -> tuple[int, int]:
        return CELL if self._driver is None else self._driver.cell() or CELL

    # -- what the terminal holds

    def show(
        self, owner: object, pictures: Sequence[EncodedPicture], drawn: Callable[[], None]
    ) -> None:
        """`owner` shows just these from now on; `drawn` is called when one more can be drawn."""
        fits = (one for one in pictures if max(one.columns, one.rows) <= MOST_CELLS)
        before = self._wanted.pop(owner, None)
        if pictures:
            self._wanted[owner] = (tuple(fits), drawn)
        if pictures or before:
            self.send()

    def send(self) -> None:
        """Make the terminal hold what is wanted: after a change, and when it was given back."""
        if not self._sending and self._driver is not None:
            self._sending = True
            begin(self._app, self._send, "pictures")

    async def _send(self) -> None:
        driver = self._driver
        assert driver is not None
        try:
            while (missing := self._next(driver)) is not None:
                if not await driver.take(missing):
                    break
                for pictures, drawn in list(self._wanted.values()):
                    if missing in pictures:
                        drawn()
        finally:
            self._sending = False

    def _next(self, driver: GuardedDriver) -> EncodedPicture | None:
        """A picture that the terminal lacks; what nobody wants any more is deleted there."""
        wanted = [one for pictures, _drawn in self._wanted.values() for one in pictures]
        for one in [held for held in driver.held if held not in wanted]:
            driver.drop(one)
        return next((one for one in wanted if one not in driver.held), None)

    def placed(self, line: Sequence[Drawn], pictures: Sequence[EncodedPicture]) -> Line:
        """A line in which what stands for pictures are the cells that the terminal draws them in.

        One that it does not hold yet is blank.
        """
        return tuple(self._cells(piece, pictures) for piece in line)

    def _cells(self, piece: Drawn, pictures: Sequence[EncodedPicture]) -> Drawn:
        if not piece.style.startswith("picture "):
            return piece
        _word, number, row = piece.style.split()
        picture = pictures[int(number)]
        slot = None if self._driver is None else self._driver.held.get(picture)
        if slot is None:
            return Piece(SafeText(piece.text))
        return Piece(slot.cells(int(row), picture.columns), f"{slot.ink}/")
