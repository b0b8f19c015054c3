"""A record's card and the panel of records, at the smallest and at the usual size, in both languages."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import date as Day
from decimal import Decimal
from pathlib import Path

import pytest

from tests.db import house
from tests.ui.stage import Showing, Stage, build, showing
from tui_mail.db import erp
from tui_mail.db.engine import Database
from tui_mail.values import EntityRecord, Reference, RelationRecord

SIZES = [(80, 24), (120, 36)]
WORDS = {
    "en": ("overdue", "next activity", "Richiamare Ferri", "Mail · 1", "since 16/11/2026"),
    "it": ("scaduto", "da fare", "Richiamare Ferri", "Posta · 1", "dal 16/11/2026"),
}
RAW = ("sales_order", "due_item", "their_reference", "customer:", "invoice:")


def _activity(code: str, title: str, days: int, state: str = "open") -> EntityRecord:
    """Of Ferri, due that many days from now."""
    return EntityRecord(
        house.COMPANY, "activity", code, title, party=house.FERRI,
        due_date=datetime.now(UTC).astimezone().date() + timedelta(days=days), state=state,
        details={"document": str(replace(house.ORDER, company="")), "kind": "call"},
    )  # fmt: skip


def _take(database: Database, *activities: EntityRecord) -> None:
    change = house.changes(entities=(*house.changes().entities, *activities))
    database.write_now(erp.take, "books", change, house.NOW)


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    found = build(sqlite_database, tmp_path)
    _take(
        sqlite_database,
        _activity("ATT0", "Dimenticato", -430),
        _activity("ATT3", "Più tardi", 9),
        _activity("ATT1", "Fatto", 1, "closed"),
        _activity("ATT2", "Richiamare Ferri", 2),
    )
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "it"])
async def test_a_card_says_what_is_overdue_what_is_next_and_what_was_written(
    stage: Stage, size: tuple[int, int], language: str
) -> None:
    await stage.receive("Un saluto")
    async with showing(stage, size, language=language) as shown:
        await shown.press("g", "c")
        await shown.press(*"ferri")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees(*WORDS[language], "Un saluto")
        await shown.lacks(*RAW)


@pytest.mark.parametrize(("language", "words"), [("en", "next: "), ("it", "da fare: ")])
async def test_the_panel_beside_a_message_says_what_is_next(
    stage: Stage, language: str, words: str
) -> None:
    await stage.receive("Un saluto")
    async with showing(stage, language=language) as shown:
        await shown.sees(
            words, "Richiamare", "Un saluto", "1.240,00" if language == "it" else "1,240.00"
        )
        await shown.lacks(*RAW)


@pytest.mark.parametrize("size", SIZES)
async def test_without_a_crm_there_is_no_next_activity(stage: Stage, size: tuple[int, int]) -> None:
    await stage.receive("Un saluto")
    async with showing(stage, size, crm=False) as shown:
        await shown.press("g", "c")
        await shown.press(*"ferri")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees("overdue", "Mail · 1")
        await shown.lacks("next activity", "Richiamare", "Activity")


@pytest.mark.parametrize(
    ("language", "since"), [("en", "overdue since "), ("it", "in ritardo dal ")]
)
async def test_without_anything_to_come_it_is_said_what_is_overdue(
    sqlite_database: Database, tmp_path: Path, language: str, since: str
) -> None:
    stage = build(sqlite_database, tmp_path)
    _take(sqlite_database, _activity("ATT0", "Dimenticato", -430), _activity("ATT1", "Ieri", -1))
    await stage.receive("Un saluto")
    day = datetime.now(UTC).astimezone().date() - timedelta(days=430)
    async with showing(stage, language=language) as shown:
        await shown.sees(since, "Dimenticato")
        await shown.lacks("next: ", "da fare: ")
        await shown.press("g", "c", *"ferri")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees(f"{since}{day:%d/%m/%y}: Dimenticato")


async def test_the_card_of_a_contact_has_the_mail_of_its_addresses_and_its_colleagues(
    stage: Stage,
) -> None:
    await stage.receive("Da Luca")
    await stage.receive("Da altri", sender="Ferri <info@ferri.it>")
    async with showing(stage) as shown:
        await shown.press("g", "c", *"ferri")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees("Mail · 2", "Contacts")
        await shown.press("end", "enter")
        await shown.sees("Contact Luca Ferri", "Mail · 1", "Da Luca")
        await shown.lacks("Contacts", "Da altri")


async def test_the_card_takes_what_its_mail_leaves_of_the_screen(stage: Stage) -> None:
    await stage.receive("consegna ordine 2026/119")
    async with showing(stage) as shown:
        await shown.press("t")
        await shown.sees("Mail · 1", "PO-77", "Chain", "Pompa", "Valvola")
        await shown.lacks("more line")


async def test_a_card_beside_much_mail_grows_when_it_is_gone_to(stage: Stage) -> None:
    for number in range(30):
        await stage.receive(f"{number} ordine 2026/119")
    async with showing(stage, (80, 24)) as shown:
        await shown.press("t")
        await shown.sees("Mail · 30", "Order 119 · ↓ ", "14 ordine")
        await shown.lacks("Chain")
        await shown.press("tab")
        await shown.sees("Chain", "▸ Order 119", "more lines")
        await shown.lacks("14 ordine")
        await shown.press("end", "end")
        await shown.sees("Contacts")
        await shown.lacks("more line")


OWN = {
    "en": ("still open", "due", "customer's balance", "customer's overdue", "€1,240.00", "€1,740.00"),
    "it": (
        "ancora aperto", "scade", "saldo del cliente", "scaduto del cliente",
        "1.240,00 €", "1.740,00 €",
    ),
}  # fmt: skip


def _take_another_instalment(database: Database) -> None:
    """Of another invoice of Ferri's, long overdue."""
    other = EntityRecord(
        house.COMPANY, "due_item", "2026/A/70#1", party=house.FERRI,
        date=Day(2026, 9, 1), due_date=Day(2026, 10, 1), amount=Decimal(500),
        open_amount=Decimal(500), currency="EUR", state="open",
    )  # fmt: skip
    _take(database, other)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["en", "it"])
