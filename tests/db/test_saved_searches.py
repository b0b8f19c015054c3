"""Saved searches: kept, shared, named in queries, taken back; on both databases."""

import pytest

from tests.db import house as houses
from tests.db.house import NOW, House
from tui_mail.db.accounts import operator_for
from tui_mail.db.engine import Database
from tui_mail.db.saved_list import saved_searches
from tui_mail.db.saved_searches import (
    MOST_SEARCHES,
    delete_search,
    move_search,
    rename_search,
    save_search,
    share_search,
    understood,
)
from tui_mail.db.undoing import undo
from tui_mail.errors import NotAllowed, NotFound, WrongUse
from tui_mail.i18n import set_language
from tui_mail.search.mistakes import QueryMistake
from tui_mail.search.tree import All, Any, Tree, Words


@pytest.fixture
def house(database: Database) -> House:
    return houses.build(database)


def save(house: House, name: str, query: str, *, shared: bool = False) -> int:
    return house.database.write_now(save_search, house.anna, name, query, NOW, shared=shared)


def names(house: House, operator_id: int) -> list[str]:
    return [row.name for row in house.database.read_now(saved_searches, operator_id)]


def read(house: House, text: str) -> Tree:
    return house.database.read_now(understood, house.anna, text, NOW)


def test_a_search_is_its_operators_own_until_it_is_shared(house: House) -> None:
    first = save(house, "  Ordini   Ferri ", "order:* from:ferri")
    assert names(house, house.anna) == ["Ordini Ferri"]
    assert names(house, house.bruno) == []
    house.database.write_now(share_search, house.anna, first, True, NOW)
    (row,) = house.database.read_now(saved_searches, house.bruno)
    assert (row.own, row.login, row.query) == (False, "anna", "order:* from:ferri")
    with pytest.raises(NotAllowed):
        house.database.write_now(move_search, house.bruno, first, 1, NOW)
    with pytest.raises(NotAllowed):
        house.database.write_now(delete_search, house.bruno, first, NOW)


def test_saving_under_a_known_name_changes_the_search(house: House) -> None:
    first = save(house, "Ordini", "a")
    assert save(house, "ORDINI", "b") == first
    (row,) = house.database.read_now(saved_searches, house.anna)
    assert (row.name, row.query) == ("ORDINI", "b")
    house.database.write_now(undo, house.anna, NOW)
    (row,) = house.database.read_now(saved_searches, house.anna)
    assert (row.name, row.query) == ("Ordini", "a")


def test_every_change_is_taken_back(house: House) -> None:
    write = house.database.write_now
    ids = [save(house, name, "x") for name in ("a", "b", "c")]
    write(move_search, house.anna, ids[2], -2, NOW)
    assert names(house, house.anna) == ["c", "a", "b"]
    write(rename_search, house.anna, ids[0], "A due", NOW)
    write(delete_search, house.anna, ids[1], NOW)
    assert names(house, house.anna) == ["c", "A due"]
    seen = []
    for _ in range(6):
        assert write(undo, house.anna, NOW)
        seen.append(names(house, house.anna))
    assert seen == [
        ["c", "A due", "b"],
        ["c", "a", "b"],
        ["a", "b", "c"],
        ["a", "b"],
        ["a"],
        [],
    ]


@pytest.mark.parametrize("name", ["", "  ", 'a "b"', "x" * 61, "a\x1bb", "\u202e"])
def test_a_name_is_short_and_can_be_shown_and_typed(house: House, name: str) -> None:
    with pytest.raises(WrongUse):
        save(house, name, "x")


def test_a_query_that_is_wrong_or_asks_for_nothing_is_not_saved(house: House) -> None:
    for query in ("form:anna", "", "***", "@nobody"):
        with pytest.raises(QueryMistake):
            save(house, "x", query)
    assert names(house, house.anna) == []


def test_names_are_taken_once_and_searches_are_not_endless(house: House) -> None:
    first = save(house, "a", "x")
    save(house, "b", "x")
    with pytest.raises(WrongUse, match="already"):
        house.database.write_now(rename_search, house.anna, first, "B", NOW)
    with pytest.raises(NotFound):
        house.database.write_now(rename_search, house.anna, 999, "c", NOW)
    for number in range(MOST_SEARCHES - 2):
        save(house, f"n{number}", "x")
    with pytest.raises(WrongUse, match="already"):
        save(house, "one too many", "x")


def test_a_query_may_name_saved_searches(house: House) -> None:
    save(house, "Pompe", "pompa or valvola")
    save(house, "Urgenti pompe", "urgente @pompe")
    either = Any((Words(("pompa",)), Words(("valvola",))))
    assert read(house, "@pompe -@pompe").__class__ is All
    assert read(house, 'ferri saved:"URGENTI pompe"') == All(
        (Words(("ferri",)), Words(("urgente",)), either)
    )


def test_an_unknown_search_is_a_mistake_with_its_place(house: House) -> None:
    with pytest.raises(QueryMistake, match="“pompe”") as caught:
        read(house, "a @pompe b")
    assert (caught.value.start, caught.value.end) == (3, 8)
    save(house, "Xyz", "x")
    with pytest.raises(QueryMistake, match="There is “Xyz”"):
        read(house, "@pompe")
    save(house, "Pompe nuove", "x")
    with pytest.raises(QueryMistake, match="Did you mean “Pompe nuove”"):
        read(house, "@pompe")


def test_searches_that_name_each_other_end_with_a_sentence(house: House) -> None:
    save(house, "a", "x")
    save(house, "b", "@a")
    with pytest.raises(QueryMistake, match="itself"):
        save(house, "a", "@b")
    assert read(house, "@b") == Words(("x",))
    # Each names the one before twice: the last one would read more than 90.
    for number, named in enumerate(["b", "n0", "n1", "n2"]):
        save(house, f"n{number}", f"(@{named} u{number}) or (@{named} v{number})")
    with pytest.raises(QueryMistake, match=r"^The saved search “\w+” names too many others"):
        save(house, "n4", "(@n3 u) or (@n3 v)")


def test_a_new_operator_is_offered_some(database: Database) -> None:
    found = database.write_now(operator_for, "carla")
    rows = database.read_now(saved_searches, found.id or 0)
    assert len(rows) >= 3
    for row in rows:
        database.read_now(understood, found.id or 0, row.query, NOW)


def test_an_offered_search_is_called_as_the_reader_speaks_until_it_is_renamed(
    sqlite_database: Database,
) -> None:
    anna = sqlite_database.write_now(operator_for, "anna").id or 0

    def shown() -> list[str]:
        return [row.name for row in sqlite_database.read_now(saved_searches, anna)]

    english = shown()
    try:
        set_language("it")
        italian = shown()
        assert len(italian) == len(english) == 4
        assert not set(italian) & set(english)
        for name in (english[0], italian[0]):
            sqlite_database.read_now(understood, anna, f'@"{name}"', NOW)
        first = sqlite_database.read_now(saved_searches, anna)[0].id
        with pytest.raises(WrongUse):
            sqlite_database.write_now(rename_search, anna, first, english[1], NOW)
        sqlite_database.write_now(rename_search, anna, first, "Orfani", NOW)
        assert shown() == ["Orfani", *italian[1:]]
        sqlite_database.write_now(save_search, anna, italian[1], "is:unread", NOW)
        assert shown() == ["Orfani", *italian[1:]]
        set_language("en")
        assert shown() == ["Orfani", italian[1], *english[2:]]
    finally:
        set_language("en")
