"""Folders known again by what the server knows them by, and those that nobody subscribes to."""

from collections.abc import AsyncIterator

import pytest
from sqlmodel import Session, col, select

from tests.worker.office import NOW, PASSWORD, EmbeddedRemote, Office, letter
from tui_mail.db import accounts, folder_verbs, folders
from tui_mail.db.accounts import AccountChange
from tui_mail.db.tables import Folder
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox


@pytest.fixture(params=["extended", "plain"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[EmbeddedRemote]:
    """With LIST-EXTENDED (RFC 5258), and with LSUB alone."""
    off = frozenset({"LIST-EXTENDED"} if request.param == "plain" else ())
    mailbox = UserMailbox(PASSWORD)
    server = ImapServer({"anna": mailbox}, capabilities_off=off)
    await server.start()
    yield EmbeddedRemote(server, mailbox, "anna")
    await server.stop()


def _ids(session: Session) -> dict[str, int]:
    statement = select(col(Folder.name), col(Folder.id)).where(~col(Folder.gone))
    return {name: identifier or 0 for name, identifier in session.exec(statement)}


async def _tree(office: Office) -> set[str]:
    return {row.name for row in await office.database.read(folders.folders, office.operator_id)}


async def _only_subscribed(office: Office, account_id: int, *, value: bool = True) -> None:
    account = await office.database.read(accounts.account_by_id, account_id)
    change = AccountChange(only_subscribed=value)
    await office.database.write(accounts.change_account, office.operator_id, account.email, change)


async def test_a_folder_without_mail_is_known_again_under_its_new_name(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await embedded.make("Clienti")
    await embedded.make("Clienti/Rossi")
    await office.add(embedded.account())
    await office.sync()
    before = await office.database.read(_ids)
    await embedded.rename("Clienti", "Fornitori")
    await embedded.make("Clienti")
    await office.sync()
    after = await office.database.read(_ids)
    assert after["Fornitori"] == before["Clienti"]
    assert after["Fornitori/Rossi"] == before["Clienti/Rossi"]
    assert after["Clienti"] not in before.values()


async def test_folders_that_change_their_names_with_each_other_are_told_apart(
    office: Office, embedded: EmbeddedRemote
) -> None:
    for name in ("A", "B"):
        await embedded.make(name)
        await embedded.deliver(letter(name), name)
    await office.add(embedded.account())
    await office.sync()
    before = {one.header: (one.placement_id, one.message_id) for one in await office.held()}
    ids = await office.database.read(_ids)
    for old, new in (("A", "C"), ("B", "A"), ("C", "B")):
        await embedded.rename(old, new)
    for _time in range(2):  # a name is free once nobody has it
        await office.sync()
    assert {one.header: one.folder for one in await office.held()} == {"A@test": "B", "B@test": "A"}
    after = {one.header: (one.placement_id, one.message_id) for one in await office.held()}
    assert after == before
    swapped = await office.database.read(_ids)
    assert (swapped["A"], swapped["B"]) == (ids["B"], ids["A"])


async def test_what_nobody_subscribes_to_is_neither_shown_nor_fetched(
    office: Office, server: EmbeddedRemote
) -> None:
    await server.make("Clienti")
    await server.make("Vecchi")
    server.mailbox.subscribed.add("Clienti")
    for folder in ("Clienti", "Vecchi"):
        await server.deliver(letter(folder), folder)
    account_id = await office.add(server.account())
    await _only_subscribed(office, account_id)
    server.mailbox.subscribed -= {"Sent", "INBOX"}
    await office.sync()
    assert {one.folder for one in await office.held()} == {"Clienti"}
    assert await _tree(office) >= {"INBOX", "Sent", "Clienti"}
    assert "Vecchi" not in await _tree(office)
    server.mailbox.subscribed.add("Vecchi")
    await office.sync()
    assert "Vecchi" in await _tree(office)
    assert await office.names("Vecchi") == ["Vecchi"]
    server.mailbox.subscribed.discard("Clienti")
    await server.remove(1, "Clienti")
    await office.sync()
    assert "Clienti" not in await _tree(office)
    assert await office.names("Clienti") == []
    await _only_subscribed(office, account_id, value=False)
    await office.sync()
    assert {"Clienti", "Vecchi"} <= await _tree(office)


async def test_what_is_done_to_folders_here_is_done_to_their_subscriptions(
    office: Office, server: EmbeddedRemote
) -> None:
    account_id = await office.add(server.account())
    await _only_subscribed(office, account_id)
    await office.sync()
    for name in ("Clienti", "Clienti/Rossi", "Clienti/Bianchi"):
        await office.database.write(
            folder_verbs.create_folder, office.operator_id, account_id, name, NOW
        )
    await office.sync()
    subscribed = server.mailbox.subscribed
    assert {"Clienti", "Clienti/Rossi", "Clienti/Bianchi"} <= subscribed
    subscribed.discard("Clienti/Bianchi")
    clients = (await office.database.read(_ids))["Clienti"]
    operator = office.operator_id
    await office.database.write(folder_verbs.rename_folder, operator, clients, "Kunden", NOW)
    await office.sync()
    assert {one for one in subscribed if "/" in one or one in {"Clienti", "Kunden"}} == {
        "Kunden",
        "Kunden/Rossi",
    }
    await office.database.write(folder_verbs.remove_folder, operator, clients, NOW)
    await office.sync()
    assert not {one for one in subscribed if one.startswith("Kunden")}
