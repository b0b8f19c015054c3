"""The one border between what came from outside and the screen.

Widgets, command output and logs take `SafeText`; only `safe` makes it, so that a `str` out of a
message does not pass a type check. No C0 or C1 control, DEL, bidirectional override, zero-width
or tag character survives: the harmful ones become visible signs, the invisible ones go.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NewType

SafeText = NewType("SafeText", str)

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff"
    # bidirectional, zero-width, tags and other characters that are not drawn
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffc\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U00013430-\U0001345f\U000e0000-\U000e0fff"
    # what makes another character wider in some terminals: variants, skins, flags
    "\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U0001f1e6-\U0001f1ff"
    # what some terminals draw a picture of theirs in place of
    "\U0010eeee]"
)
_FLAG_A = 0x1F1E6
_PLACEHOLDER = 0x10EEEE  # of kitty's pictures
# Marks are among what is neither of a word nor a space.
_MARKS = re.compile(r"[^\x00-\u02ff\w\s]{5,}")
_VISIBLE_MARKS = 4


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in {0x09, 0x0A, 0x0D, 0x2028, 0x2029, 0x85, 0x0B, 0x0C}:
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if _FLAG_A <= code < _FLAG_A + 26:
        return chr(ord("A") + code - _FLAG_A)
    if code == _PLACEHOLDER or 0x7F < code < 0xA0 or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return ""


def safe(text: str) -> SafeText:
    """One line of `text` that a terminal can be given: tabs and line ends become spaces.

    C0 controls show as Unicode control pictures (ESC as ␛), C1 controls, lone surrogates and the
    placeholder of pictures (U+10EEEE) as U+FFFD; bidirectional, zero-width and tag characters are
    dropped, and those that make others wider in some terminals only (flags become their letters);
    more than four combining marks on one base are cut (they draw over neighbouring rows).
    """
    clean = text if text.isascii() and text.isprintable() else _clean(text)
    return SafeText(clean)


def _clean(text: str) -> str:
    clean = _HARMFUL.sub(_sign, text)
    return _MARKS.sub(_cut, clean)


def _cut(run: re.Match[str]) -> str:
    kept, height = [], 0
    for character in run[0]:
        height = height + 1 if unicodedata.category(character).startswith("M") else 0
        if height <= _VISIBLE_MARKS:
            kept.append(character)
    return "".join(kept)


def safe_lines(text: str, tab: int = 8) -> list[SafeText]:
    """The lines of `text`, each made safe; tabs are expanded to columns of `tab` cells."""
    return [safe(line.expandtabs(tab)) for line in re.split(r"\r\n|\r|\n", text)]


def joined(*parts: SafeText, separator: str = " ") -> SafeText:
    """Safe parts put together are safe."""
    return SafeText(separator.join(parts))


_NOT_ASCII = re.compile("[^\x00-\x7f]+")


def folded(text: str) -> str:
    """`text` for comparison: compatibility form, without accents, in lower case."""
    if not text.isascii():  # most text is, and much is but for a few words
        text = _NOT_ASCII.sub(_folded_run, text)
    return text.casefold()


def _folded_run(match: re.Match[str]) -> str:
    run = match[0]
    return _known_run(run) if len(run) <= _SHORT_RUN else _without_accents(run)


def _without_accents(run: str) -> str:
    plain = unicodedata.normalize("NFKD", run)
    return "".join(c for c in plain if not unicodedata.combining(c))


# The same few letters have accents again and again.
_SHORT_RUN = 4
_known_run = lru_cache(maxsize=4096)(_without_accents)
