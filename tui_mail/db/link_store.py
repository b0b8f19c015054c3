"""Link rows in bulk, as decisions and the machine both write them. Hides chunking and topics."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, delete, select, update
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.bulk import insert_numbered
from tui_mail.db.many import chunks, rows_of
from tui_mail.db.tables import Link, Message
from tui_mail.db.topics import Topic, publish

KEPT = ("received_at", "state", "method", "score", "why", "found_in", "operator_id", "at")
KnownLinks = dict[int, dict[int, Row[*tuple[Any, ...]]]]


def known_links(session: Session, message_ids: Collection[int]) -> KnownLinks:
    """Message -> record -> the link as it is stored, all states."""
    known: KnownLinks = {}
    if message_ids:
        for row in rows_of(session, _known(), {"some": message_ids}):
            known.setdefault(row.message_id, {})[row.entity_id] = row
    return known


@cache
def _known() -> Select[*tuple[Any, ...]]:
    columns = [getattr(Link, name) for name in ("id", "message_id", "entity_id", *KEPT)]
    return select(*columns).where(among_numbers(col(Link.message_id), "some"))


def _of_messages(session: Session, message_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """Message -> what its links have of it."""
    found: dict[int, dict[str, Any]] = {}
    columns = {name: getattr(Message, name) for name in ("position", "outgoing", "kind")}
    for some in chunks(message_ids):
        query = select(col(Message.id), *columns.values()).where(col(Message.id).in_(some))
        for message_id, *values in session.execute(query):
            found[message_id] = dict(zip(columns, values, strict=True))
    return found


def write_links(
    session: Session,
    new: Sequence[dict[str, Any]],
    changed: Sequence[dict[str, Any]],
    gone: Collection[int],
) -> int:
    """Insert, update by id and delete by id, in bulk; returns how many."""
    if new:
        if lacking := {row["message_id"] for row in new if "position" not in row}:
            of = _of_messages(session, lacking)
            new = [{**row, **of.get(row["message_id"], {})} for row in new]
        insert_numbered(session, Link, new)
    if changed:
        session.execute(update(Link), changed)
    for some in chunks(gone):
        session.execute(delete(Link).where(col(Link.id).in_(some)))
    if new or changed or gone:
        publish(session, Topic.LINKS, Topic.MAIL)
    return len(new) + len(changed) + len(gone)
