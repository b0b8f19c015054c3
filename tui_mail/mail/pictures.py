"""Pictures that came with a mail: as rows of half-blocks, or as a small PNG of our own making for a
terminal that draws pictures. Hides Pillow, and keeps it in limits.

Never raises and never reads more than it must: a picture that is too large, broken or of a kind
that is not listed is not drawn. No byte of what came is handed on, only pixels.
"""

import io
import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tui_mail.values import EncodedPicture, ParsedAttachment

if TYPE_CHECKING:
    from PIL import Image

MAX_BYTES = 8 * 1024 * 1024
MAX_ATTACHED = 32 * 1024 * 1024  # bytes of one that a person asks for: a camera's photo
MAX_PIXELS = (
    24_000_000  # to be decoded; a JPEG is decoded at an eighth of its width when it is large
)
MAX_PHOTO = 80_000_000
MAX_DRAWN = 20  # pictures in one message
MAX_ROWS = 16
MAX_SENT = 48 * 1024  # bytes to the terminal for one picture in a text
MAX_SENT_WHOLE = 192 * 1024  # and for one that has the screen for itself
KINDS = ("PNG", "JPEG", "GIF", "WEBP")
_SMALLEST = 32  # pixels: what is smaller is an icon, its name says more
_CELL = 8  # pixels of a column
_STEPS = 0xF8  # of a channel: fewer colours are fewer bytes to the terminal
_MAX_SCANS = 100  # of a JPEG: each is a walk over all of it, and some ten are usual
_ORIENTATION = 0x0112  # Exif: how the camera was held
_LYING = range(5, 9)
_SPARE = 256  # pixels of a JPEG beyond those that are drawn: what is shrunk looks better
_SHRINK, _TRIES = 0.9, 6


class Run(NamedTuple):
    """A run of so many cells, each with a colour for its upper half and one for its lower (0xRRGGBB)."""

    cells: int
    upper: int
    lower: int


@dataclass(frozen=True, slots=True)
class Measure:
    """How large a picture is, in pixels as it is looked at, without decoding it.

    `why` it is not to be drawn: "size", "pixels", "kind", or "" when it is.
    """

    width: int = 0
    height: int = 0
    why: str = ""


def drawable(attachments: Iterable[ParsedAttachment]) -> dict[str, ParsedAttachment]:
    """The pictures worth drawing, by Content-ID."""
    found: dict[str, ParsedAttachment] = {}
    for each in attachments:
        if each.content_id and each.media_type.startswith("image/") and len(found) < MAX_DRAWN:
            size = _size(each.content)
            if min(size.width, size.height) >= _SMALLEST:
                found[each.content_id] = each
    return found


def half_blocks(
    content: bytes, columns: int, rows: int = MAX_ROWS, *, size: Measure | None = None
) -> list[list[Run]]:
    """A picture in at most so many columns and rows, none when it cannot be drawn.

    `size`: as it was measured; without it, the limits are those of a picture within a text.
    """
    columns, rows = _cells(size or _size(content), columns, rows)
    pixels = _pixels(content, columns, rows * 2) if columns else []
    return [
        _runs(pixels[line * columns : (line + 1) * columns], pixels[(line + 1) * columns :])
        for line in range(0, rows * 2 if pixels else 0, 2)
    ]


def encoded(
    content: bytes,
    columns: int,
    rows: int = MAX_ROWS,
    *,
    cell: tuple[int, int],
    most: int = MAX_SENT,
    size: Measure | None = None,
) -> EncodedPicture | None:
    """A picture as a PNG of at most `most` bytes for as many cells as its half-blocks would take.

    `cell`: width and height of the terminal's cells in pixels. `size`: as for `half_blocks`. None
    when it cannot be drawn.
    """
    size = size or _size(content)
    columns, rows = _cells(size, columns, rows)
    if not columns:
        return None
    scale = min(columns * cell[0] / size.width, rows * cell[1] / size.height, 1.0)
    wide, high = max(1, round(size.width * scale)), max(1, round(size.height * scale))
    small = _shrunk(content, wide, high)
    png = b"" if small is None else _png(small, most)
    return EncodedPicture(png, columns, rows) if png else None


