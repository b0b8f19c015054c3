"""Colours as style sheets write them (CSS Color 4 §4 to §6), as far as mail uses them."""

import re

UNKNOWN = -1  # a picture, a gradient, a variable: it could be any colour
INVISIBLE = -2  # fully transparent
_NEAR = 12  # of 255, in each channel: no eye tells them apart

_HEX = re.compile(r"#([0-9a-f]{3,8})\b")
_FUNCTION = re.compile(
    r"rgba?\(\s*(\d{1,3})[\s,]+(\d{1,3})[\s,]+(\d{1,3})\s*(?:[,/]\s*(\d*\.?\d+)(%?)\s*)?\)"
)
_NAMES = {
    "black": 0x000000,
    "white": 0xFFFFFF,
    "snow": 0xFFFAFA,
    "ivory": 0xFFFFF0,
    "ghostwhite": 0xF8F8FF,
    "whitesmoke": 0xF5F5F5,
    "floralwhite": 0xFFFAF0,
    "red": 0xFF0000,
    "green": 0x008000,
    "lime": 0x00FF00,
    "blue": 0x0000FF,
    "navy": 0x000080,
    "yellow": 0xFFFF00,
    "orange": 0xFFA500,
    "purple": 0x800080,
    "maroon": 0x800000,
    "teal": 0x008080,
    "silver": 0xC0C0C0,
    "gray": 0x808080,
    "grey": 0x808080,
    "lightgray": 0xD3D3D3,
    "lightgrey": 0xD3D3D3,
    "darkgray": 0xA9A9A9,
    "darkgrey": 0xA9A9A9,
}


def colour_of(value: str) -> int | None:
    """The colour in a lower-case value as 0xRRGGBB, UNKNOWN or INVISIBLE; None when it says none."""
    found = _HEX.search(value)
    if found is not None:
        return _hexadecimal(found[1])
    function = _FUNCTION.search(value)
    if function is not None:
        red, green, blue, alpha, _percent = function.groups()
        if alpha is not None and float(alpha) == 0:
            return INVISIBLE
        return (min(int(red), 255) << 16) | (min(int(green), 255) << 8) | min(int(blue), 255)
    if "transparent" in value:
        return INVISIBLE
    for word in value.split():
        if word in _NAMES:
            return _NAMES[word]
    return None if value in {"inherit", "none", "initial", "unset", ""} else UNKNOWN


def _hexadecimal(digits: str) -> int:
    if len(digits) in {3, 4}:
        digits = "".join(digit * 2 for digit in digits)
    if len(digits) not in {6, 8}:
        return UNKNOWN
    if len(digits) == 8 and digits.endswith("00"):
        return INVISIBLE
    return int(digits[:6], 16)


def are_alike(ink: int, paper: int) -> bool:
    """Whether text in `ink` cannot be read on `paper`; what is not known can always be read."""
    if ink == INVISIBLE:
        return True
    if ink < 0 or paper < 0:
        return False
    return all(
        abs((ink >> shift & 0xFF) - (paper >> shift & 0xFF)) <= _NEAR for shift in (0, 8, 16)
    )
