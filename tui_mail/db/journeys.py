"""Messages on their way between folders: keys learnt at the end, moves that never were."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from tui_mail.db.many import chunks, execute_many
from tui_mail.db.tables import Folder, Operation, Placement
from tui_mail.values import OperationResult, Verb


@dataclass(slots=True)
class Stay:
    """What waits for the key of a message in a folder, until it leaves that folder again.

    `operations`: ids, in order. `ends`: the last of them takes the message away.
    """

    operations: list[int] = field(default_factory=list)
    ends: bool = False


def stays(session: Session, folder_id: int, after: Mapping[int, int]) -> dict[int, Stay]:
    """The next time that each placement is in the folder, of operations with an id over `after`.

    A message may come back to a folder before its server has heard of the first time.
    """
    found: dict[int, Stay] = defaultdict(Stay)
    for part in chunks(sorted(after)):
        statement = (
            select(col(Operation.id), col(Operation.placement_id), col(Operation.verb))
            .where(
                col(Operation.placement_id).in_(part),
                col(Operation.folder_id) == folder_id,
                col(Operation.remote) == "",
            )
            .order_by(col(Operation.id))
        )
        for identifier, placement_id, verb in session.execute(statement):
            if identifier is None or placement_id is None or identifier <= after[placement_id]:
                continue
            stay = found[placement_id]
            if not stay.ends:
                stay.operations.append(identifier)
                stay.ends = verb != Verb.FLAGS
    return dict(found)


def keep_key(session: Session, keys: Mapping[int, str], folder_id: int) -> None:
    """Give placements, and operations on them that wait for it, the keys they have in a folder.

    `keys`: placement id -> key.
    """
    nothing = Stay()
    here = stays(session, folder_id, dict.fromkeys(keys, 0))
    execute_many(
        session,
        update(Operation)
        .where(col(Operation.id) == bindparam("operation"))
        .values(remote=bindparam("key")),
        [
            {"operation": identifier, "key": keys[placement]}
            for placement, stay in here.items()
            for identifier in stay.operations
        ],
    )
    execute_many(
        session,
        update(Placement)
        .where(
            col(Placement.id) == bindparam("placement"),
            col(Placement.folder_id) == folder_id,
            col(Placement.remote) == "",
        )
        .values(remote=bindparam("key")),
        [
            {"placement": placement, "key": key}
            for placement, key in keys.items()
            if not here.get(placement, nothing).ends
        ],
    )


def follow(session: Session, moves: Sequence[Operation], result: OperationResult) -> None:
    """What was put off while its message moved on finds it where it is now."""
    statement = (
        update(Operation)
        .where(
            col(Operation.id) < bindparam("move"),
            col(Operation.placement_id) == bindparam("placement"),
            col(Operation.folder_id) == bindparam("source"),
            col(Operation.remote) == bindparam("old"),
        )
        .values(folder_id=bindparam("target"), remote=bindparam("new"))
    )
    rows = [
        {
            "move": row.id,
            "placement": row.placement_id,
            "source": row.folder_id,
            "old": row.remote,
            "target": row.target_id,
            "new": result.keys.get(row.remote, ""),
        }
        for row in moves
        if row.remote not in result.missing
    ]
    execute_many(session, statement, rows)


@dataclass(frozen=True, slots=True)
class Return:
    """A placement that goes back from folder `target_id` to `source_id`, where its key is `remote`.

    `operation_id`: of the move that is not made.
    """

    operation_id: int
    placement_id: int
    thread_id: int
    source_id: int
    remote: str
    target_id: int


def put_back(session: Session, returns: Sequence[Return]) -> set[tuple[int, int]]:
    """Undo moves that no server has made; what was asked for after them holds in the old folder.

    Gives the conversations to be refreshed. A placement that has moved on stays where it is.
    """
    sources = {back.source_id for back in returns}
    accounts: dict[int | None, int] = {}
    for part in chunks(sorted(sources)):
        statement = select(col(Folder.id), col(Folder.account_id)).where(col(Folder.id).in_(part))
        accounts.update((key, account) for key, account in session.execute(statement))
    asked: list[dict[str, Any]] = []
    placed: list[dict[str, Any]] = []
    for back, stay in _with_stays(session, returns):
        if back.source_id not in accounts:
            continue
        there = {"source": back.source_id, "key": back.remote}
        of_account = {"account": accounts[back.source_id], **there}
        asked += [{"operation": identifier, **of_account} for identifier in stay.operations]
        if not stay.ends:
            placed.append({"placement": back.placement_id, "target": back.target_id, **there})
    execute_many(
        session,
        update(Operation)
        .where(col(Operation.id) == bindparam("operation"))
        .values(
            account_id=bindparam("account"), folder_id=bindparam("source"), remote=bindparam("key")
        ),
        asked,
    )
    execute_many(
        session,
        update(Placement)
        .where(
            col(Placement.id) == bindparam("placement"),
            col(Placement.folder_id) == bindparam("target"),
            col(Placement.remote) == "",
        )
        .values(folder_id=bindparam("source"), remote=bindparam("key")),
        placed,
    )
    return {
        (folder_id, back.thread_id)
        for back in returns
        for folder_id in (back.source_id, back.target_id)
    }


def _with_stays(session: Session, returns: Sequence[Return]) -> Iterator[tuple[Return, Stay]]:
    """Each with what waits for its message to be in the folder that it never came into."""
    by_target: dict[int, list[Return]] = defaultdict(list)
    for back in returns:
        by_target[back.target_id].append(back)
    for target_id, ways in by_target.items():
        found = stays(session, target_id, {back.placement_id: back.operation_id for back in ways})
        for back in ways:
            yield back, found.get(back.placement_id, Stay())
