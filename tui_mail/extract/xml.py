"""The text of XML, as a stream: no document type, no entity of its own, nothing from elsewhere."""

from collections.abc import Callable, Collection
from typing import IO
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from tui_mail.extract.limits import NotReadError, Text

_PIECE = 64 * 1024
_DEEPEST = 500
# A file in Base64 within the document, a certificate: no words.
_LONGEST_WORD = 200


Wanted = Callable[[str, AttributesImpl], bool]


class _EnoughError(Exception):
    """There is as much text as is kept."""


class _Reader(ContentHandler):
    def __init__(self, text: Text, wanted: Wanted | None, breaks: Collection[str]) -> None:
        super().__init__()
        self._text = text
        self._wanted = wanted
        self._breaks = breaks
        self._within: list[bool] = [wanted is None]
        self._pieces: list[str] = []
        self._length = 0

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 — SAX's name
        if len(self._within) > _DEEPEST:
            raise NotReadError
        self._flush()
        self._within.append(
            self._within[-1] or (self._wanted is not None and self._wanted(_local(name), attrs))
        )

    def endElement(self, name: str) -> None:  # noqa: N802
        self._flush()
        self._within.pop()
        if not self._breaks or _local(name) in self._breaks:
            self._text.add("\n")
        if self._text.is_full:
            raise _EnoughError

    def characters(self, content: str) -> None:
        if self._within[-1] and self._length <= _PIECE * 8:
            self._pieces.append(content)
            self._length += len(content)

    def _flush(self) -> None:
        found = "".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        if len(found) > _LONGEST_WORD and not any(map(str.isspace, found[:_LONGEST_WORD])):
            return
        if self._wanted is not None or not found.isspace():
            self._text.add(found)


def read_xml(
    file: IO[bytes], text: Text, *, wanted: Wanted | None = None, breaks: Collection[str] = ()
) -> None:
    """Add the text of a document to `text`: of the elements `wanted` by local name, or of all.

    A line ends with an element of `breaks`, or with each. Raises NotReadError.
    """
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setContentHandler(_Reader(text, wanted, breaks))
    try:
        while piece := file.read(_PIECE):
            parser.feed(piece)
        parser.close()
    except _EnoughError:
        return
    except (SAXException, DefusedXmlException, LookupError, ValueError) as error:
        raise NotReadError from error


def _local(name: str) -> str:
    return name.rpartition(":")[2]
