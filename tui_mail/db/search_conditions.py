"""What a search asks beside words, as SQL: of a message, and of a copy of it in a folder.

A copy counts when it lies in a folder that is searched and is not marked as deleted.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, select, true
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.positions import first_position
from tui_mail.db.record_names import records_named
from tui_mail.db.search_scope import Scope
from tui_mail.db.shown import crm_of, shown
from tui_mail.db.tables import Assignment, Entity, Link, Message, Operator, Placement
from tui_mail.search import tree
from tui_mail.search.tree import Between, Is, Mark, OfRecord, Size, Tree
from tui_mail.values import FolderRole, LinkState

_NOT_REJECTED = col(Link.state) != LinkState.REJECTED.value


# -- of a copy -------------------------------------------------------------------------------------


def has_copy(scope: Scope, asked: Tree | None) -> ColumnElement[bool]:
    """The message has a copy that counts, and of which `asked` holds."""
    copy = aliased(Placement)
    return exists(
        select(col(copy.id)).where(
            col(copy.message_id) == col(Message.id), copy_counts(scope, asked, copy)
        )
    )


def copy_counts(scope: Scope, asked: Tree | None, copy: Any = Placement) -> ColumnElement[bool]:
    """The condition on a row of `copy`, Placement or an alias of it."""
    counts = and_(col(copy.folder_id).in_(scope.folder_ids), not_(col(copy.deleted)))
    return counts if asked is None else and_(counts, _of_copy(scope, asked, copy))


def _of_copy(scope: Scope, asked: Tree, copy: Any) -> ColumnElement[bool]:
    match asked:
        case tree.All(parts):
            return and_(*(_of_copy(scope, part, copy) for part in parts))
        case tree.Any(parts):
            return or_(*(_of_copy(scope, part, copy) for part in parts))
        case tree.Not(part):
            return not_(_of_copy(scope, part, copy))
        case tree.InFolder() | tree.OfAccount():
            return col(copy.folder_id).in_(folders_of(scope, asked))
        case tree.Tagged(name):
            keywords = literal(" ") + func.lower(col(copy.keywords)) + " "
            return keywords.contains(f" {name.lower()} ", autoescape=True)
        case Is(Mark.DRAFT):
            return or_(col(copy.draft), col(copy.folder_id).in_(drafts_of(scope)))
        case Is(mark):
            flag = col(getattr(copy, _FLAGS[mark]))
            return not_(flag) if mark in {Mark.UNREAD, Mark.UNANSWERED} else and_(flag)
    raise ValueError(asked)


_FLAGS = {
    Mark.UNREAD: "seen",
    Mark.READ: "seen",
    Mark.STARRED: "starred",
    Mark.ANSWERED: "answered",
    Mark.UNANSWERED: "answered",
}
_OF_COPY = (*_FLAGS, Mark.DRAFT)


def drafts_of(scope: Scope) -> tuple[int, ...]:
    """The ids of the folders in which all is a draft."""
    drafts = scope.where(lambda place: place.role == FolderRole.DRAFTS)
    return tuple(place.folder_id for place in drafts)


def folders_of(scope: Scope, asked: tree.InFolder | tree.OfAccount) -> tuple[int, ...]:
    """The ids of the folders that a condition names."""
    match asked:
        case tree.InFolder(name):
            places = scope.where(lambda place: place.is_called(name))
        case tree.OfAccount(email):
            places = scope.where(lambda place: place.is_of(email))
    return tuple(place.folder_id for place in places)


def is_state(asked: Tree) -> bool:
    """Whether this is asked of a copy, wherever it lies."""
    return isinstance(asked, tree.Tagged) or (isinstance(asked, Is) and asked.mark in _OF_COPY)


def is_of_copy(asked: Tree) -> bool:
    """Whether one copy is to answer all of `asked`: in a folder and unread is one that is both.

    What is denied is denied of all copies, but for the state of a copy that is asked for otherwise.
    """
    match asked:
        case tree.All(parts):
            asserted = [part for part in parts if is_of_copy(part)]
            denied = [part for part in parts if denies_state(part)]
            return bool(asserted) and len(asserted) + len(denied) == len(parts)
        case tree.Any(parts):
            return all(is_of_copy(part) for part in parts)
        case tree.InFolder() | tree.OfAccount():
            return True
        case _:
            return is_state(asked)


def denies_state(asked: Tree) -> bool:
    return isinstance(asked, tree.Not) and is_state(asked.part)


# -- of a message ----------------------------------------------------------------------------------


def of_message(session: Session, asked: Tree) -> ColumnElement[bool]:
    """The condition on a row of Message."""
    match asked:
        case tree.InThread(thread_id):
            return col(Message.thread_id) == thread_id
        case tree.WithMessageId(message_id):
            return col(Message.message_id) == message_id
        case Between(since, until):
            position = col(Message.position)
            bounds = [position >= first_position(since)] if since is not None else []
            bounds += [position < first_position(until)] if until is not None else []
            return and_(true(), *bounds)
        case Size(at_least, at_most):
            limits = [col(Message.size) >= at_least] if at_least is not None else []
            limits += [col(Message.size) <= at_most] if at_most is not None else []
            return and_(true(), *limits)
        case Is(Mark.LINKED):
            return _linked(_NOT_REJECTED)
        case Is(Mark.UNLINKED):
            return not_(_linked(_NOT_REJECTED))
        case Is(Mark.PROPOSED):
            return _linked(col(Link.state) == LinkState.PROPOSED.value)
        case OfRecord():
            return _linked(_NOT_REJECTED, of_record(session, asked))
        case tree.AssignedTo(tree.NOBODY):
            return not_(_cared_for(col(Assignment.operator_id).is_not(None)))
        case tree.AssignedTo():
            return _cared_for(said_by(asked))
        case tree.InState(tree.ConversationState.OPEN):
            return not_(_cared_for(col(Assignment.state) != str(tree.ConversationState.OPEN)))
        case tree.InState():
            return _cared_for(said_by(asked))
    raise ValueError(asked)


def _linked(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    links = select(col(Link.id)).where(col(Link.message_id) == col(Message.id), *conditions)
    return exists(links.correlate(Message))


def _cared_for(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Somebody has said something of the message's conversation."""
    said = select(col(Assignment.thread_id)).where(
        col(Assignment.thread_id) == col(Message.thread_id), condition
    )
    return exists(said.correlate(Message))


def said_by(asked: tree.AssignedTo | tree.InState) -> ColumnElement[bool]:
    """The condition on a row of Assignment that it says that of its conversation."""
    if isinstance(asked, tree.InState):
        return col(Assignment.state) == str(asked.state)
    who = select(col(Operator.id)).where(col(Operator.login) == asked.login)
    return col(Assignment.operator_id).in_(who)


def of_record(session: Session, asked: OfRecord) -> ColumnElement[bool]:
    """The condition on a row of Link that it is to a record that is meant."""
    if asked.wanted:
        found = records_named(session, asked)
        return col(Link.entity_id).in_(found) if found else false()
    kind = select(col(Entity.id)).where(
        col(Entity.id) == col(Link.entity_id),
        col(Entity.kind).in_(asked.kinds),
        *shown(crm_of(session)),
    )
    if asked.company:
        kind = kind.where(func.lower(col(Entity.company)) == asked.company.lower())
    return exists(kind)
