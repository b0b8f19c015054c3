"""search, show and save."""

import json
from pathlib import Path

import pytest

from tests.cli.program import ROW, WITH_FILES, Program, command_line, letter
from tests.pieces import in_pieces, whole
from tests.terminal import Terminal


def test_search_gives_the_keys_of_the_contract_newest_first(house: Program) -> None:
    rows = house("search", "account:anna@rossi.example").records
    assert all(set(row) == ROW for row in rows)
    assert [row["message_id"] for row in rows] == [f"{n}@ferri.example" for n in (4, 3, 2, 1)]
    order = rows[2]
    assert order["from"] == "luca@ferri.example"
    assert order["to"] == ["anna@rossi.example"]
    assert (order["subject"], order["folder"]) == ("Ordine 2025/119", "INBOX")
    assert (order["account"], order["flags"]) == ("anna@rossi.example", [])
    assert order["date"] == "2025-11-02T10:00:00+00:00"
    assert "sales_order:2025/119" in order["links"]
    assert order["thread"] == rows[1]["thread"] != rows[3]["thread"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("preventivo", 1),
        ("ordine confermo", 2),
        ("in:INBOX", 4),
        ("in:INBOX listino", 1),
        ('"', 0),
        ("'; DROP TABLE message; --", 0),
        ("\udcff", 0),
    ],
)
def test_search_counts(house: Program, query: str, found: int) -> None:
    assert house("search", query, "--count").record == {"count": found}
    assert len(house("search", query).records) == found


def test_search_stops_at_its_limit(house: Program) -> None:
    assert [row["id"] for row in house("search", "in:INBOX", "--limit", 2).records] == [4, 3]
    assert house("search", "in:INBOX", "--limit=0").records == []


def test_search_takes_several_words_as_one_query(house: Program) -> None:
    assert len(house("search", "listino", "in:INBOX").records) == 1


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["-subject:listino"], 3),
        (["-preventivo", "in:INBOX"], 3),
        (['-"serve un preventivo"'], 3),
        (["in:INBOX", "-(listino or preventivo)"], 2),
        (["-has:attachment"], 3),
        (["-limit"], 4),
    ],
)
def test_a_query_may_begin_with_a_minus(house: Program, words: list[str], found: int) -> None:
    assert house("search", *words, "--count").record == {"count": found}
    assert len(house("search", "--limit", 9, *words).records) == found


def test_what_looks_like_an_option_and_is_none_is_told(house: Program) -> None:
    assert "--limt" in house.fails(64, "wrong_use", "search", "-listino", "--limt", 3)
    assert "--count" in house.lines("search", "-h")
    assert house("search", "--", "--limt").records == []


def test_search_prints_a_line_each_for_people(house: Program) -> None:
    assert "Luca Ferri  " in house.lines("search", "preventivo")
    assert house.lines("search", "in:INBOX", "--count") == "4\n"


def test_search_refuses_wrong_use(house: Program) -> None:
    house.fails(64, "wrong_use", "search")
    house.fails(64, "wrong_use", "search", " ")
    house.fails(64, "wrong_use", "search", "x", "--limit", "many")
    house.fails(64, "wrong_use", "search", "x", "--limit", "-1")


def test_another_operator_finds_nothing_of_a_personal_account(house: Program) -> None:
    assert house("search", "in:INBOX", "--as", "bruno").records == []
    house.fails(66, "not_found", "show", 1, "--as", "bruno")


# -- show ------------------------------------------------------------------------------------------


def test_show_gives_the_keys_of_the_contract(house: Program) -> None:
    shown = house("show", 4).record
    assert {
        "headers", "text", "new_text", "class", "attachments", "warnings", "damage",
    } <= set(shown)  # fmt: skip
    assert shown["text"].strip() == "Ecco il listino."
    assert shown["class"] == "human"
    assert [set(one) for one in shown["attachments"]] == [{"name", "type", "size", "sha256"}] * 2
    assert shown["attachments"][0]["size"] == 4
    assert {"name": "Subject", "value": "Listino"} in shown["headers"]
    assert (shown["warnings"], shown["damage"]) == ([], [])


