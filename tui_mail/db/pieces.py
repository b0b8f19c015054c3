"""The pieces of messages that were sent in several, where they are to be looked for."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.rights import visible
from tui_mail.db.tables import Attachment, Message, MessageSource

_MOST = 2_000
_LARGEST_HEAD = 64 * 1024  # bytes beside the piece itself; nobody's honest one has more


@dataclass(frozen=True, slots=True)
class PieceRow:
    """A message that is one piece. `skeleton`: its bytes without the piece, small; `sha256` and
    `size`: of the piece."""

    message_id: int
    skeleton: bytes = field(repr=False)
    sha256: str
    size: int


def pieces_beside(session: Session, operator_id: int, message_id: int) -> list[PieceRow]:
    """The pieces in a message's conversation from its sender, that the operator may read.

    Of any message, the one in hand not among them, the oldest first. None when nobody is named as
    its sender.
    """
    own = select(col(Message.thread_id), col(Message.sender_address))
    found = session.execute(own.where(col(Message.id) == message_id)).one_or_none()
    if found is None or not found.sender_address:
        return []
    statement = (
        select(
            col(Message.id),
            col(MessageSource.skeleton),
            col(Attachment.sha256),
            col(Attachment.size),
        )
        .join(Attachment, col(Attachment.message_id) == col(Message.id))
        .join(MessageSource, col(MessageSource.message_id) == col(Message.id))
        .where(
            col(Message.thread_id) == found.thread_id,
            col(Message.sender_address) == found.sender_address,
            col(Message.id) != message_id,
            col(Message.size) - col(Attachment.size) <= _LARGEST_HEAD,
            col(Attachment.number) == 1,
            col(Attachment.media_type) == "message/partial",
            col(Attachment.blob) != "",
            visible(operator_id, col(Message.id)),
        )
        .order_by(col(Message.id))
        .limit(_MOST)
    )
    return [PieceRow(*row) for row in session.execute(statement)]
