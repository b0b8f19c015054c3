"""HTML of mail as logical lines: hides the parser, and decides what a person would have seen.

Walks without recursion; layout tables are read as text, data tables as tables; hidden text and
tracking images are dropped and counted; nothing is ever loaded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tui_mail.i18n import _
from tui_mail.mail.blocks import Block, Piece, Style
from tui_mail.mail.elements import (
    BLOCKS,
    HEADINGS,
    SKIPPED,
    SPACED,
    STYLES,
    hides,
    is_tracker,
    start_of,
    target_of,
    text_vanishes,
)
from tui_mail.mail.guard import guarded
from tui_mail.mail.htmltables import columns_of, data_rows

MAX_NODES = 200_000
_MAX_ALT = 200
_ROW_JOIN = 40  # a layout cell shorter than this shares its line with the next one

_INVISIBLE = {ord(c): None for c in "\xad\u034f\u200b\u200c\u200d\u2060\ufeff"}


@dataclass(slots=True)
class Page:
    """An HTML body read: its lines, its link targets by number (from 1), what was dropped."""

    blocks: list[Block] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    hidden: int = 0
    images: int = 0


def read_html(html: str, *, numbered: bool = True) -> Page:
    """Read an HTML body. `numbered`: a link's number follows its text, as `[1]`."""
    reader = _Reader(numbered=numbered)
    root = LexborHTMLParser(guarded(html)).root
    if root is not None:
        reader.walk(root)
    return reader.page


def html_text(html: str) -> str:
    """An HTML body as plain text: a paragraph is a line, quoted lines begin with `>`."""
    lines: list[str] = []
    for block in read_html(html, numbered=False).blocks:
        if block.rows:
            lines.extend("  ".join(row).rstrip() for row in block.rows)
        elif block.rule:
            lines.append("-" * 20)
        else:
            lines.append(block.text.rstrip())
    return "\n".join(lines).strip("\n")


@dataclass(slots=True)
class _Context:
    """What an element changes for what is in it."""

    style: Style = Style.PLAIN
    quote: int = 0
    indent: str = ""
    preformatted: bool = False
    tiny: bool = False
    link: str = ""
    link_from: int = 0  # how much had been written when the link began
    ordered: int = -1  # the number of the next item, -1 in an unordered list


