"""The database seam: transactions, change notice across processes, errors as sentences."""

import asyncio
import contextlib
import sqlite3
import threading
from collections.abc import AsyncIterator
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from sqlalchemy import text
from sqlalchemy.orm.util import AliasedClass
from sqlmodel import Session

from tests.db.making import count_of
from tui_mail import db
from tui_mail.db.engine import Database
from tui_mail.db.tables import Operator
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import CannotWrite, InputOutput, Offline, SettingsWrong, TryLater, TuiMailError

_PATIENCE = 20


def _add(session: Session, login: str, *topics: Topic) -> None:
    session.add(Operator(login=login))
    publish(session, *topics)


def _add_at_once(session: Session, login: str) -> None:
    session.add(Operator(login=login))
    session.flush()


def _add_and_fail(session: Session, login: str) -> None:
    session.add(Operator(login=login))
    publish(session, Topic.MAIL)
    session.flush()
    raise ValueError(login)


class _Listening:
    """What a database announces, to be waited for."""

    def __init__(self, database: Database) -> None:
        self._heard: asyncio.Queue[frozenset[Topic]] = asyncio.Queue()
        self.stop = database.subscribe(self._heard.put_nowait)

    async def hears(self, topic: Topic) -> None:
        async with asyncio.timeout(_PATIENCE):
            while topic not in await self._heard.get():
                pass

    @property
    def silent(self) -> bool:
        return self._heard.empty()


@contextlib.asynccontextmanager
async def _two(url: str) -> AsyncIterator[tuple[Database, Database]]:
    """Two programs on one database, both noticing."""
    one, other = Database(url), Database(url)
    try:
        await one.start()
        await other.start()
        yield one, other
    finally:
        await one.close()
        await other.close()


async def test_a_commit_is_announced_here_with_its_topics(database: Database) -> None:
    heard = _Listening(database)
    await database.write(_add, "anna", Topic.MAIL)
    await heard.hears(Topic.MAIL)
    heard.stop()
    await database.write(_add, "bruno", Topic.MAIL)
    await database.read(count_of, Operator)
    assert heard.silent


async def test_what_fails_is_neither_kept_nor_announced(database: Database) -> None:
    heard = _Listening(database)
    with pytest.raises(ValueError, match="anna"):
        await database.write(_add_and_fail, "anna")
    assert await database.read(count_of, Operator) == 0
    assert heard.silent


async def test_two_programs_notice_each_others_commits(database_url: str) -> None:
    async with _two(database_url) as (one, other):
        heard_by_one, heard_by_other = _Listening(one), _Listening(other)
        # Until both watch, a commit may go unheard: repeated until it is not.
        for writer, heard, name in ((one, heard_by_other, "a"), (other, heard_by_one, "b")):
            hearing = asyncio.create_task(heard.hears(Topic.OUTBOX))
            number = 0
            while not hearing.done():
                number += 1
                await writer.write(_add, f"{name}{number}", Topic.OUTBOX)
                await asyncio.wait([hearing], timeout=0.5)
            await hearing


async def test_a_cancelled_caller_does_not_stop_its_transaction(database: Database) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(session: Session) -> None:
        session.add(Operator(login="anna"))
        begun.set()
        assert go_on.wait(_PATIENCE)
        publish(session, Topic.MAIL)

    heard = _Listening(database)
    writing = asyncio.create_task(database.write(slowly))
    await asyncio.to_thread(begun.wait, _PATIENCE)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    go_on.set()
    await heard.hears(Topic.MAIL)
    assert await database.read(count_of, Operator) == 1


async def test_many_writers_on_two_programs_lose_nothing(database_url: str) -> None:
    def count_up(session: Session) -> None:
        session.connection().execute(text("UPDATE operator SET name = name || 'x'"))

    async with _two(database_url) as (one, other):
        await one.write(_add, "anna")
        await asyncio.gather(*(d.write(count_up) for d in (one, other) for _ in range(20)))
        names = await one.read(
            lambda s: s.connection().execute(text("SELECT name FROM operator")).scalar()
        )
        assert names == "x" * 40


