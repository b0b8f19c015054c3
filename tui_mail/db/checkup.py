"""What the database says of itself, checked against itself: every look finds rows that do not agree,
and says how to make them agree where that can be done.

A look counts, names what it found as far as a list of it serves anybody, and changes nothing; its mending is to be called by
`Database.write`, looks again, and does nothing when all is well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlmodel import Session, col

from tui_mail.db.counters import refresh
from tui_mail.db.many import chunks
from tui_mail.db.purge import purge
from tui_mail.db.tables import (
    Address,
    Attachment,
    Blob,
    Conversation,
    DocumentLine,
    Draft,
    Entity,
    EntityRelation,
    EntityWriting,
    Folder,
    Link,
    Message,
    MessageSource,
    MessageText,
    Operation,
    Outgoing,
    OutgoingLink,
    Placement,
    Thread,
    ThreadKey,
)
from tui_mail.db.topics import Topic, publish

_MOST_TOLD = 1000
_MOST_FAULTS = 100  # of the file: looking for more takes long
_STUCK_AFTER = 5  # tries


@dataclass(frozen=True, slots=True)
class Wrong:
    """How many rows a look found, and what they are called, at most so many of them."""

    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """One thing to look at; `mend` is None where a person has to decide."""

    slug: str
    find: Callable[[Session], Wrong]
    mend: Callable[[Session], None] | None = None


def looks() -> tuple[Look, ...]:
    """Everything that can be told by the database alone, what others rest on first."""
    return (
        Look("references", _broken_references, _mend_references),
        Look("threads", _threads, _mend_threads),
        Look("messages_nowhere", _nowhere, _mend_nowhere),
        Look("conversations", _conversations, _mend_conversations),
        Look("folder_counters", _folders, _mend_folders),
        Look("attachment_counters", _blobs, _mend_blobs),
        Look("links", _links, _mend_links),
        Look("no_source", _no_source),
        Look("no_text", _no_text),
        Look("operations_stuck", _operations_stuck),
        Look("letters_unknown", _letters_unknown),
    )


def damage(session: Session, *, deep: bool) -> Wrong:
    """What the database itself finds wrong with its file or its indexes.

    Raises InputOutput when it cannot even look.
    """
    if session.get_bind().dialect.name == "sqlite":
        pragma = "integrity_check" if deep else "quick_check"
        rows = session.execute(text(f"PRAGMA {pragma}({_MOST_FAULTS})"))
        found = [str(row[0]) for row in rows if row[0] != "ok"]
    else:
        query = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
        found = [str(row[0]) for row in session.execute(text(query))]
    return Wrong(len(found), tuple(found[:_MOST_TOLD]))


def _wrong(session: Session, query: Select[*tuple[Any, ...]], label: str) -> Wrong:
    """How many rows `query` has, and its first column of those that are told."""
    count = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    if not count:
        return Wrong()
    rows = session.execute(query.limit(_MOST_TOLD))
    return Wrong(count, tuple(f"{label} {row[0]}".strip() for row in rows))


# -- references that SQLite leaves to us -----------------------------------------------------------


def _violations(session: Session) -> list[tuple[str, int]]:
    """(table, row) of rows that hang on a row that is not there; PostgreSQL has none by itself."""
    if session.get_bind().dialect.name != "sqlite":
        return []
    return [(str(row[0]), int(row[1])) for row in session.execute(text("PRAGMA foreign_key_check"))]


def _broken_references(session: Session) -> Wrong:
    found = _violations(session)
    return Wrong(len(found), tuple(f"{table} {row}" for table, row in found[:_MOST_TOLD]))


def _mend_references(session: Session) -> None:
    """What hangs on nothing goes, as it would have gone with what it hung on."""
    for table, row in _violations(session):
        session.execute(text(f'DELETE FROM "{table}" WHERE rowid = :row'), {"row": row})  # noqa: S608


# -- threads ---------------------------------------------------------------------------------------


def _strays() -> Select[*tuple[Any, ...]]:
    """Placements that are in another thread than their message."""
    return (
        select(col(Placement.message_id), col(Placement.folder_id), col(Placement.thread_id))
        .join(Message, col(Message.id) == col(Placement.message_id))
        .where(col(Placement.thread_id) != col(Message.thread_id))
    )


def _without_thread(table: type[Message] | type[ThreadKey]) -> ColumnElement[bool]:
    return ~exists().where(col(Thread.id) == col(table.thread_id))


def _threads(session: Session) -> Wrong:
    parts = (
        _wrong(session, _strays(), "message"),
        _wrong(session, select(col(Message.id)).where(_without_thread(Message)), "message"),
        _wrong(
            session, select(col(ThreadKey.thread_id)).where(_without_thread(ThreadKey)), "thread"
        ),
    )
    examples = [one for part in parts for one in part.examples]
    return Wrong(sum(part.count for part in parts), tuple(examples[:_MOST_TOLD]))


def _mend_threads(session: Session) -> None:
    """A thread that is named is there; a placement is in its message's."""
    for table in (Message, ThreadKey):
        named = select(col(table.thread_id)).where(_without_thread(table)).distinct()
        for identifier in session.scalars(named).all():
            session.add(Thread(id=identifier))
        session.flush()
    rows = session.execute(_strays()).all()
    if not rows:
        return
    thread = select(col(Message.thread_id)).where(col(Message.id) == col(Placement.message_id))
    session.execute(
        update(Placement)
        .where(col(Placement.thread_id) != thread.scalar_subquery())
        .values(thread_id=thread.scalar_subquery())
        .execution_options(synchronize_session=False)
    )
    pairs = {(row[1], row[2]) for row in rows}
    now = select(col(Placement.folder_id), col(Placement.thread_id))
    for some in chunks({row[0] for row in rows}):
        found = session.execute(now.where(col(Placement.message_id).in_(some)))
        pairs |= {(row[0], row[1]) for row in found}
    refresh(session, pairs)
    publish(session, Topic.MAIL, Topic.FOLDERS)


