"""Mail comes in: contents once, placements once, and nothing that was done here is lost."""

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from tests.db.making import (
    NOW,
    Office,
    arrival,
    at,
    check_counters,
    count_of,
    placements,
    prepared,
    whole_thread,
)
from tui_mail.db.accounts import operator_for
from tui_mail.db.actions import mark, move
from tui_mail.db.conversations import message_rows, window
from tui_mail.db.engine import Database
from tui_mail.db.folders import known_keys
from tui_mail.db.many import key_of
from tui_mail.db.messages import (
    Arrival,
    PreparedAttachment,
    body,
    message,
    message_by_header,
    remove,
    renew_keys,
    source,
    update_flags,
)
from tui_mail.db.tables import Attachment, Blob, Link, Message, MessageText, Operation
from tui_mail.errors import NotFound
from tui_mail.values import FolderRole


def _references(session: Session) -> dict[str, int]:
    return {blob.id: blob.references for blob in session.scalars(select(Blob))}


def _attachment(number: int, blob: str) -> PreparedAttachment:
    return PreparedAttachment(number, f"ordine {number}.pdf", "application/pdf", 7, "aa", blob)


def test_saving_again_changes_nothing(database: Database) -> None:
    office = Office(database)
    arrivals = [arrival(f"m{n}", f"1:{n}", minutes=n) for n in range(5)]
    first = office.save(*arrivals)
    again = office.save(*arrivals)
    assert [saved.new for saved in first] == [True] * 5
    assert [saved.new for saved in again] == [False] * 5
    assert [s.placement_id for s in first] == [s.placement_id for s in again]
    assert len(database.read_now(placements)) == 5
    database.read_now(check_counters)


def test_a_batch_with_the_same_content_and_key_twice_stores_it_once(database: Database) -> None:
    office = Office(database)
    same = arrival("m", "1:1")
    saved = office.save(same, same, arrival("m", "1:2"))
    assert [s.new for s in saved] == [True, False, False]
    assert saved[0].placement_id == saved[1].placement_id != saved[2].placement_id
    assert database.read_now(count_of, Message) == 1
    database.read_now(check_counters)


def test_a_copy_in_another_folder_is_the_same_message(database: Database) -> None:
    office = Office(database)
    (here,) = office.save(arrival("m", "1:1"))
    (there,) = office.save(arrival("m", "9:1"), folder=office.archive)
    assert here.message_id == there.message_id
    assert not there.new
    rows = database.read_now(whole_thread, office.operator, here.message_id)
    assert [(row.message_id, row.folder) for row in rows] == [(here.message_id, "INBOX")]


def test_two_contents_with_one_message_id_are_two_messages_of_one_thread(
    database: Database,
) -> None:
    office = Office(database)
    one, other = office.save(arrival("m", "1:1"), arrival("m", "1:2", salt="forged", minutes=1))
    assert one.message_id != other.message_id
    assert one.thread_id == other.thread_id
    found = database.read_now(message_by_header, office.operator, "<m>")
    assert found == other.message_id


def test_a_message_without_any_identifier_is_a_thread_of_its_own(database: Database) -> None:
    office = Office(database)
    one, other = office.save(arrival("", "1:1", salt=1), arrival("", "1:2", salt=2))
    assert one.thread_id != other.thread_id


def test_what_was_put_here_first_learns_its_key_when_the_server_shows_it(
    database: Database,
) -> None:
    office = Office(database)
    own = office.placement(arrival("m"))
    assert office.placement(arrival("m")) == own
    assert office.placement(arrival("m", "1:7", flags=["seen"])) == own
    assert [remote for _m, _f, remote in database.read_now(placements)] == ["1:7"]
    assert database.read_now(message, office.operator, 1).flags == {"seen"}
    database.read_now(check_counters)


