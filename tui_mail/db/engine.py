"""The database as the rest of the program sees it: give it a function of a session.

`read` and `write` run a plain synchronous `fn(session, …)` in a thread; a write is one
transaction, alone (SQLite's BEGIN IMMEDIATE, PostgreSQL's advisory lock), and what it published
goes out after the commit: to this process at once, to others by NOTIFY or by
`PRAGMA data_version`. Hides the drivers, the threads and the change notice.
"""

import asyncio
import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlmodel import Session

from tui_mail import aside
from tui_mail.db.guard import require_guard
from tui_mail.db.planning import EACH_TIME
from tui_mail.db.shown import KEY
from tui_mail.db.topics import Topic, published
from tui_mail.db.troubles import our_errors
from tui_mail.errors import SettingsWrong, TuiMailError
from tui_mail.i18n import _
from tui_mail.values import Crm

_P = ParamSpec("_P")
_T = TypeVar("_T")
Listener = Callable[[frozenset[Topic]], None]

_CHANNEL = "tui_mail"
_WRITER_LOCK = 0x7475696D  # any number, the same in every process
_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
_READERS = 2
_POLL_SECONDS = 0.2
_PAUSE_SECONDS = 1.0
_TYPING_SECONDS = 0.5
_PATIENCE_SECONDS = 5.0
_BUSY_MILLISECONDS = 10_000
# 32 MB: with less every batch of new mail would be written into the file at once, and with it the
# pages of the indexes that the next batch changes again.
_LOG_PAGES = 8_000
_RECONNECT_SECONDS = 2.0
# A process that sleeps in the midst of a transaction keeps everybody's writes waiting.
_MIDST_SECONDS = 30
_TENDING = f"SET LOCAL idle_in_transaction_session_timeout = '{_MIDST_SECONDS}s'"

log = logging.getLogger(__name__)


