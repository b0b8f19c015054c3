"""folder: what stands for which record, and what that links."""

import shutil

from tests.cli.program import Program, letter
from tests.kills import kill_at, require_strace, sampled, steps_of

_KEYS = {"folder", "account", "role", "total", "unread", "drafts", "record", "company", "title"}
_ANNA = "anna@rossi.example"


def made(house: Program, *names: str) -> None:
    """Folders with nothing in them."""
    for number, name in enumerate(names, 20):
        file = house.home / f"{number}.eml"
        file.write_bytes(letter(number, subject=name, sender="nobody@nowhere.example"))
        assert house("import", file, "--account", _ANNA, "--folder", name).code == 0


def linked(house: Program, message: object) -> dict[str, str]:
    return {row["code"]: row["method"] for row in house("links", message).records}


def test_moving_to_the_folder_of_a_record_links_and_moving_out_unlinks(house: Program) -> None:
    made(house, "Clienti/Bianchi", "Varie")
    first, second = (
        house("search", f"in:{name}").record["id"] for name in ("Clienti/Bianchi", "Varie")
    )
    assert linked(house, first) == {}
    said = house("folder", "link", "clienti/bianchi", "customer:C200").record
    assert (said["folder"], said["record"]) == ("Clienti/Bianchi", "customer:C200")
    assert linked(house, first) == {"C200": "folder"}
    house("move", second, "Clienti/Bianchi")
    assert linked(house, second) == {"C200": "folder"}
    house("undo")
    assert linked(house, second) == {}
    house("redo")
    assert linked(house, second) == {"C200": "folder"}
    house("move", second, "Varie")
    assert linked(house, second) == {}
    assert house("folder", "unlink", "Clienti/Bianchi").record["record"] == ""
    assert linked(house, first) == {}
    house("undo")
    assert linked(house, first) == {"C200": "folder"}
    assert house("link", "replay").record["changed"] == 0


def test_the_list_names_the_records_and_proposals_are_what_names_say(house: Program) -> None:
    made(house, "Clienti/C200", "Bianchi Spa")
    rows = house("folder", "list").records
    assert all(set(row) == _KEYS for row in rows)
    assert {row["record"] for row in rows} == {""}
    proposed = house("folder", "proposals").records
    assert {(row["folder"], row["record"], row["called_by"]) for row in proposed} == {
        ("Clienti/C200", "customer:C200", "code"),
        ("Bianchi Spa", "customer:C200", "name"),
    }
    house("folder", "link", "Clienti/C200", "customer:C200@ROSSI")
    stands = {row["folder"]: row for row in house("folder", "list", "--account", _ANNA).records}
    assert stands["Clienti/C200"]["record"] == "customer:C200"
    assert (stands["Clienti/C200"]["company"], stands["Clienti/C200"]["title"]) == (
        "ROSSI",
        "Bianchi Spa",
    )
    assert "→ customer:C200  Bianchi Spa" in house.lines("folder", "list")
    assert [row["folder"] for row in house("folder", "proposals").records] == ["Bianchi Spa"]


def test_what_cannot_stand_for_a_record_is_refused(house: Program) -> None:
    made(house, "Varie")
    house.fails(66, "not_found", "folder", "link", "Nowhere", "customer:C200")
    house.fails(66, "not_found", "folder", "link", "Varie", "customer:C999")
    house.fails(65, "wrong_data", "folder", "link", "Varie", "planet:C200")
    house.fails(64, "wrong_use", "folder", "link", "INBOX", "customer:C200")
    house.fails(66, "not_found", "folder", "unlink", "Varie")
    house.fails(66, "not_found", "folder", "list", "--account", "nobody@x.example")
    house.fails(66, "not_found", "folder", "link", "Varie", "customer:C200", "--as", "bruno")


def test_all_is_linked_once_wherever_the_command_was_killed(house: Program) -> None:
    require_strace()
    made(house, "Clienti/Bianchi")
    (message,) = (row["id"] for row in house("search", "in:Clienti/Bianchi").records)
    whole = house.home.with_name("whole")
    shutil.copytree(house.home, whole)
    call = ("folder", "link", "Clienti/Bianchi", "customer:C200")
    steps = steps_of(house.home, call)
    assert linked(house, message) == {"C200": "folder"}
    for step in sampled(steps, 6):
        shutil.rmtree(house.home)
        shutil.copytree(whole, house.home)
        kill_at(house.home, step, call)
        stands = {row["folder"]: row["record"] for row in house("folder", "list").records}
        if not stands["Clienti/Bianchi"]:
            assert linked(house, message) == {}, step
            assert house(*call).code == 0
        house("worker", "--once")  # which goes on with what was cut off
        assert linked(house, message) == {"C200": "folder"}, step
        assert house("link", "replay").record["changed"] == 0


def test_the_list_counts_the_letters_that_are_written_here(house: Program) -> None:
    said = house.lines("send", "--to", "luca@ferri.example", "--subject", "Poi", "--draft")
    assert "among the drafts" in said
    rows = {row["role"]: row for row in house("folder", "list").records}
    assert (rows["drafts"]["total"], rows["drafts"]["drafts"]) == (0, 1)
    assert rows["inbox"]["drafts"] == 0
    assert "anna@rossi.example  Drafts  1\n" in house.lines("folder", "list")
