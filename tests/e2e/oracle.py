"""Says whether bytes for a terminal hold anything but what the console means to write.

`foreign` reads them as a terminal would (ECMA-48), strictly: whatever is not one of our own
sequences, or a character that takes its cells and does nothing else, is given back with the place
where it stood. `borders` says whether the columns of a screen stand where they should.
"""

import re
import unicodedata
from collections.abc import Iterator

import pyte

# What the console's driver writes (SGR, cursor, erase to the end, styles of the cursor), and the
# modes that it sets: alternate screen, cursor, wrapping, focus, bracketed paste, synchronized
# update, resize reports, mouse.
_OURS = re.compile(
    r"\x1b\[(?:[0-9;:]*m|(?:[0-9]+;[0-9]+)?H|[0-9]* q|K"
    r"|\?(?:1049|25|7|1004|2004|2026|2048|1000|1003|1006|1015|1016)[hl])"
)
# Asked once, before the first paint: its answers are understood as such, never as keys.
_AT_THE_START = re.compile(r"\x1b\[(?:\?2026\$p|\?2048\$p|>[0-9]+u)")
_AT_THE_END = re.compile(r"\x1b\[<u")
_CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")
_LINE_ENDS = "\r\n"
# In words of Arabic, Syriac and Kaithi these are drawn, although Unicode calls them formats.
_DRAWN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_COMBINING = 4
_CONTEXT = 40
_RULES = {"│", "┬", "├", "┤", "┼"}


def foreign(data: bytes, *, clipboard: bool = False, plain: bool = False) -> list[str]:
    """What is in `data` that is not ours, each with its surroundings; empty when all is well.

    `clipboard`: copying to the clipboard (OSC 52) is expected. `plain`: the output of a command,
    which has no sequence at all.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {data[max(0, error.start - _CONTEXT) : error.end + _CONTEXT]!r}"]
    found = [*_controls(text, clipboard=clipboard, plain=plain), *_towers(text)]
    return [
        f"{what}: {text[max(0, place - _CONTEXT) : place + _CONTEXT]!r}" for what, place in found
    ]


def _controls(text: str, *, clipboard: bool, plain: bool) -> Iterator[tuple[str, int]]:
    place, questions = 0, 0
    for match in re.finditer(r"\x1b|[^\x20-\x7e]", text):
        character = match[0]
        if match.start() < place:
            continue
        if character != "\x1b":
            if reason := _harm(character):
                yield reason, match.start()
            continue
        ours = None if plain else _sequence(text, match.start(), clipboard=clipboard)
        if ours is None:
            yield "a sequence that is not ours", match.start()
            continue
        place = ours.end()
        if _AT_THE_START.fullmatch(ours[0]):
            questions += 1
            if questions > 3:
                yield "a question to the terminal", match.start()


def _sequence(text: str, place: int, *, clipboard: bool) -> re.Match[str] | None:
    known = [_OURS, _AT_THE_START, _AT_THE_END, *([_CLIPBOARD] if clipboard else [])]
    return next((match for one in known if (match := one.match(text, place))), None)


def _harm(character: str) -> str:
    """Why a single character may not reach a terminal; "" when it may."""
    code, category = ord(character), unicodedata.category(character)
    if character in _LINE_ENDS:
        return ""
    if category == "Cc":
        return "a control character"
    if category in {"Zl", "Zp", "Cs"}:
        return "a line end or half a character"
    if category == "Cf" and character not in _DRAWN_FORMATS:
        return "a character that cannot be seen or turns the text around"
    if character in _FILLERS or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return "a character that cannot be seen"
    if 0x1F3FB <= code <= 0x1F3FF or 0x1F1E6 <= code <= 0x1F1FF:
        return "a character whose width depends on the terminal"
    return ""


def _towers(text: str) -> Iterator[tuple[str, int]]:
    """Marks upon marks, which would draw over other lines."""
    height = 0
    for match in re.finditer(r"[^\x00-\u02ff]+", text):
        for place, character in enumerate(match[0], match.start()):
            height = height + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
            if height == _COMBINING + 1:
                yield "a tower of marks", place


def borders(screen: pyte.Screen) -> list[str]:
    """Rows in which a rule between columns is missing or stands elsewhere than above.

    A rule begins in a title line (`┬`) and goes on to the two lines at the bottom, or to where
    something covers it from edge to edge.
    """
    found: list[str] = []
    columns = [x for x in range(screen.columns) if _cell(screen, 1, x) == "┬"]
    for y in range(2, screen.lines - 2):
        for x in columns:
            if _cell(screen, y, x) not in _RULES:
                found.append(f"row {y}, column {x}: {screen.display[y]!r}")
    return found


def _cell(screen: pyte.Screen, row: int, column: int) -> str:
    return str(screen.buffer[row][column].data)


def last_state(data: bytes) -> dict[str, bool]:
    """The modes that were ever set or reset, and how they were left, by their number."""
    modes: dict[str, bool] = {}
    for match in re.finditer(rb"\x1b\[\?([0-9]+)([hl])", data):
        modes[match[1].decode()] = match[2] == b"h"
    return modes


CLEAN = {"1049": False, "25": True, "7": True, "1004": False, "2004": False}
"""How the modes are left when the terminal is as it was found."""
