"""Placements changed and moved here at once, with what the servers are to be told of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, inspect, select, update
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_numbered, insert_rows
from tui_mail.db.counters import Reflagged, reflag, refresh
from tui_mail.db.flags import FLAG_COLUMNS, flags_of
from tui_mail.db.many import chunks, execute_many, key_of
from tui_mail.db.placements import set_flags
from tui_mail.db.purge import purge
from tui_mail.db.rights import Level, require
from tui_mail.db.tables import Account, Folder, Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.db.word_index import note_account
from tui_mail.values import Verb

_BRINGS_KEY = (str(Verb.MOVE), str(Verb.APPEND))
_TOPICS = (Topic.MAIL, Topic.FOLDERS, Topic.OPERATIONS)


@dataclass(frozen=True, slots=True)
class Placed:
    """A placement as a verb finds it. `remote`: "" also while its key is to come."""

    id: int
    message_id: int
    thread_id: int
    folder_id: int
    role: str
    account_id: int
    protocol: str
    remote: str
    received_at: datetime
    flags: frozenset[str]
    on_server: bool

    @property
    def pair(self) -> tuple[int, int]:
        return (self.folder_id, self.thread_id)


def find(
    session: Session, operator_id: int, placement_ids: Collection[int], level: Level = "triage"
) -> list[Placed]:
    """The placements that there are, in the order given; the operator has `level` on all of them."""
    wanted = list(dict.fromkeys(placement_ids))
    found: dict[int, Placed] = {}
    for part in chunks(wanted):
        coming = set(
            session.scalars(
                select(col(Operation.placement_id)).where(
                    col(Operation.placement_id).in_(part), col(Operation.verb).in_(_BRINGS_KEY)
                )
            )
        )
        for row in session.execute(_placements(part)):
            values: list[Any] = list(row)
            on_server = row.protocol == "imap" and (bool(row.remote) or row[0] in coming)
            flags = flags_of(values[-len(FLAG_COLUMNS) :])
            values[-len(FLAG_COLUMNS) :] = [flags, on_server]
            found[row[0]] = Placed(*values)
    for account_id in {row.account_id for row in found.values()}:
        require(session, operator_id, account_id, level)
    return [found[identifier] for identifier in wanted if identifier in found]


def _placements(ids: Sequence[int]) -> Any:
    return (
        select(
            col(Placement.id),
            col(Placement.message_id),
            col(Placement.thread_id),
            col(Placement.folder_id),
            col(Folder.role),
            col(Folder.account_id),
            col(Account.protocol),
            col(Placement.remote),
            col(Placement.received_at),
            *FLAG_COLUMNS,
        )
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(col(Placement.id).in_(ids))
    )


FlagChanges = Mapping[int, tuple[frozenset[str], frozenset[str]]]


def change_flags(
    session: Session, placed: Sequence[Placed], changes: FlagChanges
) -> list[list[Any]]:
    """Set and clear flags by placement id; gives [id, set, cleared] of those that changed."""
    rows = [row for row in placed if any(changes[row.id])]
    flags = {row.id: (row.flags | changes[row.id][0]) - changes[row.id][1] for row in rows}
    set_flags(session, flags)
    operations = [
        {
            "account_id": row.account_id,
            "verb": str(Verb.FLAGS),
            "placement_id": row.id,
            "folder_id": row.folder_id,
            "remote": row.remote,
            "message_id": row.message_id,
            "add": " ".join(sorted(changes[row.id][0])),
            "remove": " ".join(sorted(changes[row.id][1])),
        }
        for row in rows
        if row.on_server
    ]
    insert_rows(session, Operation, operations)
    reflag(session, [Reflagged(*row.pair, row.flags, flags[row.id]) for row in rows])
    publish(session, *_TOPICS)
    return [[row.id, *map(sorted, changes[row.id])] for row in rows]


def move_to(
    session: Session, operator_id: int, placed: Sequence[Placed], folder: Folder
) -> list[list[Any]]:
    """Move to one folder; gives [placement id, operation id or None, from, to] of what moved."""
    folder_id = key_of(folder.id)
    require(session, operator_id, folder.account_id, "triage")
    protocol = session.scalar(
        select(col(Account.protocol)).where(col(Account.id) == folder.account_id)
    )
    rows = [row for row in placed if row.folder_id != folder_id]
    queued = {row.id: _operation(row, folder, to_server=protocol == "imap") for row in rows}
    asked = {key: operation for key, operation in queued.items() if operation is not None}
    numbers = insert_numbered(session, Operation, list(asked.values()))
    reversible = {
        key: number
        for (key, operation), number in zip(asked.items(), numbers, strict=True)
        if operation["verb"] != Verb.DELETE
    }
    statement = (
        update(Placement)
        .where(col(Placement.id) == bindparam("placement"))
        .values(folder_id=folder_id, remote="")
    )
    _note_strangers(session, rows, folder.account_id)
    execute_many(session, statement, [{"placement": row.id} for row in rows])
    changed(session, {pair for row in rows for pair in (row.pair, (folder_id, row.thread_id))})
    return [[row.id, reversible.get(row.id), row.folder_id, folder_id] for row in rows]


def _operation(row: Placed, folder: Folder, *, to_server: bool) -> dict[str, Any] | None:
    """What the servers are to do for a move: the source's key goes along until it is done.

    Between two accounts the copy is put first; settling that asks for the original's removal.
    """
    same_account = row.account_id == folder.account_id
    if same_account and row.on_server:
        verb, account_id = Verb.MOVE, row.account_id
    elif not same_account and to_server:
        verb, account_id = Verb.APPEND, folder.account_id
    elif not same_account and row.on_server:
        verb, account_id = Verb.DELETE, row.account_id
    else:
        return None
    return {
        "account_id": account_id,
        "verb": str(verb),
        "placement_id": row.id,
        "folder_id": row.folder_id if row.on_server else None,
        "remote": row.remote if row.on_server else "",
        "target_id": None if verb is Verb.DELETE else folder.id,
        "message_id": row.message_id,
        "add": " ".join(sorted(row.flags)) if verb is Verb.APPEND else "",
    }


def copy_to(
    session: Session, operator_id: int, placed: Sequence[Placed], folder: Folder
) -> list[list[Any]]:
    """Copy to one folder what is not in it; gives [placement id, operation id or None, id of the
    placement copied, folder] of each copy."""
    folder_id = key_of(folder.id)
    require(session, operator_id, folder.account_id, "triage")
    there = _messages_in(session, folder_id, {row.message_id for row in placed})
    once = {row.message_id: row for row in placed if row.message_id not in there}
    rows = list(once.values())
    _note_strangers(session, rows, folder.account_id)
    made = insert_numbered(session, Placement, _copies(session, rows, folder_id))
    protocol = session.scalar(
        select(col(Account.protocol)).where(col(Account.id) == folder.account_id)
    )
    operations = [
        {
            "account_id": folder.account_id,
            "verb": str(Verb.APPEND),
            "placement_id": placement_id,
            "folder_id": None,
            "remote": "",
            "target_id": folder_id,
            "message_id": row.message_id,
            "add": " ".join(sorted(row.flags)),
        }
        for row, placement_id in zip(rows, made, strict=True)
        if protocol == "imap"
    ]
    asked = insert_numbered(session, Operation, operations)
    numbers: Sequence[int | None] = asked or [None] * len(rows)
    changed(session, {(folder_id, row.thread_id) for row in rows})
    return [
        [placement_id, number, row.id, folder_id]
        for row, placement_id, number in zip(rows, made, numbers, strict=True)
    ]


def _note_strangers(session: Session, placed: Sequence[Placed], account_id: int) -> None:
    """What comes from other accounts is to be found by who reads this one."""
    strangers = [row.message_id for row in placed if row.account_id != account_id]
    note_account(session, account_id, strangers)


def _messages_in(session: Session, folder_id: int, message_ids: Collection[int]) -> set[int]:
    found: set[int] = set()
    for part in chunks(sorted(message_ids)):
        statement = select(col(Placement.message_id)).where(
            col(Placement.folder_id) == folder_id, col(Placement.message_id).in_(part)
        )
        found.update(session.scalars(statement))
    return found


def _copies(session: Session, placed: Sequence[Placed], folder_id: int) -> list[dict[str, Any]]:
    """Rows of placements in another folder, which are like those of `placed` but for their key."""
    columns = [column for column in inspect(Placement).columns if column.name != "id"]
    found: dict[int, dict[str, Any]] = {}
    for part in chunks(row.id for row in placed):
        statement = select(col(Placement.id), *columns).where(col(Placement.id).in_(part))
        for row in session.execute(statement):
            values = {column.name: value for column, value in zip(columns, row[1:], strict=True)}
            found[row[0]] = {**values, "folder_id": folder_id, "remote": ""}
    return [found[row.id] for row in placed]


def destroy(session: Session, placed: Sequence[Placed], untold: Collection[int] = ()) -> None:
    """Delete for good; the contents stay until the server has been told. `untold`: placements
    that no server has heard of."""
    operations = [
        {
            "account_id": row.account_id,
            "verb": str(Verb.DELETE),
            "placement_id": row.id,
            "folder_id": row.folder_id,
            "remote": row.remote,
            "message_id": row.message_id,
        }
        for row in placed
        if row.on_server and row.id not in untold
    ]
    insert_rows(session, Operation, operations)
    for part in chunks(row.id for row in placed):
        session.execute(delete(Placement).where(col(Placement.id).in_(part)))
    changed(session, {row.pair for row in placed})
    purge(session, {row.message_id for row in placed})


def changed(session: Session, pairs: set[tuple[int, int]]) -> None:
    session.flush()
    refresh(session, pairs)
    publish(session, *_TOPICS)
