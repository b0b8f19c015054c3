"""What keys do: at once here, queued in order for the server, and taken back."""

from collections.abc import Sequence

import pytest
from sqlalchemy import select, update
from sqlmodel import Session, col

from tests.db.making import NOW, Office, arrival, check_counters, count_of, placements
from tui_mail.db.accounts import operator_for
from tui_mail.db.actions import (
    archive,
    copy,
    delete,
    mark,
    move,
    placements_of,
    restore,
    spam,
    whole_conversation,
)
from tui_mail.db.counters import refresh
from tui_mail.db.engine import Database
from tui_mail.db.folders import folders, known_keys
from tui_mail.db.many import key_of
from tui_mail.db.messages import message, remove
from tui_mail.db.operations import (
    Job,
    give_up,
    next_operations,
    postpone,
    settle,
    waiting,
)
from tui_mail.db.tables import Change, Grant, Message, Operation, Placement
from tui_mail.db.undoing import redo, undo
from tui_mail.errors import NotAllowed, NotFound, WrongData
from tui_mail.values import FolderRole, OperationResult, Verb


def _where(office: Office) -> list[tuple[int, str, str]]:
    office.database.read_now(check_counters)
    return office.database.read_now(placements)


def _jobs(office: Office, account: int | None = None) -> list[Job]:
    return office.database.write_now(next_operations, account or office.account, NOW)


def _done(office: Office, job: Job, **keys: str) -> None:
    """The server did it: `keys` are old=new, without what a keyword cannot hold."""
    result = OperationResult(keys={old.replace("_", ":"): new for old, new in keys.items()})
    office.database.write_now(settle, job.ids, result, NOW)


def _said(jobs: Sequence[Job]) -> list[tuple[str, str, tuple[str, ...], str]]:
    return [
        (str(j.operation.verb), j.operation.folder, j.operation.keys, j.operation.target)
        for j in jobs
    ]


def test_marking_shows_at_once_and_is_queued_as_one_command(database: Database) -> None:
    office = Office(database)
    saved = office.save(*(arrival(f"m{n}", f"1:{n}") for n in range(3)))
    ids = [s.placement_id for s in saved if s.placement_id]
    database.write_now(mark, office.operator, ids, add=frozenset({"seen", "tag"}), now=NOW)
    assert _where(office)
    (job,) = _jobs(office)
    assert job.operation.keys == ("1:0", "1:1", "1:2")
    assert job.operation.folder == "INBOX"
    assert job.operation.add == {"seen", "tag"}
    assert database.read_now(waiting, office.account) == 3
    _done(office, job)
    assert database.read_now(waiting, office.account) == 0


