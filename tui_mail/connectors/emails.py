"""E-mail addresses as people type them into a field of an ERP: several, with names, with mistakes."""

import re

_ADDRESS = re.compile(r"[^\s@<>,;:\"'()\[\]]{1,128}@[^\s@<>,;:\"'()\[\]]{1,255}")
_MOST = 20
_LONGEST = 4_000


def emails(text: str) -> tuple[str, ...]:
    """The addresses in `text`, in lower case, each once, at most 20."""
    found = dict.fromkeys(one.lower().rstrip(".") for one in _ADDRESS.findall(text[:_LONGEST]))
    return tuple(found)[:_MOST]
