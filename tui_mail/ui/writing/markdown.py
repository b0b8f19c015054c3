"""Whether a letter's own words are written with Markdown marks: pure."""

import re

_MARKS = re.compile(
    r"\*\*[^\s*](?:[^*\n]{0,300}[^\s*])?\*\*"  # **bold**
    r"|`[^`\n]{1,300}`"  # `code`
    r"|\[[^\]\n]{1,200}\]\([^)\s]{1,500}\)"  # [text](address)
    r"|^#{1,6} \S"  # a heading
    r"|^\s{0,3}\|.{0,500}\|\s*\n\s{0,3}\|[ :|-]{1,500}\|\s*$"  # a table
    r"|^\s{0,3}(?:[-*+]|\d{1,3}\.) \S[^\n]*\n\s{0,3}(?:[-*+]|\d{1,3}\.) \S",  # a list
    re.MULTILINE,
)


def own_words(body: str) -> str:
    """What the writer of a letter wrote: without quoted lines, signature and what was forwarded."""
    own: list[str] = []
    for line in body.split("\n"):
        if line == "-- " or line.startswith("-------- "):
            break
        if not line.startswith(">"):
            own.append(line)
    return "\n".join(own)


def is_marked(body: str) -> bool:
    """Whether the writer's own words use Markdown."""
    return _MARKS.search(own_words(body)) is not None
