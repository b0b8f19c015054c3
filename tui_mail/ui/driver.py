"""The last guard before the terminal: nothing but our own escape sequences is written.

Text from outside is made safe long before (`tui_mail.safetext`); should a piece slip through, the
driver still drops whatever could move the terminal's title, clipboard, files or answers. Pictures
have a door of their own: what goes through it is built here, from pixels that we encoded.
"""

import asyncio
import fcntl
import os
import re
import select
import struct
import sys
import termios
from codecs import getincrementaldecoder
from itertools import count
from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui_mail.ui.answers import QUESTION, Answers
from tui_mail.ui.kitty import PLACEHOLDER, Slot, deletion, transmission
from tui_mail.values import EncodedPicture

# Styles, the cursor's place, and the modes that the driver itself sets (ECMA-48 CSI).
_OURS = re.compile(r"\x1b\[(?:[0-9;:]*m|[0-9;]*[HK]|\?[0-9;]+(?:[hl]|\$p)|[><][0-9;]*u|\d+ q)")
_FOREIGN = re.compile(
    # OSC, DCS, APC, PM and SOS with their text up to the terminator, or to the end
    r"(?:\x1b[\]P_^X]|[\x90\x98\x9d\x9e\x9f]).*?(?:\x07|\x1b\\|\x9c|\Z)"
    # any control sequence, escape sequence or lone control
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x06\x08\x0b-\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]"
    # what is not seen: zero-width, bidirectional and tag characters
    "|[\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]",
    re.DOTALL,
)
_LOOK_SECONDS = 0.1  # how often the input thread looks whether it is to end
_READ = 4096
_WAIT_SECONDS = 0.005
_LARGEST_CELL = 16  # pixels: finer ones are bytes that nobody sees
# Only as a write of its own, which no frame is: what the person copied.
_CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")


def _keep(match: re.Match[str]) -> str:
    return match[0] if _OURS.fullmatch(match[0]) else ""


def guarded(data: str, *, pictures: bool = False) -> str:
    """`data` without any sequence that is not one of ours.

    `pictures`: the terminal holds some, and the cells that it draws them in pass.
    """
    if _CLIPBOARD.fullmatch(data):
        return data
    if not pictures and PLACEHOLDER in data:
        data = data.replace(PLACEHOLDER, "\ufffd")
    return _FOREIGN.sub(_keep, data)


class GuardedDriver(LinuxDriver):
    """Textual's driver for POSIX terminals, writing only what `guarded` lets through."""

    class Named(Message):
        """The terminal said what it is (foreign text)."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.held: dict[EncodedPicture, Slot] = {}  # the pictures that the terminal has
        self._slots: dict[EncodedPicture, Slot] = {}  # of those, and of one that is on its way
        self._count = count()
        self._is_away = False  # the terminal belongs to another program
        self._answers = Answers(lambda name: self.process_message(self.Named(name)))
        # Textual draws on standard error, which may be a file: `tui-mail 2>log`.
        if sys.__stderr__ is None or not sys.__stderr__.isatty():
            self._file = sys.__stdout__

    def start_application_mode(self) -> None:
        # Textual reads Alt with a digit as what Option with it types on a Mac (¡ ™ £ ¢ ∞).
        sequences = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
        for digit in "0123456789":
            sequences.pop(f"\x1b{digit}", None)
        self._is_away = False
        super().start_application_mode()  # type: ignore[no-untyped-call] # Textual's

    def stop_application_mode(self) -> None:
        self._is_away = True
        self._answers.settle()
        for slot in self._slots.values():
            super().write(deletion(self._number(slot)))
        self._slots.clear()
        self.held.clear()
        super().stop_application_mode()

    def write(self, data: str) -> None:
        super().write(guarded(data, pictures=bool(self.held)))

    # -- what the terminal is

    def ask(self) -> None:
        """Ask the terminal for its name; `Named` is posted when it answers."""
        if self.input_tty and not self._is_away:
            self._answers.expect()
            super().write(QUESTION)

    def cell(self) -> tuple[int, int] | None:
        """Width and height of a cell in pixels, where the terminal has told (TIOCGWINSZ)."""
        try:
            told = fcntl.ioctl(self.fileno, termios.TIOCGWINSZ, b"\0" * 8)
        except OSError:
            return None
        rows, columns, width, height = struct.unpack("HHHH", told)
        if not (rows and columns and width >= columns and height >= rows):
            return None
        return min(width // columns, _LARGEST_CELL), min(height // rows, _LARGEST_CELL * 2)

    def run_input_thread(self) -> None:
        """Read what is typed, as Textual does, but for the terminal's answer."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            ready, _write, _error = select.select([self.fileno], [], [], _LOOK_SECONDS)
            if ready:
                data = os.read(self.fileno, _READ)
                if not data:  # the terminal is gone: it would be ready for ever
                    break
                typed = self._answers.take(decode(data))
            else:
                typed = self._answers.idle()
            for event in parser.feed(typed) if typed else ():
                self.process_message(event)
            for event in parser.tick():
                self.process_message(event)

    # -- the door for pictures

    @property
    def _is_busy(self) -> bool:
        """Whether the terminal has not yet taken what was written before."""
        writer = self._writer_thread
        return writer is not None and not writer._queue.empty()  # noqa: SLF001 — no other way

    async def take(self, picture: EncodedPicture) -> bool:
        """Give the terminal a picture, in pieces between the frames; then it is `held`.

        False when the terminal was given back to another program.
        """
        if self._is_away:
            return False
        slot = self._slots[picture] = Slot(next(self._count))
        for piece in transmission(self._number(slot), picture):
            while self._is_busy:  # noqa: ASYNC110 — Textual's writer does not say when it is done
                await asyncio.sleep(_WAIT_SECONDS)
            if self._slots.get(picture) is not slot:  # given back meanwhile
                return False
            super().write(piece)
        self.held[picture] = slot
        return True

    def drop(self, picture: EncodedPicture) -> None:
        """Make the terminal forget a picture."""
        slot = self._slots.pop(picture, None)
        if self.held.pop(picture, None) is not None and slot is not None:
            super().write(deletion(self._number(slot)))

    def _number(self, slot: Slot) -> int:
        return slot.number(true_colour=self._app.console.color_system == "truecolor")
