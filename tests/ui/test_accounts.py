"""The screen that says how the accounts are and who works on them, live."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.db import house
from tests.ui.stage import EMAIL, Stage, aside, build, showing
from tui_mail.db import accounts, erp, turns
from tui_mail.db.engine import Database
from tui_mail.db.tables import Account
from tui_mail.db.turns import Holder


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def test_it_says_who_serves_an_account_and_what_is_wrong_as_it_happens(stage: Stage) -> None:
    database = stage.database
    async with showing(stage) as shown:
        await shown.press("f8")
        await shown.sees("1 account", EMAIL, "never up to date", "nobody serves it")
        token = aside(
            lambda: database.write_now(turns.seize, stage.account, Holder("mail2.rossi.it", 812))
        )
        success = datetime.now(UTC) - timedelta(minutes=5)
        aside(lambda: database.write_now(accounts.record_success, stage.account, success))
        await shown.sees("served by mail2.rossi.it, process 812", "5 min ago")
        failure = "The server [/] does not\x1b[2J answer."
        now = datetime.now(UTC)
        aside(lambda: database.write_now(accounts.record_failure, stage.account, failure, now))
        await shown.sees("The server [/] does not", "answer.")
        aside(lambda: database.write_now(turns.give_back, stage.account, token))
        await shown.sees("nobody serves it")
        await shown.press("q")
        await shown.lacks("nobody serves it")


async def test_it_speaks_italian_and_is_found_among_the_commands(stage: Stage) -> None:
    async with showing(stage, language="it") as shown:
        await shown.press("ctrl+p")
        await shown.press(*"stanno")
        await shown.press("enter")
        await shown.sees("1 account", "mai aggiornato", "nessuno lo serve")


async def test_an_address_takes_the_room_that_there_is_and_the_way_out_is_told(
    stage: Stage,
) -> None:
    long = "amministrazione@rossi-impianti-srl.example"
    wish = Account(email=long, protocol="imap", host="localhost", port=1)
    stage.database.write_now(accounts.add_account, wish, stage.anna)
    async with showing(stage, (80, 24), language="it") as shown:
        await shown.press("f8")
        await shown.sees(long, "mai aggiornato", "Esc chiudi")


async def test_an_account_is_paused_and_goes_on_with_a_key(stage: Stage) -> None:
    database = stage.database
    async with showing(stage) as shown:
        await shown.press("f8")
        await shown.sees(EMAIL, "pause or go on")
        await shown.press("p")
        await shown.sees("paused: nothing is fetched", f"Paused: {EMAIL}")
        await shown.press("q")
        await shown.sees("‖ 1 paused")
        await shown.press("f8")
        await shown.sees("paused: nothing is fetched")
        aside(lambda: database.write_now(accounts.pause, stage.anna, None, paused=False))
        await shown.lacks("paused: nothing is fetched")


async def test_all_are_paused_at_once_and_the_cursor_goes_from_one_to_the_next(
    stage: Stage,
) -> None:
    database = stage.database

    def add(email: str) -> None:
        wish = Account(email=email, protocol="imap", host="localhost", port=1)
        database.write_now(accounts.add_account, wish, stage.anna)

    async with showing(stage) as shown:
        for email in ("aaa@rossi.it", "zzz@rossi.it"):
            aside(partial(add, email))
        await shown.press("f8")
        await shown.sees("3 accounts")
        await shown.press("P")
        await shown.sees("Paused: aaa@rossi.it, vendite@rossi.it, zzz@rossi.it")
        await shown.press("j", "p")
        await shown.sees("Fetched from again: vendite@rossi.it")
        await shown.press("end", "p")
        await shown.sees("Fetched from again: zzz@rossi.it")
        await shown.press("home", "k", "p")
        await shown.sees("Fetched from again: aaa@rossi.it")
        await shown.lacks("paused: nothing is fetched")


async def test_who_does_not_manage_an_account_is_told_so(stage: Stage) -> None:
    bruno = aside(lambda: stage.database.write_now(accounts.operator_for, "bruno")).id or 0
    stage.anna = bruno
    async with showing(stage) as shown:
        await shown.press("f8")
        await shown.sees(EMAIL)
        await shown.press("p")
        await shown.sees("You may not do this")
        await shown.press("P")
        await shown.sees("You manage none of these")


async def test_a_schedule_says_until_when(stage: Stage) -> None:
    change = accounts.AccountChange(schedule="mon,tue,wed,thu,fri,sat,sun 00:00-24:00 off")
    aside(lambda: stage.database.write_now(accounts.change_account, stage.anna, EMAIL, change))
    async with showing(stage) as shown:
        await shown.sees("‖ 1 paused")
        await shown.press("f8")
        await shown.sees("paused by its schedule until 00:00")


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_places_of_the_erp_are_below_the_accounts(
    stage: Stage, size: tuple[int, int]
) -> None:
    database = stage.database
    async with showing(stage, size=size) as shown:
        await shown.press("f8")
        await shown.sees(EMAIL)
        await shown.lacks("── ERP")
        aside(lambda: database.write_now(erp.add_source, "gestionale", "/srv/erp"))
        await shown.sees("── ERP", "gestionale", "never read")
        failure = "The folder [/] is\x1b[2J gone."
        aside(lambda: database.write_now(erp.source_failed, "gestionale", failure))
        await shown.sees("⚠ gestionale", "The folder [/] is")
        then = datetime.now(UTC) - timedelta(minutes=5)
        change = house.changes(lines=())
        aside(lambda: database.write_now(erp.take, "gestionale", change, then))
        await shown.sees("● gestionale", "5 min ago", "records changed: their mail is still")
        await shown.press("down", "down", "p")
        await shown.sees(f"Paused: {EMAIL}")


async def test_the_places_of_the_erp_in_italian(stage: Stage) -> None:
    aside(lambda: stage.database.write_now(erp.add_source, "gestionale", "/srv/erp"))
    async with showing(stage, language="it") as shown:
        await shown.press("f8")
        await shown.sees("gestionale", "mai letto")
