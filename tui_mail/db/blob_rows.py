"""Attachments as the database knows them beside the folder: who needs which blob, and who nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select, text
from sqlmodel import Session, col

from tui_mail.db.many import chunks
from tui_mail.db.tables import Account, Attachment, Blob, Folder, Message, Placement
from tui_mail.machine import machine


@dataclass(frozen=True, slots=True)
class BlobRow:
    """A blob, the size of what it holds in bytes, how many attachments it is, and whether it need
    not be here."""

    name: str
    size: int
    references: int
    away: bool = False


@dataclass(frozen=True, slots=True)
class Holder:
    """An attachment, `number` counted from 1 in its message, `name` as its sender called it;
    `account` is "" for a message in none."""

    message_id: int
    number: int
    name: str
    account: str


@dataclass(frozen=True, slots=True)
class Original:
    """What a message's bytes must be; `size` in bytes."""

    message_id: int
    content_hash: str
    size: int


def blobs_after(session: Session, name: str, limit: int) -> list[BlobRow]:
    """The next blobs by name."""
    query = select(col(Blob.id), col(Blob.size), col(Blob.references), col(Blob.away))
    rows = session.execute(query.where(col(Blob.id) > name).order_by(col(Blob.id)).limit(limit))
    return [BlobRow(*row) for row in rows]


def unreferenced(session: Session) -> list[str]:
    """Blobs that nothing refers to any more, by name."""
    query = select(col(Blob.id)).where(col(Blob.references) <= 0).order_by(col(Blob.id))
    return list(session.scalars(query))


def in_use(session: Session, names: Collection[str]) -> set[str]:
    """Those of the blobs that an attachment is, whatever is counted."""
    found: set[str] = set()
    for some in chunks(names):
        query = select(col(Blob.id)).where(col(Blob.id).in_(some))
        needed = (col(Blob.references) > 0) | exists().where(col(Attachment.blob) == col(Blob.id))
        found.update(session.scalars(query.where(needed)))
        unknown = select(col(Attachment.blob)).where(col(Attachment.blob).in_(some))
        found.update(session.scalars(unknown))
    return found


def forget_blobs(session: Session, names: Collection[str]) -> None:
    """Blobs that are gone from the store, and that nothing refers to."""
    for some in chunks(names):
        gone = delete(Blob).where(col(Blob.id).in_(some), col(Blob.references) <= 0)
        session.execute(gone)


def holders(session: Session, names: Collection[str], limit: int) -> list[Holder]:
    """Attachments that are one of the blobs, at most `limit`, each once."""
    found: dict[tuple[int, int], Holder] = {}
    for some in chunks(names):
        query = (
            select(
                col(Attachment.message_id),
                col(Attachment.number),
                col(Attachment.name),
                col(Account.email),
            )
            .outerjoin(Placement, col(Placement.message_id) == col(Attachment.message_id))
            .outerjoin(Folder, col(Folder.id) == col(Placement.folder_id))
            .outerjoin(Account, col(Account.id) == col(Folder.account_id))
            .where(col(Attachment.blob).in_(some))
            .order_by(col(Attachment.message_id), col(Attachment.number))
            .limit(limit)
        )
        for message_id, number, name, account in session.execute(query):
            holder = Holder(message_id, number, name, account or "")
            found.setdefault((message_id, number), holder)
    return sorted(found.values(), key=lambda one: (one.message_id, one.number))[:limit]


def held(session: Session, names: Collection[str]) -> int:
    """How many attachments are one of the blobs."""
    count = select(func.count()).select_from(Attachment)
    some = (count.where(col(Attachment.blob).in_(part)) for part in chunks(names))
    return sum(session.scalar(each) or 0 for each in some)


def originals_after(session: Session, message_id: int, limit: int) -> list[Original]:
    """The next messages by id."""
    query = select(col(Message.id), col(Message.content_hash), col(Message.size))
    query = query.where(col(Message.id) > message_id).order_by(col(Message.id)).limit(limit)
    return [Original(row[0] or 0, row[1], row[2]) for row in session.execute(query)]


def identity(session: Session) -> str:
    """What tells this database from any other: its file on this machine, or its server's and own
    number."""
    if session.get_bind().dialect.name == "sqlite":
        rows: Sequence[tuple[object, ...]] = [
            tuple(row) for row in session.execute(text("PRAGMA database_list"))
        ]
        return f"sqlite {machine()}:{rows[0][2]}"
    query = text(
        "SELECT s.system_identifier, d.oid, d.datname FROM pg_control_system() s, pg_database d"
        " WHERE d.datname = current_database()"
    )
    row = session.execute(query).one()
    return f"postgresql {row[0]}/{row[1]} {row[2]}"
