"""The whole mail of a record, newest first, a window at a time; also of what it came from and led to.

Only what the operator may read is given; of the rest only how many there are.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, literal, or_, select
from sqlmodel import Session, col

from tui_mail.db.flags import tags_of
from tui_mail.db.links import chips_for
from tui_mail.db.positions import first_position
from tui_mail.db.rights import readable, visible
from tui_mail.db.rows import ALL_MAIL, ListRow, PageKey, TraceFilter
from tui_mail.db.tables import (
    Account,
    Address,
    Entity,
    EntityRelation,
    Folder,
    Link,
    Message,
    Placement,
)
from tui_mail.values import FolderRole, LinkState

# Of a message's copies the one is shown that a person would go to.
_ROLES = (
    FolderRole.INBOX,
    FolderRole.OTHER,
    FolderRole.SENT,
    FolderRole.ARCHIVE,
    FolderRole.ALL,
    FolderRole.FLAGGED,
    FolderRole.DRAFTS,
    FolderRole.JUNK,
    FolderRole.TRASH,
)


def trace(
    session: Session,
    operator_id: int,
    entity_id: int,
    *,
    only: TraceFilter = ALL_MAIL,
    chain: bool = False,
    before: PageKey | None = None,
    limit: int = 50,
) -> list[ListRow]:
    """The messages linked to a record, those refused left out; of a contact those too of its firm
    that were written from or to an address of the contact.

    `chain`: also to the documents that it came from and that came from it. `before`: the last row
    of the window before this one.
    """
    entities = chain_ids(session, entity_id) if chain else [entity_id]
    may_read = visible(operator_id, col(Link.message_id), only.account_id)
    which = _linked(session, entities, only)
    page = _page([*which.conditions, may_read], before, limit, distinct=which.repeats)
    ids = [row.message_id for row in session.execute(page)]
    return message_rows(session, operator_id, ids, only.account_id)


def unreadable(
    session: Session,
    operator_id: int,
    entity_id: int,
    *,
    only: TraceFilter = ALL_MAIL,
    chain: bool = False,
) -> int:
    """How many messages `trace` has to leave out because this operator may not read them.

    Every link of the record is looked at: ask for the rows first.
    """
    if only.account_id is not None:  # what lies in an account is all to be read, or not spoken of
        return 0
    entities = chain_ids(session, entity_id) if chain else [entity_id]
    which = _linked(session, entities, only)
    return _hidden(session, which.conditions, operator_id, distinct=which.repeats)


@dataclass(frozen=True, slots=True)
class _Linked:
    """What is asked of a link, except whether its message may be read. `repeats`: several links
    can be of the same message."""

    conditions: Sequence[ColumnElement[bool]]
    repeats: bool


def _linked(session: Session, entities: Sequence[int], only: TraceFilter) -> _Linked:
    of_person = _of_person(session, entities[0]) if len(entities) == 1 else None
    whose = col(Link.entity_id).in_(entities) if of_person is None else of_person
    not_refused = col(Link.state) != LinkState.REJECTED.value
    repeats = len(entities) > 1 or of_person is not None
    return _Linked([whose, not_refused, *_filtered(only)], repeats)


def _of_person(session: Session, entity_id: int) -> ColumnElement[bool] | None:
    """A link of a contact: its own, or its firm's to a message from or to one of its addresses.

    None for every other record, and for a contact that has no address.
    """
    firm = select(col(Entity.party_id)).where(
        col(Entity.id) == entity_id, col(Entity.kind) == "contact"
    )
    firm_id = session.scalar(firm)
    if firm_id is None:
        return None
    addresses = session.scalars(
        select(col(Address.email)).where(
            col(Address.party_id) == firm_id, col(Address.contact_id) == entity_id
        )
    ).all()
    if not addresses:
        return None
    recipients = literal(" ") + col(Message.recipient_addresses) + " "
    named = (recipients.contains(f" {one} ", autoescape=True) for one in addresses)
    written = exists().where(
        col(Message.id) == col(Link.message_id),
        or_(func.lower(col(Message.sender_address)).in_(addresses), *named),
    )
    link = col(Link.entity_id)
    return and_(link.in_((entity_id, firm_id)), or_(link == entity_id, written))


def _filtered(only: TraceFilter) -> Iterator[ColumnElement[bool]]:
    """The conditions of a filter, except that of the account, which is one of what may be read."""
    if only.since is not None:
        # The first ends the way down the index; a position is of the second received in or later.
        yield col(Link.position) >= first_position(only.since)
        yield col(Link.received_at) >= only.since
    if only.until is not None:
        yield col(Link.received_at) < only.until
    if only.outgoing is not None:
        yield col(Link.outgoing).is_(only.outgoing)
    if only.kinds:
        yield col(Link.kind).in_(only.kinds)


def _page(
    linked: Sequence[ColumnElement[bool]],
    before: PageKey | None,
    limit: int,
    *,
    distinct: bool,
) -> Select[*tuple[Any, ...]]:
    position, message = col(Link.position), col(Link.message_id)
    query = select(message, position).where(*linked).order_by(position.desc()).limit(limit)
    if before is not None:
        query = query.where(position < before.id)
    return query.distinct() if distinct else query


def _hidden(
    session: Session,
    linked: Sequence[ColumnElement[bool]],
    operator_id: int,
    *,
    distinct: bool,
) -> int:
    """Messages that lie in somebody's folders, but in none of the operator's."""
    closed = col(Account.id).not_in(readable(operator_id))
    if session.scalar(select(col(Account.id)).where(closed).limit(1)) is None:
        return 0  # as in most installations: nothing is read to count what cannot be
    open_folders = select(col(Folder.id)).where(col(Folder.account_id).in_(readable(operator_id)))
    # One value for each message, 1 where a copy may be read, None where there is none at all:
    # of two EXISTS PostgreSQL makes joins with all placements that there are.
    open_copy = (
        select(func.max(case((col(Placement.folder_id).in_(open_folders), 1), else_=0)))
        .where(col(Placement.message_id) == col(Link.message_id))
        .correlate(Link)
        .scalar_subquery()
    )
    message = col(Link.message_id)
    query: Select[*tuple[Any, ...]] = select(
        func.count(message.distinct() if distinct else message)
    ).where(*linked, open_copy == 0)
    return session.scalar(query) or 0


def chain_ids(session: Session, entity_id: int) -> list[int]:
    """The record, everything that it came out of, and everything that came out of it."""
    source, target = col(EntityRelation.source_id), col(EntityRelation.target_id)
    found = {entity_id}
    for one, other in ((source, target), (target, source)):
        steps = select(literal(entity_id).label("id")).cte("steps", recursive=True)
        steps = steps.union(select(other).join(steps, one == steps.c.id))
        found.update(row.id for row in session.execute(select(steps.c.id)))
    return sorted(found)


def message_rows(
    session: Session, operator_id: int, message_ids: Sequence[int], account_id: int | None = None
) -> list[ListRow]:
    """Messages as rows of a flat list, newest first, each once, in the folder where people look:
    of all accounts or of one.

    The key's id is the message's position.
    """
    best: dict[int, Row[*tuple[Any, ...]]] = {}
    query = _placed().where(
        col(Message.id).in_(message_ids), col(Folder.account_id).in_(readable(operator_id))
    )
    if account_id is not None:
        query = query.where(col(Folder.account_id) == account_id)
    for row in session.execute(query):
        there = best.get(row.message_id)
        if there is None or _preference(row) < _preference(there):
            best[row.message_id] = row
    chips = chips_for(session, best.keys())
    rows = [replace(_list_row(row), chips=chips.get(row.message_id, ())) for row in best.values()]
    return sorted(rows, key=lambda row: row.key.id, reverse=True)


def _placed() -> Select[*tuple[Any, ...]]:
    """Messages with each of their placements."""
    return (
        select(
            col(Message.id).label("message_id"),
            col(Message.position),
            col(Message.thread_id),
            col(Message.sender_name),
            col(Message.sender_address),
            col(Message.recipients),
            col(Message.subject),
            col(Message.received_at),
            col(Message.outgoing),
            col(Message.attachment_count).label("attachments"),
            col(Message.kind),
            col(Placement.id).label("placement_id"),
            col(Placement.seen),
            col(Placement.starred),
            col(Placement.answered),
            col(Placement.keywords),
            col(Placement.deleted),
            col(Folder.id).label("folder_id"),
            col(Folder.name).label("folder"),
            col(Folder.role),
            col(Account.email).label("account"),
        )
        .join(Placement, col(Placement.message_id) == col(Message.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Account, col(Account.id) == col(Folder.account_id))
    )


def _preference(row: Row[*tuple[Any, ...]]) -> tuple[bool, int, int]:
    return row.deleted, _ROLES.index(FolderRole(row.role)), row.placement_id


def _list_row(row: Row[*tuple[Any, ...]]) -> ListRow:
    columns = row._asdict()
    del columns["deleted"], columns["role"], columns["position"]
    return ListRow(
        key=PageKey(row.received_at, row.position),
        total=1,
        unread=int(not row.seen),
        tags=tags_of(columns.pop("keywords").split()),
        **columns,
    )
