"""Breaks styled pieces into rows of a width in cells: at spaces, or anywhere where it must."""

from collections.abc import Iterable, Sequence

from tui_mail.mail.blocks import Piece, Style
from tui_mail.mail.cells import cut, width_of


def wrapped(pieces: Sequence[Piece], width: int, *, hard: bool = False) -> list[list[Piece]]:
    """Safe pieces broken into rows of at most `width` cells: at spaces, or anywhere when `hard`.

    A word wider than a row is cut. There is always at least one row.
    """
    if sum(width_of(text) for text, _style in pieces) <= width:
        return [list(pieces)]
    if hard:
        return _hard_rows(pieces, width)
    if len(pieces) == 1 and pieces[0].text.isascii():
        text, style = pieces[0]
        return [[Piece(row, style)] if row else [] for row in _plain_rows(text, width)]
    rows: list[list[Piece]] = [[]]
    used = 0
    for word, word_width in _words(pieces):
        separator = used > 0 and word_width >= 0
        if used + word_width + separator > width and used:
            rows.append([])
            used = 0
            separator = False
        if separator:
            same = word and rows[-1][-1].style is word[0].style
            _add(rows[-1], Piece(" ", word[0].style if same else Style.PLAIN))
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


def _plain_rows(text: str, width: int) -> list[str]:
    """The same for text of one style whose characters take a cell each: most of all mail."""
    rows = []
    start, end = 0, len(text)
    while end - start > width:
        edge = text.rfind(" ", start, start + width + 1)
        if edge <= start:
            rows.append(text[start : start + width])
            start += width
        else:
            rows.append(text[start:edge])
            start = edge + 1
    rows.append(text[start:])
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
