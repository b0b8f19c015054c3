"""Subjects: what of one was taken over from an earlier message."""

import re

_PREFIX = re.compile(
    r"(?:\s*(?:re|r|rif|risp|aw|antw|sv|fw|fwd|wg|i|inoltro|tr|rv|res)\s*(?:\[\d{1,3}\])?\s*:)+\s*",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"\s+")


def bare_subject(subject: str) -> str:
    """A subject without the signs of an answer or a forward, for comparison."""
    line = _BLANKS.sub(" ", subject[:1000]).strip()
    prefix = _PREFIX.match(line)
    return (line[prefix.end() :] if prefix else line).casefold()


def is_answer(subject: str) -> bool:
    """Whether a subject says that its words were taken over from an earlier message."""
    return bool(_PREFIX.match(subject[:1000]))
