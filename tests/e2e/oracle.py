"""Says whether bytes for a terminal hold anything but what the console means to write.

`foreign` reads them as a terminal would (ECMA-48), strictly: whatever is not one of our own
sequences, or a character that takes its cells and does nothing else, is given back with the place
where it stood. `borders` says whether the columns of a screen stand where they should.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

import pyte

# What the console's driver writes (SGR, cursor, erase to the end, styles of the cursor), and the
# modes that it sets: alternate screen, cursor, wrapping, focus, bracketed paste, synchronized
# update, resize reports, mouse.
_OURS = re.compile(
    r"\x1b\[(?:[0-9;:]*m|(?:[0-9]+;[0-9]+)?H|[0-9]* q|K"
    r"|\?(?:1049|25|7|1004|2004|2026|2048|1000|1003|1006|1015|1016)[hl])"
)
# Asked once, before the first paint, and its name after the first list: its answers are understood
# as such, never as keys.
_AT_THE_START = re.compile(r"\x1b\[(?:\?2026\$p|\?2048\$p|>[0-9]+u|>q)")
_AT_THE_END = re.compile(r"\x1b\[<u")
# The mouse pointer's shape, which Textual asks for and the driver's guard takes away.
_POINTER = re.compile(r"\x1b\]22;[a-z-]*\x07")
_CLIPBOARD = re.compile(r"\x1b\]52;c;[A-Za-z0-9+/=]*\x07")
_LINE_ENDS = "\r\n"
# In words of Arabic, Syriac and Kaithi these are drawn, although Unicode calls them formats.
_DRAWN_FORMATS = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2")
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_COMBINING = 4
_QUESTIONS = 4
_CONTEXT = 40


def foreign(
    data: bytes, *, clipboard: bool = False, plain: bool = False, unguarded: bool = False
) -> list[str]:
    """What is in `data` that is not ours, each with its surroundings; empty when all is well.

    `clipboard`: copying to the clipboard (OSC 52) is expected. `plain`: the output of a command,
    which has no sequence at all. `unguarded`: the driver lets everything through.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        return [f"not UTF-8: {data[max(0, error.start - _CONTEXT) : error.end + _CONTEXT]!r}"]
    ours = [] if plain else [_OURS, _AT_THE_START, _AT_THE_END]
    ours += [_CLIPBOARD] if clipboard else []
    ours += [_POINTER] if unguarded else []
    found = [*_controls(text, ours), *_towers(text)]
    return [
        f"{what}: {text[max(0, place - _CONTEXT) : place + _CONTEXT]!r}" for what, place in found
    ]


def _controls(text: str, known: Sequence[re.Pattern[str]]) -> Iterator[tuple[str, int]]:
    place, questions = 0, 0
    for match in re.finditer(r"\x1b|[^\x20-\x7e]", text):
        character = match[0]
        if match.start() < place:
            continue
        if character != "\x1b":
            if reason := _harm(character):
                yield reason, match.start()
            continue
        ours = next((found for one in known if (found := one.match(text, match.start()))), None)
        if ours is None:
            yield "a sequence that is not ours", match.start()
            continue
        place = ours.end()
        questions += bool(_AT_THE_START.fullmatch(ours[0]))
        if questions > _QUESTIONS:
            yield "a question to the terminal", match.start()


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
    if code == 0x10EEEE:
        return "a place for a picture"
    if character in _FILLERS or 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF:
        return "a character that cannot be seen"
    if 0x1F3FB <= code <= 0x1F3FF or 0x1F1E6 <= code <= 0x1F1FF:
        return "a character whose width depends on the terminal"
    return ""


def _towers(text: str) -> Iterator[tuple[str, int]]:
    """Marks upon marks, which would draw over other lines."""
    for match in re.finditer(r"[^\x00-\u02ff]{5,}", text):
        height = 0
        for place, character in enumerate(match[0], match.start()):
            height = height + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
            if height == _COMBINING + 1:
                yield "a tower of marks", place


def borders(screen: pyte.Screen, rules: str = "│┬├┤┼") -> tuple[list[int], list[str]]:
    """The columns in which a rule goes down, and the rows in which it is not in its place.

    A rule ends where something lies over all columns, which begins with a heavy line.
    """
    rows = list(range(1, screen.lines - 2))
    covered = [y for y in rows[1:] if _cell(screen, y, 0) in "━="]
    rows = [y for y in rows if not covered or y < covered[0]]
    columns = [
        x
        for x in range(screen.columns)
        if sum(_cell(screen, y, x) in rules for y in rows) > len(rows) * 0.6
    ]
    broken = [
        f"row {y}, column {x}: {screen.display[y]!r}"
        for y in rows[1:]
        for x in columns
        if _cell(screen, y, x) not in rules
    ]
    return columns, broken


def _cell(screen: pyte.Screen, row: int, column: int) -> str:
    return str(screen.buffer[row][column].data) or "\0"  # the second half of a wide one


def last_state(data: bytes) -> dict[str, bool]:
    """The modes that were ever set or reset, and how they were left, by their number."""
    modes: dict[str, bool] = {}
    for match in re.finditer(rb"\x1b\[\?([0-9]+)([hl])", data):
        modes[match[1].decode()] = match[2] == b"h"
    return modes


CLEAN = {"1049": False, "25": True, "7": True, "1004": False, "2004": False}
"""How the modes are left when the terminal is as it was found."""
