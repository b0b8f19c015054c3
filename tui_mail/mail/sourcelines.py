"""The bytes of a message as lines for a screen, as they came: nothing is decoded but UTF-8."""

from tui_mail.mail.cells import cut, width_of
from tui_mail.safetext import SafeText, safe

MAX_SOURCE = 1024 * 1024
_TAB = 8


def source_lines(raw: bytes, width: int) -> list[SafeText]:
    """The first megabyte of `raw` in lines of at most `width` cells."""
    text = raw[:MAX_SOURCE].decode("utf-8", "replace").replace("\r\n", "\n")
    lines: list[SafeText] = []
    for line in text.split("\n"):
        rest = str(safe(line.expandtabs(_TAB)))
        while width_of(rest) > width:
            head, rest = cut(rest, width)
            lines.append(SafeText(head))
        lines.append(SafeText(rest))
    return lines
