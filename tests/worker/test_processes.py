"""Workers as programs of their own: two on one home, and one that is killed at the worst moment."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.worker.installation import Installation
from tests.worker.office import PASSWORD, EmbeddedRemote, letter, until
from tui_mail.db import outbox
from tui_mail.demo.imap_server import ImapServer
from tui_mail.demo.imap_store import UserMailbox
from tui_mail.demo.smtp_server import ACCEPTED, ReceivedMail, SmtpServer

_USERS = ("anna", "bruno", "carla")


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    made = await asyncio.to_thread(Installation, tmp_path / "home")
    yield made
    await made.database.close()


@pytest.fixture
async def mailboxes() -> AsyncIterator[tuple[ImapServer, dict[str, UserMailbox]]]:
    boxes = {user: UserMailbox(PASSWORD) for user in _USERS}
    server = ImapServer(boxes)
    await server.start()
    yield server, boxes
    await server.stop()


async def test_of_two_programs_one_serves_an_account_and_the_other_takes_over(
    installation: Installation, mailboxes: tuple[ImapServer, dict[str, UserMailbox]]
) -> None:
    server, boxes = mailboxes
    for user, box in boxes.items():
        for number in range(40):
            box.deliver("INBOX", letter(f"{user}{number}"))
        await installation.add(user, server.port)
    every = [f"{user}{number}" for user in _USERS for number in range(40)]

    async with installation.worker() as first:
        await until(lambda: _have(installation, every), what="all mail")
        async with installation.worker():
            await until(lambda: server.received.count("IDLE") >= len(_USERS))
            for user, box in boxes.items():
                box.deliver("INBOX", letter(f"{user}-both"))
            every += [f"{user}-both" for user in _USERS]
            await until(lambda: _have(installation, every), what="news with two programs")
            assert server.connections == len(_USERS)

            first.send_signal(signal.SIGKILL)
            await first.wait()
            for user, box in boxes.items():
                box.deliver("INBOX", letter(f"{user}-after"))
            every += [f"{user}-after" for user in _USERS]
            await until(lambda: _have(installation, every), what="the takeover", seconds=5)
            assert server.connections == len(_USERS)


async def _have(installation: Installation, names: list[str]) -> bool:
    return await installation.office.names() == sorted(names)


async def test_killed_while_sending_the_letter_is_unknown_and_never_sent_again(
    installation: Installation, embedded: EmbeddedRemote
) -> None:
    mails: list[ReceivedMail] = []
    arrived, gate = asyncio.Event(), asyncio.Event()

    async def deliver(mail: ReceivedMail) -> list[str]:
        mails.append(mail)
        arrived.set()
        await gate.wait()
        return [ACCEPTED] * len(mail.recipients)

    server = SmtpServer(deliver, users={"anna": PASSWORD})
    await server.start()
    try:
        await installation.add("anna", embedded.server.port, server.port)
        await installation.run("send", "--to", "luca@ferri.it", "--subject", "Conferma")
        async with installation.worker() as process:
            await asyncio.wait_for(arrived.wait(), 20)
            process.send_signal(signal.SIGKILL)
        gate.set()
        for _time in range(2):
            await installation.run("worker", "--once")
        assert await _states(installation) == ["unknown"]
        assert len(mails) == 1
    finally:
        gate.set()
        await server.stop()


async def test_the_same_key_is_one_letter_however_often_it_is_asked_for(
    installation: Installation, embedded: EmbeddedRemote
) -> None:
    mails: list[ReceivedMail] = []

    def deliver(mail: ReceivedMail) -> list[str]:
        mails.append(mail)
        return [ACCEPTED] * len(mail.recipients)

    server = SmtpServer(deliver, users={"anna": PASSWORD})
    await server.start()
    try:
        await installation.add("anna", embedded.server.port, server.port)
        send = ("send", "--to", "luca@ferri.it", "--subject", "Conferma", "--idempotency-key", "k")
        async with installation.worker():
            await asyncio.gather(*(installation.run(*send) for _time in range(3)))
            await until(lambda: _is_sent(installation), what="the letter")
            await installation.run(*send)
        await installation.run("worker", "--once")
        assert await _states(installation) == ["sent"]
        assert len(mails) == 1
        assert len(await installation.office.held("Sent")) == 1
        assert len(await embedded.contents("Sent")) == 1
    finally:
        await server.stop()


async def _is_sent(installation: Installation) -> bool:
    return await _states(installation) == ["sent"]


async def _states(installation: Installation) -> list[str]:
    office = installation.office
    rows = await office.database.read(outbox.outgoing, office.operator_id)
    return [row.state for row in rows]
