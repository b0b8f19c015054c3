"""The text of attached files: which messages wait for it, and what has been read of each file."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.file_texts import with_text
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.tables import Attachment, AttachmentText, TextWaiting, WantedMessage
from tui_mail.db.word_index import renew
from tui_mail.extract.files import may_have_text
from tui_mail.extract.wire import Extracted


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file of which nothing is known yet. `blob`: its bytes, "" when they are in the message."""

    message_id: int
    number: int
    name: str
    media_type: str
    sha256: str
    blob: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Some messages that wait, newest first, and those of their files that are to be read."""

    message_ids: tuple[int, ...]
    files: tuple[WaitingFile, ...]


def note_files(session: Session, files: Mapping[int, Collection[tuple[str, str]]]) -> None:
    """New messages, each with names and types of its files: those that may hold text wait."""
    rows = [
        {"message_id": message_id}
        for message_id, named in files.items()
        if any(may_have_text(name, media_type) for name, media_type in named)
    ]
    insert_rows(session, TextWaiting, rows)


def waiting(session: Session, limit: int) -> Waiting:
    """The newest `limit` messages that wait, and not for their files to come back."""
    coming = exists().where(
        col(WantedMessage.message_id) == col(TextWaiting.message_id), ~col(WantedMessage.missing)
    )
    statement = select(col(TextWaiting.message_id)).where(~coming)
    statement = statement.order_by(col(TextWaiting.message_id).desc())
    ids = tuple(session.scalars(statement.limit(limit)))
    columns = (Attachment.message_id, Attachment.number, Attachment.name, Attachment.media_type)
    files: dict[str, WaitingFile] = {}
    for part in chunks(ids):
        unread = (
            select(*map(col, columns), col(Attachment.sha256), col(Attachment.blob))
            .join(
                AttachmentText, col(AttachmentText.sha256) == col(Attachment.sha256), isouter=True
            )
            .where(col(Attachment.message_id).in_(part), col(AttachmentText.sha256).is_(None))
            .order_by(col(Attachment.message_id).desc(), col(Attachment.number))
        )
        for row in session.execute(unread):
            file = WaitingFile(*row)
            if may_have_text(file.name, file.media_type):
                files.setdefault(file.sha256, file)
    return Waiting(ids, tuple(files.values()))


def count_waiting(session: Session) -> int:
    """How many messages wait."""
    return session.scalar(select(func.count()).select_from(TextWaiting)) or 0


def settle_texts(
    session: Session, message_ids: Sequence[int], read: Mapping[str, Extracted]
) -> list[int]:
    """Keep what was read of files, by the hash of their bytes, and find their messages by it; those
    of whose files there is text.
    """
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"sha256": sha256, "outcome": str(one.outcome), "text": one.text}
        for sha256, one in read.items()
    ]
    # Another host may have read the same file.
    execute_many(session, make(AttachmentText).on_conflict_do_nothing(), rows)
    found = with_text(session, message_ids)
    renew(session, found)
    for part in chunks(message_ids):
        session.execute(delete(TextWaiting).where(col(TextWaiting.message_id).in_(part)))
    return found
