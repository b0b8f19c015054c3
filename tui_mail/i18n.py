"""Which language the program speaks: hides gettext and babel behind functions.

Messages are looked up when they are shown, not when a module is imported, so one process can
change language (a test does) without reloading anything. Babel is only imported when something is formatted.
"""

import gettext
import locale
import os
from datetime import datetime
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel import Locale

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


def names_and_patterns() -> "Locale":
    """How the language in use names and writes things, as babel has it."""
    return _locale(language())


@lru_cache(maxsize=4)
def _locale(name: str) -> "Locale":
    from babel import Locale

    return Locale.parse("it" if name.startswith("it") else "en_GB")


def money(amount: Decimal, currency: str = "") -> str:
    """`1.240,00 €`; without a currency only the figure."""
    from babel.numbers import format_currency

    if not currency:
        return figure(amount, 2, 2)
    try:
        text = format_currency(amount, currency, locale=names_and_patterns())
    except (ValueError, LookupError):  # not a code of ISO 4217: foreign text
        text = f"{figure(amount, 2, 2)} {currency}"
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def figure(value: Decimal, least: int, most: int) -> str:
    """A number with `least` decimals, and as many more as it needs up to `most`: `2,5`."""
    from babel.numbers import format_decimal

    decimals = "0" * least + "#" * (most - least)
    pattern = f"#,##0.{decimals}" if decimals else "#,##0"
    return format_decimal(value, format=pattern, locale=names_and_patterns())


def moment(at: datetime) -> str:
    """A moment in local time: `20 nov 2025 10:41`."""
    local = at.astimezone()
    months = names_and_patterns().months["format"]["abbreviated"]
    return f"{local.day} {months[local.month]} {local.year} {local:%H:%M}"
