"""A record out of a message, at the keyboard: filled in already, marked as ours, taken back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from tests.db import house
from tests.ui.stage import Stage, aside, build, showing
from tui_mail.db import erp, writing
from tui_mail.db.engine import Database
from tui_mail.db.tables import EntityWriting
from tui_mail.values import AddressRecord, WrittenEntity

STRANGER = "Anna Verdi <averdi@gmail.com>"
UNKNOWN_FIRM = "Buongiorno,\n\nquanto costano?\n\nAnna Verdi\nVerdi & C. S.n.c.\nTel. 051 123456\n"


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


async def test_a_lead_is_filled_in_from_the_message_and_taken_back(stage: Stage) -> None:
    await stage.receive("Prezzi", sender=STRANGER, body=UNKNOWN_FIRM)
    async with showing(stage) as shown:
        await shown.press("plus")
        await shown.sees("Make from “Prezzi”", "Lead", "Verdi & C. S.n.c.")
        await shown.press("enter")
        await shown.sees("New: Lead", "averdi@gmail.com", "051 123456")
        await shown.press("enter")
        await shown.sees("Made Lead “Verdi & C. S.n.c.”: kept here", "✓ Verdi & C. S.n.c.")
        await shown.press("i", "enter")
        await shown.sees("only here, not in the ERP", "telephone")
        await shown.press("escape", "escape", "z")
        await shown.sees("Taken back: the record is gone again.")
        await shown.lacks("✓ Verdi & C. S.n.c.")


async def test_a_contact_is_of_the_firm_that_the_message_is_from(stage: Stage) -> None:
    await stage.receive("Prezzi", sender="Ada Neri <ada@ferri.it>")
    async with showing(stage) as shown:
        await shown.press("plus")
        await shown.sees("Ada Neri, of Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees("New: Contact · Ferri Impianti Srl", "ada@ferri.it")
        await shown.press("enter")
        await shown.sees("Made Contact “Ada Neri”")


CLIENTS = (
    "Buongiorno,\n\nci serve l'estratto conto di questi clienti:\n\n- Bianchi S.p.A.\n"
    "- Ferri Impianti Srl\n\nVa bene un unico PDF.\n\nCordiali saluti\nCarla Neri\nStudio Neri\n"
)


async def test_a_lead_has_the_name_of_who_writes_not_of_whom_he_writes_about(stage: Stage) -> None:
    await stage.receive("Estratto conto", sender="Studio Neri <c@studio-neri.it>", body=CLIENTS)
    async with showing(stage) as shown:
        await shown.press("plus")
        await shown.sees("Make from", "Lead", "Activity")
        await shown.lacks("Lead                          Ferri", "Contact")
        await shown.press("enter")
        await shown.sees("New: Lead", "c@studio-neri.it")
        named = [line.split() for line in shown.screen() if line.startswith(" name ")]
        assert named == [["name", "Studio", "Neri"]]


async def test_who_keeps_the_books_of_several_firms_is_a_contact_of_none_of_them(
    stage: Stage,
) -> None:
    kept = [
        AddressRecord(house.COMPANY, "info@studio-neri.it", firm)
        for firm in (house.FERRI, house.BIANCHI)
    ]
    change = house.changes(addresses=(*house.changes().addresses, *kept))
    stage.database.write_now(erp.take, "books", change, house.NOW)
    await stage.receive("Conti", sender="Studio Neri <info@studio-neri.it>", body=CLIENTS)
    await stage.receive("Conti", sender="Ada Rossi <ada@studio-neri.it>", body=CLIENTS)
    async with showing(stage) as shown:
        for name in ("Ada Rossi", "Studio Neri"):
            await shown.press("plus")
            await shown.sees("Make from “Conti”", "Lead", "Activity")
            await shown.lacks("Contact")
            (lead,) = (line for line in shown.screen() if line.strip().startswith("Lead  "))
            assert lead.split()[1:] == name.split()
            await shown.press("escape", "j")


async def test_a_lead_never_has_the_name_of_a_firm_that_the_erp_knows(stage: Stage) -> None:
    signed = "Buongiorno,\n\nquanto costano?\n\nAnna Verdi\nBianchi S.p.A.\n"
    await stage.receive("Prezzi", sender=STRANGER, body=signed)
    await stage.receive("Offerta", sender="Bianchi SpA <bianchi@gmail.com>")
    async with showing(stage) as shown:
        await shown.press("plus")
        await shown.sees("Make from “Offerta”", "Bianchi SpA, of Bianchi Spa")
        await shown.lacks("Lead")
        await shown.press("escape", "j", "plus")
        await shown.sees("Make from “Prezzi”", "Anna Verdi, of Bianchi Spa", "Lead")
        await shown.lacks("Bianchi S.p.A.")


OURS = "Vendite Rossi <vendite@rossi.it>"


async def test_a_letter_of_ours_makes_us_nobodys_contact_and_no_lead(stage: Stage) -> None:
    signed = "Buongiorno,\n\necco l'ordine.\n\nBianchi S.p.A.\n"
    await stage.receive("Ordine 2026/119", sender=OURS, body=signed)
    await stage.receive("Prezzi", sender="Nuova Voce <voce@rossi.it>", body=signed)
    async with showing(stage) as shown:
        for _letter in range(2):
            await shown.press("plus")
            await shown.sees("Make from", "Activity", "Opportunity")
            await shown.lacks("Lead", "Contact")
            await shown.press("escape", "j")


async def test_without_a_crm_a_letter_of_ours_says_that_it_makes_nothing(stage: Stage) -> None:
    await stage.receive("Ordine 2026/119", sender=OURS)
    async with showing(stage, crm=False) as shown:
        await shown.press("plus")
        await shown.sees("We wrote this ourselves: a contact is made of a letter of theirs.")


async def test_a_sender_with_an_endless_name_is_offered_as_a_lead(stage: Stage) -> None:
    name = f"Neri{',' * 8_000}x"
    await stage.take(f'From: "{name}" <a@gmail.com>\r\nSubject: Prezzi\r\n\r\n'.encode())
    async with showing(stage) as shown:
        await shown.press("plus")
        await shown.sees("Make from “Prezzi”", "Lead", "Neri,,,")


async def test_a_document_that_is_named_makes_nobody_a_contact_of_its_firm(stage: Stage) -> None:
    await stage.receive("Ordine 2026/119", sender="Corriere <noi@corriere.it>")
    async with showing(stage) as shown:
        await shown.sees("Order 119")
        await shown.press("plus")
        await shown.sees("Make from", "Lead", "Corriere")
        await shown.lacks("Contact")


async def test_a_contact_who_is_known_is_not_made_again(stage: Stage) -> None:
    await stage.receive("ordine 2026/119")
    async with showing(stage) as shown:
        await shown.sees("SO 119")
        await shown.press("plus")
        await shown.sees("Activity, Opportunity, Contact", "Luca Ferri is a contact already")
        await shown.lacks("Lead")
        await shown.press(*"cont")
        await shown.press("enter")
        await shown.sees("Contact Luca Ferri", "Mail · 1")


async def test_an_address_of_a_contact_makes_no_second_one(stage: Stage) -> None:
    await stage.receive("Prezzi", sender="Ada Neri <l@ferri.it>")
    async with showing(stage) as shown:
        await shown.press("plus")
        await shown.sees("Ada Neri, of Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees("New: Contact")
        await shown.press("tab", "home", "right", *".ferri", "enter")
        await shown.until(lambda: shown.console.screen is shown.main)
        await shown.sees("l.ferri@ferri.it is the address of Luca Ferri already.")


@pytest.mark.parametrize(("kind", "made"), [("cont", "Contact"), ("acti", "Activity")])
async def test_the_document_stays_in_the_list_when_something_is_made(
    stage: Stage, kind: str, made: str
) -> None:
    await stage.receive("ordine 2026/119", sender="Ada Neri <ada@ferri.it>")
    async with showing(stage) as shown:
        await shown.sees("SO 119")
        await shown.press("plus")
        await shown.sees("Make from")
        await shown.press(*kind, "enter")
        await shown.sees(f"New: {made}")
        await shown.press("enter")
        await shown.sees(f"Made {made}")
        line = next(line for line in shown.screen() if "Ada Neri" in line and "ordine" in line)
        assert "SO 119" in line


async def test_an_activity_says_what_is_wrong_with_its_day(stage: Stage) -> None:
    await stage.receive("Richiamare Ferri")
    async with showing(stage) as shown:
        await shown.press("plus")
        await shown.sees("Make from")
        await shown.press(*"acti")
        await shown.press("enter")
        await shown.sees("New: Activity")
        day = datetime.now(UTC).astimezone().date() + timedelta(days=1)
        await shown.sees(f"{day:%d/%m/%Y}")
        await shown.press("tab", "x", "enter")
        await shown.sees("is not a date: write 31/12 or 31/12/2026.")
        await shown.press(*["backspace"] * 11, *f"{day + timedelta(days=3):%d/%m}", "enter")
        await shown.sees("Made Activity “Richiamare Ferri”")
        await shown.press("i", "down", "enter")
        await shown.sees(f"{day + timedelta(days=3):%d/%m/%Y}", "Activity Richiamare Ferri")


@pytest.mark.parametrize("kind", ["Attività", "Opportunità"])
async def test_what_is_made_is_said_without_a_gender(stage: Stage, kind: str) -> None:
    await stage.receive("Richiamare Ferri")
    async with showing(stage, language="it") as shown:
        await shown.press("plus")
        await shown.sees(kind)
        await shown.press(*kind[:5].lower(), "enter")
        await shown.sees(f"Da creare: {kind}")
        await shown.press("enter")
        await shown.sees(f"Fatto: {kind} «Richiamare Ferri»; resta qui")
        await shown.lacks("Creato", "Creata")


async def test_without_a_crm_only_a_contact_can_be_made(stage: Stage) -> None:
    await stage.receive("Prezzi", sender="Ada Neri <ada@ferri.it>")
    async with showing(stage, crm=False) as shown:
        await shown.press("plus")
        await shown.sees("Ada Neri, of Ferri Impianti Srl")
        await shown.lacks("Lead", "Activity", "Opportunity", "lead")


async def test_without_a_crm_nothing_can_be_made_of_a_stranger(stage: Stage) -> None:
    await stage.receive("Prezzi", sender=STRANGER, body=UNKNOWN_FIRM)
    async with showing(stage, crm=["NERI"]) as shown:
        await shown.press("plus")
        await shown.sees("Whose contact? Link the firm first: L.")
        await shown.press("L")
        assert not shown.console.held.holding
        await shown.sees("Link “Prezzi”")


async def test_without_a_crm_the_help_knows_nothing_of_it(stage: Stage) -> None:
    async with showing(stage, size=(120, 120), crm=False) as shown:
        await shown.press("f1")
        await shown.sees("customer: supplier:", "quote: due: job:")
        await shown.lacks("lead:", "offer:", "opportunity:")


def _on_the_way(session: Session) -> None:
    """The ERP of the stage is an Odoo that is written to."""
    erp.add_source(session, "books", "odoo+https://erp.example/books?key_file=/etc/key")
    writing.allow(session, "books", [writing.EVERY_COMPANY])


def _refuse(session: Session, sentence: str) -> None:
    (entity_id,) = session.exec(select(EntityWriting.entity_id)).all()
    writing.refused(session, entity_id, sentence)


def _make(session: Session) -> None:
    (entity_id,) = session.exec(select(EntityWriting.entity_id)).all()
    writing.written(session, entity_id, "books", WrittenEntity("customer/C107/91"))


async def test_a_record_says_where_it_is_until_the_erp_has_it(stage: Stage) -> None:
    stage.database.write_now(_on_the_way)
    await stage.receive("Prezzi", sender="Ada Neri <ada@ferri.it>")
    async with showing(stage, size=(120, 36)) as shown:
        await shown.press("plus", "enter")
        await shown.sees("New: Contact · Ferri Impianti Srl")
        await shown.press("enter")
        await shown.sees("Made Contact “Ada Neri”: here now, in Odoo shortly", "waiting for Odoo")
        aside(lambda: stage.database.write_now(_refuse, "Odoo does not take it: \x1b[2Jrole"))
        await shown.sees("Odoo refuses it", "␛[2Jrole")
        await shown.press("i", "up", "enter")
        await shown.sees("only here: Odoo refuses it", "Odoo does not take it: ␛[2Jrole")
        await shown.press("R")
        await shown.sees("here, waiting for Odoo", "tried again in a moment")
        await shown.lacks("refuses it")
        aside(lambda: stage.database.write_now(_make))
        await shown.sees("in Odoo")
        await shown.lacks("waiting for")
