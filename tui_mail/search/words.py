"""Words, cut the same way in mail and in queries: nothing but letters and digits is left."""

import re

from tui_mail.safetext import folded

LONGEST_WORD = 100
MOST_OF_BODY = 480_000  # bytes of a message's text whose words are found

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Chinese and Japanese have no spaces: each character is a word, and a phrase finds the rest.
_WORD = re.compile(f"(?=[^\\W_])[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")


# Nearly all text is ASCII once it is folded; cutting that at what is no word takes a fifth.
_SPACES = "".join(sign if sign.isalnum() else " " for sign in map(chr, range(128)))


def words(text: str) -> list[str]:
    """The words of `text` in comparable form: folded, letters and digits only, cut when endless."""
    plain = folded(text)
    found = plain.translate(_SPACES).split() if plain.isascii() else _WORD.findall(plain)
    if len(max(found, key=len, default="")) <= LONGEST_WORD:
        return found
    return [word[:LONGEST_WORD] for word in found]


def joined_words(text: str, limit: int) -> str:
    """The words of `text` with a space between, as many as go into `limit` bytes of UTF-8."""
    if not text:
        return ""
    joined = " ".join(words(text[:limit]))
    encoded = joined.encode()
    if len(encoded) <= limit:
        return joined
    return encoded[:limit].decode(errors="ignore").rpartition(" ")[0]
