"""Conversations split and joined by hand, and kept so whatever comes later.

What people decided is data: a split names the message that begins a conversation of its own, a
join two messages whose conversations are one. The conversations of all messages concerned are
worked out anew from that and the messages' own word whenever either changes, so that they are the
same whatever the order in which mail came and decisions were made.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, or_, select, tuple_, update
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.components import Components
from tui_mail.db.many import chunks, execute_many, key_of
from tui_mail.db.tables import Message, Placement, Thread, ThreadJoin, ThreadKey, ThreadSplit
from tui_mail.db.triage import inherit_care
from tui_mail.mail.threads import Node, Sides, arrange, own_key, sides

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Identifiers of messages that begin a conversation, and pairs of those that belong together."""

    splits: tuple[str, ...] = ()
    joins: tuple[Pair, ...] = ()


_NONE = Decisions()


@dataclass(frozen=True, slots=True)
class Regrouped:
    """The new threads of the messages that changed theirs, and the (folder id, thread id) touched."""

    threads: dict[int, int] = field(default_factory=dict)
    touched: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Cluster:
    """All that hangs together by identifiers and by joins: nothing outside changes with it.

    `roots`: threads of ThreadKey; `own`: conversation by split; `now`: thread by message.
    """

    roots: frozenset[int]
    own: dict[str, int]
    joins: tuple[Pair, ...]
    nodes: tuple[Node, ...]
    now: dict[int, int]
    root_of: dict[str, int]
    sides: Sides

    def part_of(self, key: str) -> "_Part":
        """Where an identifier is before joins."""
        split = self.sides.of_key(key)
        return _Part(split, 0 if split else self.root_of[key])

    @property
    def parts(self) -> dict[int, "_Part"]:
        """Where each message is before joins."""
        of, root = self.sides.of_messages, self.root_of
        return {
            node.id: _Part(of[node.id], 0 if of[node.id] else root[node.message_id])
            for node in self.nodes
        }


@dataclass(frozen=True, slots=True)
class _Part:
    """A split's conversation, or (`split` "") what its splits leave of a thread of ThreadKey."""

    split: str
    root: int


def regroup(session: Session, roots: Collection[int]) -> Regrouped:
    """Give the messages of threads of ThreadKey the conversations that people have decided on.

    Nothing is read for threads that nobody has split or joined.
    """
    decided = _decided(session, roots)
    return _settle(session, _cluster(session, decided)) if decided else Regrouped()


def decide(
    session: Session,
    operator_id: int,
    now: datetime,
    *,
    add: Decisions = _NONE,
    drop: Decisions = _NONE,
) -> Regrouped:
    """Add decisions and drop others; what is there already, or gone, is passed over."""
    keys = {key for one in (add, drop) for key in (*one.splits, *(k for p in one.joins for k in p))}
    roots = _roots(session, keys)
    before = _cluster(session, set(roots.values()))
    _drop(session, drop)
    _add_splits(session, operator_id, now, {key: roots[key] for key in add.splits if key in roots})
    known = {(row.one, row.other) for row in _joins(session, set(roots.values()))}
    wanted = [pair for pair in add.joins if pair not in known and set(pair) <= set(roots)]
    rows = [
        {
            "one": one,
            "other": other,
            "one_root_id": roots[one],
            "other_root_id": roots[other],
            "operator_id": operator_id,
            "at": now,
        }
        for one, other in wanted
    ]
    insert_rows(session, ThreadJoin, rows)
    cluster = _cluster(session, before.roots, also=before.now.values())
    return _settle(session, cluster)


def beginnings(session: Session, threads: Sequence[int]) -> list[str]:
    """The identifier of the message that each conversation begins with: what stays with it when
    something else is split off."""
    nodes, now = _messages(session, threads)
    by_thread: dict[int, list[Node]] = defaultdict(list)
    for node in nodes:
        by_thread[now[node.id]].append(node)
    return [arrange(by_thread[thread])[0][0].message_id for thread in threads]


