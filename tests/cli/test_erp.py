"""erp import, add, refresh and status."""

from pathlib import Path

import pytest

from tests.cli.conftest import ERP, write_erp
from tests.cli.program import Program, letter
from tests.connectors.foreign import fill, run
from tui_mail.values import ENTITY_KINDS

_COUNT = {"kind", "read", "new", "changed", "gone"}


def test_import_counts_each_kind(program: Program, tmp_path: Path) -> None:
    folder = write_erp(tmp_path / "erp")
    first = program("erp", "import", folder)
    assert first.code == 0
    assert all(set(row) == _COUNT for row in first.records)
    counts = {row["kind"]: row for row in first.records}
    assert counts["customer"] == {
        "kind": "customer", "read": 2, "new": 2, "changed": 0, "gone": 0,
    }  # fmt: skip
    again = {row["kind"]: row for row in program("erp", "import", folder).records}
    assert again["customer"]["new"] == again["customer"]["changed"] == 0
    write_erp(folder, parties=ERP["parties"].replace("Bianchi Spa", "Bianchi Srl"))
    changed = {row["kind"]: row for row in program("erp", "import", folder).records}
    assert changed["customer"]["changed"] == 1
    write_erp(
        folder,
        parties="company,kind,code,name\nROSSI,customer,C107,Ferri Impianti\n",
        addresses="company,party_kind,party,email\n",
    )
    gone = {row["kind"]: row for row in program("erp", "import", folder).records}
    assert gone["customer"]["gone"] == 1


def test_a_row_with_a_mistake_is_told_and_the_rest_is_taken(
    program: Program, tmp_path: Path
) -> None:
    folder = write_erp(
        tmp_path / "erp", parties=ERP["parties"] + "ROSSI,planet,C300,Marte\x1b[2J\n"
    )
    result = program("erp", "import", folder)
    assert result.code == 1
    (error,) = [row for row in result.records if "error" in row]
    assert set(error) == {"error", "file", "line", "column"}
    assert (error["file"], error["line"], error["column"]) == ("parties.csv", 4, "kind")
    assert {row["kind"]: row for row in result.records if "kind" in row}["customer"]["read"] == 2
    for_people = program("erp", "import", folder, json=False)
    assert for_people.code == 1
    assert "parties.csv:4: kind:" in for_people.err
    assert "\x1b" not in for_people.err + for_people.out


def test_rows_that_could_not_be_taken_are_told_until_they_can(
    program: Program, tmp_path: Path
) -> None:
    folder = write_erp(tmp_path / "erp", parties=ERP["parties"] + "ROSSI,planet,C300,Marte\n")
    program("erp", "add", "books", folder)
    first = program("erp", "refresh", "books")
    again = program("erp", "refresh", "books")
    assert (first.code, again.code) == (1, 1)
    assert [row["line"] for row in again.records if "error" in row] == [4]
    assert "parties.csv:4" in program("erp", "status").record["error"]
    write_erp(folder)
    assert program("erp", "refresh", "books").code == 0
    assert program("erp", "status").record["error"] == ""
    assert not any(row["read"] for row in program("erp", "refresh", "books").records)


