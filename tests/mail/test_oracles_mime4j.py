"""Malformed messages against the trees and decoded parts of another parser.

A tree is lists within lists, a leaf its bytes (line ends and blanks at the end do not count). A
message within is a level of its own. Every difference is listed with its reason: a new one
fails, and so does a listed one that is no more.
"""

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from tests.data import data_folder
from tui_mail.mail.bodies import part_content
from tui_mail.mail.structure import Part, read_structure

LISTED = {
    "badbound": "no part has the boundary that is named: there nothing, here the text that it is",
    "frag": "prose after an unclosed base64 part: here its last two digits count too",
    "hdr-fakeout": "a blank line with a space in it: there no body, here the body",
    "multi-frag": "prose after an unclosed base64 part: here its last two digits count too",
}

Tree = list[Any] | bytes


def squeezed(content: bytes) -> bytes:
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    return b"\n".join(line.rstrip() for line in lines).strip()


def theirs(element: Element, folder: Path) -> Tree:
    for child in element:
        if child.tag == "multipart":
            return [theirs(part, folder) for part in child if part.tag == "body-part"]
        if child.tag == "message":
            return [theirs(child, folder)]
        if child.tag in {"text-body", "binary-body"}:
            return squeezed((folder / child.attrib["name"]).read_bytes())
    return b""


def ours(raw: bytes) -> Tree:
    structure = read_structure(raw)

    def tree(part: Part) -> Tree:
        if part.children:
            return [tree(child) for child in part.children]
        if part.media_type == "message/rfc822":
            return [ours(part_content(structure, part))]
        return squeezed(part_content(structure, part))

    return tree(structure.root)


def trees() -> dict[str, tuple[Tree, Tree]]:
    folder = data_folder("mime4j") / "core/src/test/resources/mimetools-testmsgs"
    found = {}
    for path in sorted(folder.glob("*.msg")):
        written = path.with_name(f"{path.stem}_decoded.xml").read_text("utf-8", "replace")
        found[path.stem] = theirs(fromstring(written), folder), ours(path.read_bytes())
    return found


def test_the_trees_are_the_same_but_for_what_is_listed() -> None:
    found = trees()
    assert len(found) == 48
    assert {name for name, (one, other) in found.items() if one != other} == set(LISTED)
