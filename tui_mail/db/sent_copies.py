"""The copy of a sent letter in the folder of sent mail: one, whoever files it there.

Some servers file what they send (Gmail, Microsoft 365), with other header fields than ours, some
under another Message-ID. Hides which do, and how their copy is taken for ours, by the Message-ID
that we made up for it; the other one is learnt, since answers name only that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select, update
from sqlmodel import Session, col

from tui_mail.db import letter_names
from tui_mail.db.journeys import keep_key
from tui_mail.db.operations import settle
from tui_mail.db.outbox_states import QUEUED
from tui_mail.db.placements import renew_keys
from tui_mail.db.renumbering import STALE
from tui_mail.db.tables import Account, Folder, Message, Operation, Outgoing, Placement
from tui_mail.db.topics import Topic, publish
from tui_mail.db.unindexed import unindexed
from tui_mail.values import FolderRole, Identity, OperationResult, Verb


class SentCopies(StrEnum):
    """Who files the copies of what an account sends."""

    AUTO = "auto"
    SERVER = "server"
    HERE = "here"


PATIENCE = timedelta(minutes=15)
"""How long a server that files copies has to do so; then we do."""

_RECENT = timedelta(days=3)  # a server that files copies has done so by then
_FILING = (
    "smtp.gmail.com",
    "smtp.googlemail.com",
    "smtp.office365.com",
    "smtp-mail.outlook.com",
    "smtp-legacy.office365.com",
    "outlook.office365.com",
)


def server_files(account: Account) -> bool:
    """Whether the account's sending server files the copies: set, learnt, or known by its name."""
    if account.sent_copies != SentCopies.AUTO:
        return account.sent_copies == SentCopies.SERVER
    return account.files_sent_itself or account.smtp_host.lower() in _FILING


def learn(session: Session, account_id: int, *, server: bool) -> None:
    """The account's server has filed a copy itself, or has not done so in time."""
    session.execute(
        update(Account)
        .where(col(Account.id) == account_id, col(Account.files_sent_itself) != server)
        .values(files_sent_itself=server)
    )


def filed(session: Session, folder_id: int, message_id: str) -> int | None:
    """The message of a Message-ID that is in a folder, None when none is."""
    statement = (
        select(col(Message.id))
        .join(Placement, col(Placement.message_id) == col(Message.id))
        .where(col(Message.message_id) == message_id, col(Placement.folder_id) == folder_id)
        .order_by(col(Placement.id))
        .limit(1)
    )
    return session.scalar(statement)


def is_letter(session: Session, message_id: int) -> bool:
    """Whether a message is a letter of our own, which nobody else has given its Message-ID."""
    ours = exists().where(
        col(Outgoing.message_id) == col(Message.message_id), col(Message.id) == message_id
    )
    return bool(session.scalar(select(ours)))


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy that is here, or comes here by an APPEND: where a server has it, "" nowhere yet."""

    placement_id: int
    message_id: int
    remote: str
    append_id: int | None = None
    asked: bool = False


def are_awaited(session: Session, folder_id: int, now: datetime) -> bool:
    """Whether the folder is one of sent mail, and letters went lately whose copies it is to have."""
    folder = session.get(Folder, folder_id)
    if folder is None or folder.role != FolderRole.SENT:
        return False
    return bool(session.scalar(select(exists().where(*_lately(folder, now)))))


def take(
    session: Session, folder_id: int, told: Mapping[str, Identity], now: datetime
) -> list[int]:
    """Take messages that a server has in a folder of sent mail, and that are not here, for the
    copies of our letters: one takes the place of a copy that is only here; of one that we have
    filed as well, ours is deleted there. The messages of conversations that became one, because
    another name of a letter is known now.
    """
    folder = session.get(Folder, folder_id)
    if folder is None or folder.role != FolderRole.SENT:
        return []
    copies = _copies(session, folder, now)
    renamed: dict[str, int] = {}
    for key in sorted(told, key=lambda key: (len(key), key)):
        one = told[key]
        copy = copies.pop(one.message_id, None) or copies.pop(one.originally, None)
        if copy is None:
            continue
        if one.originally and one.message_id != one.originally:
            renamed[one.message_id] = copy.message_id
        if copy.remote.startswith(STALE):
            renew_keys(session, folder_id, {copy.remote: key})
            continue
        if copy.remote:
            _replace(session, folder, copy, key)
        else:
            keep_key(session, {copy.placement_id: key}, folder_id)
            if copy.append_id is not None:
                settle(session, (copy.append_id,), OperationResult({"": key}), now)
        if not copy.asked:  # else it may be ours, of which we died before noting it
            learn(session, folder.account_id, server=True)
        publish(session, Topic.MAIL)
    return letter_names.learn(session, renamed)


def _replace(session: Session, folder: Folder, copy: _Copy, key: str) -> None:
    """The server's copy stays, ours goes: it will file the next one, too."""
    session.add(
        Operation(
            account_id=folder.account_id,
            verb=str(Verb.DELETE),
            folder_id=folder.id,
            remote=copy.remote,
            message_id=copy.message_id,
        )
    )
    for table, own in ((Placement, Placement.id), (Operation, Operation.placement_id)):
        session.execute(
            update(table)
            .where(
                col(own) == copy.placement_id,
                col(table.folder_id) == folder.id,
                col(table.remote) == copy.remote,
            )
            .values(remote=key)
        )
    publish(session, Topic.OPERATIONS)


def _lately(folder: Folder, now: datetime) -> tuple[Any, ...]:
    account, recent = col(Outgoing.account_id), col(Outgoing.sent_at) >= now - _RECENT
    queued = col(Outgoing.state) == QUEUED
    return (
        or_(
            and_(account == folder.account_id, recent),
            and_(unindexed(account) == folder.account_id, queued),
        ),
    )


def _copies(session: Session, folder: Folder, now: datetime) -> dict[str, _Copy]:
    """The copies of the letters that went lately, by Message-ID."""
    placed: Select[*tuple[Any, ...]] = (
        select(
            col(Message.message_id),
            col(Placement.id),
            col(Message.id).label("message"),
            col(Placement.remote),
        )
        .select_from(Outgoing)
        .join(Message, col(Message.message_id) == col(Outgoing.message_id))
        .join(Placement, col(Placement.message_id) == col(Message.id))
        .where(*_lately(folder, now), unindexed(col(Placement.folder_id)) == folder.id)
        .order_by(col(Placement.id).desc())
    )
    found = {
        header: _Copy(placement, message, remote)
        for header, placement, message, remote in session.execute(placed)
    }
    coming: Select[*tuple[Any, ...]] = (
        select(
            col(Message.message_id),
            col(Operation.placement_id),
            col(Message.id).label("message"),
            col(Operation.id),
            col(Operation.attempts),
        )
        .select_from(Operation)
        .join(Message, col(Message.id) == col(Operation.message_id))
        .join(Outgoing, col(Outgoing.message_id) == col(Message.message_id))
        .where(
            *_lately(folder, now),
            col(Operation.account_id) == folder.account_id,
            col(Operation.verb) == str(Verb.APPEND),
            col(Operation.target_id) == folder.id,
        )
    )
    for header, placement, message, append, attempts in session.execute(coming):
        if placement is not None:
            found[header] = _Copy(placement, message, "", append, attempts > 0)
    return found
