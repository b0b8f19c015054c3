"""What keys do to messages: at once here, journalled with its way back, queued for the server.

Each verb is one transaction's work; a mailbox that is offline is told later, in order. The verbs
take placement ids; those that are gone meanwhile are passed over. They raise NotAllowed where the
operator may only read.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from tui_mail.db.conversations import message_rows
from tui_mail.db.counters import refresh
from tui_mail.db.folders import folder_for_role
from tui_mail.db.journal import journal
from tui_mail.db.many import chunks
from tui_mail.db.moving import Placed, change_flags, copy_to, destroy, find, move_to
from tui_mail.db.regrouping import Decisions, beginnings, decide, straddling
from tui_mail.db.rights import readable
from tui_mail.db.tables import Folder, Message, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.db.unindexed import unindexed
from tui_mail.errors import NotFound, WrongData, WrongUse
from tui_mail.i18n import _
from tui_mail.mail.threads import own_key
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
    by_itself: bool = False,
) -> int:
    """Set and clear flags, values of `Flag` or keywords; gives the id of the journalled change.

    `by_itself`: nobody asked for it, so that undo does not mean it.
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
    return journal(session, operator_id, now, "mark", detail, {"flags": [] if by_itself else done})


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


def copy(
    session: Session,
    operator_id: int,
    placement_ids: Collection[int],
    folder_id: int,
    now: datetime,
) -> int:
    """Put copies of messages into a folder, of any account that the operator may work on.

    A message that is there already is passed over. Gives the id of the journalled change; NotFound
    when there is no such folder.
    """
    folder = session.get(Folder, folder_id)
    if folder is None:
        raise NotFound(_("The folder is not there any more."))
    placed = find(session, operator_id, placement_ids, level="read")
    copies = copy_to(session, operator_id, placed, folder)
    return journal(session, operator_id, now, "copy", folder.name, {"copies": copies})


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


def split(session: Session, operator_id: int, message_id: int, now: datetime) -> int:
    """Make a message and its answers a conversation of their own, for good; for all who read it.

    Gives the id of the journalled change. Raises NotFound, NotAllowed, and WrongUse when nothing
    would be left of the conversation that it is in.
    """
    ((key, thread_id),) = _threaded(session, operator_id, [message_id])
    together = _members(session, thread_id)
    drop = Decisions(joins=tuple(straddling(session, key)))
    done = _decide(session, operator_id, now, "split", (Decisions(splits=(key,)), drop))
    if not _are_apart(session, together):
        raise WrongUse(_("The conversation begins with this message: there is nothing to split."))
    return done


def join(session: Session, operator_id: int, message_ids: Sequence[int], now: datetime) -> int:
    """Make the conversations of messages one, for good; for all who read them.

    Gives the id of the journalled change. Raises NotFound, NotAllowed, and WrongUse when they are
    one already.
    """
    found = _threaded(session, operator_id, message_ids)
    threads = list(dict.fromkeys(thread_id for _key, thread_id in found))
    if len(threads) < 2:
        raise WrongUse(_("These messages are in one conversation already."))
    first, *others = beginnings(session, threads)
    joins = tuple((min(first, other), max(first, other)) for other in others)
    return _decide(session, operator_id, now, "join", (Decisions(joins=joins), Decisions()))


def _threaded(
    session: Session, operator_id: int, message_ids: Sequence[int]
) -> list[tuple[str, int]]:
    """Identifier and thread of messages that the operator may regroup, in the order given."""
    placements = placements_of(session, operator_id, message_ids)
    placed = find(session, operator_id, placements)
    if len({row.message_id for row in placed}) < len(set(message_ids)):
        raise NotFound(_("There is no such message: look it up with tui-mail search."))
    found: dict[int | None, tuple[str, int]] = {}
    for part in chunks(row.message_id for row in placed):
        statement = select(
            col(Message.id),
            col(Message.message_id),
            col(Message.content_hash),
            col(Message.thread_id),
        ).where(col(Message.id).in_(part))
        for identifier, name, content_hash, thread_id in session.execute(statement):
            found[identifier] = (own_key(name, content_hash), thread_id)
    return [found[identifier] for identifier in dict.fromkeys(message_ids)]


def _decide(
    session: Session,
    operator_id: int,
    now: datetime,
    verb: str,
    decisions: tuple[Decisions, Decisions],
) -> int:
    """Add the first of `decisions` and drop the second, with everything that follows from it."""
    add, drop = decisions
    regrouped = decide(session, operator_id, now, add=add, drop=drop)
    refresh(session, regrouped.touched)
    publish(session, Topic.MAIL, Topic.FOLDERS)
    data = [[list(one.splits), [list(pair) for pair in one.joins]] for one in decisions]
    return journal(session, operator_id, now, verb, str(len(regrouped.threads)), {"threads": data})


def _members(session: Session, thread_id: int) -> list[int]:
    statement = select(col(Message.id)).where(col(Message.thread_id) == thread_id)
    return [identifier for identifier in session.scalars(statement) if identifier is not None]


def _are_apart(session: Session, message_ids: Sequence[int]) -> bool:
    """Whether the messages are in more than one conversation."""
    found: set[int] = set()
    for part in chunks(message_ids):
        statement = select(col(Message.thread_id)).where(col(Message.id).in_(part))
        found.update(session.scalars(statement.distinct()))
    return len(found) > 1


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
            unindexed(col(Placement.folder_id)) == folder_id,
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
