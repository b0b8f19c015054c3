"""Searching by the line: mistakes with their place; searches that are kept under names."""

from pathlib import Path

import pytest
from textual.events import Key

from tests.ui.stage import Showing, Stage, aside, build, showing
from tui_mail.db.engine import Database
from tui_mail.db.saved_list import saved_searches
from tui_mail.ui.screens.pick import PickScreen
from tui_mail.ui.widgets.text import SafeInput


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def _two(stage: Stage) -> None:
    await stage.receive("Offerta pompe")
    await stage.receive("Estratto conto")


def _names(stage: Stage) -> list[str]:
    rows = aside(lambda: stage.database.read_now(saved_searches, stage.anna))
    return [row.name for row in rows]


async def _find(shown: Showing, text: str) -> None:
    await shown.press("/")
    shown.main.query_one("#search", SafeInput).value = ""
    await shown.press(*("space" if key == " " else key for key in text), "enter")


async def test_a_mistake_is_shown_below_the_line_and_the_text_is_kept(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await shown.sees("Offerta pompe")
        await _find(shown, "pompe form:x")
        await shown.sees("“form:” is no operator. Did you mean “from:”?", "pompe form:x", "^^^^^")
        lines = shown.screen()
        typed = next(number for number, line in enumerate(lines) if "pompe form:x" in line)
        assert lines[typed + 1].index("^^^^^") == lines[typed].index("form:")
        assert not shown.main.threads.words
        await shown.press("backspace")
        await shown.lacks("is no operator")
        await shown.press("escape")
        await shown.sees("Estratto conto")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_title_and_the_folders_say_that_it_is_a_search(
    stage: Stage, size: tuple[int, int]
) -> None:
    await _two(stage)
    async with showing(stage, size) as shown:
        await shown.until(lambda: "Inbox" in shown.screen()[0])
        await _find(shown, "pompe")
        await shown.until(lambda: "Search: pompe" in shown.screen()[0])
        assert "Inbox" not in shown.screen()[0]
        await shown.press("alt+1")
        await shown.sees("Inbox")
        await shown.lacks("▌Inbox")
        await shown.press("escape", "escape")
        await shown.until(lambda: "Inbox" in shown.screen()[0])
        await shown.press("alt+1")
        await shown.sees("▌Inbox")


async def test_one_goes_to_a_saved_search_as_to_a_folder(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await _find(shown, "pompe")
        await shown.sees("Search: pompe · 1")
        await shown.press("ctrl+s", *"Le", "space", *"pompe", "enter")
        await shown.sees("Saved the search")
        await shown.press("g", "i")
        await shown.sees("Estratto conto")
        await shown.press("g", "f", *"le", "space", *"pom")
        await shown.sees("Le pompe  ")
        await shown.press("enter")
        await shown.sees("Search: Le pompe · 1")


async def test_a_search_is_saved_shown_renamed_and_deleted(stage: Stage) -> None:
    await _two(stage)
    before = _names(stage)
    async with showing(stage) as shown:
        await shown.sees("Searches", before[0])
        await _find(shown, "pompe")
        await shown.sees("Search: pompe · 1")
        await shown.press("ctrl+s", *"Le", "space", *"pompe", "enter")
        await shown.sees("Saved the search “Le pompe” – z to undo")
        assert _names(stage) == [*before, "Le pompe"]
        await shown.press("escape", "alt+1", "end", "enter")
        await shown.sees("Search: Le pompe · 1")
        assert shown.focused == "threads"
        await shown.press("alt+1", "end", "f2", *"Tutte", "enter")
        await shown.sees("The search is called “Tutte”")
        await shown.until(lambda: _names(stage) == [*before, "Tutte"])
        await shown.until(lambda: any("Tutte" in line[:22] for line in shown.screen()))
        await shown.press("d")
        await shown.sees("Deleted the search “Tutte”; its mail stays – z to undo")
        await shown.press("z")
        await shown.until(lambda: _names(stage) == [*before, "Tutte"])
        await shown.until(lambda: any("Tutte" in line[:22] for line in shown.screen()))


async def test_the_list_itself_is_searched_and_what_was_found_again(stage: Stage) -> None:
    await _two(stage)
    await stage.receive("Offerta viti")
    await stage.receive("Offerta dadi", folder="Archive")
    async with showing(stage) as shown:
        await shown.sees("Inbox · 3")
        await shown.press("backslash", *"offerta", "enter")
        await shown.sees("· 2 ", "Offerta viti", "Offerta pompe")
        await shown.press("backslash", *"viti", "enter")
        await shown.sees("· 1 ", "Offerta viti")
        await shown.press("escape")
        await shown.sees("Inbox · 3")


async def test_a_search_that_takes_the_place_of_another_says_so(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await shown.sees("Searches", "Mine")
        await _find(shown, "pompe")
        await shown.sees("Search: pompe · 1")
        await shown.press("ctrl+s", *"mine", "enter")
        await shown.sees("Replaced “Mine” – z to undo")
        assert "Mine" not in _names(stage)
        await shown.press("escape", "z")
        await shown.until(lambda: "Mine" in _names(stage))


async def test_what_is_unread_in_a_saved_search_is_counted(stage: Stage) -> None:
    for subject in ("Uno", "Due"):
        await stage.receive(subject, sender="Nessuno <n@altrove.it>")
    async with showing(stage) as shown:
        await shown.sees("Searches")
        name = _names(stage)[0]
        await shown.until(
            lambda: any(name in line and " 2 " in line[:24] for line in shown.screen())
        )


async def test_a_tag_that_nothing_has_is_told_where_nothing_is_found(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await shown.sees("Offerta pompe")
        await _find(shown, "tag:nessuno")
        await shown.sees("No message has the tag", "Nothing found.")


async def test_a_folder_is_no_search_to_be_saved(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await shown.sees("Offerta pompe")
        await shown.press("ctrl+s")
        await shown.sees("Search first")


async def test_help_says_what_the_line_understands(stage: Stage) -> None:
    async with showing(stage, (120, 60)) as shown:
        await shown.press("?", "end")
        await shown.sees("What / understands", "from: to: cc: bcc:")


async def test_a_long_mistake_is_read_to_its_end(stage: Stage) -> None:
    async with showing(stage, (80, 24)) as shown:
        await _find(shown, "is:qqqqqq")
        await shown.sees("it takes: unread, read", "draft, sent.")


async def test_who_types_faster_than_it_is_drawn_gets_what_was_typed(stage: Stage) -> None:
    await stage.receive("Le pompe")
    async with showing(stage) as shown:
        await _find(shown, "pompe")
        await shown.sees("Search: pompe")
        await shown.press("ctrl+s")
        await shown.until(lambda: isinstance(shown.console.screen, PickScreen))
        for key in ("P", "o", "m", "p", "e"):
            shown.console.post_message(Key(key, key))
        shown.console.post_message(Key("enter", None))
        await shown.until(lambda: "Pompe" in _names(stage))
        assert {"P", "Unlinked"} & {*_names(stage)} == {"Unlinked"}


async def test_enter_alone_takes_no_other_search_away(stage: Stage) -> None:
    await stage.receive("Le pompe")
    async with showing(stage) as shown:
        await _find(shown, "pompe")
        await shown.sees("Search: pompe")
        before = _names(stage)
        await shown.press("ctrl+s", "enter")
        await shown.sees("a name, or part of one")
        await shown.press("escape")
        await shown.lacks("a name, or part of one", "Saved the search")
        assert _names(stage) == before


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Enter find", "Esc close", "^S save", "from:anna", "before:1/3", "has:attachment")),
        ("it", ("Invio cerca", "Esc chiudi", "^S salva", "da:anna", "prima:1/3", "ha:allegati")),
    ],
)
async def test_the_search_line_says_what_is_typed_and_pressed(
    stage: Stage, language: str, said: tuple[str, ...]
) -> None:
    await _two(stage)
    async with showing(stage, (80, 24), language=language) as shown:
        await shown.sees("Offerta pompe")
        await shown.press("/")
        await shown.sees(*said)
        assert all(word in shown.screen()[-1] for word in said)
        await shown.press("escape")
        await shown.lacks(*said)


async def test_what_is_typed_is_saved_from_the_line_itself(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await shown.sees("Offerta pompe")
        await shown.press("/", *"pompe", "ctrl+s")
        await shown.until(lambda: isinstance(shown.console.screen, PickScreen))
        await shown.press(*"Pompe", "enter")
        await shown.sees("Saved the search “Pompe”", "Search: pompe · 1")
        await shown.sees("^S save the search", "Esc back")
        await shown.press("escape")
        await shown.sees("Estratto conto")
        await shown.lacks("^S save the search")


async def test_a_mistake_is_not_saved(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await shown.sees("Offerta pompe")
        await shown.press("/", *"form:x", "ctrl+s")
        await shown.sees("is no operator")
        assert not isinstance(shown.console.screen, PickScreen)


async def test_help_begins_with_the_language_where_a_search_is_typed(stage: Stage) -> None:
    async with showing(stage, (80, 24)) as shown:
        await shown.press("/", "f1")
        await shown.sees("What / understands", "from: to: cc: bcc:")
        await shown.press("escape")
        await shown.sees("search all mail")


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_what_an_empty_line_says_is_as_easy_to_read_as_the_keys(
    stage: Stage, theme: str
) -> None:
    async with showing(stage, theme=theme) as shown:
        await shown.press("/")
        await shown.sees("search all mail")
        line = shown.main.query_one("#search", SafeInput)
        style = line.get_component_rich_style("input--placeholder")
        assert style.color is not None
        assert style.color.name.lower() == shown.console.theme_variables["dim"].lower()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
@pytest.mark.parametrize(
    ("language", "starred", "inbox"),
    [("en", "Starred", "Inbox"), ("it", "Con stella", "In arrivo")],
)
async def test_what_a_key_searches_for_is_titled_in_words(
    stage: Stage, size: tuple[int, int], language: str, starred: str, inbox: str
) -> None:
    await stage.receive("ordine di pompe", sender="Luca Ferri <l.ferri@ferri.it>")
    async with showing(stage, size, language=language) as shown:
        await shown.press("s")
        await shown.sees("★")
        await shown.press("g", "s")
        await shown.sees(f"━ {starred} · 1 ━")
        await shown.press("backslash", *"ferri", "enter")
        await shown.sees(f"━ {starred} · ferri · 1 ━")
        await shown.press("escape", "backslash", *"ferri", "enter")
        await shown.sees(
            f"━ {inbox} · ferri · 1 ━", f"  {inbox} · ferri"[1 if size[0] < 100 else 0 :]
        )
        await shown.lacks("in:", "is:")
        await shown.press("backslash", *"OR", "space", *"pompe", "enter")
        await shown.sees("in:", "OR pompe · 1")
