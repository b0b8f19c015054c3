"""Tags put on, found and taken off."""

import pytest

from tests.db.making import NOW, Office, arrival
from tui_mail.db.accounts import operator_for
from tui_mail.db.engine import Database
from tui_mail.db.many import key_of
from tui_mail.db.tags import tag, tags, tags_on
from tui_mail.db.undoing import undo
from tui_mail.errors import WrongData


def _office(database: Database) -> tuple[Office, list[int]]:
    office = Office(database)
    flags: tuple[list[str], ...] = (
        ["fiera", "$Forwarded"],
        ["fiera", "lavoro", "seen"],
        ["NonJunk"],
        [],
    )
    saved = office.save(
        *(arrival(f"m{n}", f"1:{n}", flags=some, minutes=n) for n, some in enumerate(flags))
    )
    return office, [one.placement_id or 0 for one in saved]


def test_tags_of_all_folders_are_found_without_those_of_programs(database: Database) -> None:
    office, _ids = _office(database)
    office.save(arrival("other", "2:1", flags=["Acconto"]), folder=office.archive)
    assert database.read_now(tags, office.operator) == ["Acconto", "fiera", "lavoro"]
    stranger = key_of(database.write_now(operator_for, "bruno").id)
    assert database.read_now(tags, stranger) == []


def test_many_sets_of_tags_are_walked_through(database: Database) -> None:
    office = Office(database)
    office.save(*(arrival(f"m{n}", f"1:{n}", flags=[f"t{n % 40}"]) for n in range(200)))
    assert database.read_now(tags, office.operator) == sorted(f"t{n}" for n in range(40))


def test_what_all_of_several_messages_have(database: Database) -> None:
    _office_of, ids = _office(database)
    assert database.read_now(tags_on, ids[:2]) == {"fiera"}
    assert database.read_now(tags_on, ids[1:2]) == {"fiera", "lavoro"}
    assert database.read_now(tags_on, ids) == frozenset()
    assert database.read_now(tags_on, []) == frozenset()


def test_a_tag_is_put_on_taken_off_and_taken_back(database: Database) -> None:
    office, ids = _office(database)
    database.write_now(tag, office.operator, ids, "acconto", NOW)
    assert database.read_now(tags_on, ids) == {"acconto"}
    database.write_now(tag, office.operator, ids[:2], "fiera", NOW, off=True)
    assert database.read_now(tags_on, ids[:2]) == {"acconto"}
    database.write_now(undo, office.operator, NOW)
    assert database.read_now(tags_on, ids[:2]) == {"acconto", "fiera"}


@pytest.mark.parametrize("name", ["seen", "Deleted", "$Junk", "NonJunk", "due parole", "è", ""])
def test_what_can_be_no_tag_is_refused(database: Database, name: str) -> None:
    office, ids = _office(database)
    with pytest.raises(WrongData):
        database.write_now(tag, office.operator, ids, name, NOW)
