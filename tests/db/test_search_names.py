"""A folder that is not there: which ones are near, as the reader calls them."""

import pytest

from tests.db.making import NOW, Office
from tui_mail.db.engine import Database
from tui_mail.db.folders import folder_named
from tui_mail.db.saved_searches import understood
from tui_mail.i18n import set_language
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.tree import AssignedTo, InFolder, any_of


def _said(office: Office, text: str) -> str:
    with pytest.raises(QueryMistake) as caught:
        office.database.read_now(understood, office.operator, text, NOW)
    return caught.value.message


@pytest.mark.parametrize(
    ("language", "typed", "near"),
    [
        ("en", "in:inbx", "“Inbox”"),
        ("en", "in:archve", "“Archive”"),
        ("en", "folder:Rosi", "“Clienti/Rossi”"),
        ("en", "in:clienti", "“Clienti/Rossi”"),
        ("it", "in:archivo", "“Archivio”"),
        ("it", "cartella:inbx", "“In arrivo”"),
        ("it", "in:cestno", "“Cestino”"),
        ("it", "in:rosi", "“Clienti/Rossi”"),
    ],
)
def test_a_folder_that_is_nearly_right_is_suggested(
    sqlite_database: Database, language: str, typed: str, near: str
) -> None:
    office = Office(sqlite_database)
    set_language(language)
    try:
        said = _said(office, typed)
    finally:
        set_language("en")
    assert near.strip("“”") in said
    assert said.count(",") <= 2


def test_what_is_suggested_can_be_typed(sqlite_database: Database) -> None:
    office = Office(sqlite_database)
    for name in (
        *("In arrivo", "Archivio", "Cestino", "Clienti/Rossi", "Inbox", "Archive", "Trash"),
        *("in-arrivo", "archivio", "inbox"),
    ):
        sqlite_database.read_now(understood, office.operator, f'in:"{name}"', NOW)
    roles = (InFolder("In arrivo"), InFolder("inbox"))
    asked = sqlite_database.read_now(understood, office.operator, 'in:"In arrivo"', NOW)
    assert asked == any_of(roles)


def test_where_no_folder_is_near_some_are_told(sqlite_database: Database) -> None:
    said = _said(Office(sqlite_database), "in:qqqqq")
    assert "There are: “Inbox”" in said
    assert "“Clienti/Rossi”" in said


def test_the_nearest_of_many_folders_are_told_and_the_others_counted(
    sqlite_database: Database,
) -> None:
    office = Office(sqlite_database)
    for name in ("Banche", "Fornitori", "Corrieri", "Personale", "Zeta/Xyzzy"):
        sqlite_database.write_now(folder_named, office.account, name, create=True)
    said = _said(office, "in:zxq")
    assert "There are: “Zeta/Xyzzy”, " in said
    assert said.endswith(" more.")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("assigned:nobdy", "Did you mean “nobody”?"),
        ("assigned:an", "Did you mean “anna”?"),
        ("-assigned:qqqq", "There are: “anna”, “me”, “nobody”."),
        ("account:qqqqqq", "There is “anna@noi.it”."),
        ("account:ana", "Did you mean “anna@noi.it”?"),
    ],
)
def test_accounts_and_colleagues_that_are_not_there_are_mistakes(
    sqlite_database: Database, typed: str, told: str
) -> None:
    assert told in _said(Office(sqlite_database), typed)


def test_a_colleague_is_named_by_login_or_name_in_any_case(sqlite_database: Database) -> None:
    office = Office(sqlite_database)
    for typed in ("anna", "ANNA", "me"):
        asked = sqlite_database.read_now(understood, office.operator, f"assigned:{typed}", NOW)
        assert asked == AssignedTo("anna")
