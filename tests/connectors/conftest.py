from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.connectors import books
from tests.connectors.books import FILES, NOW, Books
from tests.connectors.foreign import fill
from tests.servers import erpnext as erpnext_server
from tests.servers import odoo as odoo_server
from tests.servers.erpnext import ErpNextServer
from tests.servers.odoo import OdooServer
from tui_mail.connectors.files import FilesConnector
from tui_mail.connectors.memory import MemoryConnector
from tui_mail.connectors.sql import SqlConnector


@pytest.fixture
def odoo() -> Iterator[OdooServer]:
    yield from _odoo(old=False)


@pytest.fixture
def old_odoo() -> Iterator[OdooServer]:
    yield from _odoo(old=True)


def _odoo(*, old: bool) -> Iterator[OdooServer]:
    server = OdooServer(old=old)
    books.fill_odoo(server)
    yield server
    server.http.stop()


@pytest.fixture
def erpnext() -> Iterator[ErpNextServer]:
    server = ErpNextServer()
    books.fill_erpnext(server)
    yield server
    server.http.stop()


def _files(request: pytest.FixtureRequest, folder: Path) -> Books:
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return Books(FilesConnector(folder))


def _memory(request: pytest.FixtureRequest, folder: Path) -> Books:
    return Books(MemoryConnector(_files(request, folder).connector.changes("")))


def _sqlite(request: pytest.FixtureRequest, folder: Path) -> Books:
    url = f"sqlite:///{folder / 'erp.db'}"
    fill(url, FILES)
    return Books(SqlConnector(url))


def _postgresql(request: pytest.FixtureRequest, folder: Path) -> Books:
    server = request.getfixturevalue("postgresql_server")
    url = server.make("erp_connector")
    request.addfinalizer(lambda: server.drop("erp_connector"))
    fill(url, FILES)
    return Books(SqlConnector(url))


def _newer_odoo(request: pytest.FixtureRequest, folder: Path) -> Books:
    server: OdooServer = request.getfixturevalue("odoo")
    return books.odoo(server, server.http.key_file(folder, odoo_server.KEY), lambda: NOW)


def _older_odoo(request: pytest.FixtureRequest, folder: Path) -> Books:
    server: OdooServer = request.getfixturevalue("old_odoo")
    return books.odoo(server, server.http.key_file(folder, odoo_server.KEY), lambda: NOW)


def _erpnext(request: pytest.FixtureRequest, folder: Path) -> Books:
    server: ErpNextServer = request.getfixturevalue("erpnext")
    return books.erpnext(server, server.http.key_file(folder, erpnext_server.KEY), lambda: NOW)


_MAKERS: dict[str, Callable[[pytest.FixtureRequest, Path], Books]] = {
    "files": _files,
    "memory": _memory,
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "odoo": _newer_odoo,
    "odoo-xmlrpc": _older_odoo,
    "erpnext": _erpnext,
}


@pytest.fixture(params=list(_MAKERS))
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """The small company, in each ERP."""
    return _MAKERS[request.param](request, tmp_path)


@pytest.fixture(params=["odoo", "odoo-xmlrpc", "erpnext"])
def remote(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """The same, in each that is asked over the network."""
    return _MAKERS[request.param](request, tmp_path)


@pytest.fixture
def server(request: pytest.FixtureRequest, remote: Books) -> OdooServer | ErpNextServer:
    """The server behind `remote`."""
    names = {"odoo": "odoo", "odoo-xmlrpc": "old_odoo", "erpnext": "erpnext"}
    found: OdooServer | ErpNextServer = request.getfixturevalue(
        names[request.node.callspec.params["remote"]]
    )
    return found