class _Reader:
    """Turns nodes into blocks: one context for each open element, one block being filled."""

    def __init__(self, *, numbered: bool) -> None:
        self.page = Page()
        self._numbered = numbered
        self._numbers: dict[str, int] = {}
        self._contexts = [_Context()]
        self._lists: list[int] = []
        self._current: Block | None = None
        self._length = 0
        self._written = 0
        self._spaced = True  # a space would be one too many
        self._gap = False
        self._marker = ""

    def walk(self, root: LexborNode) -> None:
        """Visit every node under `root` once, in order."""
        node, visited, depth = root, 0, 0
        while True:
            visited += 1
            child = None
            if visited > MAX_NODES:
                break
            if node.is_text_node:
                self._text(node.text_content or "")
            elif node.is_element_node and self._enter(node):
                child = node.first_child
                depth += 1
                if child is None:
                    self._leave(node)
                    depth -= 1
            if child is not None:
                node = child
                continue
            while depth and node.next is None:
                parent = node.parent
                if parent is None:
                    break
                node = parent
                self._leave(node)
                depth -= 1
            following = node.next
            if depth == 0 or following is None:
                break
            node = following
        self._end_block()

    # -- elements

    def _enter(self, node: LexborNode) -> bool:
        """Begin an element; False when what is in it is not to be visited."""
        tag = node.tag or ""
        if tag in SKIPPED:
            return False
        if tag == "br":
            self._break_line()
            return False
        attributes = node.attributes
        if hides(attributes):
            self.page.hidden += 1
            return False
        if tag == "img":
            self._image(attributes)
            return False
        if tag == "hr":
            self._rule()
            return False
        if tag == "table" and self._data_table(node, attributes):
            return False
        self._contexts.append(self._context(tag, attributes))
        if tag in SPACED:
            self._end_block()
            self._gap = self._gap or not (tag in {"ul", "ol"} and len(self._lists) > 1)
        elif tag in BLOCKS or tag == "li":
            self._end_block()
        elif tag in {"td", "th"}:
            self._begin_cell()
        if tag == "li":
            self._begin_item()
        return True

    def _leave(self, node: LexborNode) -> None:
        tag = node.tag or ""
        context = self._contexts.pop()
        if tag == "a" and context.link and context.link_from < self._written:
            self._link_number(context.link)
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        if tag in SPACED:
            self._end_block()
            self._gap = self._gap or not (tag in {"ul", "ol"} and self._lists)
        elif tag in BLOCKS or tag == "li":
            self._end_block()
            self._marker = ""

    def _context(self, tag: str, attributes: Mapping[str, str | None]) -> _Context:
        outer = self._contexts[-1]
        context = _Context(
            outer.style, outer.quote, outer.indent, outer.preformatted, outer.tiny, outer.link
        )
        if tag in STYLES and outer.style is not Style.LINK:
            context.style = STYLES[tag]
        elif tag in HEADINGS:
            context.style = Style.HEADING
        elif tag == "a":
            context.link = target_of(attributes)
            context.link_from = self._written
            if context.link:
                context.style = Style.LINK
        elif tag == "blockquote":
            context.quote += 1
        elif tag == "pre":
            context.preformatted = True
        elif tag in {"ul", "ol"}:
            self._lists.append(start_of(attributes) if tag == "ol" else -1)
        elif tag == "dd":
            context.indent += "  "
        elif tag == "li":
            context.indent += "   " if self._lists and self._lists[-1] >= 0 else "  "
        context.tiny = text_vanishes(attributes, context.tiny)
        return context

    def _begin_item(self) -> None:
        indent = self._contexts[-1].indent
        if self._lists and self._lists[-1] >= 0:
            mark = f"{self._lists[-1]}. "
            self._lists[-1] += 1
        else:
            mark = "• "
        width = len(indent)
        self._marker = f"{indent[: max(0, width - len(mark))]}{mark}"

    def _begin_cell(self) -> None:
        """In a layout table a short cell and the next one share a line."""
        if self._current is None:
            return
        if self._length > _ROW_JOIN:
            self._end_block()
        elif not self._spaced or self._length:
            self._append(" " if self._spaced else "  ", self._contexts[-1].style)
            self._spaced = True

    def _rule(self) -> None:
        self._end_block()
        self._emit(Block(rule=True, quote=self._contexts[-1].quote))

    def _image(self, attributes: Mapping[str, str | None]) -> None:
        if is_tracker(attributes):
            self.page.hidden += 1
            return
        self.page.images += 1
        alt = " ".join((attributes.get("alt") or "").translate(_INVISIBLE).split())[:_MAX_ALT]
        if alt:
            self._text(_("[image: {name}]").format(name=alt))
        elif (link := self._contexts[-1].link) and link not in self._numbers:
            self._text(_("[image]"))

    # -- tables

    def _data_table(self, table: LexborNode, attributes: Mapping[str, str | None]) -> bool:
        """Take a table as data if it is; False when it is to be read as text."""
        rows = data_rows(table, attributes)
        if not rows:
            return False
        texts = [[text for cell in row for text in self._cell(cell)] for row in rows]
        headed = all(cell.tag == "th" for cell in rows[0])
        self._end_block()
        self._gap = True
        self._emit(Block(rows=texts, headed=headed, quote=self._contexts[-1].quote))
        self._gap = True
        return True

    def _cell(self, cell: LexborNode) -> list[str]:
        text = " ".join(cell.text(deep=True, separator=" ").translate(_INVISIBLE).split())
        targets = [target_of(link.attributes) for link in cell.css("a")] if self._numbered else []
        numbers = dict.fromkeys(self._number_of(target) for target in targets if target)
        text = " ".join([text, *(f"[{number}]" for number in numbers)])
        return [text, *[""] * (columns_of(cell) - 1)]

    # -- links

    def _number_of(self, target: str) -> int:
        if target not in self._numbers:
            self._numbers[target] = len(self._numbers) + 1
            self.page.links.append(target)
        return self._numbers[target]

    def _link_number(self, target: str) -> None:
        block = self._current or (self.page.blocks[-1] if self.page.blocks else None)
        if block is None or not self._numbered:
            return
        shown = "".join(piece.text for piece in block.pieces if piece.style is Style.LINK)
        if target.lower().startswith("mailto:") and target[7:].lower() in shown.lower():
            return
        mark = f"[{self._number_of(target)}]"
        if block is self._current:
            self._append(mark, Style.DIM)
            self._spaced = False
        else:
            block.pieces.append(Piece(mark, Style.DIM))

    # -- text

    def _text(self, text: str) -> None:
        context = self._contexts[-1]
        if context.tiny:
            if text.strip():
                self.page.hidden += 1
            return
        if context.preformatted:
            self._preformatted(text)
            return
        if not text.isascii():
            text = text.translate(_INVISIBLE)
        words = text.split()
        if not words:
            if text and not self._spaced:
                self._append(" ", context.style)
                self._spaced = True
            return
        joined = " ".join(words)
        if text[0].isspace() and not self._spaced:
            joined = f" {joined}"
        self._spaced = text[-1].isspace()
        self._append(f"{joined} " if self._spaced else joined, context.style)

    def _preformatted(self, text: str) -> None:
        first, *others = text.split("\n")
        if first:
            self._append(first, self._contexts[-1].style)
        for line in others:
            self._break_line()
            if line:
                self._append(line, self._contexts[-1].style)

    def _append(self, text: str, style: Style) -> None:
        if self._current is None:
            context = self._contexts[-1]
            self._current = Block(
                quote=context.quote,
                first=self._marker or context.indent,
                rest=context.indent,
                preformatted=context.preformatted,
            )
            self._marker = ""
            self._length = 0
        pieces = self._current.pieces
        if pieces and pieces[-1].style is style:
            pieces[-1] = Piece(pieces[-1].text + text, style)
        else:
            pieces.append(Piece(text, style))
        self._length += len(text)
        self._written += len(text)

    def _break_line(self) -> None:
        if self._current is None:
            self._gap = True
        self._end_block()

    def _end_block(self) -> None:
        block, self._current = self._current, None
        self._spaced, self._length = True, 0
        if block is None:
            return
        if block.pieces and not block.preformatted:
            last = block.pieces[-1]
            block.pieces[-1] = Piece(last.text.rstrip(), last.style)
        if not block.is_blank:
            self._emit(block)

    def _emit(self, block: Block) -> None:
        if self._gap and self.page.blocks:
            before = self.page.blocks[-1]
            self.page.blocks.append(Block(quote=min(before.quote, block.quote)))
        self._gap = False
        self.page.blocks.append(block)
