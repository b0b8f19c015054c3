"""The last guard before the terminal: nothing but our own escape sequences is written.

Text from outside is made safe long before (`tui_mail.safetext`); should a piece slip through, the
driver still drops whatever could move the terminal's title, clipboard, files or answers.
"""

import re
import sys
from typing import Any, cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.drivers.linux_driver import LinuxDriver

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
# Only as a write of its own, which no frame is: what the person copied.
_CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")


def _keep(match: re.Match[str]) -> str:
    return match[0] if _OURS.fullmatch(match[0]) else ""


def guarded(data: str) -> str:
    """`data` without any sequence that is not one of ours."""
    if _CLIPBOARD.fullmatch(data):
        return data
    return _FOREIGN.sub(_keep, data)


class GuardedDriver(LinuxDriver):
    """Textual's driver for POSIX terminals, writing only what `guarded` lets through."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        # Textual draws on standard error, which may be a file: `tui-mail 2>log`.
        if sys.__stderr__ is None or not sys.__stderr__.isatty():
            self._file = sys.__stdout__

    def start_application_mode(self) -> None:
        # Textual reads Alt with a digit as what Option with it types on a Mac (¡ ™ £ ¢ ∞).
        sequences = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
        for digit in "0123456789":
            sequences.pop(f"\x1b{digit}", None)
        super().start_application_mode()  # type: ignore[no-untyped-call] # Textual's

    def write(self, data: str) -> None:
        super().write(guarded(data))
