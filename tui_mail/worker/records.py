"""Brings the ERP's records up to date: reads where they come from, takes them in, links mail anew.

A place that cannot be read keeps the records that came from it, and its status says why.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_mail.connectors import Connector
from tui_mail.db import erp
from tui_mail.db.engine import Database
from tui_mail.db.erp import KindCount
from tui_mail.errors import TuiMailError
from tui_mail.i18n import ngettext
from tui_mail.values import RecordError
from tui_mail.worker.link import replay

Connect = Callable[[str, str], Connector]
"""A connector for a location and the name of a mapping."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a reading did to the records of each kind, and the rows that could not be taken."""

    counts: tuple[KindCount, ...]
    errors: tuple[RecordError, ...]


def refresh(
    database: Database,
    connector: Connector,
    name: str,
    cursor: str,
    report: Callable[[str], None],
) -> Refreshed:
    """Take in what changed since `cursor` at the place of that name. Blocks.

    Raises what the connector raises; `report` is told how far linking mail anew is.
    """
    changes = connector.changes(cursor)
    if not changes.complete and not changes.entities and changes.cursor == cursor:
        database.write_now(erp.source_read, name, datetime.now(UTC))
        return Refreshed((), ())
    counts = database.write_now(erp.take, name, changes, datetime.now(UTC))
    if changes.errors:
        first = changes.errors[0]
        said = ngettext(
            "{count} row could not be taken, at {file}:{line}: {reason}",
            "{count} rows could not be taken, the first at {file}:{line}: {reason}",
            len(changes.errors),
        ).format(count=len(changes.errors), file=first.file, line=first.line, reason=first.message)
        database.write_now(erp.source_failed, name, said)
    if any(row.new or row.changed for row in counts):
        replay(database, None, report=report)
    return Refreshed(tuple(counts), changes.errors)


def refresh_all(database: Database, connect: Connect) -> None:
    """Every place, one after the other; what is wrong with one is in its status. Blocks."""
    for source in database.read_now(erp.sources):
        if not source.location:
            continue
        try:
            connector = connect(source.location, source.mapping)
            refresh(database, connector, source.name, source.cursor, lambda _text: None)
        except TuiMailError as error:
            database.write_now(erp.source_failed, source.name, error.message)
