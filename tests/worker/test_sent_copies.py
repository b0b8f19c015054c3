"""Of what was sent there is one copy in Sent, whoever files it there, and whenever."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from tests.worker.desk import Desk, Post
from tests.worker.office import NOW, EmbeddedRemote, Office, make_due
from tui_mail.db import accounts, operations, outbox_decisions
from tui_mail.db.accounts import AccountChange
from tui_mail.db.session import Session
from tui_mail.db.tables import Account, Operation, Outgoing
from tui_mail.demo.smtp_server import ReceivedMail
from tui_mail.worker.fetch import Sync

_TRACE = b"Received: from console by smtp.example with ESMTPSA\r\n"


@pytest.fixture
def filing(post: Post, embedded: EmbeddedRemote) -> list[ReceivedMail]:
    """The sending server puts a copy of its own into Sent; what it has filed."""
    filed: list[ReceivedMail] = []

    async def file(mail: ReceivedMail) -> None:
        filed.append(mail)
        await _file(embedded, mail)

    post.after = file
    return filed


async def _file(embedded: EmbeddedRemote, mail: ReceivedMail) -> None:
    await embedded.deliver(_TRACE + mail.raw, "Sent")


async def _setting(office: Office, desk: Desk, value: str) -> None:
    account = await office.database.read(accounts.account_by_id, desk.account_id)
    change = AccountChange(sent_copies=value)
    await office.database.write(accounts.change_account, office.operator_id, account.email, change)


async def _account(office: Office, desk: Desk) -> Account:
    return await office.database.read(accounts.account_by_id, desk.account_id)


async def _one_copy(office: Office, embedded: EmbeddedRemote, desk: Desk) -> bytes:
    """There is one copy, here and there, and nothing left to do; the server's."""
    for _time in range(2):
        await office.sync()
    [copy] = await office.held("Sent")
    [(raw, _flags)] = await embedded.contents("Sent")
    assert await office.database.read(operations.waiting, desk.account_id) == 0
    await office.sync()
    assert len(await office.held("Sent")) == 1
    assert copy.header == (await desk.row()).message_id
    return raw


@pytest.mark.parametrize("setting", ["auto", "server", "here"])
async def test_a_server_that_files_at_once_is_not_given_a_second_copy(
    office: Office,
    embedded: EmbeddedRemote,
    desk: Desk,
    filing: list[ReceivedMail],
    setting: str,
) -> None:
    await _setting(office, desk, setting)
    await desk.write()
    assert (await _one_copy(office, embedded, desk)).startswith(_TRACE)
    assert len(filing) == 1
    assert (await _account(office, desk)).files_sent_itself


async def test_one_that_files_late_is_found_out_and_waited_for_from_then_on(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    await desk.write()
    await office.sync()
    [(ours, _flags)] = await embedded.contents("Sent")
    assert not ours.startswith(_TRACE)
    await _file(embedded, post.mails[0])
    assert (await _one_copy(office, embedded, desk)).startswith(_TRACE)
    assert (await _account(office, desk)).files_sent_itself
    await desk.write()
    await office.sync()
    assert len(await embedded.contents("Sent")) == 1
    await _file(embedded, post.mails[1])
    for _time in range(2):
        await office.sync()
    assert len(await embedded.contents("Sent")) == len(await office.held("Sent")) == 2


async def test_a_server_that_was_to_file_and_does_not_is_given_the_copy_in_the_end(
    office: Office, embedded: EmbeddedRemote, desk: Desk
) -> None:
    await office.database.write(_believe, desk.account_id)
    await desk.write()
    await office.sync()
    assert await embedded.contents("Sent") == []
    await office.database.write(make_due)
    assert not (await _one_copy(office, embedded, desk)).startswith(_TRACE)
    assert not (await _account(office, desk)).files_sent_itself


async def test_a_copy_that_comes_before_the_answer_to_the_letter_is_the_one(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    async def file(mail: ReceivedMail) -> None:
        await _file(embedded, mail)
        account = await _account(office, desk)
        store = office.connections.mailbox(account)
        await store.open()
        await _sync(office, store).account(desk.account_id)
        await store.close()

    post.after = file
    await desk.write()
    await _one_copy(office, embedded, desk)


async def test_the_servers_copy_is_known_again_when_its_folder_is_numbered_anew(
    office: Office, embedded: EmbeddedRemote, desk: Desk, filing: list[ReceivedMail]
) -> None:
    await _setting(office, desk, "server")
    await desk.write()
    await _one_copy(office, embedded, desk)
    [before] = await office.held("Sent")
    assert len(filing) == 1
    await office.database.write(_long_ago)
    embedded.mailbox.change_uidvalidity("Sent")
    await office.sync()
    [after] = await office.held("Sent")
    assert (after.placement_id, after.message_id) == (before.placement_id, before.message_id)
    assert await office.raw(after.message_id) == await office.raw(before.message_id)


def _long_ago(session: Session) -> None:
    session.execute(update(Outgoing).values(sent_at=NOW - timedelta(days=400)))


async def test_a_worker_that_died_before_it_filed_files_once(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    """Between the server's answer and the filing, and between the filing and its noting."""
    await office.database.write(_believe, desk.account_id)
    await desk.write()
    await office.sync()
    await office.database.write(_asked)
    await _file(embedded, post.mails[0])
    assert (await _one_copy(office, embedded, desk)).startswith(_TRACE)


@pytest.mark.parametrize("server_files", [True, False])
async def test_a_letter_that_a_person_settles_as_sent_gets_its_copy(
    office: Office, embedded: EmbeddedRemote, desk: Desk, server_files: bool
) -> None:
    number = await desk.write()
    raw = await office.database.write(_died_in_sending, number)
    await office.sync()
    assert (await desk.row()).state == "unknown"
    if server_files:
        await embedded.deliver(_TRACE + raw, "Sent")
    await office.sync()
    operator = office.operator_id
    await office.database.write(outbox_decisions.settle_by_hand, operator, number, NOW)
    assert (await _one_copy(office, embedded, desk)).startswith(_TRACE) == server_files


async def test_a_copy_that_is_moved_before_it_came_is_moved_there(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    from tui_mail.db import actions, folders
    from tui_mail.values import FolderRole

    await office.database.write(_believe, desk.account_id)
    await desk.write()
    await office.sync()
    [copy] = await office.held("Sent")
    archive = await office.database.write(
        folders.folder_for_role, desk.account_id, FolderRole.ARCHIVE
    )
    await office.database.write(
        actions.move, office.operator_id, [copy.placement_id], archive.id or 0, NOW
    )
    await _file(embedded, post.mails[0])
    for _time in range(3):
        await office.sync()
    assert await embedded.contents("Sent") == []
    assert len(await embedded.contents("Archive")) == 1
    assert [one.folder for one in await office.held()] == ["Archive"]


def _sync(office: Office, store: object) -> Sync:
    async def rest() -> None:
        return

    return Sync(office.database, store, office.ingest, report=lambda _progress: None, pause=rest)  # type: ignore[arg-type]


def _believe(session: Session, account_id: int) -> None:
    """The server is taken for one that files."""
    session.execute(
        update(Account).where(col(Account.id) == account_id).values(files_sent_itself=True)
    )


def _asked(session: Session) -> None:
    """The copy was handed out for filing, and nobody knows what became of it."""
    session.execute(update(Operation).values(next_try=None, attempts=1))


def _died_in_sending(session: Session, number: int) -> bytes:
    session.execute(update(Outgoing).where(col(Outgoing.id) == number).values(state="sending"))
    letter = session.get(Outgoing, number)
    assert letter is not None
    return letter.raw
