"""Words, cut the same way in mail and in queries: nothing but letters and digits is left."""

import re

from tui_mail.safetext import folded

LONGEST_WORD = 100

_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Chinese and Japanese have no spaces: each character is a word, and a phrase finds the rest.
_WORD = re.compile(f"(?=[^\\W_])[{_IDEOGRAPHS}]|[^\\W_{_IDEOGRAPHS}]+")


def words(text: str) -> list[str]:
    """The words of `text` in comparable form: folded, letters and digits only, cut when endless."""
    return [word[:LONGEST_WORD] for word in _WORD.findall(folded(text))]
