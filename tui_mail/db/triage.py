"""Who cares for a conversation, and whose turn it is: set by hand, journalled, taken back.

A conversation that is nobody's and open has no row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, select
from sqlmodel import Session, col

from tui_mail.db.bulk import insert_rows
from tui_mail.db.journal import journal
from tui_mail.db.many import chunks
from tui_mail.db.rights import readable, triageable
from tui_mail.db.tables import Account, Assignment, Folder, Operator, Placement
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
    """Make conversations the business of an operator, or of nobody; how many were left out because
    the acting one may only read them.

    Raises NotFound when there is no such operator, NotAllowed where the acting one may only read.
    """
    login = "-"
    if assignee_id is not None:
        found = session.get(Operator, assignee_id)
        if found is None or not found.active:
            raise NotFound(_("There is no such operator: choose another one."))
        login = found.login
    allowed = _allowed(session, operator_id, thread_ids)
    before = _rows(session, allowed)
    after = [[row[0], assignee_id, row[2], now] for row in before]
    _change(session, operator_id, now, ("assign", login), before, after)
    return len(_read_by(session, operator_id, thread_ids)) - len(allowed)


def set_state(
    session: Session,
    operator_id: int,
    thread_ids: Collection[int],
    state: ConversationState,
    now: datetime,
) -> int:
    """Say whose turn it is in conversations; how many were left out because the operator may only
    read them.

    Raises NotAllowed where the operator may only read.
    """
    allowed = _allowed(session, operator_id, thread_ids)
    before = _rows(session, allowed)
    after = [[row[0], row[1], state.value, now] for row in before]
    _change(session, operator_id, now, ("state", state.value), before, after)
    return len(_read_by(session, operator_id, thread_ids)) - len(allowed)


def undo_triage(
    session: Session, operator_id: int, data: Sequence[Sequence[Any]]
) -> list[list[Any]]:
    """Put conversations back as they were; gives `data` for the way back, an entry for each.

    Those that are gone, or that the operator may only read by now, stay as they are; NotAllowed
    when there are no others.
    """
    ids = [entry[0] for entry in data]
    allowed = set(_of_accounts(session, ids, triageable(operator_id)))
    if not allowed and _of_accounts(session, ids, select(col(Account.id))):
        raise _only_to_read()
    before = _kept(_rows(session, sorted(allowed)))
    rows = [
        [thread_id, who, state, datetime.fromisoformat(at) if at else None]
        for thread_id, who, state, at in data
        if thread_id in allowed
    ]
    _write(session, rows)
    return before


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
    allowed = _of_accounts(session, thread_ids, triageable(operator_id))
    if thread_ids and not allowed:
        raise _only_to_read()
    return allowed


def _read_by(session: Session, operator_id: int, thread_ids: Collection[int]) -> list[int]:
    return _of_accounts(session, thread_ids, readable(operator_id))


def _of_accounts(
    session: Session, thread_ids: Collection[int], account_ids: Select[Any]
) -> list[int]:
    """Those of the conversations that have mail in one of the accounts."""
    found: list[int] = []
    folders = select(col(Folder.id)).where(col(Folder.account_id).in_(account_ids))
    for part in chunks(set(thread_ids)):
        here = col(Placement.folder_id).in_(folders)
        statement = select(col(Placement.thread_id)).where(col(Placement.thread_id).in_(part), here)
        found += session.scalars(statement.distinct())
    return sorted(found)


def _only_to_read() -> NotAllowed:
    return NotAllowed(
        _("You may only read this conversation: ask whoever manages its account for the right.")
    )


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
) -> None:
    _write(session, after)
    journal(session, operator_id, now, *named, {"triage": _kept(before)})


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
