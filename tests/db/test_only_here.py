"""What of an account would be lost with it."""

import pytest

from tests.db.making import NOW, Office, arrival
from tui_mail.db.accounts import operator_for
from tui_mail.db.actions import archive
from tui_mail.db.engine import Database
from tui_mail.db.folders import folders
from tui_mail.db.many import key_of
from tui_mail.db.only_here import OnlyHere, only_here
from tui_mail.db.tables import Grant
from tui_mail.errors import NotAllowed

_EMAIL = "anna@noi.it"


def test_what_a_server_or_another_account_has_is_not_lost(database: Database) -> None:
    office = Office(database)
    other = office.add("vendite@noi.it")
    there = next(
        row.folder_id
        for row in database.read_now(folders, office.operator)
        if row.account_id == other
    )
    office.save(arrival("with the server", "1:1"), arrival("only here"), arrival("twice"))
    office.save(arrival("twice"), folder=there, account=other)
    assert database.read_now(only_here, office.operator, _EMAIL) == OnlyHere(messages=1)


def test_what_its_server_is_to_move_is_not_lost(database: Database) -> None:
    office = Office(database)
    placement = office.placement(arrival("with the server", "1:1"))
    database.write_now(archive, office.operator, [placement], NOW)
    assert database.read_now(only_here, office.operator, _EMAIL) == OnlyHere()


def test_only_who_manages_an_account_is_told(database: Database) -> None:
    office = Office(database)
    other = key_of(database.write_now(operator_for, "bruno").id)
    grant = Grant(account_id=office.account, operator_id=other, level="send")
    database.write_now(lambda session: session.add(grant))
    with pytest.raises(NotAllowed):
        database.read_now(only_here, other, _EMAIL)
