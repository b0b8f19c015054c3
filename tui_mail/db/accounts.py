"""Operators and accounts: who there is, what they may use, how each account is doing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, case, delete, func, select, update
from sqlmodel import Session, col

from tui_mail.db import filing
from tui_mail.db.folders import LOCAL_ROLES, USUAL_NAMES
from tui_mail.db.many import execute_many, key_of
from tui_mail.db.purge import purge
from tui_mail.db.rights import manageable, readable, require
from tui_mail.db.rows import AccountSecret, AccountStatus
from tui_mail.db.saved_list import offer_searches
from tui_mail.db.tables import (
    Account,
    Company,
    Folder,
    Grant,
    Operation,
    Operator,
    Outgoing,
    Placement,
)
from tui_mail.db.topics import Topic, publish
from tui_mail.db.unindexed import unindexed
from tui_mail.errors import NotFound, WrongUse
from tui_mail.i18n import _
from tui_mail.values import FolderRole

_SHARED_LEVEL = "send"
_ON_ITS_WAY = ("held", "queued", "sending")


def operator_known(session: Session, login: str) -> int | None:
    """The operator of a login name, None when there is none yet."""
    return session.scalar(select(col(Operator.id)).where(col(Operator.login) == login))


def operator_for(session: Session, login: str, name: str = "", email: str = "") -> Operator:
    """The operator of a login name, made on first use with the right to all shared accounts."""
    found = session.scalars(select(Operator).where(col(Operator.login) == login)).one_or_none()
    if found is not None:
        return found
    operator = Operator(login=login, name=name, email=email.strip().lower())
    session.add(operator)
    session.flush()
    shared = session.scalars(select(col(Account.id)).where(col(Account.shared))).all()
    session.add_all(
        Grant(account_id=account_id, operator_id=key_of(operator.id), level=_SHARED_LEVEL)
        for account_id in shared
        if account_id is not None
    )
    offer_searches(session, key_of(operator.id))
    publish(session, Topic.ACCOUNTS)
    return operator


def add_account(session: Session, account: Account, operator_id: int) -> Account:
    """Keep a new account, managed by the operator; everyone may use it when it is shared.

    An account gets all its folders at once where no server has any (local, POP3), another its inbox.
    Raises WrongUse when the address has an account.
    """
    account.email = account.email.strip().lower()
    require_new(session, account.email)
    session.add(account)
    session.flush()
    account_id = key_of(account.id)
    session.add(Grant(account_id=account_id, operator_id=operator_id, level="manage"))
    if account.shared:
        others = session.scalars(select(col(Operator.id)).where(col(Operator.id) != operator_id))
        session.add_all(
            Grant(account_id=account_id, operator_id=other, level=_SHARED_LEVEL)
            for other in others
            if other is not None
        )
    # A server's other folders come with its first listing, which joins the inbox made here.
    roles = (FolderRole.INBOX,) if account.protocol == "imap" else LOCAL_ROLES
    session.add_all(
        Folder(account_id=account_id, name=USUAL_NAMES[role], role=role) for role in roles
    )
    session.flush()
    publish(session, Topic.ACCOUNTS, Topic.FOLDERS)
    return account


def require_new(session: Session, email: str) -> None:
    """Raise WrongUse when the address, in lower case, has an account."""
    taken = select(col(Account.id)).where(col(Account.email) == email)
    if session.scalar(taken) is not None:
        raise WrongUse(
            _("There is an account for {email} already: see tui-mail account list.").format(
                email=email
            )
        )


_EMPTYING = {
    "leave_for_ever": "leave_days",
    "keep_all_days": "keep_days",
    "keep_all_sizes": "keep_kib",
}


@dataclass(frozen=True, slots=True, repr=False)
class AccountChange:
    """What is to be another of an account; None: it stays. `secret` is sealed."""

    name: str | None = None
    signature: str | None = None
    host: str | None = None
    port: int | None = None
    tls: str | None = None
    smtp_host: str | None = None
    smtp_port: int | None = None
    smtp_tls: str | None = None
    ca_file: str | None = None
    user: str | None = None
    secret: bytes | None = None
    leave_days: int | None = None
    leave_for_ever: bool = False
    delete_there: bool | None = None
    sent_copies: str | None = None
    only_subscribed: bool | None = None
    rate: int | None = None
    schedule: str | None = None
    keep_days: int | None = None
    keep_all_days: bool = False
    keep_kib: int | None = None
    keep_all_sizes: bool = False

    @property
    def values(self) -> dict[str, Any]:
        """The columns that change."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        emptied = [column for flag, column in _EMPTYING.items() if found.pop(flag)]
        changed = {name: value for name, value in found.items() if value is not None}
        return {**changed, **dict.fromkeys(emptied)}

    def on(self, account: Account) -> Account:
        """The account as it will be, kept nowhere."""
        return Account(**{**account.model_dump(), **self.values})


