"""Messages as programs are told of them: what a list row leaves out, for many at once."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.certified import states
from tui_mail.db.flags import FLAG_COLUMNS, flags_of
from tui_mail.db.links import chips_for
from tui_mail.db.many import chunks
from tui_mail.db.rights import readable, visible
from tui_mail.db.rows import Chip
from tui_mail.db.tables import Folder, Link, Message, Placement
from tui_mail.values import CertifiedState


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """`sender` and `to` are addresses; `flags` are those of any copy that the operator may read;
    `chips` are all its records."""

    message_id: str
    date: datetime | None
    sender: str
    to: tuple[str, ...]
    flags: frozenset[str]
    chips: tuple[Chip, ...]
    receipts: tuple[CertifiedState, ...] = ()  # of a letter of ours that went by certified mail


def program_rows(
    session: Session, operator_id: int, message_ids: Collection[int]
) -> dict[int, ProgramRow]:
    """The rows of those messages that the operator may read, by their id."""
    chips = chips_for(session, message_ids, most=None)
    flags: dict[int, frozenset[str]] = {}
    rows: dict[int, ProgramRow] = {}
    for some in chunks(message_ids):
        copies = (
            select(col(Placement.message_id), *FLAG_COLUMNS)
            .join(Folder, col(Folder.id) == col(Placement.folder_id))
            .where(
                col(Placement.message_id).in_(some),
                col(Folder.account_id).in_(readable(operator_id)),
            )
        )
        for message_id, *values in session.execute(copies):
            flags[message_id] = flags.get(message_id, frozenset()) | flags_of(values)
        query = select(
            col(Message.id),
            col(Message.message_id),
            col(Message.date),
            col(Message.sender_address),
            col(Message.recipient_addresses),
            col(Message.outgoing),
        ).where(col(Message.id).in_(some))
        found = session.execute(query).all()
        sent = {row.message_id: {*row.recipient_addresses.split()} for row in found if row.outgoing}
        sent.pop("", None)
        receipts = states(session, sent)
        for key, header, date, sender, recipients, outgoing in found:
            if key in flags:
                rows[key] = ProgramRow(
                    header,
                    date,
                    sender,
                    tuple(recipients.split()),
                    flags[key],
                    chips.get(key, ()),
                    receipts.get(header, ()) if outgoing else (),
                )
    return rows


def linked_messages(session: Session, operator_id: int) -> list[int]:
    """The messages with links that the operator may read, the last come first."""
    query = (
        select(col(Link.message_id))
        .where(visible(operator_id, col(Link.message_id)))
        .distinct()
        .order_by(col(Link.message_id).desc())
    )
    return list(session.scalars(query))
