"""Who cares for a conversation, and whose turn it is: set by hand, journalled, taken back.

A conversation that is nobody's and open has no row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, select
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.journal import journal
from tui_mail.db.many import chunks
from tui_mail.db.rights import triageable
from tui_mail.db.tables import Assignment, Folder, Operator, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import NotAllowed, NotFound
from tui_mail.i18n import _
from tui_mail.search.tree import ConversationState

_OPEN = ConversationState.OPEN.value
# A conversation's row before a change: thread, operator, state, when; without the rest: none.
_Before = list[Any]


def assign(
    session: Session,
    operator_id: int,
    thread_ids: Collection[int],
    assignee_id: int | None,
    now: datetime,
) -> int:
    """Make conversations the business of an operator, or of nobody; the id of the journalled change.

    Raises NotFound when there is no such operator, NotAllowed where the acting one may only read.
    """
    login = "-"
    if assignee_id is not None:
        found = session.get(Operator, assignee_id)
        if found is None or not found.active:
            raise NotFound(_("There is no such operator: choose another one."))
        login = found.login
    before = _rows(session, _allowed(session, operator_id, thread_ids))
    after = [[row[0], assignee_id, row[2], now] for row in before]
    return _change(session, operator_id, now, ("assign", login), before, after)


def set_state(
    session: Session,
    operator_id: int,
    thread_ids: Collection[int],
    state: ConversationState,
    now: datetime,
) -> int:
    """Say whose turn it is in conversations; the id of the journalled change.

    Raises NotAllowed where the operator may only read.
    """
    before = _rows(session, _allowed(session, operator_id, thread_ids))
    after = [[row[0], row[1], state.value, now] for row in before]
    return _change(session, operator_id, now, ("state", state.value), before, after)


def undo_triage(session: Session, before: Sequence[Sequence[Any]]) -> None:
    """Put conversations back as they were."""
    _write(
        session,
        [
            [t, who, state, datetime.fromisoformat(at) if at else None]
            for t, who, state, at in before
        ],
    )


def kept_triage(session: Session, thread_ids: Iterable[int]) -> list[list[Any]]:
    """What `undo_triage` takes to bring conversations back to how they are now."""
    return _kept(_rows(session, thread_ids))


def operators(session: Session) -> list[tuple[int, str, str]]:
    """Id, login and name of who can be assigned something, by login."""
    statement = select(col(Operator.id), col(Operator.login), col(Operator.name))
    rows = session.execute(statement.where(col(Operator.active)).order_by(col(Operator.login)))
    return [(identifier or 0, login, name) for identifier, login, name in rows]


def merge_care(session: Session, merged: Mapping[int, int]) -> None:
    """Threads `merged`, old -> new, are one now: what was said last holds."""
    ids = {*merged, *merged.values()}
    rows = [row for row in _rows(session, ids) if row[3] is not None]
    if not rows:
        return
    last: dict[int, _Before] = {}
    for row in sorted(rows, key=lambda row: row[3]):
        last[merged.get(row[0], row[0])] = row
    _write(session, [[old, None, _OPEN, None] for old in merged])
    _write(session, [[thread_id, *row[1:]] for thread_id, row in last.items()])


def inherit_care(session: Session, came_from: Mapping[int, int]) -> None:
    """Threads that messages went to, new -> old: what was said of the old one holds for the new,
    unless something was said of that."""
    rows = {row[0]: row for row in _rows(session, {*came_from, *came_from.values()}) if row[3]}
    _write(
        session,
        [
            [new, *rows[old][1:]]
            for new, old in came_from.items()
            if old in rows and new not in rows
        ],
    )


# -- together --------------------------------------------------------------------------------------


def _allowed(session: Session, operator_id: int, thread_ids: Collection[int]) -> list[int]:
    """Those of the conversations that the operator may work on.

    Raises NotAllowed when there is none of them.
    """
    allowed: list[int] = []
    for part in chunks(set(thread_ids)):
        statement = select(col(Placement.thread_id)).where(
            col(Placement.thread_id).in_(part),
            exists(
                select(col(Folder.id)).where(
                    col(Folder.id) == col(Placement.folder_id),
                    col(Folder.account_id).in_(triageable(operator_id)),
                )
            ),
        )
        allowed += session.scalars(statement.distinct())
    if thread_ids and not allowed:
        raise NotAllowed(
            _("You may only read this conversation: ask whoever manages its account for the right.")
        )
    return sorted(allowed)


def _rows(session: Session, thread_ids: Iterable[int]) -> list[_Before]:
    found: dict[int, _Before] = {}
    for part in chunks(thread_ids):
        found |= {one: [one, None, _OPEN, None] for one in part}
        statement = select(
            col(Assignment.thread_id),
            col(Assignment.operator_id),
            col(Assignment.state),
            col(Assignment.at),
        ).where(col(Assignment.thread_id).in_(part))
        found |= {row[0]: list(row) for row in session.execute(statement)}
    return list(found.values())


def _change(
    session: Session,
    operator_id: int,
    now: datetime,
    named: tuple[str, str],
    before: Sequence[_Before],
    after: Sequence[_Before],
) -> int:
    _write(session, after)
    return journal(session, operator_id, now, *named, {"triage": _kept(before)})


def _kept(rows: Sequence[_Before]) -> list[list[Any]]:
    return [[*row[:3], row[3].isoformat() if row[3] else None] for row in rows]


def _write(session: Session, rows: Sequence[Sequence[Any]]) -> None:
    for part in chunks(row[0] for row in rows):
        session.execute(delete(Assignment).where(col(Assignment.thread_id).in_(part)))
    insert_rows(
        session,
        Assignment,
        [
            {"thread_id": thread_id, "operator_id": who, "state": state, "at": at}
            for thread_id, who, state, at in rows
            if at is not None and (who is not None or state != _OPEN)
        ],
    )
    publish(session, Topic.MAIL)
