"""The indexes that a clause can be read from, beside that of words, each by position.

Hides how a condition that few messages meet is told from one that many do, without counting them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal, not_, or_, select
from sqlmodel import Session, col

from tui_mail.db.record_names import records_named
from tui_mail.db.search_conditions import drafts_of, folders_of, of_message, said_by
from tui_mail.db.search_plan import Clause, OfCopy, OfMessage
from tui_mail.db.search_scope import Scope
from tui_mail.db.tables import Assignment, Link, Message, Placement
from tui_mail.search import tree
from tui_mail.search.tree import Is, Mark, Tree
from tui_mail.values import LinkState

FEW = 300  # are looked at one by one
SOME = 20_000  # are gathered first


@dataclass(frozen=True, slots=True)
class Source:
    """Every message that fits, and others, by the position in `column`.

    `size`: rows at most, as far as it matters. `ordered`: the index has them newest first.
    """

    column: Any
    where: ColumnElement[bool]
    size: int
    ordered: bool = True

    def positions(self) -> Select[*tuple[Any, ...]]:
        return select(self.column).where(self.where).distinct().correlate(None)


def best_source(session: Session, scope: Scope, clause: Clause) -> Source | None:
    """The smallest index that has every message of the clause; None when none is small."""
    best: Source | None = None
    for source in _sources(session, scope, clause):
        if best is None or source.size < best.size:
            best = source
        if best.size <= FEW:
            break
    return best


def _sources(session: Session, scope: Scope, clause: Clause) -> Iterator[Source]:
    for node in clause.asserted:
        if isinstance(node, OfMessage):
            yield from _of_message(session, node.asked)
    totals = {place.folder_id: place.total for place in scope.places}
    unread = {place.folder_id: place.unread for place in scope.places}
    read = {one: totals[one] - unread[one] for one in totals}
    denied = _folders_denied(scope, clause)
    for asked in clause.copies:
        folders = tuple(one for one in _folders(scope, asked) if one not in denied)
        yield _in_folders(folders, sum(totals[one] for one in folders))
        for part in _parts(asked):
            match part:
                case Is(Mark.UNREAD):
                    yield _unread(scope, folders, sum(unread[one] for one in folders))
                case Is(Mark.READ) if (size := sum(read[one] for one in folders)) <= SOME:
                    seen = and_(_here(folders), col(Placement.seen))
                    yield Source(col(Placement.position), seen, size, ordered=False)
                case _:
                    yield from _of_state(session, scope, part)
    folders = tuple(one for one in scope.folder_ids if one not in denied)
    yield _in_folders(folders, sum(totals[one] for one in folders))


def _in_folders(folders: tuple[int, ...], size: int) -> Source:
    return Source(col(Placement.position), _here(folders), size, ordered=len(folders) == 1)


def _here(folders: tuple[int, ...]) -> ColumnElement[bool]:
    return and_(col(Placement.folder_id).in_(folders), not_(col(Placement.deleted)))


def _unread(scope: Scope, folders: tuple[int, ...], size: int) -> Source:
    """Where all is searched, or too much is unread to be gathered, the index of all that is unread
    has it in order; else what is unread in other folders is not even looked at."""
    unread, position = not_(col(Placement.seen)), col(Placement.position)
    everywhere = scope.everything and folders == scope.folder_ids
    if len(folders) > 1 and size > (FEW if everywhere else SOME):
        return Source(position, unread, size)
    return Source(position, and_(_here(folders), unread), size, ordered=len(folders) == 1)


def folders_meant(scope: Scope, clause: Clause) -> set[int]:
    """The folders that a copy of every message of the clause lies in one of."""
    meant = [_folders(scope, asked) for asked in clause.copies] or [scope.folder_ids]
    return {*min(meant, key=len)} - _folders_denied(scope, clause)


def _folders_denied(scope: Scope, clause: Clause) -> set[int]:
    """The folders that no copy of a message of the clause lies in."""
    denied = [node.asked for node in clause.denied if isinstance(node, OfCopy)]
    named = [one for one in denied if isinstance(one, tree.InFolder | tree.OfAccount)]
    return {folder for one in named for folder in folders_of(scope, one)}


def _folders(scope: Scope, asked: Tree) -> tuple[int, ...]:
    """The folders that a copy can be in, of which `asked` holds."""
    found = set(scope.folder_ids)
    for part in _parts(asked):
        match part:
            case tree.InFolder() | tree.OfAccount():
                found &= {*folders_of(scope, part)}
            case tree.Any(parts):
                found &= {one for other in parts for one in _folders(scope, other)}
    return tuple(sorted(found))


def _parts(asked: Tree) -> tuple[Tree, ...]:
    return asked.parts if isinstance(asked, tree.All) else (asked,)


def _of_message(session: Session, asked: Tree) -> Iterator[Source]:
    match asked:
        case tree.InThread() | tree.WithMessageId():
            yield Source(col(Message.position), of_message(session, asked), 1, ordered=False)
        case tree.OfRecord(wanted=wanted) if wanted:
            found = records_named(session, asked)
            linked = col(Link.entity_id).in_(found)
            yield _probed(session, col(Link.position), linked, ordered=len(found) == 1)
        case tree.AssignedTo(login) if login != tree.NOBODY:
            yield _cared_for(session, said_by(asked))
        case tree.InState(state) if state != tree.ConversationState.OPEN:
            yield _cared_for(session, said_by(asked))
        case Is(Mark.PROPOSED):
            proposed = col(Link.state) == LinkState.PROPOSED.value
            yield _probed(session, col(Link.position), proposed)


def _cared_for(session: Session, said: ColumnElement[bool]) -> Source:
    """The messages of the conversations of which that was said."""
    threads = select(col(Assignment.thread_id)).where(said)
    position = col(Message.position)
    return _probed(session, position, col(Message.thread_id).in_(threads), ordered=False)


def _of_state(session: Session, scope: Scope, asked: Tree) -> Iterator[Source]:
    position = col(Placement.position)
    match asked:
        case Is(Mark.STARRED):
            yield _probed(session, position, and_(col(Placement.starred)))
        case Is(Mark.ANSWERED):
            yield _probed(session, position, and_(col(Placement.answered)))
        case Is(Mark.DRAFT):
            drafts = or_(col(Placement.draft), col(Placement.folder_id).in_(drafts_of(scope)))
            yield _probed(session, position, drafts, ordered=False)
        case tree.Tagged():
            yield _probed(session, position, col(Placement.keywords) != "")


def _probed(
    session: Session, column: Any, where: ColumnElement[bool], *, ordered: bool = True
) -> Source:
    """Counted as far as it matters."""
    some = select(literal(1).label("one")).select_from(column.class_).where(where)
    counted = select(func.count()).select_from(some.limit(SOME + 1).subquery())
    return Source(column, where, session.scalar(counted) or 0, ordered=ordered)
