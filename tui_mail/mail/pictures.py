"""Pictures that came with a mail as rows of half-blocks. Hides Pillow, and keeps it in limits.

Never raises and never reads more than it must: a picture that is too large, broken or of a kind
that is not listed is not drawn.
"""

import io
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from tui_mail.values import ParsedAttachment

MAX_BYTES = 8 * 1024 * 1024
MAX_PIXELS = 24_000_000
MAX_DRAWN = 20  # pictures in one message
MAX_ROWS = 16
_KINDS = ("PNG", "JPEG", "GIF", "WEBP")
_SMALLEST = 32  # pixels: what is smaller is an icon, its name says more
_CELL = 8  # pixels of a column
_STEPS = 0xF8  # of a channel: fewer colours are fewer bytes to the terminal


class Run(NamedTuple):
    """A run of so many cells, each with a colour for its upper half and one for its lower (0xRRGGBB)."""

    cells: int
    upper: int
    lower: int


def drawable(attachments: Iterable[ParsedAttachment]) -> dict[str, ParsedAttachment]:
    """The pictures worth drawing, by Content-ID."""
    found: dict[str, ParsedAttachment] = {}
    for each in attachments:
        if each.content_id and each.media_type.startswith("image/") and len(found) < MAX_DRAWN:
            width, height = _size(each.content)
            if min(width, height) >= _SMALLEST:
                found[each.content_id] = each
    return found


def half_blocks(content: bytes, columns: int) -> list[list[Run]]:
    """A picture in at most so many columns and `MAX_ROWS` rows, none when it cannot be drawn."""
    width, height = _size(content)
    if not width:
        return []
    columns = min(columns, -(-width // _CELL), MAX_ROWS * 2 * width // height or 1)
    lines = max(2, round(columns * height / width))
    lines += lines % 2
    pixels = _pixels(content, columns, lines)
    return [
        _runs(pixels[line * columns : (line + 1) * columns], pixels[(line + 1) * columns :])
        for line in range(0, lines if pixels else 0, 2)
    ]


def _runs(uppers: list[int], lowers: list[int]) -> list[Run]:
    runs: list[Run] = []
    for upper, lower in zip(uppers, lowers, strict=False):
        if runs and runs[-1].upper == upper and runs[-1].lower == lower:
            runs[-1] = Run(runs[-1].cells + 1, upper, lower)
        else:
            runs.append(Run(1, upper, lower))
    return runs


@lru_cache(maxsize=64)
def _size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels without decoding, zeros when it is not to be drawn."""
    if not content or len(content) > MAX_BYTES:
        return 0, 0
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=_KINDS) as picture:
                width, height = picture.size
    except Exception:  # noqa: BLE001 — hostile bytes raise whatever they like in a decoder
        return 0, 0
    return (width, height) if 0 < width * height <= MAX_PIXELS else (0, 0)


def _pixels(content: bytes, columns: int, lines: int) -> list[int]:
    """The picture, shrunk, on white; none when its bytes are broken."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=_KINDS) as picture:
                picture.draft("RGB", (columns * 2, lines * 2))
                small = picture.convert("RGBA").resize((columns, lines), Image.Resampling.BOX)
    except Exception:  # noqa: BLE001 — as above
        return []
    white = Image.new("RGBA", small.size, (255, 255, 255, 255))
    flat = Image.alpha_composite(white, small).convert("RGB").tobytes()
    return [
        (flat[at] & _STEPS) << 16 | (flat[at + 1] & _STEPS) << 8 | (flat[at + 2] & _STEPS)
        for at in range(0, len(flat), 3)
    ]
