"""What marked rows stand for, thousands of them, and all of it taken back at once."""

from collections.abc import Sequence

import pytest
from sqlalchemy import func, select, update
from sqlmodel import Session, col

from tests.db.making import NOW, Office, arrival, check_counters
from tui_mail.db.accounts import operator_for
from tui_mail.db.actions import mark
from tui_mail.db.conversations import window
from tui_mail.db.engine import Database
from tui_mail.db.many import key_of
from tui_mail.db.marking import all_starred, messages_in, of_kind, placements_in, threads_in
from tui_mail.db.rows import Kind, Marked
from tui_mail.db.tables import Change, Message, Operation, Placement
from tui_mail.db.undoing import redo, undo

_MANY = 3000  # more than one statement takes


def _office(database: Database) -> Office:
    """In the inbox: a conversation of two, of which one is read, and a starred message, the latest
    of which came with a file; one answer of the conversation is in the archive."""
    office = Office(database)
    office.save(
        arrival("a", "1:1", flags=["seen"], minutes=1),
        arrival("b", "1:2", references=["a"], minutes=2),
        arrival("c", "1:3", flags=["seen", "flagged"], minutes=3),
    )
    office.save(arrival("d", "2:1", references=["b"], minutes=4), folder=office.archive)
    database.write_now(
        lambda session: session.execute(
            update(Message).where(col(Message.message_id) == "c").values(attachment_count=1)
        )
    )
    return office


def _placed(office: Office, ids: Sequence[int]) -> list[tuple[str, int]]:
    """(Message-ID, folder) of placements."""

    def read(session: Session) -> list[tuple[str, int]]:
        statement = (
            select(col(Message.message_id), col(Placement.folder_id))
            .join(Placement, col(Placement.message_id) == col(Message.id))
            .where(col(Placement.id).in_(ids))
            .order_by(col(Message.message_id))
        )
        return [(name, folder_id) for name, folder_id in session.execute(statement)]

    return office.database.read_now(read)


def test_a_marked_conversation_is_all_of_it_in_its_folder(database: Database) -> None:
    office = _office(database)
    (thread,) = {
        row.thread_id
        for row in database.read_now(window, office.operator, office.inbox)
        if row.total == 2
    }
    marked = Marked(folder_id=office.inbox, threads=(thread,))
    found = database.read_now(placements_in, office.operator, marked)
    assert _placed(office, found) == [("a", office.inbox), ("b", office.inbox)]
    assert database.read_now(threads_in, marked) == [thread]
    (latest,) = database.read_now(messages_in, marked)
    assert latest == 2


def test_marked_messages_and_placements_are_just_themselves(database: Database) -> None:
    office = _office(database)
    rows = database.read_now(window, office.operator, office.inbox, threads=False)
    one = next(row for row in rows if row.message_id == 2)
    marked = Marked(placements=(one.placement_id or 0,))
    assert database.read_now(placements_in, office.operator, marked) == [one.placement_id]
    assert database.read_now(messages_in, marked) == [2]
    assert database.read_now(threads_in, marked) == [one.thread_id]
    found = Marked(messages=(2, 3))
    ids = database.read_now(placements_in, office.operator, found)
    assert _placed(office, ids) == [("b", office.inbox), ("c", office.inbox)]
    assert database.read_now(messages_in, found) == [2, 3]
    assert len(database.read_now(threads_in, found)) == 2


def test_a_conversation_that_is_marked_twice_is_one(database: Database) -> None:
    _office(database)
    assert len(database.read_now(threads_in, Marked(messages=(1, 2)))) == 1


@pytest.mark.parametrize(
    ("kind", "conversations", "messages"),
    [
        (Kind.ALL, 2, ["a", "b", "c"]),
        (Kind.READ, 1, ["a", "c"]),
        (Kind.UNREAD, 1, ["b"]),
        (Kind.STARRED, 1, ["c"]),
        (Kind.UNSTARRED, 1, ["a", "b"]),
        (Kind.FILES, 1, ["c"]),
    ],
)
def test_rows_are_found_by_kind(
    database: Database, kind: Kind, conversations: int, messages: list[str]
) -> None:
    office = _office(database)
    arguments = (office.operator, office.inbox, kind)
    assert database.read_now(of_kind, *arguments, threads=True).total == conversations
    found = database.read_now(of_kind, *arguments, threads=False)
    assert found.total == len(messages)
    assert [name for name, _folder in _placed(office, found.marks)] == messages


def test_more_than_can_be_marked_is_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = _office(database)
    monkeypatch.setattr("tui_mail.db.marking.MOST_MARKED", 2)
    found = database.read_now(of_kind, office.operator, office.inbox, Kind.ALL, threads=False)
    assert (len(found.marks), found.total) == (2, 3)


def test_nobody_marks_in_a_folder_that_is_not_theirs(database: Database) -> None:
    office = _office(database)
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    for threads in (True, False):
        found = database.read_now(of_kind, stranger, office.inbox, Kind.ALL, threads=threads)
        assert not found.marks
    assert not database.read_now(placements_in, stranger, Marked(messages=(1, 2)))


def test_all_are_starred_only_when_none_is_bare(database: Database) -> None:
    office = _office(database)
    rows = {
        row.message_id: row.placement_id or 0
        for row in database.read_now(window, office.operator, office.inbox, threads=False)
    }
    assert database.read_now(all_starred, [rows[3]])
    assert not database.read_now(all_starred, [rows[3], rows[1]])


def _state(session: Session) -> tuple[int, int, int]:
    """How many placements are read, and how many operations and changes there are."""
    read = select(func.count()).select_from(Placement).where(col(Placement.seen))
    counts = (select(func.count()).select_from(table) for table in (Operation, Change))
    return (
        session.scalar(read) or 0,
        *(session.scalar(statement) or 0 for statement in counts),
    )  # type: ignore[return-value] # three of them


def test_thousands_are_marked_read_and_taken_back_in_one_change_each(database: Database) -> None:
    office = Office(database)
    office.save(*(arrival(f"m{n}", f"1:{n}", minutes=n) for n in range(_MANY)))
    found = database.read_now(of_kind, office.operator, office.inbox, Kind.UNREAD, threads=True)
    marked = Marked(folder_id=office.inbox, threads=found.marks)
    assert len(marked) == _MANY

    def read_all(session: Session) -> None:
        ids = placements_in(session, office.operator, marked)
        mark(session, office.operator, ids, add=frozenset({"seen"}), now=NOW)

    database.write_now(read_all)
    assert database.read_now(_state) == (_MANY, _MANY, 1)
    database.read_now(check_counters)
    sentence = database.write_now(undo, office.operator, NOW)
    assert sentence == f"Taken back: the marks of {_MANY} messages are as they were."
    assert database.read_now(_state)[0] == 0
    assert database.read_now(_state)[2] == 2
    database.read_now(check_counters)
    database.write_now(redo, office.operator, NOW)
    assert database.read_now(_state)[0] == _MANY
    database.read_now(check_counters)
