"""The database checked against itself, and made to agree, on SQLite and PostgreSQL."""

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.db.making import Office, arrival
from tui_mail.db import checkup
from tui_mail.db.blob_rows import blobs_after, holders, identity, in_use, unreferenced
from tui_mail.db.engine import Database
from tui_mail.db.prepared import PreparedAttachment

_EMAIL = "anna@noi.it"
_FILE = (PreparedAttachment(1, "a.pdf", "application/pdf", 3, "a" * 64, "b" * 64, "", False),)


@pytest.fixture
def office(database: Database) -> Office:
    office = Office(database)
    office.save(
        arrival("a@x", "1:1", minutes=1),
        arrival("b@x", "1:2", minutes=2, references=["a@x"]),
        arrival("c@x", "1:3", minutes=3, attachments=_FILE),
        arrival("d@x", "1:4", minutes=4, attachments=_FILE),
    )
    return office


def found(database: Database) -> dict[str, int]:
    counts = {one.slug: database.read_now(one.find).count for one in checkup.looks()}
    return {slug: count for slug, count in counts.items() if count}


def do(database: Database, *statements: str) -> None:
    def run(session: Session) -> None:
        for statement in statements:
            session.connection().execute(text(statement))

    database.write_now(run)


def mend(database: Database) -> None:
    for look in checkup.looks():
        if look.mend is not None:
            database.write_now(look.mend)


def test_what_is_kept_by_the_verbs_agrees(office: Office, database: Database) -> None:
    assert found(database) == {}
    for deep in (False, True):
        assert database.read_now(checkup.damage, deep=deep) == checkup.Wrong()


@pytest.mark.parametrize(
    ("slug", "statements"),
    [
        ("folder_counters", ["UPDATE folder SET unread = unread + 3, conversations = 0"]),
        ("conversations", ["UPDATE conversation SET total = 9", "UPDATE folder SET total = 1"]),
        ("conversations", ["DELETE FROM conversation"]),
        ("conversations", ["UPDATE conversation SET latest_at = '2001-01-01 00:00:00+00'"]),
        ("conversations", ["UPDATE placement SET seen = true"]),
        ("conversations", ["UPDATE placement SET starred = true"]),
        ("conversations", ["UPDATE placement SET deleted = true"]),
        ("threads", ["UPDATE placement SET thread_id = thread_id + 100"]),
        ("threads", ["DELETE FROM thread"]),
        ("attachment_counters", ['UPDATE blob SET "references" = 1']),
        ("attachment_counters", ["DELETE FROM blob"]),
        ("messages_nowhere", ["DELETE FROM placement", "DELETE FROM conversation"]),
    ],
)
def test_what_does_not_agree_is_found_and_mended(
    office: Office, database: Database, slug: str, statements: list[str]
) -> None:
    do(database, *statements)
    assert slug in found(database)
    mend(database)
    assert found(database) == {}


def test_who_needs_a_blob(office: Office, database: Database) -> None:
    name = "b" * 64
    assert [(row.name, row.references) for row in database.read_now(blobs_after, "", 9)] == [
        (name, 2)
    ]
    assert database.read_now(blobs_after, name, 9) == []
    assert [(one.number, one.account) for one in database.read_now(holders, [name], 9)] == [
        (1, _EMAIL), (1, _EMAIL),
    ]  # fmt: skip
    assert database.read_now(in_use, [name, "c" * 64]) == {name}
    do(database, "DELETE FROM placement")
    mend(database)
    assert database.read_now(unreferenced) == [name]
    assert database.read_now(in_use, [name]) == set()


def test_a_database_knows_itself(database: Database) -> None:
    assert database.read_now(identity) == database.read_now(identity) != ""
