"""Makes HTML harmless for the parser before it is parsed: size, attributes, nesting; in linear time.

The parser's time grows with the square of a tag's attributes and of the depth of elements.
"""

import re

MAX_HTML = 1024 * 1024
MAX_ATTRIBUTES = 256
MAX_TAG = 16 * 1024
MAX_DEPTH = 400

# To the next tag, which is passed as well where its end is beyond doubt: quotes stand only right
# after an equals sign. What has no say in depth nor in size is passed at once: text, and tags
# without attributes that nothing is nested by.
_STEP = re.compile(
    r"(?:[^<]++|<(?!/?[a-z]|!--)|</?(?:t[rdh]|li|p|h[1-6]|d[dt]|br|option|svg)>)*+"
    r"(?:<(/?)([a-z][a-z0-9:-]{0,30})"
    r"(?:[^<>\"'=]++|=\s*+(?:\"[^\"<>]*+\"|'[^'<>]*+'|[^\s\"'<>=]++))*+>)?",
    re.IGNORECASE | re.ASCII,
)
_NAME = re.compile(r"</?([a-zA-Z][^\s/>]{0,30})")
_ATTRIBUTE = re.compile(
    r"[\s/]+|[^\s/>=][^\s/>=]*(?:\s*=\s*(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|[^\s>]*))?|="
)
_RAW_TEXT = frozenset(
    {"script", "style", "title", "textarea", "xmp", "iframe", "noembed", "noframes"}
)
_NESTED = frozenset(
    [
        "div",
        "span",
        "table",
        "blockquote",
        "center",
        "font",
        "section",
        "article",
        "b",
        "i",
        "u",
        "em",
        "strong",
        "a",
        "ul",
        "ol",
        "big",
        "small",
        "sub",
        "sup",
        "main",
        "header",
        "footer",
        "nav",
        "aside",
        "form",
        "fieldset",
        "dl",
        "s",
        "tt",
        "code",
        "strike",
        "del",
        "ins",
        "label",
    ]
)


def guarded(html: str) -> str:
    """`html` cut to 1 MB, its tags to 256 attributes and 16 KB, its nesting to 400 elements."""
    html = html[:MAX_HTML]
    kept: list[str] = []
    depth, position, copied = 0, 0, 0
    step = _STEP.match
    while position < len(html) and (match := step(html, position)):
        closing, name = match.groups()
        position, end = match.start(1) - 1 if name else match.end(), match.end()
        replacement = None
        if name and end - position < MAX_ATTRIBUTES * 2:
            name = name.lower()
        elif html.startswith("<!--", position):
            end = html.find("-->", position + 4)
            if end < 0:
                break
            position = end + 3
            continue
        else:
            named = _NAME.match(html, position)
            if named is None:
                position += 1
                continue
            closing, name = html[position + 1] == "/", named[1].lower()
            end, replacement = _long_tag(html, position, named.end())
        if name in _NESTED:
            depth = max(0, depth - 1) if closing else depth + 1
            if depth > MAX_DEPTH:
                replacement = ""
        if replacement is not None:
            kept.append(html[copied:position])
            kept.append(replacement)
            copied = end
        position = end
        if name in _RAW_TEXT and not closing:
            position = _raw_text_end(html, name, end)
    kept.append(html[copied:])
    return "".join(kept)


def _long_tag(html: str, start: int, position: int) -> tuple[int, str | None]:
    """Where a tag ends that is long or oddly quoted, and what replaces it when it is too much."""
    attributes, cut = 0, -1
    while position < len(html) and html[position] != ">":
        match = _ATTRIBUTE.match(html, position)
        if match is None:
            position += 1
            continue
        if cut < 0 and (attributes >= MAX_ATTRIBUTES or match.end() - start > MAX_TAG):
            cut = position
        attributes += not match[0].isspace()
        position = match.end()
    end = min(position + 1, len(html))
    return end, None if cut < 0 else html[start:cut].rstrip() + ">"


def _raw_text_end(html: str, name: str, position: int) -> int:
    """Where the text of a script or style ends; nothing in it is a tag."""
    match = re.compile(f"</{name}", re.IGNORECASE).search(html, position)
    return match.start() if match else len(html)
