"""Messages laid out for the reader, kept by message and width: a resize or a way back costs nothing.

What is laid out is off the event loop. Hides how much is kept.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui_mail.values import Drawing

if TYPE_CHECKING:
    from tui_mail.mail.render import Rendered
    from tui_mail.worker.reading import OpenedMessage

_KEPT_LINES = 60_000
_KEPT = 64
_LONG = 150_000  # characters: the beginning of a longer message is laid out first
_BEGINNING = 300  # logical lines: some screens


@dataclass(frozen=True, slots=True)
class Frame:
    """What a layout depends on beside the message."""

    width: int
    pictures: Drawing


_Name = tuple[int, str, bool, bool, Frame]


def _name(opened: "OpenedMessage", frame: Frame) -> _Name:
    """A message is another to read when bytes of it are lost or away, or its other pieces have
    come."""
    return opened.row.id, opened.lost, opened.away, bool(opened.pieces), frame


class Layouts:
    """The last messages as they were laid out."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Name, Rendered] = OrderedDict()
        self._lines = 0

    def known(self, opened: "OpenedMessage", frame: Frame) -> "Rendered | None":
        """The layout, when it is at hand."""
        name = _name(opened, frame)
        found = self._kept.get(name)
        if found is not None:
            self._kept.move_to_end(name)
        return found

    async def beginning(self, opened: "OpenedMessage", frame: Frame) -> "Rendered | None":
        """The first screens of a long message, None of one that is laid out at once."""
        if len(opened.parsed.html) + len(opened.parsed.text) < _LONG:
            return None
        from tui_mail.mail.render import render

        return await asyncio.to_thread(
            render, opened.parsed, frame.width, pictures=frame.pictures, until=_BEGINNING
        )

    async def whole(self, opened: "OpenedMessage", frame: Frame) -> "Rendered":
        """All of it."""
        from tui_mail.mail.render import render

        rendered = await asyncio.to_thread(
            render, opened.parsed, frame.width, pictures=frame.pictures
        )
        self._kept[_name(opened, frame)] = rendered
        self._lines += len(rendered.lines)
        while len(self._kept) > 1 and (self._lines > _KEPT_LINES or len(self._kept) > _KEPT):
            self._lines -= len(self._kept.popitem(last=False)[1].lines)
        return rendered
