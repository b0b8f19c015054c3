"""Who works on which account: turns taken, renewed and given back, and the fence around writes.

Each taking counts the account's token up, and a write made for an account is kept only while its
token is the newest (https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html).
Where turns end by time, it is the database's clock that counts, no host's. Hides the row locks.
"""

import os
import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from tui_mail.db.accounts import statuses
from tui_mail.db.rows import AccountStatus
from tui_mail.db.tables import Account, Turn
from tui_mail.db.topics import Topic, publish
from tui_mail.errors import TurnLost
from tui_mail.i18n import _


@dataclass(frozen=True, slots=True)
class Holder:
    """A process, by its host and number."""

    host: str
    process: int


@dataclass(frozen=True, slots=True)
class HeldTurn:
    """Who works on an account now, and since when."""

    holder: Holder
    since: datetime


@dataclass(frozen=True, slots=True)
class Fence:
    """Called with a session: whether the turn that was given with `token` is still the newest.

    Raises TurnLost. Until the transaction ends nobody takes the turn over; renewing it goes on.
    """

    account_id: int
    token: int

    def __call__(self, session: Session) -> None:
        statement = (
            select(col(Turn.token))
            .where(col(Turn.account_id) == self.account_id, col(Turn.token) == self.token)
            .with_for_update(read=True, key_share=True)
        )
        if session.scalar(statement) is None:
            raise lost()


@dataclass(frozen=True, slots=True)
class Round:
    """Of the turns asked for: which are ours for longer, and which are ours now, by account."""

    renewed: frozenset[int]
    taken: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Served:
    """How an account is doing, and who works on it; None: nobody."""

    status: AccountStatus
    turn: HeldTurn | None


def this_process() -> Holder:
    """Who we are, for others to read."""
    return Holder(socket.gethostname(), os.getpid())


def lost() -> TurnLost:
    """The error of who writes after another has taken the turn."""
    return TurnLost(_("Another process works on this account now: nothing was written here."))


def seize(session: Session, account_id: int, holder: Holder) -> int:
    """Take the turn from whoever had it; the token. For who holds the account's lock file.

    Raises TurnLost when the account is gone.
    """
    _prepare(session, [account_id])
    taken = _take(session, [account_id], holder, datetime.now(UTC), None)
    if account_id not in taken:
        raise lost()
    return taken[account_id]


def go_round(
    session: Session,
    held: Mapping[int, int],
    wanted: Collection[int],
    holder: Holder,
    lasting: timedelta,
) -> Round:
    """Renew the turns `held` (token by account), and take those of `wanted` that are free."""
    now = func.clock_timestamp()
    renewed: frozenset[int] = frozenset()
    if held:
        statement = (
            update(Turn)
            .where(tuple_(col(Turn.account_id), col(Turn.token)).in_(list(held.items())))
            .values(until=now + lasting)
            .returning(col(Turn.account_id))
            .execution_options(synchronize_session=False)
        )
        renewed = frozenset(session.scalars(statement))
    taken: Mapping[int, int] = {}
    if wanted:
        _prepare(session, wanted)
        free = (
            select(col(Turn.account_id))
            .where(
                col(Turn.account_id).in_(wanted),
                or_(col(Turn.until).is_(None), col(Turn.until) < now),
            )
            .with_for_update(skip_locked=True)  # who writes under a fence still has it
        )
        found = session.scalars(free).all()
        taken = _take(session, found, holder, now, now + lasting) if found else {}
    return Round(renewed, taken)


def give_back(session: Session, account_id: int, token: int) -> None:
    """Nobody has the turn any more, if it is still the one of `token`."""
    statement = (
        update(Turn)
        .where(col(Turn.account_id) == account_id, col(Turn.token) == token)
        .values(host="", process=0, since=None, until=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)
    publish(session, Topic.ACCOUNTS)


def holders(session: Session, account_ids: Collection[int]) -> dict[int, HeldTurn]:
    """Who works on each of these accounts now; one where nobody does is left out."""
    statement = select(
        col(Turn.account_id), col(Turn.host), col(Turn.process), col(Turn.since)
    ).where(col(Turn.account_id).in_(account_ids), col(Turn.process) != 0)
    if session.get_bind().dialect.name != "sqlite":
        statement = statement.where(col(Turn.until) > func.clock_timestamp())
    found = {
        account_id: HeldTurn(Holder(host, process), since)
        for account_id, host, process, since in session.execute(statement)
    }
    return {key: turn for key, turn in found.items() if not is_known_dead(turn.holder)}


def served(session: Session, operator_id: int) -> list[Served]:
    """The operator's accounts by address."""
    found = statuses(session, operator_id)
    held = holders(session, [one.account_id for one in found])
    return [Served(one, held.get(one.account_id)) for one in found]


def is_known_dead(holder: Holder) -> bool:
    """A process of this host that is not there any more; of another host nothing is known."""
    if holder.host != socket.gethostname():
        return False
    try:
        os.kill(holder.process, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):  # another user's, or none that we could have written
        return False
    return False


def _prepare(session: Session, account_ids: Collection[int]) -> None:
    """A row for each account that is there and has none yet."""
    missing = (
        select(col(Account.id), literal(0), literal(""), literal(0))
        .outerjoin(Turn, col(Turn.account_id) == col(Account.id))
        .where(col(Account.id).in_(account_ids), col(Turn.account_id).is_(None))
    )
    if session.execute(missing.limit(1)).first() is not None:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        row = sqlite.insert(Turn) if is_sqlite else postgresql.insert(Turn)
        names = ["account_id", "token", "host", "process"]
        session.execute(row.from_select(names, missing).on_conflict_do_nothing())


def _take(
    session: Session,
    account_ids: Collection[int],
    holder: Holder,
    since: Any,
    until: Any,
) -> dict[int, int]:
    """`since`, `until`: values or expressions. The new tokens by account."""
    statement = (
        update(Turn)
        .where(col(Turn.account_id).in_(account_ids))
        .values(
            token=col(Turn.token) + 1,
            host=holder.host,
            process=holder.process,
            since=since,
            until=until,
        )
        .returning(col(Turn.account_id), col(Turn.token))
        .execution_options(synchronize_session=False)
    )
    taken = session.execute(statement).all()
    publish(session, Topic.ACCOUNTS)
    return {account_id: token for account_id, token in taken}  # noqa: C416 — of rows, no pairs
