"""What lists in another order than by date are ordered by: comparable forms, short, alike everywhere."""

import re

from tui_mail.safetext import folded, safe

_LONGEST = 40
_NOT_LETTERS_FIRST = re.compile(r"^[^\w]+")
# Re: and Fwd: in the languages of those who write to offices, repeated and numbered: "R: I: Re[2]:"
_ANSWER = re.compile(
    r"^(?:\s*(?:re|fwd?|fw|r|i|rif|inol|aw|wg|antw|sv|vs|tr|rv|enc|odp|ynt)"
    r"\s*(?:\[\d{1,4}\]|\(\d{1,4}\))?\s*[:\uff1a])+",
    re.IGNORECASE,
)


def subject_key(subject: str) -> str:
    """A subject as lists by subject compare it: without Re: and Fwd:, accents, and case."""
    return _comparable(_ANSWER.sub("", subject[:400]))


def sender_key(name: str, address: str) -> str:
    """Whom a list names, as lists by sender compare it: the name, or the address without one."""
    return _comparable(name) or _comparable(address)


def _comparable(text: str) -> str:
    text = " ".join(folded(safe(text[:400])).split())
    return _NOT_LETTERS_FIRST.sub("", text)[:_LONGEST]
