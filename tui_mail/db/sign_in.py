"""What accounts are signed in with at their providers, and whose turn it is to renew it.

Hides the claim: in one short transaction a worker takes the right to ask the provider, so that of
any number of workers on any number of hosts one alone does, and no key press waits for its answer.
A claim runs out by the database's clock, for those that were killed with it in hand.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, update
from sqlmodel import Session, col

from tui_mail.db.accounts import account_by_email, account_by_id
from tui_mail.db.many import key_of
from tui_mail.db.rights import require
from tui_mail.db.tables import Account
from tui_mail.db.topics import Topic, publish

Reseal = Callable[[bytes | None], bytes | None]
"""Told the sealed secret that is there, gives the one to be kept in its place; None: it stays."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """How an account is signed in to."""

    issuer: str
    client_id: str
    scope: str


def claim_token(session: Session, account_id: int, name: str, seconds: float) -> bool:
    """Take the right to renew the account's tokens for so long; False while another has it."""
    account = account_by_id(session, account_id)
    now = _now(session)
    until = account.token_claimed_until
    if account.token_claim and account.token_claim != name and until is not None and until > now:
        return False
    _claim(session, account_id, name, now + timedelta(seconds=seconds))
    return True


def release_token(session: Session, account_id: int, name: str) -> None:
    """Give the right back, if it is still had."""
    if account_by_id(session, account_id).token_claim == name:
        _claim(session, account_id, "", None)


def renew_secret(session: Session, account_id: int, reseal: Reseal) -> None:
    """Let `reseal` decide, on what is there in this very transaction, what is kept.

    Nothing is published: to nobody who looks at accounts is anything another.
    """
    fresh = reseal(account_by_id(session, account_id).secret)
    if fresh is not None:
        session.execute(update(Account).where(col(Account.id) == account_id).values(secret=fresh))


def sign_in(
    session: Session,
    operator_id: int,
    email: str,
    settings: ProviderSettings,
    reseal: Reseal,
) -> None:
    """Keep what a person signed in with; the operator must manage the account."""
    account = account_by_email(session, email, operator_id)
    require(session, operator_id, key_of(account.id), "manage")
    session.execute(
        update(Account)
        .where(col(Account.id) == account.id)
        .values(
            secret=reseal(account.secret),
            oauth_issuer=settings.issuer,
            oauth_client=settings.client_id,
            oauth_scope=settings.scope,
            signed_in_at=_now(session),
            token_claim="",
            token_claimed_until=None,
        )
    )
    publish(session, Topic.ACCOUNTS)


def _claim(session: Session, account_id: int, name: str, until: datetime | None) -> None:
    session.execute(
        update(Account)
        .where(col(Account.id) == account_id)
        .values(token_claim=name, token_claimed_until=until)
    )


def _now(session: Session) -> datetime:
    """The time that everyone who shares the database agrees on."""
    if session.get_bind().dialect.name != "postgresql":
        return datetime.now(UTC)  # SQLite's users are on one host
    told = session.scalar(select(func.clock_timestamp()))
    assert isinstance(told, datetime)
    return told
