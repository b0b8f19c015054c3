"""Messages that are read from elsewhere than the list: the way back, and what keys act on then."""

from functools import partial
from pathlib import Path

import pytest
from textual import events

from tests.ui.stage import Showing, Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.ui.screens.card import CardPanel, CardScreen
from tui_mail.ui.screens.trace import TracePanel

FERRI = "Luca Ferri <l.ferri@ferri.it>"
SIZES = [(80, 24), (120, 36)]


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def _mail(stage: Stage) -> None:
    """The list's cursor is on the newest, which no customer wrote."""
    await stage.receive("Prima lettera", body="di Ferri, la prima\n")
    await stage.receive("consegna ordine 2026/119", body="di Ferri, la seconda\n")
    await stage.receive("Estratto conto", sender="Studio Neri <s@neri.it>", body="di Neri\n")


async def _card_of_ferri(shown: Showing) -> None:
    await shown.press("g", "c", *"ferri")
    await shown.sees("Ferri Impianti Srl")
    await shown.press("enter")
    await shown.sees("Mail · 2")


def _is_card(shown: Showing) -> bool:
    return isinstance(shown.console.screen, CardScreen)


def _cursor(shown: Showing) -> str:
    """The subject on which the cursor of a card's mail stands."""
    trace = shown.console.screen.query_one(TracePanel)
    return "" if trace.row is None else trace.row.subject


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", ["q", "escape", "u"])
async def test_what_was_opened_from_a_card_leads_back_to_it_and_then_to_the_list(
    stage: Stage, size: tuple[int, int], key: str
) -> None:
    await _mail(stage)
    async with showing(stage, size) as shown:
        await _card_of_ferri(shown)
        await shown.press("tab", "down", "enter")
        await shown.sees("di Ferri, la prima")
        assert shown.focused == "reader"
        await shown.press(key)
        await shown.until(lambda: _is_card(shown) and _cursor(shown) == "Prima lettera")
        assert shown.focused == "trace"
        await shown.press(key)
        await shown.until(lambda: not _is_card(shown) and shown.focused == "threads")
        await shown.lacks("di Ferri, la prima")
        await shown.press("e")
        await shown.sees("Archived “Estratto conto”")


async def test_the_list_takes_back_what_is_shown_whichever_way_it_gets_the_focus(
    stage: Stage,
) -> None:
    await _mail(stage)
    async with showing(stage) as shown:
        await shown.sees("di Neri")
        await _card_of_ferri(shown)
        await shown.press("tab", "enter")
        await shown.sees("di Ferri, la seconda", "Order 119")
        await shown.press("alt+2")
        await shown.sees("di Neri", "Nothing is linked")
        await shown.press("alt+3", "q", "q")
        await shown.sees("Press q again to quit.")


async def test_cards_on_cards_are_gone_back_through_one_by_one(stage: Stage) -> None:
    await _mail(stage)
    async with showing(stage) as shown:
        await shown.press("g", "o", *"88")
        await shown.sees("Ferri Impianti")
        await shown.press("enter")
        await shown.until(lambda: "Invoice 88/A" in shown.screen()[0])
        await shown.press("home", "enter")
        await shown.until(lambda: "Order 119" in shown.screen()[0])
        await shown.press("tab", "enter")
        await shown.sees("di Ferri, la seconda")
        await shown.press("q")
        await shown.until(lambda: _is_card(shown) and "Order 119" in shown.screen()[0])
        await shown.press("q")
        await shown.until(lambda: _is_card(shown) and "Invoice 88/A" in shown.screen()[0])
        assert shown.focused == "card"
        await shown.press("q")
        await shown.until(lambda: shown.console.screen is shown.main)
        await shown.sees("di Neri")


async def test_the_cursor_is_on_the_record_that_was_left_whatever_was_read(stage: Stage) -> None:
    def record() -> str:
        chosen = shown.console.screen.query_one(CardPanel).chosen
        return "" if chosen is None else chosen.code

    await _mail(stage)
    async with showing(stage) as shown:
        await _card_of_ferri(shown)
        await shown.until(lambda: record() != "")
        first = record()
        await shown.press("end")
        await shown.until(lambda: record() != first)
        left = record()
        await shown.press("tab", "enter")
        await shown.sees("di Ferri, la seconda")
        await shown.press("q")
        await shown.until(lambda: _is_card(shown) and record() == left)
        await shown.press("tab", "enter")
        await shown.until(lambda: "Luca Ferri" in shown.screen()[0])
        await shown.press("tab", "enter")
        await shown.sees("di Ferri, la seconda")
        await shown.press("q", "q")
        await shown.until(lambda: "Ferri Impianti" in shown.screen()[0] and record() == left)