class Database:
    """One database, by its URL (`sqlite:///…` or `postgresql+psycopg://…`)."""

    def __init__(self, url: str, crm: Crm | None = None) -> None:
        """`crm`: of which companies the records of a CRM are shown, of all when not told."""
        self._url = _readable(url)
        self._told = {KEY: crm or Crm()}
        self._sqlite = self._url.get_backend_name() == "sqlite"
        self._reader, self._tender, self._writer = self._engines()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="db-read")
        self._writers = ThreadPoolExecutor(1, thread_name_prefix="db-write")
        self._tenders = ThreadPoolExecutor(1, thread_name_prefix="db-tend")
        self._listeners: list[Listener] = []
        self._quiet_from = 0.0
        self._watch: asyncio.Task[None] | None = None
        self._origin = f"{os.getpid()}-{id(self):x}"

    @property
    def is_sqlite(self) -> bool:
        return self._sqlite

    @property
    def file(self) -> Path | None:
        """The file of an SQLite database; None when a server keeps it, or nothing but memory."""
        name = self._url.database or ""
        return Path(name) if self._sqlite and name not in {"", ":memory:"} else None

    @property
    def url(self) -> str:
        """Where it is, password and all: for a process of ours, never to be shown."""
        return self._url.render_as_string(hide_password=False)

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    # -- synchronous: the command line, and code that is in a thread already

    def read_now(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Run `fn(session, …)`; nothing that it changes is kept.

        A second time where a PostgreSQL was started anew since the last: to ask before each read
        whether it is still there would take as long as many a read.
        """
        with our_errors():
            try:
                return self._read_once(fn, *args, **kwargs)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            return self._read_once(fn, *args, **kwargs)

    def _read_once(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        with Session(self._reader, expire_on_commit=False, info=self._told) as session:
            return fn(session, *args, **kwargs)

    def write_now(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Run `fn(session, …)` in one transaction: all of it is kept, or nothing."""
        result, _topics = self.write_telling(fn, *args, **kwargs)
        return result

    def write_telling(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> tuple[_T, frozenset[Topic]]:
        """`write_now`, and what it published. Raises what a guard around it raises."""
        with (
            our_errors(),
            Session(self._writer, expire_on_commit=False, info=self._told) as session,
        ):
            require_guard(session)
            result = fn(session, *args, **kwargs)
            return result, self._commit(session)

    def _tend_telling(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> tuple[_T, frozenset[Topic]]:
        with (
            our_errors(),
            Session(self._tender, expire_on_commit=False, info=self._told) as session,
        ):
            if not self._sqlite:
                session.connection().exec_driver_sql(_TENDING)
            result = fn(session, *args, **kwargs)
            return result, self._commit(session)

    def _commit(self, session: Session) -> frozenset[Topic]:
        """Commit, and what was published; PostgreSQL tells it to the others."""
        session.flush()
        topics = published(session)
        if topics and not self._sqlite:
            notice = json.dumps({"origin": self._origin, "topics": sorted(topics)})
            session.connection().execute(
                text("SELECT pg_notify(:channel, :notice)"),
                {"channel": _CHANNEL, "notice": notice},
            )
        session.commit()
        return topics

    # -- asynchronous: everything that shares the event loop

    async def read(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """`read_now` off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, lambda: self.read_now(fn, *args, **kwargs))

    async def write(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """`write_now` off the event loop; a cancelled caller does not stop the transaction."""
        loop = asyncio.get_running_loop()
        context = copy_context()  # a guard of the caller's holds in the thread as well
        job = loop.run_in_executor(
            self._writers, lambda: context.run(lambda: self.write_telling(fn, *args, **kwargs))
        )
        job.add_done_callback(self._announce)
        result, _topics = await asyncio.shield(job)
        return result

    async def tend(
        self, fn: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """`write` for rows that no other write touches, and no guard holds for: on PostgreSQL it
        waits for no other's transaction. A cancelled caller does not stop it."""
        loop = asyncio.get_running_loop()
        executor = self._writers if self._sqlite else self._tenders
        job = loop.run_in_executor(executor, lambda: self._tend_telling(fn, *args, **kwargs))
        job.add_done_callback(self._announce)
        result, _topics = await asyncio.shield(job)
        return result

    async def write_by(self, transaction: Callable[[], _T]) -> _T:
        """A transaction that another process carries out for us, in turn with our own.

        What it changed is noticed as any other process's is.
        """
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._writers, transaction))

    def _announce(self, job: "asyncio.Future[tuple[Any, frozenset[Topic]]]") -> None:
        if not job.cancelled() and job.exception() is None:
            self._tell(job.result()[1])

    def _tell(self, topics: frozenset[Topic]) -> None:
        if topics:
            for listener in tuple(self._listeners):
                listener(topics)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener(topics)` on the event loop after each commit, here or in another process;
        the function given back ends it."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return unsubscribe

    async def start(self) -> None:
        """Begin to notice what other processes commit."""
        if self._watch is None:
            watch = self._watch_sqlite() if self._sqlite else self._watch_postgresql()
            self._watch = asyncio.create_task(watch, name="db-watch")

    def defer(self) -> None:
        """Somebody types: what others commit is told half a second later, after five at most."""
        self._quiet_from = time.monotonic() + _TYPING_SECONDS
        aside.ask()

    async def quiet(self, patience: float = _PATIENCE_SECONDS) -> None:
        """Until nobody types, or `patience` in seconds is over: for what may wait for that."""
        latest = time.monotonic() + patience
        # A time that each key moves, not an event.
        while (left := min(self._quiet_from, latest) - time.monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)

    def stand_aside(self) -> None:
        """Before each statement that writes, wait while somebody types who wants the processor."""
        event.listen(self._writer, "before_cursor_execute", lambda *_about: aside.stand())

    async def close(self) -> None:
        """Stop noticing, finish what is being written, let go of the connections."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
            self._watch = None
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        self._tenders.shutdown(wait=True)
        self._writers.shutdown(wait=True)
        self._readers.shutdown(wait=True)
        for engine in {self._reader, self._tender, self._writer}:
            engine.dispose()

    # -- change notice across processes

    async def _watch_sqlite(self) -> None:
        """`PRAGMA data_version` on the writing connection changes for others' commits only.

        Who commits without a pause, as an import does, is listened to more rarely: all that is
        shown is read again each time.
        """
        loop = asyncio.get_running_loop()
        seen: int | None = None
        while True:
            pause = _POLL_SECONDS
            with suppress(TuiMailError):
                version = await loop.run_in_executor(self._writers, self._data_version)
                if version != seen:  # the first time, for what was read before the watch began
                    await self.quiet()
                    self._tell(frozenset(Topic))
                    pause = _POLL_SECONDS if seen is None else _PAUSE_SECONDS
                seen = version
            await asyncio.sleep(pause)

    def _data_version(self) -> int:
        with our_errors():
            connection = self._writer.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute("PRAGMA data_version")
                row = cursor.fetchone()
                cursor.close()
                return int(row[0]) if row else 0
            finally:
                connection.close()

    async def _watch_postgresql(self) -> None:
        import psycopg  # nobody on SQLite waits for it

        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    address, autocommit=True
                ) as connection:
                    await connection.execute(f"LISTEN {_CHANNEL}")
                    self._tell(frozenset(Topic))  # what was said while nobody listened
                    async for notice in connection.notifies():
                        await self.quiet()
                        self._take(notice.payload)
            except psycopg.Error:
                log.warning("listening for changes was interrupted")
            await asyncio.sleep(_RECONNECT_SECONDS)

    def _take(self, payload: str) -> None:
        try:
            notice = json.loads(payload)
            if notice["origin"] != self._origin:
                self._tell(frozenset(Topic(name) for name in notice["topics"]))
        except (ValueError, KeyError, TypeError):
            self._tell(frozenset(Topic))

    # -- engines

    def _engines(self) -> tuple[Engine, Engine, Engine]:
        """For reading, for tending, for writing."""
        if not self._sqlite:
            options: dict[str, Any] = {"hide_parameters": True}
            # Each statement sees what is committed when it begins, inside a transaction or not.
            reader = create_engine(
                self._url, pool_size=_READERS + 1, isolation_level="AUTOCOMMIT", **options
            )
            tender = create_engine(self._url, pool_pre_ping=True, pool_size=1, **options)
            writer = create_engine(
                self._url, pool_pre_ping=True, pool_size=1, max_overflow=1, **options
            )
            event.listen(writer, "begin", _take_turn)
            for each in (reader, tender, writer):
                event.listen(each, "connect", _prepare_postgresql)
            event.listen(reader, "connect", _only_read)
            event.listen(writer, "connect", _never_sleep)
            return reader, tender, writer
        options = {"hide_parameters": True, "max_overflow": 0, "pool_timeout": 60}
        reader = create_engine(self._url, pool_size=_READERS + 1, **options)
        writer = create_engine(self._url, pool_size=1, **options)
        for engine, begin in ((reader, "BEGIN"), (writer, "BEGIN IMMEDIATE")):
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _beginner(begin))
        event.listen(writer, "connect", _remember_more)
        return reader, writer, writer


def _readable(url: str) -> URL:
    """The URL with the driver that is ours; raises SettingsWrong for another database's."""
    try:
        found = make_url(url)
        return found.set(drivername=_DRIVERS[found.get_backend_name()])
    except (ArgumentError, KeyError, ValueError) as error:
        raise SettingsWrong(
            _("The database URL cannot be read: correct `database` in settings.toml.")
        ) from error


def _take_turn(connection: Any) -> None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    """Arrays go as bytes: as text every word of every message would be searched for quotes.

    Statements are not compiled: that takes longer than to run any of ours. Rows are counted as
    cheap to come by, wherever they lie: those of a mailbox that is searched are in memory.
    """
    from psycopg.types.array import ListBinaryDumper  # nobody on SQLite waits for it

    connection.adapters.register_dumper(list, ListBinaryDumper)
    with connection.cursor() as cursor:
        cursor.execute(f"SET jit = off; SET random_page_cost = 1.1; {EACH_TIME}")
    connection.commit()


def _only_read(connection: Any, _record: Any) -> None:
    """Nothing is kept of what reading changes: it changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
    connection.commit()


def _never_sleep(connection: Any, _record: Any) -> None:
    """The server ends a writing connection whose process was stopped in the midst."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET idle_in_transaction_session_timeout = '{_MIDST_SECONDS}s'")
    connection.commit()


def _beginner(statement: str) -> Callable[[Any], None]:
    def begin(connection: Any) -> None:
        connection.exec_driver_sql(statement)

    return begin


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    """Autocommit (we say BEGIN ourselves), write-ahead log, durable commits, enforced references."""
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {_BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "cache_size = -32768",
        f"wal_autocheckpoint = {_LOG_PAGES}",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _remember_more(connection: sqlite3.Connection, _record: Any) -> None:
    """128 MB: new mail goes into many places of the indexes, which would be read again each time."""
    connection.execute("PRAGMA cache_size = -131072")
