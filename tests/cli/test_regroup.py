"""thread split, thread join and redo."""

from tests.cli.program import Program


def _thread(house: Program, message: int) -> int:
    (found,) = {
        record["thread"] for record in house("show", message).records if record["id"] == message
    }
    return int(found)


def test_conversations_are_joined_split_taken_back_and_done_again(house: Program) -> None:
    first, second = _thread(house, 1), _thread(house, 4)
    assert first != second
    done = house("thread", "join", 1, 4).record
    assert done["messages"] == [1, 4]
    assert done["thread"] == _thread(house, 1) == _thread(house, 4)
    house("undo")
    assert (_thread(house, 1), _thread(house, 4)) == (first, second)
    assert "redone" in house("redo").record
    assert _thread(house, 1) == _thread(house, 4)
    house("thread", "split", 4)
    assert _thread(house, 1) != _thread(house, 4)


def test_what_cannot_be_is_said(house: Program) -> None:
    house.fails(64, "wrong_use", "thread", "join", 1)
    house.fails(64, "wrong_use", "thread", "join", 1, 1)
    house.fails(64, "wrong_use", "thread", "split", 4)
    house.fails(66, "not_found", "thread", "split", 99)
    house.fails(66, "not_found", "redo")


def test_redo_says_that_it_is_done_again(house: Program) -> None:
    for words in (("mark", 1, "+starred"), ("move", 1, "Archive"), ("thread", "join", 1, 4)):
        assert house(*words).code == 0
        assert house("undo").record["undone"].startswith("Taken back")
        assert house("redo").record["redone"].startswith("Done again")
