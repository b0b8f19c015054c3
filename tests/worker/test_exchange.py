"""The exchange of invoices tells what became of one by the number that it gave its file."""

from pathlib import Path

import pytest
from sqlmodel import Session

from tests.worker.office import NOW, Office, letter, office_on
from tests.worker.test_invoices import OTHER, RECORDS, SAME, from_exchange
from tui_mail.db import erp, links
from tui_mail.db.engine import Database
from tui_mail.db.folders import folder_named
from tui_mail.db.tables import Account
from tui_mail.values import AddressRecord, CompanyRecord, ErpChanges, Fetched
from tui_mail.worker.link import link_messages
from tui_mail.worker.texts import read_waiting

_INVOICE = "2016/7"


def _notice(kind: str, file: str = "") -> bytes:
    named = f"<NomeFile>{file}</NomeFile>" if file else ""
    return (
        f'<?xml version="1.0"?><t:{kind} xmlns:t="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/'
        f'fattura/messaggi/v1.0"><IdentificativoSdI>1112223334</IdentificativoSdI>{named}</t:{kind}>'
    ).encode()


RECEIPT = _notice("RicevutaConsegna", "IT06363391001_00009.xml")
OUTCOME = _notice("NotificaEsito")


class Case:
    """A mailbox, and the state of each message's link to our invoice."""

    def __init__(self, office: Office, account: int, folder: int) -> None:
        self.office = office
        self._account = account
        self._folder = folder
        self._count = 0

    async def take(self, raw: bytes) -> str:
        """The state for a message that comes, when its files are read."""
        office = self.office
        self._count += 1
        await office.ingest.take_in(
            self._account, self._folder, [Fetched("", raw, frozenset(), NOW)]
        )
        await read_waiting(office.database, office.blobs, office.locks)
        return await self.state(self._count)

    async def state(self, message: int) -> str:
        rows = await self.office.database.read(links.links_of, self.office.operator_id, message)
        return next((str(row.state) for row in rows if row.code == _INVOICE), "")


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    return office_on(database, tmp_path / "home")


@pytest.fixture
async def case(office: Office) -> Case:
    given = ErpChanges(
        "",
        True,
        companies=(CompanyRecord("01", "Rossi", domains=("rossi.it",)),),
        entities=RECORDS,
        addresses=(
            AddressRecord("01", "info@altra.it", OTHER),
            AddressRecord("01", "conti@your.example", SAME),
        ),
    )
    await office.database.write(erp.take, "books", given, NOW)
    account = await office.add(Account(email="anna@rossi.it", protocol="local"))
    folder = await office.database.read(_inbox, account)
    return Case(office, account, folder)


def _inbox(session: Session, account: int) -> int:
    return folder_named(session, account, "INBOX").id or 0


@pytest.mark.parametrize("known_first", [True, False])
async def test_a_notice_with_the_number_alone_is_about_what_another_one_names(
    case: Case, known_first: bool
) -> None:
    raws = [from_exchange("rc.xml", RECEIPT), from_exchange("ne.xml", OUTCOME)]
    for raw in raws if known_first else reversed(raws):
        await case.take(raw)
    assert [await case.state(one) for one in (1, 2)] == ["automatic", "automatic"]
    assert await case.office.database.write(link_messages, [1, 2], NOW) == 0


async def test_what_is_not_the_exchange_s_neither_teaches_nor_is_believed(case: Case) -> None:
    assert await case.take(from_exchange("rc.xml", RECEIPT, signed=False)) == "proposed"
    assert await case.take(from_exchange("ne.xml", OUTCOME)) == ""
    assert await case.take(from_exchange("first.xml", RECEIPT)) == "automatic"
    assert await case.state(2) == "automatic"
    assert await case.take(from_exchange("ne2.xml", OUTCOME, signed=False)) == "proposed"


@pytest.mark.parametrize(
    ("sender", "state"),
    [
        ("conti@your.example", "automatic"),
        ("info@altra.it", "proposed"),
        ("x@elsewhere.example", "proposed"),
    ],
)
async def test_who_writes_of_the_number_writes_of_the_invoice(
    case: Case, sender: str, state: str
) -> None:
    await case.take(from_exchange("rc.xml", RECEIPT))
    text = "Abbiamo ricevuto la fattura con Identificativo SdI: 1112223334."
    assert await case.take(letter("ask", sender=sender, to="anna@rossi.it", text=text)) == state


async def test_a_link_that_a_person_refuses_is_not_carried_on(case: Case) -> None:
    await case.take(from_exchange("rc.xml", RECEIPT))
    assert await case.take(from_exchange("ne.xml", OUTCOME)) == "automatic"
    office = case.office
    rows = await office.database.read(links.links_of, office.operator_id, 1)
    invoice = next(row.entity_id for row in rows if row.code == _INVOICE)
    await office.database.write(links.reject, office.operator_id, 1, invoice, now=NOW)
    await office.database.write(link_messages, [1, 2], NOW)
    assert await case.state(2) == ""
