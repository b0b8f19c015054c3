"""links and trace."""

from pathlib import Path

import pytest

from tests.cli.conftest import write_erp
from tests.cli.program import ROW, Program, letter

_LINK = {
    "message", "message_id", "company", "kind", "code", "party", "state", "method", "score",
    "why", "found_in", "by", "at",
}  # fmt: skip


def test_links_give_the_keys_of_the_contract(house: Program) -> None:
    rows = house("links", 2).records
    assert all(set(row) == _LINK for row in rows)
    order = next(row for row in rows if row["kind"] == "sales_order")
    assert (order["code"], order["company"], order["message"]) == ("2025/119", "ROSSI", 2)
    assert order["message_id"] == "2@ferri.example"
    assert order["state"] in {"automatic", "proposed", "confirmed", "rejected"}
    assert order["party"] == "Ferri Impianti"
    assert 0 <= order["score"] <= 100
    assert order["why"]


def test_links_of_a_query_and_of_everything(house: Program) -> None:
    of_orders = house("links", "--query", "ordine").records
    assert {row["message"] for row in of_orders} == {2, 3}
    assert {row["message"] for row in house("links").records} == {1, 2, 3, 4}
    assert house("links", "--as", "bruno").records == []
    assert "sales_order:2025/119" in house.lines("links", 2)


def test_links_refuse_wrong_use(house: Program) -> None:
    house.fails(64, "wrong_use", "links", 1, "--query", "x")
    house.fails(66, "not_found", "links", 99)


def test_trace_is_the_mail_of_a_record_newest_first_and_what_is_hidden(house: Program) -> None:
    *rows, last = house("trace", "customer:C107").records
    assert [row["id"] for row in rows] == [4, 3, 2, 1]
    assert all(set(row) == ROW for row in rows)
    assert last == {"hidden": 0}
    assert house("trace", "customer:C107", "--as", "bruno").records == [{"hidden": 4}]
    assert "more that you may not read" not in house.lines("trace", "customer:C107@ROSSI")


def test_trace_within_days_and_along_the_chain(house: Program) -> None:
    def ids(*options: str) -> list[int]:
        return [row["id"] for row in house("trace", *options).records[:-1]]

    assert ids("customer:C107", "--since", "2025-11-03") == [4, 3]
    assert ids("customer:C107", "--until", "2025-11-03") == [3, 2, 1]
    assert ids("customer:C107", "--since", "2025-11-02", "--until", "2025-11-02") == [2]
    assert ids("customer:C107", "--since", "2025-11", "--until", "2025-11") == [4, 3, 2, 1]
    assert ids("customer:C107", "--until", "2025-10") == []
    assert ids("customer:C107", "--since", "7d") == []
    assert ids("sales_order:2025/119") == [3, 2]
    assert ids("invoice:2025/A/88") == []
    assert ids("invoice:2025/A/88", "--chain") == [3, 2]


def test_trace_of_a_direction_an_account_and_a_kind(house: Program) -> None:
    def ids(*options: str) -> list[int]:
        *rows, last = house("trace", "customer:C107", *options).records
        assert last == {"hidden": 0}
        return [row["id"] for row in rows]

    assert ids("--direction", "in") == [4, 3, 2, 1]
    assert ids("--direction", "out") == []
    assert ids("--account", "anna@rossi.example", "--since", "2025-11-03") == [4, 3]
    assert ids("--kind", "human") == ids("--kind", "Persona") == [4, 3, 2, 1]
    assert ids("--kind", "auto_reply") == ids("--kind", "pec") == []
    email = "anna@rossi.example"
    house.fails(66, "not_found", "trace", "customer:C107", "--account", email, "--as", "bruno")
    hidden = house("trace", "customer:C107", "--direction", "out", "--as", "bruno").records
    assert hidden == [{"hidden": 0}]


