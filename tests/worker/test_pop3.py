"""POP3 from the server to the database: what comes, what stays there, what is deleted there."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from tests.backends.test_pop3 import NO, Poor
from tests.servers.dovecot import Dovecot
from tests.worker.office import PASSWORD, DovecotRemote, Office, letter, until
from tui_mail.db.actions import delete
from tui_mail.db.tables import Account, Folder, PickedUp
from tui_mail.values import Endpoint

_NUMBERS = itertools.count(1)


@dataclass
class Popped(DovecotRemote):
    """A mailbox on Dovecot that is emptied by POP3, and looked at by IMAP."""

    user: str = field(default_factory=lambda: f"popped{next(_NUMBERS)}")

    def account(self, **fields: object) -> Account:
        made = super().account()
        made.protocol, made.port = "pop3", self.server.port_pop3s
        for name, value in fields.items():
            setattr(made, name, value)
        return made

    async def names(self) -> list[str]:
        """What is at the server, by the names that `letter` gave."""
        raws = [raw for raw, _flags in await self.contents()]
        return sorted(
            raw.partition(b"Message-ID: <")[2].partition(b"@")[0].decode() for raw in raws
        )


@pytest.fixture
def popped(dovecot: Dovecot) -> Popped:
    return Popped(dovecot)


def poor_account(endpoint: Endpoint, leave_days: int | None = None) -> Account:
    return Account(
        email="anna@rossi.it",
        user="anna",
        protocol="pop3",
        host=endpoint.host,
        port=endpoint.port,
        tls=endpoint.tls,
        secret=PASSWORD.encode(),
        leave_days=leave_days,
    )


async def aged(office: Office, days: int) -> None:
    """What has come came so many days ago."""

    def act(session: Session) -> None:
        seen = datetime.now(UTC) - timedelta(days=days)
        session.execute(update(PickedUp).values(first_seen=seen))

    await office.database.write(act)


async def test_mail_comes_once_and_stays_at_the_server(office: Office, popped: Popped) -> None:
    await office.add(popped.account())
    for name in ("uno", "due"):
        await popped.deliver(letter(name))
    await office.sync()
    await popped.deliver(letter("tre"))
    for _time in range(2):
        await office.sync()
    assert await office.names() == ["due", "tre", "uno"]
    assert await popped.names() == ["due", "tre", "uno"]
    assert await office.raws() == {letter(name) for name in ("uno", "due", "tre")}


async def test_an_account_has_the_folders_that_no_server_has(
    office: Office, popped: Popped
) -> None:
    account_id = await office.add(popped.account())
    await office.sync()

    def names(session: Session) -> set[str]:
        return set(
            session.scalars(select(col(Folder.name)).where(col(Folder.account_id) == account_id))
        )

    assert await office.database.read(names) >= {"INBOX", "Sent", "Drafts", "Trash"}


async def test_with_no_days_to_stay_it_is_gone_from_the_server_at_once(
    office: Office, popped: Popped
) -> None:
    await office.add(popped.account(leave_days=0))
    await popped.deliver(letter("uno"))
    await office.sync()
    assert (await office.names(), await popped.names()) == (["uno"], [])
    await popped.deliver(letter("due"))
    await office.sync()
    assert (await office.names(), await popped.names()) == (["due", "uno"], [])


async def test_it_stays_at_the_server_for_as_many_days_as_were_said(
    office: Office, popped: Popped
) -> None:
    await office.add(popped.account(leave_days=7))
    await popped.deliver(letter("vecchia"))
    await office.sync()
    await aged(office, 8)
    await popped.deliver(letter("nuova"))
    await office.sync()
    assert await popped.names() == ["nuova"]
    assert await office.names() == ["nuova", "vecchia"]


async def test_what_is_deleted_here_is_deleted_there_when_so_set_and_never_comes_again(
    office: Office, popped: Popped
) -> None:
    await office.add(popped.account(delete_there=True))
    for name in ("via", "resta"):
        await popped.deliver(letter(name))
    await office.sync()
    (one,) = [one for one in await office.held("INBOX") if one.header == "via@test"]
    await office.database.write(delete, office.operator_id, [one.placement_id], datetime.now(UTC))
    await office.sync()
    assert await popped.names() == ["resta"]
    assert await office.names("INBOX") == ["resta"]


async def test_what_is_deleted_here_stays_there_else_and_does_not_come_again(
    office: Office, popped: Popped
) -> None:
    await office.add(popped.account())
    await popped.deliver(letter("via"))
    await office.sync()
    for _time in range(2):  # into the trash, and out of it
        (one,) = await office.held()
        await office.database.write(
            delete, office.operator_id, [one.placement_id], datetime.now(UTC)
        )
    await office.sync()
    assert await office.held() == []
    assert await popped.names() == ["via"]


async def test_names_that_a_server_changes_bring_nothing_twice(office: Office) -> None:
    raws = {n: letter(f"n{n}")[:-2] for n in (1, 2)}
    async with Poor(raws) as endpoint:
        account_id = await office.add(poor_account(endpoint))
        await office.sync()
    renamed = b"+OK\r\n1 other1\r\n2 other2\r\n.\r\n"
    async with Poor(raws, uidl=renamed) as endpoint:
        await _move_to(office, account_id, endpoint)
        await office.sync()
    async with Poor(raws, uidl=NO) as endpoint:
        await _move_to(office, account_id, endpoint)
        await office.sync()
    assert await office.names() == ["n1", "n2"]


@pytest.mark.parametrize("size", [0, 40])
async def test_a_name_that_is_used_again_for_other_mail_loses_neither(
    office: Office, size: int
) -> None:
    """Whether the other message has the size of the first or not, and the first was gone between."""
    first, second = letter("aaa")[:-2], letter("bbb", text="Buongiorno" + " " * size)[:-2]
    names = b"+OK\r\n1 same\r\n.\r\n"
    async with Poor({1: first}, uidl=names) as endpoint:
        account_id = await office.add(poor_account(endpoint))
        await office.sync()
    if not size:
        async with Poor({}) as endpoint:
            await _move_to(office, account_id, endpoint)
            await office.sync()
    for _time in range(2):
        async with Poor({1: second}, uidl=names) as endpoint:
            await _move_to(office, account_id, endpoint)
            await office.sync()
    assert await office.names() == ["aaa", "bbb"]


async def test_other_mail_under_a_known_name_is_not_deleted_before_it_is_here(
    office: Office,
) -> None:
    names = b"+OK\r\n1 same\r\n.\r\n"
    async with Poor({1: letter("aaa")[:-2]}, uidl=names) as endpoint:
        account_id = await office.add(poor_account(endpoint, leave_days=3))
        await office.sync()
    await aged(office, 4)
    poor = Poor({1: letter("bbb")[:-2]}, uidl=names)
    async with poor as endpoint:
        await _move_to(office, account_id, endpoint)
        await office.sync()
        assert b"DELE 1\r\n" not in poor.lines
        await office.sync()
    assert await office.names() == ["aaa", "bbb"]


async def test_a_mailbox_that_another_program_holds_is_tried_again_later(office: Office) -> None:
    async with Poor({}, **{"pass": b"-ERR [IN-USE] locked\r\n"}) as endpoint:
        await office.add(poor_account(endpoint))
        (error,) = (await office.once()).values()
    assert error.slug == "try_later"
    assert "Another program has the mailbox" in await office.status()


async def test_a_server_that_confirms_no_deletion_is_asked_again(office: Office) -> None:
    poor = Poor({1: letter("uno")[:-2]}, quit=b"-ERR not deleted\r\n")
    async with poor as endpoint:
        await office.add(poor_account(endpoint, leave_days=0))
        for _time in range(2):
            await office.sync()
    assert poor.lines.count(b"DELE 1\r\n") == 2
    assert await office.names() == ["uno"]


async def test_a_message_that_the_server_refuses_is_said_and_the_others_come(
    office: Office,
) -> None:
    class Broken(Poor):
        def _answer(self, verb: str, rest: str) -> bytes:
            refused = (verb, rest) == ("RETR", "2")
            return b"-ERR cannot read it\r\n" if refused else super()._answer(verb, rest)

    poor = Broken({n: letter(f"n{n}")[:-2] for n in (1, 2, 3)})
    async with poor as endpoint:
        await office.add(poor_account(endpoint, leave_days=0))
        (error,) = (await office.once()).values()
    assert "cannot read it" in error.message
    assert await office.names() == ["n1", "n3"]
    assert {line for line in poor.lines if line.startswith(b"DELE")} == {
        b"DELE 1\r\n",
        b"DELE 3\r\n",
    }


async def test_the_worker_goes_there_every_so_often_and_when_asked(
    office: Office, popped: Popped
) -> None:
    await office.add(popped.account())
    worker = office.worker(check_seconds=600)
    await office.database.start()
    await worker.start()
    try:
        await popped.deliver(letter("uno"))
        await until(lambda: worker.summary().last_success, what="the first look")
        worker.check_now()
        await until(_have(office, "uno"), what="the first message")
        await popped.deliver(letter("due"))
        worker.check_now()
        await until(_have(office, "due", "uno"), what="what came since")
        assert worker.summary().error == ""
    finally:
        await worker.stop()


def _have(office: Office, *names: str) -> Callable[[], object]:
    async def look() -> bool:
        return await office.names() == list(names)

    return look


async def _move_to(office: Office, account_id: int, endpoint: Endpoint) -> None:
    def act(session: Session) -> None:
        session.execute(
            update(Account).where(col(Account.id) == account_id).values(port=endpoint.port)
        )

    await office.database.write(act)
