"""Which files need not be here, since their servers have them and their accounts wish it so.

A blob may go when every attachment that it is may go, and an attachment when its message is on
servers of such accounts and nowhere else, and nothing else needs it. A row is marked before its file
goes; which files then go is asked once more in the transaction in which they do. All is done by
windows of blobs, by name, so that no transaction goes through all of them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from tui_mail.db.folders import NO_MORE
from tui_mail.db.many import chunks
from tui_mail.db.outbox_states import CANCELLED, SENT
from tui_mail.db.renumbering import STALE
from tui_mail.db.tables import (
    Account,
    Attachment,
    Blob,
    Draft,
    Folder,
    Link,
    Message,
    Operation,
    Outgoing,
    Placement,
    TextWaiting,
)
from tui_mail.values import LinkState, Verb

# A signature is over all of a message: it could not be proved without the rest.
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_PIECE = "message/partial"


@dataclass(frozen=True, slots=True)
class Policy:
    """What an account lets go: all files of mail received before `before`, and those of more than
    `above` bytes; None: nothing by that."""

    account_id: int
    before: datetime | None
    above: int | None


@dataclass(frozen=True, slots=True)
class AwayBlob:
    """A blob that need not be here, and the size of what it holds in bytes."""

    name: str
    size: int


def wishes(session: Session) -> list[tuple[int, int | None, int | None]]:
    """What accounts let go: their ids, the days and the KiB that they keep; for one at least."""
    rows = session.execute(
        select(col(Account.id), col(Account.keep_days), col(Account.keep_kib))
        .where(
            col(Account.protocol) == "imap",
            col(Account.host) != "",
            or_(col(Account.keep_days).is_not(None), col(Account.keep_kib).is_not(None)),
        )
        .order_by(col(Account.id))
    )
    return [(identifier or 0, days, kib) for identifier, days, kib in rows]


def policies(session: Session, now: datetime) -> list[Policy]:
    """Those of the accounts that let something go."""
    return [
        Policy(
            identifier,
            None if days is None else now - timedelta(days=days),
            None if kib is None else kib << 10,
        )
        for identifier, days, kib in wishes(session)
    ]


# -- what may go -----------------------------------------------------------------------------------


def blobs_after(session: Session, name: str, limit: int) -> list[str]:
    """The next blobs by name that are here and needed."""
    query = select(col(Blob.id)).where(col(Blob.id) > name, ~col(Blob.away))
    query = query.where(col(Blob.references) > 0)
    return list(session.scalars(query.order_by(col(Blob.id)).limit(limit)))


def away_after(session: Session, name: str, limit: int) -> list[AwayBlob]:
    """The next blobs by name that need not be here."""
    query = select(col(Blob.id), col(Blob.size)).where(col(Blob.away), col(Blob.id) > name)
    rows = session.execute(query.order_by(col(Blob.id)).limit(limit))
    return [AwayBlob(*row) for row in rows]


def still_away(session: Session, names: Collection[str]) -> list[str]:
    """Those of the blobs that are marked as away."""
    found: list[str] = []
    for some in chunks(names):
        query = select(col(Blob.id)).where(col(Blob.id).in_(some), col(Blob.away))
        found += session.scalars(query)
    return found


def may_go(
    session: Session, names: Collection[str], found: Sequence[Policy], now: datetime
) -> list[str]:
    """Those of the blobs that need not be here. `found`: of all accounts, as `policies` gives."""
    if not found:
        return []
    going: list[str] = []
    for some in chunks(names):
        query = select(col(Blob.id)).where(
            col(Blob.id).in_(some),
            col(Blob.references) > 0,
            or_(col(Blob.kept_until).is_(None), col(Blob.kept_until) <= now),
            ~_stays(found),
        )
        going += session.scalars(query)
    return going


def mark_away(
    session: Session, names: Collection[str], found: Sequence[Policy], now: datetime
) -> int:
    """Note that those of the blobs need not be here any more of which that is still so; how many."""
    going = may_go(session, names, found, now)
    for some in chunks(going):
        session.execute(update(Blob).where(col(Blob.id).in_(some)).values(away=True))
    return len(going)


def mark_here(session: Session, names: Collection[str], until: datetime | None = None) -> None:
    """Note that files are here, and with `until` that they stay for so long."""
    values: dict[str, Any] = {"away": False}
    if until is not None:
        values["kept_until"] = until
    for some in chunks(names):
        session.execute(update(Blob).where(col(Blob.id).in_(some)).values(**values))


def _stays(found: Sequence[Policy]) -> ColumnElement[bool]:
    """Whether an attachment that is the blob has to be here."""
    beside = aliased(Attachment)
    signed = exists().where(
        col(beside.message_id) == col(Attachment.message_id),
        col(beside.media_type).in_(_SIGNATURES),
    )
    placed = exists().where(col(Placement.message_id) == col(Attachment.message_id))
    attachment = (
        select(col(Attachment.id))
        .join(Message, col(Message.id) == col(Attachment.message_id))
        .where(
            col(Attachment.blob) == col(Blob.id),
            or_(
                ~placed,
                _placed_where(~and_(is_keyed(), ~col(Placement.draft), _lets_go(found))),
                is_confirmed(col(Attachment.message_id)),
                col(Attachment.media_type) == _PIECE,
                signed,
                col(Attachment.message_id).in_(_of_operations()),
                col(Attachment.message_id).in_(_of_letters()),
                exists().where(col(TextWaiting.message_id) == col(Attachment.message_id)),
            ),
        )
        .correlate(Blob)
    )
    return exists(attachment)


def _placed_where(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a placement of the attachment's message is such."""
    placement = (
        select(col(Placement.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .where(col(Placement.message_id) == col(Attachment.message_id), condition)
        .correlate(Attachment, Message)
    )
    return exists(placement)


def is_keyed() -> ColumnElement[bool]:
    """Whether a server has the placement, in a folder that it has, too."""
    return and_(
        col(Placement.remote) != "",
        ~col(Placement.remote).startswith(STALE, autoescape=True),
        col(Folder.remote) != "",
        ~col(Folder.remote).startswith(NO_MORE, autoescape=True),
        ~col(Folder.gone),
    )


def _lets_go(found: Sequence[Policy]) -> ColumnElement[bool]:
    """Whether the folder's account wishes that the attachment be with its server only."""
    return or_(
        false(), *(and_(col(Folder.account_id) == one.account_id, _by(one)) for one in found)
    )


def _by(policy: Policy) -> ColumnElement[bool]:
    ways: list[ColumnElement[bool]] = []
    if policy.before is not None:
        ways.append(col(Message.received_at) < policy.before)
    if policy.above is not None:
        ways.append(col(Attachment.size) > policy.above)
    return or_(false(), *ways)


def is_confirmed(message_id: Any) -> ColumnElement[bool]:
    """Whether a person linked the message to a record: it stays when its server deletes it."""
    return exists().where(
        col(Link.message_id) == message_id, col(Link.state) == str(LinkState.CONFIRMED)
    )


def _of_operations(*verbs: Verb) -> Any:
    """Messages that a server is still to be told something of."""
    query = select(col(Operation.message_id)).where(col(Operation.message_id).is_not(None))
    return query.where(col(Operation.verb).in_(map(str, verbs))) if verbs else query


def _of_letters() -> Any:
    """Messages that somebody is answering, or that a letter on its way answers."""
    drafts = select(col(Draft.in_reply_to_id)).where(col(Draft.in_reply_to_id).is_not(None))
    letters = select(col(Outgoing.in_reply_to_id)).where(
        col(Outgoing.in_reply_to_id).is_not(None),
        col(Outgoing.state).not_in((SENT, CANCELLED)),
    )
    return drafts.union_all(letters)


# -- what has to come back -------------------------------------------------------------------------


def missed(session: Session, names: Collection[str], found: Sequence[Policy]) -> list[int]:
    """Messages whose files are among these blobs, and are to be here: an account or a folder of
    this place alone wants them, or a record, the search, or a server that is to get them."""
    missing: set[int] = set()
    local = and_(col(Folder.remote) == "", col(Placement.message_id).not_in(_of_operations()))
    for some in chunks(names):
        holding = select(col(Attachment.message_id)).where(col(Attachment.blob).in_(some))
        ids = sorted(set(session.scalars(holding)))
        placed = (
            select(col(Placement.message_id))
            .join(Folder, col(Folder.id) == col(Placement.folder_id))
            .join(Message, col(Message.id) == col(Placement.message_id))
            .join(Attachment, col(Attachment.message_id) == col(Message.id))
            .where(col(Attachment.blob).in_(some), or_(~_lets_go(found), local))
        )
        for part in chunks(ids):
            confirmed = select(col(Link.message_id)).where(
                col(Link.message_id).in_(part), col(Link.state) == str(LinkState.CONFIRMED)
            )
            waiting = select(col(TextWaiting.message_id)).where(
                col(TextWaiting.message_id).in_(part)
            )
            here = placed.where(col(Placement.message_id).in_(part)).distinct()
            for query in (here, confirmed, waiting):
                missing.update(session.scalars(query))
        missing |= set(session.scalars(_of_operations(Verb.APPEND))) & set(ids)
    return sorted(missing)