def change_account(
    session: Session, operator_id: int, email: str, change: AccountChange
) -> Account:
    """Change an account's settings and nothing else of it; the operator must manage it."""
    account = account_by_email(session, email, operator_id)
    require(session, operator_id, key_of(account.id), "manage")
    if change.values:
        session.execute(
            update(Account).where(col(Account.id) == account.id).values(**change.values)
        )
        session.refresh(account)
    publish(session, Topic.ACCOUNTS)
    return account


def pause(
    session: Session, operator_id: int, account_ids: Collection[int] | None, *, paused: bool
) -> list[str]:
    """Leave mailboxes on servers alone, in every process, or no more; their addresses.

    None: of all accounts that the operator manages. Raises NotAllowed when one is not theirs to
    manage, and changes nothing then.
    """
    managed = set(session.scalars(manageable(operator_id)))
    for other in set(account_ids or ()) - managed:
        require(session, operator_id, other, "manage")  # it says which, and why not
    chosen = managed if account_ids is None else account_ids
    statement = (
        update(Account)
        .where(col(Account.id).in_(chosen), col(Account.host) != "")
        .values(paused=paused)
        .returning(col(Account.email))
        .execution_options(synchronize_session=False)
    )
    emails = sorted(session.scalars(statement))
    publish(session, Topic.ACCOUNTS)
    return emails


def remove_account(session: Session, operator_id: int, email: str) -> None:
    """Forget an account, its folders, and the mail that is in no other; the operator manages it."""
    account = account_by_email(session, email, operator_id)
    require(session, operator_id, key_of(account.id), "manage")
    folders = select(col(Folder.id)).where(col(Folder.account_id) == account.id)
    messages = session.scalars(
        select(col(Placement.message_id)).where(col(Placement.folder_id).in_(folders)).distinct()
    ).all()
    filing.note_account(session, key_of(account.id))
    session.execute(delete(Account).where(col(Account.id) == account.id))
    purge(session, messages)
    publish(session, Topic.ACCOUNTS, Topic.FOLDERS, Topic.MAIL, Topic.OUTBOX, Topic.DRAFTS)


def accounts(session: Session, operator_id: int) -> list[Account]:
    """The accounts that the operator may read, by address."""
    statement = select(Account).where(col(Account.id).in_(readable(operator_id)))
    return list(session.scalars(statement.order_by(col(Account.email))))


def all_accounts(session: Session) -> list[Account]:
    """Every account, for the worker, which serves all operators."""
    return list(session.scalars(select(Account).order_by(col(Account.email))))


def account_by_email(session: Session, email: str, operator_id: int | None) -> Account:
    """The account of an address; NotFound when there is none that the operator may read.

    `operator_id` None: the worker, which sees all of them.
    """
    statement = select(Account).where(col(Account.email) == email.strip().lower())
    if operator_id is not None:
        statement = statement.where(col(Account.id).in_(readable(operator_id)))
    found = session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound(
            _("There is no account {email}: see tui-mail account list.").format(email=email)
        )
    return found


def account_by_id(session: Session, account_id: int) -> Account:
    """An account, for the worker; NotFound when it has been removed."""
    found = session.get(Account, account_id)
    if found is None:
        raise NotFound(_("The account is not there any more."))
    return found