async def test_a_document_has_its_own_open_amount_and_the_customers_is_called_so(
    stage: Stage, size: tuple[int, int], language: str
) -> None:
    _take_another_instalment(stage.database)
    await stage.receive("Fattura 88/A")
    async with showing(stage, size, language=language) as shown:
        await shown.press("g", "o", *"88/A")
        await shown.sees("Ferri Impianti Srl")
        await shown.press("enter")
        left, due, balance, overdue, own, whole = OWN[language]
        await shown.sees("16/11/2026", left, balance, overdue, "01/10/2026")
        text = " ".join("\n".join(shown.screen()).split())
        for words in (f"{left} {own}", f"{due} 16/11/2026", f"{balance} {whole}"):
            assert words in text


def _take_credit_note(database: Database) -> None:
    """Out of the invoice, with an instalment of its own that is overdue; and another in dollars."""
    note = Reference("credit_note", "2026/12", house.COMPANY)
    own = Reference("due_item", "2026/12#1", house.COMPANY)
    dollars = Reference("due_item", "2026/A/88#2", house.COMPANY)
    known = house.changes()
    change = house.changes(
        entities=(
            *known.entities,
            EntityRecord(
                house.COMPANY, note.kind, note.code, party=house.FERRI, date=Day(2026, 9, 20),
                amount=Decimal(36), currency="EUR", state="open",
            ),
            _due_item(own, Day(2026, 10, 1), 36),
            _due_item(dollars, Day(2026, 9, 30), 5, "USD"),
        ),
        relations=(
            *known.relations,
            RelationRecord(house.COMPANY, house.INVOICE, note),
            RelationRecord(house.COMPANY, note, own),
            RelationRecord(house.COMPANY, house.INVOICE, dollars),
        ),
    )  # fmt: skip
    database.write_now(erp.take, "books", change, house.NOW)


