"""Fills logical lines with a page's text: white space as a browser joins it, gaps, marks of lists.

Knows nothing of HTML: whoever walks the page says where lines end and what stands in them.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from tui_mail.mail.blocks import Block, Piece, Role, Style
from tui_mail.mail.budget import MAX_LINES

_ROW_JOIN = 40  # a layout cell shorter than this shares its line with the next one

INVISIBLE = {ord(c): None for c in "\xad\u034f\u200b\u200c\u200d\u2060\ufeff"}


class Place(NamedTuple):
    """Where text stands: how it looks, how deep it is quoted and indented, who says it."""

    style: Style = Style.PLAIN
    quote: int = 0
    indent: str = ""
    preformatted: bool = False
    role: Role = Role.NONE


@dataclass(slots=True)
class Filling:
    """The lines so far, and the one that is being filled. Of a text that is laid out already only
    so many lines are taken that there are `most` of all."""

    blocks: list[Block] = field(default_factory=list)
    most: int = MAX_LINES
    written: int = 0  # characters, ever
    _current: Block | None = None
    _length: int = 0
    _spaced: bool = True  # a space would be one too many
    _gap: bool = False
    _marker: str = ""

    def text(self, text: str, place: Place) -> None:
        """Text of the page; runs of white space are one space."""
        if place.preformatted:
            self._preformatted(text, place)
            return
        if not text.isascii():
            text = text.translate(INVISIBLE)
        words = text.split()
        if not words:
            if text and not self._spaced:
                self._append(" ", place.style, place)
                self._spaced = True
            return
        joined = " ".join(words)
        if text[0].isspace() and not self._spaced:
            joined = f" {joined}"
        self._spaced = text[-1].isspace()
        self._append(f"{joined} " if self._spaced else joined, place.style, place)

    def note(self, text: str, style: Style, place: Place) -> None:
        """A word of ours right after what was written last, be its line ended or not."""
        if self._current is not None:
            pieces = self._current.pieces
            if self._spaced and pieces and pieces[-1].text.endswith(" "):
                pieces[-1] = Piece(pieces[-1].text[:-1], pieces[-1].style)
            self._append(text, style, place)
            self._spaced = False
        elif self.blocks:
            self.blocks[-1].pieces.append(Piece(text, style))

    def _preformatted(self, text: str, place: Place) -> None:
        room = max(0, self.most - len(self.blocks))
        first, *others = text.split("\n", room)[: room + 1]
        if first:
            self._append(first, place.style, place)
        for line in others:
            self.break_line()
            if line:
                self._append(line, place.style, place)

    def _append(self, text: str, style: Style, place: Place) -> None:
        if self._current is None:
            self._current = Block(
                quote=place.quote,
                first=self._marker or place.indent,
                rest=place.indent,
                preformatted=place.preformatted,
                role=place.role,
            )
            self._marker = ""
            self._length = 0
        pieces = self._current.pieces
        if pieces and pieces[-1].style is style:
            pieces[-1] = Piece(pieces[-1].text + text, style)
        else:
            pieces.append(Piece(text, style))
        self._length += len(text)
        self.written += len(text)

    # -- lines

    def begin_item(self, mark: str, indent: str) -> None:
        """The next line is an item of a list, with its mark before it."""
        self._marker = f"{indent[: max(0, len(indent) - len(mark))]}{mark}"

    def forget_mark(self) -> None:
        """An item ended without a line."""
        self._marker = ""

    def begin_cell(self, place: Place) -> None:
        """In a table for layout a short cell and the next one share a line."""
        if self._current is None:
            return
        if self._length > _ROW_JOIN:
            self.end_block()
        elif not self._spaced or self._length:
            self._append(" " if self._spaced else "  ", place.style, place)
            self._spaced = True

    def break_line(self) -> None:
        """A line ends here; where none was begun, there is a gap."""
        if self._current is None:
            self._gap = True
        self.end_block()

    def gap(self) -> None:
        """What comes next stands apart."""
        self._gap = True

    def end_block(self) -> None:
        """The line that is being filled ends."""
        block, self._current = self._current, None
        self._spaced, self._length = True, 0
        if block is None:
            return
        if block.pieces and not block.preformatted:
            last = block.pieces[-1]
            block.pieces[-1] = Piece(last.text.rstrip(), last.style)
        if not block.is_blank:
            self.emit(block)

    def emit(self, block: Block) -> None:
        """A whole line, after a blank one where there is a gap."""
        if self._gap and self.blocks:
            before = self.blocks[-1]
            role = before.role if before.role is block.role else Role.NONE
            self.blocks.append(Block(quote=min(before.quote, block.quote), role=role))
        self._gap = False
        self.blocks.append(block)
