"""A page's tree, and the way through it: hides the parser."""

from collections.abc import Callable, Iterator
from typing import Protocol

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tui_mail.mail.budget import MAX_NODES
from tui_mail.mail.guard import guarded
from tui_mail.mail.stylesheet import StyleSheet, read_sheets


class Visitor(Protocol):
    """Who is told of every node, in order."""

    def enter(self, node: LexborNode, tag: str) -> bool:
        """An element begins; False: what is in it is passed over, and it does not end."""
        ...

    def leave(self, tag: str) -> None:
        """An element that was entered ends."""
        ...

    def text(self, text: str) -> None:
        """Text."""
        ...


class Tree:
    """An HTML page, read by the tolerant parser after it was made harmless for it."""

    def __init__(self, html: str) -> None:
        self._parser = LexborHTMLParser(guarded(html))
        self.visited = 0

    def sheet(self) -> StyleSheet:
        """Its own style sheets; none is ever loaded."""
        return read_sheets(self._sheets())

    def _sheets(self) -> Iterator[str]:
        for node in self._parser.css("style"):
            media = (node.attributes.get("media") or "").lower()
            if not media or "all" in media or "screen" in media:
                yield node.text(deep=True)

    def walk(
        self, visitor: Visitor, enough: Callable[[], bool] = lambda: False, most: int = MAX_NODES
    ) -> bool:
        """Tell `visitor` of every node, without recursion; False when it was broken off.

        That is when `enough` says so, or after `most` nodes; then not every element that was
        entered ends. `visited` counts the nodes.
        """
        node = self._parser.root
        open_tags = list[str]()
        while node is not None:
            if self.visited >= most or enough():
                return False
            self.visited += 1
            child = None
            if node.is_text_node:
                visitor.text(node.text_content or "")
            elif node.is_element_node and visitor.enter(node, tag := node.tag or ""):
                child = node.first_child
                if child is None:
                    visitor.leave(tag)
                else:
                    open_tags.append(tag)
            node = child or _next(node, open_tags, visitor)
        return True


def _next(node: LexborNode, open_tags: list[str], visitor: Visitor) -> LexborNode | None:
    """The node after this one and all that is in it."""
    at: LexborNode | None = node
    while at is not None and open_tags and at.next is None:
        at = at.parent
        visitor.leave(open_tags.pop())
    return at.next if at is not None and open_tags else None
