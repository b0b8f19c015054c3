"""Short texts broken into lines by cell width."""

from rich.cells import chop_cells

from tui_mail.safetext import SafeText
from tui_mail.ui.widgets.text import fit, width_of

_SIGNS = "@."  # an address is read in the parts that they end


def wrapped(text: SafeText, width: int, margin: str = "") -> list[SafeText]:
    """`text` in lines of at most `width` cells, each after `margin`; a longer word is
    broken behind its signs, where it has some."""
    room = max(1, width - width_of(margin))
    lines: list[str] = []
    current = ""
    for word in text.split():
        longer = f"{current} {word}" if current else word
        if width_of(longer) <= room:
            current = longer
            continue
        if current:
            lines.append(current)
        *whole, current = _pieces(word, room)
        lines += whole
    if current or not lines:
        lines.append(current)
    return [SafeText(margin + line) for line in lines]


def _pieces(word: str, room: int) -> list[str]:
    """A word in pieces that fit; a character that is wider than all of the room is left out."""
    if width_of(word) <= room:
        return [word]
    first = next((piece for piece in chop_cells(word, room) if piece), "")
    if width_of(first) > room:
        return [fit(SafeText(first), room), *_pieces(word[len(first) :], room)]
    behind = max(first.rfind(sign) for sign in _SIGNS) + 1
    end = behind or len(first)
    return [word[:end], *_pieces(word[end:], room)]
