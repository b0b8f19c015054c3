"""The rows of message lists: windows onto folders, and messages by their ids.

Hides how a list is read a window at a time by its key, so that its length does not matter.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from tui_mail.db.among import among_numbers
from tui_mail.db.care import care_for
from tui_mail.db.flags import tags_of
from tui_mail.db.folders import naturalness
from tui_mail.db.links import chips_for
from tui_mail.db.many import chunks
from tui_mail.db.orders import Pages, column, newest_first
from tui_mail.db.planning import planned_once
from tui_mail.db.rights import readable
from tui_mail.db.rows import BY_DATE, Care, Chip, ListOrder, ListRow, PageKey, Sort
from tui_mail.db.tables import Account, Conversation, Folder, Message, Placement
from tui_mail.db.unindexed import unindexed
from tui_mail.db.whole_threads import sums_and_care

_MESSAGE: tuple[Any, ...] = (
    col(Message.id).label("message_id"),
    col(Message.thread_id),
    col(Message.sender_name),
    col(Message.sender_address),
    col(Message.recipients),
    col(Message.subject),
    col(Message.outgoing),
    col(Message.attachment_count),
    col(Message.kind),
)
_PLACE: tuple[Any, ...] = (
    col(Placement.id).label("placement_id"),
    col(Placement.folder_id),
    col(Placement.seen),
    col(Placement.starred),
    col(Placement.answered),
    col(Placement.keywords),
)

_HOME: tuple[Any, ...] = (col(Folder.name).label("folder"), col(Account.email).label("account"))

_NOBODYS = Care()


def window(
    session: Session,
    operator_id: int,
    folder_id: int,
    *,
    before: PageKey | None = None,
    after: PageKey | None = None,
    start: PageKey | None = None,
    limit: int = 100,
    threads: bool = True,
    order: ListOrder = BY_DATE,
) -> list[ListRow]:
    """At most `limit` rows of a folder's list, from its top; nothing of a folder not readable.

    `before`: the rows further down than that key; `after`: the nearest ones further up; `start`:
    from that key on, itself included. `threads` False: a row a message, which is all that other
    orders than by date have.
    """
    pages = _listing(operator_id, folder_id, order, threads=threads)
    key = before or start or after
    with planned_once(session):
        rows = pages.page(session, key, limit, up=after is not None, with_key=start is not None)
        return _complete(session, operator_id, rows)


def end_window(
    session: Session,
    operator_id: int,
    folder_id: int,
    *,
    limit: int = 100,
    threads: bool = True,
    order: ListOrder = BY_DATE,
) -> list[ListRow]:
    """The last rows of a folder's list, in its order."""
    pages = _listing(operator_id, folder_id, order, threads=threads)
    with planned_once(session):
        return _complete(session, operator_id, pages.page(session, None, limit, up=True))


@lru_cache(maxsize=64)  # to say what is asked takes longer than to ask it
def _listing(operator_id: int, folder_id: int, order: ListOrder, *, threads: bool) -> Pages:
    at: Any
    identifier: Any
    by = None if order.sort is Sort.DATE else column(order.sort)
    if threads and by is None:
        at, identifier = col(Conversation.latest_at), col(Conversation.thread_id)
        statement = (
            select(at.label("at"), identifier.label("key_id"), *_MESSAGE, *_PLACE)
            .add_columns(
                col(Conversation.total).label("sum_total"),
                col(Conversation.unread).label("sum_unread"),
                col(Conversation.starred).label("sum_starred"),
            )
            .select_from(Conversation)
            .join(Placement, col(Placement.id) == col(Conversation.placement_id))
            .where(col(Conversation.folder_id) == folder_id)
        )
    else:
        at, identifier = col(Placement.received_at), col(Placement.id)
        statement = (
            select(at.label("at"), identifier.label("key_id"), *_MESSAGE, *_PLACE)
            .select_from(Placement)
            .where(col(Placement.folder_id) == folder_id, ~col(Placement.deleted))
        )
    if by is not None:
        statement = statement.add_columns(by.label("key_by"))
    statement = statement.join(Message, col(Message.id) == col(Placement.message_id))
    statement = statement.add_columns(*_once(folder_id)).where(_may_read(operator_id, folder_id))
    return Pages(statement, at, identifier, by, newest_first(order))


