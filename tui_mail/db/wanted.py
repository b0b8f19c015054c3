"""Messages whose files are with their servers only and are to come back: asked for, had, or not.

A wish stays until the files are here, whoever serves the account then. Hides where a message can be
had from: under the key of any placement, or of an operation that its server has yet to be told.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tui_mail.db.folders import NO_MORE
from tui_mail.db.keeping import is_confirmed, is_keyed, mark_here
from tui_mail.db.many import chunks, execute_many
from tui_mail.db.renumbering import STALE
from tui_mail.db.rights import visible
from tui_mail.db.tables import (
    Account,
    Attachment,
    Blob,
    Folder,
    Operation,
    Placement,
    WantedMessage,
)
from tui_mail.db.topics import Topic, publish
from tui_mail.values import Verb

STAYS = timedelta(days=30)
"""How long what somebody opened stays here."""
_AGAIN = timedelta(minutes=1)
_HELD = timedelta(minutes=5)
_LOOKED_AT = 3000  # wishes, of all accounts


@dataclass(frozen=True, slots=True, order=True)
class Copy:
    """Where a server has a message: `folder` and `key` as its store calls them."""

    message_id: int
    account_id: int
    folder: str
    key: str


@dataclass(frozen=True, slots=True)
class Keeper:
    """An account whose server has a message, as far as it matters to whoever waits for files."""

    account_id: int
    email: str
    paused: bool
    rate: int
    schedule: str
    error: str


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Of a message: whether files of it are away, which servers have it, and what became of asking.

    `missing`: a server said that it has it no more.
    """

    away: bool = False
    keepers: tuple[Keeper, ...] = ()
    error: str = ""
    missing: bool = field(default=False)


def away_files(session: Session, message_id: int) -> dict[str, str]:
    """The files of a message that are away: blobs by the hash of what they hold."""
    query = (
        select(col(Attachment.sha256), col(Attachment.blob))
        .join(Blob, col(Blob.id) == col(Attachment.blob))
        .where(col(Attachment.message_id) == message_id, col(Blob.away))
    )
    return {sha256: blob for sha256, blob in session.execute(query)}  # noqa: C416 — of rows


def with_away_files(session: Session, message_ids: Collection[int]) -> list[int]:
    """Those of the messages that have files that are away, in their order."""
    found: set[int] = set()
    for some in chunks(message_ids):
        query = select(col(Attachment.message_id)).join(Blob, col(Blob.id) == col(Attachment.blob))
        found.update(
            session.scalars(query.where(col(Attachment.message_id).in_(some), col(Blob.away)))
        )
    return [one for one in message_ids if one in found]


def to_be_had(session: Session, message_ids: Collection[int]) -> list[int]:
    """Those of them whose servers have the files, as far as is known."""
    away = with_away_files(session, message_ids)
    there = {one.message_id for one in copies(session, away)}
    for some in chunks(sorted(there)):
        denied = select(col(WantedMessage.message_id)).where(
            col(WantedMessage.message_id).in_(some), col(WantedMessage.missing)
        )
        there -= set(session.scalars(denied))
    return [one for one in away if one in there]


def is_away(session: Session, blob: str) -> bool:
    """Whether a file need not be here."""
    return session.scalar(select(col(Blob.away)).where(col(Blob.id) == blob)) is True


def count_away(session: Session) -> int:
    """How many files need not be here."""
    return session.scalar(select(func.count()).select_from(Blob).where(col(Blob.away))) or 0


# -- asking ----------------------------------------------------------------------------------------


def ask(session: Session, operator_id: int, message_ids: Collection[int], now: datetime) -> None:
    """Somebody waits for the files of those messages that they may read: at once, whatever became
    of asking before."""
    for some in chunks(with_away_files(session, message_ids)):
        seen = select(col(Attachment.message_id)).distinct()
        seen = seen.where(
            col(Attachment.message_id).in_(some), visible(operator_id, col(Attachment.message_id))
        )
        _insert(session, session.scalars(seen).all(), now, by_hand=True)
    publish(session, Topic.FILES)


def want(session: Session, message_ids: Collection[int], now: datetime) -> None:
    """Files of the messages are to come back, when those are here for which somebody waits."""
    away = with_away_files(session, message_ids)
    if away:
        _insert(session, away, now, by_hand=False)
        publish(session, Topic.FILES)


def _insert(session: Session, message_ids: Sequence[int], now: datetime, *, by_hand: bool) -> None:
    make = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = {"at": now, "by_hand": by_hand, "error": "", "next_try": None, "missing": False}
    statement = make(WantedMessage)
    if by_hand:
        statement = statement.on_conflict_do_update(index_elements=["message_id"], set_=fresh)
    else:
        statement = statement.on_conflict_do_nothing()
    execute_many(session, statement, [{"message_id": one, **fresh} for one in message_ids])


def count_wanted(session: Session) -> int:
    """How many messages' files are to come back, and can."""
    query = select(func.count()).select_from(WantedMessage).where(~col(WantedMessage.missing))
    return session.scalar(query) or 0


def whereabouts(session: Session, message_id: int) -> Whereabouts:
    """Where the files of a message are."""
    if not away_files(session, message_id):
        return Whereabouts()
    row = session.execute(
        select(col(WantedMessage.error), col(WantedMessage.missing)).where(
            col(WantedMessage.message_id) == message_id
        )
    ).one_or_none()
    ids = {one.account_id for one in copies(session, [message_id])}
    accounts = session.execute(
        select(
            col(Account.id),
            col(Account.email),
            col(Account.paused),
            col(Account.rate),
            col(Account.schedule),
            col(Account.last_error),
        )
        .where(col(Account.id).in_(ids))
        .order_by(col(Account.email))
    )
    keepers = tuple(Keeper(*one) for one in accounts)
    error, missing = ("", False) if row is None else (row.error, row.missing)
    return Whereabouts(True, keepers, error, missing)


