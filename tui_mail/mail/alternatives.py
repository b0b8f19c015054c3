"""Whether the plain form of a text says what its page says.

Some programs write a page, and as its plain form only that there is one, or an older text. People
see the page, so that is what must be found then. A few words of the page, of where it begins and of
where it ends, tell the two apart in less time than reading it.
"""

import re
from collections.abc import Sequence

_STRETCH = 1_500  # characters of the page, of either end
_FEW, _MANY = 12, 200  # words that are looked for
_LONGEST = 200_000  # characters of a plain form that says enough in any case
_MISSING = 0.25  # of the words: links, names of pictures and what stands on buttons are few
_PART = 0.2  # of the page: more than its first line
_ANYWAY = 2  # words that may be missing in the shortest letter
_SHOWN = re.compile(r">([^<>]{4,})")
_ENTITY = re.compile(r"&[#A-Za-z0-9]{1,12};")
_WORD = re.compile(r"[A-Za-z0-9]{4,40}")  # or what of it is no other letter, which may be an entity


def may_lack(plain: str, html: str) -> bool:
    """Whether words of the page seem to be missing in the plain form of the same text."""
    start = max(html.find("<body"), html.find("<BODY"), 0)
    first = html[start : start + _STRETCH]
    last = html[max(start + _STRETCH, len(html) - _STRETCH) :]
    runs = (*_SHOWN.findall(first), *_SHOWN.findall(last.partition("<")[2]))
    return _are_missing(_WORD.findall(_ENTITY.sub(" ", "\n".join(runs))), plain, _FEW)


def lacks(plain: str, text: str) -> bool:
    """Whether more of the words of `text`, what the page says, are missing than few.

    A letter that the page only quotes at greater length is none of those: there it is the same.
    """
    if not _are_missing(_WORD.findall(text), plain, _MANY):
        return False
    is_part = not _are_missing(_WORD.findall(plain), text, _MANY)
    return not (is_part and len(plain) > _PART * len(text))


def _are_missing(words: Sequence[str], plain: str, most: int) -> bool:
    some = words[:: len(words) // most + 1] if len(plain) <= _LONGEST else ()
    return sum(word not in plain for word in some) > max(_ANYWAY, _MISSING * len(some))
