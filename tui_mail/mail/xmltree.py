"""XML of strangers as a tree to look things up in: no document type, no depth and no size without end.

Elements are told by their local names, since the same format comes in several namespaces.
"""

from codecs import BOM_UTF8
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

_DEEPEST = 60
_MOST_ELEMENTS = 200_000


class _TooMuchError(ValueError):
    """Deeper, or more of it, than anything honest has."""


class _Builder(TreeBuilder):
    def __init__(self) -> None:
        super().__init__()
        self._depth = self._count = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._count += 1
        if self._depth > _DEEPEST or self._count > _MOST_ELEMENTS:
            raise _TooMuchError
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def read_tree(content: bytes, most: int) -> Element | None:
    """The root; None for what is no XML, has a document type, or is longer than `most` bytes."""
    from defusedxml.common import DefusedXmlException  # for the few messages that carry any
    from defusedxml.ElementTree import DefusedXMLParser

    if len(content) > most:
        return None
    parser = DefusedXMLParser(forbid_dtd=True, target=_Builder())
    try:
        # Programs write blanks before the declaration.
        parser.feed(content.removeprefix(BOM_UTF8).lstrip())
        root = parser.close()
    except (ParseError, DefusedXmlException, LookupError, ValueError, AssertionError):
        return None
    return root if isinstance(root, Element) else None


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
