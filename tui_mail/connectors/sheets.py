"""Reads tables out of a folder: CSV files, JSON arrays and spreadsheets of the same names, or sheets
of those names in any spreadsheet, cell by cell as text.

Hides encodings, headers and line numbers. What a cell means is not known here.
"""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tui_mail.connectors.cells import UNSTORABLE, figure_text
from tui_mail.connectors.layout import TABLES
from tui_mail.errors import InputOutput, NotFound
from tui_mail.i18n import _
from tui_mail.values import RecordError

Cells = dict[str, str]
Report = Callable[[RecordError], None]
_SUFFIXES = (".csv", ".json", ".xlsx")
_OPEN_ELSEWHERE = "~$"  # what Excel keeps beside a file that is open
_DELIMITERS = ",;\t"  # the first where there is none of them


def fingerprint(folder: Path, names: Sequence[str]) -> str:
    """A hash of the contents of the tables in `folder`; raises NotFound and InputOutput."""
    digest = hashlib.sha256()
    for path in _paths(folder, names):
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256")
        except OSError as error:
            raise _unreadable(path, error) from error
        digest.update(f"{path.name}:{content.hexdigest()}\n".encode())
    return digest.hexdigest()


def rows(
    folder: Path, name: str, columns: Sequence[str], keys: Sequence[str], report: Report
) -> Iterator[tuple[str, int, Cells]]:
    """File name, line and cells of each row of a table; an absent file has none.

    In JSON the line is the position in the array, from 1. Cells are stripped; those of columns
    that the file does not have are absent. What cannot be read goes to `report`.
    """
    for path in _paths(folder, [name]):
        try:
            for line, cells in _read(path, name, columns, keys, report):
                spoiled = next((key for key in cells if UNSTORABLE.search(cells[key])), None)
                if spoiled is None:
                    yield path.name, line, cells
                else:
                    text = _("the cell holds characters that are no text")
                    report(RecordError(path.name, line, spoiled, text))
        except OSError as error:
            raise _unreadable(path, error) from error


def holds_tables(folder: Path) -> bool:
    """Whether there is a file that may be a table; raises NotFound."""
    return bool(_paths(folder, list(TABLES)))


def _read(
    path: Path, name: str, columns: Sequence[str], keys: Sequence[str], report: Report
) -> Iterator[tuple[int, Cells]]:
    if path.suffix == ".csv":
        return _csv_rows(path, columns, keys, report)
    if path.suffix == ".json":
        return _json_rows(path, columns, keys, report)
    return _sheet_rows(path, name, columns, keys, report)


def _paths(folder: Path, names: Sequence[str]) -> list[Path]:
    if not folder.is_dir():
        raise NotFound(
            _("There is no folder {folder}: name the one with the ERP's files.").format(
                folder=folder
            )
        )
    candidates = (folder / f"{name}{suffix}" for name in names for suffix in _SUFFIXES)
    books = (
        path
        for path in sorted(folder.glob("*.xlsx"))
        if path.stem not in TABLES and not path.name.startswith(_OPEN_ELSEWHERE)
    )
    return [path for path in (*candidates, *books) if path.is_file()]


def _unreadable(path: Path, error: OSError) -> InputOutput:
    return InputOutput(
        _("{file} cannot be read ({reason}): check its permissions.").format(
            file=path.name, reason=error.strerror or type(error).__name__
        )
    )


def _csv_rows(
    path: Path, columns: Sequence[str], keys: Sequence[str], report: Report
) -> Iterator[tuple[int, Cells]]:
    line = 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            reader = csv.reader(file, delimiter=_delimiter(file.readline()), strict=True)
            file.seek(0)
            header = [name.strip().lower() for name in next(reader, [])]
            if not _header_is_good(path.name, header, columns, keys, report):
                return
            line = reader.line_num + 1
            known = set(columns)
            for row in reader:
                if len(row) > len(header) and any(row[len(header) :]):
                    text = _("the row has more cells than the header has columns")
                    report(RecordError(path.name, line, "", text))
                elif any(row):
                    cells = zip(header, map(str.strip, row), strict=False)
                    yield line, {name: cell for name, cell in cells if name in known}
                line = reader.line_num + 1
        except UnicodeDecodeError:
            text = _("the file is not in UTF-8 from here on: save it as CSV UTF-8")
            report(RecordError(path.name, line, "", text, rest=True))
        except csv.Error:
            text = _("the file is no CSV from here on: a quotation mark is missing")
            report(RecordError(path.name, line, "", text, rest=True))


