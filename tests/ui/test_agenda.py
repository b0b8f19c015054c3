"""The agenda beside the mail says what falls due, to whom, in which currency."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import Session

from tests.db import house
from tests.ui.stage import Stage, build, showing
from tui_mail.db import erp
from tui_mail.db.engine import Database
from tui_mail.db.tables import Event
from tui_mail.values import EntityRecord, ErpChanges

CODE = f"{datetime.now(UTC).year}/71#1"


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    found = build(sqlite_database, tmp_path)
    due = EntityRecord(
        house.COMPANY, "due_item", CODE, party=house.FERRI, due_date=datetime.now(UTC).date(),
        amount=Decimal(980), open_amount=Decimal(980), currency="EUR", state="open",
    )  # fmt: skip
    sqlite_database.write_now(erp.take, "books", ErpChanges("", False, entities=(due,)), house.NOW)
    return found


@pytest.mark.parametrize(
    ("size", "language", "shown_as"),
    [
        ((120, 36), "it", ("  scade 71/1         980,00 €", "    Ferri Impianti Srl")),
        ((120, 36), "en", ("  due 71/1            €980.00", "    Ferri Impianti Srl")),
        ((235, 60), "en", ("  due 71/1 Ferri Impianti Srl", "€980.00")),
    ],
)
async def test_what_falls_due_says_whose_it_is_at_every_width(
    stage: Stage, size: tuple[int, int], language: str, shown_as: tuple[str, ...]
) -> None:
    async with showing(stage, size, language=language) as shown:
        await shown.sees(*shown_as)


async def test_the_card_of_what_falls_due_is_one_key_away(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.sees("due 71/1")
        await shown.press("alt+5", "enter")
        await shown.sees("━ Due item 71/1 ━", "Ferri Impianti Srl C107")


async def test_an_appointment_without_a_record_says_so(stage: Stage) -> None:
    start = datetime.now(UTC) + timedelta(hours=30)

    def add(session: Session) -> None:
        end = start + timedelta(hours=1)
        session.add(Event(uid="e1", title="Riunione", starts_at=start, ends_at=end))

    stage.database.write_now(add)
    async with showing(stage) as shown:
        await shown.sees("Riunione")
        await shown.press("alt+5", "end", "enter")
        await shown.sees("No record belongs to this appointment.")
