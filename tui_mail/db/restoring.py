"""Messages that are here already and have come once more: what their bytes are made of is compared
with what came, and put back where it is lost. Their flags, folders, threads and links stay.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlmodel import Session, col

from tui_mail.db.arrivals import attachment_row, claim_blobs
from tui_mail.db.bulk import insert_rows
from tui_mail.db.many import chunks
from tui_mail.db.prepared import Arrival
from tui_mail.db.purge import release_blobs
from tui_mail.db.tables import Attachment, AttachmentText, Message, MessageSource, TextWaiting
from tui_mail.db.texts import note_files
from tui_mail.db.topics import Topic, publish
from tui_mail.extract.wire import Outcome


@dataclass(frozen=True, slots=True)
class Kept:
    """What a message is made of, and the blobs that its attachments are said to be.

    `skeleton` is None when it is gone.
    """

    content_hash: str
    skeleton: bytes | None = field(repr=False)
    blobs: frozenset[str]


def kept(session: Session, hashes: Collection[str]) -> list[Kept]:
    """Those of the contents that are here."""
    found: list[Kept] = []
    for part in chunks(hashes):
        sources = (
            select(col(Message.id), col(Message.content_hash), col(MessageSource.skeleton))
            .outerjoin(MessageSource, col(MessageSource.message_id) == col(Message.id))
            .where(col(Message.content_hash).in_(part))
        )
        rows = session.execute(sources).all()
        blobs: dict[int, set[str]] = {identifier: set() for identifier, *_rest in rows}
        files = select(col(Attachment.message_id), col(Attachment.blob))
        files = files.where(col(Attachment.message_id).in_(blobs), col(Attachment.blob) != "")
        for identifier, blob in session.execute(files):
            blobs[identifier].add(blob)
        found += [Kept(row[1], row[2], frozenset(blobs[row[0]])) for row in rows]
    return found


def put_back(session: Session, arrivals: Sequence[Arrival]) -> None:
    """Make messages of what has come again; their files are in the store already."""
    by_hash = {one.prepared.content_hash: one.prepared for one in arrivals}
    for part in chunks(by_hash):
        query = select(col(Message.content_hash), col(Message.id))
        rows = session.execute(query.where(col(Message.content_hash).in_(part)))
        messages = {identifier or 0: by_hash[content_hash] for content_hash, identifier in rows}
        release_blobs(session, messages)
        for table in (MessageSource, Attachment, TextWaiting):
            session.execute(delete(table).where(col(table.message_id).in_(messages)))
        sources = [
            {"message_id": key, "skeleton": message.skeleton} for key, message in messages.items()
        ]
        insert_rows(session, MessageSource, sources)
        attachments = [
            (key, attachment)
            for key, message in messages.items()
            for attachment in message.attachments
        ]
        insert_rows(session, Attachment, [attachment_row(*one) for one in attachments])
        claim_blobs(session, [attachment for _key, attachment in attachments])
        _read_again(session, {attachment.sha256 for _key, attachment in attachments})
        files = {k: [(a.name, a.media_type) for a in m.attachments] for k, m in messages.items()}
        note_files(session, files)
    publish(session, Topic.MAIL)


def _read_again(session: Session, files: Collection[str]) -> None:
    """Files whose text could not be had because their bytes were lost."""
    for part in chunks(files):
        lost = col(AttachmentText.outcome) == str(Outcome.LOST)
        session.execute(delete(AttachmentText).where(col(AttachmentText.sha256).in_(part), lost))
