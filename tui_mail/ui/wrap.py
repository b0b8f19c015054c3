"""Short texts broken into lines by cell width."""

from tui_mail.safetext import SafeText
from tui_mail.ui.widgets.text import fit, width_of


def wrapped(text: SafeText, width: int, margin: str = "") -> list[SafeText]:
    """`text` in lines of at most `width` cells, each after `margin`; a longer word is cut."""
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
        current = word if width_of(word) <= room else fit(SafeText(word), room)
    if current or not lines:
        lines.append(current)
    return [SafeText(margin + line) for line in lines]
