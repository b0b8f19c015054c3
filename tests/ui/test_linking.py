"""Linking at the keyboard, in a real terminal of 120 x 36: how few keys it takes."""

import re
import sys
from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.ui.stage import Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.i18n import set_language
from tui_mail.linking import pipeline
from tui_mail.ui.kinds import method_name
from tui_mail.ui.screens.link import Candidate, draw

_PROGRAM = Path(__file__).with_name("console_program.py")
_ROOT = _PROGRAM.parents[2]
STRANGER = "Anna Verdi <averdi@gmail.com>"
SIGNED = "Buongiorno,\n\nquanto costano due pompe?\n\nAnna Verdi\nBianchi S.p.A.\nTel. 051 123456\n"


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


@pytest.fixture
async def terminal(stage: Stage) -> AsyncIterator[Terminal]:
    await stage.receive("Conferma ordine 2026/119")
    await stage.receive("Ancora l'ordine 2026/119")
    await stage.receive("Richiesta di prezzi", sender=STRANGER, body=SIGNED)
    url = stage.database.engine.url.render_as_string(hide_password=False)
    arguments = [sys.executable, str(_PROGRAM), url, str(stage.folder), str(stage.anna)]
    opened = Terminal(arguments, 120, 36, {"PYTHONPATH": str(_ROOT)})
    yield opened
    opened.close()


async def test_a_stranger_is_linked_and_confirmed_in_two_keys(terminal: Terminal) -> None:
    terminal.until("Nothing is linked")
    terminal.send("L")
    terminal.until("“Bianchi S.p.A.” in the text")
    terminal.send("\r")
    terminal.until("✓ Bianchi Spa")
    terminal.send("\x1b")
    terminal.until(lambda one: "Linked by hand" in one.text or "by anna" in one.text)


async def test_one_key_leads_from_a_message_to_all_mail_of_its_order(terminal: Terminal) -> None:
    terminal.until("Nothing is linked")
    terminal.send("j")
    terminal.until("Order 119")
    terminal.send("t")
    terminal.until("Mail · 2")
    terminal.until("─ Order 119 ─")
    terminal.until("Conferma ordine")


async def test_a_number_that_is_typed_leads_to_its_mail(terminal: Terminal) -> None:
    terminal.until("Nothing is linked")
    terminal.send("go119\r")
    terminal.until("Mail · 2")
    terminal.until("Conferma ordine")


async def test_a_link_shows_why_and_how_surely_and_a_refusal_is_remembered(stage: Stage) -> None:
    await stage.receive("Conferma ordine 2026/119")
    async with showing(stage) as shown:
        await shown.press("L")
        await shown.sees("Order 119", "ordine 2026/119")
        await shown.press("delete")
        await shown.sees("Rejected SO 119", "x Order 119")
        await shown.press("escape")
        await shown.lacks("x Order 119")
        await shown.press("z")
        await shown.sees("Taken back: the links are as they were.")


async def test_a_decision_can_be_for_the_whole_conversation(stage: Stage) -> None:
    first = await stage.receive("Prezzi", sender=STRANGER, body=SIGNED)
    await stage.receive("Re: Prezzi", sender=STRANGER, body=SIGNED, reply_to=first)
    async with showing(stage) as shown:
        await shown.press("L", "insert")
        await shown.sees("the whole conversation")
        await shown.press("enter")
        await shown.sees("Linked Bianchi Spa")
        await shown.press(*"ferri", "enter")  # a second party beside the first
        await shown.sees("Linked Ferri Impianti Srl")
        await shown.press("escape")
        await shown.press("t")
        await shown.sees("Mail · 2")


_LONG = "Riferimento alla vostra gradita conferma dell'ordine 2026/119 del tre novembre scorso"


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_the_whole_reason_is_below_the_list_with_method_and_score(
    stage: Stage, size: tuple[int, int]
) -> None:
    await stage.receive(_LONG, sender="Acquisti <acquisti@bianchi.it>")
    async with showing(stage, size) as shown:
        await shown.press("L")
        await shown.sees("? Order 119", "· Bianchi Spa")
        await shown.sees("proposed · subject · ", "%: the subject says “")
        whole = " ".join(" ".join(shown.screen()).split())
        assert "but it is of Ferri Impianti Srl, who is not on this message" in whole
        await shown.press("down")
        await shown.sees("automatic · address · ", "acquisti@bianchi.it is one of its")
        await shown.press("up", "enter")
        await shown.sees("confirmed · subject", "confirmed by anna")


async def test_the_panel_says_by_what_a_link_was_found(stage: Stage) -> None:
    await stage.receive("Ordine 2026/119")
    async with showing(stage) as shown:
        await shown.sees("subject · 9", "address · 9")
    async with showing(stage, language="it") as shown:
        await shown.sees("oggetto · 9", "indirizzo · 9")


def test_each_method_has_a_name_in_both_languages() -> None:
    stages = Path(pipeline.__file__).parent.glob("*.py")
    methods = {
        name for file in stages for name in re.findall(r'method="(\w+)"', file.read_text("utf-8"))
    }
    assert methods >= {"folder", "address", "thread"}
    set_language("it")
    try:
        unnamed = {one for one in methods if method_name(one) == one}
    finally:
        set_language("en")
    assert not unnamed


def test_a_long_name_of_a_kind_leaves_room_for_the_number() -> None:
    today = date(2026, 11, 24)
    row = Candidate(1, "purchase_order", "2026/163", "", "Tubi Zani Srl", today, None)
    wide, narrow = ("".join(piece.text for piece in draw(row, today, width)) for width in (120, 60))
    assert "Purchase order 163 " in wide
    assert " PO 163 " in narrow


@pytest.mark.parametrize("language", ["en", "it"])
def test_at_80_columns_neither_the_method_nor_a_customer_s_name_is_cut(language: str) -> None:
    today = date(2026, 11, 24)
    order = Candidate(
        1, "sales_order", "2026/119", "", "Ferri Impianti Srl", date(2026, 11, 3), Decimal(1204),
        "automatic", "", 100, "thread",
    )  # fmt: skip
    firm = Candidate(
        2, "customer", "C107", "Ferri Impianti e Figli di Luca Ferri Srl", "", None, None,
        "automatic", "", 95, "learned",
    )  # fmt: skip
    set_language(language)
    try:
        of_order, of_firm = (
            "".join(piece.text for piece in draw(row, today, 80)) for row in (order, firm)
        )
        ways = [method_name(row.method) for row in (order, firm)]
    finally:
        set_language("en")
    assert f" {ways[0]} " in of_order
    assert of_order.rstrip().endswith(" 100")
    assert f" {firm.title} " in of_firm
    assert f" {ways[1]} " in of_firm
    assert of_firm.rstrip().endswith(" 95")


async def test_the_hints_begin_with_what_enter_does(stage: Stage) -> None:
    await stage.receive("Ordine 2026/119")
    async with showing(stage, (80, 24)) as shown:
        await shown.press("L")
        await shown.sees("Link “Ordine 2026/119”")
        await shown.until(lambda: shown.screen()[-1].startswith(" Enter confirm  Del reject"))
