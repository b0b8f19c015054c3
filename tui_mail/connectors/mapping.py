"""How an ERP's own tables become ours: a TOML file that says where each of our columns is.

Each table of `layout.TABLES` may have one:

    [parties]
    query = "SELECT * FROM anagra WHERE an_tipo <> 'S'"   # or: view = "anagra"
    columns = { company = "codditt", code = "an_conto", name = "an_descr1", kind = "an_tipo" }
    values.kind = { C = "customer", F = "supplier" }       # theirs = ours
    fixed = { country = "IT" }

    [changed]                                             # what this gives is other when anything is
    query = "SELECT max(changed_at) FROM changes"

Without a mapping there is a view `tui_mail_TABLE` for each of them, with our columns.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

from tui_mail.connectors.layout import TABLES
from tui_mail.errors import NotFound, SettingsWrong
from tui_mail.i18n import _

_CHANGED = "changed"
_KEYS = {"query", "view", "columns", "values", "fixed"}
_PREFIX = "tui_mail_"
READY = ("business",)
"""Mappings that come with the program, by the name that is given in place of a file."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table of ours: what it is read from, and how what is found there is called here.

    Either `query` or `view` is set. `columns`: ours -> theirs; a column that is not named is called
    as ours is. `values`: our column -> theirs -> ours. `fixed`: what every row has.
    """

    query: str = ""
    view: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """`tables` by the names of `layout.TABLES`; `changed`: a query, "" for none; `may_lack`: a view
    that is not there is an empty one; `digest`: of all that was written."""

    tables: Mapping[str, Table]
    changed: str
    may_lack: bool
    digest: str


def load(name: str) -> Plan:
    """The mapping of that file or that ready name; of "" the views that have our columns.

    Raises NotFound, SettingsWrong naming the table and the key.
    """
    if not name:
        views = {table: Table(view=_PREFIX + table) for table in TABLES}
        return Plan(views, "", may_lack=True, digest="views")
    text = _text(name)
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsWrong(
            _("{file} is not valid TOML ({reason}): correct it.").format(file=name, reason=error)
        ) from error
    changed = found.pop(_CHANGED, {})
    if not isinstance(changed, dict) or not isinstance(changed.get("query", ""), str):
        raise _wrong(name, _CHANGED, "query")
    tables = {table: _table(name, table, said) for table, said in found.items()}
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Plan(tables, changed.get("query", ""), may_lack=False, digest=digest)


def _text(name: str) -> str:
    if name in READY:
        return files("tui_mail.connectors").joinpath(f"{name}.toml").read_text("utf-8")
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(
            _(
                "The mapping {file} cannot be read: name a file in UTF-8, or one of: {names}."
            ).format(file=name, names=", ".join(READY))
        ) from error


def _table(file: str, name: str, said: Any) -> Table:
    if name not in TABLES:
        raise SettingsWrong(
            _("{file}: there is no table {table}; the tables are: {tables}.").format(
                file=file, table=name, tables=", ".join(TABLES)
            )
        )
    if not isinstance(said, dict) or not said.keys() <= _KEYS:
        raise _wrong(file, name, "query, view, columns, values, fixed")
    query, view = said.get("query", ""), said.get("view", "")
    if not (isinstance(query, str) and isinstance(view, str)) or bool(query) == bool(view):
        raise _wrong(file, name, "query, view")
    known = {column for columns in TABLES[name] for column in columns.split()}
    columns, fixed = said.get("columns", {}), said.get("fixed", {})
    values = said.get("values", {})
    for key, table in (("columns", columns), ("fixed", fixed), ("values", values)):
        if not isinstance(table, dict) or not table.keys() <= known:
            raise _wrong(file, name, key)
    if not all(isinstance(one, str) for one in (*columns.values(), *fixed.values())):
        raise _wrong(file, name, "columns, fixed")
    if not all(isinstance(one, dict) for one in values.values()):
        raise _wrong(file, name, "values")
    words = {key: {a: str(b) for a, b in one.items()} for key, one in values.items()}
    return Table(query, view, columns, words, fixed)


def _wrong(file: str, table: str, keys: str) -> SettingsWrong:
    return SettingsWrong(
        _("{file}: in [{table}], this is not as it must be: {keys}.").format(
            file=file, table=table, keys=keys
        )
    )
