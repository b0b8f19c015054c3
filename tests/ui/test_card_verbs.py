"""The verbs of mail on a record's card: the same keys as in the list, about the row in hand."""

from pathlib import Path

import pytest

from tests.ui.stage import Showing, Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.db.rows import ListRow
from tui_mail.ui.screens.card import CardScreen
from tui_mail.ui.screens.compose import ComposeScreen

SIZES = [(80, 24), (120, 36)]


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def _on_mail(stage: Stage, shown: Showing) -> None:
    """The card of the order, the cursor on the second of its two messages."""
    await shown.press("t")
    await shown.sees("Mail · 2", "consegna ordine 2026/119", "sollecito ordine 2026/119")
    await shown.press("j")
    await shown.sees("▌")


async def _two(stage: Stage) -> None:
    await stage.receive("consegna ordine 2026/119", seen=True)
    await stage.receive("sollecito ordine 2026/119", seen=True)


def _row(stage: Stage, folder: str = "INBOX") -> ListRow:
    """The message that the verbs are about."""
    return next(row for row in stage.rows(folder) if row.subject.startswith("consegna"))


@pytest.mark.parametrize("size", SIZES)
async def test_a_message_is_starred_and_marked_unread_and_read(
    stage: Stage, size: tuple[int, int]
) -> None:
    await _two(stage)
    async with showing(stage, size) as shown:
        await _on_mail(stage, shown)
        await shown.press("s")
        await shown.sees("Starred “consegna ordine 2026/119” – z to undo", "★")
        assert _row(stage).starred
        await shown.press("z")
        await shown.lacks("★")
        await shown.press("Z")
        await shown.sees("★", "Done again.")
        await shown.press("U")
        await shown.sees("Marked unread “consegna", "●★")
        await shown.press("I")
        await shown.sees("Marked read “consegna")
        assert not _row(stage).unread


@pytest.mark.parametrize(
    ("key", "folder", "said"),
    [("e", "Archive", "Archived"), ("d", "Trash", "Deleted")],
)
async def test_a_message_is_archived_or_deleted_alone_and_comes_back(
    stage: Stage, key: str, folder: str, said: str
) -> None:
    first = await stage.receive("consegna ordine 2026/119", seen=True)
    await stage.receive("Re: ordine 2026/119", seen=True, reply_to=first)
    async with showing(stage) as shown:
        await shown.press("t")
        await shown.sees("Mail · 2", "consegna ordine 2026/119")
        await shown.press("j", key)
        await shown.sees(f"{said} “consegna ordine 2026/119” – z to undo")
        assert _row(stage, folder).total == 1
        assert [row.subject for row in stage.rows()] == ["Re: ordine 2026/119"]
        await shown.press("z")
        await shown.until(lambda: not stage.rows(folder))


async def test_a_verb_that_asks_asks_over_the_card_and_a_dot_does_it_again(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await _on_mail(stage, shown)
        await shown.press("v")
        await shown.sees("Move “consegna ordine 2026/119” to")
        await shown.press(*"arch", "enter")
        await shown.sees("Moved “consegna ordine 2026/119” to Archive", "Mail · 2")
        await shown.press("l", *"fiera")
        await shown.sees("a new tag")
        await shown.press("enter")
        await shown.sees("“consegna ordine 2026/119” tagged fiera")
        await shown.press("k", "full_stop")
        await shown.sees("“sollecito ordine 2026/119” tagged fiera")
        await shown.press("m")
        await shown.sees("Whose turn is it in “sollecito")
        await shown.press("escape", "at")
        await shown.sees("Assign “sollecito ordine 2026/119” to", "anna")
        await shown.press("enter")
        await shown.sees("Assigned “sollecito ordine 2026/119” to anna")
        assert isinstance(shown.console.screen, CardScreen)


async def test_a_record_is_linked_from_the_card(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await _on_mail(stage, shown)
        await shown.press("L")
        await shown.sees("Link “consegna ordine 2026/119”")
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))


