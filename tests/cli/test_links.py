"""links and trace."""

from tests.cli.program import ROW, Program

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