# -- what nothing holds ----------------------------------------------------------------------------


def _unplaced() -> Select[*tuple[Any, ...]]:
    """Messages in no folder; those that something needs are sorted out by `purge`."""
    return select(col(Message.id)).where(
        ~exists().where(col(Placement.message_id) == col(Message.id)),
        ~exists().where(col(Link.message_id) == col(Message.id), col(Link.state) == "confirmed"),
        ~exists().where(col(Operation.message_id) == col(Message.id)),
        ~exists().where(col(Outgoing.in_reply_to_id) == col(Message.id)),
        ~exists().where(col(Draft.in_reply_to_id) == col(Message.id)),
    )


def _nowhere(session: Session) -> Wrong:
    return _wrong(session, _unplaced(), "message")


def _mend_nowhere(session: Session) -> None:
    purge(session, session.scalars(_unplaced()).all())


# -- what lists show -------------------------------------------------------------------------------


def _truth() -> Any:
    """Conversations as the placements say."""
    return (
        select(
            col(Placement.folder_id),
            col(Placement.thread_id),
            func.count().label("total"),
            func.sum(case((col(Placement.seen), 0), else_=1)).label("unread"),
            func.max(case((col(Placement.starred), 1), else_=0)).label("starred"),
            func.max(col(Placement.received_at)).label("latest_at"),
        )
        .where(~col(Placement.deleted))
        .group_by(col(Placement.folder_id), col(Placement.thread_id))
        .subquery()
    )


def _untrue() -> Select[*tuple[Any, ...]]:
    """(thread, folder) of conversations that are wrong, missing or too many."""
    truth = _truth()
    same = and_(
        col(Conversation.folder_id) == truth.c.folder_id,
        col(Conversation.thread_id) == truth.c.thread_id,
    )
    latest = exists().where(
        col(Placement.id) == col(Conversation.placement_id),
        col(Placement.message_id) == col(Conversation.message_id),
        col(Placement.folder_id) == col(Conversation.folder_id),
        col(Placement.received_at) == col(Conversation.latest_at),
    )
    wrong = or_(
        col(Conversation.folder_id).is_(None),
        col(Conversation.total) != truth.c.total,
        col(Conversation.unread) != truth.c.unread,
        case((col(Conversation.starred), 1), else_=0) != truth.c.starred,
        col(Conversation.latest_at) != truth.c.latest_at,
        ~latest,
    )
    kept = select(truth.c.thread_id, truth.c.folder_id).select_from(
        truth.outerjoin(Conversation, same)
    )
    placed = exists().where(
        col(Placement.folder_id) == col(Conversation.folder_id),
        col(Placement.thread_id) == col(Conversation.thread_id),
        ~col(Placement.deleted),
    )
    surplus = select(col(Conversation.thread_id), col(Conversation.folder_id)).where(~placed)
    both = kept.where(wrong).union_all(surplus).subquery()
    return select(both.c.thread_id, both.c.folder_id)


def _conversations(session: Session) -> Wrong:
    return _wrong(session, _untrue(), "thread")


def _mend_conversations(session: Session) -> None:
    refresh(session, {(row[1], row[0]) for row in session.execute(_untrue())})
    publish(session, Topic.MAIL, Topic.FOLDERS)


