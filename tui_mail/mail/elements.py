"""What HTML's elements and attributes say about what a person would have seen."""

import re
from collections.abc import Mapping

from tui_mail.mail.blocks import Role, Style
from tui_mail.mail.colours import UNKNOWN, colour_of
from tui_mail.mail.declarations import NOTHING, Said, said_by

MAX_LINK = 2_048

# Elements that show nothing, that begin a line, that stand apart, that are headings.
SKIPPED = frozenset(
    [
        "head",
        "title",
        "style",
        "script",
        "template",
        "object",
        "embed",
        "iframe",
        "svg",
        "math",
        "video",
        "audio",
        "canvas",
        "map",
        "select",
        "textarea",
        "input",
        "noframes",
        "noembed",
    ]
)
BLOCKS = frozenset(
    [
        "div",
        "section",
        "article",
        "header",
        "footer",
        "main",
        "nav",
        "aside",
        "address",
        "center",
        "figure",
        "figcaption",
        "fieldset",
        "form",
        "legend",
        "dt",
        "dd",
        "dl",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "caption",
        "body",
        "html",
        "details",
        "summary",
    ]
)
SPACED = frozenset(
    ["p", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"]
)
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
STYLES = {
    "b": Style.BOLD,
    "strong": Style.BOLD,
    "i": Style.ITALIC,
    "em": Style.ITALIC,
    "cite": Style.ITALIC,
    "u": Style.UNDERLINE,
    "ins": Style.UNDERLINE,
    "s": Style.STRIKE,
    "del": Style.STRIKE,
    "strike": Style.STRIKE,
    "code": Style.CODE,
    "tt": Style.CODE,
    "kbd": Style.CODE,
    "samp": Style.CODE,
}
Attributes = Mapping[str, str | None]

# What mail programs call the parts of an answer, by class and by id.
_ROLES = {
    "gmail_attr": Role.ATTRIBUTION,
    "moz-cite-prefix": Role.ATTRIBUTION,
    "protonmail_quote_header": Role.ATTRIBUTION,
    "yahoo_quoted": Role.QUOTE,
    "yahooquotedtext": Role.QUOTE,
    "olk_src_body_section": Role.QUOTE,
    "gmail_signature": Role.SIGNATURE,
    "moz-signature": Role.SIGNATURE,
    "ms-outlook-mobile-signature": Role.SIGNATURE,
    "applemailsignature": Role.SIGNATURE,
    "signature": Role.SIGNATURE,
}
_TINY_SIZE = re.compile(r"\s*0*[01]?(?:\.\d+)?\s*(?:px)?\s*$", re.IGNORECASE)
_TINY_STYLE = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$|!)", re.IGNORECASE)
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_FIGURES = re.compile(r"[0-9+\-=()n]{1,8}")


def said_of(tag: str, attributes: Attributes) -> Said:
    """What an element's own attributes say about how it looks."""
    style = attributes.get("style")
    told = said_by(style) if style else NOTHING
    if "hidden" in attributes and told.hidden is None:
        told = told._replace(hidden=True)
    if told.flat is None and "MsoNormal" in (attributes.get("class") or ""):
        told = told._replace(flat=True)  # Word's own style sheet may be lost on the way
    if told.paper is None:
        if attributes.get("background"):
            told = told._replace(paper=UNKNOWN)
        elif colour := attributes.get("bgcolor"):
            told = told._replace(paper=_attribute_colour(colour))
    if told.ink is None and (colour := attributes.get("text" if tag == "body" else "color") or ""):
        told = told._replace(ink=_attribute_colour(colour))
    return told


def _attribute_colour(value: str) -> int | None:
    value = value.strip().lower()
    if re.fullmatch(r"[0-9a-f]{6}", value):
        return int(value, 16)
    return colour_of(value)


def role_of(attributes: Attributes) -> Role:
    """What the program that wrote the page calls this part of it."""
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if names == " " or len(names) > 500:
        return Role.NONE
    return next((_ROLES[name] for name in names.lower().split() if name in _ROLES), Role.NONE)


def is_tracker(attributes: Attributes) -> bool:
    """Whether an image is too small to be seen: it only tells that the mail was opened."""
    sizes = [attributes.get("width"), attributes.get("height")]
    if any(size is not None and _TINY_SIZE.match(size) for size in sizes):
        return True
    return bool(_TINY_STYLE.search(attributes.get("style") or ""))


def target_of(attributes: Attributes) -> str:
    """Where a link leads, "" when it is not for a browser or a letter."""
    target = "".join((attributes.get("href") or "").split())[:MAX_LINK]
    return target if target.lower().startswith(("http://", "https://", "mailto:")) else ""


def start_of(attributes: Attributes) -> int:
    """The first number of an ordered list."""
    start = attributes.get("start") or "1"
    return int(start) if start.isascii() and start.isdigit() and len(start) < 6 else 1


def shifted(text: str, tag: str) -> str:
    """Figures of `sub` and `sup` as the characters for that; anything else as it is."""
    figures = text.strip()
    if not _FIGURES.fullmatch(figures) or (tag == "sub" and "n" in figures):
        return text
    return text.replace(figures, figures.translate(_RAISED if tag == "sup" else _LOWERED))
