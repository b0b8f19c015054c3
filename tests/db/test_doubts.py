"""What other mail says against a message."""

import pytest

from tests.db.making import Office, arrival
from tui_mail.db.accounts import operator_for
from tui_mail.db.doubts import doubts
from tui_mail.db.engine import Database
from tui_mail.db.many import key_of
from tui_mail.db.rows import Doubts


def test_another_content_by_the_same_identifier_is_told_of_both(database: Database) -> None:
    office = Office(database)
    first, other, copy = office.save(
        arrival("known@rossi.it", "1:1", text="L'IBAN resta quello."),
        arrival("known@rossi.it", "1:2", text="Il nuovo IBAN è un altro.", minutes=1),
        arrival("own@rossi.it", "1:3", minutes=2),
    )
    for one, told in ((first, True), (other, True), (copy, False)):
        found = database.read_now(doubts, office.operator, one.message_id)
        assert found.another is told


def test_a_second_way_of_the_same_message_is_no_other_content(database: Database) -> None:
    office = Office(database)
    first, _second = office.save(
        arrival("known@rossi.it", "1:1", text="Buongiorno,\n\nci sentiamo."),
        arrival("known@rossi.it", "1:2", text="Buongiorno, ci sentiamo.\n", salt="Received"),
    )
    assert database.read_now(doubts, office.operator, first.message_id) == Doubts()


def test_what_may_not_be_read_says_nothing(database: Database) -> None:
    office = Office(database)
    (hidden,) = office.save(arrival("known@rossi.it", "1:1", text="Segreto."))
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    assert database.read_now(doubts, stranger, hidden.message_id) == Doubts()


@pytest.mark.parametrize(
    ("sender", "is_new"),
    [
        ("anna@rossi.it", False),
        ("Luca@Rossi.it", False),  # of the same firm
        ("collega@noi.it", False),
        ("anna@rossi-it.example", True),
        ("anna@rossi.it.example", True),
        ("anna%@rossi.example", True),
    ],
)
def test_a_sender_who_was_not_there_before(database: Database, sender: str, is_new: bool) -> None:
    office = Office(database)
    first, last = office.save(
        arrival("m1@rossi.it", "1:1"),
        arrival("m2@rossi.it", "1:2", references=["m1@rossi.it"], sender=sender, minutes=5),
    )
    assert not database.read_now(doubts, office.operator, first.message_id).new_sender
    assert database.read_now(doubts, office.operator, last.message_id).new_sender is is_new


def test_free_mail_is_no_firm(database: Database) -> None:
    office = Office(database)
    _first, last = office.save(
        arrival("m1@x", "1:1", sender="anna.rossi@gmail.com"),
        arrival("m2@x", "1:2", references=["m1@x"], sender="anna.rosso@gmail.com", minutes=5),
    )
    assert database.read_now(doubts, office.operator, last.message_id).new_sender


def test_somebody_new_in_a_long_conversation_is_nothing_to_wonder_at(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(database)
    thread = [
        arrival(f"m{n}@rossi.it", f"1:{n}", references=["m0@rossi.it"], minutes=n) for n in range(3)
    ]
    stranger = arrival("new@x.it", "1:9", references=["m0@rossi.it"], sender="lia@x.it", minutes=9)
    last = office.save(*thread, stranger)[-1].message_id
    assert database.read_now(doubts, office.operator, last).new_sender
    monkeypatch.setattr("tui_mail.db.doubts._LONG", 2)
    assert not database.read_now(doubts, office.operator, last).new_sender
