"""Mail that lies in the folder of a record: which it is, and which has been put there or taken out.

Whoever changes what lies in a folder counts its conversations anew (`db.counters`), and that notes
them here; hides how a conversation is noted while another process is linking it.
"""

from collections import defaultdict
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.many import chunks, execute_many, key_of
from tui_mail.db.rights import readable
from tui_mail.db.tables import (
    Conversation,
    Entity,
    FiledThread,
    Folder,
    FolderRecord,
    Message,
    Placement,
)
from tui_mail.values import PARTY_KINDS

if TYPE_CHECKING:
    from tui_mail.linking.facts import KnownFolder


def note(session: Session, pairs: Collection[tuple[int, int]]) -> None:
    """Something has come into these conversations of folders, (folder id, thread id), or gone out of
    them: those of a record's folder are to be linked anew."""
    if not pairs:
        return
    query = select(col(FolderRecord.folder_id)).where(
        among_numbers(col(FolderRecord.folder_id), "some")
    )
    records = set(session.scalars(query, {"some": {folder_id for folder_id, _thread in pairs}}))
    threads = sorted({thread_id for folder_id, thread_id in pairs if folder_id in records})
    statement = _again(_insert(session))
    execute_many(session, statement, [{"thread_id": one} for one in threads])


def note_folder(session: Session, folder_id: int) -> None:
    """The folder stands for another record than before, or for none any more."""
    query = select(col(Conversation.thread_id)).where(col(Conversation.folder_id) == folder_id)
    _keep(session, query)


def note_account(session: Session, account_id: int) -> None:
    """The account, with all its folders, will be gone: what lies elsewhere too is there alone then."""
    query = (
        select(col(Conversation.thread_id))
        .join(FolderRecord, col(FolderRecord.folder_id) == col(Conversation.folder_id))
        .join(Folder, col(Folder.id) == col(Conversation.folder_id))
        .where(col(Folder.account_id) == account_id)
    )
    _keep(session, query)


def _keep(session: Session, threads: Select[int]) -> None:
    """`threads`: a query of their ids."""
    once = threads.distinct().order_by(col(Conversation.thread_id))
    session.connection().execute(_again(_insert(session).from_select(["thread_id"], once)))


def _insert(session: Session) -> Any:
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    return make(FiledThread)


def _again(statement: Any) -> Any:
    """The insertion, where one that is there already is written all the same: who is linking it just
    now, without seeing what this transaction does, then waits for it, and takes it up once more."""
    return statement.on_conflict_do_update(
        index_elements=["thread_id"], set_={"thread_id": statement.excluded.thread_id}
    )


def is_waiting(session: Session) -> bool:
    """Whether there is something to be linked anew."""
    return session.scalar(select(col(FiledThread.thread_id)).limit(1)) is not None


def take(session: Session, limit: int) -> list[int]:
    """Conversations to be linked anew, at most `limit`, the newest first: what somebody has just moved
    does not wait for a great folder. In this transaction, or they wait on."""
    newest = select(col(FiledThread.thread_id)).order_by(col(FiledThread.thread_id).desc())
    return take_of(session, list(session.scalars(newest.limit(limit))))


def take_of(session: Session, thread_ids: Collection[int]) -> list[int]:
    """Those of the conversations that are to be linked anew, as `take` does."""
    taken: list[int] = []
    for some in chunks(sorted(set(thread_ids))):
        statement = (
            delete(FiledThread)
            .where(col(FiledThread.thread_id).in_(some))
            .returning(col(FiledThread.thread_id))
            .execution_options(synchronize_session=False)
        )
        taken += session.scalars(statement)
    return taken


def messages_of(session: Session, thread_ids: Collection[int]) -> list[int]:
    """The messages of conversations."""
    if not thread_ids:
        return []
    query = select(col(Message.id)).where(among_numbers(col(Message.thread_id), "some"))
    return [key_of(one) for one in session.scalars(query, {"some": thread_ids})]


def folders_of(
    session: Session, message_ids: Collection[int]
) -> dict[int, tuple["KnownFolder", ...]]:
    """Message -> the folders of records that it lies in; no key for one that lies in none."""
    if session.scalar(select(col(FolderRecord.folder_id)).limit(1)) is None:
        return {}  # as in most installations
    from tui_mail.linking.facts import KnownFolder  # no list waits for it

    found: defaultdict[int, list[KnownFolder]] = defaultdict(list)
    for row in session.execute(_lying(), {"some": message_ids}):
        party_id = row.entity_id if row.kind in PARTY_KINDS else row.party_id
        name = row.title if row.kind in PARTY_KINDS else row.party
        found[row.message_id].append(
            KnownFolder(
                row.folder_id, row.name, row.entity_id, row.kind, row.company, party_id, name
            )
        )
    return {message_id: tuple(folders) for message_id, folders in found.items()}


def hidden_from(session: Session, operator_id: int, folder_ids: Collection[int]) -> frozenset[int]:
    """Those of the folders that lie in accounts which the operator may not read."""
    if not folder_ids:
        return frozenset()
    seen = select(col(Folder.id)).where(
        among_numbers(col(Folder.id), "some"), col(Folder.account_id).in_(readable(operator_id))
    )
    return frozenset(set(folder_ids).difference(session.scalars(seen, {"some": folder_ids})))


@cache
def _lying() -> Select[*tuple[Any, ...]]:
    party = aliased(Entity)
    return (
        select(
            col(Placement.message_id),
            col(Placement.folder_id),
            col(Folder.name),
            col(Entity.id).label("entity_id"),
            col(Entity.kind),
            col(Entity.company),
            col(Entity.title),
            col(Entity.party_id),
            func.coalesce(col(party.title), "").label("party"),
        )
        .join(FolderRecord, col(FolderRecord.folder_id) == col(Placement.folder_id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Entity, col(Entity.id) == col(FolderRecord.entity_id))
        .outerjoin(party, col(party.id) == col(Entity.party_id))
        .where(among_numbers(col(Placement.message_id), "some"), ~col(Placement.deleted))
        .order_by(col(Placement.message_id), col(Placement.folder_id))
        .distinct()
    )
