"""What HTML's elements and attributes say about whether and how a person would have seen them."""

import re
from collections.abc import Mapping

from tui_mail.mail.blocks import Style

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
    "code": Style.CODE,
    "tt": Style.CODE,
    "kbd": Style.CODE,
    "samp": Style.CODE,
}
Attributes = Mapping[str, str | None]

_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:opacity|max-height)\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_FONT_SIZE = re.compile(r"font-size\s*:\s*([\d.]+)", re.IGNORECASE)
_TINY = re.compile(r"\s*0*[01]?(?:\.\d+)?\s*(?:px)?\s*$", re.IGNORECASE)
_TINY_STYLE = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|$|!)", re.IGNORECASE)


def hides(attributes: Attributes) -> bool:
    """Whether an element and all that is in it is not displayed."""
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style and _HIDING.search(style))


def text_vanishes(attributes: Attributes, outer: bool) -> bool:
    """Whether text has no size here; `outer`: whether it has none around (a size is inherited)."""
    size = _FONT_SIZE.search(attributes.get("style") or "")
    return outer if size is None else not size[1].strip("0.")


def is_tracker(attributes: Attributes) -> bool:
    """Whether an image is too small to be seen: it only tells that the mail was opened."""
    sizes = [attributes.get("width"), attributes.get("height")]
    if any(size is not None and _TINY.match(size) for size in sizes):
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
