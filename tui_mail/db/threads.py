"""Threads as connected components of message identifiers, kept as messages come in any order.

What people split and joined by hand is laid over that by `db.regrouping`.
"""

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.components import Components
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.regrouping import move_roots, new_threads
from tui_mail.db.tables import Message, Placement, ThreadKey
from tui_mail.db.triage import merge_care

# PostgreSQL indexes at most 2,700 bytes; an identifier this long is nobody's honest one.
LONGEST_IDENTIFIER = 500


@dataclass(frozen=True, slots=True)
class Assigned:
    """A thread for each message asked about. `merged`: threads that are part of another one now,
    old -> new; `touched`: (folder id, thread id) that this changed."""

    thread_ids: list[int]
    merged: dict[int, int]
    touched: set[tuple[int, int]]


def assign(session: Session, keys: Sequence[Sequence[str]]) -> Assigned:
    """The thread of each of some new messages, given the identifiers that each one names.

    Threads that a message joins become one: the oldest stays.
    """
    named = [[key[:LONGEST_IDENTIFIER] for key in own] for own in keys]
    known = _known(session, {key for own in named for key in own})
    components = Components()
    for number, own in enumerate(named):
        for key in own:
            components.join(("message", number), ("key", key))
    for key, thread_id in known.items():
        components.join(("key", key), ("thread", thread_id))
    joined: dict[Hashable, set[int]] = defaultdict(set)
    for thread_id in set(known.values()):
        joined[components.find(("thread", thread_id))].add(thread_id)
    roots = [components.find(("message", number)) for number in range(len(named))]
    fresh = [root for root in dict.fromkeys(roots) if root not in joined]
    final = dict(zip(fresh, new_threads(session, len(fresh)), strict=True))
    final |= {root: min(threads) for root, threads in joined.items()}
    new_keys = {key: final[root] for root, own in zip(roots, named, strict=True) for key in own}
    rows = [{"key": key, "thread_id": new_keys[key]} for key in new_keys if key not in known]
    insert_rows(session, ThreadKey, rows)
    merged = {
        old: final[root]
        for root, threads in joined.items()
        for old in threads
        if old != final[root]
    }
    return Assigned([final[root] for root in roots], merged, _merge(session, merged))


def _known(session: Session, keys: set[str]) -> dict[str, int]:
    known: dict[str, int] = {}
    for part in chunks(sorted(keys)):
        statement = select(col(ThreadKey.key), col(ThreadKey.thread_id))
        rows = session.execute(statement.where(col(ThreadKey.key).in_(part)))
        known.update((key, thread_id) for key, thread_id in rows)
    return known


def _merge(session: Session, threads: dict[int, int]) -> set[tuple[int, int]]:
    """Make each old thread part of its new one."""
    touched: set[tuple[int, int]] = set()
    for part in chunks(threads):
        statement = select(col(Placement.folder_id), col(Placement.thread_id)).where(
            col(Placement.thread_id).in_(part)
        )
        for folder_id, old in session.execute(statement.distinct()):
            touched |= {(folder_id, old), (folder_id, threads[old])}
    rows = [{"old": old, "new": new} for old, new in threads.items()]
    for table in (ThreadKey, Message, Placement):
        statement_of = (
            update(table)
            .where(col(table.thread_id) == bindparam("old"))
            .values(thread_id=bindparam("new"))
        )
        execute_many(session, statement_of, rows)
    move_roots(session, rows)
    merge_care(session, threads)
    return touched