def test_marking_what_is_marked_already_tells_the_server_nothing(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1", flags=["seen"]))
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    assert _jobs(office) == []
    assert database.write_now(undo, office.operator, NOW) is None


def test_a_tag_that_is_no_atom_is_refused(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    for wrong in ("a b", "", "x\r\nA1 DELETE INBOX", "è", "\\Seen"):
        with pytest.raises(WrongData):
            database.write_now(mark, office.operator, [own], add=frozenset({wrong}), now=NOW)


def test_actions_before_the_first_is_told_follow_their_message(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    clients = database.read_now(folders, office.operator)
    rossi = next(row.folder_id for row in clients if row.name == "Clienti/Rossi")
    database.write_now(move, office.operator, [own], office.archive, NOW)
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    database.write_now(move, office.operator, [own], rossi, NOW)
    database.write_now(mark, office.operator, [own], add=frozenset({"flagged"}), now=NOW)

    first = _jobs(office)
    assert _said(first) == [("move", "INBOX", ("1:1",), "Archivio")]
    _done(office, first[0], **{"1_1": "5:9"})
    second = _jobs(office)
    assert _said(second) == [
        ("flags", "Archivio", ("5:9",), ""),
        ("move", "Archivio", ("5:9",), "Clienti.Rossi"),
    ]
    _done(office, second[0])
    _done(office, second[1], **{"5_9": "7:2"})
    third = _jobs(office)
    assert _said(third) == [("flags", "Clienti.Rossi", ("7:2",), "")]
    _done(office, third[0])
    assert _where(office) == [(1, "Clienti/Rossi", "7:2")]
    assert database.read_now(waiting, office.account) == 0


def test_a_server_that_does_not_tell_the_new_key_shows_it_later(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(move, office.operator, [own], office.archive, NOW)
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    _done(office, _jobs(office)[0])
    assert _jobs(office) == []
    office.save(arrival("m", "5:9"), folder=office.archive)
    assert _where(office) == [(1, "Archivio", "5:9")]
    assert _said(_jobs(office)) == [("flags", "Archivio", ("5:9",), "")]
    assert database.read_now(message, office.operator, 1).flags == {"seen"}


def test_a_message_seen_on_its_way_through_a_folder_is_not_doubled(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(move, office.operator, [own], office.archive, NOW)
    _done(office, _jobs(office)[0])
    database.write_now(_queue_move, office.account, own, office.archive, office.trash)
    (passing,) = office.save(arrival("m", "5:9"), folder=office.archive)
    assert passing.placement_id is None
    assert _said(_jobs(office)) == [("move", "Archivio", ("5:9",), "Cestino")]
    assert _where(office) == [(1, "Cestino", "")]


def _queue_move(session: Session, account: int, placement: int, source: int, target: int) -> None:
    """A move out of a folder whose server has not told the key yet."""
    session.add(
        Operation(
            account_id=account,
            verb=str(Verb.MOVE),
            placement_id=placement,
            folder_id=source,
            target_id=target,
            message_id=1,
        )
    )
    session.flush()
    session.execute(update(Placement).values(folder_id=target))
    refresh(session, {(source, 1), (target, 1)})


def test_a_move_not_yet_told_is_simply_dropped(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(archive, office.operator, [own], NOW)
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    sentence = database.write_now(undo, office.operator, NOW)
    assert sentence == "Taken back: the marks of 1 message are as they were."
    assert database.write_now(undo, office.operator, NOW) == (
        "Taken back: 1 message is where it was."
    )
    assert _where(office) == [(1, "INBOX", "1:1")]
    assert {str(j.operation.verb) for j in _jobs(office)} <= {"flags"}
    assert database.write_now(undo, office.operator, NOW) is None


def test_a_move_that_was_told_is_made_the_other_way(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(archive, office.operator, [own], NOW)
    (job,) = _jobs(office)
    database.write_now(undo, office.operator, NOW)
    assert _where(office) == [(1, "INBOX", "")]
    _done(office, job, **{"1_1": "5:9"})
    (back,) = _jobs(office)
    assert _said([back]) == [("move", "Archivio", ("5:9",), "INBOX")]
    _done(office, back, **{"5_9": "1:8"})
    assert _where(office) == [(1, "INBOX", "1:8")]


def test_undo_leaves_alone_what_somebody_else_moved_on(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    colleague = key_of(database.write_now(operator_for, "bruno").id)
    database.write_now(
        lambda s: s.add(Grant(account_id=office.account, operator_id=colleague, level="triage"))
    )
    database.write_now(archive, office.operator, [own], NOW)
    database.write_now(delete, colleague, [own], NOW)
    assert database.write_now(undo, office.operator, NOW) == (
        "Taken back: 0 messages are where they were."
    )
    assert _where(office) == [(1, "Cestino", "")]


def test_undo_of_what_has_gone_on_keeps_the_way_there(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(delete, office.operator, [own], NOW)
    database.write_now(delete, office.operator, [own], NOW)
    database.write_now(undo, office.operator, NOW)
    (moved,) = _jobs(office)
    _done(office, moved, **{"1_1": "7:1"})
    (deleted,) = _jobs(office)
    assert _said([deleted]) == [("delete", "Cestino", ("7:1",), "")]


def test_undo_of_a_way_back_keeps_what_was_to_be_done_before_it(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    clients = database.read_now(folders, office.operator)
    rossi = next(row.folder_id for row in clients if row.name == "Clienti/Rossi")
    database.write_now(move, office.operator, [own], office.archive, NOW)
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    database.write_now(move, office.operator, [own], rossi, NOW)
    database.write_now(move, office.operator, [own], office.archive, NOW)
    database.write_now(undo, office.operator, NOW)
    (first,) = _jobs(office)
    _done(office, first, **{"1_1": "5:9"})
    assert _said(_jobs(office)) == [
        ("flags", "Archivio", ("5:9",), ""),
        ("move", "Archivio", ("5:9",), "Clienti.Rossi"),
    ]


def test_a_message_that_passes_a_folder_twice_is_each_time_known_there(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    clients = database.read_now(folders, office.operator)
    rossi = next(row.folder_id for row in clients if row.name == "Clienti/Rossi")
    for target in (office.archive, rossi, office.archive, rossi):
        database.write_now(move, office.operator, [own], target, NOW)
    told = []
    for old, new in (("1:1", "5:9"), ("5:9", "8:1"), ("8:1", "5:10"), ("5:10", "8:2")):
        (job,) = _jobs(office)
        told += _said([job])
        database.write_now(settle, job.ids, OperationResult(keys={old: new}), NOW)
    assert told == [
        ("move", "INBOX", ("1:1",), "Archivio"),
        ("move", "Archivio", ("5:9",), "Clienti.Rossi"),
        ("move", "Clienti.Rossi", ("8:1",), "Archivio"),
        ("move", "Archivio", ("5:10",), "Clienti.Rossi"),
    ]
    assert _where(office) == [(1, "Clienti/Rossi", "8:2")]


def test_a_message_seen_on_its_way_is_not_where_it_will_be(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    clients = database.read_now(folders, office.operator)
    rossi = next(row.folder_id for row in clients if row.name == "Clienti/Rossi")
    for target in (office.archive, rossi, office.archive):
        database.write_now(move, office.operator, [own], target, NOW)
    (first,) = _jobs(office)
    _done(office, first)  # the server does not say what it is called now
    office.save(arrival("m", "5:9"), folder=office.archive)
    (second,) = _jobs(office)
    assert _said([second]) == [("move", "Archivio", ("5:9",), "Clienti.Rossi")]
    assert _where(office) == [(1, "Archivio", "")]


def test_what_was_to_follow_a_move_of_a_message_that_is_gone_is_forgotten(
    database: Database,
) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(delete, office.operator, [own], NOW)
    database.write_now(delete, office.operator, [own], NOW)
    (moved,) = _jobs(office)
    gone = OperationResult(missing=frozenset({"1:1"}))
    database.write_now(settle, moved.ids, gone, NOW)
    assert database.read_now(waiting, office.account) == 0


def test_deleting_goes_to_the_trash_and_from_the_trash_for_good(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(delete, office.operator, [own], NOW)
    assert [f for _m, f, _r in _where(office)] == ["Cestino"]
    database.write_now(delete, office.operator, [own], NOW)
    assert _where(office) == []
    assert database.read_now(count_of, Message) == 1, "kept until the server has been told"
    (moved,) = _jobs(office)
    _done(office, moved, **{"1_1": "8:3"})
    (gone,) = _jobs(office)
    assert _said([gone]) == [("delete", "Cestino", ("8:3",), "")]
    assert "8:3" in database.read_now(known_keys, office.trash)
    _done(office, gone)
    assert database.read_now(count_of, Message) == 0
    assert database.read_now(waiting, office.account) == 0


def test_a_local_account_tells_no_server(database: Database) -> None:
    office = Office(database, protocol="local")
    own = office.placement(arrival("m"))
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    database.write_now(spam, office.operator, [own], NOW)
    database.write_now(restore, office.operator, [own], NOW)
    database.write_now(delete, office.operator, [own], NOW)
    assert database.write_now(undo, office.operator, NOW) == (
        "Taken back: 1 message is where it was."
    )
    assert [f for _m, f, _r in _where(office)] == ["INBOX"]
    database.write_now(delete, office.operator, [own], NOW)
    database.write_now(delete, office.operator, [own], NOW)
    assert database.read_now(count_of, Message) == 0
    assert database.read_now(count_of, Operation) == 0


def test_a_missing_archive_is_made_on_the_server_before_it_is_used(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(spam, office.operator, [own], NOW)
    (create,) = _jobs(office)
    assert _said([create]) == [("create_folder", "", (), "Junk")]
    _done(office, create, Junk="Junk-key")
    assert _said(_jobs(office)) == [("move", "INBOX", ("1:1",), "Junk-key")]


def test_moving_to_another_account_copies_first_and_deletes_then(database: Database) -> None:
    office = Office(database)
    other = Office(database, email="vendite@noi.it")
    own = office.placement(arrival("m", "1:1", flags=["seen"]))
    database.write_now(move, office.operator, [own], other.archive, NOW)
    assert _jobs(office) == []
    assert "1:1" in database.read_now(known_keys, office.inbox)
    (copy,) = _jobs(office, other.account)
    assert copy.message_id == 1
    assert copy.operation.folder == "Archivio"
    assert copy.operation.add == {"seen"}
    database.write_now(settle, copy.ids, OperationResult(keys={"": "4:4"}), NOW)
    assert _where(office) == [(1, "Archivio", "4:4")]
    (original,) = _jobs(office)
    assert _said([original]) == [("delete", "INBOX", ("1:1",), "")]
    _done(office, original)
    assert database.read_now(count_of, Message) == 1


def test_what_the_server_will_never_do_holds_no_longer_here(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(archive, office.operator, [own], NOW)
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    (job,) = _jobs(office)
    database.write_now(give_up, job.ids, "The mailbox is full.", NOW)
    assert _where(office) == [(1, "INBOX", "1:1")]
    assert _said(_jobs(office)) == [("flags", "INBOX", ("1:1",), "")]
    reasons = database.read_now(
        lambda s: list(s.scalars(select(col(Change.detail)).where(col(Change.verb) == "given_up")))
    )
    assert reasons == ["The mailbox is full."]


def test_what_was_gone_before_it_could_be_moved_is_gone_here(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(archive, office.operator, [own], NOW)
    (job,) = _jobs(office)
    result = OperationResult(missing=frozenset({"1:1"}))
    database.write_now(settle, job.ids, result, NOW)
    assert _where(office) == []
    assert database.read_now(count_of, Message) == 0


def test_an_operation_put_off_holds_back_what_follows_on_its_message_only(
    database: Database,
) -> None:
    office = Office(database)
    one = office.placement(arrival("m", "1:1"))
    two = office.placement(arrival("n", "1:2"))
    database.write_now(mark, office.operator, [one], add=frozenset({"seen"}), now=NOW)
    (job,) = _jobs(office)
    database.write_now(postpone, job.ids, "offline", NOW, NOW.replace(hour=13))
    database.write_now(archive, office.operator, [one, two], NOW)
    assert _said(_jobs(office)) == [("move", "INBOX", ("1:2",), "Archivio")]
    late = database.write_now(next_operations, office.account, NOW.replace(hour=14))
    assert [j.attempts for j in (job, *late)] == [0, 1, 0]
    assert [str(j.operation.verb) for j in late] == ["flags", "move"]


def test_what_was_put_off_finds_its_message_after_a_move(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    database.write_now(archive, office.operator, [own], NOW)
    flags, moved = _jobs(office)
    database.write_now(postpone, flags.ids, "not now", NOW, NOW)
    _done(office, moved, **{"1_1": "5:9"})
    assert _said(_jobs(office)) == [("flags", "Archivio", ("5:9",), "")]


def test_a_message_gone_on_the_server_takes_its_operations_along(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(mark, office.operator, [own], add=frozenset({"seen"}), now=NOW)
    database.write_now(remove, office.inbox, ["1:1"])
    assert database.read_now(waiting, office.account) == 0
    assert database.read_now(count_of, Message) == 0


def test_whoever_may_only_read_changes_nothing(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    reader = key_of(database.write_now(operator_for, "bruno").id)
    with pytest.raises(NotAllowed):
        database.write_now(archive, reader, [own], NOW)
    database.write_now(
        lambda s: s.add(Grant(account_id=office.account, operator_id=reader, level="read"))
    )
    with pytest.raises(NotAllowed, match="on anna"):
        database.write_now(mark, reader, [own], add=frozenset({"seen"}), now=NOW)
    assert database.read_now(waiting, office.account) == 0
    with pytest.raises(NotFound):
        database.write_now(move, office.operator, [own], 12345, NOW)


def test_a_message_stands_for_the_placement_where_one_would_look(database: Database) -> None:
    office = Office(database)
    office.save(arrival("m", "9:1"), folder=office.trash)
    inbox = office.placement(arrival("m", "1:1"))
    other = office.placement(arrival("n", "9:2", references=["m"]), folder=office.archive)
    assert database.read_now(placements_of, office.operator, [2, 1, 99]) == [other, inbox]
    found = database.read_now(whole_conversation, office.operator, 1, office.inbox)
    assert found == [inbox]
    assert office.folder(FolderRole.INBOX) == office.inbox


# -- copies, and doing again


def test_a_copy_is_there_at_once_and_reaches_the_server_later(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1", flags=["seen"]))
    database.write_now(copy, office.operator, [own], office.archive, NOW)
    assert _where(office) == [(1, "Archivio", ""), (1, "INBOX", "1:1")]
    (job,) = _jobs(office)
    assert (job.operation.verb, job.operation.folder) == (Verb.APPEND, "Archivio")
    assert job.operation.add == {"seen"}
    database.write_now(settle, job.ids, OperationResult(keys={"": "9:7"}), NOW)
    assert _where(office) == [(1, "Archivio", "9:7"), (1, "INBOX", "1:1")]
    database.write_now(copy, office.operator, [own], office.archive, NOW)
    assert _jobs(office) == []  # it is there already


def test_a_copy_that_no_server_has_heard_of_goes_without_a_trace(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(copy, office.operator, [own], office.archive, NOW)
    sentence = database.write_now(undo, office.operator, NOW)
    assert sentence == "Taken back: 1 copy is gone."
    assert _where(office) == [(1, "INBOX", "1:1")]
    assert _jobs(office) == []
    database.write_now(redo, office.operator, NOW)
    assert _where(office) == [(1, "Archivio", ""), (1, "INBOX", "1:1")]


def test_a_copy_that_the_server_has_is_deleted_there_when_taken_back(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    database.write_now(copy, office.operator, [own], office.archive, NOW)
    (job,) = _jobs(office)  # asked for: nobody knows whether it is there
    database.write_now(undo, office.operator, NOW)
    database.write_now(settle, job.ids, OperationResult(keys={"": "9:7"}), NOW)
    (job,) = _jobs(office)
    assert (job.operation.verb, job.operation.keys) == (Verb.DELETE, ("9:7",))
    assert _where(office) == [(1, "INBOX", "1:1")]


def test_what_was_taken_back_can_be_done_again(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    me = office.operator
    database.write_now(mark, me, [own], add=frozenset({"flagged"}), now=NOW)
    database.write_now(archive, me, [own], NOW)
    database.write_now(undo, me, NOW)
    database.write_now(undo, me, NOW)
    assert _where(office) == [(1, "INBOX", "1:1")]
    assert database.write_now(redo, me, NOW)
    assert database.write_now(redo, me, NOW)
    assert _where(office) == [(1, "Archivio", "")]
    assert database.read_now(message, me, 1).flags == {"flagged"}
    assert database.write_now(redo, me, NOW) is None
    database.write_now(undo, me, NOW)
    assert _where(office) == [(1, "INBOX", "1:1")]


def test_nothing_is_done_again_after_something_else_was_done(database: Database) -> None:
    office = Office(database)
    own = office.placement(arrival("m", "1:1"))
    me = office.operator
    database.write_now(archive, me, [own], NOW)
    database.write_now(undo, me, NOW)
    database.write_now(mark, me, [own], add=frozenset({"seen"}), now=NOW)
    assert database.write_now(redo, me, NOW) is None
    database.write_now(undo, me, NOW)
    assert database.write_now(redo, me, NOW) is not None
    assert database.write_now(redo, me, NOW) is None
    assert _where(office) == [(1, "INBOX", "1:1")]


def test_two_thousand_are_marked_and_taken_back_in_one_transaction_each(
    database: Database,
) -> None:
    office = Office(database)
    saved = office.save(*(arrival(f"m{n}", f"1:{n}") for n in range(2000)))
    ids = [one.placement_id for one in saved if one.placement_id]
    database.write_now(mark, office.operator, ids, add=frozenset({"seen"}), now=NOW)
    (row,) = [f for f in database.read_now(folders, office.operator) if f.role == "inbox"]
    assert (row.total, row.unread) == (2000, 0)
    sentence = database.write_now(undo, office.operator, NOW)
    assert sentence == "Taken back: the marks of 2000 messages are as they were."
    (row,) = [f for f in database.read_now(folders, office.operator) if f.role == "inbox"]
    assert row.unread == 2000
    database.read_now(check_counters)
