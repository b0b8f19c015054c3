"""Messages on their way between folders: keys learnt at the end, moves that never were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from tui_mail.db.many import chunks, execute_many
from tui_mail.db.tables import Folder, Operation, Placement
from tui_mail.values import OperationResult


def keep_key(session: Session, keys: Mapping[int, str], folder_id: int) -> None:
    """Give placements, and operations on them that wait for it, the keys they have in a folder.

    `keys`: placement id -> key.
    """
    rows = [{"placement": placement, "key": key} for placement, key in keys.items()]
    execute_many(
        session,
        update(Operation)
        .where(
            col(Operation.placement_id) == bindparam("placement"),
            col(Operation.folder_id) == folder_id,
            col(Operation.remote) == "",
        )
        .values(remote=bindparam("key")),
        rows,
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
        rows,
    )


def follow(session: Session, moves: Sequence[Operation], result: OperationResult) -> None:
    """What was put off while its message moved on finds it where it is now."""
    statement = (
        update(Operation)
        .where(
            col(Operation.placement_id) == bindparam("placement"),
            col(Operation.folder_id) == bindparam("source"),
            col(Operation.remote) == bindparam("old"),
        )
        .values(folder_id=bindparam("target"), remote=bindparam("new"))
    )
    rows = [
        {
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
    rows = [
        {
            "move": back.operation_id,
            "placement": back.placement_id,
            "source": back.source_id,
            "account": accounts[back.source_id],
            "key": back.remote,
            "target": back.target_id,
        }
        for back in returns
        if back.source_id in accounts
    ]
    for table, own in ((Operation, Operation.placement_id), (Placement, Placement.id)):
        values: dict[str, Any] = {"folder_id": bindparam("source"), "remote": bindparam("key")}
        statement_of = update(table).where(
            col(own) == bindparam("placement"),
            col(table.folder_id) == bindparam("target"),
            col(table.remote) == "",
        )
        if table is Operation:
            values["account_id"] = bindparam("account")
            # Earlier ones are about another time that the message was in the target.
            statement_of = statement_of.where(col(Operation.id) > bindparam("move"))
        statement_of = statement_of.values(values)
        execute_many(session, statement_of, rows)
    return {
        (folder_id, back.thread_id)
        for back in returns
        for folder_id in (back.source_id, back.target_id)
    }
