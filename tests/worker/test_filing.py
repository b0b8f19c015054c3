"""Folders that stand for a record: what a person puts there, by whatever program, belongs to it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlmodel import Session, col

from tests.db.house import BIANCHI, FERRI, ORDER, changes
from tests.worker.office import NOW, EmbeddedRemote, Office, Remote, letter, until
from tui_mail.db import actions, erp, folder_records, links, undoing
from tui_mail.db.rows import LinkRow
from tui_mail.db.tables import Folder, Link
from tui_mail.values import Reference
from tui_mail.worker.link import link_all_filed, link_filed, link_messages

_STRANGER = "nuovo@altrove.example"
_BIANCHI = "acquisti@bianchi.it"
_FOLDER = "Clienti/Ferri"


class Case:
    """Anna's mailbox, in which a folder stands for a customer."""

    def __init__(self, office: Office, remote: Remote) -> None:
        self.office, self.remote = office, remote

    async def folder(self, name: str = _FOLDER) -> int:
        found = await self.office.database.read(_folder_id, name)
        assert found
        return found

    async def stand_for(self, reference: Reference | None, name: str = _FOLDER) -> None:
        database, operator_id = self.office.database, self.office.operator_id
        folder_id = await self.folder(name)
        if reference is None:
            await database.write(folder_records.stand_for_none, operator_id, folder_id, NOW)
            return
        found = await database.read(erp.entity, reference)
        await database.write(folder_records.stand_for, operator_id, folder_id, found.id, NOW)

    async def links(self, name: str = "m") -> dict[str, LinkRow]:
        """The links of a message by the codes of their records."""
        held = next(one for one in await self.office.held() if one.header == f"{name}@test")
        found = await self.office.database.read(
            links.links_of, self.office.operator_id, held.message_id
        )
        return {one.code: one for one in found}

    async def replayed(self) -> int:
        """How many links change when all is linked anew."""
        every = [one.message_id for one in await self.office.held()]
        return await self.office.database.write(link_messages, every, datetime.now(UTC))


def _folder_id(session: Session, name: str) -> int | None:
    return session.scalar(select(col(Folder.id)).where(col(Folder.name) == name))


async def furnished(office: Office, remote: Remote) -> Case:
    await office.database.write(erp.take, "books", changes(), NOW)
    for name in ("Clienti", _FOLDER, "Clienti/Bianchi"):
        await remote.make(name)
    await office.add(remote.account())
    await office.sync()
    found = Case(office, remote)
    await found.stand_for(FERRI)
    return found


@pytest.fixture
async def case(office: Office, embedded: EmbeddedRemote) -> Case:
    return await furnished(office, embedded)


async def test_what_a_telephone_puts_there_is_linked_and_what_it_takes_out_is_not(
    office: Office, remote: Remote
) -> None:
    case = await furnished(office, remote)
    await case.remote.deliver(letter("m", sender=_STRANGER))
    await case.office.sync()
    assert await case.links() == {}
    await case.remote.move(1, _FOLDER)
    await case.office.sync()
    (link,) = (await case.links()).values()
    assert (link.code, link.state, link.method, link.found_in) == (
        FERRI.code,
        "automatic",
        "folder",
        _FOLDER,
    )
    assert _FOLDER in link.why
    assert await case.replayed() == 0
    await case.remote.move(1, "INBOX", _FOLDER)
    await case.office.sync()
    assert await case.links() == {}


async def test_what_comes_into_it_at_once_is_linked_with_its_conversation(case: Case) -> None:
    await case.remote.deliver(letter("m", sender=_STRANGER), _FOLDER)
    await case.remote.deliver(letter("answer", sender=_STRANGER, answers="m"))
    await case.office.sync()
    assert (await case.links())[FERRI.code].method == "folder"
    assert (await case.links("answer"))[FERRI.code].method == "thread"
    await case.stand_for(None)
    await link_all_filed(case.office.database)
    assert await case.links() == await case.links("answer") == {}


async def test_a_confirmed_link_stays_when_its_mail_is_taken_out(case: Case) -> None:
    await case.remote.deliver(letter("m", sender=_STRANGER), _FOLDER)
    await case.office.sync()
    link = (await case.links())[FERRI.code]
    await case.office.database.write(
        links.confirm, case.office.operator_id, link.message_id, link.entity_id, now=NOW
    )
    await case.remote.move(1, "INBOX", _FOLDER)
    await case.office.sync()
    assert (await case.links())[FERRI.code].state == "confirmed"