def set_secret(session: Session, operator_id: int, email: str, secret: bytes) -> None:
    """Keep an account's new sealed password, which is logged in with from now on, whatever was
    before; the operator must manage it."""
    account = account_by_email(session, email, operator_id)
    require(session, operator_id, key_of(account.id), "manage")
    account.secret = secret
    account.oauth_issuer = account.oauth_client = account.oauth_scope = ""
    account.signed_in_at = None
    session.add(account)
    session.flush()
    publish(session, Topic.ACCOUNTS)


def secrets(session: Session) -> list[AccountSecret]:
    """The sealed password of every account that has one, for whoever seals them anew."""
    statement = (
        select(col(Account.id), col(Account.email), col(Account.secret))
        .where(col(Account.secret).is_not(None))
        .order_by(col(Account.id))
    )
    return [AccountSecret(*row) for row in session.execute(statement)]


def replace_secrets(session: Session, changed: Sequence[tuple[AccountSecret, bytes]]) -> int:
    """Keep the same passwords in another seal; one that is another by now stays as it is."""
    replace = (
        update(Account)
        .where(col(Account.id) == bindparam("account"), col(Account.secret) == bindparam("old"))
        .values(secret=bindparam("new"))
    )
    rows = [{"account": row.id, "old": row.secret, "new": new} for row, new in changed]
    execute_many(session, replace, rows)
    return len(rows)


def own_addresses(session: Session) -> frozenset[str]:
    """The addresses that are ours: of accounts, operators and companies, in lower case."""
    found = {*session.scalars(select(col(Account.email)))}
    found.update(session.scalars(select(col(Operator.email)).where(col(Operator.email) != "")))
    for addresses in session.scalars(select(col(Company.addresses))):
        found.update(addresses.split())
    return frozenset(address.lower() for address in found)


def record_success(
    session: Session, account_id: int, now: datetime, *, sending: bool = False
) -> None:
    """Note that the account's mail is up to date, or with `sending` that its letters go out.

    For an account without a mailbox, sending is all that can go well.
    """
    values: dict[str, Any] = {"last_success": now, "last_error": "", "last_error_at": None}
    if sending:
        mailbox = case((col(Account.host) == "", now), else_=col(Account.last_success))
        values = {"last_success": mailbox, "sending_error": ""}
    session.execute(update(Account).where(col(Account.id) == account_id).values(values))
    publish(session, Topic.ACCOUNTS)


def record_failure(
    session: Session, account_id: int, message: str, now: datetime, *, sending: bool = False
) -> None:
    """Note what went wrong with the account's mailbox, or in `sending`: a sentence for people."""
    values: dict[str, Any] = {"last_error": message, "last_error_at": now}
    if sending:
        values = {"sending_error": message}
    session.execute(update(Account).where(col(Account.id) == account_id).values(values))
    publish(session, Topic.ACCOUNTS)


def statuses(session: Session, operator_id: int) -> list[AccountStatus]:
    """How each of the operator's accounts is doing, by address."""
    waiting = (
        select(func.count()).where(col(Operation.account_id) == col(Account.id)).scalar_subquery()
    )
    outgoing = (
        select(func.count())
        .where(
            unindexed(col(Outgoing.account_id)) == col(Account.id),
            col(Outgoing.state).in_(_ON_ITS_WAY),
        )
        .scalar_subquery()
    )
    statement = (
        select(
            col(Account.id),
            col(Account.email),
            col(Account.protocol),
            col(Account.shared),
            col(Account.last_success),
            col(Account.last_error),
            waiting,
            outgoing,
            col(Account.sending_error),
            col(Account.paused),
            col(Account.rate),
            col(Account.schedule),
            col(Account.keep_days),
            col(Account.keep_kib),
        )
        .where(col(Account.id).in_(readable(operator_id)))
        .order_by(col(Account.email))
    )
    return [AccountStatus(*row) for row in session.execute(statement)]