def test_show_finds_a_message_by_its_identifier(house: Program) -> None:
    for name in ("mid:<2@ferri.example>", "mid:2@ferri.example"):
        assert house("show", name).record["id"] == 2


def test_show_raw_is_byte_for_byte_what_came(house: Program) -> None:
    assert house("show", 4, "--raw", json=False).out.encode() == WITH_FILES


def test_show_text_is_what_the_reader_draws(house: Program) -> None:
    text = house.lines("show", 1, "--text", "--width", 40)
    assert "Serve un preventivo." in text
    assert all(len(line) <= 40 for line in text.splitlines())
    assert all(set(row) == {"line"} for row in house("show", 1, "--text").records)


def test_show_prints_the_head_and_the_attachments_above_the_text(house: Program) -> None:
    head, _empty, text = house.lines("show", 4).partition("\n\n")
    assert "From: Luca Ferri <luca@ferri.example>\nTo: anna@rossi.example\n" in head
    assert "\nDate: 2025-11-04 10:00\nSubject: Listino\nFolder: INBOX (anna@rossi.example)" in head
    assert "\nAttachment 2: foglio.pdf, 4 bytes" in head
    assert text.strip() == "Ecco il listino."
    assert "Subject" not in house.lines("show", 4, "--text")


@pytest.mark.parametrize(
    "identifier", ["99", "999999999999999999999", "mid:<no@where>", "mid:\udcff"]
)
def test_show_says_when_there_is_no_such_message(house: Program, identifier: str) -> None:
    result = house("show", identifier)
    assert result.code in {65, 66}
    assert result.record["error"] in {"not_found", "wrong_data"}


def test_show_markdown_is_the_text_alone(house: Program) -> None:
    lines = [one["line"] for one in house("show", "1", "--markdown").records]
    assert lines
    assert house("show", "1", "--markdown", json=False).out.splitlines() == lines


@pytest.mark.parametrize("identifier", ["x", "-1", "²", "", "1.5"])
def test_show_refuses_what_is_no_message(house: Program, identifier: str) -> None:
    house.fails(64, "wrong_use", "show", "--", identifier)


def test_a_damaged_and_hostile_message_is_shown_and_harms_nothing(
    house: Program, tmp_path: Path
) -> None:
    bad = (
        b"From: =?utf-8?q?=1b]0;evil=07?= <x@y.example>\r\nSubject: a\x1b[2J\xff\r\n"
        b"Message-ID: <bad@y.example>\r\nContent-Type: multipart/mixed; boundary=none\r\n\r\n\x1b[31mtext\x9b2J"
    )
    file = tmp_path / "bad.eml"
    file.write_bytes(bad)
    assert house("import", file, "--account", "anna@rossi.example").records[-1]["stored"] == 1
    shown = house("show", "mid:<bad@y.example>")
    assert shown.record["damage"]
    assert shown.out.isascii()
    for call in (("show", shown.record["id"]), ("search", "from:evil OR text"), ("search", "text")):
        printed = house.lines(*call)
        assert not {"\x1b", "\x07", "\x9b"} & set(printed)


def test_show_tells_of_attachments_that_are_lost(house: Program) -> None:
    for blob in (house.home / "attachments").rglob("*"):
        if blob.is_file():
            blob.unlink()
    assert house("show", 4).record["warnings"]
    house.fails(74, "input_output", "show", 4, "--raw")


# -- save ------------------------------------------------------------------------------------------


