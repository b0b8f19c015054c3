"""Turns and the fence around writes, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session

from tui_mail.db import accounts, turns
from tui_mail.db.engine import Database
from tui_mail.db.guard import guarded
from tui_mail.db.many import key_of
from tui_mail.db.tables import Account
from tui_mail.db.turns import Fence, Holder
from tui_mail.errors import TurnLost

_HERE = turns.this_process()
_THERE = Holder("mail2.rossi.it", 17)
_LASTING = timedelta(minutes=5)
_OVER = timedelta(seconds=-1)


@pytest.fixture
def account(database: Database) -> int:
    anna = key_of(database.write_now(accounts.operator_for, "anna").id)
    return key_of(database.write_now(accounts.add_account, Account(email="a@rossi.it"), anna).id)


@pytest.fixture
def postgresql(database: Database) -> Database:
    if database.is_sqlite:
        pytest.skip("turns end by time on PostgreSQL only")
    return database


def _fail(database: Database, account: int) -> None:
    database.write_now(accounts.record_failure, account, "something", datetime.now(UTC))


def _error(database: Database) -> str:
    return database.read_now(accounts.statuses, 1)[0].last_error


def test_each_taking_counts_up_and_an_older_ones_writes_are_refused(
    database: Database, account: int
) -> None:
    first = database.write_now(turns.seize, account, _HERE)
    with guarded(Fence(account, first)):
        _fail(database, account)
        assert _error(database) == "something"
        with guarded(None):
            second = database.write_now(turns.seize, account, _THERE)
            database.write_now(accounts.record_success, account, datetime.now(UTC))
        assert second > first
        with pytest.raises(TurnLost):
            _fail(database, account)
    assert _error(database) == ""
    with guarded(Fence(account, second)):
        _fail(database, account)
    assert _error(database) == "something"


def test_who_has_a_turn_is_told_until_it_is_given_back(database: Database, account: int) -> None:
    assert database.read_now(turns.holders, [account]) == {}
    token = database.write_now(turns.seize, account, _HERE)
    if database.is_sqlite:  # elsewhere a turn without an end is nobody's
        found = database.read_now(turns.holders, [account])[account]
        assert found.holder == _HERE
        assert abs(found.since - datetime.now(UTC)) < timedelta(minutes=1)
    database.write_now(turns.give_back, account, token - 1)
    database.write_now(turns.give_back, account, token)
    assert database.read_now(turns.holders, [account]) == {}
    [served] = database.read_now(turns.served, 1)
    assert (served.status.account_id, served.turn) == (account, None)


def test_a_process_of_this_host_that_is_dead_has_no_turn(
    sqlite_database: Database,
) -> None:
    anna = key_of(sqlite_database.write_now(accounts.operator_for, "anna").id)
    made = sqlite_database.write_now(accounts.add_account, Account(email="a@rossi.it"), anna)
    account = key_of(made.id)
    sqlite_database.write_now(turns.seize, account, Holder(_HERE.host, 2**22 + 1))
    assert sqlite_database.read_now(turns.holders, [account]) == {}
    sqlite_database.write_now(turns.seize, account, _THERE)
    assert sqlite_database.read_now(turns.holders, [account])[account].holder == _THERE


def test_the_turn_of_an_account_that_is_gone_is_lost(database: Database, account: int) -> None:
    token = database.write_now(turns.seize, account, _HERE)
    database.write_now(accounts.remove_account, 1, "a@rossi.it")
    with guarded(Fence(account, token)), pytest.raises(TurnLost):
        database.write_now(accounts.record_success, account, datetime.now(UTC))
    with pytest.raises(TurnLost):
        database.write_now(turns.seize, account, _HERE)


def test_a_turn_is_taken_when_it_is_over_and_not_before(postgresql: Database, account: int) -> None:
    first = postgresql.write_now(turns.go_round, {}, [account, 999], _HERE, _LASTING).taken
    assert first.keys() == {account}
    assert postgresql.read_now(turns.holders, [account])[account].holder == _HERE
    assert not postgresql.write_now(turns.go_round, {}, [account], _THERE, _LASTING).taken
    over = postgresql.write_now(turns.go_round, first, [], _HERE, _OVER)
    assert over.renewed == {account}
    assert postgresql.read_now(turns.holders, [account]) == {}
    second = postgresql.write_now(turns.go_round, {}, [account], _THERE, _LASTING).taken
    assert second[account] > first[account]
    assert not postgresql.write_now(turns.go_round, first, [], _HERE, _LASTING).renewed
    assert postgresql.read_now(turns.holders, [account])[account].holder == _THERE


def test_nobody_takes_a_turn_in_the_midst_of_its_holders_transaction(
    postgresql: Database, account: int
) -> None:
    other = Database(postgresql.url)
    taken = postgresql.write_now(turns.go_round, {}, [account], _HERE, _OVER).taken

    with Session(other._tender) as looking:  # a transaction that waits for no other

        def work(session: Session) -> None:
            accounts.record_success(session, account, datetime.now(UTC))
            assert not turns.go_round(looking, {}, [account], _THERE, _LASTING).taken
            renewed = turns.go_round(looking, taken, [], _HERE, _OVER).renewed
            assert renewed == {account}  # renewing goes on
            looking.commit()

        with guarded(Fence(account, taken[account])):
            postgresql.write_now(work)
        assert turns.go_round(looking, {}, [account], _THERE, _LASTING).taken
        looking.commit()
    other.close_now()
