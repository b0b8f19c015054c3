"""What a server says of the messages of a folder: flags, what is gone, keys that are new.

What was done here and not yet told to the server holds against what the server says.
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlmodel import Session, col

from tui_mail.db.counters import Reflagged, reflag, refresh
from tui_mail.db.flags import FLAG_COLUMNS, columns_of, flags_of
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.purge import purge
from tui_mail.db.tables import Operation, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.values import Verb


def with_pending(
    session: Session, flags: Mapping[int, frozenset[str]]
) -> dict[int, frozenset[str]]:
    """A server's flags of placements, by id, as they will be once it has been told everything."""
    result = dict(flags)
    for part in chunks(flags):
        statement = (
            select(col(Operation.placement_id), col(Operation.add), col(Operation.remove))
            .where(col(Operation.placement_id).in_(part), col(Operation.verb) == str(Verb.FLAGS))
            .order_by(col(Operation.id))
        )
        for placement_id, add, remove_ in session.execute(statement):
            if placement_id is not None:
                result[placement_id] = (result[placement_id] | {*add.split()}) - {*remove_.split()}
    return result


def set_flags(session: Session, flags: Mapping[int, frozenset[str]]) -> None:
    """Write the flags of placements, by id; the caller refreshes their conversations."""
    values: Any = {name: bindparam(f"new_{name}") for name in columns_of(())}
    statement = update(Placement).where(col(Placement.id) == bindparam("placement")).values(values)
    rows = [
        {"placement": key, **{f"new_{name}": v for name, v in columns_of(value).items()}}
        for key, value in flags.items()
    ]
    execute_many(session, statement, rows)


def update_flags(session: Session, folder_id: int, changes: Mapping[str, frozenset[str]]) -> None:
    """Take over the flags that the server has: key -> flags; keys not known are passed over."""
    reflagged: list[Reflagged] = []
    for part in chunks(changes):
        statement = select(
            col(Placement.id), col(Placement.remote), col(Placement.thread_id), *FLAG_COLUMNS
        ).where(col(Placement.folder_id) == folder_id, col(Placement.remote).in_(part))
        found = {row[0]: row for row in session.execute(statement)}
        wanted = with_pending(session, {key: changes[row[1]] for key, row in found.items()})
        before = {key: flags_of(row[3:]) for key, row in found.items()}
        changed = {key: new for key, new in wanted.items() if before[key] != new}
        set_flags(session, changed)
        reflagged += [
            Reflagged(folder_id, found[key][2], before[key], new) for key, new in changed.items()
        ]
    if reflagged:
        reflag(session, reflagged)
        publish(session, Topic.MAIL, Topic.FOLDERS)


def remove(session: Session, folder_id: int, remotes: Collection[str]) -> None:
    """The server has these keys no more: forget their placements, and messages nobody needs."""
    touched: set[tuple[int, int]] = set()
    messages: set[int] = set()
    for part in chunks(remotes):
        statement = select(
            col(Placement.id), col(Placement.thread_id), col(Placement.message_id)
        ).where(col(Placement.folder_id) == folder_id, col(Placement.remote).in_(part))
        found = session.execute(statement).all()
        gone = [identifier for identifier, _thread, _message in found]
        session.execute(delete(Operation).where(col(Operation.placement_id).in_(gone)))
        session.execute(delete(Placement).where(col(Placement.id).in_(gone)))
        touched |= {(folder_id, thread_id) for _id, thread_id, _message in found}
        messages |= {message_id for _id, _thread, message_id in found}
    if touched:
        refresh(session, touched)
        purge(session, messages)
        publish(session, Topic.MAIL, Topic.FOLDERS)


def renew_keys(session: Session, folder_id: int, keys: Mapping[str, str]) -> None:
    """The server calls the messages of the folder by other keys now: old -> new."""
    for table in (Placement, Operation):
        rows = []
        for part in chunks(keys):
            statement = select(col(table.id), col(table.remote)).where(
                col(table.folder_id) == folder_id, col(table.remote).in_(part)
            )
            found = session.execute(statement)
            rows += [{"row": identifier, "new": keys[old]} for identifier, old in found]
        statement_of = (
            update(table).where(col(table.id) == bindparam("row")).values(remote=bindparam("new"))
        )
        execute_many(session, statement_of, rows)
