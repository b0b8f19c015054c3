"""What other mail says against a message: another content by its identifier, a sender who was not there.

Hides whose mail is compared: only what the operator may read. One message is asked about, never a list.
"""

from sqlalchemy import case, func, literal, select
from sqlmodel import Session, col

from tui_mail.db.rights import visible
from tui_mail.db.rows import Doubts
from tui_mail.db.tables import Message, MessageText
from tui_mail.linking.parties import tells_company

_MOST_COMPARED = 50  # messages of one identifier: whoever repeats it more often is doubtful anyhow
_COMPARED = 20_000  # characters of each
_LONG = 200  # messages of a conversation in which somebody new is nothing to wonder at


def doubts(session: Session, operator_id: int, message_id: int) -> Doubts:
    """What to doubt about a message by what is stored beside it."""
    found = session.get(Message, message_id)
    if found is None:
        return Doubts()
    return Doubts(_is_another(session, operator_id, found), _is_new(session, operator_id, found))


def _is_another(session: Session, operator_id: int, message: Message) -> bool:
    """Whether another message has the identifier and says something else."""
    if not message.message_id:
        return False
    bodies = (
        select(func.substr(col(MessageText.body), 1, _COMPARED))
        .join(Message, col(Message.id) == col(MessageText.message_id))
        .where(col(Message.message_id) == message.message_id, visible(operator_id, col(Message.id)))
        .limit(_MOST_COMPARED)
    )
    return len({" ".join(body.split()) for body in session.scalars(bodies)}) > 1


def _is_new(session: Session, operator_id: int, message: Message) -> bool:
    """Whether a conversation had been going on without the sender, and without their firm."""
    sender = message.sender_address.lower()
    if message.outgoing or message.kind != "human" or not sender:
        return False
    domain = sender.rpartition("@")[2]
    known = f"@{domain} " if tells_company(domain) else f" {sender} "
    written, reached = func.lower(col(Message.sender_address)), col(Message.recipient_addresses)
    those = literal(" ") + written + literal(" ") + reached + literal(" ")
    earlier = (
        select(case((those.contains(known, autoescape=True), 1), else_=0).label("is_there"))
        .where(
            col(Message.thread_id) == message.thread_id,
            col(Message.position) < message.position,
            visible(operator_id, col(Message.id)),
        )
        .limit(_LONG + 1)
        .subquery()
    )
    number, was_there = session.execute(
        select(func.count(), func.max(earlier.c.is_there)).select_from(earlier)
    ).one()
    return 0 < number <= _LONG and not was_there