def straddling(session: Session, key: str) -> list[Pair]:
    """The joins that would put what the split at `key` takes away back to the rest."""
    cluster = _cluster(session, set(_roots(session, {key}).values()), splitting=key)
    return [
        pair for pair in cluster.joins if len({cluster.part_of(k).split == key for k in pair}) > 1
    ]


def new_threads(session: Session, number: int) -> list[int]:
    """The ids of `number` new threads. Merged threads keep their rows, so the highest id is kept."""
    if not number:
        return []
    last = session.scalar(select(func.max(col(Thread.id)))) or 0
    ids = list(range(last + 1, last + 1 + number))
    insert_rows(session, Thread, [{"id": identifier} for identifier in ids])
    return ids


def move_roots(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Threads of ThreadKey have become part of others: `rows` of old and new."""
    for table, column in (
        (ThreadSplit, "root_id"),
        (ThreadJoin, "one_root_id"),
        (ThreadJoin, "other_root_id"),
    ):
        statement = (
            update(table)
            .where(col(getattr(table, column)) == bindparam("old"))
            .values({column: bindparam("new")})
        )
        execute_many(session, statement, rows)


# -- what is decided -------------------------------------------------------------------------------


def _decided(session: Session, roots: Collection[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(sorted(roots)):
        splits = select(col(ThreadSplit.root_id)).where(col(ThreadSplit.root_id).in_(part))
        found.update(session.scalars(splits))
    return found | {
        root for join in _joins(session, roots) for root in (join.one_root_id, join.other_root_id)
    }


def _joins(session: Session, roots: Collection[int]) -> list[ThreadJoin]:
    found: dict[int, ThreadJoin] = {}
    for part in chunks(sorted(roots)):
        statement = select(ThreadJoin).where(
            or_(col(ThreadJoin.one_root_id).in_(part), col(ThreadJoin.other_root_id).in_(part))
        )
        found |= {key_of(join.id): join for join in session.scalars(statement)}
    return [found[key] for key in sorted(found)]


def _roots(session: Session, keys: Iterable[str]) -> dict[str, int]:
    """The threads of ThreadKey that identifiers are in."""
    found: dict[str, int] = {}
    statement = select(col(ThreadKey.key), col(ThreadKey.thread_id))
    for part in chunks(sorted(keys)):
        rows = session.execute(statement.where(col(ThreadKey.key).in_(part)))
        found.update((key, root) for key, root in rows)
    return found


def _drop(session: Session, drop: Decisions) -> None:
    for part in chunks(drop.splits):
        session.execute(delete(ThreadSplit).where(col(ThreadSplit.key).in_(part)))
    for pairs in chunks(drop.joins):
        named = tuple_(col(ThreadJoin.one), col(ThreadJoin.other)).in_(pairs)
        session.execute(delete(ThreadJoin).where(named))


def _add_splits(session: Session, operator_id: int, now: datetime, roots: dict[str, int]) -> None:
    known: set[str] = set()
    for part in chunks(roots):
        known.update(
            session.scalars(select(col(ThreadSplit.key)).where(col(ThreadSplit.key).in_(part)))
        )
    fresh = [key for key in roots if key not in known]
    rows = [
        {"key": key, "root_id": roots[key], "thread_id": new, "operator_id": operator_id, "at": now}
        for key, new in zip(fresh, new_threads(session, len(fresh)), strict=True)
    ]
    insert_rows(session, ThreadSplit, rows)


# -- what follows from it --------------------------------------------------------------------------


def _cluster(
    session: Session, roots: Collection[int], *, also: Iterable[int] = (), splitting: str = ""
) -> _Cluster:
    """What hangs together with `roots`. `also`: further threads whose messages are in it;
    `splitting`: a split that is not there yet."""
    wanted, joins = set(roots), list[ThreadJoin]()
    while True:
        joins = _joins(session, wanted)
        more = {root for join in joins for root in (join.one_root_id, join.other_root_id)} - wanted
        if not more:
            break
        wanted |= more
    own = _splits(session, wanted)
    nodes, now = _messages(session, {*wanted, *own.values(), *also})
    return _Cluster(
        roots=frozenset(wanted),
        own=own,
        joins=tuple((join.one, join.other) for join in joins),
        nodes=nodes,
        now=now,
        root_of=_keys_of(session, wanted),
        sides=sides(nodes, {*own, splitting} - {""}),
    )


def _splits(session: Session, roots: Collection[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(roots)):
        statement = select(col(ThreadSplit.key), col(ThreadSplit.thread_id))
        rows = session.execute(statement.where(col(ThreadSplit.root_id).in_(part)))
        found.update((key, thread_id) for key, thread_id in rows)
    return found


def _keys_of(session: Session, roots: Collection[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in chunks(sorted(roots)):
        statement = select(col(ThreadKey.key), col(ThreadKey.thread_id))
        rows = session.execute(statement.where(col(ThreadKey.thread_id).in_(part)))
        found.update((key, root) for key, root in rows)
    return found


def _messages(
    session: Session, threads: Collection[int]
) -> tuple[tuple[Node, ...], dict[int, int]]:
    nodes: list[Node] = []
    now: dict[int, int] = {}
    for part in chunks(sorted(threads)):
        statement = select(
            col(Message.id),
            col(Message.message_id),
            col(Message.content_hash),
            col(Message.in_reply_to),
            col(Message.references),
            col(Message.date),
            col(Message.thread_id),
        ).where(col(Message.thread_id).in_(part))
        for identifier, name, content_hash, answers, references, date, thread_id in session.execute(
            statement
        ):
            message_id = key_of(identifier)
            now[message_id] = thread_id
            nodes.append(
                Node(
                    id=message_id,
                    message_id=own_key(name, content_hash),
                    in_reply_to=tuple(answers.split()),
                    references=tuple(references.split()),
                    date=date,
                )
            )
    return tuple(nodes), now


def _settle(session: Session, cluster: _Cluster) -> Regrouped:
    parts = cluster.parts
    components = Components()
    for one, other in cluster.joins:
        components.join(cluster.part_of(one), cluster.part_of(other))
    groups: dict[object, set[_Part]] = defaultdict(set)
    for part in {*parts.values(), *(cluster.part_of(k) for pair in cluster.joins for k in pair)}:
        groups[components.find(part)].add(part)
    thread_of = {part: _name(cluster, group) for group in groups.values() for part in group}
    changed = {
        message_id: thread_of[part]
        for message_id, part in parts.items()
        if thread_of[part] != cluster.now[message_id]
    }
    inherit_care(session, {new: cluster.now[one] for one, new in changed.items()})
    return Regrouped(changed, _write(session, changed, cluster.now))


def _name(cluster: _Cluster, group: Collection[_Part]) -> int:
    """The thread of parts that are one conversation: the oldest that no split made, if any."""
    rest = [part.root for part in group if not part.split]
    return min(rest) if rest else min(cluster.own[part.split] for part in group)


def _write(
    session: Session, threads: dict[int, int], before: dict[int, int]
) -> set[tuple[int, int]]:
    touched: set[tuple[int, int]] = set()
    for part in chunks(threads):
        statement = select(col(Placement.folder_id), col(Placement.message_id))
        for folder_id, message_id in session.execute(
            statement.where(col(Placement.message_id).in_(part))
        ):
            touched |= {(folder_id, before[message_id]), (folder_id, threads[message_id])}
    rows = [{"message": message_id, "thread": thread} for message_id, thread in threads.items()]
    for table, column in ((Message, Message.id), (Placement, Placement.message_id)):
        statement_of = (
            update(table)
            .where(col(column) == bindparam("message"))
            .values(thread_id=bindparam("thread"))
        )
        execute_many(session, statement_of, rows)
    return touched
