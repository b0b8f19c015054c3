"""Plain text that its sender's program broke into lines, as paragraphs again for a narrower screen.

Hides how such a paragraph is known: a line ends because the next word would not have fitted into
the text's own width. What may be meant as it stands (lists, tables, addresses) keeps its lines.
"""

import re
from collections.abc import Sequence

from tui_mail.mail.blocks import Block, Piece, Style
from tui_mail.mail.cells import width_of
from tui_mail.mail.quotes import LineKind

_NARROWEST, _WIDEST = 60, 80  # between these are the widths that programs break text at
_FULL = 0.7  # of the width; a shorter line ends where it was meant to
_SURE = 3  # one break in so many is within a sentence, or the lines are no paragraph
_OWN_LINE = re.compile(
    r"\s|[^\w\"'«“‘(\[&€$£%]"  # a sign that lists, quotes and rules begin with
    r"|(?:\d{1,3}|[A-Za-z])[.)]\s"  # a numbered item
    r"|[^\W\d_][\w. -]{0,20}:(?:\s|$)"  # a field and its value
)
_TABLE = re.compile(r"(?<![.!?:])\s{2,}\S|[|\t]|[_.=-]{4}")
_SENTENCE_END = (".", "!", "?", ":", ";", "…")


def rejoined(
    blocks: Sequence[Block], kinds: Sequence[LineKind], width: int
) -> tuple[list[Block], list[LineKind]]:
    """The lines of a text with those that make a paragraph in one, where `width` cells are too
    narrow for it as it came; no other character than the line breaks is changed."""
    if width >= _WIDEST:
        return list(blocks), list(kinds)
    texts = [
        _words(block) if kind is LineKind.NEW and not block.quote and not block.is_blank else ""
        for block, kind in zip(blocks, kinds, strict=True)
    ]
    own = _own_width(texts)
    if own <= width:
        return list(blocks), list(kinds)
    found: list[Block] = []
    of_them: list[LineKind] = []
    first = 0
    while first < len(blocks):
        last, is_paragraph = _run(texts, first, own)
        run = blocks[first : last + 1]
        found += [_joined(run)] if is_paragraph else run
        of_them += kinds[first : first + 1] if is_paragraph else kinds[first : last + 1]
        first = last + 1
    return found, of_them


def _words(block: Block) -> str:
    """The line as it came, without the numbers that links are given."""
    return "".join(piece.text for piece in block.pieces if piece.style is not Style.DIM)


def _own_width(texts: Sequence[str]) -> int:
    """The width that the text was broken at; 0 where it was not."""
    widths = [width_of(text) for text in texts if " " in text]
    widest = max((width for width in widths if width <= _WIDEST), default=0)
    return widest if widest >= _NARROWEST else 0


def _run(texts: Sequence[str], first: int, own: int) -> tuple[int, bool]:
    """The last of the lines that go on one in the other, and whether they are a paragraph."""
    last, sure = first, 0
    while last + 1 < len(texts) and _goes_on(texts[last], texts[last + 1], own):
        sure += _within_sentence(texts[last], texts[last + 1])
        last += 1
    return last, last > first and sure * _SURE >= last - first


def _goes_on(line: str, following: str, own: int) -> bool:
    """Whether the line ended only because the next word had no room."""
    if not line or not following or _OWN_LINE.match(following) or _OWN_LINE.match(line):
        return False
    length = width_of(line)
    next_word = width_of(following.split(None, 1)[0])
    if length > own or length < own * _FULL or length + 1 + next_word <= own:
        return False
    return not _TABLE.search(line) and not _TABLE.search(following)


def _within_sentence(line: str, following: str) -> bool:
    return not line.endswith(_SENTENCE_END) and (following[0].islower() or line.endswith(","))


def _joined(blocks: Sequence[Block]) -> Block:
    """One line of several; what is in one style stays one piece."""
    if len(blocks) == 1:
        return blocks[0]
    pieces = list(blocks[0].pieces)
    for block in blocks[1:]:
        for piece in (Piece(" ", Style.PLAIN), *block.pieces):
            if pieces[-1].style is piece.style:
                pieces[-1] = Piece(pieces[-1].text + piece.text, piece.style)
            else:
                pieces.append(piece)
    return Block(pieces)
