"""Which language the program speaks: hides gettext behind two functions.

Messages are looked up when they are shown, not when a module is imported, so one process can
change language (a test does) without reloading anything.
"""

import gettext
import locale
import os
from functools import cache
from pathlib import Path

LANGUAGES = ("en", "it")
_LOCALE = Path(__file__).parent / "locale"
_current: list[gettext.NullTranslations] = [gettext.NullTranslations()]


def system_language() -> str:
    """The language of the environment (POSIX LC_ALL, LC_MESSAGES, LANG), English when unknown."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "it" if locale.normalize(value).lower().startswith("it") else "en"
    return "en"


def set_language(language: str) -> None:
    """Speak `language` ("it" or "en") from now on, in this process."""
    _current[0] = gettext.translation("tui_mail", _LOCALE, languages=[language], fallback=True)


def language() -> str:
    """The language in use, as babel and HTML name it."""
    return str(_current[0].info().get("language", "en")) or "en"


def _(message: str) -> str:
    """`message` in the user's language."""
    return _current[0].gettext(message)


@cache
def in_every_language(message: str) -> tuple[str, ...]:
    """`message` in each language that the program speaks."""
    found = (gettext.translation("tui_mail", _LOCALE, [one], fallback=True) for one in LANGUAGES)
    return tuple(one.gettext(message) for one in found)


def msgid(text: str) -> str:
    """Mark a text for translation where it is looked up later."""
    return text


def pgettext(context: str, message: str) -> str:
    """`message` in the user's language, where the same English words mean two things."""
    return _current[0].pgettext(context, message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of a message that suits `count`, in the user's language."""
    return _current[0].ngettext(singular, plural, count)
