"""Folders as a server lists them, and as people see them."""

import pytest

from tui_mail.backends.imap_folders import (
    created_name,
    listed,
    personal_namespace,
    remote_folders,
    wire_name,
)
from tui_mail.values import FolderRole


def names(*lines: bytes) -> dict[str, tuple[FolderRole, bool]]:
    """Role and whether it can be opened, by the name for people."""
    folders = remote_folders(listed((line,) for line in lines))
    return {folder.name: (folder.role, folder.selectable) for folder in folders}


def test_the_server_knows_best_what_a_folder_is_for() -> None:
    found = names(
        rb'* LIST (\HasNoChildren) "/" Sent',
        rb'* LIST (\Sent) "/" "Posta partita"',
        rb'* LIST () "/" INBOX',
    )
    assert found == {
        "INBOX": (FolderRole.INBOX, True),
        "Posta partita": (FolderRole.SENT, True),
        "Sent": (FolderRole.OTHER, True),
    }


@pytest.mark.parametrize(
    ("written", "role"),
    [
        (b"Sent Items", FolderRole.SENT),
        (b"INBOX.Posta inviata", FolderRole.SENT),
        (b"Gesendet", FolderRole.SENT),
        (b"&AMk-l&AOk-ments envoy&AOk-s", FolderRole.SENT),
        (b"Enviados", FolderRole.SENT),
        (b"Bozze", FolderRole.DRAFTS),
        (b"Entw&APw-rfe", FolderRole.DRAFTS),
        (b"Brouillons", FolderRole.DRAFTS),
        (b"Rascunhos", FolderRole.DRAFTS),
        (b"Cestino", FolderRole.TRASH),
        (b"Papelera", FolderRole.TRASH),
        (b"Deleted Items", FolderRole.TRASH),
        (b"Posta indesiderata", FolderRole.JUNK),
        (b"Archivio", FolderRole.ARCHIVE),
        (b"Clienti.2024.Sent", FolderRole.OTHER),
    ],
)
def test_roles_are_known_by_name_where_the_server_does_not_tell(
    written: bytes, role: FolderRole
) -> None:
    found = names(b'* LIST () "." "' + written + b'"')
    assert [r for name, (r, _) in found.items() if name != "INBOX"] == [role]


def test_of_two_folders_by_the_same_name_the_upper_one_has_the_role() -> None:
    found = names(b'* LIST () "/" Progetti/Sent', b'* LIST () "/" Sent')
    assert found["Sent"][0] is FolderRole.SENT
    assert found["Progetti/Sent"][0] is FolderRole.OTHER


def test_odd_lists_are_read_without_harm() -> None:
    found = names(
        b"* LIST () NIL iNbOx",
        b'* LIST () "/" INBOX',
        rb'* LIST (\NoSelect) "." "a.b"',
        rb'* LIST (\NonExistent) "." gone',
        rb'* LIST () "/" "../../etc/passwd"',
        b'* LIST () "/" "&broken"',
        b"* LIST ()",
        b'* LIST x "/" y',
        b'* LSUB () "/" z',
        b"nonsense",
    )
    assert found == {
        "INBOX": (FolderRole.INBOX, True),
        "a/b": (FolderRole.OTHER, False),
        "gone": (FolderRole.OTHER, False),
        "../../etc/passwd": (FolderRole.OTHER, True),
        "&broken": (FolderRole.OTHER, True),
    }


def test_a_name_goes_back_to_the_server_byte_for_byte() -> None:
    raw = bytes(range(0x20, 0x100))
    (folder,) = listed([(b'* LIST () "/" {224}', raw, b"")])
    assert wire_name(folder.key) == raw


@pytest.mark.parametrize(
    ("people", "delimiter", "prefix", "written"),
    [
        ("Clienti/Rossi", b"/", b"", b"Clienti/Rossi"),
        ("Clienti/Rossi", b".", b"INBOX.", b"INBOX.Clienti.Rossi"),
        ("INBOX/Clienti", b".", b"INBOX.", b"INBOX.Clienti"),
        ("/Perché/", b"/", b"", b"Perch&AOk-"),
        ("solo", b"", b"", b"solo"),
    ],
)
def test_new_folders_are_named_as_the_server_wants(
    people: str, delimiter: bytes, prefix: bytes, written: bytes
) -> None:
    assert created_name(people, delimiter, prefix) == written


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b'* NAMESPACE (("INBOX." ".")) NIL NIL', (b"INBOX.", b".")),
        (b'* NAMESPACE (("" "/")) (("~" "/")) NIL', (b"", b"/")),
        (b"* NAMESPACE NIL NIL NIL", (b"", b"")),
        (b"* NAMESPACE", (b"", b"")),
        (b"* NAMESPACE ((NIL))", (b"", b"")),
    ],
)
def test_the_personal_namespace(line: bytes, expected: tuple[bytes, bytes]) -> None:
    assert personal_namespace([(line,)]) == expected


def test_views_of_mail_that_is_in_other_folders_are_told_from_an_archive() -> None:
    found = {
        folder.name: (folder.role, folder.view, folder.selectable)
        for folder in remote_folders(
            listed(
                (line,)
                for line in (
                    rb'* LIST (\All) "/" Everything',
                    rb'* LIST (\Flagged) "/" Starred',
                    rb'* LIST (\Important) "/" Important',
                    rb'* LIST (\All \Archive) "/" Kept',
                )
            )
        )
    }
    assert found == {
        "INBOX": (FolderRole.INBOX, False, True),
        "Everything": (FolderRole.ALL, True, False),
        "Starred": (FolderRole.FLAGGED, True, False),
        "Important": (FolderRole.OTHER, True, False),
        "Kept": (FolderRole.ARCHIVE, False, True),
    }
    [_inbox, archive] = remote_folders(listed([(rb'* LIST (\All) "/" Archive',)]))
    assert (archive.role, archive.view) == (FolderRole.ARCHIVE, False)
