"""The one border between what came from outside and the screen.

Widgets, command output and logs take `SafeText`; only `safe` makes it, so that a `str` out of a
message does not pass a type check. No C0 or C1 control, DEL, bidirectional override, zero-width
or tag character survives: the harmful ones become visible signs, the invisible ones go.
"""

import re
import unicodedata
from typing import NewType

SafeText = NewType("SafeText", str)

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffc"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_COMBINING_RUN = re.compile(
    r"((?:[^\W\d_]|.)?)([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{5,})"
)
_VISIBLE_COMBINING = 4


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code in {0x09, 0x0A, 0x0D, 0x2028, 0x2029, 0x85, 0x0B, 0x0C}:
        return " "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return "\ufffd" if code < 0xA0 or 0xD800 <= code <= 0xDFFF else ""


def safe(text: str) -> SafeText:
    """One line of `text` that a terminal can be given: tabs and line ends become spaces.

    C0 controls show as Unicode control pictures (ESC as ␛), C1 controls and lone surrogates as
    U+FFFD; bidirectional, zero-width and tag characters are dropped; more than four combining
    marks on one base are cut (they draw over neighbouring rows).
    """
    clean = text if text.isascii() and text.isprintable() else _clean(text)
    return SafeText(clean)


def _clean(text: str) -> str:
    clean = _HARMFUL.sub(_sign, text)
    return _COMBINING_RUN.sub(lambda run: run[1] + run[2][:_VISIBLE_COMBINING], clean)


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
    plain = unicodedata.normalize("NFKD", match[0])
    return "".join(c for c in plain if not unicodedata.combining(c))
