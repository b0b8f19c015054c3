"""Conversations as each folder holds them, and the counters of folders: kept, never counted anew.

Hides how a change is added to what is kept, and where that does not do. Whoever changes what lies in
a folder comes here; what links mail by the folder it lies in is told of it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, delete, func, select, update
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.filing import note
from tui_mail.db.many import chunks
from tui_mail.db.tables import Conversation, Folder, Placement
from tui_mail.db.unindexed import unindexed
from tui_mail.values import Flag


@dataclass(frozen=True, slots=True)
class _State:
    """A conversation of a folder, as its placements say and as its row should."""

    thread_id: int
    latest_at: datetime
    placement_id: int
    message_id: int
    total: int
    unread: int
    starred: bool


def refresh(session: Session, pairs: Collection[tuple[int, int]]) -> None:
    """Make the rows and counters of conversations, (folder id, thread id), what placements say."""
    note(session, pairs)
    by_folder: dict[int, set[int]] = defaultdict(set)
    for folder_id, thread_id in pairs:
        by_folder[folder_id].add(thread_id)
    for folder_id, threads in by_folder.items():
        for part in chunks(sorted(threads)):
            _refresh_folder(session, folder_id, part)


def _refresh_folder(session: Session, folder_id: int, threads: Sequence[int]) -> None:
    before = _kept(session, folder_id, threads)
    after = {row[0]: _State(*row) for row in session.execute(_counted(folder_id, threads))}
    _keep(session, folder_id, before, after)


def add(session: Session, folder_id: int, placed: Mapping[int, Mapping[str, Any]]) -> None:
    """Add new placements of a folder, id -> columns, to its conversations and counters.

    What they come to is not looked at again, so that it may have any length.
    """
    note(session, {(folder_id, row["thread_id"]) for row in placed.values()})
    groups: dict[int, list[_State]] = defaultdict(list)
    for identifier, row in placed.items():
        if not row["deleted"]:
            groups[row["thread_id"]].append(_alone(identifier, row))
    for part in chunks(sorted(groups)):
        before = _kept(session, folder_id, part)
        known = {thread: [before[thread]] if thread in before else [] for thread in part}
        after = {thread: _together(known[thread] + groups[thread]) for thread in part}
        _keep(session, folder_id, before, after)


@dataclass(frozen=True, slots=True)
class Reflagged:
    """A placement whose flags were `before` and are `after` now."""

    folder_id: int
    thread_id: int
    before: frozenset[str]
    after: frozenset[str]

    @property
    def needs_counting(self) -> bool:
        """Whether its conversation is another one now, or may have no star any more."""
        deleted = (Flag.DELETED in self.before) != (Flag.DELETED in self.after)
        return deleted or (Flag.STARRED in self.before and Flag.STARRED not in self.after)


def reflag(session: Session, changes: Collection[Reflagged]) -> None:
    """Make conversations and counters what new flags make of them; counts only where it must."""
    unsure = {(one.folder_id, one.thread_id) for one in changes if one.needs_counting}
    by_folder: dict[int, dict[int, list[Reflagged]]] = defaultdict(lambda: defaultdict(list))
    for one in changes:
        counted = (one.folder_id, one.thread_id) in unsure or Flag.DELETED in one.after
        if not counted:
            by_folder[one.folder_id][one.thread_id].append(one)
    for folder_id, threads in by_folder.items():
        for part in chunks(sorted(threads)):
            before = _kept(session, folder_id, part)
            after = {key: _reflagged(state, threads[key]) for key, state in before.items()}
            _keep(session, folder_id, before, after)
    refresh(session, unsure)


def _reflagged(state: _State, changes: Sequence[Reflagged]) -> _State:
    read = sum((Flag.SEEN in one.after) - (Flag.SEEN in one.before) for one in changes)
    starred = state.starred or any(Flag.STARRED in one.after for one in changes)
    return replace(state, unread=state.unread - read, starred=starred)


def _alone(identifier: int, row: Mapping[str, Any]) -> _State:
    """A placement as if it were all of its conversation."""
    return _State(
        thread_id=row["thread_id"],
        latest_at=row["received_at"],
        placement_id=identifier,
        message_id=row["message_id"],
        total=1,
        unread=int(not row["seen"]),
        starred=row["starred"],
    )


def _together(states: Sequence[_State]) -> _State:
    return replace(
        max(states, key=lambda state: (state.latest_at, state.placement_id)),
        total=sum(state.total for state in states),
        unread=sum(state.unread for state in states),
        starred=any(state.starred for state in states),
    )


def _kept(session: Session, folder_id: int, threads: Sequence[int]) -> dict[int, _State]:
    columns = [getattr(Conversation, name) for name in _State.__slots__]
    here = (col(Conversation.folder_id) == folder_id, col(Conversation.thread_id).in_(threads))
    return {row[0]: _State(*row) for row in session.execute(select(*columns).where(*here))}


def _keep(
    session: Session, folder_id: int, before: Mapping[int, _State], after: Mapping[int, _State]
) -> None:
    """Write conversations that have changed, and what that makes of the folder's counters."""
    changed = [thread for thread, state in before.items() if after.get(thread) != state]
    if changed:
        session.execute(
            delete(Conversation).where(
                col(Conversation.folder_id) == folder_id,
                col(Conversation.thread_id).in_(changed),
            )
        )
    rows = [
        {"folder_id": folder_id, **{name: getattr(state, name) for name in _State.__slots__}}
        for thread, state in after.items()
        if before.get(thread) != state
    ]
    insert_rows(session, Conversation, rows)
    if changed or rows:
        _count(session, folder_id, before.values(), after.values())


def _counted(folder_id: int, threads: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """One row a thread: its latest placement that is not marked as deleted, and the sums."""
    thread = col(Placement.thread_id)
    newest_first = (col(Placement.received_at).desc(), col(Placement.id).desc())
    unread = case((col(Placement.seen), 0), else_=1)
    starred = case((col(Placement.starred), 1), else_=0)
    ranked = (
        select(
            thread,
            col(Placement.received_at).label("latest_at"),
            col(Placement.id).label("placement_id"),
            col(Placement.message_id),
            func.count().over(partition_by=thread).label("total"),
            func.sum(unread).over(partition_by=thread).label("unread"),
            (func.max(starred).over(partition_by=thread) > 0).label("starred"),
            func.row_number().over(partition_by=thread, order_by=newest_first).label("place"),
        )
        .where(
            # By the conversations: of one alone SQLite would go through the folder, in order.
            unindexed(col(Placement.folder_id)) == folder_id,
            thread.in_(threads),
            ~col(Placement.deleted),
        )
        .subquery()
    )
    names = _State.__slots__
    return select(*(ranked.c[name] for name in names)).where(ranked.c.place == 1)


def _count(
    session: Session, folder_id: int, before: Iterable[_State], after: Iterable[_State]
) -> None:
    old, new = list(before), list(after)
    session.execute(
        update(Folder)
        .where(col(Folder.id) == folder_id)
        .values(
            total=col(Folder.total) + sum(s.total for s in new) - sum(s.total for s in old),
            unread=col(Folder.unread) + sum(s.unread for s in new) - sum(s.unread for s in old),
            conversations=col(Folder.conversations) + len(new) - len(old),
        )
    )