def test_a_copy_that_the_server_shows_is_not_put_there_again(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m"))

    inbox = office.inbox

    def queue(session: Session) -> None:
        session.add(
            Operation(
                account_id=office.account,
                verb="append",
                placement_id=own,
                target_id=inbox,
                message_id=1,
            )
        )

    database.write_now(queue)
    office.save(arrival("m", "1:7"))
    assert database.read_now(count_of, Operation) == 0


def test_a_message_that_is_leaving_does_not_come_back(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(move, office.operator, [own], office.archive, NOW)
    assert "1:1" in database.read_now(known_keys, office.inbox)
    (again,) = office.save(arrival("m", "1:1"))
    assert again.placement_id is None
    assert [folder for _m, folder, _r in database.read_now(placements)] == ["Archivio"]
    database.read_now(check_counters)


def test_a_key_that_stands_for_another_message_now_is_believed(database: Database) -> None:
    office = Office(database)
    office.save(arrival("old", "1:1"))
    office.save(arrival("new", "1:1"))
    assert len(database.read_now(placements)) == 1
    assert database.read_now(count_of, Message) == 1
    database.read_now(check_counters)


def test_a_date_from_the_future_does_not_pin_a_message_to_the_top(database: Database) -> None:
    office = Office(database)
    future = Arrival(prepared("m"), "1:1", frozenset(), at(10_000_000))
    office.save(future)
    (row,) = database.read_now(window, office.operator, office.inbox)
    assert row.received_at == NOW


def test_flags_of_the_server_are_taken_over_but_for_what_it_has_not_been_told(
    database: Database,
) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1", flags=["$Label"]))
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    server = {"1:1": frozenset({"flagged", "Fatture"}), "1:99": frozenset({"seen"})}
    database.write_now(update_flags, office.inbox, server)
    flags = database.read_now(message, office.operator, 1).flags
    assert flags == {"seen", "flagged", "Fatture"}
    database.read_now(check_counters)


def test_a_message_that_is_gone_everywhere_is_forgotten_with_its_files(database: Database) -> None:
    office = Office(database)
    files = (_attachment(1, "b1"), _attachment(2, "b2"), _attachment(3, "b1"))
    office.save(arrival("m", "1:1", attachments=files), arrival("n", "1:2", attachments=files[:1]))
    assert database.read_now(_references) == {"b1": 3, "b2": 1}
    office.save(arrival("m", "9:1", attachments=files), folder=office.archive)
    assert database.read_now(_references) == {"b1": 3, "b2": 1}
    database.write_now(remove, office.inbox, ["1:1"])
    assert database.read_now(count_of, Message) == 2
    database.write_now(remove, office.archive, ["9:1", "9:9"])
    assert database.read_now(_references) == {"b1": 1, "b2": 0}
    assert database.read_now(count_of, Message) == 1
    assert database.read_now(count_of, MessageText) == 1
    assert database.read_now(count_of, Attachment) == 1
    database.read_now(check_counters)


def test_a_message_that_a_person_linked_outlives_its_placements(database: Database) -> None:
    office = Office(database)
    (saved,) = office.save(arrival("m", "1:1"))

    def link(session: Session) -> None:
        session.add(
            Link(
                message_id=saved.message_id,
                entity_id=1,
                received_at=NOW,
                position=1,
                state="confirmed",
                method="hand",
                at=NOW,
            )
        )

    database.write_now(link)
    database.write_now(remove, office.inbox, ["1:1"])
    assert database.read_now(count_of, Message) == 1
    (again,) = office.save(arrival("m", "1:5"))
    assert again.message_id == saved.message_id


def test_renewed_keys_keep_the_placements(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    database.write_now(renew_keys, office.inbox, {"1:1": "2:4", "1:2": "2:5"})
    assert set(database.read_now(known_keys, office.inbox)) == {"2:4"}
    remotes = database.read_now(lambda s: list(s.scalars(select(col(Operation.remote)))))
    assert remotes == ["2:4"]


def test_a_message_is_read_with_its_text_source_and_files(database: Database) -> None:
    office = Office(database)
    files = (_attachment(2, "b2"), _attachment(1, "b1"))
    (saved,) = office.save(
        arrival("m", "1:1", attachments=files, text="Testo", flags=["seen", "tag"], minutes=3)
    )
    row = database.read_now(message, office.operator, saved.message_id)
    assert (row.message_id, row.account, row.folder) == ("m", "anna@noi.it", "INBOX")
    assert row.received_at == at(3)
    assert row.flags == {"seen", "tag"}
    assert [file.number for file in row.attachments] == [1, 2]
    assert database.read_now(body, office.operator, saved.message_id) == "Testo"
    skeleton, blobs = database.read_now(source, office.operator, saved.message_id)
    assert skeleton.startswith(b"(ParsedMessage")
    assert blobs == ("b1", "b2")


def test_what_an_operator_may_not_read_is_not_there(database: Database) -> None:
    office = Office(database)
    (saved,) = office.save(arrival("m", "1:1"))
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    with pytest.raises(NotFound):
        database.read_now(message, stranger, saved.message_id)
    with pytest.raises(NotFound):
        database.read_now(body, stranger, saved.message_id)
    with pytest.raises(NotFound):
        database.read_now(source, stranger, saved.message_id)
    with pytest.raises(NotFound):
        database.read_now(message_by_header, stranger, "m")
    assert database.read_now(window, stranger, office.inbox) == []
    assert database.read_now(message_rows, stranger, [saved.message_id]) == []
    assert database.read_now(source, None, saved.message_id)[1] == ()


def test_hostile_text_is_stored_as_far_as_a_database_can(database: Database) -> None:
    office = Office(database)
    hostile = "a\0b\ud800c\x1b[31m\u202e" + "x" * 5000
    (saved,) = office.save(
        arrival(
            hostile,
            "1:1",
            subject=hostile,
            sender=hostile,
            to=hostile,
            text=hostile,
            references=[hostile + "y"],
        )
    )
    row = database.read_now(message, office.operator, saved.message_id)
    assert "\0" not in row.subject
    assert row.subject.endswith("x" * 5000)


def test_mail_for_a_folder_that_is_gone_is_refused_with_a_sentence(database: Database) -> None:
    office = Office(database)
    inbox = office.folder(FolderRole.INBOX)
    with pytest.raises(NotFound, match="not there any more"):
        office.save(arrival("m"), folder=inbox, account=office.account + 1)
