"""Folders: the server's and ours are one, whatever was first, and none loses its mail."""

import pytest

from tests.db.making import NOW, REMOTE_FOLDERS, Office, arrival
from tui_mail.db import actions
from tui_mail.db.engine import Database
from tui_mail.db.folders import (
    folder_for_role,
    folder_named,
    folders,
    known_keys,
    known_number,
    reconcile_folders,
    set_cursor,
)
from tui_mail.db.operations import waiting
from tui_mail.db.tables import Folder
from tui_mail.errors import NotFound
from tui_mail.values import FolderRole, RemoteFolder


def _names(office: Office) -> list[str]:
    return [row.name for row in office.database.read_now(folders, office.operator)]


def test_folders_stand_in_the_order_people_look_for_them(database: Database) -> None:
    office = Office(database)
    assert _names(office) == ["INBOX", "Archivio", "Clienti/Rossi", "Cestino"]


def test_reconciling_again_changes_nothing(database: Database) -> None:
    office = Office(database)
    first = database.read_now(folders, office.operator)
    database.write_now(set_cursor, first[0].folder_id, "7")
    again = database.write_now(reconcile_folders, office.account, REMOTE_FOLDERS)
    assert database.read_now(folders, office.operator) == first
    assert [folder.remote for folder in again] == [found.key for found in REMOTE_FOLDERS]
    assert again[0].cursor == "7"


def test_a_folder_that_is_gone_is_shown_while_it_holds_mail(database: Database) -> None:
    office = Office(database)
    office.save(arrival("m", "1:1"), folder=office.archive)
    (inbox, *_rest) = REMOTE_FOLDERS
    database.write_now(reconcile_folders, office.account, [inbox])
    assert _names(office) == ["INBOX", "Archivio"]
    database.write_now(reconcile_folders, office.account, REMOTE_FOLDERS)
    assert len(_names(office)) == 4


def test_a_folder_made_here_first_becomes_the_servers(database: Database) -> None:
    office = Office(database)
    junk = office.folder(FolderRole.JUNK)
    sent = office.folder(FolderRole.SENT)
    assert database.read_now(waiting, office.account) == 2
    remote = [
        *REMOTE_FOLDERS,
        RemoteFolder("Junk", "Junk"),
        RemoteFolder("Inviata", "Posta inviata", FolderRole.SENT),
    ]
    database.write_now(reconcile_folders, office.account, remote)
    rows = {row.folder_id: row for row in database.read_now(folders, office.operator)}
    assert (rows[junk].name, rows[junk].role) == ("Junk", "junk")
    assert (rows[sent].name, rows[sent].role) == ("Posta inviata", "sent")
    assert len(rows) == 6


def test_odd_listings_are_taken_as_far_as_they_make_sense(database: Database) -> None:
    office = Office(database)
    remote = [
        RemoteFolder("INBOX", "INBOX", FolderRole.INBOX),
        RemoteFolder("INBOX", "INBOX", FolderRole.INBOX),
        RemoteFolder("inbox", "INBOX"),
        RemoteFolder("x", "../x\0"),
        RemoteFolder("long", "l" * 10_000),
        RemoteFolder("[Gmail]", "[Gmail]", selectable=False),
    ]
    made = database.write_now(reconcile_folders, office.account, remote)
    assert [folder.name[:9] for folder in made] == ["INBOX", "INBOX (2)", "../x\0", "l" * 9]
    assert database.read_now(folders, office.operator)[0].role == "inbox"


def test_a_missing_folder_of_a_role_is_found_by_its_usual_name(database: Database) -> None:
    office = Office(database)
    named = database.write_now(folder_named, office.account, "Drafts", create=True)
    found = database.write_now(folder_for_role, office.account, FolderRole.DRAFTS)
    assert found.id == named.id
    assert database.read_now(waiting, office.account) == 1


def test_a_folder_is_named_by_name_or_role(database: Database) -> None:
    office = Office(database)
    for name, expected in (("inbox", "INBOX"), ("clienti/rossi", "Clienti/Rossi")):
        assert database.read_now(folder_named, office.account, name).name == expected
    assert database.read_now(folder_named, office.account, "trash").name == "Cestino"
    with pytest.raises(NotFound, match="Nessuna"):
        database.read_now(folder_named, office.account, "Nessuna")


def test_known_keys_are_those_of_the_server_with_their_flags(database: Database) -> None:
    office = Office(database)
    office.save(arrival("a", "1:1", flags=["seen", "tag"]), arrival("b"))
    keys = database.read_now(known_keys, office.inbox)
    assert keys == {"1:1": (1, frozenset({"seen", "tag"}))}


def test_known_keys_are_asked_for_and_counted_without_reading_all(database: Database) -> None:
    office = Office(database)
    placed = [
        one.placement_id or 0
        for one in office.save(*(arrival(f"m{number}", f"1:{number}") for number in range(1, 6)))
    ]
    database.write_now(actions.move, office.operator, placed[:1], office.trash, NOW)
    star = frozenset({"starred"})
    database.write_now(actions.mark, office.operator, placed[1:2], add=star, now=NOW)
    everything = database.read_now(known_keys, office.inbox)
    assert set(everything) == {f"1:{number}" for number in range(1, 6)}
    assert database.read_now(known_number, office.inbox) == 5
    some = database.read_now(known_keys, office.inbox, {"1:1", "1:2", "1:9"})
    assert some == {key: everything[key] for key in ("1:1", "1:2")}
    assert database.read_now(known_keys, office.inbox, set()) == {}


def test_two_accounts_have_each_their_own_inbox(database: Database) -> None:
    office = Office(database)
    other = office.add("vendite@noi.it")
    own = database.write_now(folder_for_role, other, FolderRole.INBOX)
    assert isinstance(own, Folder)
    assert own.id != office.inbox
