"""The ledger of what came over POP3: what is known, what may be deleted at the server, what is gone.

A row is written with the message, in one transaction, and stays for ever: what was deleted here, or
was named anew by its server, does not come a second time.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, exists, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tui_mail.db.many import chunks, execute_many
from tui_mail.db.tables import Folder, Message, PickedUp, Placement
from tui_mail.values import FolderRole

THERE, GONE, DELETED = "there", "gone", "deleted"


@dataclass(frozen=True, slots=True)
class Picked:
    """A message of the ledger, by the server's key of it and its content."""

    key: str
    content_hash: str
    head: str
    size: int
    state: str = THERE


_COLUMNS = (
    col(PickedUp.key),
    col(PickedUp.content_hash),
    col(PickedUp.head),
    col(PickedUp.size),
    col(PickedUp.state),
)


def picked(
    session: Session, account_id: int, keys: Collection[str]
) -> Mapping[str, Sequence[Picked]]:
    """What is known of the account's messages of these keys, by key."""
    found: dict[str, list[Picked]] = defaultdict(list)
    for part in chunks(keys):
        statement = select(*_COLUMNS).where(
            col(PickedUp.account_id) == account_id, col(PickedUp.key).in_(part)
        )
        for row in session.execute(statement):
            found[row.key].append(Picked(*row))
    return found


def contents(session: Session, account_id: int, hashes: Collection[str]) -> set[str]:
    """Which of these contents have come to the account before, under whatever key."""
    found: set[str] = set()
    for part in chunks(hashes):
        statement = select(col(PickedUp.content_hash)).where(
            col(PickedUp.account_id) == account_id, col(PickedUp.content_hash).in_(part)
        )
        found.update(session.scalars(statement))
    return found


def note(session: Session, account_id: int, came: Iterable[Picked], now: datetime) -> None:
    """These have come, and are at the server; another message of the same key is not, any more."""
    rows = {(one.key, one.content_hash): one for one in came}
    replace = (
        update(PickedUp)
        .where(
            col(PickedUp.account_id) == account_id,
            col(PickedUp.key) == bindparam("named"),
            col(PickedUp.state) == THERE,
        )
        .values(state=GONE)
        .execution_options(synchronize_session=False)
    )
    execute_many(session, replace, [{"named": key} for key in {one.key for one in rows.values()}])
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    insert = make(PickedUp)
    insert = insert.on_conflict_do_update(
        index_elements=["account_id", "key", "content_hash"],
        set_={name: getattr(insert.excluded, name) for name in ("head", "size", "state")},
    )
    execute_many(
        session,
        insert,
        [
            {
                "account_id": account_id,
                "key": one.key,
                "content_hash": one.content_hash,
                "head": one.head,
                "size": one.size,
                "first_seen": now,
                "state": THERE,
            }
            for one in rows.values()
        ],
    )


def leave(session: Session, account_id: int, listed: Collection[str]) -> None:
    """What the server does not list any more is gone from there."""
    there = select(col(PickedUp.key)).where(
        col(PickedUp.account_id) == account_id, col(PickedUp.state) == THERE
    )
    set_state(session, account_id, set(session.scalars(there)) - set(listed), GONE)


def set_state(session: Session, account_id: int, keys: Collection[str], state: str) -> None:
    """These are not at the server any more: GONE, or DELETED by us."""
    for part in chunks(sorted(keys)):
        session.execute(
            update(PickedUp)
            .where(
                col(PickedUp.account_id) == account_id,
                col(PickedUp.key).in_(part),
                col(PickedUp.state) == THERE,
            )
            .values(state=state)
            .execution_options(synchronize_session=False)
        )


def due(
    session: Session, account_id: int, seen_by: datetime | None, *, deleted_here: bool
) -> list[Picked]:
    """What may be deleted at the server: what was first seen by then (None: nothing), and with
    `deleted_here` what is in no folder of the account here but the trash."""
    reasons: list[ColumnElement[bool]] = []
    if seen_by is not None:
        reasons.append(col(PickedUp.first_seen) <= seen_by)
    if deleted_here:
        reasons.append(~exists().where(_kept_here(account_id)))
    if not reasons:
        return []
    statement = select(*_COLUMNS).where(
        col(PickedUp.account_id) == account_id, col(PickedUp.state) == THERE, or_(*reasons)
    )
    return [Picked(*row) for row in session.execute(statement)]


def _kept_here(account_id: int) -> Any:
    return and_(
        col(Message.content_hash) == col(PickedUp.content_hash),
        col(Placement.message_id) == col(Message.id),
        col(Folder.id) == col(Placement.folder_id),
        col(Folder.account_id) == account_id,
        col(Folder.role) != str(FolderRole.TRASH),
    )