async def test_a_card_is_read_though_another_screen_comes_and_goes(stage: Stage) -> None:
    await _mail(stage)
    async with showing(stage) as shown:
        for moment in range(0, 60, 2):  # it may go at any
            shown.main.desk.open_card(stage.ids["customer:C107"])
            shown.console.post_message(events.Key("question_mark", "?"))
            await shown.pilot.pause(moment / 1000)
            shown.console.post_message(events.Key("escape", None))
            await shown.until(partial(_is_card, shown))
            await shown.sees("Mail · 2", "Order 119")
            await shown.press("escape")
            await shown.until(lambda: shown.console.screen is shown.main)


async def test_a_card_is_as_it_was_left(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TracePanel, "WINDOW", 3)
    for number in range(9):
        await stage.receive(f"Lettera {number}", body=f"testo {number}\n")
    async with showing(stage) as shown:
        await shown.press("j", "t")
        await shown.until(lambda: _is_card(shown) and _cursor(shown))
        await shown.press("backslash", *"came", "enter")
        await shown.sees("came in")
        await shown.until(lambda: _cursor(shown) == "Lettera 8")
        for number in range(7, 1, -1):
            await shown.press("j")
            await shown.until(lambda number=number: _cursor(shown) == f"Lettera {number}")  # type: ignore[misc]
        await shown.press("enter")
        await shown.sees("testo 2")
        await shown.press("q")
        await shown.until(lambda: _is_card(shown) and _cursor(shown) == "Lettera 2")
        await shown.sees("came in")


@pytest.mark.parametrize("size", SIZES)
async def test_what_was_opened_from_the_records_leads_back_to_them(
    stage: Stage, size: tuple[int, int]
) -> None:
    await _mail(stage)
    async with showing(stage, size) as shown:
        await shown.press("j", "i")
        await shown.sees("Mail of Ferri Impianti", "Order 119")
        await shown.press("end", "enter")
        await shown.sees("di Ferri, la prima")
        await shown.press("escape")
        await shown.until(lambda: shown.focused == "records")
        await shown.sees("Order 119")
        await shown.press("enter")
        await shown.sees("di Ferri, la prima")
        await shown.press("escape", "escape")
        await shown.until(lambda: shown.focused == "threads")
        await shown.lacks("di Ferri, la prima")
        await shown.press("r")
        await shown.sees("Re: consegna ordine 2026/119")


async def test_what_is_read_from_a_card_stays_when_the_list_changes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui_mail.ui.screens.main._REST_SECONDS", 0.001)
    await _mail(stage)
    async with showing(stage) as shown:
        await _card_of_ferri(shown)
        await shown.press("tab", "down", "enter")
        await shown.sees("di Ferri, la prima")
        stage.archive(stage.rows()[0])
        await shown.sees("Inbox · 2")
        await shown.press("e")
        await shown.sees("Archived “Prima lettera”")


async def test_an_earlier_message_of_the_conversation_is_left_for_the_row(stage: Stage) -> None:
    first = await stage.receive("Preventivo", body="prima\n")
    await stage.receive("Re: Preventivo", body="seconda\n", reply_to=first)
    async with showing(stage) as shown:
        await shown.press("enter")
        await shown.sees("Message 2 of 2")
        await shown.press("p")
        await shown.sees("Message 1 of 2")
        await shown.press("q")
        await shown.sees("Message 2 of 2", "seconda")


async def test_more_verbs_are_about_what_is_shown_from_the_records_too(stage: Stage) -> None:
    await _mail(stage)
    async with showing(stage) as shown:
        await _card_of_ferri(shown)
        await shown.press("tab", "down", "enter")
        await shown.sees("di Ferri, la prima")
        await shown.press("i", "comma", "c")
        await shown.sees("Copy “Prima lettera” to")


async def test_a_link_is_made_for_the_message_whose_records_are_shown(stage: Stage) -> None:
    await _mail(stage)
    async with showing(stage, (80, 24)) as shown:
        await shown.press("enter")
        await shown.sees("di Neri")
        await shown.press("q", "j", "i")
        await shown.sees("Order 119")
        await shown.press("L")
        await shown.sees("Link “consegna ordine 2026/119”")


async def test_a_screen_that_grows_shows_the_message_that_the_cursor_is_on_by_now(
    stage: Stage,
) -> None:
    await _mail(stage)
    async with showing(stage, (80, 24)) as shown:
        await shown.press("enter")
        await shown.sees("di Neri")
        await shown.press("q", "down", "down")
        first = stage.rows()[2].message_id
        await shown.until(lambda: shown.main.records.message_id == first)  # the cursor has rested
        await shown.pilot.resize_terminal(120, 36)
        await shown.sees("di Ferri, la prima")
        await shown.lacks("di Neri")
