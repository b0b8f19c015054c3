"""Who may do what on an account: the one predicate that every verb goes through."""

from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, exists, select
from sqlmodel import Session, col

from tui_mail.db.tables import Account, Folder, Grant, Placement
from tui_mail.errors import NotAllowed
from tui_mail.i18n import _

Level = Literal["read", "triage", "send", "manage"]

_LEVELS: tuple[Level, ...] = ("read", "triage", "send", "manage")


def readable(operator_id: int) -> Select[int]:
    """The ids of the accounts whose mail the operator may read, for use as `IN (…)`."""
    return select(col(Grant.account_id)).where(col(Grant.operator_id) == operator_id)


def visible(
    operator_id: int, message_id: Any, account_id: int | None = None
) -> ColumnElement[bool]:
    """The condition that the operator may read the message of this id: it lies in a folder of an
    account that the operator has a grant on, and where one is given of that account."""
    placed = (
        select(col(Placement.id))
        .join(Folder, col(Folder.id) == col(Placement.folder_id))
        .where(
            col(Placement.message_id) == message_id,
            col(Folder.account_id).in_(readable(operator_id)),
        )
    )
    if account_id is not None:
        placed = placed.where(col(Folder.account_id) == account_id)
    return exists(placed)


def sendable(operator_id: int) -> Select[int]:
    """The ids of the accounts that the operator may send from, for use as `IN (…)`."""
    return readable(operator_id).where(col(Grant.level).in_(_LEVELS[_LEVELS.index("send") :]))


def triageable(operator_id: int) -> Select[int]:
    """The ids of the accounts on whose mail the operator may work, for use as `IN (…)`."""
    return readable(operator_id).where(col(Grant.level).in_(_LEVELS[_LEVELS.index("triage") :]))


def manageable(operator_id: int) -> Select[int]:
    """The ids of the accounts that the operator manages, for use as `IN (…)`."""
    return readable(operator_id).where(col(Grant.level) == "manage")


def require(session: Session, operator_id: int, account_id: int, level: Level) -> None:
    """Raise NotAllowed unless the operator has `level`, or more, on the account."""
    statement = (
        select(col(Grant.level), col(Account.email))
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(col(Grant.account_id) == account_id, col(Grant.operator_id) == operator_id)
    )
    found = session.execute(statement).one_or_none()
    if found is None:  # no name: that the account exists is not for everyone to know
        raise NotAllowed(
            _("You may not use this account: ask whoever manages it to give you the right.")
        )
    if _LEVELS.index(found.level) < _LEVELS.index(level):
        raise NotAllowed(
            _("You may not do this on {account}: ask whoever manages it for the right.").format(
                account=found.email
            )
        )
