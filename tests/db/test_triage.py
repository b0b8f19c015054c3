"""Who cares for a conversation and whose turn it is: on both databases."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from tests.db import house as houses
from tests.db.house import NOW, House
from tui_mail.db.care import care_for
from tui_mail.db.conversations import message_rows
from tui_mail.db.engine import Database
from tui_mail.db.fulltext import search
from tui_mail.db.rows import Care
from tui_mail.db.saved_searches import understood
from tui_mail.db.tables import Grant
from tui_mail.db.threads import assign as assign_threads
from tui_mail.db.triage import assign, operators, set_state
from tui_mail.db.undoing import redo, undo
from tui_mail.errors import NotAllowed, NotFound
from tui_mail.search.tree import ConversationState


@pytest.fixture
def house(database: Database) -> House:
    return houses.build(database)


def care(house: House, message_id: int) -> Care:
    rows = house.database.read_now(message_rows, house.anna, [message_id])
    return rows[0].care


def test_an_assignee_and_a_state_are_in_the_list_and_are_taken_back(house: House) -> None:
    message = house.message()
    thread = house.thread_of(message)
    write = house.database.write_now
    assert care(house, message) == Care()
    write(assign, house.anna, [thread], house.bruno, NOW)
    write(set_state, house.anna, [thread], ConversationState.WAITING, NOW)
    assert care(house, message) == Care("bruno", "waiting")
    assert write(undo, house.anna, NOW)
    assert care(house, message) == Care("bruno", "open")
    assert write(undo, house.anna, NOW)
    assert care(house, message) == Care()
    assert house.database.read_now(care_for, [thread]) == {}


def test_what_is_nobodys_and_open_again_leaves_no_row(house: House) -> None:
    thread = house.thread_of(house.message())
    write = house.database.write_now
    write(assign, house.anna, [thread], house.anna, NOW)
    write(assign, house.anna, [thread], None, NOW)
    assert house.database.read_now(care_for, [thread]) == {}


def test_who_may_only_read_cannot_assign(house: House) -> None:
    thread = house.thread_of(house.message())
    with pytest.raises(NotAllowed):
        house.database.write_now(assign, house.bruno, [thread], house.bruno, NOW)
    private = house.thread_of(house.message(folder=house.private_inbox))
    with pytest.raises(NotAllowed):
        house.database.write_now(set_state, house.bruno, [private], ConversationState.DONE, NOW)


def test_of_many_only_those_that_the_operator_may_work_on_change(house: House) -> None:
    own = house.thread_of(house.message())
    gone = own + 1000
    house.database.write_now(assign, house.anna, [own, gone], house.anna, NOW)
    assert house.database.read_now(care_for, [own, gone]) == {own: Care("anna", "open")}


def test_those_that_may_only_be_read_are_left_out_and_counted(house: House) -> None:
    write = house.database.write_now
    write(_grant, house.private, house.bruno, "triage")
    theirs = house.thread_of(house.message(folder=house.private_inbox))
    shared = [house.thread_of(house.message(minutes=n)) for n in range(2)]
    gone = theirs + 1000
    assert write(assign, house.bruno, [theirs, *shared, gone], house.bruno, NOW) == 2
    assert write(set_state, house.bruno, [theirs, *shared], ConversationState.DONE, NOW) == 2
    assert house.database.read_now(care_for, [theirs, *shared]) == {theirs: Care("bruno", "done")}
    assert write(assign, house.anna, [theirs, *shared], house.anna, NOW) == 0


def test_what_may_only_be_read_by_now_is_not_taken_back(house: House) -> None:
    write = house.database.write_now
    write(_grant, house.private, house.bruno, "triage")
    thread = house.thread_of(house.message(folder=house.private_inbox))
    write(assign, house.bruno, [thread], house.bruno, NOW)
    write(_grant, house.private, house.bruno, "read")
    with pytest.raises(NotAllowed):
        write(undo, house.bruno, NOW)
    assert house.database.read_now(care_for, [thread]) == {thread: Care("bruno", "open")}
    write(_grant, house.private, house.bruno, "triage")
    write(undo, house.bruno, NOW)
    assert house.database.read_now(care_for, [thread]) == {}
    write(redo, house.bruno, NOW)
    assert house.database.read_now(care_for, [thread]) == {thread: Care("bruno", "open")}


def _grant(session: Session, account_id: int, operator_id: int, level: str) -> None:
    session.merge(Grant(account_id=account_id, operator_id=operator_id, level=level))


def test_nobody_is_assigned_who_is_not_there(house: House) -> None:
    thread = house.thread_of(house.message())
    with pytest.raises(NotFound):
        house.database.write_now(assign, house.anna, [thread], 999, NOW)
    assert [login for _id, login, _name in house.database.read_now(operators)] == ["anna", "bruno"]


def test_conversations_that_become_one_keep_what_was_said_last(house: House) -> None:
    write = house.database.write_now

    def threads(session: Session) -> list[int]:
        return assign_threads(session, [["one"], ["two"]]).thread_ids

    first, second = write(threads)
    house.message(thread=first)
    message = house.message(thread=second)
    write(assign, house.anna, [first], house.bruno, NOW)
    write(assign, house.anna, [second], house.anna, NOW + timedelta(minutes=1))

    def join(session: Session) -> list[int]:
        return assign_threads(session, [["one", "two"]]).thread_ids

    (joined,) = write(join)
    assert house.database.read_now(care_for, [first, second]) == {joined: Care("anna", "open")}
    assert care(house, message) == Care("anna", "open")


def test_searches_know_whose_conversations_are_and_their_state(house: House) -> None:
    mine, hers, free = (house.message(minutes=n) for n in range(3))
    write = house.database.write_now
    write(assign, house.anna, [house.thread_of(mine)], house.anna, NOW)
    write(assign, house.anna, [house.thread_of(hers)], house.bruno, NOW)
    write(set_state, house.anna, [house.thread_of(hers)], ConversationState.WAITING, NOW)

    def found(text: str) -> set[int]:
        tree = house.database.read_now(understood, house.anna, text, NOW)
        rows = house.database.read_now(search, house.anna, tree)
        return {row.message_id for row in rows}

    assert found("assigned:me") == {mine}
    assert found("assigned:bruno") == {hers}
    assert found("assigned:nobody") == {free}
    assert found("state:waiting") == {hers}
    assert found("state:open") == {mine, free}
    assert found("-state:open or assigned:me") == {mine, hers}
