"""Which parts of a message are read and which are files: hides alternatives, relations and charsets.

Of several forms of one text a person expects the richest that can be shown; of a page with its
pictures, the page. What is not text, or is named like a file, is a file.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_mail.mail.budget import Budget
from tui_mail.mail.charsets import decode
from tui_mail.mail.flowed import unflow
from tui_mail.mail.headers import identifiers, parameters
from tui_mail.mail.structure import Part, Structure
from tui_mail.mail.textfiles import TextFile, cut_files
from tui_mail.mail.transfer import undo

_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:\-]{1,40})", re.IGNORECASE
)
_LINE_END = re.compile(r"\r\n|\r")
_ENRICHED_SIGN = re.compile(r"<<|<(/?)([A-Za-z0-9-]{1,60})>")
# Text in form only: a file for another program.
_FILE_TEXTS = frozenset(
    {
        "text/calendar",
        "text/x-vcard",
        "text/vcard",
        "text/directory",
        "text/csv",
        "text/xml",
        "text/rtf",
        "text/rfc822-headers",
        "text/css",
        "text/javascript",
    }
)
_ENRICHED = frozenset({"text/enriched", "text/richtext"})


@dataclass(frozen=True, slots=True)
class Body:
    """A stretch of body in one or both of its forms."""

    plain: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Contents:
    """The leaves sorted into what is read and what is a file; `found`: files written in the text."""

    budget: Budget
    bodies: list[Body] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    found: list[TextFile] = field(default_factory=list)


def read_contents(structure: Structure, budget: Budget) -> Contents:
    """Sort the parts of a message, and decode those that are read, as far as `budget` goes."""
    contents = Contents(budget)
    contents.bodies = _bodies(structure, contents, structure.root)
    if not contents.bodies:
        _promote(structure, contents)
    return contents


def part_content(structure: Structure, part: Part) -> bytes:
    """The decoded bytes of a part."""
    encoding = (
        part.header("content-transfer-encoding").partition(";")[0].strip().lower().strip("\"'")
    )
    content, sound = undo(structure.raw[part.start : part.end], encoding)
    if not sound:
        structure.note("transfer_encoding")
    return content


def _bodies(structure: Structure, contents: Contents, part: Part) -> list[Body]:
    """The texts under a part, in order; as deep as `structure` lets parts be."""
    if not part.children:
        if part.media_type == "application/applefile":
            return []  # what only a Mac of 1990 asks for, beside the file itself
        if _is_file(part, part is structure.root):
            contents.files.append(part)
            return []
        return [_leaf(structure, contents, part)]
    if part.media_type == "multipart/alternative":
        branches = [_bodies(structure, contents, child) for child in part.children]
        return _chosen([branch for branch in branches if branch])
    if part.media_type == "multipart/related":
        return _related(structure, contents, part)
    return [body for child in part.children for body in _bodies(structure, contents, child)]


def _related(structure: Structure, contents: Contents, part: Part) -> list[Body]:
    """The page and what belongs to it.

    The page is the part that `start` names, else the first (RFC 2387 §3.2), but one of the `type`.
    """
    start = identifiers(part.parameters.get("start", ""))
    kind = part.parameters.get("type", "").lower()
    children = part.children
    named = [each for each in children if start and identifiers(each.header("content-id")) == start]
    typed = [each for each in children if each.media_type == kind]
    root = (named or typed or children)[0]
    bodies: list[Body] = []
    for child in part.children:
        own = child.header("content-id") or child.header("content-location")
        if child is not root and own and not child.children:
            contents.files.append(child)
        else:
            bodies.extend(_bodies(structure, contents, child))
    return bodies


def _chosen(branches: Sequence[Sequence[Body]]) -> list[Body]:
    """One body out of the forms of one text: the first plain one beside the last with a page."""
    if not branches:
        return []
    plains = [each for each in branches if not any(body.html is not None for body in each)]
    pages = [each for each in branches if any((body.html or "").strip() for body in each)]
    written = [each for each in plains if any((body.plain or "").strip() for body in each)]
    if not pages:
        return list((written or branches)[0])
    page = pages[-1]
    if not written:
        return list(page)
    text = "\n".join(body.plain or "" for body in written[0])
    return [Body(text, joined_html(page))]


def joined_html(bodies: Sequence[Body]) -> str:
    """One page out of several bodies; plain ones are set as they were written."""
    return "\n".join(
        body.html if body.html is not None else as_html(body.plain or "") for body in bodies
    )


def as_html(text: str) -> str:
    """Plain text as HTML."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<pre>{escaped}</pre>"


def _promote(structure: Structure, contents: Contents) -> None:
    """A message that is only a named text: it is read, and is still a file."""
    for part in contents.files:
        disposition, _extra = parameters(part.header("content-disposition"))
        if disposition != "attachment" and part.media_type in {"text/plain", "text/html"}:
            contents.bodies.append(_leaf(structure, contents, part))
            return


def _is_file(part: Part, is_root: bool) -> bool:
    disposition, extra = parameters(part.header("content-disposition"))
    if disposition == "attachment" and not is_root:
        return True
    if part.media_type.startswith("multipart/"):
        # Parts that were never found: shown as the text that they are, unless too deep to be it.
        return not is_root
    if not part.media_type.startswith("text/") or part.media_type in _FILE_TEXTS:
        return True
    named = bool(extra.get("filename") or part.parameters.get("name"))
    return named and not is_root


def _leaf(structure: Structure, contents: Contents, part: Part) -> Body:
    content = part_content(structure, part)
    if part.media_type == "text/html":
        return Body(html=_text(structure, part, contents.budget.cut(content)))
    if part.media_type in _ENRICHED:
        return Body(_enriched(_text(structure, part, contents.budget.cut(content))))
    content, found = cut_files(content)
    contents.found.extend(found)
    if any(file.is_cut for file in found):
        structure.note("transfer_encoding")
    return Body(_text(structure, part, contents.budget.cut(content)))


def _text(structure: Structure, part: Part, content: bytes) -> str:
    charset = part.parameters.get("charset", "")
    is_html = part.media_type == "text/html"
    if not charset and is_html and (declared := _META_CHARSET.search(content, 0, 4096)):
        charset = declared[1].decode("ascii")
    text, sound = decode(content, charset)
    if not sound:
        structure.note("charset")
    if "\r" in text:
        text = _LINE_END.sub("\n", text)
    if not is_html and part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, part.parameters.get("delsp", "").lower() == "yes")
    return text


def _enriched(text: str) -> str:
    """text/enriched (RFC 1896) without its commands; a single line end is a space, `<<` a sign."""

    def sign(match: re.Match[str]) -> str:
        if match[0] == "<<":
            return "<"
        return "\n" if match[2].lower() in {"nl", "paragraph"} else ""

    return re.sub(
        r"\n+", lambda run: "\n" * (len(run[0]) - 1) or " ", _ENRICHED_SIGN.sub(sign, text)
    )
