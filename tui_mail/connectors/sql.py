"""The ERP as a database of any kind that SQLAlchemy knows, read through views or a mapping.

Hides drivers, types of columns and transactions. Nothing is ever written there: the transaction is
read-only where the database has such a thing, and the login should have no more rights than that.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, column, create_engine, inspect, select, text
from sqlalchemy import table as named_table
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from tui_mail.connectors.cells import UNSTORABLE, cell_text
from tui_mail.connectors.layout import TABLES
from tui_mail.connectors.mapping import Plan, Table, load
from tui_mail.connectors.memory import MemoryConnector
from tui_mail.connectors.place import read_secret
from tui_mail.connectors.rows import Row
from tui_mail.connectors.tables import Report, read_tables
from tui_mail.errors import NotFound, Offline, SettingsWrong
from tui_mail.i18n import _
from tui_mail.safetext import safe
from tui_mail.values import EntityRecord, ErpChanges, LineRecord, RecordError

_AT_ONCE = 2_000
_CONNECT_SECONDS = 15
_STATEMENT_MILLISECONDS = 300_000
_PASSWORD_FILE = "password_file"  # noqa: S105 — a parameter's name
_DRIVERS = {"postgresql": "postgresql+psycopg", "mssql": "mssql+pymssql", "mysql": "mysql+pymysql"}
_EXTRAS = {"mssql": "'tui_mail[sqlserver]'", "mysql": "'tui_mail[mysql]'"}
_PATIENCE: dict[str, dict[str, Any]] = {
    "postgresql": {
        "connect_timeout": _CONNECT_SECONDS,
        "options": f"-c statement_timeout={_STATEMENT_MILLISECONDS}",
    },
    "mssql": {"login_timeout": _CONNECT_SECONDS, "timeout": _STATEMENT_MILLISECONDS // 1000},
    "mysql": {"connect_timeout": _CONNECT_SECONDS},
}

_Cells = dict[str, str]


class SqlConnector:
    """`url`: SQLAlchemy's, with `?password_file=FILE` in place of a password; `mapping`: see
    `mapping.load`."""

    def __init__(self, url: str, mapping: str = "") -> None:
        self._url = _readable(url)
        self._plan = load(mapping)
        self._loaded: tuple[str, MemoryConnector] | None = None

    def changes(self, cursor: str) -> ErpChanges:
        """All records, or none when the tables are as they were at `cursor`.

        Rows with mistakes are left out and told of in `errors`. Raises Offline when the database is
        not reached, SettingsWrong when it refuses a query, NotFound without any of our views.
        """
        current = self._look(cursor)
        if cursor == current:
            return ErpChanges(cursor=cursor, complete=False)
        assert self._loaded is not None
        return self._loaded[1].changes("")

    def document(self, company: str, kind: str, code: str) -> Sequence[LineRecord]:
        """The lines of a document, in order."""
        return self._fresh().document(company, kind, code)

    def search(self, text: str) -> Sequence[EntityRecord]:
        """Records whose code, number or title contain `text`, at most 50."""
        return self._fresh().search(text)

    def url(self, company: str, kind: str, code: str) -> str:
        """The `url` of the record's row, "" where there is none."""
        return self._fresh().url(company, kind, code)

    def _fresh(self) -> MemoryConnector:
        self._look(self._loaded[0] if self._loaded else "")
        assert self._loaded is not None
        return self._loaded[1]

    def _look(self, cursor: str) -> str:
        """Read what there is unless it is known to be as at `cursor`; the cursor of now."""
        with _our_errors(), self._connected() as connection:
            sign = self._sign(connection)
            if sign and sign == cursor:
                return sign
            tables = {
                name: list(self._cells(connection, name, one))
                for name, one in self._there(connection).items()
            }
        current = sign or _digest(self._plan, tables)
        if self._loaded is None or self._loaded[0] != current:
            rows = _Rows(self._plan, tables)
            self._loaded = (current, MemoryConnector(read_tables(rows.of, current)))
        return current

    # -- the database ------------------------------------------------------------------------------

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """One transaction for all tables, so that they fit together."""
        engine = _engine(self._url)
        try:
            options: dict[str, Any] = {}
            if engine.dialect.name == "postgresql":
                options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            with engine.connect().execution_options(**options) as connection:
                yield connection
        finally:
            engine.dispose()

    def _sign(self, connection: Connection) -> str:
        """What tells whether anything is other than it was; "" where nothing does."""
        if not self._plan.changed:
            return ""
        found = [list(map(str, row)) for row in connection.execute(_statement(self._plan.changed))]
        return hashlib.sha256(json.dumps([self._plan.digest, found]).encode()).hexdigest()

    def _there(self, connection: Connection) -> Mapping[str, Table]:
        if not self._plan.may_lack:
            return self._plan.tables
        found = inspect(connection)
        names = {name.lower() for name in (*found.get_view_names(), *found.get_table_names())}
        there = {name: one for name, one in self._plan.tables.items() if one.view in names}
        if not there:
            raise NotFound(
                _(
                    "There is no view tui_mail_parties there, nor any other of ours: make them, or"
                    " name a mapping (tui-mail erp add --help)."
                )
            )
        return there

    def _cells(self, connection: Connection, name: str, one: Table) -> Iterator[_Cells]:
        query = _statement(one.query) if one.query else _whole(one.view)
        try:
            result = connection.execution_options(yield_per=_AT_ONCE).execute(query)
            theirs = {key.lower(): place for place, key in enumerate(result.keys())}
            places = _places(name, one, theirs)
            for row in result:
                yield {ours: cell_text(row[place]) for ours, place in places.items()} | {
                    **one.fixed
                }
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            raise SettingsWrong(
                _("The ERP's database refuses what is asked for {table} ({reason}).").format(
                    table=name, reason=_reason(error)
                )
            ) from error


