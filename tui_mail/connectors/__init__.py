"""PORT of the ERP: where entities and addresses come from. A new ERP is one new file."""

from collections.abc import Sequence
from typing import Protocol

from tui_mail.values import EntityRecord, ErpChanges, LineRecord


class Connector(Protocol):
    """An ERP, read-only; methods block and are called off the event loop.

    Every method may raise `Offline`, `SettingsWrong`, `WrongData`, `NotFound`, `InputOutput`.
    """

    def changes(self, cursor: str) -> ErpChanges:
        """Entities and addresses since `cursor` ("" for all)."""

    def document(self, company: str, kind: str, code: str) -> Sequence[LineRecord]:
        """The lines of a document, in order."""

    def search(self, text: str) -> Sequence[EntityRecord]:
        """Records whose code, number or title contain `text`, at most 50."""

    def url(self, company: str, kind: str, code: str) -> str:
        """Where a browser opens the record, "" where there is no such place."""
