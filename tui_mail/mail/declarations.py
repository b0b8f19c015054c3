"""What declarations of a style say about whether text is seen: `display:none;color:#fff` as facts.

Cached: mail repeats the same few declarations thousands of times.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from tui_mail.mail.colours import INVISIBLE, UNKNOWN, colour_of

MAX_STYLE = 4_096
_MAX_DECLARATIONS = 100
_TINY = 2.0  # px: text of this size and less is not read
_MARGIN = 4.0  # px: a smaller one is no blank line
_FAR = -900.0  # px: nothing is seen so far outside the page

_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|pt|em|rem|%|ex|vh|vw|cm|mm|in|pc)?")
_IN_PIXELS = {"": 1.0, "px": 1.0, "pt": 1.33, "em": 16.0, "rem": 16.0, "%": 0.16, "ex": 8.0}
_NOTHING_SEEN = re.compile(r"rect\(\s*(?:0|1px)[\s,]|inset\(\s*(?:50|100)%")


class Said(NamedTuple):
    """What a style says; None where it says nothing. Colours as in `colours`."""

    hidden: bool | None = None
    tiny: bool | None = None
    ink: int | None = None
    paper: int | None = None
    flat: bool | None = None  # a paragraph that does not stand apart


NOTHING = Said()


@lru_cache(maxsize=4096)
def said_by(style: str) -> Said:
    """What the declarations of one `style` attribute or rule say."""
    values: dict[str, str] = {}
    for declaration in style[:MAX_STYLE].lower().split(";", _MAX_DECLARATIONS)[:_MAX_DECLARATIONS]:
        name, colon, value = declaration.partition(":")
        if colon:
            values[name.strip()] = value.partition("!")[0].strip()
    if not values:
        return NOTHING
    return Said(_hidden(values), _tiny(values), _ink(values), _paper(values), _flat(values))


def pixels(value: str) -> float | None:
    """A length in pixels, roughly: relative units by a browser's usual text; None when it is none."""
    found = _LENGTH.match(value)
    if found is None:
        return None
    return float(found[1]) * _IN_PIXELS.get(found[2] or "", 16.0)


def _hidden(values: Mapping[str, str]) -> bool | None:
    if values.get("display") == "none" or values.get("visibility") in {"hidden", "collapse"}:
        return True
    opacity = values.get("opacity", "")
    if opacity and pixels(opacity) == 0:
        return True
    if _is_shut(values) or _is_away(values):
        return True
    return False if "display" in values or "visibility" in values else None


def _is_shut(values: Mapping[str, str]) -> bool:
    """Whether the box has no room, and what is in it does not stand out of it."""
    if pixels(values.get("max-height", "")) == 0:
        return True
    if _NOTHING_SEEN.search(values.get("clip", "") + values.get("clip-path", "")):
        return True
    if values.get("overflow") not in {"hidden", "clip"}:
        return False
    sizes = (pixels(values.get(name, "")) for name in ("height", "width", "max-width"))
    return any(size is not None and size <= 1 for size in sizes)


def _is_away(values: Mapping[str, str]) -> bool:
    """Whether it stands far outside the page."""
    names = ["text-indent", "margin-left", "margin-top"]
    if values.get("position") in {"absolute", "fixed"}:
        names += ["left", "top"]
    places = (pixels(values.get(name, "")) for name in names)
    return any(place is not None and place < _FAR for place in places)


def _tiny(values: Mapping[str, str]) -> bool | None:
    size = values.get("font-size") or values.get("font", "").partition("/")[0].rpartition(" ")[2]
    found = pixels(size)
    return None if found is None else found <= _TINY


def _ink(values: Mapping[str, str]) -> int | None:
    return colour_of(values.get("-webkit-text-fill-color") or values.get("color", ""))


def _paper(values: Mapping[str, str]) -> int | None:
    """The background; a picture may have any colour, and none shows what is behind."""
    if "background-image" in values and values["background-image"] != "none":
        return UNKNOWN
    value = values.get("background-color") or values.get("background", "")
    if "url(" in value or "gradient" in value:
        return UNKNOWN
    found = colour_of(value)
    return None if found == INVISIBLE else found


def _flat(values: Mapping[str, str]) -> bool | None:
    """Whether there is no margin above and below."""
    sides = values.get("margin", "").split()
    above = values.get("margin-top") or (sides[0] if sides else "")
    below = values.get("margin-bottom") or (sides[2 if len(sides) > 2 else 0] if sides else "")
    if not above or not below:
        return None
    return all((pixels(side) or 0.0) < _MARGIN for side in (above, below))