def _due_item(named: Reference, day: Day, amount: int, currency: str = "EUR") -> EntityRecord:
    return EntityRecord(
        house.COMPANY, named.kind, named.code, party=house.FERRI, due_date=day,
        amount=Decimal(amount), open_amount=Decimal(amount), currency=currency, state="open",
    )  # fmt: skip


async def test_what_is_open_of_an_invoice_is_of_its_own_instalments_in_its_currency(
    stage: Stage,
) -> None:
    _take_credit_note(stage.database)
    async with showing(stage) as shown:
        await shown.press("g", "o", *"88/A")
        await shown.sees("Ferri Impianti Srl", "Invoice 88/A")
        await shown.press("enter")
        await shown.sees("still open", "Credit note", "customer's balance")
        text = " ".join("\n".join(shown.screen()).split())
        assert "still open €1,240.00" in text
        assert "due 16/11/2026" in text


async def test_an_instalment_is_dated_by_the_day_it_falls_due(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.press("g", "o", *"1240")
        await shown.sees("Invoice 88/A", "Due item 88/A/1")
        (line,) = (line for line in shown.screen() if "Due item 88/A/1" in line)
        assert "16 Nov" in line
        (line,) = (line for line in shown.screen() if "Invoice 88/A" in line)
        assert "12 Nov" in line
        await shown.press(*["backspace"] * 4, *"88/A")
        await shown.lacks("Due item 88/A/1")
        await shown.press("enter")
        await shown.sees("Chain", "Due item 88/A/1")
        (line,) = (line for line in shown.screen() if "Due item 88/A/1" in line)
        assert "16 Nov" in line


async def test_a_card_calls_its_record_as_lists_do(stage: Stage) -> None:
    async with showing(stage) as shown:
        await shown.press("g", "o", *"88/A")
        await shown.sees("Invoice 88/A")
        await shown.press("enter")
        await shown.sees("━ Invoice 88/A")
        await shown.lacks("2026/A/88")


def _hints(shown: Showing) -> str:
    return shown.screen()[-1]


async def test_only_a_record_with_a_chain_offers_the_mail_of_its_chain(stage: Stage) -> None:
    await stage.receive("ordine 2026/119")
    async with showing(stage) as shown:
        await shown.press("t")
        await shown.sees("Mail · 1", "C with its chain")
        await shown.press("escape", "g", "c", *"bianchi")
        await shown.sees("Bianchi Spa")
        await shown.press("enter", "tab")
        await shown.sees("No mail is linked to this record", "\\ filter")
        assert "with its chain" not in _hints(shown)


async def test_keys_of_the_records_are_told_where_they_do_something(stage: Stage) -> None:
    await stage.receive("Prezzi", sender="X <x@gmail.com>", body="Ciao\n")
    async with showing(stage) as shown:
        await shown.sees("Nothing is linked to")
        await shown.press("i")
        await shown.sees("L link")
        for words in ("Enter card", "y confirm", "Del reject", "t record's mail"):
            assert words not in _hints(shown)
        await shown.press("alt+2")
        await stage.receive("ordine 2026/119")
        await shown.sees("SO 119")
        await shown.press("home", "i")
        await shown.sees("Enter card  y confirm")
        await shown.press("end")
        await shown.until(lambda: "Enter card" in _hints(shown) and "y conf" not in _hints(shown))


@pytest.mark.parametrize("language", ["en", "it"])
async def test_what_is_overdue_is_said_in_whole_beside_a_message(
    sqlite_database: Database, tmp_path: Path, language: str
) -> None:
    stage = build(sqlite_database, tmp_path)
    since = datetime.now(UTC).astimezone().date() - timedelta(days=1394)
    old = EntityRecord(
        house.COMPANY, "due_item", "2023/70#1", party=house.FERRI, due_date=since,
        amount=Decimal("123456.78"), open_amount=Decimal("123456.78"), currency="EUR", state="open",
    )  # fmt: skip
    _take(sqlite_database, old)
    await stage.receive("Un saluto")
    async with showing(stage, language=language) as shown:
        whole = (" da 1394 g", "124.696,78 €") if language == "it" else ("for 1394 d", "124,696.78")
        await shown.sees(*whole)
