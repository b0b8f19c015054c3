"""How many cells of a terminal a text takes, and where to break it: hides East Asian widths."""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from wcwidth import wcwidth


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    width = wcwidth(character)
    if width == 0 and unicodedata.category(character) == "Cn":
        return 1  # newer than some terminals' tables: they draw a box
    return max(0, width)


def width_of(text: str) -> int:
    """The cells that `text` takes on one row."""
    if text.isascii():
        return len(text)
    return sum(map(_width, text))


def cut(text: str, width: int) -> tuple[str, str]:
    """The longest beginning of `text` that takes at most `width` cells (but never nothing), and the rest."""
    if text.isascii():
        edge = max(1, width)
        return text[:edge], text[edge:]
    used = 0
    for index, character in enumerate(text):
        used += _width(character)
        if used > width and index:
            return text[:index], text[index:]
    return text, ""


def chopped(text: str, width: int) -> Iterator[str]:
    """`text` in pieces as `cut` makes them, at least one; each character is measured once."""
    if text.isascii():
        step = max(1, width)
        yield from (text[start : start + step] for start in range(0, max(1, len(text)), step))
        return
    start = used = 0
    for index, character in enumerate(text):
        own = _width(character)
        if used + own > width and index > start:
            yield text[start:index]
            start, used = index, 0
        used += own
    yield text[start:]
