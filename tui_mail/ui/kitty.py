"""kitty's graphics protocol with Unicode placeholders: pictures that are cells of text, and so are
scrolled, clipped and covered as text is (sw.kovidgoyal.net/kitty/graphics-protocol).

Hides how a picture goes to the terminal, how its cells name it, and which terminals can do it.
Written here rather than taken from a library: those ask the terminal by waiting on standard input,
where a key may be lost, and write past the guard of `driver`.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping

from tui_mail.safetext import SafeText
from tui_mail.values import EncodedPicture

PLACEHOLDER = "\U0010eeee"
_PIECE = 4096  # the most of Base64 in one sequence
# Combining marks that stand for 0, 1, 2…, as the protocol lists them.
_RANGES = """
305 30d-30e 310 312 33d-33f 346 34a-34c 350-352 357 35b 363-36f 483-487 592-595 597-599 59c-5a1
5a8-5a9 5ab-5ac 5af 5c4 610-617 657-65b 65d-65e 6d6-6dc 6df-6e2 6e4 6e7-6e8 6eb-6ec 730 732-733
735-736 73a 73d 73f-741 743 745 747 749-74a 7eb-7f1 7f3 816-819 81b-823 825-827 829-82d 951 953-954
f82-f83 f86-f87 135d-135f 17dd 193a 1a17 1a75-1a7c 1b6b 1b6d-1b73 1cd0-1cd2 1cda-1cdb 1ce0 1dc0-1dc1
1dc3-1dc9 1dcb-1dcc 1dd1-1de6 1dfe 20d0-20d1 20d4-20d7 20db-20dc 20e1 20e7 20e9 20f0 2cef-2cf1
2de0-2dff a66f a67c-a67d a6f0-a6f1 a8e0-a8f1 aab0 aab2-aab3 aab7-aab8 aabe-aabf aac1 fe20-fe26 10a0f
10a38 1d185-1d189 1d1aa-1d1ad 1d242-1d244
"""
_LEVELS = (0, 95, 135, 175, 215, 255)  # of the 6x6x6 colours among the 256


def _marks() -> Iterator[str]:
    for one in _RANGES.split():
        first, _dash, last = one.partition("-")
        yield from map(chr, range(int(first, 16), int(last or first, 16) + 1))


_MARKS = tuple(_marks())
MOST_CELLS = len(_MARKS)  # columns or rows of a picture
# Pure colours, which stay what they are where a terminal has 256 of them only.
_COLOURS = [
    (red, green, blue)
    for red in range(6)
    for green in range(6)
    for blue in range(6)
    if {0, 5} <= {red, green, blue}
]
_TURNS = 255


class Slot(int):
    """A place among the pictures on a terminal, counted from 0: the colour and mark of its cells."""

    def _parts(self) -> tuple[tuple[int, int, int], int]:
        turn, colour = divmod(self, len(_COLOURS))
        return _COLOURS[colour], 1 + turn % _TURNS

    @property
    def ink(self) -> str:
        """The colour that cells of the picture have, as #rrggbb."""
        levels, _mark = self._parts()
        return "#" + "".join(f"{_LEVELS[level]:02x}" for level in levels)

    def number(self, *, true_colour: bool) -> int:
        """What the terminal knows the picture by: the colour as it is written, and the mark."""
        (red, green, blue), mark = self._parts()
        index = 16 + 36 * red + 6 * green + blue
        return mark << 24 | (int(self.ink[1:], 16) if true_colour else index)

    def cells(self, row: int, columns: int) -> SafeText:
        """A row of the picture: each cell says which part of which picture it is."""
        _levels, mark = self._parts()
        begin, end = PLACEHOLDER + _MARKS[row], _MARKS[mark]
        return SafeText("".join(begin + _MARKS[column] + end for column in range(columns)))


def transmission(number: int, picture: EncodedPicture) -> Iterator[str]:
    """What gives the terminal a picture, to be drawn where its placeholders are; no answer comes."""
    data = b64encode(picture.png).decode("ascii")
    keys = f"a=T,U=1,f=100,i={number:d},c={picture.columns:d},r={picture.rows:d},"
    for start in range(0, len(data), _PIECE):
        more = int(start + _PIECE < len(data))
        yield f"\x1b_G{keys}q=2,m={more};{data[start : start + _PIECE]}\x1b\\"
        keys = ""


def deletion(number: int) -> str:
    """What makes the terminal forget a picture."""
    return f"\x1b_Ga=d,d=I,i={number:d},q=2\x1b\\"


# -- which terminals

_ASIDE = ("TMUX", "STY", "ZELLIJ")  # something stands between: pictures would not get through
_SIMPLE = ("dumb", "linux", "vt", "screen", "tmux", "cons")
_VERSION = re.compile(r"kitty\((\d+)\.(\d+)")
_SINCE = (0, 28)  # of kitty: placeholders


def may_be_asked(environment: Mapping[str, str]) -> bool:
    """Whether a terminal is one to ask for its name: it answers, or passes over the question."""
    return (
        not environment.get("TERM", "dumb").startswith(_SIMPLE)
        and not any(environment.get(name) for name in _ASIDE)
        and environment.get("TERM_PROGRAM", "") != "Apple_Terminal"
    )


def has_placeholders(name: str) -> bool:
    """Whether the terminal that calls itself so (XTVERSION) draws pictures by placeholders.

    Others that speak the protocol (Konsole, WezTerm) do not.
    """
    version = _VERSION.match(name)
    if version is not None:
        return (int(version[1]), int(version[2])) >= _SINCE
    return name.startswith("ghostty ")