def _delimiter(header: str) -> str:
    """A comma, or what spreadsheets write where the comma is in amounts."""
    return max(_DELIMITERS, key=header.count)


def _header_is_good(
    file: str, header: list[str], columns: Sequence[str], keys: Sequence[str], report: Report
) -> bool:
    """Reports unknown columns, which are passed over, and what makes the table unreadable: a file
    that is still being written has none yet, and that is not to say that there are no records."""
    if not any(header):
        report(RecordError(file, 1, "", _("the file is empty: there is no header"), rest=True))
        return False
    for name in dict.fromkeys(header):
        if name not in columns and (name or len(header) == 1):
            report(RecordError(file, 1, name, _("there is no such column")))
    twice = [name for name in columns if header.count(name) > 1]
    missing = [name for name in keys if name not in header]
    for name in twice:
        report(RecordError(file, 1, name, _("the column is there twice"), rest=True))
    for name in missing:
        report(RecordError(file, 1, name, _("the column is missing"), rest=True))
    return not (twice or missing)


def _json_rows(
    path: Path, columns: Sequence[str], keys: Sequence[str], report: Report
) -> Iterator[tuple[int, Cells]]:
    try:
        with path.open(encoding="utf-8-sig") as file:
            # Figures stay as they are written: a float would change amounts.
            records = json.load(file, parse_float=figure_text, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        report(RecordError(path.name, 1, "", _("the file is no JSON in UTF-8"), rest=True))
        return
    if not isinstance(records, list):
        report(
            RecordError(path.name, 1, "", _("the file must hold an array of objects"), rest=True)
        )
        return
    for line, record in enumerate(records, start=1):
        cells = _json_cells(path.name, line, record, columns, report)
        missing = next((key for key in keys if key not in cells), None) if cells else None
        if missing:
            report(RecordError(path.name, line, missing, _("the column is missing")))
        elif cells:
            yield line, cells


def _json_cells(
    file: str, line: int, record: object, columns: Sequence[str], report: Report
) -> Cells:
    if not isinstance(record, dict):
        report(RecordError(file, line, "", _("the file must hold an array of objects")))
        return {}
    cells: Cells = {}
    for name, value in record.items():
        if name not in columns:
            report(RecordError(file, line, str(name), _("there is no such column")))
        elif value is None or isinstance(value, bool):
            cells[name] = "" if value is None else str(value).lower()
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            cells[name] = " ".join(value)
        elif isinstance(value, str):
            cells[name] = value.strip()
        else:
            report(RecordError(file, line, name, _("the value must be text or a figure")))
            return {}
    return cells


def _sheet_rows(
    path: Path, name: str, columns: Sequence[str], keys: Sequence[str], report: Report
) -> Iterator[tuple[int, Cells]]:
    """The first sheet of a file that is named as the table, else the sheet of that name."""
    from tui_mail.connectors import workbooks

    line = 1
    sheet = ""
    try:
        if path.stem not in TABLES:
            names = {one.strip().lower(): one for one in workbooks.sheet_names(path)}
            sheet = names.get(name, "")
            if not sheet:
                return
        found = workbooks.sheet_rows(path, sheet)
        line, cells = next(found, (1, ()))
        header = [one.strip().lower() for one in cells]
        if not _header_is_good(path.name, header, columns, keys, report):
            return
        known = set(columns)
        for line, cells in found:
            if any(cells[len(header) :]):
                text = _("the row has more cells than the header has columns")
                report(RecordError(path.name, line, "", text))
                continue
            pairs = zip(header, cells, strict=False)
            yield line, {key: cell for key, cell in pairs if key in known}
    except workbooks.TooLarge:
        text = _("the spreadsheet unpacks to more than is accepted: save it as CSV UTF-8")
        report(RecordError(path.name, 1, "", text, rest=True))
    except workbooks.NoSpreadsheet:
        text = _("the file is no spreadsheet from here on: save it as XLSX again, or as CSV UTF-8")
        report(RecordError(path.name, line, "", text, rest=True))
