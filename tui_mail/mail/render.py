"""A message as lines for a screen of a given width: safe text, a style for each span, folds, links.

What the reader draws and what `show --text` prints. Nothing is loaded, nothing is executed.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tui_mail.i18n import ngettext
from tui_mail.mail.blocks import Block, Piece, Style
from tui_mail.mail.cells import cut, width_of
from tui_mail.mail.html import read_html
from tui_mail.mail.links import link_label
from tui_mail.mail.quotes import LineKind, line_kinds, quote_depth
from tui_mail.mail.tables import lay_out
from tui_mail.safetext import SafeText, safe
from tui_mail.values import ParsedMessage

MAX_BLOCKS = 20_000
_FOLDED_FROM = 4
_NARROWEST = 8
_TAB = 8

_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_TRAILING = ".,;:!?)]}'*_"
_QUOTE_STYLES = (Style.QUOTE1, Style.QUOTE2, Style.QUOTE3)


@dataclass(frozen=True, slots=True)
class Span:
    """Text in one style (a value of `Style`)."""

    text: SafeText
    style: str = ""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines `first` to `last` (both counted, from 0) that may be shown as one line with `label`."""

    first: int
    last: int
    label: SafeText


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message laid out. `links[n - 1]` is the target of the link shown as `[n]` (foreign text).

    `hidden`: pieces of text and tracking images that were not shown; `images`: images by name only.
    """

    lines: tuple[Line, ...]
    links: tuple[str, ...] = ()
    folds: tuple[Fold, ...] = ()
    hidden: int = 0
    images: int = 0


def render(parsed: ParsedMessage, width: int, *, prefer_text: bool = False) -> Rendered:
    """Lay a message out in `width` cells: its HTML when it has some to show, else its text."""
    width = max(_NARROWEST, width)
    if parsed.html and not (prefer_text and parsed.text.strip()):
        page = read_html(parsed.html)
        if any(not block.is_blank for block in page.blocks):
            lines, folds = _lines(page.blocks, width)
            lines.extend(_link_list(page.links, width))
            return Rendered(tuple(lines), tuple(page.links), folds, page.hidden, page.images)
    blocks, links = _text_blocks(parsed.text)
    lines, folds = _lines(blocks, width)
    return Rendered(tuple(lines), tuple(links), folds)


def plain(rendered: Rendered) -> list[str]:
    """The lines without their styles, all folds open."""
    return ["".join(span.text for span in line).rstrip() for line in rendered.lines]


# -- text ------------------------------------------------------------------------------------------


def _text_blocks(text: str) -> tuple[list[Block], list[str]]:
    blocks: list[Block] = []
    links: dict[str, int] = {}
    for line in text.strip("\n").split("\n", MAX_BLOCKS + 1)[: MAX_BLOCKS + 1]:
        depth, content = quote_depth(line)
        blocks.append(Block(_linked(content.expandtabs(_TAB).rstrip(), links), quote=depth))
    return blocks, list(links)


def _linked(text: str, links: dict[str, int]) -> list[Piece]:
    """`text` with its URLs as links, each followed by its number."""
    if "://" not in text and "www." not in text.lower():
        return [Piece(text, Style.PLAIN)] if text else []
    pieces: list[Piece] = []
    position = 0
    for match in _URL.finditer(text):
        url = match[0].rstrip(_TRAILING)
        if "." not in url or url.lower() == "www":
            continue
        target = url if "://" in url else f"http://{url}"
        number = links.setdefault(target, len(links) + 1)
        pieces.append(Piece(text[position : match.start()], Style.PLAIN))
        pieces.append(Piece(url, Style.LINK))
        pieces.append(Piece(f" [{number}]", Style.DIM))
        position = match.start() + len(url)
    pieces.append(Piece(text[position:], Style.PLAIN))
    return [piece for piece in pieces if piece.text]


# -- layout ----------------------------------------------------------------------------------------


def _lines(blocks: Sequence[Block], width: int) -> tuple[list[Line], tuple[Fold, ...]]:
    is_cut = len(blocks) > MAX_BLOCKS
    blocks = blocks[:MAX_BLOCKS]
    kinds = line_kinds([block.text for block in blocks])
    lines: list[Line] = []
    quoted: list[bool] = []
    for block, kind in zip(blocks, kinds, strict=True):
        rows = _rows(block, kind, width)
        lines.extend(rows)
        quoted.extend([kind is LineKind.QUOTE] * len(rows))
    if is_cut:
        lines.append((Span(safe("…"), Style.DIM),))
        quoted.append(False)
    has_news = any(
        kind is LineKind.NEW and not block.is_blank
        for block, kind in zip(blocks, kinds, strict=True)
    )
    return lines, _folds(lines, quoted) if has_news else ()


def _rows(block: Block, kind: LineKind, width: int) -> list[Line]:
    depth = block.quote
    prefix = ">" * min(depth, 10) + " " if depth else ""
    base = _base_style(kind, depth)
    lead = [Span(safe(prefix), base)] if prefix else []
    room = max(_NARROWEST, width - len(prefix))
    if block.rule:
        return [(*lead, Span(safe("─" * room), Style.DIM))]
    if block.rows:
        safe_rows = [[safe(cell) for cell in row] for row in block.rows]
        table = lay_out(safe_rows, block.headed, room)
        return [
            (*lead, *_spans(row, base)) for piece_row in table for row in wrapped(piece_row, room)
        ]
    if not block.pieces:
        return [(Span(safe(prefix.rstrip()), base),) if prefix else ()]
    first, rest = safe(block.first), safe(block.rest)
    pieces = [Piece(safe(piece.text), piece.style) for piece in block.pieces]
    rows = wrapped(
        pieces, max(_NARROWEST, room - max(len(first), len(rest))), hard=block.preformatted
    )
    lines: list[Line] = []
    for index, row in enumerate(rows):
        indent = first if index == 0 else rest
        lines.append((*lead, *((Span(indent, base),) if indent else ()), *_spans(row, base)))
    return lines


def _base_style(kind: LineKind, depth: int) -> Style:
    if kind is LineKind.QUOTE or depth:
        return _QUOTE_STYLES[min(max(depth, 1), 3) - 1]
    if kind is LineKind.SIGNATURE:
        return Style.SIGNATURE
    return Style.DIM if kind is LineKind.ATTRIBUTION else Style.PLAIN


def _spans(row: Iterable[Piece], base: Style) -> list[Span]:
    return [Span(safe(text), style or base) for text, style in row if text]


def wrapped(pieces: Sequence[Piece], width: int, *, hard: bool = False) -> list[list[Piece]]:
    """Safe pieces broken into rows of at most `width` cells: at spaces, or anywhere when `hard`.

    A word wider than a row is cut. There is always at least one row.
    """
    if sum(width_of(text) for text, _style in pieces) <= width:
        return [list(pieces)]
    if hard:
        return _hard_rows(pieces, width)
    rows: list[list[Piece]] = [[]]
    used = 0
    for word, word_width in _words(pieces):
        separator = used > 0 and word_width >= 0
        if used + word_width + separator > width and used:
            rows.append([])
            used = 0
            separator = False
        if separator:
            _add(rows[-1], Piece(" ", word[0].style if word else Style.PLAIN))
            used += 1
        if word_width > width:
            cut_rows = _hard_rows(word, width)
            rows[-1].extend(cut_rows[0])
            rows.extend(cut_rows[1:])
            used = sum(width_of(piece.text) for piece in rows[-1])
            continue
        for piece in word:
            _add(rows[-1], piece)
        used += word_width
    return rows


def _words(pieces: Sequence[Piece]) -> Iterable[tuple[list[Piece], int]]:
    """The words between spaces, each with its width; a word may be in several styles."""
    word: list[Piece] = []
    width = 0
    for text, style in pieces:
        head, *others = text.split(" ")
        if head:
            word.append(Piece(head, style))
            width += width_of(head)
        for other in others:
            yield word, width
            word = [Piece(other, style)] if other else []
            width = width_of(other)
    yield word, width


def _add(row: list[Piece], piece: Piece) -> None:
    if row and row[-1].style is piece.style:
        row[-1] = Piece(row[-1].text + piece.text, piece.style)
    else:
        row.append(piece)


def _hard_rows(pieces: Sequence[Piece], width: int) -> list[list[Piece]]:
    rows: list[list[Piece]] = [[]]
    used = 0
    for text, style in pieces:
        rest = text
        while rest:
            if used >= width:
                rows.append([])
                used = 0
            head, rest = cut(rest, width - used)
            if used and used + width_of(head) > width:
                rows.append([])
                used = 0
            rows[-1].append(Piece(head, style))
            used += width_of(head)
    return rows


def _folds(lines: Sequence[Line], quoted: Sequence[bool]) -> tuple[Fold, ...]:
    """Runs of quoted lines, with the blank ones between them, that are long enough to be folded."""
    folds = []
    first, last = -1, -1
    for index, is_quoted in enumerate([*quoted, False]):
        if is_quoted:
            first = index if first < 0 else first
            last = index
        elif first >= 0 and (index == len(lines) or _has_text(lines[index])):
            if last - first + 1 >= _FOLDED_FROM:
                folds.append(Fold(first, last, _fold_label(last - first + 1)))
            first = -1
    return tuple(folds)


def _has_text(line: Line) -> bool:
    return any(span.text.strip() for span in line)


def _fold_label(count: int) -> SafeText:
    return safe(ngettext("{count} quoted line", "{count} quoted lines", count).format(count=count))


def _link_list(links: Sequence[str], width: int) -> list[Line]:
    """The targets of the numbered links, each on one line, its real host first."""
    if not links:
        return []
    lines: list[Line] = [()]
    for number, url in enumerate(links, 1):
        mark = f"[{number}] "
        label = safe(link_label(url))
        room = max(_NARROWEST, width - len(mark))
        if width_of(label) > room:
            label = safe(cut(label, room - 1)[0] + "…")
        lines.append((Span(safe(mark), Style.DIM), Span(label, Style.LINK)))
    return lines
