"""Spreadsheets, written by a program that writes them."""

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tui_mail.connectors.files import FilesConnector

_PARTIES: list[list[Any]] = [
    ["company", "kind", "code", "name"],
    ["01", "customer", "007", "Bianchi"],
]
_ORDERS: list[list[Any]] = [
    [" Company ", "kind", "code", "date", "party_kind", "party", "total", "number", "title"],
    ["01", "sales_order", "SO-1", date(2026, 11, 2), "customer", "007", 1204.5, 119, "Pumps"],
    [None] * 9,
    ["01", "sales_order", "SO-2", datetime(2026, 11, 3, 9), "customer", "007", 0.1 + 0.2, 120, 7],
]


def _save(path: Path, **sheets: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


@pytest.mark.parametrize("together", [True, False])
def test_a_file_for_each_table_and_a_sheet_for_each_say_the_same(
    tmp_path: Path, together: bool
) -> None:
    if together:
        _save(tmp_path / "export.xlsx", Notes=[["x"]], Parties=_PARTIES, documents=_ORDERS)
    else:
        _save(tmp_path / "parties.xlsx", Foglio1=_PARTIES)
        _save(tmp_path / "documents.xlsx", Foglio1=_ORDERS)
    changes = FilesConnector(tmp_path).changes("")
    assert not changes.errors
    assert changes.complete
    found = {one.code: one for one in changes.entities}
    assert found["007"].title == "Bianchi"
    first, second = found["SO-1"], found["SO-2"]
    assert (first.date, first.amount, first.number) == (date(2026, 11, 2), Decimal("1204.5"), "119")
    assert (second.date, second.title) == (date(2026, 11, 3), "7")
    assert second.amount is not None
    assert round(second.amount, 4) == Decimal("0.3")


def test_a_changed_sheet_changes_the_cursor(tmp_path: Path) -> None:
    connector = FilesConnector(tmp_path)
    _save(tmp_path / "export.xlsx", parties=_PARTIES)
    before = connector.changes("").cursor
    _save(tmp_path / "export.xlsx", parties=[*_PARTIES, ["01", "customer", "8", "Neri"]])
    assert connector.changes(before).complete


def test_what_is_wrong_with_a_cell_is_told_with_its_line(tmp_path: Path) -> None:
    rows = [*_ORDERS, ["01", "sales_order", "SO-3", "#N/A"], ["01", "sales_order", "SO-4", "soon"]]
    _save(tmp_path / "export.xlsx", parties=_PARTIES, documents=rows)
    errors = FilesConnector(tmp_path).changes("").errors
    assert [(one.file, one.line, one.column) for one in errors] == [
        ("export.xlsx", 5, "date"),
        ("export.xlsx", 6, "date"),
    ]


def _sheet_of(xml: bytes) -> bytes:
    """A spreadsheet whose only sheet is that XML."""
    file = io.BytesIO()
    book = openpyxl.Workbook()
    book.save(file)
    out = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for one in source.infolist():
            is_sheet = one.filename.startswith("xl/worksheets/")
            target.writestr(one.filename, xml if is_sheet else source.read(one))
    return out.getvalue()


_MAIN = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_FAR = b"<worksheet %b><sheetData><row r='1'><c r='A1' t='str'><v>code</v></c></row>" % _MAIN + (
    b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row></sheetData></worksheet>"
)
_BOMB = b"<worksheet %b><sheetData>" % _MAIN + b" " * (80 << 20)
_ENTITY = b'<!DOCTYPE a [<!ENTITY b "b">]><worksheet %b>&b;</worksheet>' % _MAIN


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"PK\3\4" + b"\0" * 50, _sheet_of(b"<"), _sheet_of(_ENTITY), _sheet_of(_BOMB)],
    ids=["empty", "short", "zeros", "xml", "entity", "bomb"],
)
def test_a_file_that_is_no_spreadsheet_is_told_and_nothing_is_taken_for_gone(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "parties.xlsx").write_bytes(content)
    changes = FilesConnector(tmp_path).changes("")
    assert [one.file for one in changes.errors] == ["parties.xlsx"]
    assert not changes.complete


def test_a_cell_far_away_takes_no_room(tmp_path: Path) -> None:
    (tmp_path / "operators.xlsx").write_bytes(_sheet_of(_FAR))
    assert FilesConnector(tmp_path).changes("").errors


@given(at=st.integers(0, 10_000), byte=st.integers(0, 255))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_spreadsheet_never_stops_the_reading(tmp_path: Path, at: int, byte: int) -> None:
    path = tmp_path / "parties.xlsx"
    _save(path, parties=_PARTIES)
    content = bytearray(path.read_bytes())
    content[at % len(content)] = byte
    path.write_bytes(content)
    FilesConnector(tmp_path).changes("")
