"""A message as lines for a screen of a given width: safe text, a style for each span, folds, links.

What the reader draws and what `show --text` prints. Nothing is loaded, nothing is executed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date as Day
from itertools import chain, islice

from tui_mail.mail.blocks import Block, Piece, Role, Style
from tui_mail.mail.budget import FileBudget
from tui_mail.mail.cells import cut, width_of
from tui_mail.mail.folds import Fold, Quoted, folds_of
from tui_mail.mail.html import Page, read_html
from tui_mail.mail.invoices import Invoice, SdiNotice, each_invoice
from tui_mail.mail.links import has_url, link_label, urls_in
from tui_mail.mail.pictures import MAX_SENT, Run, drawable, encoded, half_blocks
from tui_mail.mail.quotes import LineKind, is_forwarded, line_kinds, quote_depth
from tui_mail.mail.rejoining import rejoined
from tui_mail.mail.tables import lay_out, shortened
from tui_mail.mail.wrapping import wrapped
from tui_mail.safetext import SafeText, safe
from tui_mail.values import (
    NOT_DRAWN,
    Drawing,
    EncodedPicture,
    Mismatch,
    ParsedAttachment,
    ParsedMessage,
    PictureWay,
)

MAX_BLOCKS = 20_000
MAX_INVOICE_LINES = 5_000  # a line of a table costs more than one of text
NARROWEST = 8
_MOST_SENT = 8 * MAX_SENT  # bytes of the pictures of one message; what is more is half-blocks
_TAB = 8
_DEEPEST_MARK = 5

_QUOTE_STYLES = (Style.QUOTE1, Style.QUOTE2, Style.QUOTE3)
_ROLE_KINDS = {
    Role.ATTRIBUTION: LineKind.ATTRIBUTION,
    Role.QUOTE: LineKind.QUOTE,
    Role.SIGNATURE: LineKind.SIGNATURE,
}


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style: a value of `Style`, `#rrggbb/#rrggbb` for a colour on another, or
    `picture N R` for row R of the picture that is `Rendered.pictures[N]`."""

    text: SafeText
    style: str = ""


