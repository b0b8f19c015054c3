"""What keys do to messages: at once here, journalled with its way back, queued for the server.

Each verb is one transaction's work; a mailbox that is offline is told later, in order. The verbs
take placement ids; those that are gone meanwhile are passed over. They raise NotAllowed where the
operator may only read.
"""

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.conversations import message_rows
from tui_mail.db.folders import folder_for_role
from tui_mail.db.journal import journal
from tui_mail.db.journeys import Return, put_back
from tui_mail.db.links import undo_links
from tui_mail.db.many import chunks, key_of
from tui_mail.db.moving import Placed, change_flags, changed, destroy, find, move_to
from tui_mail.db.rights import readable
from tui_mail.db.saved_searches import undo_saved
from tui_mail.db.tables import Change, Folder, Operation, Placement
from tui_mail.db.triage import undo_triage
from tui_mail.errors import NotFound, WrongData
from tui_mail.i18n import _, ngettext
from tui_mail.values import FolderRole

# RFC 3501 §9: a keyword is an atom.
_NOT_A_KEYWORD = re.compile(r'[^\x21-\x7e]|[(){%*"\\\]]')


def mark(
    session: Session,
    operator_id: int,
    placement_ids: Collection[int],
    *,
    add: frozenset[str] = frozenset(),
    remove: frozenset[str] = frozenset(),
    now: datetime,
) -> int:
    """Set and clear flags, values of `Flag` or keywords; gives the id of the journalled change.

    Raises WrongData for a keyword that IMAP cannot carry.
    """
    wrong = next((flag for flag in add | remove if _NOT_A_KEYWORD.search(flag) or not flag), None)
    if wrong is not None:
        raise WrongData(
            _("A tag is made of letters, digits and signs without spaces: choose another name.")
        )
    placed = find(session, operator_id, placement_ids)
    changes = {row.id: ((add - remove) - row.flags, (remove & row.flags) - add) for row in placed}
    done = change_flags(session, placed, changes)
    detail = " ".join([*(f"+{flag}" for flag in sorted(add)), *(f"-{f}" for f in sorted(remove))])
    return journal(session, operator_id, now, "mark", detail, {"flags": done})


def move(
    session: Session,
    operator_id: int,
    placement_ids: Collection[int],
    folder_id: int,
    now: datetime,
) -> int:
    """Put messages into a folder, of any account that the operator may work on.

    Gives the id of the journalled change; NotFound when there is no such folder.
    """
    folder = session.get(Folder, folder_id)
    if folder is None:
        raise NotFound(_("The folder is not there any more."))
    placed = find(session, operator_id, placement_ids)
    moves = move_to(session, operator_id, placed, folder)
    return journal(session, operator_id, now, "move", folder.name, {"moves": moves})


def archive(
    session: Session, operator_id: int, placement_ids: Collection[int], now: datetime
) -> int:
    """Put messages into the archive of their account; gives the id of the journalled change."""
    return _to_role(session, operator_id, placement_ids, FolderRole.ARCHIVE, now)


def spam(session: Session, operator_id: int, placement_ids: Collection[int], now: datetime) -> int:
    """Put messages into the junk folder of their account; gives the id of the journalled change."""
    return _to_role(session, operator_id, placement_ids, FolderRole.JUNK, now)


def restore(
    session: Session, operator_id: int, placement_ids: Collection[int], now: datetime
) -> int:
    """Put messages back into the inbox of their account; gives the id of the journalled change."""
    return _to_role(session, operator_id, placement_ids, FolderRole.INBOX, now)


def delete(
    session: Session, operator_id: int, placement_ids: Collection[int], now: datetime
) -> int:
    """Put messages into the trash of their account; what is in the trash goes for good.

    Gives the id of the journalled change; what is gone for good is not in its way back.
    """
    placed = find(session, operator_id, placement_ids)
    in_trash = [row for row in placed if row.role == FolderRole.TRASH]
    others = [row for row in placed if row.role != FolderRole.TRASH]
    moves = _move_by_account(session, operator_id, others, FolderRole.TRASH)
    destroy(session, in_trash)
    return journal(session, operator_id, now, "delete", str(len(placed)), {"moves": moves})


def placements_of(session: Session, operator_id: int, message_ids: Iterable[int]) -> list[int]:
    """For each message that the operator may read, the placement where one would look for it."""
    rows = message_rows(session, operator_id, message_ids)
    return [row.placement_id for row in rows if row.placement_id is not None]


