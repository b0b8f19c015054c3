"""PORTS of the ERP: where entities and addresses come from, and where those made here are written.

A new ERP is one new file.
"""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from tui_mail.values import EntityRecord, ErpChanges, LineRecord, NewEntity, WrittenEntity


class Connector(Protocol):
    """An ERP, read-only; methods block and are called off the event loop.

    Every method may raise `Offline`, `SettingsWrong`, `WrongData`, `NotFound`, `InputOutput`.
    """

    def changes(self, cursor: str) -> ErpChanges:
        """Entities and addresses since `cursor` ("" for all); what cannot be taken is told of at
        every reading until it can."""

    def document(self, company: str, kind: str, code: str) -> Sequence[LineRecord]:
        """The lines of a document, in order."""

    def search(self, text: str) -> Sequence[EntityRecord]:
        """Records whose code, number or title contain `text`, at most 50."""

    def url(self, company: str, kind: str, code: str) -> str:
        """Where a browser opens the record, "" where there is no such place."""


@runtime_checkable
class CanWrite(Protocol):
    """An ERP that also makes records; methods block, as those of `Connector`.

    Beside what those raise: `Refused` for what it does not take, and says why; `MayOnlyRead`.
    """

    def ticket(self, record: NewEntity) -> str:
        """By what `record` will be known again when it is not known whether it was made: to be kept
        before it is written, and given to every try. Never ""."""

    def write(self, record: NewEntity, ticket: str) -> WrittenEntity:
        """Make the record, or find what an earlier try with this ticket has made."""
