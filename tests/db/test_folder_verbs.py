"""What a person does to folders: at once here, queued for the server, and taken back."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from tests.db.making import NOW, REMOTE_FOLDERS, Office, arrival
from tui_mail.db.actions import move
from tui_mail.db.engine import Database
from tui_mail.db.folder_verbs import create_folder, remove_folder, rename_folder
from tui_mail.db.folders import folder_named, folder_names
from tui_mail.db.lost_folders import forget, missing
from tui_mail.db.many import key_of
from tui_mail.db.operations import next_operations, postpone, settle
from tui_mail.db.undoing import redo, undo
from tui_mail.errors import NotFound, WrongUse
from tui_mail.values import OperationResult


def _names(office: Office) -> set[str]:
    return set(office.database.read_now(folder_names, office.account))


def _id(office: Office, name: str) -> int:
    def find(session: Session) -> int:
        return key_of(folder_named(session, office.account, name).id)

    return office.database.read_now(find)


def _asked(office: Office) -> list[tuple[str, str, str]]:
    jobs = office.database.write_now(next_operations, office.account, NOW)
    told = [job.operation for job in jobs]
    return [(str(one.verb), one.folder, one.target) for one in told]


def _make(office: Office, name: str) -> None:
    office.database.write_now(create_folder, office.operator, office.account, name, NOW)


def _rename(office: Office, name: str, new: str) -> None:
    office.database.write_now(rename_folder, office.operator, _id(office, name), new, NOW)


def _drop(office: Office, name: str) -> None:
    office.database.write_now(remove_folder, office.operator, _id(office, name), NOW)


def test_a_folder_is_made_here_and_the_server_told(database: Database) -> None:
    office = Office(database)
    _make(office, " Fornitori / Bianchi ")
    assert "Fornitori/Bianchi" in _names(office)
    assert _asked(office) == [("create_folder", "", "Fornitori/Bianchi")]


@pytest.mark.parametrize("name", ["", " / ", "a\x1bb", "x" * 201, "cestino"])
def test_names_that_no_folder_can_have(database: Database, name: str) -> None:
    office = Office(database)
    with pytest.raises(WrongUse):
        _make(office, name)
    with pytest.raises(WrongUse):
        _rename(office, "Clienti/Rossi", name)


def test_a_folder_with_a_role_keeps_its_name_and_place(database: Database) -> None:
    office = Office(database)
    with pytest.raises(WrongUse):
        _rename(office, "INBOX", "Posta")
    with pytest.raises(WrongUse):
        _drop(office, "Cestino")


def test_folders_within_go_along_with_a_new_name(database: Database) -> None:
    office = Office(database)
    _make(office, "Clienti/Rossi/2026")
    _rename(office, "Clienti/Rossi", "Ordini")
    assert {"Ordini", "Ordini/2026"} <= _names(office)
    with pytest.raises(WrongUse):
        _rename(office, "Ordini", "Ordini/Vecchi")


def test_a_name_that_a_folder_within_would_take_from_another(database: Database) -> None:
    office = Office(database)
    _make(office, "Clienti/Rossi/2026")
    _make(office, "Ordini/2026")
    with pytest.raises(WrongUse, match="Ordini/2026"):
        _rename(office, "Clienti/Rossi", "Ordini")


def test_the_name_of_a_folder_that_waits_for_its_deletion_is_free(database: Database) -> None:
    office = Office(database)
    _make(office, "Ordini")
    _drop(office, "Clienti/Rossi")
    _rename(office, "Ordini", "Clienti/Rossi")
    assert "Clienti/Rossi" in _names(office)
    assert ("delete_folder", "Clienti.Rossi", "") in _asked(office)


def test_a_deleted_folder_comes_back_with_its_mail(database: Database) -> None:
    office = Office(database)
    rossi = _id(office, "Clienti/Rossi")
    own = office.placement(arrival("m", "1:1"))
    database.write_now(move, office.operator, [own], rossi, NOW)
    _drop(office, "Clienti/Rossi")
    assert "Clienti/Rossi" not in _names(office)
    database.write_now(undo, office.operator, NOW)
    assert "Clienti/Rossi" in _names(office)
    assert _asked(office) == [("move", "INBOX", "Clienti.Rossi")]
    database.write_now(redo, office.operator, NOW)
    with pytest.raises(NotFound):
        _id(office, "Clienti/Rossi")


def test_a_new_name_is_taken_back(database: Database) -> None:
    office = Office(database)
    _rename(office, "Clienti/Rossi", "Ordini")
    database.write_now(undo, office.operator, NOW)
    assert "Clienti/Rossi" in _names(office)
    assert "Ordini" not in _names(office)


def test_a_folder_whose_key_the_server_gives_to_another_is_told_nothing_before_it_is_found(
    database: Database,
) -> None:
    office = Office(database)
    _rename(office, "Clienti/Rossi", "Ordini")
    renaming = office.database.write_now(next_operations, office.account, NOW)
    database.write_now(postpone, renaming[0].ids, "no", NOW, NOW)
    _make(office, "Clienti/Rossi")
    later = NOW - timedelta(minutes=1)
    (making,) = office.database.write_now(next_operations, office.account, later)
    made = OperationResult(keys={"": "Clienti.Rossi"})
    database.write_now(settle, making.ids, made, NOW)
    assert _asked(office) == []
    lost = database.read_now(missing, office.account, REMOTE_FOLDERS)
    assert [folder.name for folder in lost] == ["Ordini"]
    database.write_now(forget, [folder.id or 0 for folder in lost], NOW)
    assert "Ordini" not in _names(office)
    assert "Clienti/Rossi" in _names(office)