def whole_conversation(
    session: Session, operator_id: int, thread_id: int, folder_id: int
) -> list[int]:
    """The placements of a conversation in a folder, newest first."""
    statement = (
        select(col(Placement.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .where(
            col(Placement.thread_id) == thread_id,
            col(Placement.folder_id) == folder_id,
            ~col(Placement.deleted),
            col(Folder.account_id).in_(readable(operator_id)),
        )
        .order_by(col(Placement.received_at).desc(), col(Placement.id).desc())
    )
    return [identifier for identifier in session.scalars(statement) if identifier is not None]


# -- together -------------------------------------------------------------------------------------


def _to_role(
    session: Session,
    operator_id: int,
    placement_ids: Collection[int],
    role: FolderRole,
    now: datetime,
) -> int:
    placed = find(session, operator_id, placement_ids)
    moves = _move_by_account(session, operator_id, placed, role)
    return journal(session, operator_id, now, str(role), str(len(placed)), {"moves": moves})


def _move_by_account(
    session: Session, operator_id: int, placed: Sequence[Placed], role: FolderRole
) -> list[list[Any]]:
    by_account: dict[int, list[Placed]] = defaultdict(list)
    for row in placed:
        by_account[row.account_id].append(row)
    moves: list[list[Any]] = []
    for account_id, rows in by_account.items():
        moves += move_to(session, operator_id, rows, folder_for_role(session, account_id, role))
    return moves


# -- the way back ----------------------------------------------------------------------------------


def undo(session: Session, operator_id: int, now: datetime) -> str | None:
    """Take back the operator's last change that can be; a sentence that says what, None: nothing.

    What the server has not been told is dropped; otherwise it is told the contrary.
    """
    statement = (
        select(Change)
        .where(
            col(Change.operator_id) == operator_id,
            ~col(Change.undone),
            col(Change.undo) != "",
        )
        .order_by(col(Change.id).desc())
        .limit(1)
    )
    change = session.scalars(statement).one_or_none()
    if change is None:
        return None
    change.undone = True
    data: dict[str, Any] = json.loads(change.undo)
    if "links" in data:
        undo_links(session, data)
        sentence = _("Taken back: the links are as they were.")
    elif "flags" in data:
        sentence = _marks_back(session, operator_id, data["flags"])
    elif "triage" in data:
        sentence = undo_triage(session, data["triage"])
    elif "searches" in data:
        sentence = undo_saved(session, data["searches"])
    else:
        sentence = _moves_back(session, operator_id, data["moves"])
    session.add(
        Change(at=now, operator_id=operator_id, verb="undo", detail=str(change.id), undo="")
    )
    session.flush()
    return sentence


def _marks_back(session: Session, operator_id: int, done: Sequence[Sequence[Any]]) -> str:
    back = {entry[0]: (frozenset(entry[2]), frozenset(entry[1])) for entry in done}
    placed = find(session, operator_id, back)
    change_flags(session, placed, back)
    number = len(placed)
    return ngettext(
        "Taken back: the marks of {number} message are as they were.",
        "Taken back: the marks of {number} messages are as they were.",
        number,
    ).format(number=number)


def _moves_back(session: Session, operator_id: int, done: Sequence[Sequence[Any]]) -> str:
    placed = {row.id: row for row in find(session, operator_id, [entry[0] for entry in done])}
    untold = _untold(session, [entry[1] for entry in done if entry[1] is not None])
    dropped: list[Return] = []
    told: dict[int, list[Placed]] = defaultdict(list)
    for placement_id, operation_id, source_id, target_id in done:
        row = placed.get(placement_id)
        if row is None or row.folder_id != target_id:
            continue  # it has gone on from there since
        if operation_id in untold:
            operation = untold[operation_id]
            session.delete(operation)
            dropped.append(
                Return(placement_id, row.thread_id, source_id, operation.remote, target_id)
            )
        else:
            told[source_id].append(row)
    session.flush()
    changed(session, put_back(session, dropped))
    for source_id, rows in told.items():
        folder = session.get(Folder, source_id)
        if folder is not None:
            move_to(session, operator_id, rows, folder)
    number = len(dropped) + sum(map(len, told.values()))
    return ngettext(
        "Taken back: {number} message is where it was.",
        "Taken back: {number} messages are where they were.",
        number,
    ).format(number=number)


def _untold(session: Session, ids: Sequence[int]) -> dict[int, Operation]:
    """Those of the operations that no server has been asked for."""
    found: dict[int, Operation] = {}
    for part in chunks(ids):
        statement = select(Operation).where(
            col(Operation.id).in_(part), col(Operation.attempts) == 0
        )
        found |= {key_of(row.id): row for row in session.scalars(statement)}
    return found
