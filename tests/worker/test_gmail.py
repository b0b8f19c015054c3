"""Where folders are labels: a message comes once, and what is done to it is what was meant."""

from collections.abc import AsyncIterator

import pytest
from sqlmodel import Session

from tests.servers.gmail import (
    ALL_MAIL,
    CAPABILITY,
    IMPORTANT,
    STARRED,
    TRASH,
    GmailMailbox,
)
from tests.worker.office import NOW, PASSWORD, EmbeddedRemote, Office, letter
from tui_mail.backends.imap import ImapStore
from tui_mail.db import actions, folders
from tui_mail.db.tables import Folder
from tui_mail.demo.imap_fetch import SIMPLE_ITEMS
from tui_mail.demo.imap_server import ImapServer
from tui_mail.values import Endpoint, FolderRole, Login, RemoteOperation, Tls, Verb


@pytest.fixture
async def gmail(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[EmbeddedRemote]:
    mailbox = GmailMailbox(PASSWORD)
    monkeypatch.setitem(SIMPLE_ITEMS, "X-GM-LABELS", mailbox.told)
    server = ImapServer({"anna": mailbox}, capabilities_besides=(CAPABILITY,))
    await server.start()
    yield EmbeddedRemote(server, mailbox, "anna")
    await server.stop()


@pytest.fixture
async def account_id(office: Office, gmail: EmbeddedRemote) -> int:
    """One message in the inbox, one with a label, one with both, one in the archive only."""
    gmail.mailbox.create("Clienti")
    await gmail.deliver(letter("new"))
    await gmail.deliver(letter("labelled"), "Clienti")
    await gmail.deliver(letter("both"))
    await gmail.deliver(letter("both"), "Clienti")
    await gmail.deliver(letter("old"), ALL_MAIL)
    for folder in (STARRED, IMPORTANT):
        await gmail.deliver(letter("new"), folder)
    await gmail.deliver(letter("old"), IMPORTANT)
    identifier = await office.add(gmail.account())
    await office.sync()
    return identifier


async def _placed(office: Office) -> dict[str, set[str]]:
    """Which messages are in which folder."""
    found: dict[str, set[str]] = {}
    for one in await office.held():
        found.setdefault(one.folder, set()).add(one.header.removesuffix("@test"))
    return found


async def _where(gmail: EmbeddedRemote, name: str) -> set[str]:
    """Which labels a message has there, the view of all mail among them."""
    assert isinstance(gmail.mailbox, GmailMailbox)
    return {one.name for one in gmail.mailbox.labels_with(letter(name))}


async def _placement(office: Office, name: str, folder: str) -> int:
    [found] = [one for one in await office.held(folder) if one.header == f"{name}@test"]
    return found.placement_id


@pytest.mark.usefixtures("account_id")
async def test_a_message_is_where_its_labels_are_and_else_in_the_archive(
    office: Office, gmail: EmbeddedRemote
) -> None:
    assert await _placed(office) == {
        "INBOX": {"new", "both"},
        "Clienti": {"labelled", "both"},
        ALL_MAIL: {"old"},
    }
    names = await office.database.read(folders.folder_names, 1)
    assert not {STARRED, IMPORTANT} & set(names)
    gmail.server.received.clear()
    await office.sync()
    assert not {"UID FETCH", "FETCH"} & set(gmail.server.received)


async def test_archiving_here_takes_the_inbox_off_and_makes_no_folder(
    office: Office, gmail: EmbeddedRemote, account_id: int
) -> None:
    placement = await _placement(office, "new", "INBOX")
    await office.database.write(actions.archive, office.operator_id, [placement], NOW)
    for _time in range(2):
        await office.sync()
    assert await _where(gmail, "new") == {ALL_MAIL, STARRED, IMPORTANT}
    assert (await _placed(office))[ALL_MAIL] == {"new", "old"}
    assert "Archive" not in await office.database.read(folders.folder_names, account_id)


@pytest.mark.usefixtures("account_id")
async def test_archiving_what_has_another_label_leaves_it_there(
    office: Office, gmail: EmbeddedRemote
) -> None:
    placement = await _placement(office, "both", "INBOX")
    await office.database.write(actions.archive, office.operator_id, [placement], NOW)
    for _time in range(2):
        await office.sync()
    assert await _where(gmail, "both") == {ALL_MAIL, "Clienti"}
    assert await _placed(office) == {
        "INBOX": {"new"},
        "Clienti": {"labelled", "both"},
        ALL_MAIL: {"old"},
    }


@pytest.mark.usefixtures("account_id")
async def test_labels_put_on_and_taken_off_elsewhere_are_followed(
    office: Office, gmail: EmbeddedRemote
) -> None:
    await gmail.remove(1)  # archived: the inbox is taken off
    await gmail.deliver(letter("old"), "Clienti")
    await office.sync()
    assert await _placed(office) == {
        "INBOX": {"both"},
        "Clienti": {"labelled", "both", "old"},
        ALL_MAIL: {"new"},
    }
    gmail.mailbox.folder(TRASH).add(letter("new"), (), NOW)
    await office.sync()
    assert await _placed(office) == {
        "INBOX": {"both"},
        "Clienti": {"labelled", "both", "old"},
        TRASH: {"new"},
    }


@pytest.mark.usefixtures("account_id")
async def test_what_is_deleted_goes_to_the_trash_and_from_there_for_good(
    office: Office, gmail: EmbeddedRemote
) -> None:
    for name, folder in (("new", "INBOX"), ("old", ALL_MAIL)):
        placement = await _placement(office, name, folder)
        await office.database.write(actions.delete, office.operator_id, [placement], NOW)
        for _time in range(2):
            await office.sync()
        assert await _where(gmail, name) == {TRASH}
        placement = await _placement(office, name, TRASH)
        await office.database.write(actions.delete, office.operator_id, [placement], NOW)
        for _time in range(2):
            await office.sync()
        assert await _where(gmail, name) == set()
    assert await _placed(office) == {"INBOX": {"both"}, "Clienti": {"labelled", "both"}}


@pytest.mark.usefixtures("account_id")
async def test_what_is_moved_out_of_the_archive_gets_a_label(
    office: Office, gmail: EmbeddedRemote
) -> None:
    placement = await _placement(office, "old", ALL_MAIL)
    inbox = await office.database.write(folders.folder_for_role, 1, FolderRole.INBOX)
    await office.database.write(actions.move, office.operator_id, [placement], inbox.id or 0, NOW)
    for _time in range(2):
        await office.sync()
    assert await _where(gmail, "old") == {ALL_MAIL, "INBOX", IMPORTANT}
    assert (await _placed(office)).get(ALL_MAIL) is None
    assert await office.names() == ["both", "new", "old"]


async def test_a_store_deletes_for_good_only_in_the_trash(gmail: EmbeddedRemote) -> None:
    gmail.mailbox.create("Clienti")
    await gmail.deliver(letter("one"))
    await gmail.deliver(letter("two"), "Clienti")
    await gmail.deliver(letter("two"))
    store = ImapStore(
        Endpoint("127.0.0.1", gmail.server.port, Tls.NONE), Login("anna", PASSWORD), deadline=20
    )
    await store.open()
    [two, one] = [message.key for message in (await store.changes("INBOX", "")).listed]
    result = await store.apply(RemoteOperation(Verb.DELETE, "INBOX", (one, "1:99")))
    assert not result.keys
    assert result.missing == {"1:99"}
    assert await _where(gmail, "one") == {TRASH}
    await store.apply(RemoteOperation(Verb.DELETE, "INBOX", (two,), target="Clienti"))
    assert await _where(gmail, "two") == {"Clienti", ALL_MAIL}
    [there] = [one.uid for one in gmail.mailbox.messages(ALL_MAIL)]
    validity = gmail.mailbox.folder(ALL_MAIL).uidvalidity
    await store.apply(
        RemoteOperation(Verb.DELETE, ALL_MAIL, (f"{validity}:{there}",), target="Clienti")
    )
    assert await _where(gmail, "two") == {"Clienti", ALL_MAIL}
    await store.close()


async def test_what_was_fetched_twice_before_is_there_once_afterwards(
    office: Office, gmail: EmbeddedRemote, account_id: int
) -> None:
    """A database of the time when all mail and the starred were folders like others."""
    await office.database.write(_as_before, account_id)
    for _time in range(2):
        await office.sync()
    assert await _placed(office) == {
        "INBOX": {"new", "both"},
        "Clienti": {"labelled", "both"},
        ALL_MAIL: {"old"},
    }
    assert len(await gmail.contents(ALL_MAIL)) == 4


def _as_before(session: Session, account_id: int) -> None:
    from sqlalchemy import select
    from sqlmodel import col

    from tui_mail.db.tables import Placement

    everything = session.scalars(select(Folder).where(col(Folder.name) == ALL_MAIL)).one()
    everything.role, everything.cursor = "all", "1 2 5 9 4"
    starred = Folder(account_id=account_id, name=STARRED, remote=STARRED, role="flagged")
    session.add(starred)
    session.flush()
    new = session.scalars(select(Placement).order_by(col(Placement.id))).first()
    assert new is not None
    for folder, remote in ((everything, "2:1"), (starred, "9:1")):
        values = new.model_dump(exclude={"id", "folder_id", "remote"})
        session.add(Placement(**values, folder_id=folder.id or 0, remote=remote))
    session.flush()