# -- having ----------------------------------------------------------------------------------------


def copies(
    session: Session, message_ids: Collection[int], account_id: int | None = None
) -> list[Copy]:
    """Where servers have the messages; `account_id`: only that account's."""
    found: set[Copy] = set()
    for some in chunks(message_ids):
        for query in (_placed(), _leaving()):
            statement = query.where(query.selected_columns[0].in_(some))
            if account_id is not None:
                statement = statement.where(col(Folder.account_id) == account_id)
            found.update(Copy(*row) for row in session.execute(statement))
    return sorted(found)


def _placed() -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(Placement.message_id),
            col(Folder.account_id),
            col(Folder.remote),
            col(Placement.remote),
        )
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(is_keyed(), col(Account.protocol) == "imap")
    )


def _leaving() -> Select[*tuple[Any, ...]]:
    """What a server has under a key that only an operation knows."""
    return (
        select(
            col(Operation.message_id),
            col(Folder.account_id),
            col(Folder.remote),
            col(Operation.remote),
        )
        .join(Folder, col(Folder.id) == col(Operation.folder_id))
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(
            col(Operation.remote) != "",
            ~col(Operation.remote).startswith(STALE, autoescape=True),
            col(Folder.remote) != "",
            ~col(Folder.remote).startswith(NO_MORE, autoescape=True),
            col(Account.protocol) == "imap",
        )
    )


def wanted_of(session: Session, account_id: int, now: datetime, limit: int) -> list[Copy]:
    """What an account's server is to be asked for now: what somebody waits for first."""
    wishes = (
        select(col(WantedMessage.message_id))
        .where(
            ~col(WantedMessage.missing),
            or_(col(WantedMessage.next_try).is_(None), col(WantedMessage.next_try) <= now),
        )
        .order_by(col(WantedMessage.by_hand).desc(), col(WantedMessage.at))
        .limit(_LOOKED_AT)
    )
    ids = list(session.scalars(wishes))
    places = {message_id: place for place, message_id in enumerate(ids)}
    found = sorted(copies(session, ids, account_id), key=lambda one: places[one.message_id])
    return found[:limit]


def next_try(session: Session, now: datetime) -> datetime | None:
    """When something that was not had may be asked for again, None when there is nothing."""
    statement = select(func.min(col(WantedMessage.next_try))).where(
        col(WantedMessage.next_try) > now, ~col(WantedMessage.missing)
    )
    return session.scalar(statement)


def came_back(session: Session, message_id: int, blobs: Collection[str], now: datetime) -> bool:
    """Files of a message are in the store again; whether all of it is."""
    wish = select(col(WantedMessage.by_hand)).where(col(WantedMessage.message_id) == message_id)
    by_hand = session.scalar(wish)
    mark_here(session, blobs, now + STAYS if by_hand else None)
    if away_files(session, message_id):
        return False
    session.execute(delete(WantedMessage).where(col(WantedMessage.message_id) == message_id))
    release = update(Operation).where(
        col(Operation.message_id) == message_id, col(Operation.next_try).is_not(None)
    )
    session.execute(
        release.where(col(Operation.error) == "")
        .values(next_try=None)
        .execution_options(synchronize_session=False)
    )
    publish(session, Topic.FILES, Topic.OPERATIONS)
    return True


def not_had(
    session: Session, message_id: int, error: str, now: datetime, *, missing: bool = False
) -> None:
    """A server did not give a message; `missing`: none has it any more."""
    values: Mapping[str, Any] = {
        "error": error, "missing": missing, "next_try": now + _AGAIN,
    }  # fmt: skip
    statement = update(WantedMessage).where(col(WantedMessage.message_id) == message_id)
    session.execute(statement.values(**values))
    publish(session, Topic.FILES)


# -- what waits for them ---------------------------------------------------------------------------


def waiting_operations(session: Session, ids: Collection[int]) -> dict[int, int]:
    """Those of the operations that must wait for files, with their messages: what a server is to
    get cannot be sent, and what stays here must not be deleted there, before they are here."""
    only_here = (
        select(col(Placement.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .join(Account, col(Account.id) == col(Folder.account_id))
        .where(
            col(Placement.message_id) == col(Operation.message_id),
            or_(~is_keyed(), col(Account.protocol) != "imap"),
        )
        .correlate(Operation)
    )
    away = (
        select(col(Attachment.id))
        .join(Blob, col(Blob.id) == col(Attachment.blob))
        .where(col(Attachment.message_id) == col(Operation.message_id), col(Blob.away))
        .correlate(Operation)
    )
    found: dict[int, int] = {}
    for some in chunks(ids):
        query = select(col(Operation.id), col(Operation.message_id)).where(
            col(Operation.id).in_(some),
            or_(
                col(Operation.verb) == str(Verb.APPEND),
                (col(Operation.verb) == str(Verb.DELETE))
                & or_(exists(only_here), is_confirmed(col(Operation.message_id))),
            ),
            exists(away),
        )
        found |= {key or 0: message_id or 0 for key, message_id in session.execute(query)}
    known = set(to_be_had(session, sorted(set(found.values()))))
    return {key: message_id for key, message_id in found.items() if message_id in known}


def hold_back(session: Session, waiting: Mapping[int, int], now: datetime) -> None:
    """Put operations off until the files of their messages are here, and want those."""
    for some in chunks(waiting):
        session.execute(
            update(Operation)
            .where(col(Operation.id).in_(some))
            .values(next_try=now + _HELD)
            .execution_options(synchronize_session=False)
        )
    want(session, set(waiting.values()), now)
    publish(session, Topic.OPERATIONS)
