"""An ERP held in memory: what a program or a test hands in, served through the port."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from tui_mail.safetext import folded
from tui_mail.values import EntityRecord, ErpChanges, LineRecord

MOST_FOUND = 50


class MemoryConnector:
    """Serves one set of changes: all of it to a cursor that differs from its own, else nothing."""

    def __init__(self, changes: ErpChanges) -> None:
        self._changes = changes
        self._lines: dict[tuple[str, str, str], list[LineRecord]] = defaultdict(list)
        for line in changes.lines:
            key = (line.company, line.document.kind, line.document.code)
            self._lines[key].append(line)

    def changes(self, cursor: str) -> ErpChanges:
        """Everything, or nothing when `cursor` is the one given out with it."""
        if cursor and cursor == self._changes.cursor:
            return ErpChanges(cursor=cursor, complete=False)
        return self._changes

    def document(self, company: str, kind: str, code: str) -> Sequence[LineRecord]:
        """The lines of a document, in order."""
        return sorted(self._lines.get((company, kind, code), ()), key=lambda line: line.line)

    def search(self, text: str) -> Sequence[EntityRecord]:
        """Records whose code, number or title contain `text`, at most 50; case and accents aside."""
        wanted = folded(text.strip())
        if not wanted:
            return []
        found = (
            record
            for record in self._changes.entities
            if any(wanted in folded(one) for one in (record.code, record.number, record.title))
        )
        return list(islice(found, MOST_FOUND))

    def url(self, company: str, kind: str, code: str) -> str:
        """Where a browser opens the record, "" where there is no such place."""
        for record in self._changes.entities:
            if (record.company, record.kind, record.code) == (company, kind, code):
                return record.url
        return ""