def _once(folder_id: int) -> tuple[ColumnElement[Any], ...]:
    """`_HOME` of one folder, which is looked up once for all rows."""
    here = col(Folder.id) == folder_id
    name = select(col(Folder.name)).where(here)
    email = select(col(Account.email)).join(Folder, col(Folder.account_id) == col(Account.id))
    names = name.scalar_subquery(), email.where(here).scalar_subquery()
    return tuple(one.label(home.name) for one, home in zip(names, _HOME, strict=True))


def _may_read(operator_id: int, folder_id: int) -> ColumnElement[bool]:
    own = col(Folder.id) == folder_id, col(Folder.account_id).in_(readable(operator_id))
    return select(col(Folder.id)).where(*own).exists()


def _complete(session: Session, operator_id: int, found: Sequence[Row[Any]]) -> list[ListRow]:
    """Rows of a folder with what stands beside them in other tables."""
    if not found or "sum_total" not in found[0]._fields:
        return _rows(session, found)
    in_thread, care = sums_and_care(session, operator_id, {row.thread_id for row in found})
    return _rows(session, found, care, in_thread)


def _rows(
    session: Session,
    found: Sequence[Row[Any]],
    care: Mapping[int, Care] | None = None,
    in_thread: Mapping[int, int] = MappingProxyType({}),
) -> list[ListRow]:
    """Rows with the records that their messages are linked to, and who cares for them, which is
    looked up unless it is given."""
    chips = chips_for(session, [row.message_id for row in found])
    if care is None:
        care = care_for(session, [row.thread_id for row in found])
    names = found[0]._fields if found else ()
    rows = []
    for row in found:
        one = dict(zip(names, row, strict=True))
        message_id, thread_id = one["message_id"], one["thread_id"]
        rows.append(
            _row(
                one,
                chips.get(message_id, ()),
                care.get(thread_id, _NOBODYS),
                in_thread.get(thread_id),
            )
        )
    return rows


def _row(
    found: Mapping[str, Any], chips: tuple[Chip, ...], care: Care, in_thread: int | None
) -> ListRow:
    unread = int(found.get("sum_unread", not found["seen"]))
    keywords = found["keywords"]
    return ListRow(
        key=PageKey(found["at"], found["key_id"], found.get("key_by")),
        thread_id=found["thread_id"],
        message_id=found["message_id"],
        placement_id=found["placement_id"],
        folder_id=found["folder_id"],
        folder=found["folder"],
        account=found["account"],
        sender_name=found["sender_name"],
        sender_address=found["sender_address"],
        recipients=found["recipients"],
        subject=found["subject"],
        received_at=found["at"],
        total=found.get("sum_total", 1),
        in_thread=found.get("sum_total", 0) if in_thread is None else in_thread,
        unread=unread,
        seen=not unread,
        starred=found.get("sum_starred", found["starred"]),
        answered=found["answered"],
        outgoing=found["outgoing"],
        attachments=found["attachment_count"],
        kind=found["kind"],
        tags=tags_of(keywords.split()) if keywords else (),
        chips=chips,
        care=care,
    )


def message_rows(
    session: Session,
    operator_id: int,
    message_ids: Iterable[int],
    *conditions: ColumnElement[bool] | Mapped[bool],
) -> list[ListRow]:
    """A row a message, in the order given, placed where a person would look for it.

    Messages that the operator may not read, or that no placement meets `conditions` of, are left
    out. The key is (received_at, position).
    """
    wanted = list(dict.fromkeys(message_ids))
    best: dict[int, Row[Any]] = {}
    statement = _placed(operator_id)
    if conditions:  # by the messages, however many rows the database believes those meet
        statement = statement.where(unindexed(and_(*conditions)))
    for part in chunks(wanted):
        for row in session.execute(statement, {"some": part}):
            best.setdefault(row.message_id, row)
    return _rows(session, [best[identifier] for identifier in wanted if identifier in best])


@lru_cache(maxsize=64)
def _placed(operator_id: int) -> Select[*tuple[Any, ...]]:
    return (
        select(col(Message.received_at).label("at"), col(Message.position).label("key_id"))
        .add_columns(*_MESSAGE, *_PLACE, *_HOME)
        .join(Placement, col(Placement.message_id) == col(Message.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(
            among_numbers(col(Message.id), "some"),
            # Lest PostgreSQL reads all that is unread.
            among_numbers(col(Placement.message_id), "some"),
            col(Folder.account_id).in_(readable(operator_id)),
            ~col(Placement.deleted),
        )
        .order_by(naturalness(), col(Placement.id))
    )