async def test_closing_finishes_what_is_being_written(database_url: str) -> None:
    database = Database(database_url)
    await database.start()
    writes = [asyncio.create_task(database.write(_add, f"o{n}")) for n in range(5)]
    await asyncio.gather(*writes)
    await database.close()
    again = Database(database_url)
    assert again.read_now(count_of, Operator) == 5
    again.close_now()


@pytest.mark.parametrize(
    "url", ["", "nonsense", "sqlite:nonsense", "mysql://x/y", "postgresql://h:port/x"]
)
def test_an_unreadable_url_is_a_wrong_setting(url: str) -> None:
    with pytest.raises(SettingsWrong, match=r"settings\.toml"):
        Database(url)


def test_a_server_that_is_not_there_is_a_sentence() -> None:
    database = Database("postgresql+psycopg://x:secret@127.0.0.1:9/none?connect_timeout=2")
    with pytest.raises(Offline, match="not reached") as raised:
        database.read_now(count_of, Operator)
    assert "secret" not in str(raised.value)
    database.close_now()


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/missing/tui_mail.db")
    with pytest.raises(CannotWrite, match="cannot be opened"):
        database.write_now(_add, "anna")
    database.close_now()


def test_a_file_that_is_no_database_is_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "tui_mail.db"
    path.write_bytes(b"this is not a database" * 1000)
    database = Database(f"sqlite:///{path}")
    with pytest.raises(InputOutput, match="damaged"):
        database.read_now(count_of, Operator)
    database.close_now()


def test_a_full_disk_is_a_sentence_and_changes_nothing(sqlite_database: Database) -> None:
    def fill(session: Session) -> None:
        session.connection().exec_driver_sql("PRAGMA max_page_count = 1")
        for number in range(5000):
            session.add(Operator(login=f"{number}" + "x" * 500))

    with pytest.raises(CannotWrite, match="disk is full"):
        sqlite_database.write_now(fill)
    assert sqlite_database.read_now(count_of, Operator) == 0


def test_a_database_held_by_another_program_is_a_sentence(
    sqlite_database: Database, tmp_path: Path
) -> None:
    def impatient(session: Session) -> None:
        session.add(Operator(login="anna"))

    sqlite_database.write_now(lambda s: s.connection().exec_driver_sql("PRAGMA busy_timeout = 1"))
    holder = sqlite3.connect(tmp_path / "only.db")
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(TryLater, match="busy"):
        sqlite_database.write_now(impatient)
    holder.rollback()
    holder.close()
    sqlite_database.write_now(impatient)


def test_reading_goes_on_when_the_server_has_ended_the_connections(database: Database) -> None:
    assert database.read_now(count_of, Operator) == 0
    if not database.is_sqlite:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        others += " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        database.write_now(lambda session: session.execute(text(others)))
    assert database.read_now(count_of, Operator) == 0


def test_reading_changes_nothing(database: Database) -> None:
    with contextlib.suppress(TuiMailError):
        database.read_now(_add_at_once, "anna")
    assert database.read_now(count_of, Operator) == 0


async def test_what_others_commit_is_told_though_somebody_types_without_a_pause(
    database_url: str,
) -> None:
    async with _two(database_url) as (one, other):
        heard = _Listening(one)
        await heard.hears(Topic.MAIL)  # all of it, when the watch begins
        await other.write(_add, "anna", Topic.MAIL)
        hearing = asyncio.ensure_future(heard.hears(Topic.MAIL))
        while not hearing.done():
            one.defer()
            await asyncio.wait([hearing], timeout=0.05)
        hearing.result()


def test_no_table_alias_is_shared_by_threads() -> None:
    """SQLAlchemy makes an alias's columns when they are first asked for; of two threads that ask at
    the same time one keeps columns that its joins do not know."""
    modules = [import_module(one.name) for one in iter_modules(db.__path__, f"{db.__name__}.")]
    shared = [
        f"{module.__name__}.{name}"
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, AliasedClass)
    ]
    assert modules
    assert shared == []
