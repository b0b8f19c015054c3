"""The ledger of POP3: what is known by key and content, and what may be deleted at the server."""

from datetime import datetime

import pytest

from tests.db.making import NOW, Office, arrival, at
from tui_mail.db import picked_up
from tui_mail.db.actions import delete
from tui_mail.db.engine import Database
from tui_mail.db.picked_up import DELETED, GONE, THERE, Picked
from tui_mail.values import FolderRole


class Ledger:
    """That of one account."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.office = Office(database)
        self.account = self.office.add("ufficio@noi.it", "pop3")

    def note(self, *came: Picked, now: datetime = NOW) -> None:
        self.database.write_now(picked_up.note, self.account, came, now)

    def states(self, *keys: str) -> dict[tuple[str, str], str]:
        found = self.database.read_now(picked_up.picked, self.account, keys)
        return {(key, one.content_hash): one.state for key, many in found.items() for one in many}

    def due(self, seen_by: datetime | None, *, deleted_here: bool = False) -> set[str]:
        found = self.database.read_now(
            picked_up.due, self.account, seen_by, deleted_here=deleted_here
        )
        return {one.key for one in found}


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


def test_another_content_under_a_key_is_another_message(ledger: Ledger) -> None:
    ledger.note(Picked("k", "a" * 64, "h1", 10), Picked("l", "c" * 64, "h3", 10))
    ledger.note(Picked("k", "b" * 64, "h2", 12))
    assert ledger.states("k", "l", "m") == {
        ("k", "a" * 64): GONE,
        ("k", "b" * 64): THERE,
        ("l", "c" * 64): THERE,
    }
    known = ledger.database.read_now(
        picked_up.contents, ledger.account, ["a" * 64, "b" * 64, "d" * 64]
    )
    assert known == {"a" * 64, "b" * 64}


def test_noting_again_changes_size_and_state_and_not_when_it_was_first_seen(
    ledger: Ledger,
) -> None:
    ledger.note(Picked("k", "a" * 64, "h", 10), now=at(1))
    ledger.database.write_now(picked_up.set_state, ledger.account, ["k"], DELETED)
    assert ledger.due(at(1)) == set()
    ledger.note(Picked("k", "a" * 64, "h", 11), now=at(9))
    ((one,),) = ledger.database.read_now(picked_up.picked, ledger.account, ["k"]).values()
    assert (one.state, one.size) == (THERE, 11)
    assert ledger.due(at(1)) == {"k"}


def test_what_is_not_listed_is_gone(ledger: Ledger) -> None:
    ledger.note(*(Picked(f"k{n}", f"{n}" * 64, "h", 1) for n in range(3)))
    ledger.database.write_now(picked_up.leave, ledger.account, ["k1"])
    assert ledger.states("k0", "k1", "k2") == {
        ("k0", "0" * 64): GONE,
        ("k1", "1" * 64): THERE,
        ("k2", "2" * 64): GONE,
    }


def test_what_is_due_is_old_or_in_no_folder_but_the_trash(ledger: Ledger) -> None:
    office = ledger.office
    inbox = office.folder(FolderRole.INBOX, ledger.account)
    mail = [arrival(f"m{n}", "", minutes=n) for n in range(3)]
    saved = office.save(*mail, folder=inbox, account=ledger.account)
    for n, one in enumerate(mail):
        ledger.note(Picked(f"k{n}", one.prepared.content_hash, "h", 1), now=at(n))
    ledger.note(Picked("purged", "f" * 64, "h", 1), now=at(9))
    assert ledger.due(None) == set()
    assert ledger.due(at(1)) == {"k0", "k1"}
    assert ledger.due(None, deleted_here=True) == {"purged"}
    office.database.write_now(delete, office.operator, [saved[2].placement_id or 0], NOW)
    assert ledger.due(None, deleted_here=True) == {"k2", "purged"}
    assert ledger.due(at(0), deleted_here=True) == {"k0", "k2", "purged"}


def test_removing_an_account_forgets_what_came_to_it(ledger: Ledger) -> None:
    from tui_mail.db.accounts import remove_account

    ledger.note(Picked("k", "a" * 64, "h", 10))
    ledger.database.write_now(remove_account, ledger.office.operator, "ufficio@noi.it")
    assert ledger.states("k") == {}
