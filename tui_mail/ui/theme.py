"""Colours: theme files in `themes/`, and the ink that lines are drawn with.

Hides where the files lie (beside the checkout, or inside the wheel) and how Textual and Rich name
colours. Everything else speaks of styles by name: "dim", "accent bold", "quote1".
"""

import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from rich.style import Style
from textual.theme import Theme

from tui_mail.errors import SettingsWrong
from tui_mail.i18n import _

COLOURS = (
    "background",
    "text",
    "dim",
    "rule",
    "cursor",
    "quiet",
    "accent",
    "warning",
    "error",
)
# What the styles of a rendered message look like here.
_WORDS = {
    "heading": "bold",
    "link": "accent underline",
    "quote1": "dim",
    "quote2": "dim italic",
    "quote3": "dim italic",
    "signature": "dim",
    "code": "text",
    "table": "text",
    "text": "",
}


@dataclass(frozen=True, slots=True)
class Colours:
    """A theme: its name, whether it is dark, and its colours as `#rrggbb`."""

    name: str
    dark: bool
    background: str
    text: str
    dim: str
    rule: str
    cursor: str
    quiet: str
    accent: str
    warning: str
    error: str


class Inks:
    """Styles by name for one theme, made once each."""

    def __init__(self, colours: Colours) -> None:
        self.colours = colours
        self._named = cache(self._style)
        self._painted = lru_cache(maxsize=4096)(_paint)

    def style(self, words: str, background: str = "background") -> Style:
        """The Rich style for space-separated words on the background colour of that name, or for
        `#rrggbb/#rrggbb`: a colour on another; `#rrggbb/`: on the background that is there."""
        return self._painted(words) if words[:1] == "#" else self._named(words, background)

    def _style(self, words: str, background: str = "background") -> Style:
        colour = self.colours.text
        found = set(" ".join(_WORDS.get(word, word) for word in words.split()).split())
        for word in found & set(COLOURS):
            colour = getattr(self.colours, word)
        return Style(
            color=colour,
            bgcolor=getattr(self.colours, background),
            bold="bold" in found or None,
            italic="italic" in found or None,
            underline="underline" in found or None,
            strike="strike" in found or None,
        )


def _paint(colours: str) -> Style:
    ink, _slash, paper = colours.partition("/")
    return Style(color=ink, bgcolor=paper or None)


def themes_folder() -> Path:
    """Where theme files lie: inside the installed package, else beside it in the checkout."""
    package = Path(__file__).parents[1]
    inside = package / "themes"
    return inside if inside.is_dir() else package.parent / "themes"


def load_colours(name: str, folder: Path | None = None) -> Colours:
    """The theme of that name.

    Raises SettingsWrong, naming the file and what is missing or wrong in it.
    """
    place = folder or themes_folder()
    path = place / f"{name}.toml"
    known = sorted(file.stem for file in place.glob("*.toml"))
    if name not in known:
        raise SettingsWrong(
            _("There is no theme “{name}”: the themes are {known}.").format(
                name=name, known=", ".join(known)
            )
        )
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsWrong(
            _("The theme {file} cannot be read ({reason}).").format(file=path, reason=error)
        ) from error
    given = found.get("colours", {})
    for colour in COLOURS:
        value = given.get(colour) if isinstance(given, dict) else None
        if not isinstance(value, str) or not _is_colour(value):
            raise SettingsWrong(
                _("{file}: the colour {colour} must be written as #rrggbb.").format(
                    file=path, colour=colour
                )
            )
    chosen = {colour: str(given[colour]) for colour in COLOURS}
    return Colours(name=name, dark=bool(found.get("dark", True)), **chosen)


def _is_colour(value: str) -> bool:
    digits = value[1:]
    return (
        value.startswith("#")
        and len(digits) == 6
        and set(digits.lower()) <= set("0123456789abcdef")
    )


def textual_theme(colours: Colours) -> Theme:
    """The same colours as Textual's own widgets (inputs, text areas) take them."""
    return Theme(
        name=colours.name,
        primary=colours.accent,
        secondary=colours.accent,
        accent=colours.accent,
        warning=colours.warning,
        error=colours.error,
        success=colours.accent,
        foreground=colours.text,
        background=colours.background,
        surface=colours.background,
        panel=colours.background,
        dark=colours.dark,
        variables={
            "dim": colours.dim,
            "rule": colours.rule,
            "cursor": colours.cursor,
            "quiet": colours.quiet,
            "input-cursor-background": colours.text,
            "input-cursor-foreground": colours.background,
            "input-selection-background": colours.cursor,
        },
    )