def test_save_writes_one_attachment_or_all_inside_the_folder(
    house: Program, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    saved = house("save", 4, "--to", out).records
    assert [set(one) for one in saved] == [{"attachment", "path", "size"}] * 2
    assert sorted(path.name for path in out.iterdir()) == ["foglio.pdf", "listino.csv"]
    assert (out / "listino.csv").read_bytes() == b"a;b\n"
    again = house("save", 4, 1, "--to", out).record
    assert Path(again["path"]).name == "listino (1).csv"
    assert Path(again["path"]).parent == out


def test_save_says_what_is_not_there(house: Program, tmp_path: Path) -> None:
    house.fails(66, "not_found", "save", 4, 9, "--to", tmp_path)
    house.fails(66, "not_found", "save", 99, "--to", tmp_path)
    house.fails(73, "cannot_write", "save", 4, "--to", tmp_path / "none")
    house.fails(64, "wrong_use", "save", 4)
    nothing = house("save", 1, "--to", tmp_path)
    assert (nothing.code, nothing.records) == (0, [])


def test_save_says_when_a_folder_cannot_be_written(house: Program) -> None:
    house.fails(73, "cannot_write", "save", 4, "--to", "/proc/self")


def test_json_is_ascii_and_words_are_not_escaped(house: Program, tmp_path: Path) -> None:
    file = tmp_path / "u.eml"
    file.write_bytes(letter(9, subject="=?utf-8?q?Perch=C3=A9_no?=", sender="è <e@x.example>"))
    assert house("import", file, "--account", "anna@rossi.example").code == 0
    out = house("search", "perche").out
    assert out.isascii()
    assert json.loads(out)["subject"] == "Perché no"
    assert "Perché no" in house.lines("search", "perche")


def test_files_within_a_file_are_listed_and_saved(house: Program, tmp_path: Path) -> None:
    file, folder = tmp_path / "uu.eml", tmp_path / "out"
    folder.mkdir()
    file.write_bytes(
        b"From: e@x.example\nSubject: dentro\n\necco\nbegin 644 nota.txt\n#0V%T\n`\nend\n"
    )
    assert house("import", file, "--account", "anna@rossi.example").code == 0
    message = json.loads(house("search", "dentro").out)["id"]
    shown = json.loads(house("show", str(message)).out)
    assert (shown["text"], [one["name"] for one in shown["attachments"]]) == (
        "ecco\n",
        ["nota.txt"],
    )
    assert house("save", str(message), "1", "--to", folder).code == 0
    assert (folder / "nota.txt").read_bytes() == b"Cat"


def test_what_a_bounce_says_is_shown(house: Program, tmp_path: Path) -> None:
    file = tmp_path / "bounce.eml"
    file.write_bytes(
        b"From: MAILER-DAEMON@x.example\nSubject: Undelivered\nContent-Type: multipart/report;"
        b" report-type=delivery-status; boundary=b\n\n--b\n\nno\n--b\n"
        b"Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
        b"Final-Recipient: rfc822; nessuno@y.example\nAction: failed\nStatus: 5.1.1\n\n--b--\n"
    )
    assert house("import", file, "--account", "anna@rossi.example").code == 0
    shown = json.loads(house("show", str(json.loads(house("search", "undelivered").out)["id"])).out)
    (report,) = shown["reports"]
    assert shown["class"] == "bounce"
    assert (report["recipient"], report["status"], report["permanent"]) == (
        "nessuno@y.example",
        "5.1.1",
        True,
    )


def test_a_mistake_in_a_query_is_told_with_its_place(house: Program) -> None:
    result = house("search", "luca before:soon")
    assert (result.code, result.record["error"]) == (64, "wrong_use")
    column, end = result.record["column"], result.record["end_column"]
    assert "luca before:soon"[column - 1 : end] in {"soon", "before:soon"}


@pytest.mark.parametrize(
    ("query", "blamed", "near"),
    [
        ("luca in:Inbux", "in:Inbux", "“Inbox”"),
        ("account:nobody@x.example", "account:nobody@x.example", "no account"),
        ("account:ana@rossi.example luca", "account:ana@rossi.example", "“anna@rossi.example”"),
        ("Nowhere in:(Nowhere)", "Nowhere", "no folder"),
    ],
)
def test_a_place_that_is_not_there_is_a_mistake_with_the_nearest(
    house: Program, query: str, blamed: str, near: str
) -> None:
    result = house("search", query, "--count")
    assert (result.code, result.record["error"]) == (64, "wrong_use")
    assert query[result.record["column"] - 1 : result.record["end_column"]] == blamed
    assert near in result.record["message"]


def test_the_place_of_a_mistake_is_marked_for_people(house: Program) -> None:
    told = house("search", "ordine form:ferri", json=False).err
    query, mark, sentence = told.splitlines()
    assert query == "ordine form:ferri"
    assert mark == "       ^^^^^"
    assert "“from:”" in sentence
    assert (
        len(house("export", "in:Inbux", "--to", house.home / "x", json=False).err.splitlines()) == 3
    )


def test_a_search_that_finds_nothing_says_so_and_where_it_did_not_look(house: Program) -> None:
    for way in ((), ("--count",)):
        assert "in:anywhere" in house("search", "zzzzz", *way).err
        assert "in:anywhere" not in house("search", "zzzzz in:anywhere", *way).err
    assert "No message is found." in house("search", "zzzzz in:anywhere").err
    assert house("search", "zzzzz", "--limit", 0).err == ""


def test_what_nothing_bears_is_a_hint_and_no_mistake(house: Program) -> None:
    for query, hint in (
        ("tag:nessuno", "No message has the tag “nessuno”."),
        ("order:99999", "No record is called “99999”."),
    ):
        result = house("search", query)
        assert (result.code, result.records) == (0, [])
        assert hint in result.err


def test_a_folder_may_be_called_by_what_it_is_for(house: Program) -> None:
    for name in ("cestino", "trash", "posta-in-arrivo", "Bozze", "sent", "anywhere"):
        assert house("search", f"in:{name}", "--count").code == 0


def test_a_sentence_is_not_broken_within_a_word(house: Program) -> None:
    command = command_line("--home", house.home, "--lang", "en", "search", "before:soon")
    terminal = Terminal(command, columns=60, rows=20)
    terminal.until("7d.")
    rows = [row.rstrip() for row in terminal.screen.display if row.strip()]
    terminal.close()
    query, mark, *told = rows
    assert (query, mark) == ("before:soon", "^" * len("before:soon"))
    assert " ".join(told) == house("search", "before:soon").err.strip()
    assert len(told) > 1


# -- messages in pieces


def test_a_message_in_pieces_is_shown_and_saved_whole(house: Program, tmp_path: Path) -> None:
    raw = whole()
    first, second = in_pieces(raw, [raw.index(b"seconda")])
    for number, piece in enumerate((second, first), 5):
        (tmp_path / "piece.eml").write_bytes(piece)
        house("import", tmp_path / "piece.eml", "--account", "anna@rossi.example")
        if number == 5:
            shown = house("show", 5).record
            assert shown["pieces"] == {
                "number": 2, "total": 2, "missing": [1], "joined": [], "reason": "",
            }  # fmt: skip
            assert "\n! piece 2 of 2; 1 is missing\n" in house.lines("show", 5)
    for number, piece in ((5, second), (6, first)):
        shown = house("show", number).record
        assert (shown["subject"], shown["warnings"]) == ("Disegni della pompa", [])
        assert shown["pieces"]["joined"] == [6, 5]
        assert [one["name"] for one in shown["attachments"]] == ["pompa.pdf"]
        assert "\n- joined from 2 pieces\n" in house.lines("show", number)
        assert "seconda riga" in house.lines("show", number, "--text")
        assert house("show", number, "--raw", json=False).out.encode() == piece
        folder = tmp_path / str(number)
        folder.mkdir()
        house("save", number, "--to", folder)
        assert (folder / "pompa.pdf").read_bytes() == b"%PDF-1.4\n" * 48
    assert house("show", 4).record["pieces"] is None


def test_a_star_alone_is_a_mistake_that_names_what_finds_all(house: Program) -> None:
    result = house("search", "*")
    assert (result.code, result.record["error"]) == (64, "wrong_use")
    assert result.record["column"] == 1
    assert "in:anywhere" in result.record["message"]


def test_only_operators_that_are_no_common_words_are_proposed(house: Program) -> None:
    assert "for:" not in house("search", "foo:bar").record["message"]
