"""HTML of mail as logical lines: hides the parser, and decides what a person would have seen.

Walks without recursion; layout tables are read as text, data tables as tables; hidden text and
tracking images are dropped and counted; nothing is ever loaded.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

from tui_mail.i18n import _
from tui_mail.mail.blocks import Block, Piece, Style
from tui_mail.mail.budget import MAX_LINES, MAX_NODES, MAX_TEXT, Budget
from tui_mail.mail.elements import (
    BLOCKS,
    HEADINGS,
    SPACED,
    STYLES,
    Attributes,
    role_of,
    shifted,
    start_of,
    target_of,
)
from tui_mail.mail.filling import INVISIBLE, Filling, Place
from tui_mail.mail.guard import MAX_HTML
from tui_mail.mail.htmltables import Columns, is_data, is_headed
from tui_mail.mail.links import has_url, mismatch, urls_in
from tui_mail.mail.sight import Sight
from tui_mail.mail.tree import Tree
from tui_mail.values import Mismatch

_MAX_ALT = 200
_MAX_INDENT = 20  # cells


@dataclass(slots=True)
class Page:
    """An HTML body read: its lines, its link targets by number (from 1), what was dropped.

    `hidden` counts pieces of text and tracking images, `images` those that are only named.
    `partial`: the end of the page is missing. `nodes`: how many were read.
    """

    blocks: list[Block] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    mismatches: dict[Mismatch, None] = field(default_factory=dict)  # each once, in order
    hidden: int = 0
    images: int = 0
    partial: bool = False
    nodes: int = 0


def read_html(
    html: str,
    *,
    numbered: bool = True,
    names: Mapping[str, str] | None = None,
    drawn: Collection[str] = (),
    until: int = MAX_LINES,
    nodes: int = MAX_NODES,
) -> Page:
    """Read an HTML body.

    `numbered`: a link's number follows its text, as `[1]`. `names`: file names of the pictures
    that came with the mail by Content-ID; those in `drawn` get a line of their own to be drawn
    at. Enough is when more than `until` lines are read, or `nodes`.
    """
    tree = Tree(html)
    reader = _Reader(
        Sight(tree.sheet()), numbered=numbered, names=names or {}, drawn=drawn, most=until + 1
    )
    page = reader.page
    is_whole = tree.walk(reader, lambda: len(page.blocks) > until, nodes)
    reader.end()
    page.partial = not is_whole or len(html) > MAX_HTML or len(page.blocks) > until
    page.nodes = tree.visited
    return page


def html_text(html: str, budget: Budget | None = None) -> str:
    """An HTML body as plain text: a paragraph is a line, quoted lines begin with `>`.

    `budget`: what is left to be read of its message.
    """
    budget = budget or Budget()
    page = read_html(html, numbered=False, nodes=budget.nodes)
    budget.nodes -= page.nodes
    text = _text_of(page)
    budget.spent |= page.partial or len(text) > MAX_TEXT
    return text[:MAX_TEXT]


def told_text(html: str) -> str:
    """`html_text` for people: where the end of the page is left out, a last line says so."""
    budget = Budget()
    text = html_text(html, budget)
    return with_rest_told(text) if budget.spent else text


def with_rest_told(text: str) -> str:
    """A text whose end was left out, with a last line that says so, once."""
    told = _("[The rest is left out: it is too much.]")
    return text if text.endswith(told) else f"{text.rstrip()}\n\n{told}".lstrip("\n")


def _text_of(page: Page) -> str:
    lines: list[str] = []
    for block in page.blocks:
        if block.rows:
            cells = ("  ".join(row).replace("\n", " ").rstrip() for row in block.rows)
            lines.extend(cells)
        elif block.rule:
            lines.append("-" * 20)
        else:
            lines.append(block.text.rstrip())
    return "\n".join(lines).strip("\n")


def _without_empty_columns(rows: list[list[str]]) -> list[list[str]]:
    """The rows without columns that only made room."""
    width = max(map(len, rows))
    kept = [n for n in range(width) if any(n < len(row) and row[n] for row in rows)]
    return [[row[n] if n < len(row) else "" for n in kept] for row in rows]


@dataclass(slots=True)
class _Context:
    """What an element changes for what is in it."""

    place: Place = field(default_factory=Place)
    link: str = ""
    link_from: int = 0  # how much had been written when the link began
    shift: str = ""  # "sub" or "sup"
    flat: bool = False  # a paragraph without a margin
    begun: int = 0  # how much had been written when the element began


@dataclass(slots=True)
class _Table:
    """A data table that is being read: its rows so far, and lines of the page kept meanwhile."""

    outer: Filling
    place: Place
    headed: bool
    rows: list[list[str]] = field(default_factory=list)
    columns: Columns = field(default_factory=Columns)
    taken: int = 1  # columns of the cell that is open


class _Reader:
    """Turns nodes into blocks: one context for each open element."""

    def __init__(
        self,
        sight: Sight,
        *,
        numbered: bool,
        names: Mapping[str, str],
        drawn: Collection[str],
        most: int,
    ) -> None:
        """`most`: lines of a text that is laid out already."""
        self.page = Page()
        self._most = most
        self._sight = sight
        self._names, self._drawn = names, drawn
        self._numbered = numbered
        self._numbers: dict[str, int] = {}
        self._contexts = [_Context()]
        self._lists: list[int] = []  # the number of the next item, -1 in an unordered list
        self._filling = Filling(self.page.blocks, most=most)
        self._tables: list[_Table] = []
        self._shown: list[str] = []  # the text of the link that is open

    def end(self) -> None:
        """The page ends here, or is broken off."""
        while self._tables:
            self._end_table()
        self._filling.end_block()
        self.page.hidden = self._sight.hidden

    # -- elements

    def enter(self, node: LexborNode, tag: str) -> bool:
        if tag == "br":
            self._filling.break_line()
            return False
        attributes = self._sight.enter(node, tag)
        if attributes is None:
            return False
        if tag in {"img", "hr"}:
            self._sight.leave()
            if tag == "img":
                self._image(attributes)
            else:
                self._filling.end_block()
                self._filling.emit(Block(rule=True, quote=self._contexts[-1].place.quote))
            return False
        context = self._context(tag, attributes)
        context.flat = tag == "p" and self._sight.is_flat
        context.begun = self._filling.written
        self._contexts.append(context)
        self._begin(tag, node, attributes)
        return True

    def _begin(self, tag: str, node: LexborNode, attributes: Attributes) -> None:
        filling = self._filling
        if tag in SPACED:
            filling.end_block()
            if not self._contexts[-1].flat and not (tag in {"ul", "ol"} and len(self._lists) > 1):
                filling.gap()
        elif tag in BLOCKS or tag == "li":
            filling.end_block()
        elif tag in {"td", "th"}:
            self._begin_cell(node)
        if tag == "li":
            self._begin_item()
        elif tag == "q":
            filling.text("“", self._contexts[-1].place)
        elif tag == "tr" and self._tables:
            self._tables[-1].rows.append([])
            self._tables[-1].columns.begin_row()
        elif tag == "table" and not self._tables and is_data(node, attributes):
            place = self._contexts[-1].place
            self._tables.append(_Table(filling, place, is_headed(node)))

    def leave(self, tag: str) -> None:
        context = self._contexts.pop()
        self._sight.leave()
        if tag == "a" and context.link and context.link_from < self._filling.written:
            self._link_number(context)
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        if tag in SPACED:
            if tag == "table" and self._tables:
                self._end_table()
            self._filling.end_block()
            stands_apart = not context.flat or self._filling.written == context.begun
            if stands_apart and not (tag in {"ul", "ol"} and self._lists):
                self._filling.gap()
        elif tag in BLOCKS or tag == "li":
            self._filling.end_block()
            self._filling.forget_mark()
        elif tag in {"td", "th"} and self._tables:
            self._end_cell()
        elif tag == "q":
            self._filling.text("”", context.place)

    def _context(self, tag: str, attributes: Attributes) -> _Context:
        outer = self._contexts[-1]
        place = outer.place
        context = _Context(place, outer.link, shift=outer.shift)
        changes: dict[str, object] = {}
        if tag in STYLES and place.style is not Style.LINK:
            changes["style"] = STYLES[tag]
        elif tag in HEADINGS:
            changes["style"] = Style.HEADING
        elif tag == "a":
            context.link = target_of(attributes)
            context.link_from = self._filling.written
            self._shown = []
            if context.link:
                changes["style"] = Style.LINK
        elif tag == "blockquote":
            changes["quote"] = place.quote + 1
        elif tag == "pre":
            changes["preformatted"] = True
        elif tag in {"sub", "sup"}:
            context.shift = tag
        elif tag in {"ul", "ol"}:
            self._lists.append(start_of(attributes) if tag == "ol" else -1)
        elif tag == "dd":
            changes["indent"] = (place.indent + "  ")[:_MAX_INDENT]
        elif tag == "li":
            ordered = self._lists and self._lists[-1] >= 0
            changes["indent"] = (place.indent + ("   " if ordered else "  "))[:_MAX_INDENT]
        if role := role_of(attributes):
            changes["role"] = role
        if changes:
            context.place = place._replace(**changes)  # type: ignore[arg-type] # by name
        return context

    def _begin_item(self) -> None:
        mark = "• "
        if self._lists and self._lists[-1] >= 0:
            mark = f"{self._lists[-1]}. "
            self._lists[-1] += 1
        self._filling.begin_item(mark, self._contexts[-1].place.indent)

    def _image(self, attributes: Attributes) -> None:
        source = (attributes.get("src") or "").strip()
        own = source[4:] if source[:4].lower() == "cid:" else ""
        alt = " ".join((attributes.get("alt") or "").translate(INVISIBLE).split())[:_MAX_ALT]
        if own in self._names:
            alt = alt or self._names[own]
        context = self._contexts[-1]
        if own in self._drawn and not self._tables:
            label = _("[image: {name}]").format(name=alt)
            self._filling.end_block()
            picture = Block([Piece(label, Style.DIM)], quote=context.place.quote, image=own)
            self._filling.emit(picture)
            return
        self.page.images += 1
        if alt:
            self._write(_("[image: {name}]").format(name=alt))
        elif context.link and context.link not in self._numbers:
            self._write(_("[image]"))

    # -- tables

    def _begin_cell(self, cell: LexborNode) -> None:
        """A cell of a data table has lines of its own, kept apart until it ends."""
        if not self._tables:
            self._filling.begin_cell(self._contexts[-1].place)
            return
        table = self._tables[-1]
        if not table.rows:
            table.rows.append([])
        before, table.taken = table.columns.place(cell)
        table.rows[-1].extend([""] * before)
        context = self._contexts[-1]
        context.place = context.place._replace(quote=0, indent="")
        self._filling = Filling(most=self._most)

    def _end_cell(self) -> None:
        table = self._tables[-1]
        self._filling.end_block()
        lines = [block.words.strip() for block in self._filling.blocks]
        text = "\n".join(line for line in lines if line)
        table.rows[-1].extend([text, *[""] * (table.taken - 1)])
        self._filling = table.outer

    def _end_table(self) -> None:
        table = self._tables.pop()
        self._filling = table.outer
        rows = [row for row in table.rows if any(row)]
        if not rows:
            return
        self._filling.end_block()
        self._filling.gap()
        headed = table.headed and rows[0] is table.rows[0]
        rows = _without_empty_columns(rows)
        place = table.place
        self._filling.emit(Block(rows=rows, headed=headed, quote=place.quote, role=place.role))
        self._filling.gap()

    # -- links and text

    def _link_number(self, context: _Context) -> None:
        target, shown = context.link, "".join(self._shown)
        if not self._numbered:
            return
        is_letter = target[:7].lower() == "mailto:"
        if is_letter and target[7:].lower() in shown.lower():
            return
        number = self._number_of(target)
        found = mismatch(number, shown, target)
        if found:
            self.page.mismatches[found] = None
        style = Style.WARNING if found else Style.DIM
        self._filling.note(f"[{number}]", style, context.place)

    def text(self, text: str) -> None:
        if self._sight.sees(text):
            shift = self._contexts[-1].shift
            self._write(shifted(text, shift) if shift else text)

    def _number_of(self, target: str) -> int:
        if target not in self._numbers:
            self._numbers[target] = len(self._numbers) + 1
            self.page.links.append(target)
        return self._numbers[target]

    def _write(self, text: str) -> None:
        context = self._contexts[-1]
        if context.link:
            self._shown.append(text)
        elif self._numbered and has_url(text):
            self._write_urls(text, context.place)
            return
        self._filling.text(text, context.place)

    def _write_urls(self, text: str, place: Place) -> None:
        """Text with addresses in it that the page does not make links of."""
        position = 0
        for start, url, target in urls_in(text):
            self._filling.text(text[position:start], place)
            self._filling.text(url, place._replace(style=Style.LINK))
            self._filling.note(f"[{self._number_of(target)}]", Style.DIM, place)
            position = start + len(url)
        if position < len(text):
            self._filling.text(text[position:], place)
