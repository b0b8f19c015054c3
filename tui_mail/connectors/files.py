"""The ERP as a folder of CSV files or JSON arrays, for whoever can export tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tui_mail.connectors import sheets
from tui_mail.connectors.layout import TABLES
from tui_mail.connectors.memory import MemoryConnector
from tui_mail.connectors.rows import Row
from tui_mail.connectors.tables import Report, read_tables
from tui_mail.values import EntityRecord, ErpChanges, LineRecord


class FilesConnector:
    """Reads `folder` in whole whenever a file in it has changed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._loaded: tuple[str, MemoryConnector] | None = None

    def changes(self, cursor: str) -> ErpChanges:
        """All records, or none when the files are as they were at `cursor`.

        Rows with mistakes are left out and told of in `errors`. Raises NotFound without a folder,
        InputOutput when a file cannot be read.
        """
        current = sheets.fingerprint(self._folder, list(TABLES))
        if cursor == current:
            return ErpChanges(cursor=cursor, complete=False)
        return self._load(current).changes("")

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
        return self._load(sheets.fingerprint(self._folder, list(TABLES)))

    def _load(self, cursor: str) -> MemoryConnector:
        if self._loaded is None or self._loaded[0] != cursor:
            self._loaded = (cursor, MemoryConnector(read_tables(self._rows, cursor)))
        return self._loaded[1]

    def _rows(self, name: str, report: Report) -> Iterator[Row]:
        keys, others = (columns.split() for columns in TABLES[name])
        for file, line, cells in sheets.rows(self._folder, name, (*keys, *others), keys, report):
            yield Row(file, line, cells)
