"""Whose conversations are, and whose turn it is: what a list reads."""

from collections.abc import Iterable
from functools import cache

from sqlalchemy import Select, select
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.many import chunks
from tui_mail.db.rows import Care
from tui_mail.db.tables import Assignment, Operator


@cache  # to say what is asked takes longer than to ask it
def _care() -> Select[int, str, str]:
    return (
        select(col(Assignment.thread_id), col(Operator.login), col(Assignment.state))
        .join(Operator, col(Operator.id) == col(Assignment.operator_id), isouter=True)
        .where(among_numbers(col(Assignment.thread_id), "some"))
    )


def care_for(session: Session, thread_ids: Iterable[int]) -> dict[int, Care]:
    """Whose conversations are, and their state; no key for one that is nobody's and open."""
    found: dict[int, Care] = {}
    for part in chunks(set(thread_ids)):
        for thread_id, login, state in session.execute(_care(), {"some": part}):
            found[thread_id] = Care(login or "", state)
    return found
