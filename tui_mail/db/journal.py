"""The audit trail: one line a change, with its way back, and what is next on that way."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from tui_mail.db.many import key_of
from tui_mail.db.tables import Change

UNDO, REDO = "undo", "redo"


def journal(
    session: Session,
    operator_id: int,
    now: datetime,
    verb: str,
    detail: str,
    undo_data: Mapping[str, Sequence[Any]],
) -> int:
    """Write down a change; its id.

    `undo_data`: one key, by which `db.undoing` knows the way back, and what that takes; nothing
    when there is none.
    """
    undo_text = json.dumps(undo_data) if any(undo_data.values()) else ""
    change = Change(at=now, operator_id=operator_id, verb=verb, detail=detail, undo=undo_text)
    session.add(change)
    session.flush()
    return key_of(change.id)


def last_done(session: Session, operator_id: int) -> Change | None:
    """The operator's last change that can be taken back and was not."""
    statement = _open(operator_id).where(col(Change.verb) != UNDO)
    return session.scalars(statement.limit(1)).one_or_none()


def last_undone(session: Session, operator_id: int) -> Change | None:
    """The operator's last taking back, unless something else was done since."""
    newest = select(col(Change.id)).where(
        col(Change.operator_id) == operator_id,
        col(Change.undo) != "",
        col(Change.verb).not_in((UNDO, REDO)),
    )
    since = session.scalar(newest.order_by(col(Change.id).desc()).limit(1)) or 0
    statement = _open(operator_id).where(col(Change.verb) == UNDO, col(Change.id) > since)
    return session.scalars(statement.limit(1)).one_or_none()


def _open(operator_id: int) -> Select[Change]:
    return (
        select(Change)
        .where(col(Change.operator_id) == operator_id, ~col(Change.undone), col(Change.undo) != "")
        .order_by(col(Change.id).desc())
    )
