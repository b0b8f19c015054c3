"""What every connector must do, whatever stands behind it: one body, run on each."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PostgresqlServer
from tests.connectors.foreign import fill
from tui_mail.connectors import Connector
from tui_mail.connectors.files import FilesConnector
from tui_mail.connectors.memory import MemoryConnector
from tui_mail.connectors.sql import SqlConnector
from tui_mail.values import ErpChanges

FILES = {
    "companies.csv": "code,name\n01,Rossi\n",
    "parties.csv": "company,kind,code,name\n01,customer,C1,Società Bianchi\n01,supplier,F1,Neri\n",
    "documents.csv": (
        "company,kind,year,number,party_kind,party,url,title\n"
        "01,sales_order,2026,119,customer,C1,https://erp.example/119,Pompe\n"
        "01,invoice,2026,7,customer,C1,,\n"
    ),
    "lines.csv": (
        "company,document,line,article,price\n"
        "01,sales_order:2026/119,2,B,1.50\n01,sales_order:2026/119,1,A,2\n"
    ),
}


def _files(folder: Path) -> Connector:
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    return FilesConnector(folder)


def _memory(folder: Path) -> Connector:
    return MemoryConnector(_files(folder).changes(""))


def _sqlite(folder: Path) -> Connector:
    url = f"sqlite:///{folder / 'erp.db'}"
    fill(url, FILES)
    return SqlConnector(url)


@pytest.fixture(params=[_files, _memory, _sqlite, None], ids=["files", "memory", "sqlite", "pg"])
def connector(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Connector]:
    make: Callable[[Path], Connector] | None = request.param
    if make is not None:
        yield make(tmp_path)
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    url = server.make("erp_connector")
    try:
        fill(url, FILES)
        yield SqlConnector(url)
    finally:
        server.drop("erp_connector")


def test_the_first_reading_is_complete(connector: Connector) -> None:
    changes = connector.changes("")
    assert changes.complete
    assert changes.cursor
    assert not changes.errors
    assert {(one.kind, one.code) for one in changes.entities} == {
        ("customer", "C1"),
        ("supplier", "F1"),
        ("sales_order", "2026/119"),
        ("invoice", "2026/7"),
    }


def test_nothing_is_read_again_while_nothing_has_changed(connector: Connector) -> None:
    cursor = connector.changes("").cursor
    assert connector.changes(cursor) == ErpChanges(cursor=cursor, complete=False)


def test_an_unknown_cursor_brings_everything(connector: Connector) -> None:
    assert connector.changes("of another day") == connector.changes("")


def test_lines_of_a_document_come_in_order(connector: Connector) -> None:
    lines = connector.document("01", "sales_order", "2026/119")
    assert [line.article for line in lines] == ["A", "B"]
    assert not connector.document("01", "invoice", "2026/7")
    assert not connector.document("02", "sales_order", "2026/119")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("societa", ["C1"]),
        ("119", ["2026/119"]),
        ("POMPE", ["2026/119"]),
        ("2026/", ["2026/119", "2026/7"]),
        ("nobody", []),
        ("  ", []),
    ],
)
def test_search_looks_at_code_number_and_title(
    connector: Connector, text: str, codes: list[str]
) -> None:
    assert [one.code for one in connector.search(text)] == codes


def test_the_address_of_a_record_is_given_where_there_is_one(connector: Connector) -> None:
    assert connector.url("01", "sales_order", "2026/119") == "https://erp.example/119"
    assert connector.url("01", "invoice", "2026/7") == ""
    assert connector.url("01", "invoice", "2026/8") == ""
