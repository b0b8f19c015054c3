"""search --save, --saved, --forget."""

from tests.cli.program import Program


def test_a_search_is_saved_listed_and_forgotten(program: Program) -> None:
    before = [one["name"] for one in program("search", "--saved").records]
    assert program("search", "order:* ", "from:ferri", "--save", "Ordini Ferri").code == 0
    last = program("search", "--saved").records[-1]
    assert (last["name"], last["query"], last["shared"]) == (
        "Ordini Ferri",
        "order:*  from:ferri",
        False,
    )
    assert program("search", "--forget", "ORDINI FERRI").code == 0
    assert [one["name"] for one in program("search", "--saved").records] == before
    assert program("search", "--forget", "Ordini Ferri").code == 66


def test_a_wrong_search_is_not_saved(program: Program) -> None:
    result = program("search", "form:anna", "--save", "x")
    assert result.code == 64
    assert "from:" in result.record["message"]
    assert program("search", "--save", "x").code == 64
    assert program("search").code == 64


def test_the_help_says_the_language(program: Program) -> None:
    out = program("search", "--help", json=False).out
    for piece in ("from: to: cc: bcc:", "attachment:", "newer:7d", "@NAME"):
        assert piece in out
