"""Whose conversations are, and whose turn it is: what a list reads."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.many import chunks
from tui_mail.db.rows import Care
from tui_mail.db.tables import Assignment, Operator


def care_for(session: Session, thread_ids: Iterable[int]) -> dict[int, Care]:
    """Whose conversations are, and their state; no key for one that is nobody's and open."""
    found: dict[int, Care] = {}
    for part in chunks(set(thread_ids)):
        statement = (
            select(col(Assignment.thread_id), col(Operator.login), col(Assignment.state))
            .join(Operator, col(Operator.id) == col(Assignment.operator_id), isouter=True)
            .where(col(Assignment.thread_id).in_(part))
        )
        for thread_id, login, state in session.execute(statement):
            found[thread_id] = Care(login or "", state)
    return found
