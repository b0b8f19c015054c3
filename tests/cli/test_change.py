"""mark, move, delete, undo and link."""

import pytest

from tests.cli.program import Program

_DONE = {"messages", "count"}


def _flags(house: Program, message: int) -> list[str]:
    flags: list[str] = house("show", message).record["flags"]
    return flags


def _folder(house: Program, message: int) -> str:
    return str(house("show", message).record["folder"])


def test_mark_sets_and_takes_flags_and_tags(house: Program) -> None:
    done = house("mark", 1, 2, "+read", "+starred", "+answered", "+tag:hello").record
    assert done == {"messages": [1, 2], "count": 2}
    assert _flags(house, 1) == ["answered", "flagged", "hello", "seen"]
    assert house("mark", 1, "-read", "-starred", "-tag:hello").record["count"] == 1
    assert _flags(house, 1) == ["answered"]
    assert _flags(house, 2) == ["answered", "flagged", "hello", "seen"]


def test_mark_by_query(house: Program) -> None:
    assert house("mark", "--query", "ordine", "+read").record["count"] == 2
    assert [_flags(house, one) for one in (1, 2, 3)] == [[], ["seen"], ["seen"]]
    assert house("mark", "--query", "nothing", "+read").record == {"messages": [], "count": 0}


@pytest.mark.parametrize(
    "words",
    [
        ("1",), ("+read",), ("1", "+blue"), ("1", "+tag:"), ("1", "+tag:a b"), ("1", "-answered"),
        ("1", "+read", "--query", "x"), ("x", "+read"), (),
    ],
)  # fmt: skip
def test_mark_refuses_wrong_use(house: Program, words: tuple[str, ...]) -> None:
    house.fails(64, "wrong_use", "mark", *words)


def test_messages_that_are_not_there_change_nothing(house: Program) -> None:
    house.fails(66, "not_found", "mark", 1, 99, "+read")
    assert _flags(house, 1) == []
    house.fails(66, "not_found", "mark", "mid:<x@y>", "+read")
    house.fails(66, "not_found", "move", 99, "Archive")
    house.fails(66, "not_found", "delete", 99)
    house.fails(66, "not_found", "delete", 1, "--as", "bruno")


def test_move_puts_messages_into_a_folder_by_name_or_role(house: Program) -> None:
    moved = house("move", 1, 2, "Archive").record
    assert moved == {"messages": [1, 2], "count": 2}
    assert _folder(house, 1) == "Archive"
    assert house("move", "--query", "listino", "archive").record["count"] == 1
    assert _folder(house, 4) == "Archive"


def test_move_refuses_what_it_cannot_do(house: Program) -> None:
    house.fails(66, "not_found", "move", 1, "Nowhere")
    house.fails(64, "wrong_use", "move", 1)
    house.fails(64, "wrong_use", "move")
    assert _folder(house, 1) == "INBOX"


def test_delete_goes_to_the_trash_then_for_good(house: Program) -> None:
    assert set(house("delete", 1).record) == _DONE
    assert _folder(house, 1) == "Trash"
    assert house("delete", 1).record["count"] == 1
    house.fails(66, "not_found", "show", 1)
    house.fails(64, "wrong_use", "delete")


def test_undo_takes_the_last_change_back(house: Program) -> None:
    house("mark", 1, "+starred")
    house("move", 1, "Archive")
    undone = house("undo")
    assert (undone.code, set(undone.record)) == (0, {"undone"})
    assert (_folder(house, 1), _flags(house, 1)) == ("INBOX", ["flagged"])
    assert house("undo").code == 0
    assert _flags(house, 1) == []
    house.fails(66, "not_found", "undo")


def test_undo_is_each_operators_own(house: Program) -> None:
    house("mark", 1, "+starred")
    house.fails(66, "not_found", "undo", "--as", "bruno")


# -- link ------------------------------------------------------------------------------------------


def _states(house: Program, message: int) -> dict[str, str]:
    return {f"{row['kind']}:{row['code']}": row["state"] for row in house("links", message).records}


def test_link_add_confirm_reject_remove(house: Program) -> None:
    invoice = "invoice:2025/A/88"
    added = house("link", 1, "add", invoice).record
    assert added == {
        "message": 1, "company": "ROSSI", "kind": "invoice", "code": "2025/A/88", "done": "add",
        "thread": False,
    }  # fmt: skip
    assert _states(house, 1)[invoice] == "confirmed"
    link = next(row for row in house("links", 1).records if row["kind"] == "invoice")
    assert (link["by"], link["method"]) == ("anna", "hand")
    assert house("link", 1, "reject", invoice).code == 0
    assert _states(house, 1)[invoice] == "rejected"
    assert house("link", 1, "confirm", invoice).code == 0
    assert _states(house, 1)[invoice] == "confirmed"
    assert house("link", 1, "remove", invoice).code == 0
    assert invoice not in _states(house, 1)


def test_link_of_the_whole_conversation(house: Program) -> None:
    assert house("link", 2, "add", "invoice:2025/A/88", "--thread").record["thread"] is True
    for message, linked in ((1, False), (2, True), (3, True)):
        assert ("invoice:2025/A/88" in _states(house, message)) is linked


def test_a_rejected_link_stays_so_when_links_are_made_anew(house: Program) -> None:
    house("link", 2, "reject", "sales_order:2025/119")
    replayed = house("link", "replay")
    assert (replayed.code, replayed.record) == (0, {"messages": 4, "changed": 1})
    assert _states(house, 2)["sales_order:2025/119"] == "rejected"
    assert house("link", "replay", "--query", "ordine").record == {
        "messages": 2,
        "changed": 0,
    }


def test_link_refuses_what_it_does_not_know(house: Program) -> None:
    house.fails(66, "not_found", "link", 1, "add", "invoice:1/1")
    house.fails(66, "not_found", "link", 99, "add", "invoice:2025/A/88")
    house.fails(66, "not_found", "link", 1, "confirm", "invoice:2025/A/88")
    house.fails(66, "not_found", "link", 1, "add", "invoice:2025/A/88", "--as", "bruno")
    house.fails(65, "wrong_data", "link", 1, "add", "planet:1")
    house.fails(64, "wrong_use", "link", 1, "praise", "invoice:2025/A/88")
    house.fails(64, "wrong_use", "link", 1)
    house.fails(64, "wrong_use", "link", "x", "add", "invoice:2025/A/88")
    house.fails(64, "wrong_use", "link", 1, "add", "invoice:2025/A/88", "--query", "x")


@pytest.mark.parametrize("tag", ["seen", "Flagged", "deleted", "junk"])
def test_a_tag_named_like_a_flag_is_refused(house: Program, tag: str) -> None:
    before = house("show", 1).record["flags"]
    house.fails(65, "wrong_data", "mark", 1, f"+tag:{tag}")
    house.fails(65, "wrong_data", "mark", 1, f"-tag:{tag}")
    assert house("show", 1).record["flags"] == before


def test_a_message_that_is_named_twice_counts_once(house: Program) -> None:
    deleted = house("delete", 1, 1, 2).record
    assert deleted == {"messages": [1, 2], "count": 2}


def test_a_link_is_told_in_words(house: Program) -> None:
    order = "sales_order:2025/119"
    for verb, said in (
        ("add", "is linked to message 1"),
        ("confirm", "is confirmed"),
        ("reject", "is rejected"),
        ("remove", "is removed"),
    ):
        assert said in house.lines("link", 1, verb, order)
