"""A console's mail is written by another process: the same rows, in turn, whatever becomes of it."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Sequence

import pytest
from sqlmodel import Session

from tests.worker.office import NOW, letter
from tui_mail.db.accounts import add_account, operator_for
from tui_mail.db.arrivals import Saved
from tui_mail.db.engine import Database
from tui_mail.db.folders import folder_named
from tui_mail.db.prepared import Arrival
from tui_mail.db.tables import Account
from tui_mail.db.topics import Topic
from tui_mail.errors import NotFound
from tui_mail.worker.ingest import _save
from tui_mail.worker.keeper import Keeper
from tui_mail.worker.preparing import Delivery, prepare


def dying(
    session: Session, account_id: int, folder_id: int, arrivals: Sequence[Arrival]
) -> list[Saved]:
    """Writes, and dies before the end in any process but the one of the tests."""
    saved = _save(session, account_id, folder_id, arrivals)
    if os.getppid() == int(os.environ["TEST_PARENT"]):
        os.kill(os.getpid(), signal.SIGKILL)
    return saved


def deliveries(first: int, number: int) -> list[Delivery]:
    return [
        Delivery(prepare(letter(f"m{one}"), frozenset()).content, {}, str(one), frozenset(), NOW)
        for one in range(first, first + number)
    ]


async def place(database: Database) -> tuple[int, int]:
    def make(session: Session) -> tuple[int, int]:
        operator = operator_for(session, "anna")
        wish = Account(email="vendite@rossi.it", protocol="local")
        account = add_account(session, wish, operator.id or 0).id or 0
        return account, folder_named(session, account, "INBOX", create=True).id or 0

    return await database.write(make)


@pytest.fixture
def keepers() -> Iterator[Callable[[Database], Keeper]]:
    """Makes keepers that write apart; ends what they began."""
    made: list[Keeper] = []

    def make(database: Database) -> Keeper:
        made.append(Keeper(database, background=True))
        return made[-1]

    yield make
    for one in made:
        one.close()


async def begun(keeper: Keeper) -> None:
    assert keeper._starting is not None
    await asyncio.wrap_future(keeper._starting)


async def test_many_messages_are_written_by_another_process_as_by_this_one(
    database: Database, keepers: Callable[[Database], Keeper]
) -> None:
    account, folder = await place(database)
    told: asyncio.Queue[frozenset[Topic]] = asyncio.Queue()
    keeper = keepers(database)
    here = await keeper.keep(_save, account, folder, deliveries(0, 100))
    await begun(keeper)
    await database.start()
    database.subscribe(told.put_nowait)
    await told.get()  # what was read before the watch began
    there = await keeper.keep(_save, account, folder, deliveries(100, 100))
    assert [one.new for one in (*here, *there)] == [True] * 200
    ids = [one.message_id for one in (*here, *there)]
    assert len(set(ids)) == 200
    assert {Topic.MAIL, Topic.FOLDERS} <= await asyncio.wait_for(told.get(), 30)
    again = await keeper.keep(_save, account, folder, deliveries(0, 200))
    assert [one.message_id for one in again] == ids
    assert not any(one.new for one in again)


async def test_an_error_of_the_other_process_is_that_of_this_one(
    sqlite_database: Database, keepers: Callable[[Database], Keeper]
) -> None:
    account, folder = await place(sqlite_database)
    keeper = keepers(sqlite_database)
    await keeper.keep(_save, account, folder, deliveries(0, 100))
    await begun(keeper)
    with pytest.raises(NotFound):
        await keeper.keep(_save, account + 1, folder, deliveries(100, 5))


async def test_when_the_other_process_dies_nothing_is_lost_or_doubled(
    sqlite_database: Database,
    keepers: Callable[[Database], Keeper],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_PARENT", str(os.getpid()))
    account, folder = await place(sqlite_database)
    keeper = keepers(sqlite_database)
    await keeper.keep(_save, account, folder, deliveries(0, 100))
    await begun(keeper)
    saved = await keeper.keep(dying, account, folder, deliveries(50, 100))
    assert [one.new for one in saved] == [False] * 50 + [True] * 50
    again = await keeper.keep(_save, account, folder, deliveries(0, 150))
    assert len({one.message_id for one in again}) == 150
    assert not any(one.new for one in again)
