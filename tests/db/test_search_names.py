"""A folder that is not there: which ones are near, as the reader calls them."""

import pytest

from tests.db.making import NOW, Office
from tui_mail.db.engine import Database
from tui_mail.db.saved_searches import understood
from tui_mail.i18n import set_language
from tui_mail.search.mistakes import QueryMistake


def _said(office: Office, text: str) -> str:
    with pytest.raises(QueryMistake) as caught:
        office.database.read_now(understood, office.operator, text, NOW)
    return caught.value.message


@pytest.mark.parametrize(
    ("language", "typed", "near"),
    [
        ("en", "in:inbx", "“inbox”"),
        ("en", "in:archve", "“archive”"),
        ("en", "folder:Rosi", "“Clienti/Rossi”"),
        ("en", "in:clienti", "“Clienti/Rossi”"),
        ("it", "in:archivo", "“archivio”"),
        ("it", "cartella:inbx", "“in-arrivo”"),
        ("it", "in:cestno", "“cestino”"),
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
    for name in ("in-arrivo", "archivio", "cestino", "Clienti/Rossi", "inbox", "archive", "trash"):
        sqlite_database.read_now(understood, office.operator, f'in:"{name}"', NOW)


def test_where_no_folder_is_near_some_are_told(sqlite_database: Database) -> None:
    said = _said(Office(sqlite_database), "in:qqqqq")
    assert "There are: “inbox”" in said
    assert "“Clienti/Rossi”" in said