async def test_an_answer_is_begun_on_the_card_and_left_there(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await _on_mail(stage, shown)
        await shown.press("r")
        await shown.until(lambda: isinstance(shown.console.screen, ComposeScreen))
        await shown.sees("Re: consegna ordine 2026/119")
        await shown.press("escape")
        await shown.until(lambda: isinstance(shown.console.screen, CardScreen))
        await shown.sees("Mail · 2")


async def test_the_mail_of_another_record_opens_its_card_on_top(stage: Stage) -> None:
    await stage.receive("fattura 88/A", seen=True)
    async with showing(stage) as shown:
        await shown.press("g", "c", *"ferri")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees("Customer Ferri", "Mail · 1")
        await shown.press("tab", "t")
        await shown.sees("Invoice 88/A", "Mail · 1")
        await shown.press("escape")
        await shown.sees("Customer Ferri")


async def test_t_on_a_record_of_the_card_shows_its_mail(stage: Stage) -> None:
    await stage.receive("fattura 88/A", seen=True)
    async with showing(stage) as shown:
        await shown.press("g", "o", *"119")
        await shown.sees("Order 119")
        await shown.press("enter")
        await shown.sees("Order 119", "Chain", "No mail is linked to this record.")
        await shown.press("t")
        await shown.until(lambda: shown.focused == "trace")
        await shown.press("tab", "down", "t")
        await shown.sees("Invoice 88/A", "Mail · 1")
        assert shown.focused == "trace"


async def test_a_card_without_mail_says_that_there_is_none(stage: Stage) -> None:
    await stage.receive("Un saluto", sender="Nessuno <x@gmail.com>")
    async with showing(stage) as shown:
        await shown.press("g", "o", *"119")
        await shown.sees("Order 119")
        await shown.press("enter")
        await shown.sees("No mail is linked to this record.")
        await shown.press("tab", "s")
        await shown.sees("There is no message here.")
        await shown.press("N")
        await shown.sees("This key does nothing yet.")


ELSEWHERE = "This is done from the list: Esc closes the card."


@pytest.mark.parametrize("keys", [
    ("g", "d"), ("g", "a"), ("g", "s"), ("O", "d"), ("O", "s"), ("asterisk", "a"),
    ("asterisk", "r"), ("comma", "j"),
])  # fmt: skip
async def test_a_key_of_two_strokes_that_is_the_lists_does_nothing_to_the_cards_mail(
    stage: Stage, keys: tuple[str, str]
) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await _on_mail(stage, shown)
        await shown.press(*keys)
        await shown.sees(ELSEWHERE)
        assert isinstance(shown.console.screen, CardScreen)
        assert not stage.rows("Trash")
        assert not _row(stage).starred
        await shown.press("s")  # and the next key is one of the card's again
        await shown.sees("Starred “consegna ordine 2026/119”")


async def test_a_second_key_that_means_nothing_is_swallowed_too(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage) as shown:
        await _on_mail(stage, shown)
        await shown.press("O", "e", "comma", "escape", "g", "R", "s")
        await shown.sees("Starred “consegna ordine 2026/119”")
        assert isinstance(shown.console.screen, CardScreen)
        assert len(stage.rows()) == 2


async def test_verbs_of_two_strokes_are_about_the_cards_mail(stage: Stage) -> None:
    first = await stage.receive("consegna ordine 2026/119", seen=True)
    await stage.receive("Re: ordine 2026/119", seen=True, reply_to=first)
    async with showing(stage) as shown:
        await shown.press("t")
        await shown.sees("Mail · 2", "consegna ordine 2026/119")
        await shown.press("j", "comma")
        await shown.sees(", … c copy to a folder  s split the conversation here")
        await shown.lacks("join conversations")
        await shown.press("c", *"arch")
        await shown.sees("Copy “consegna ordine 2026/119” to")
        await shown.press("enter")
        await shown.sees("Copied “consegna ordine 2026/119” to Archive")
        await shown.press("k", "comma", "s")
        await shown.sees("A conversation of its own: “Re: ordine 2026/119”")
        await shown.press("j", "g", "g", "s")
        await shown.sees("Starred “Re: ordine 2026/119”")
        await shown.press("tab", "comma", "c")
        await shown.sees("There is no message here.")
        assert isinstance(shown.console.screen, CardScreen)


async def test_the_help_of_a_card_has_its_keys_of_two_strokes_only(stage: Stage) -> None:
    await _two(stage)
    async with showing(stage, (120, 60)) as shown:
        await _on_mail(stage, shown)
        await shown.press("f1")
        await shown.sees(", c", "copy to a folder", "g g")
        await shown.lacks("mark by kind", "order of the list", "drafts", "join conversations")
