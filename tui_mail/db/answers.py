"""Whether a colleague answers the same message: asked while a letter is written, and before it goes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlmodel import Session, col

from tui_mail.db.outbox_states import CANCELLED, FAILED, SENDING, WAITING
from tui_mail.db.tables import Draft, Message, Operator, Outgoing


@dataclass(frozen=True, slots=True)
class ColleagueAnswer:
    """Who answers, and since when; `sent`: the letter is in the outbox, or gone."""

    name: str
    at: datetime
    sent: bool


def colleague_answer(session: Session, operator_id: int, message_id: int) -> ColleagueAnswer | None:
    """The latest answer to a message by another operator: a letter before a draft, None without."""
    thread = select(col(Message.thread_id)).where(col(Message.id) == message_id).scalar_subquery()
    filed = select(col(Message.message_id)).where(
        col(Message.thread_id) == thread, col(Message.outgoing)
    )
    letters = (
        _by_others(operator_id, col(Outgoing.created_at), col(Outgoing.operator_id))
        .where(
            col(Outgoing.in_reply_to_id) == message_id,
            col(Outgoing.state).not_in((CANCELLED, FAILED)),
            # what leads to an index: on its way, or filed into the conversation
            or_(
                col(Outgoing.state).in_((*WAITING, SENDING)),
                col(Outgoing.message_id).in_(filed),
            ),
        )
        .order_by(col(Outgoing.created_at).desc())
    )
    drafts = (
        _by_others(operator_id, col(Draft.updated_at), col(Draft.operator_id))
        .where(col(Draft.in_reply_to_id) == message_id)
        .order_by(col(Draft.updated_at).desc())
    )
    for query, sent in ((letters, True), (drafts, False)):
        row = session.execute(query.limit(1)).first()
        if row is not None:
            return ColleagueAnswer(row.name, row.at, sent)
    return None


def _by_others(operator_id: int, at: Any, who: Any) -> Select[*tuple[Any, ...]]:
    name = func.coalesce(func.nullif(col(Operator.name), ""), col(Operator.login))
    return (
        select(name.label("name"), at.label("at"))
        .join(Operator, col(Operator.id) == who)
        .where(who != operator_id)
    )