Line = tuple[Span, ...]
_REST: Line = (Span(safe("…"), Style.DIM),)  # stands for what is not shown


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message laid out. `links[n - 1]` is the target of the link shown as `[n]` (foreign text).

    `hidden`: pieces of text and tracking images that were not shown; `images`: images by name
    only; `mismatches`: links whose text names another host than they lead to; `partial`: the end
    is not there, because it is too much or because no more was asked for. `pictures`: those that
    the terminal is to draw itself.
    """

    lines: tuple[Line, ...]
    links: tuple[str, ...] = ()
    folds: tuple[Fold, ...] = ()
    hidden: int = 0
    images: int = 0
    mismatches: tuple[Mismatch, ...] = ()
    partial: bool = False
    pictures: tuple[EncodedPicture, ...] = ()


def render(
    parsed: ParsedMessage,
    width: int,
    *,
    prefer_text: bool = False,
    pictures: Drawing = NOT_DRAWN,
    until: int = 0,
) -> Rendered:
    """Lay a message out in `width` cells: its HTML when it has some to show, else its text.

    `pictures`: how to draw those that came with it. `until`: the beginning is enough,
    about so many logical lines (0: all).
    """
    width = max(NARROWEST, width)
    if parsed.html and not (prefer_text and parsed.text.strip()):
        drawn = {} if pictures.way is PictureWay.NONE else drawable(parsed.attachments)
        names = {one.content_id: one.name for one in parsed.attachments if one.content_id}
        page = read_html(parsed.html, names=names, drawn=drawn, until=until or MAX_BLOCKS)
        if any(not block.is_blank for block in page.blocks):
            laid_out = _laid_out(page, width, parsed, _Pictures(drawn, pictures, width))
            return _with_invoices(laid_out, parsed, width, until)
    laid_out = _laid_out(_text_page(parsed.text, until), width, parsed, None, is_text=True)
    return _with_invoices(laid_out, parsed, width, until)


def _with_invoices(rendered: Rendered, parsed: ParsedMessage, width: int, until: int) -> Rendered:
    """Below the text, what the electronic invoices in the message say, as far as it is not too much."""
    if rendered.partial:
        return rendered
    most = min(until or MAX_INVOICE_LINES, MAX_INVOICE_LINES)
    budget = FileBudget()
    documents = each_invoice(parsed.attachments, budget)
    lines = list(islice(_invoice_lines(documents, width), most + 1))
    if len(lines) <= most and not budget.spent:
        return replace(rendered, lines=(*rendered.lines, *lines)) if lines else rendered
    return replace(rendered, lines=(*rendered.lines, *lines[:most], _REST), partial=True)


def _invoice_lines(documents: Iterator[Invoice | SdiNotice], width: int) -> Iterator[Line]:
    """Each made when it is asked for, and no file read before."""
    first = next(documents, None)
    if first is None:
        return
    from tui_mail.mail.invoice_text import document_blocks  # for one message in a thousand

    for block in document_blocks(chain((first,), documents)):
        yield from _rows(block, LineKind.NEW, width)


def plain(rendered: Rendered) -> list[str]:
    """The lines without their styles, all folds open."""
    return ["".join(span.text for span in line).rstrip() for line in rendered.lines]


# -- text ------------------------------------------------------------------------------------------


def _text_page(text: str, until: int) -> Page:
    page = Page()
    links: dict[str, int] = {}
    most = until or MAX_BLOCKS
    lines = text.strip("\n").split("\n", most)
    page.partial = len(lines) > most
    for line in lines[:most]:
        depth, content = quote_depth(line)
        pieces = _linked(content.expandtabs(_TAB).rstrip(), links)
        page.blocks.append(Block(pieces, quote=depth))
    page.links = list(links)
    return page


def _linked(text: str, links: dict[str, int]) -> list[Piece]:
    """`text` with its URLs as links, each followed by its number."""
    if not has_url(text):
        return [Piece(text, Style.PLAIN)] if text else []
    pieces: list[Piece] = []
    position = 0
    for start, url, target in urls_in(text):
        number = links.setdefault(target, len(links) + 1)
        pieces.append(Piece(text[position:start], Style.PLAIN))
        pieces.append(Piece(url, Style.LINK))
        pieces.append(Piece(f" [{number}]", Style.DIM))
        position = start + len(url)
    pieces.append(Piece(text[position:], Style.PLAIN))
    return [piece for piece in pieces if piece.text]


# -- layout ----------------------------------------------------------------------------------------


def _laid_out(
    page: Page,
    width: int,
    parsed: ParsedMessage,
    pictures: "_Pictures | None",
    *,
    is_text: bool = False,
) -> Rendered:
    partial = page.partial or len(page.blocks) > MAX_BLOCKS
    blocks = page.blocks[:MAX_BLOCKS]
    kinds = _kinds(blocks)
    if is_text:
        blocks, kinds = rejoined(blocks, kinds, width)
    lines: list[Line] = []
    starts = []
    for block, kind in zip(blocks, kinds, strict=True):
        starts.append(len(lines))
        lines.extend(_rows(block, kind, width))
        if pictures is not None and block.image in pictures.drawn:
            lines.extend(pictures.lines(block.image))
    starts.append(len(lines))
    folds = _folds(blocks, kinds, starts, parsed)
    if partial:
        lines.append(_REST)
    elif not is_text:
        lines.extend(_link_list(page.links, width))
    return Rendered(
        tuple(lines),
        tuple(page.links),
        folds,
        page.hidden,
        page.images,
        tuple(page.mismatches),
        partial,
        () if pictures is None else tuple(pictures.sent),
    )


def _kinds(blocks: Sequence[Block]) -> list[LineKind]:
    """What each line is by its text, or by what the program that wrote it calls it."""
    kinds = line_kinds([block.text for block in blocks])
    if not any(block.role for block in blocks):
        return kinds
    return [
        _ROLE_KINDS.get(block.role, kind) if kind is LineKind.NEW else kind
        for block, kind in zip(blocks, kinds, strict=True)
    ]


def _folds(
    blocks: Sequence[Block],
    kinds: Sequence[LineKind],
    starts: Sequence[int],
    parsed: ParsedMessage,
) -> tuple[Fold, ...]:
    """None where all is quoted, and where what is below was forwarded: it is the letter then."""
    pairs = list(zip(blocks, kinds, strict=True))
    is_new = any(kind is LineKind.NEW and not block.is_blank for block, kind in pairs)
    if not is_new or LineKind.QUOTE not in kinds or is_forwarded(parsed.subject):
        return ()
    lines = [
        Quoted(block.words, kind, block.quote, block.is_blank, block.rule) for block, kind in pairs
    ]
    today: Day | None = parsed.date.date() if parsed.date else None
    return folds_of(lines, starts, today)


def _rows(block: Block, kind: LineKind, width: int) -> Iterable[Line]:
    depth = block.quote
    prefix = ">" * min(depth, _DEEPEST_MARK) + " " if depth else ""
    base = _base_style(kind, depth)
    if len(prefix) + NARROWEST > width:
        prefix = prefix[-2:]
    lead = [Span(safe(prefix), base)] if prefix else []
    room = width - len(prefix)
    if block.rule:
        return [(*lead, Span(safe("─" * room), Style.DIM))]
    if block.rows:
        return _table_rows(block, lead, base, room)
    if not block.pieces:
        return [(Span(safe(prefix.rstrip()), base),) if prefix else ()]
    first, rest = _indents(block, room)
    pieces = [Piece(safe(piece.text), piece.style) for piece in block.pieces]
    taken = max(width_of(first), width_of(rest))
    rows = wrapped(pieces, room - taken, hard=block.preformatted)
    lines: list[Line] = []
    for index, row in enumerate(rows):
        indent = first if index == 0 else rest
        lines.append((*lead, *((Span(indent, base),) if indent else ()), *_spans(row, base)))
    return lines


def _indents(block: Block, room: int) -> tuple[SafeText, SafeText]:
    """What goes before the first row and the others; deep lists keep room for their text."""
    first, rest = safe(block.first), safe(block.rest)
    most = max(0, room - NARROWEST)
    if max(len(first), len(rest)) <= most:
        return first, rest
    mark = first.lstrip()
    mark = mark if len(mark) <= most else ""
    return safe(" " * min(most - len(mark), 2) + mark), safe(" " * min(most, 2))


def _table_rows(block: Block, lead: Sequence[Span], base: Style, room: int) -> Iterator[Line]:
    rows = [
        ["\n".join(safe(line) for line in shortened(cell).split("\n")) for cell in row]
        for row in block.rows
    ]
    table = lay_out(rows, block.headed, room)
    return ((*lead, *_spans(row, base)) for pieces in table for row in wrapped(pieces, room))


def _base_style(kind: LineKind, depth: int) -> Style:
    if kind is LineKind.QUOTE or depth:
        return _QUOTE_STYLES[min(max(depth, 1), 3) - 1]
    if kind is LineKind.SIGNATURE:
        return Style.SIGNATURE
    return Style.DIM if kind is LineKind.ATTRIBUTION else Style.PLAIN


def _spans(row: Iterable[Piece], base: Style) -> list[Span]:
    return [Span(SafeText(text), style or base) for text, style in row if text]


class _Pictures:
    """The pictures of one message, in lines; `sent`: those that the terminal is to draw."""

    def __init__(self, drawn: Mapping[str, ParsedAttachment], drawing: Drawing, width: int) -> None:
        self.drawn = drawn
        self.sent: list[EncodedPicture] = []
        self._drawing, self._width = drawing, width
        self._bytes = 0

    def lines(self, content_id: str) -> list[Line]:
        content = self.drawn[content_id].content
        if self._drawing.way is PictureWay.KITTY and self._bytes < _MOST_SENT:
            made = encoded(content, self._width, cell=self._drawing.cell)
            if made is not None:
                return self._placed(made)
        return block_lines(half_blocks(content, self._width))

    def _placed(self, picture: EncodedPicture) -> list[Line]:
        """The room that a picture takes; one that is there twice is sent once."""
        if picture not in self.sent:
            self.sent.append(picture)
            self._bytes += len(picture.png)
        return picture_lines(self.sent.index(picture), picture)


def picture_lines(number: int, picture: EncodedPicture) -> list[Line]:
    """The room of picture `number`, in as many lines as it has rows."""
    room = SafeText(" " * picture.columns)
    return [(Span(room, f"picture {number} {row}"),) for row in range(picture.rows)]


def block_lines(rows: Sequence[Sequence[Run]]) -> list[Line]:
    """A picture in half-blocks as lines."""
    return [
        tuple(Span(SafeText("▀" * run.cells), f"#{run.upper:06x}/#{run.lower:06x}") for run in row)
        for row in rows
    ]


def _link_list(links: Sequence[str], width: int) -> list[Line]:
    """The targets of the numbered links, each on one line, its real host first."""
    if not links:
        return []
    lines: list[Line] = [()]
    for number, url in enumerate(links, 1):
        mark = f"[{number}] "
        label = safe(link_label(url))
        room = max(2, width - len(mark))
        if width_of(label) > room:
            label = safe(cut(label, room - 1)[0] + "…")
        lines.append((Span(safe(mark), Style.DIM), Span(label, Style.LINK)))
    return lines