def _places(name: str, one: Table, theirs: Mapping[str, int]) -> dict[str, int]:
    """Where each of our columns is in a row. Raises SettingsWrong for one that is nowhere."""
    keys, others = (columns.split() for columns in TABLES[name])
    places: dict[str, int] = {}
    for ours in (*keys, *others):
        wanted = one.columns.get(ours, ours).lower()
        if wanted in theirs:
            places[ours] = theirs[wanted]
        elif ours in one.columns or (ours in keys and ours not in one.fixed):
            raise SettingsWrong(
                _("What is read for {table} has no column {column}.").format(
                    table=name, column=one.columns.get(ours, ours)
                )
            )
    return places


class _Rows:
    """Rows as `read_tables` asks for them."""

    def __init__(self, plan: Plan, tables: Mapping[str, Sequence[_Cells]]) -> None:
        self._plan = plan
        self._tables = tables

    def of(self, name: str, report: Report) -> Iterator[Row]:
        values = self._plan.tables[name].values if name in self._tables else {}
        for number, cells in enumerate(self._tables.get(name, ()), 1):
            spoiled = next((key for key in cells if UNSTORABLE.search(cells[key])), None)
            if spoiled is not None:
                words = _("the cell holds characters that are no text")
                report(RecordError(name, number, spoiled, words))
                continue
            ours = {
                key: words_of.get(cells.get(key, ""), cells.get(key, ""))
                for key, words_of in values.items()
            }
            yield Row(name, number, cells | ours)


def _digest(plan: Plan, tables: Mapping[str, Sequence[_Cells]]) -> str:
    digest = hashlib.sha256(plan.digest.encode())
    for name, rows in tables.items():
        digest.update(name.encode())
        # As sets: a database gives rows in whatever order.
        for line in sorted(json.dumps(row, sort_keys=True) for row in rows):
            digest.update(line.encode())
    return digest.hexdigest()


def _statement(query: str) -> Any:
    """A query of the administrator's; a colon in it is no parameter."""
    return text(re.sub(r"(?<!\\):", r"\\:", query))


def _whole(view: str) -> Any:
    schema, _dot, name = view.rpartition(".")
    return select(column("*", is_literal=True)).select_from(
        named_table(name, schema=schema or None)
    )


def _readable(url: str) -> URL:
    """The URL with our driver and the password out of its file. Raises SettingsWrong."""
    try:
        found = make_url(url)
        drivername = _DRIVERS.get(found.drivername, found.drivername)
        found.set(drivername=drivername).get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise SettingsWrong(
            _("The database {url} is of no known kind: write postgresql://USER@HOST/NAME.").format(
                url=safe(url.rpartition("@")[2])
            )
        ) from error
    if found.password:
        raise SettingsWrong(
            _(
                "Write the password into a file that only you read, and end the URL with ?{name}=FILE."
            ).format(name=_PASSWORD_FILE)
        )
    file = found.query.get(_PASSWORD_FILE, "")
    found = found.set(drivername=drivername).difference_update_query([_PASSWORD_FILE])
    return found.set(password=read_secret(Path(str(file)))) if file else found


def _engine(url: URL) -> Engine:
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database:
        place = quote(str(Path(url.database).expanduser().absolute()))
        url = url.set(database=f"file:{place}", query={"mode": "ro", "uri": "true"})
    try:
        engine = create_engine(
            url, hide_parameters=True, pool_size=1, connect_args=_PATIENCE.get(kind, {})
        )
    except ImportError as error:
        raise SettingsWrong(
            _("The driver of this database is not installed: pip install {name}.").format(
                name=_EXTRAS.get(kind, url.get_driver_name())
            )
        ) from error
    return engine


def _reason(error: DBAPIError) -> str:
    """The database's own words, on one line, without what was asked."""
    return safe(" ".join(str(error.orig).split())[:300])


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise Offline(
            _("The ERP's database is not reached ({reason}): see its address and login.").format(
                reason=_reason(error)
            )
        ) from error
    except SQLAlchemyError as error:
        raise SettingsWrong(
            _("The ERP's database cannot be read ({reason}).").format(
                reason=safe(type(error).__name__)
            )
        ) from error
