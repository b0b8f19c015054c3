"""Messages on their way out into files: what their files are named by, and their sources."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.flags import FLAG_COLUMNS, flags_of
from tui_mail.db.folders import naturalness
from tui_mail.db.many import chunks
from tui_mail.db.rights import readable
from tui_mail.db.tables import Account, Folder, Message, MessageSource, Placement


@dataclass(frozen=True, slots=True)
class ExportRow:
    """A message, and the copy of it that a person would look for; `size` in bytes."""

    message_id: int
    content_hash: str
    subject: str
    received_at: datetime
    size: int
    account: str
    folder: str
    flags: frozenset[str]


def export_rows(session: Session, operator_id: int, message_ids: Sequence[int]) -> list[ExportRow]:
    """The messages of `message_ids` that the operator may read, in that order."""
    found: dict[int, ExportRow] = {}
    for some in chunks(message_ids):
        query = (
            select(
                col(Message.id),
                col(Message.content_hash),
                col(Message.subject),
                col(Message.received_at),
                col(Message.size),
                col(Account.email),
                col(Folder.name),
                *FLAG_COLUMNS,
            )
            .join(Placement, col(Placement.message_id) == col(Message.id))
            .join(Folder, col(Folder.id) == col(Placement.folder_id))
            .join(Account, col(Account.id) == col(Folder.account_id))
            .where(col(Message.id).in_(some), col(Account.id).in_(readable(operator_id)))
            .order_by(col(Placement.deleted), naturalness(), col(Placement.id))
        )
        for identifier, *values in session.execute(query):
            fixed: list[Any] = values[: -len(FLAG_COLUMNS)]
            flags = flags_of(values[-len(FLAG_COLUMNS) :])
            found.setdefault(identifier, ExportRow(*[identifier, *fixed, flags]))
    return [found[one] for one in message_ids if one in found]


def skeletons(session: Session, message_ids: Collection[int]) -> dict[int, bytes]:
    """What the messages' bytes are made of, by message; whoever asks has the right to them."""
    query = select(col(MessageSource.message_id), col(MessageSource.skeleton))
    owner = col(MessageSource.message_id)
    parts = (session.execute(query.where(owner.in_(some))) for some in chunks(message_ids))
    return {identifier: skeleton for rows in parts for identifier, skeleton in rows}
