"""Theme files: complete, readable, and wrong ones named."""

from pathlib import Path

import pytest

from tui_mail.errors import SettingsWrong
from tui_mail.ui.theme import COLOURS, Inks, load_colours, textual_theme, themes_folder

NAMES = sorted(path.stem for path in themes_folder().glob("*.toml"))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.1."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_there_is_a_dark_and_a_light_theme() -> None:
    assert {"dark", "light"} <= set(NAMES)
    assert load_colours("dark").dark
    assert not load_colours("light").dark


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ink", ["text", "dim", "accent", "warning", "error"])
def test_every_ink_can_be_read_on_every_ground(name: str, ink: str) -> None:
    colours = load_colours(name)
    for ground in ("background", "cursor", "quiet"):
        assert contrast(getattr(colours, ink), getattr(colours, ground)) >= 4.5, ground


@pytest.mark.parametrize("name", NAMES)
def test_textual_gets_the_same_colours(name: str) -> None:
    colours = load_colours(name)
    theme = textual_theme(colours)
    assert (theme.background, theme.foreground) == (colours.background, colours.text)


def test_styles_are_words() -> None:
    inks = Inks(load_colours("dark"))
    style = inks.style("accent bold", "cursor")
    assert style.bold
    assert style.color is not None
    assert style.color.name == inks.colours.accent
    assert style.bgcolor is not None
    assert style.bgcolor.name == inks.colours.cursor
    assert inks.style("no such word") == inks.style("")


def test_an_unknown_theme_names_those_that_are_there() -> None:
    with pytest.raises(SettingsWrong, match="dark, light"):
        load_colours("neon")
    with pytest.raises(SettingsWrong):
        load_colours("../dark")


def test_a_wrong_colour_names_file_and_colour(tmp_path: Path) -> None:
    lines = [f'{colour} = "#112233"' for colour in COLOURS if colour != "dim"]
    (tmp_path / "mine.toml").write_text("[colours]\n" + "\n".join(lines))
    with pytest.raises(SettingsWrong, match=r"mine\.toml.*dim"):
        load_colours("mine", tmp_path)
    (tmp_path / "mine.toml").write_text("[colours\n")
    with pytest.raises(SettingsWrong, match=r"mine\.toml"):
        load_colours("mine", tmp_path)
