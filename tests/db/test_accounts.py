"""Operators and accounts: made once, seen by those who may, forgotten with their mail."""

import pytest

from tests.db.making import NOW, Office, arrival, check_counters, count_of
from tui_mail.db.accounts import (
    AccountChange,
    account_by_email,
    accounts,
    add_account,
    all_accounts,
    change_account,
    operator_for,
    own_addresses,
    pause,
    record_failure,
    record_success,
    remove_account,
    statuses,
)
from tui_mail.db.actions import archive
from tui_mail.db.engine import Database
from tui_mail.db.folders import folders
from tui_mail.db.many import key_of
from tui_mail.db.rights import Level, require
from tui_mail.db.tables import Account, Company, Folder, Grant, Message, Operation, Placement
from tui_mail.errors import NotAllowed, NotFound, WrongUse


def test_an_operator_is_made_on_first_use_and_found_again(database: Database) -> None:
    first = database.write_now(operator_for, "anna", "Anna", "Anna@Noi.it")
    again = database.write_now(operator_for, "anna")
    assert first.id == again.id
    assert (again.name, again.email) == ("Anna", "anna@noi.it")


def test_an_address_has_one_account(database: Database) -> None:
    office = Office(database)
    with pytest.raises(WrongUse, match="anna@noi"):
        office.add(" Anna@NOI.it")


def test_a_local_account_has_its_folders_at_once(database: Database) -> None:
    office = Office(database, protocol="local")
    rows = database.read_now(folders, office.operator)
    assert [row.name for row in rows] == ["INBOX", "Drafts", "Sent", "Archive", "Junk", "Trash"]


def test_a_shared_account_is_everyones_to_use_also_of_who_comes_later(database: Database) -> None:
    office = Office(database)
    before = key_of(database.write_now(operator_for, "bruno").id)
    shared = office.add("vendite@noi.it", shared=True)
    later = key_of(database.write_now(operator_for, "carla").id)
    for operator in (before, later):
        found = database.read_now(accounts, operator)
        assert [account.email for account in found] == ["vendite@noi.it"]
        database.read_now(require, operator, shared, "send")
        with pytest.raises(NotAllowed):
            database.read_now(require, operator, shared, "manage")
    database.read_now(require, office.operator, shared, "manage")


@pytest.mark.parametrize("level", ["read", "triage", "send", "manage"])
def test_a_right_includes_the_lesser_ones(database: Database, level: Level) -> None:
    office = Office(database)
    other = key_of(database.write_now(operator_for, "bruno").id)
    grant = Grant(account_id=office.account, operator_id=other, level=level)
    database.write_now(lambda session: session.add(grant))
    levels: list[Level] = ["read", "triage", "send", "manage"]
    for number, wanted in enumerate(levels):
        if number <= levels.index(level):
            database.read_now(require, other, office.account, wanted)
        else:
            with pytest.raises(NotAllowed):
                database.read_now(require, other, office.account, wanted)


def test_an_account_that_is_not_yours_is_not_there(database: Database) -> None:
    office = Office(database)
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    assert database.read_now(accounts, stranger) == []
    assert database.read_now(statuses, stranger) == []
    with pytest.raises(NotFound):
        database.read_now(account_by_email, "anna@noi.it", stranger)
    with pytest.raises(NotFound):
        database.write_now(remove_account, stranger, "anna@noi.it")
    found = database.read_now(account_by_email, "ANNA@noi.it", None)
    assert found.id == office.account
    assert len(database.read_now(all_accounts)) == 1


def test_settings_are_changed_by_who_manages(database: Database) -> None:
    office = Office(database)
    change = AccountChange(host="imap.noi.it", secret=b"sealed")
    database.write_now(change_account, office.operator, "anna@noi.it", change)
    assert database.read_now(accounts, office.operator)[0].secret == b"sealed"
    assert database.read_now(accounts, office.operator)[0].host == "imap.noi.it"
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    grant = Grant(account_id=office.account, operator_id=stranger, level="send")
    database.write_now(lambda session: session.add(grant))
    with pytest.raises(NotAllowed):
        database.write_now(change_account, stranger, "anna@noi.it", change)


def test_removing_an_account_forgets_its_mail_but_not_that_of_others(database: Database) -> None:
    office = Office(database)
    shop = office.add("vendite@noi.it")
    shop_folder = next(
        row.folder_id
        for row in database.read_now(folders, office.operator)
        if row.account_id == shop
    )
    own = office.placement(arrival("only here", "1:1"), arrival("both", "1:2"))
    office.save(arrival("both"), folder=shop_folder, account=shop)
    database.write_now(archive, office.operator, [own], NOW)
    database.write_now(remove_account, office.operator, "anna@noi.it")
    assert database.read_now(count_of, Message) == 1
    assert database.read_now(count_of, Placement) == 1
    assert database.read_now(count_of, Operation) == 0
    assert database.read_now(count_of, Account) == 1
    assert database.read_now(count_of, Folder) == 6
    database.read_now(check_counters)


def test_the_state_of_an_account_says_what_went_wrong_until_it_goes_well(
    database: Database,
) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(archive, office.operator, [own], NOW)
    database.write_now(record_failure, office.account, "The password is wrong.", NOW)
    (status,) = database.read_now(statuses, office.operator)
    assert (status.last_error, status.last_success) == ("The password is wrong.", None)
    assert (status.waiting, status.outgoing) == (1, 0)
    database.write_now(record_success, office.account, NOW)
    (status,) = database.read_now(statuses, office.operator)
    assert (status.last_error, status.last_success) == ("", NOW)


def test_letters_that_do_not_go_out_leave_the_mailbox_up_to_date(database: Database) -> None:
    office = Office(database)
    database.write_now(record_success, office.account, NOW)
    database.write_now(record_failure, office.account, "No server.", NOW, sending=True)
    (status,) = database.read_now(statuses, office.operator)
    assert (status.last_error, status.sending_error) == ("", "No server.")
    assert status.last_success == NOW
    database.write_now(record_success, office.account, NOW, sending=True)
    (status,) = database.read_now(statuses, office.operator)
    assert status.sending_error == ""


def test_our_own_addresses_are_of_accounts_operators_and_companies(database: Database) -> None:
    Office(database)
    database.write_now(operator_for, "bruno", "", "bruno@noi.it")
    company = Company(code="1", addresses="Info@Noi.it pec@noi.it")
    database.write_now(lambda session: session.add(company))
    assert database.read_now(own_addresses) == {
        "anna@noi.it",
        "bruno@noi.it",
        "info@noi.it",
        "pec@noi.it",
    }


def test_a_new_account_of_a_vanished_operator_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        database.write_now(add_account, Account(email="x@noi.it"), 4242)
    assert database.read_now(all_accounts) == []


def test_a_pause_hides_what_was_wrong_and_is_for_mailboxes_on_servers(database: Database) -> None:
    office = Office(database)
    other = office.add("vendite@noi.it")
    database.write_now(lambda session: setattr(session.get(Account, other), "host", "imap.noi.it"))
    database.write_now(record_failure, other, "No server.", NOW)
    assert database.write_now(pause, office.operator, None, paused=True) == ["vendite@noi.it"]
    own, status = database.read_now(statuses, office.operator)
    assert (own.paused, status.paused, status.trouble) == (False, True, "")
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    with pytest.raises(NotAllowed):
        database.write_now(pause, stranger, [other], paused=False)
    assert database.write_now(pause, stranger, None, paused=False) == []
    database.write_now(pause, office.operator, [other], paused=False)
    assert database.read_now(statuses, office.operator)[1].trouble == "No server."