def _sums() -> tuple[tuple[Any, Any], ...]:
    """The counters of a folder, and what its conversations come to."""

    def of(value: Any) -> Any:
        query = select(func.coalesce(value, 0)).where(col(Conversation.folder_id) == col(Folder.id))
        return query.scalar_subquery()

    return (
        (col(Folder.total), of(func.sum(col(Conversation.total)))),
        (col(Folder.unread), of(func.sum(col(Conversation.unread)))),
        (col(Folder.conversations), of(func.count())),
    )


def _folders(session: Session) -> Wrong:
    unequal = or_(*(column != truth for column, truth in _sums()))
    return _wrong(session, select(col(Folder.id)).where(unequal), "folder")


def _mend_folders(session: Session) -> None:
    values = {column.key: truth for column, truth in _sums()}
    session.execute(update(Folder).values(values).execution_options(synchronize_session=False))
    publish(session, Topic.FOLDERS)


# -- attachments and links -------------------------------------------------------------------------


def _used() -> Any:
    """How often each blob is named by an attachment."""
    return (
        select(
            col(Attachment.blob).label("id"),
            func.count().label("number"),
            func.max(col(Attachment.size)).label("size"),
        )
        .where(col(Attachment.blob) != "")
        .group_by(col(Attachment.blob))
        .subquery()
    )


def _miscounted() -> Select[*tuple[Any, ...]]:
    used = _used()
    wrong = select(col(Blob.id)).select_from(Blob).outerjoin(used, used.c.id == col(Blob.id))
    missing = select(used.c.id).where(~exists().where(col(Blob.id) == used.c.id))
    both = (
        wrong.where(col(Blob.references) != func.coalesce(used.c.number, 0))
        .union_all(missing)
        .subquery()
    )
    return select(both.c.id)


def _blobs(session: Session) -> Wrong:
    return _wrong(session, _miscounted(), "attachment")


def _mend_blobs(session: Session) -> None:
    used = _used()
    number = select(used.c.number).where(used.c.id == col(Blob.id)).scalar_subquery()
    session.execute(
        update(Blob)
        .values(references=func.coalesce(number, 0))
        .execution_options(synchronize_session=False)
    )
    missing = select(used.c.id, used.c.size, used.c.number).where(
        ~exists().where(col(Blob.id) == used.c.id)
    )
    rows = session.execute(missing).all()
    session.add_all(Blob(id=row[0], size=row[1], references=row[2]) for row in rows)
    session.flush()


_TO_RECORDS: tuple[tuple[Any, Any], ...] = (
    (Link, col(Link.entity_id)),
    (OutgoingLink, col(OutgoingLink.entity_id)),
    (EntityRelation, col(EntityRelation.source_id)),
    (EntityRelation, col(EntityRelation.target_id)),
    (DocumentLine, col(DocumentLine.entity_id)),
    (Address, col(Address.party_id)),
    (EntityWriting, col(EntityWriting.entity_id)),
)


def _links(session: Session) -> Wrong:
    parts = [
        _wrong(session, select(key).select_from(table).where(_no_record(key)), "record")
        for table, key in _TO_RECORDS
    ]
    examples = [one for part in parts for one in part.examples]
    return Wrong(sum(part.count for part in parts), tuple(examples[:_MOST_TOLD]))


def _no_record(key: Any) -> ColumnElement[bool]:
    return ~exists().where(col(Entity.id) == key)


def _mend_links(session: Session) -> None:
    for table, key in _TO_RECORDS:
        session.execute(
            delete(table).where(_no_record(key)).execution_options(synchronize_session=False)
        )
    publish(session, Topic.LINKS)


# -- what nobody but a person can mend -------------------------------------------------------------


def _no_source(session: Session) -> Wrong:
    lacking = ~exists().where(col(MessageSource.message_id) == col(Message.id))
    return _wrong(session, select(col(Message.id)).where(lacking), "message")


def _no_text(session: Session) -> Wrong:
    lacking = ~exists().where(col(MessageText.message_id) == col(Message.id))
    return _wrong(session, select(col(Message.id)).where(lacking), "message")


def _operations_stuck(session: Session) -> Wrong:
    stuck = and_(col(Operation.attempts) >= _STUCK_AFTER, col(Operation.error) != "")
    return _wrong(session, select(col(Operation.error)).where(stuck), "")


def _letters_unknown(session: Session) -> Wrong:
    query = select(col(Outgoing.id)).where(col(Outgoing.state) == "unknown")
    return _wrong(session, query, "letter")