def test_trace_refuses_what_it_does_not_know(house: Program) -> None:
    house.fails(66, "not_found", "trace", "customer:C999")
    house.fails(65, "wrong_data", "trace", "planet:C107")
    house.fails(65, "wrong_data", "trace", "C107")
    for day in ("sometime", "2025-13-01", "0001-01-01x"):
        house.fails(64, "wrong_use", "trace", "customer:C107", "--since", day)
    house.fails(64, "wrong_use", "trace", "customer:C107", "--until", "9999-12-31")


# -- several companies ------------------------------------------------------------------------------


_TWO = {
    "companies": "code,name\nROSSI,Rossi Srl\nVERDI,Verdi Srl\n",
    "documents": (
        "company,kind,year,series,number,version,date,party_kind,party,total,currency,state\n"
        "ROSSI,sales_order,2025,,119,0,2025-11-01,customer,C107,1240.00,EUR,open\n"
        "VERDI,sales_order,2025,,119,0,2025-11-01,,,1240.00,EUR,open\n"
    ),
    "document_links": "company,from,to\n",
}


@pytest.fixture
def two_companies(house: Program, tmp_path: Path) -> Program:
    """The house with a second company, whose order has the number of the first one's."""
    assert house("erp", "import", write_erp(tmp_path / "two", **_TWO)).code == 0
    return house


def test_records_are_named_with_their_company_where_there_are_several(
    two_companies: Program,
) -> None:
    linked = two_companies("link", 2, "add", "sales_order:2025/119@VERDI")
    assert linked.record["company"] == "VERDI"
    both = {"sales_order:2025/119@ROSSI", "sales_order:2025/119@VERDI"}
    found = two_companies("search", "mid:2@ferri.example").record["links"]
    assert both < set(found)
    for name in found:
        ids = [row.get("id") for row in two_companies("trace", name).records]
        assert 2 in ids
    printed = two_companies.lines("search", "mid:2@ferri.example")
    assert all(name in printed for name in both)
    assert all(name in two_companies.lines("links", 2) for name in both)
    said = two_companies.lines("link", 2, "reject", "sales_order:2025/119@VERDI")
    assert "sales_order:2025/119@VERDI" in said


def test_a_link_that_is_only_proposed_is_told_from_the_others(
    house: Program, tmp_path: Path
) -> None:
    raw = letter(5, sender="Ugo <ugo@altri.example>", body="Penso all'ordine 2025/119.")
    (tmp_path / "5.eml").write_bytes(raw)
    house("import", tmp_path / "5.eml", "--account", "anna@rossi.example")
    house("link", 5, "add", "customer:C200")
    states = {f"{row['kind']}:{row['code']}": row["state"] for row in house("links", 5).records}
    assert states == {"sales_order:2025/119": "proposed", "customer:C200": "confirmed"}
    found = house("search", "mid:5@ferri.example").record
    assert set(found["links"]) == set(states)
    assert found["proposed_links"] == ["sales_order:2025/119"]
    printed = house.lines("search", "mid:5@ferri.example")
    assert printed.rstrip().endswith("sales_order:2025/119 ?  customer:C200")
    traced = house("trace", "sales_order:2025/119").records[:-1]
    assert [row["id"] for row in traced if row["proposed_links"]] == [5]
    assert [row["id"] for row in house("search", "is:proposed").records] == [5]


def test_answers_with_nothing_in_them_say_so_to_people(house: Program) -> None:
    for words, said in (
        (("trace", "customer:C200"), "No such mail is linked to customer:C200."),
        (("links", 1), "The message is linked to no record."),
        (("links", "--query", "xyzzy"), "No message is found."),
        (("folder", "proposals"), "No folder is called as a record is."),
        (("outbox",), "The outbox is empty."),
        (("outbox", "--state", "held"), "No such letter is in the outbox."),
    ):
        if words == ("links", 1):
            for row in house("links", 1).records:
                house("link", 1, "remove", f"{row['kind']}:{row['code']}")
        for_people = house(*words, json=False)
        assert (for_people.code, for_people.out) == (0, ""), words
        assert said in for_people.err
        assert house(*words).err == ""
