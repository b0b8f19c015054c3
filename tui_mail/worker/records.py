"""Brings the ERP's records up to date: reads where they come from, takes them in, links mail anew.

A place is read by one process at a time, and taken in piece by piece, so that nobody waits long for
the database; one that is cut off is taken up again from the start, where all that is known costs
nothing. A place that cannot be read keeps the records that came from it, and its status says why.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tui_mail.connectors import Connector
from tui_mail.connectors.pieces import pieces
from tui_mail.db import erp, erp_concerned, erp_turns
from tui_mail.db.engine import Database
from tui_mail.db.erp import KindCount
from tui_mail.db.erp_save import Missing
from tui_mail.errors import TryLater, TuiMailError
from tui_mail.i18n import _, ngettext
from tui_mail.values import ENTITY_KINDS, RecordError
from tui_mail.worker.link import replay
from tui_mail.worker.record_turn import place_turn

Connect = Callable[[str, str], Connector]
"""A connector for a location and the name of a mapping."""

_PIECE = 1_000
_ANEW_AT_ONCE = 100
_ALL_FROM = 3_000  # records that changed: then it is quicker to link all mail anew

log = logging.getLogger(__name__)


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

    Raises what the connector raises, and TryLater while another process reads that place; `report` is
    told how far it is.
    """
    with place_turn(database, name):
        changes = connector.changes(cursor)
        counts: list[KindCount] = []
        for number, piece in enumerate(pieces(changes, _PIECE)):
            counts += database.write_now(erp.take_part, name, piece)
            report(
                _("{count} records taken").format(count=min(number * _PIECE, len(changes.entities)))
            )
        if changes.complete:
            missing = database.read_now(erp.missing, name, changes)
            for some in _parts(missing):
                counts += database.write_now(erp.remove, name, some)
        wrong = _said(changes.errors) if changes.errors else ""
        database.write_now(erp.finish, name, changes.cursor, datetime.now(UTC), wrong)
        link_anew(database, report)
    return Refreshed(_summed(counts), changes.errors)


def refresh_due(database: Database, connect: Connect, every: timedelta) -> None:
    """Every place that is due, one after the other; what is wrong with one is in its status. Blocks."""
    for name in database.read_now(erp_turns.due, datetime.now(UTC), every):
        source = database.read_now(erp.source, name)
        if source is None:
            continue
        try:
            connector = connect(source.location, source.mapping)
            refresh(database, connector, name, source.cursor, lambda _text: None)
        except TryLater as error:
            log.info("the records of %s: %s", name, error.message)
        except TuiMailError as error:
            log.warning("the records of %s cannot be read: %s", name, error.message)
            database.write_now(erp.source_failed, name, error.message)


def link_anew(database: Database, report: Callable[[str], None]) -> None:
    """Link the mail that changed records concern, as the machine does; a person's word stays. Blocks.

    What is cut off here goes on the next time.
    """
    if database.read_now(erp_concerned.count_waiting) > _ALL_FROM:
        every = database.read_now(erp_concerned.waiting, None)
        replay(database, None, report=report)
        for start in range(0, len(every), _PIECE):
            database.write_now(erp_concerned.done_waiting, every[start : start + _PIECE])
    while some := database.read_now(erp_concerned.waiting, _ANEW_AT_ONCE):
        messages = database.read_now(erp_concerned.concerned, some)
        replay(database, messages, report=report)
        database.write_now(erp_concerned.done_waiting, some)


def _parts(missing: Missing) -> Iterator[Missing]:
    for start in range(0, len(missing.entities), _PIECE):
        yield Missing(entities=missing.entities[start : start + _PIECE])
    for start in range(0, len(missing.addresses), _PIECE):
        yield Missing(addresses=missing.addresses[start : start + _PIECE])
    for start in range(0, len(missing.relations), _PIECE):
        yield Missing(relations=missing.relations[start : start + _PIECE])


def _summed(counts: Iterable[KindCount]) -> tuple[KindCount, ...]:
    sums: dict[str, Counter[str]] = {}
    for one in counts:
        sums.setdefault(one.kind, Counter()).update(
            read=one.read, new=one.new, changed=one.changed, gone=one.gone
        )
    return tuple(
        KindCount(kind, found["read"], found["new"], found["changed"], found["gone"])
        for kind in ENTITY_KINDS
        if (found := sums.get(kind))
    )


def _said(errors: tuple[RecordError, ...]) -> str:
    first = errors[0]
    return ngettext(
        "{count} row could not be taken, at {file}:{line}: {reason}",
        "{count} rows could not be taken, the first at {file}:{line}: {reason}",
        len(errors),
    ).format(count=len(errors), file=first.file, line=first.line, reason=first.message)