def test_import_with_nothing_to_take_ends_with_wrong_data(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "erp"
    folder.mkdir()
    (folder / "parties.csv").write_text("company,kind,colour\nROSSI,customer,red\n", "utf-8")
    result = program("erp", "import", folder)
    assert result.code == 65
    assert {"error", "file", "line", "column"} == set(result.records[0])


def test_import_refuses_what_is_no_erp(program: Program, tmp_path: Path) -> None:
    program.fails(66, "not_found", "erp", "import", tmp_path / "none")
    (tmp_path / "empty").mkdir()
    program.fails(66, "not_found", "erp", "import", tmp_path / "empty")
    program.fails(64, "wrong_use", "erp", "import")
    program.fails(64, "wrong_use", "erp")
    program.fails(64, "wrong_use", "erp", "export")


def test_add_refresh_status(program: Program, tmp_path: Path) -> None:
    folder = write_erp(tmp_path / "erp")
    added = program("erp", "add", "books", folder)
    assert (added.code, added.record) == (0, {"name": "books", "location": str(folder)})
    (before,) = program("erp", "status").records
    assert before == {
        "name": "books",
        "location": str(folder),
        "last_success": None,
        "age": None,
        "error": "",
        "reading": False,
        "waiting": 0,
        "writes": [],
        "to_write": 0,
        "refused": 0,
    }
    refreshed = program("erp", "refresh")
    assert refreshed.code == 0
    assert all(set(row) == _COUNT for row in refreshed.records)
    assert program("erp", "refresh", "books").code == 0
    (after,) = program("erp", "status").records
    assert after["last_success"]
    assert "books" in program.lines("erp", "status")


def test_refresh_of_a_place_that_has_gone_is_told_and_kept(
    program: Program, tmp_path: Path
) -> None:
    here, away = write_erp(tmp_path / "here"), write_erp(tmp_path / "away")
    program("erp", "add", "here", here)
    program("erp", "add", "away", away)
    for file in away.iterdir():
        file.unlink()
    away.rmdir()
    result = program("erp", "refresh")
    assert result.code == 1
    assert next(row for row in result.records if "error" in row)["error"] == "not_found"
    errors = {row["name"]: row["error"] for row in program("erp", "status").records}
    assert errors["here"] == ""
    assert errors["away"]
    program.fails(66, "not_found", "erp", "refresh", "away")


def test_import_of_a_place_that_was_added_is_the_same_source(
    program: Program, tmp_path: Path
) -> None:
    folder = write_erp(tmp_path / "erp")
    program("erp", "add", "books", folder)
    assert program("erp", "import", folder).code == 0
    (status,) = program("erp", "status").records
    assert status["last_success"]


def test_add_and_refresh_refuse_wrong_use(program: Program, tmp_path: Path) -> None:
    program.fails(66, "not_found", "erp", "add", "books", tmp_path / "none")
    program.fails(78, "settings", "erp", "add", "books", "odoo://host/db")
    program.fails(64, "wrong_use", "erp", "add", "books")
    program.fails(66, "not_found", "erp", "refresh", "books")
    assert program("erp", "status").records == []


def test_new_records_are_linked_to_mail_that_is_there(house: Program, tmp_path: Path) -> None:
    folder = write_erp(
        tmp_path / "erp",
        documents=ERP["documents"]
        + "ROSSI,quote,2025,,77,0,2025-11-01,customer,C107,10.00,EUR,open\n",
    )
    message = (
        b"From: luca@ferri.example\r\nTo: anna@rossi.example\r\n"
        b"Subject: Preventivo 2025/77\r\nMessage-ID: <9@ferri.example>\r\n\r\nBene.\r\n"
    )
    file = tmp_path / "9.eml"
    file.write_bytes(message)
    house("import", file, "--account", "anna@rossi.example")
    assert house("erp", "import", folder).code == 0
    links = house("links", "mid:9@ferri.example").records
    assert ("quote", "2025/77") in {(row["kind"], row["code"]) for row in links}


def test_mail_that_is_there_is_linked_as_if_the_records_had_come_first(
    program: Program, tmp_path: Path
) -> None:
    letters = tmp_path / "mail"
    letters.mkdir()
    other, ferri = "Ugo <ugo@ferri.example>", "Luca Ferri <luca@ferri.example>"
    said = {
        1: letter(1, subject="Richiesta", sender=other, body="Serve un preventivo."),
        2: letter(2, subject="fattura 88", sender=ferri),
        3: letter(3, subject="fattura 7", sender=other),
        4: letter(
            4, subject="Pagato", sender=ferri, body="Fatto bonifico di 300,50 euro il 03/11/2025."
        ),
        5: letter(5, subject="Nostro ordine 4711", sender=ferri),
    }
    for number, raw in said.items():
        (letters / f"{number}.eml").write_bytes(raw)
    assert program("account", "add", "anna@rossi.example", "--local").code == 0
    assert program("import", letters, "--account", "anna@rossi.example").code == 0
    head, row = (
        ERP["documents"].split("\n", 1)[0],
        "ROSSI,{},2025,{},{},0,{},customer,C107,{},EUR,open\n",
    )
    some = [
        head.replace(",state", ",state,their_reference") + "\n",
        row.format("invoice", "A", 88, "2025-11-01", "1240.00").replace("\n", ",\n"),
        row.format("invoice", "", 7, "2025-11-01", "18.00").replace("\n", ",\n"),
        row.format("invoice", "", 2140, "2025-11-03", "300.50").replace("\n", ",\n"),
        row.format("sales_order", "", 6, "2025-11-03", "9.00").replace("\n", ",4711\n"),
    ]
    nothing = {
        "documents": some[0],
        "document_links": ERP["document_links"].split("\n", 1)[0] + "\n",
    }
    parties = ERP["addresses"].split("\n", 1)[0] + "\n"
    steps: list[dict[str, str]] = [
        {**nothing, "addresses": parties},
        nothing,
        {**nothing, "documents": "".join(some)},
        {**nothing, "addresses": parties, "documents": "".join(some)},
        {**nothing, "documents": "".join(some)},
    ]
    for tables in steps:
        assert program("erp", "import", write_erp(tmp_path / "erp", **tables)).code == 0
        assert program("link", "replay").record["changed"] == 0, tables
    found = {
        number: {f"{one['kind']}:{one['code']}" for one in program("links", number).records}
        for number in said
    }
    assert "customer:C107" in found[1]
    assert "invoice:2025/A/88" in found[2]
    assert "invoice:2025/7" in found[3]
    assert "invoice:2025/2140" in found[4]
    assert "sales_order:2025/6" in found[5]


def test_a_database_is_a_place_as_a_folder_is(program: Program, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    fill(url, {f"{name}.csv": content for name, content in ERP.items()})
    assert program("erp", "add", "books", url).record == {"name": "books", "location": url}
    tried = program("erp", "test", "books")
    assert {row["kind"]: row["read"] for row in tried.records}["customer"] == 2
    assert program("erp", "status").records[0]["last_success"] is None
    refreshed = {row["kind"]: row for row in program("erp", "refresh", "books").records}
    assert (refreshed["customer"]["read"], refreshed["customer"]["new"]) == (2, 2)
    unchanged = {row.pop("kind"): row for row in program("erp", "refresh").records}
    assert unchanged.keys() == refreshed.keys()
    assert all(set(row.values()) == {0} for row in unchanged.values())
    assert program.lines("erp", "refresh").count("0 changed") == len(unchanged)
    run(url, ("UPDATE t_parties SET name = 'Bianchi e figli' WHERE name LIKE 'Bianchi%'",))
    changed = {row["kind"]: row for row in program("erp", "refresh").records}
    assert changed["customer"]["changed"] == 1
    (tmp_path / "erp.db").unlink()
    program.fails(69, "unreachable", "erp", "refresh", "books")
    assert program("erp", "status").records[0]["error"]


@pytest.mark.parametrize(
    "spoilt", [ERP["parties"].encode() + b"ROSSI,customer,C300,caff\xe9\n", b"", b"\n"]
)
def test_a_spoilt_file_takes_nobody_away_and_the_status_says_so(
    program: Program, tmp_path: Path, spoilt: bytes
) -> None:
    folder = write_erp(tmp_path / "erp")
    program("erp", "add", "books", folder)
    program("erp", "refresh")
    (folder / "parties.csv").write_bytes(spoilt)
    result = program("erp", "refresh")
    assert result.code in {1, 65}
    assert all(not row.get("gone") for row in result.records)
    (status,) = program("erp", "status").records
    assert "parties.csv" in status["error"]
    write_erp(folder)
    assert program("erp", "refresh").code == 0
    assert program("erp", "status").record["error"] == ""


def test_without_a_crm_its_kinds_are_taken_in_and_not_told(
    program: Program, tmp_path: Path
) -> None:
    folder = write_erp(tmp_path / "erp", parties=ERP["parties"] + "ROSSI,lead,L1,Verdi Impianti\n")
    told = {row["kind"]: row for row in program("erp", "import", folder).records}
    assert told["lead"]["read"] == 1
    (program.home / "settings.toml").write_text("crm = false\n")
    told = {row["kind"]: row for row in program("erp", "import", folder).records}
    assert "customer" in told
    assert "lead" not in told
    assert program("trace", "lead:L1").code == 66
    (program.home / "settings.toml").write_text('crm = ["rossi"]\n')
    assert program("trace", "lead:L1").code == 0


def test_the_kinds_of_record_and_how_one_is_named(house: Program) -> None:
    rows = {row["kind"]: row for row in house("erp", "kinds").records}
    assert list(rows) == list(ENTITY_KINDS)
    assert all(set(row) == {"kind", "name", "records", "example"} for row in rows.values())
    assert (rows["customer"]["records"], rows["customer"]["example"]) == (2, "customer:C200")
    assert rows["invoice"]["example"] == "invoice:2025/A/88"
    assert (rows["job"]["records"], rows["job"]["example"]) == (0, "")
    assert "Ordine" in house.lines("erp", "kinds", "--lang", "it")
    (house.home / "settings.toml").write_text("crm = false\n")
    assert "lead" not in {row["kind"] for row in house("erp", "kinds").records}


def test_a_file_in_the_place_of_its_folder_is_said(program: Program, tmp_path: Path) -> None:
    file = write_erp(tmp_path / "erp") / "parties.csv"
    assert "is a file" in program.fails(66, "not_found", "erp", "import", file)


def test_a_mistake_of_a_whole_file_names_no_column(program: Program, tmp_path: Path) -> None:
    folder = write_erp(tmp_path / "erp")
    (folder / "parties.csv").write_bytes(b"company,kind,code,name\n01,customer,C1,caff\xe9\n")
    said = program("erp", "import", folder, json=False).err
    assert "parties.csv:2: the file is not in UTF-8" in said or "parties.csv:1: the file" in said


def test_a_place_that_is_added_again_is_said_to_be_changed(
    program: Program, tmp_path: Path
) -> None:
    folder = write_erp(tmp_path / "erp")
    assert "books is added" in program.lines("erp", "add", "books", folder)
    assert "books was there and is changed" in program.lines("erp", "add", "books", folder)


def test_what_is_not_reached_is_told_at_every_reading(program: Program, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'erp.db'}"
    program("erp", "add", "books", url)
    for _time in range(2):
        program.fails(69, "unreachable", "erp", "refresh", "books")
        program.fails(69, "unreachable", "erp", "refresh")
