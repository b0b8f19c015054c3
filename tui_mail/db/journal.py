"""The audit trail: one line a change, with its way back."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from tui_mail.db.many import key_of
from tui_mail.db.tables import Change


def journal(
    session: Session,
    operator_id: int,
    now: datetime,
    verb: str,
    detail: str,
    undo_data: Mapping[str, Sequence[Any]],
) -> int:
    """Write down a change; its id. `undo_data`: what it takes to undo it, nothing when it cannot be."""
    undo_text = json.dumps(undo_data) if any(undo_data.values()) else ""
    change = Change(at=now, operator_id=operator_id, verb=verb, detail=detail, undo=undo_text)
    session.add(change)
    session.flush()
    return key_of(change.id)