async def test_a_refused_link_is_not_made_again(case: Case) -> None:
    await case.remote.deliver(letter("m", sender=_STRANGER), _FOLDER)
    await case.office.sync()
    link = (await case.links())[FERRI.code]
    await case.office.database.write(
        links.reject, case.office.operator_id, link.message_id, link.entity_id, now=NOW
    )
    assert await case.replayed() == 0
    assert (await case.links())[FERRI.code].state == "rejected"


async def test_mail_of_another_customer_is_only_proposed(case: Case) -> None:
    await case.remote.deliver(letter("m", sender=_BIANCHI), _FOLDER)
    await case.office.sync()
    found = await case.links()
    assert found[BIANCHI.code].state == "automatic"
    assert found[FERRI.code].state == "proposed"
    assert "Ferri Impianti Srl is not on this message" in found[FERRI.code].why


async def test_the_folder_of_an_order_links_its_customer_too(case: Case) -> None:
    await case.stand_for(ORDER)
    await case.remote.deliver(letter("m", sender=_STRANGER), _FOLDER)
    await case.office.sync()
    assert {code: one.state for code, one in (await case.links()).items()} == {
        ORDER.code: "automatic",
        FERRI.code: "automatic",
    }


async def test_a_number_is_the_customers_whose_folder_it_is_in(case: Case) -> None:
    raw = letter("m", sender=_STRANGER, subject="ordine 2026/119")
    await case.remote.deliver(raw, _FOLDER)
    await case.office.sync()
    assert (await case.links())[ORDER.code].state == "automatic"


async def test_what_is_moved_and_taken_back_here_is_linked_and_is_not(case: Case) -> None:
    await case.remote.deliver(letter("m", sender=_STRANGER))
    await case.office.sync()
    database, operator_id = case.office.database, case.office.operator_id
    (held,) = await case.office.held()
    folder_id = await case.folder()
    await database.write(actions.move, operator_id, [held.placement_id], folder_id, NOW)
    await link_all_filed(database)
    assert FERRI.code in await case.links()
    await database.write(undoing.undo, operator_id, NOW)
    await link_all_filed(database)
    assert await case.links() == {}
    await database.write(actions.copy, operator_id, [held.placement_id], folder_id, NOW)
    await link_all_filed(database)
    assert FERRI.code in await case.links()
    await database.write(undoing.undo, operator_id, NOW)
    await link_all_filed(database)
    assert await case.links() == {}


async def test_a_worker_links_what_is_moved_while_it_runs(case: Case) -> None:
    await case.remote.deliver(letter("m", sender=_STRANGER))
    await case.office.sync()
    (held,) = await case.office.held()
    worker = case.office.worker()
    await worker.start()
    try:
        folder_id = await case.folder()
        await case.office.database.write(
            actions.move, case.office.operator_id, [held.placement_id], folder_id, NOW
        )

        async def linked() -> bool:
            return FERRI.code in await case.links()

        await until(linked)
    finally:
        await worker.stop()


async def test_what_lies_there_already_is_linked_piece_by_piece(case: Case) -> None:
    for number in range(250):
        await case.remote.deliver(letter(f"m{number}", sender=_STRANGER), "Clienti/Bianchi")
    await case.office.sync()
    await case.stand_for(BIANCHI, "Clienti/Bianchi")
    database = case.office.database
    pieces = []
    while done := await database.write(link_filed, NOW):
        pieces.append(done)
    assert pieces == [100, 100, 50]
    assert await database.read(_linked) == 250
    assert await database.write(link_filed, NOW) == 0
    assert await case.replayed() == 0


def _linked(session: Session) -> int:
    query = select(func.count()).where(col(Link.method) == "folder")
    return session.scalar(query) or 0


async def test_many_messages_cost_no_more_statements_than_few(case: Case) -> None:
    counts = []
    for start, many in ((0, 10), (10, 500)):
        for number in range(start, start + many):
            await case.remote.deliver(letter(f"m{number}", sender=_STRANGER), _FOLDER)
        statements: list[str] = []
        stop = _noting(case.office, statements)
        await case.office.sync()
        stop()
        counts.append(len(statements))
    few, many = counts
    assert many - few < 60, counts
    assert await case.office.database.read(_linked) == 510


def _noting(office: Office, statements: list[str]) -> Callable[[], None]:
    """Note what is asked of the folders of records until what is given back is called."""

    def note(_c: object, _cursor: object, sql: str, *_: Any) -> None:
        if "folder_record" in sql or "filed_thread" in sql:
            statements.append(sql)

    engine = office.database.engine
    event.listen(engine, "before_cursor_execute", note)
    return lambda: event.remove(engine, "before_cursor_execute", note)
