"""Writes records that were made here into the ERP, one after the other, each of them once.

Before a record is written, what it will be known by is kept: whoever comes after a process that
ended between the ERP's answer and our transaction finds the record there and makes no other. What
the ERP refuses stays here with its reason; what it does not answer is tried again later.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from tui_mail.connectors import CanWrite, Connector
from tui_mail.db import erp, writing
from tui_mail.db.engine import Database
from tui_mail.db.writing import WritingTask
from tui_mail.errors import (
    MayOnlyRead,
    ProtocolRefused,
    Refused,
    TlsRefused,
    TryLater,
    TuiMailError,
    TurnLost,
    WrongUse,
)
from tui_mail.i18n import _
from tui_mail.values import NewEntity
from tui_mail.worker.record_turn import place_turn
from tui_mail.worker.records import Connect

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WritingOutcome:
    """What came of a record. `code`: its key in the ERP, "" when it is not there; `error`: why not;
    `refused`: and nobody tries again by himself."""

    entity_id: int
    record: NewEntity
    code: str = ""
    error: str = ""
    refused: bool = False


def write_due(database: Database, connect: Connect, now: datetime) -> None:
    """Write what is due at every place; what is wrong is kept with each record. Blocks."""
    for name in database.read_now(writing.places_due, now):
        source = database.read_now(erp.source, name)
        if source is None:
            continue
        try:
            outcomes = write(database, connect(source.location, source.mapping), name, now)
        except TryLater as error:
            log.info("records for %s: %s", name, error.message)
        except TuiMailError as error:
            database.write_now(writing.unreached, name, error.message, now)
            log.warning("records cannot be written to %s: %s", name, error.message)
        else:
            for one in outcomes:
                if one.error:
                    log.warning("%s has not taken a record: %s", name, one.error)


def write(
    database: Database, connector: Connector, name: str, due: datetime
) -> list[WritingOutcome]:
    """Write what is due at `due` to the place of that name: what came of each record. Blocks.

    Ends early where the place is not reached at all. Raises TryLater while another process is at
    it, WrongUse for a place that takes nothing.
    """
    if not isinstance(connector, CanWrite):
        raise _takes_nothing(name)
    outcomes = []
    with place_turn(database, name, reads=False):
        after = 0
        while task := database.read_now(writing.next_task, name, due, after):
            after = task.entity_id
            outcome, goes_on = _write_one(database, connector, name, task)
            if outcome is not None:
                outcomes.append(outcome)
            if not goes_on:
                break
    return outcomes


def check_takes(connector: Connector, name: str) -> None:
    """Raises WrongUse for a place that nothing can be written to."""
    if not isinstance(connector, CanWrite):
        raise _takes_nothing(name)


def _takes_nothing(name: str) -> WrongUse:
    return WrongUse(
        _(
            "{name} can only be read: records are written to Odoo and ERPNext. What is made here"
            " stays here."
        ).format(name=name)
    )


def _write_one(
    database: Database, connector: CanWrite, name: str, task: WritingTask
) -> tuple[WritingOutcome | None, bool]:
    """What came of it, None for what was taken back; and whether the place answers at all."""
    entity_id, record = task.entity_id, task.record
    try:
        ticket = task.ticket or connector.ticket(record)
        if not database.write_now(writing.keep_ticket, entity_id, ticket):
            return None, True  # taken back meanwhile
        made = connector.write(record, ticket)
    except (Refused, MayOnlyRead) as error:
        database.write_now(writing.refused, entity_id, error.message)
        return WritingOutcome(entity_id, record, error=error.message, refused=True), True
    except TlsRefused as error:
        return _unreached(database, name, task, error)
    except ProtocolRefused as error:  # maybe just of this one
        database.write_now(writing.failed, entity_id, error.message, datetime.now(UTC))
        return WritingOutcome(entity_id, record, error=error.message), True
    except TurnLost:
        raise
    except TuiMailError as error:
        return _unreached(database, name, task, error)
    database.write_now(writing.written, entity_id, name, made)
    return WritingOutcome(entity_id, record, made.code), True


def _unreached(
    database: Database, name: str, task: WritingTask, error: TuiMailError
) -> tuple[WritingOutcome, bool]:
    database.write_now(writing.unreached, name, error.message, datetime.now(UTC))
    return WritingOutcome(task.entity_id, task.record, error=error.message), False
