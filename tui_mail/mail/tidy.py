"""A page as little, sound HTML: what a person would have seen, in a few elements, not deep.

For what reads HTML less tolerantly than our own parser: the writers of Markdown, which are slow,
or run out of stack, on what strangers send.
"""

from html import escape

from selectolax.lexbor import LexborNode

from tui_mail.mail.elements import Attributes, shifted, target_of
from tui_mail.mail.guard import MAX_HTML
from tui_mail.mail.htmltables import Columns, is_data, is_headed
from tui_mail.mail.sight import Sight
from tui_mail.mail.tree import Tree

MAX_DEPTH = 40
MAX_TIDY = 256 * 1024
_LONGEST_TARGET = 200

_KEPT = frozenset(
    [
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ul",
        "ol",
        "li",
        "blockquote",
        "pre",
        "code",
        "b",
        "strong",
        "i",
        "em",
        "del",
        "s",
        "strike",
    ]
)
_LINES = frozenset(
    [
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "center",
        "address",
        "figure",
        "figcaption",
        "dt",
        "dd",
        "table",
        "tr",
        "fieldset",
        "form",
        "caption",
        "body",
        "html",
    ]
)


def tidy(html: str) -> tuple[str, bool]:
    """The page, and whether it is all of it: nothing after `MAX_TIDY` characters is."""
    tree = Tree(html)
    writer = _Writer(Sight(tree.sheet()))
    is_whole = tree.walk(writer, lambda: writer.length > MAX_TIDY)
    return writer.html(), is_whole and len(html) <= MAX_HTML


class _Writer:
    """Writes the elements that are kept; what is left out keeps its text."""

    def __init__(self, sight: Sight) -> None:
        self.length = 0
        self._sight = sight
        self._written: list[str] = []
        self._ends: list[str] = []  # of each open element, "" where none was written
        self._shift: list[str] = []  # "sub" or "sup" of each
        self._depth = 0
        self._table = 0  # how many elements are open within a data table, itself counted
        self._columns = Columns()
        self._headed = False  # the row that comes next names the columns
        self._cell = "td"

    def html(self) -> str:
        return "".join([*self._written, *reversed(self._ends)])

    def enter(self, node: LexborNode, tag: str) -> bool:
        if tag == "br":
            self._write(" " if self._table else "<br>")
            return False
        attributes = self._sight.enter(node, tag)
        if attributes is None:
            return False
        if tag == "hr":
            self._sight.leave()
            self._write("<hr>")
            return False
        begin, end = self._kept(node, tag, attributes)
        if begin and self._depth >= MAX_DEPTH:
            begin = end = ""
        self._shift.append(tag if tag in {"sub", "sup"} else "")
        self._depth += bool(begin)
        self._table += bool(self._table) or begin == "<table>"
        self._write(begin)
        self._ends.append(end)
        return True

    def leave(self, tag: str) -> None:
        self._sight.leave()
        self._shift.pop()
        end = self._ends.pop()
        self._depth -= bool(end)
        self._table = max(0, self._table - 1)
        self._write(end)

    def text(self, text: str) -> None:
        if self._sight.sees(text):
            shift = self._shift[-1] if self._shift else ""
            text = shifted(text, shift) if shift else text
            self._write(escape(text, quote=False))

    def _write(self, text: str) -> None:
        self.length += len(text)
        self._written.append(text)

    def _kept(self, node: LexborNode, tag: str, attributes: Attributes) -> tuple[str, str]:
        """What begins and ends an element in the page that is written."""
        if self._table:
            return self._in_table(node, tag, attributes)
        if tag == "table" and is_data(node, attributes):
            self._columns, self._headed = Columns(), is_headed(node)
            return "<table>", "</table>"
        if tag == "a":
            return _link(attributes)
        if tag == "p" and self._sight.is_flat:
            return "<div>", "</div>"
        if tag in _KEPT:
            start = attributes.get("start") or ""
            number = (
                f' start="{start}"' if tag == "ol" and start.isascii() and start.isdigit() else ""
            )
            return f"<{tag}{number}>", f"</{tag}>"
        if tag in {"td", "th"}:
            return " ", ""
        if tag == "q":
            return "“", "”"
        return ("<div>", "</div>") if tag in _LINES else ("", "")

    def _in_table(self, node: LexborNode, tag: str, attributes: Attributes) -> tuple[str, str]:
        """Of a table of data its cells, each in one line; one for each column that is taken."""
        if tag == "tr":
            self._columns.begin_row()
            self._cell, self._headed = "th" if self._headed else "td", False
            return "<tr>", "</tr>"
        if tag in {"td", "th"}:
            before, taken = self._columns.place(node)
            empty = f"<{self._cell}></{self._cell}>"
            return f"{empty * before}<{self._cell}>", f"</{self._cell}>{empty * (taken - 1)}"
        if tag == "a":
            return _link(attributes)
        if tag in {"b", "strong"} and self._cell == "th":
            return "", ""  # a heading is bold anyway
        if tag in {"b", "strong", "i", "em", "code"}:
            return f"<{tag}>", f"</{tag}>"
        return ("", "") if self._written[-1].endswith((">", " ")) else (" ", "")


def _link(attributes: Attributes) -> tuple[str, str]:
    """A link that is short enough to be read; of a longer one, which only counts, its text."""
    target = target_of(attributes)
    if not target or len(target) > _LONGEST_TARGET:
        return "", ""
    return f'<a href="{escape(target)}">', "</a>"
