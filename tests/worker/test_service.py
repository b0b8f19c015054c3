"""The worker as it runs for hours: news both ways, accounts that come and go, trouble, the end."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial

import pytest

from tests.worker.office import NOW, PASSWORD, EmbeddedRemote, Office, Remote, letter, until
from tui_mail.db import accounts, actions
from tui_mail.db.tables import Account
from tui_mail.errors import CannotWrite
from tui_mail.worker.service import Worker
from tui_mail.worker.turns import turn


@asynccontextmanager
async def running(office: Office, *, check_seconds: float = 600) -> AsyncIterator[Worker]:
    worker = office.worker(check_seconds=check_seconds)
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def _names(office: Office, *names: str) -> bool:
    return set(names) <= set(await office.names())


async def _synced(worker: Worker) -> None:
    await until(lambda: worker.summary().last_success, what="a first success")


async def test_new_mail_appears_by_itself(office: Office, remote: Remote) -> None:
    await office.add(remote.account())
    async with running(office) as worker:
        await _synced(worker)
        await remote.deliver(letter("news"))
        await until(lambda: _names(office, "news"), what="the new message")


async def test_what_is_done_here_is_told_at_once(office: Office, remote: Remote) -> None:
    await remote.deliver(letter("one"))
    await office.add(remote.account())
    async with running(office) as worker:
        await until(lambda: _names(office, "one"))
        await _synced(worker)
        [one] = await office.held()
        await office.database.write(
            actions.mark,
            office.operator_id,
            [one.placement_id],
            add=frozenset({"flagged"}),
            now=NOW,
        )

        async def flagged() -> bool:
            return "\\Flagged" in (await remote.contents())[0][1]

        await until(flagged, what="the flag on the server")


async def test_what_another_program_changes_shows_when_asked(
    office: Office, remote: Remote
) -> None:
    await remote.deliver(letter("one"))
    await office.add(remote.account())
    async with running(office) as worker:
        await _synced(worker)
        await remote.deliver(letter("filed"), "Sent")
        worker.check_now()
        await until(lambda: office.names("Sent"), what="the message in another folder")


async def test_accounts_are_served_while_they_are_there(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await embedded.deliver(letter("one"))
    async with running(office):
        await office.add(embedded.account())
        await until(lambda: _names(office, "one"))
        email = embedded.account().email
        await office.database.write(accounts.remove_account, office.operator_id, email)
        await until(lambda: embedded.server.connections == 0, what="the connection's end")
        assert await office.held() == []


async def test_a_wrong_password_is_said_and_a_right_one_tried_at_once(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await embedded.deliver(letter("one"))
    account = embedded.account()
    email, secret = account.email, PASSWORD.encode()
    account.secret = b"sbagliata"
    await office.add(account)
    async with running(office) as worker:
        await until(office.status, what="the error")
        assert "password" in worker.summary().error
        await office.database.write(accounts.set_secret, office.operator_id, email, secret)
        await until(lambda: _names(office, "one"))
        await until(lambda: not worker.summary().error)
        await until(lambda: _well(office), what="an end of the complaint")


async def test_back_off_ends_when_somebody_asks(office: Office, embedded: EmbeddedRemote) -> None:
    await embedded.deliver(letter("one"))
    account = embedded.account()
    await office.add(account)
    port = embedded.server.port
    await embedded.server.stop()
    async with running(office) as worker:
        await until(office.status, what="the error")
        await embedded.server.start(port=port)
        worker.check_now()
        # The first pause is of five seconds.
        await until(lambda: _names(office, "one"), seconds=4)


async def test_a_lost_connection_is_made_again(office: Office, embedded: EmbeddedRemote) -> None:
    await office.add(embedded.account())
    async with running(office) as worker:
        await _synced(worker)
        await until(lambda: "IDLE" in embedded.server.received)
        embedded.server.drop_connections()
        await until(office.status, what="the loss")
        await embedded.deliver(letter("news"))
        worker.check_now()
        await until(lambda: _names(office, "news"))


async def test_what_goes_wrong_in_sending_is_told_apart_from_the_mailbox(
    office: Office, embedded: EmbeddedRemote
) -> None:
    account_id = await office.add(embedded.account())
    for sending in (True, False):
        what = "no sending" if sending else "no fetching"
        failure = partial(accounts.record_failure, sending=sending)
        await office.database.write(failure, account_id, what, datetime.now(UTC))
    async with running(office) as worker:
        await _synced(worker)
        await until(lambda: _well(office))
        [status] = await office.database.read(accounts.statuses, office.operator_id)
        assert (status.last_error, status.sending_error) == ("", "no sending")
        assert status.trouble == ""  # no letter waits


async def test_stopping_leaves_nothing_behind(office: Office, remote: Remote) -> None:
    for number in range(300):
        await remote.deliver(letter(f"m{number}"))
    await office.add(remote.account())
    before = asyncio.all_tasks()
    worker = office.worker()
    await worker.start()
    await until(office.held, what="the first messages")
    await worker.stop()

    def ended() -> bool:
        names = {task.get_name() for task in asyncio.all_tasks() - before}
        return not [name for name in names if name.startswith(("account", "mailbox", "outbox"))]

    assert ended()
    async with turn(office.locks, "account-1", seconds=0.0) as ours:
        assert ours


async def test_stopping_at_any_moment_does_not_hang(
    office: Office, embedded: EmbeddedRemote
) -> None:
    for number in range(50):
        await embedded.deliver(letter(f"m{number}"))
    await office.add(embedded.account())
    for turns in range(40):
        worker = office.worker()
        await worker.start()
        for _turn in range(turns * turns):
            await asyncio.sleep(0)
        await asyncio.wait_for(worker.stop(), 10)


async def test_a_full_disk_loses_nothing(office: Office, embedded: EmbeddedRemote) -> None:
    with_file = (
        b"From: luca@ferri.it\r\nMessage-ID: <file@test>\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: application/pdf; name=a.pdf\r\n"
        b"Content-Disposition: attachment; filename=a.pdf\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\nSGFsbG8sIFdlbHQhIEhhbGxvIQ==\r\n"
    )
    await embedded.deliver(with_file)
    await embedded.deliver(letter("other"))
    await office.add(embedded.account())
    blobs = office.folder / "attachments"
    blobs.write_text("no folder can be made here")
    [error] = (await office.once()).values()
    assert isinstance(error, CannotWrite)
    assert await office.status() == error.message
    assert await office.held() == []
    blobs.unlink()
    await office.sync()
    assert await office.raws() == {with_file, letter("other")}


async def test_locks_that_cannot_be_written_are_said(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await office.add(embedded.account())
    office.locks.rmdir()
    office.locks.write_text("")
    async with running(office) as worker:
        await until(lambda: worker.summary().error)
        office.locks.unlink()
        office.locks.mkdir()
        await embedded.deliver(letter("one"))
        worker.check_now()
        await until(lambda: _names(office, "one"))
        await _synced(worker)
        assert worker.summary().error == ""
        await until(lambda: _well(office), what="an end of the complaint")


async def test_a_refused_folder_is_said_and_news_still_come_at_once(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await embedded.deliver(letter("one"))
    await office.add(embedded.account())
    async with running(office) as worker:
        await _synced(worker)
        embedded.server.refusals["UID FETCH"] = "not here"
        await embedded.deliver(letter("two"))
        await until(office.status, what="the refusal")
        assert "not here" in await office.status()
        del embedded.server.refusals["UID FETCH"]
        await embedded.deliver(letter("news"))
        # The first pause after an error is of five seconds.
        await until(lambda: _names(office, "one", "two", "news"), seconds=4)
        await until(lambda: _well(office), what="an end of the complaint")


async def _well(office: Office) -> bool:
    return not await office.status()


# -- two processes -----------------------------------------------------------------------------------

_HOLD = """
import asyncio, sys
from pathlib import Path
from tui_mail.worker.turns import turn

