"""Rows of spreadsheets (XLSX, ECMA-376), cell by cell as text; read as a stream, in bounds.

Hides openpyxl, and what a file may do to whoever unpacks it.
"""

import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook import Workbook

from tui_mail.connectors.cells import cell_text

_MOST_COLUMNS = 100
_MOST_ROWS = 1_048_576
_MOST_EMPTY = 10_000
_LARGEST = 512 << 20
_HARMLESS = 64 << 20
_MOST_TIMES = 200  # tables shrink to a twentieth, a bomb to a thousandth
# What openpyxl lets through when a file is not what it says.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    InvalidFileException,
    DefusedXmlException,
    ParseError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    EOFError,
    RuntimeError,  # a password is wanted
    OverflowError,
)
_MISTAKES = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"})


class NoSpreadsheet(Exception):
    """The file is none, or not as far as it was read."""


class TooLarge(NoSpreadsheet):
    """It unpacks to more than an honest table is."""


def sheet_names(path: Path) -> list[str]:
    """The sheets of a file, in order. Raises NoSpreadsheet, OSError."""
    _weigh(path)
    try:
        # By hand: openpyxl reads every text of the file before it tells.
        with zipfile.ZipFile(path) as archive, archive.open("xl/workbook.xml") as file:
            elements = (one for _event, one in iterparse(file, forbid_dtd=True))
            return [one.get("name", "") for one in elements if one.tag.endswith("}sheet")]
    except _BROKEN as error:
        raise NoSpreadsheet from error


def sheet_rows(path: Path, sheet: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Number (from 1) and cells of each row that has any, of a sheet, of the first for "".

    A cell with a mistake of a formula holds what is no text. Raises NoSpreadsheet, OSError.
    """
    _weigh(path)
    try:
        # Opened here: of a file that is broken openpyxl leaves its own handle open.
        with path.open("rb") as file, closing(_opened(file)) as book:
            found = book[sheet] if sheet else book.worksheets[0]
            rows = found.iter_rows(max_row=_MOST_ROWS, values_only=True)
            empty = 0
            for number, row in enumerate(rows, 1):
                some = row[:_MOST_COLUMNS]
                cells = ["\0" if value in _MISTAKES else cell_text(value) for value in some]
                empty = 0 if any(cells) else empty + 1
                if not empty:
                    yield number, cells
                elif empty > _MOST_EMPTY:
                    return
    except _BROKEN as error:
        raise NoSpreadsheet from error


def _opened(file: BinaryIO) -> Workbook:
    # What it thinks of styles and extensions is no news, least of all on a screen.
    warnings.filterwarnings("ignore", module=r"openpyxl\.")
    return openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)


def _weigh(path: Path) -> None:
    """Raise TooLarge for a bomb, before anything is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(one.file_size for one in archive.infolist())
    except _BROKEN as error:
        raise NoSpreadsheet from error
    packed = path.stat().st_size
    if size > _LARGEST or (size > _HARMLESS and size > packed * _MOST_TIMES):
        raise TooLarge
