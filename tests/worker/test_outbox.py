"""A letter goes once, and everybody is told what became of it."""

import asyncio
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from tests.db.house import FERRI, ORDER, changes
from tests.worker.desk import Desk, Post
from tests.worker.office import NOW, EmbeddedRemote, Office, letter, until
from tui_mail.db import accounts, erp, folders, links, operations, outbox, outbox_decisions
from tui_mail.db.session import Session
from tui_mail.db.tables import Outgoing, OutgoingRecipient
from tui_mail.values import Fetched, LetterAttachment
from tui_mail.worker.outbox import send_due


async def test_a_letter_goes_once_and_its_copy_is_in_sent_here_and_there(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    await desk.write()
    for _time in range(3):
        await office.sync()
    assert len(post.mails) == 1
    assert (await desk.row()).state == "sent"
    [copy] = await office.held("Sent")
    assert copy.flags == {"seen"}
    [(raw, flags)] = await embedded.contents("Sent")
    assert raw == await office.raw(copy.message_id)
    assert flags == {"\\Seen"}


async def test_the_running_worker_sends_at_once(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    worker = office.worker()
    await worker.start()
    await until(lambda: worker.summary().last_success)
    await desk.write()
    await asyncio.wait_for(post.arrived.wait(), 30)
    await until(lambda: embedded.contents("Sent"), what="the copy on the server")
    await worker.stop()
    await office.sync()
    assert (len(post.mails), len(await office.held("Sent"))) == (1, 1)


async def test_the_copy_is_about_what_was_said_answered_and_addressed(
    office: Office, embedded: EmbeddedRemote, desk: Desk
) -> None:
    await office.database.write(erp.take, "books", changes(), NOW)
    order = (await office.database.read(erp.entity, ORDER)).id
    ferri = (await office.database.read(erp.entity, FERRI)).id
    await embedded.deliver(letter("ask", subject="Ordine 2026/119", sender="l.ferri@ferri.it"))
    await office.sync()
    [asked] = await office.held()
    await desk.write("l.ferri@ferri.it", answers=asked.message_id)
    await office.sync()
    [copy] = await office.held("Sent")
    rows = await office.database.read(links.links_of, office.operator_id, copy.message_id)
    methods = {row.entity_id: (row.method, str(row.state)) for row in rows}
    assert methods[order] == ("composed", "confirmed")
    assert ferri in methods


async def test_refused_recipients_are_told_apart(office: Office, desk: Desk, post: Post) -> None:
    post.refusals["no@ferri.it"] = "550 5.1.1 No such user"
    post.refusals["later@ferri.it"] = "451 4.7.1 Come back later"
    await desk.write("yes@ferri.it", "no@ferri.it", "later@ferri.it")
    await office.sync()
    assert await desk.states() == {
        "yes@ferri.it": "accepted",
        "no@ferri.it": "refused",
        "later@ferri.it": "deferred",
    }
    row = await desk.row()
    assert row.state == "queued"
    assert row.next_try > NOW
    del post.refusals["later@ferri.it"]
    await office.database.write(outbox_decisions.retry, office.operator_id, row.id, NOW)
    await office.sync()
    assert post.mails[-1].recipients == ("later@ferri.it",)
    assert len(await office.held("Sent")) == 1


async def test_a_letter_that_nobody_takes_has_failed(
    office: Office, desk: Desk, post: Post
) -> None:
    post.refusals["luca@ferri.it"] = "550 no"
    await desk.write()
    await office.sync()
    assert (await desk.row()).state == "failed"
    assert await office.held("Sent") == []


async def test_a_letter_written_long_before_its_time_is_tried_again(
    office: Office, desk: Desk, post: Post
) -> None:
    post.refusals["luca@ferri.it"] = "451 4.7.1 Greylisted"
    await desk.write(at=datetime.now(UTC) - timedelta(days=9))
    await office.sync()
    row = await desk.row()
    assert (row.state, await desk.states()) == ("queued", {"luca@ferri.it": "deferred"})


async def test_a_letter_deferred_for_days_has_failed(
    office: Office, desk: Desk, post: Post
) -> None:
    post.refusals["luca@ferri.it"] = "451 4.7.1 Come back later"
    await desk.write(at=datetime.now(UTC) - timedelta(days=4))
    await office.database.write(_tried_often)
    await office.sync()
    assert (await desk.row()).state == "failed"
    assert await desk.states() == {"luca@ferri.it": "refused"}


def _tried_often(session: Session) -> None:
    session.execute(update(Outgoing).values(attempts=20))


async def test_an_address_that_cannot_be_one_does_not_hold_up_the_next_letter(
    office: Office, desk: Desk, post: Post
) -> None:
    identifier = await desk.write()

    def spoil(session: Session) -> None:
        session.execute(update(OutgoingRecipient).values(address="a b@ferri.it"))

    await office.database.write(spoil)
    await desk.write("anna@ferri.it")
    await office.sync()
    rows = await office.database.read(outbox.outgoing, office.operator_id)
    assert {row.id == identifier: row.state for row in rows} == {True: "failed", False: "sent"}


async def test_what_is_not_known_is_never_sent_again_by_itself(
    office: Office, desk: Desk, post: Post
) -> None:
    post.server.lose_answers = True
    await desk.write()
    for _time in range(3):
        await office.once()
    assert len(post.mails) == 1
    assert (await desk.row()).state == "unknown"


async def test_a_process_that_died_while_sending_leaves_unknown(
    office: Office, desk: Desk, post: Post
) -> None:
    identifier = await desk.write()
    assert await office.database.write(outbox.claim, identifier, NOW)
    await office.sync()
    assert post.mails == []
    assert (await desk.row()).state == "unknown"


async def test_stopping_lets_the_letter_on_its_way_finish(
    office: Office, desk: Desk, post: Post
) -> None:
    post.gate.clear()
    await desk.write()
    worker = office.worker()
    await worker.start()
    await asyncio.wait_for(post.arrived.wait(), 30)
    stopping = asyncio.ensure_future(worker.stop())
    await asyncio.sleep(0)
    assert not stopping.done()
    post.gate.set()
    await stopping
    assert (await desk.row()).state == "sent"


async def test_a_server_that_is_away_keeps_the_letter_queued(
    office: Office, desk: Desk, post: Post
) -> None:
    await post.server.stop()
    await desk.write()
    [error] = (await office.once()).values()
    assert error.message == await office.status()
    row = await desk.row()
    assert (row.state, row.error) == ("queued", error.message)


async def test_a_wrong_password_for_sending_is_said_and_mail_still_comes(
    office: Office, embedded: EmbeddedRemote, post: Post
) -> None:
    account = embedded.account()
    account.smtp_host, account.smtp_port, account.smtp_tls = "127.0.0.1", post.server.port, "none"
    account.secret = b"sbagliata"
    embedded.mailbox.password = "sbagliata"
    desk = Desk(office, await office.add(account))
    await embedded.deliver(letter("one"))
    await desk.write()
    worker = office.worker()
    await worker.start()
    await until(office.names, what="the mail")
    await until(office.status, what="the error")
    await worker.stop()
    assert post.mails == []
    assert (await desk.row()).state == "queued"


async def test_a_letter_that_went_is_sent_though_its_copy_finds_no_room(
    office: Office, desk: Desk, post: Post
) -> None:
    (office.folder / "attachments").write_text("no folder can be made here")
    await desk.write(attachments=(LetterAttachment("a.pdf", b"content" * 99, "application/pdf"),))
    [error] = (await office.once()).values()
    assert error is not None
    assert (await desk.row()).state == "sent"
    await office.once()
    assert len(post.mails) == 1


async def test_a_copy_whose_filing_was_not_noted_is_not_filed_twice(
    office: Office, embedded: EmbeddedRemote, desk: Desk
) -> None:
    await office.sync()
    await desk.write()
    sender = office.connections.sender(
        await office.database.read(accounts.account_by_id, desk.account_id)
    )
    await send_due(office.database, sender, office.ingest, desk.account_id)
    # Killed after the server had filed it: asked for, and on the server.
    assert await office.database.write(operations.next_operations, desk.account_id, NOW)
    [copy] = await office.held("Sent")
    await embedded.deliver(await office.raw(copy.message_id), "Sent")
    await office.sync()
    await office.sync()
    assert len(await embedded.contents("Sent")) == 1
    assert len(await office.held("Sent")) == 1


async def test_a_letter_to_a_colleague_is_filed_although_it_came_first(
    office: Office, embedded: EmbeddedRemote, desk: Desk, post: Post
) -> None:
    await office.sync()
    post.gate.clear()
    identifier = await desk.write()
    sending = asyncio.ensure_future(office.once())
    await asyncio.wait_for(post.arrived.wait(), 30)
    details = await office.database.read(outbox.sent_details, identifier)
    inbox = await office.database.read(folders.folder_named, desk.account_id, "INBOX")
    fetched = Fetched("9:9", details.raw, frozenset(), NOW)
    await office.ingest.store(desk.account_id, inbox.id or 0, [fetched])
    post.gate.set()
    await sending
    await office.sync()
    assert len(await office.held("Sent")) == 1
    assert len(await embedded.contents("Sent")) == 1