def measured(content: bytes, most: int = MAX_ATTACHED) -> Measure:
    """How large a picture of at most `most` bytes is, and whether it can be drawn."""
    if len(content) > most:
        return Measure(why="size")
    from PIL import Image

    try:
        with warnings.catch_warnings(action="error"), _opened(content) as picture:
            width, height = picture.size
            is_photo = picture.format == "JPEG"
            if is_photo and picture.getexif().get(_ORIENTATION) in _LYING:
                width, height = height, width
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        return Measure(why="pixels")
    except Exception:  # noqa: BLE001 — hostile bytes raise whatever they like in a decoder
        return Measure(why="kind")
    if is_photo and content.count(b"\xff\xda") > _MAX_SCANS:
        return Measure(why="kind")
    if not 0 < width * height <= (MAX_PHOTO if is_photo else MAX_PIXELS):
        return Measure(why="pixels")
    return Measure(width, height)


_NOT_DRAWN = Measure(why="size")


@lru_cache(maxsize=64)
def _size(content: bytes) -> Measure:
    """The size of a picture within a text, which is looked at for every width."""
    return measured(content, MAX_BYTES) if content else _NOT_DRAWN


def _cells(size: Measure, columns: int, rows: int) -> tuple[int, int]:
    """How many columns and rows a picture takes of those; zeros when it is not to be drawn."""
    width, height = size.width, size.height
    if not width:
        return 0, 0
    columns = min(columns, -(-width // _CELL), rows * 2 * width // height or 1)
    lines = max(2, round(columns * height / width))
    return columns, (lines + 1) // 2


def _runs(uppers: list[int], lowers: list[int]) -> list[Run]:
    runs: list[Run] = []
    for upper, lower in zip(uppers, lowers, strict=False):
        if runs and runs[-1].upper == upper and runs[-1].lower == lower:
            runs[-1] = Run(runs[-1].cells + 1, upper, lower)
        else:
            runs.append(Run(1, upper, lower))
    return runs


def _opened(content: bytes) -> "Image.Image":
    from PIL import Image

    return Image.open(io.BytesIO(content), formats=KINDS)


def _shrunk(content: bytes, width: int, height: int) -> "Image.Image | None":
    """The picture in so many pixels, as it is looked at, on white; None when its bytes are broken."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings(action="error"), _opened(content) as picture:
            picture.draft("RGB", (max(width, height) + _SPARE,) * 2)
            if picture.width * picture.height > MAX_PIXELS:
                return None
            upright = ImageOps.exif_transpose(picture) if picture.format == "JPEG" else picture
            small = upright.convert("RGBA").resize((width, height), Image.Resampling.BOX)
    except Exception:  # noqa: BLE001 — as above
        return None
    white = Image.new("RGBA", small.size, (255, 255, 255, 255))
    return Image.alpha_composite(white, small).convert("RGB")


def _pixels(content: bytes, columns: int, lines: int) -> list[int]:
    small = _shrunk(content, columns, lines)
    if small is None:
        return []
    flat = small.tobytes()
    return [
        (flat[at] & _STEPS) << 16 | (flat[at + 1] & _STEPS) << 8 | (flat[at + 2] & _STEPS)
        for at in range(0, len(flat), 3)
    ]


def _png(picture: "Image.Image", most: int) -> bytes:
    """The picture in at most so many bytes: with fewer colours, then smaller, where it must be."""
    from PIL import Image

    png = _saved(picture)
    for _try in range(_TRIES):
        if len(png) <= most:
            return png
        png = _saved(picture.quantize(256, Image.Quantize.FASTOCTREE))
        scale = min(_SHRINK, math.sqrt(most / len(png)) * _SHRINK)
        smaller = [max(1, round(side * scale)) for side in picture.size]
        picture = picture.resize((smaller[0], smaller[1]), Image.Resampling.BOX)
    return png if len(png) <= most else b""


def _saved(picture: "Image.Image") -> bytes:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()