async def hold():
    async with turn(Path(sys.argv[1]), f"account-{sys.argv[2]}"):
        print("held", flush=True)
        await asyncio.Event().wait()

asyncio.run(hold())
"""


@contextmanager
def another_process(office: Office, account_id: int) -> Iterator["subprocess.Popen[str]"]:
    """A process that has the account's turn."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(office.locks), str(account_id)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def test_another_takes_over_from_a_killed_process(
    office: Office, embedded: EmbeddedRemote
) -> None:
    await embedded.deliver(letter("one"))
    account_id = await office.add(embedded.account())
    with another_process(office, account_id) as process:
        async with running(office):
            await until((office.locks / f"account-{account_id}.lock").exists)
            async with turn(office.locks, f"account-{account_id}", seconds=0.3) as ours:
                assert not ours
            assert embedded.server.connections == 0
            process.kill()
            await until(lambda: _names(office, "one"), seconds=5)


async def test_two_workers_on_one_home_serve_an_account_once(
    office: Office, embedded: EmbeddedRemote
) -> None:
    for number in range(200):
        await embedded.deliver(letter(f"m{number}"))
    await office.add(embedded.account())
    async with running(office) as first, running(office) as second:
        await until(lambda: first.summary().last_success or second.summary().last_success)
        assert embedded.server.connections == 1
        assert len(await office.held()) == 200
        assert sum(bool(one.summary().last_success) for one in (first, second)) == 1


async def test_a_cancelled_wait_keeps_no_lock(office: Office) -> None:
    async with turn(office.locks, "account-7"):
        waiting = asyncio.ensure_future(_wait_for(office))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    async with turn(office.locks, "account-7", seconds=0.0) as ours:
        assert ours


async def _wait_for(office: Office) -> None:
    async with turn(office.locks, "account-7"):
        await asyncio.Event().wait()


def test_accounts_differ_only_by_what_connections_are_made_of() -> None:
    from tui_mail.worker.service import _settings

    one = Account(id=1, email="a@b.it", host="h", last_error="x")
    other = Account(id=1, email="a@b.it", host="h", last_error="y")
    assert _settings(one) == _settings(other)
    other.secret = b"new"
    assert _settings(one) != _settings(other)
