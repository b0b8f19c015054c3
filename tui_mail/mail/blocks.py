"""What text and HTML both become before they are laid out: logical lines of styled pieces."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Style(StrEnum):
    """How a span looks; a theme gives each a colour."""

    PLAIN = ""
    BOLD = "bold"
    ITALIC = "italic"
    UNDERLINE = "underline"
    STRIKE = "strike"
    HEADING = "heading"
    LINK = "link"
    QUOTE1 = "quote1"
    QUOTE2 = "quote2"
    QUOTE3 = "quote3"
    SIGNATURE = "signature"
    DIM = "dim"
    CODE = "code"
    TABLE = "table"
    WARNING = "warning"


class Role(StrEnum):
    """What the program that wrote a page says a stretch of it is."""

    NONE = ""
    ATTRIBUTION = "attribution"
    QUOTE = "quote"
    SIGNATURE = "signature"


class Piece(NamedTuple):
    """A stretch of foreign text in one style."""

    text: str
    style: Style


@dataclass(slots=True)
class Block:
    """One logical line: it is wrapped, never joined. Without pieces it is a blank line.

    `first` and `rest` go before its first and its other rows. `rows`: a data table, then `pieces`
    is empty and `headed` says that its first row is a header; a cell may have several lines.
    `rule`: a line across. `image`: the Content-ID of a picture to draw below the line.
    """

    pieces: list[Piece] = field(default_factory=list)
    quote: int = 0
    first: str = ""
    rest: str = ""
    preformatted: bool = False
    rule: bool = False
    rows: list[list[str]] = field(default_factory=list)
    headed: bool = False
    image: str = ""
    role: Role = Role.NONE

    @property
    def words(self) -> str:
        """The block's text without its quote mark."""
        return self.first + "".join(piece.text for piece in self.pieces)

    @property
    def text(self) -> str:
        """The block as a line of plain text, quoted with `>` signs."""
        sign = ">" * self.quote + " " if self.quote else ""
        return sign + self.words

    @property
    def is_blank(self) -> bool:
        """Whether nothing is to be seen of it."""
        return not (self.rule or self.rows or any(piece.text.strip() for piece in self.pieces))
