"""The command line as a whole: options anywhere, languages, streams, help, a process of its own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Program, Result, command_line
from tui_mail.__main__ import parts
from tui_mail.cli.commands import command
from tui_mail.cli.run import run


def _outside(home: Path, *arguments: object, **options: Any) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command_line("--home", home, *arguments),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
        **options,
    )


# -- options ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--home", "HOME", "--json", "--as", "bruno", "--lang", "it", "show", "9"],
        ["show", "9", "--home", "HOME", "--json", "--as", "bruno", "--lang", "it"],
        ["show", "--as=bruno", "9", "--lang=it", "--json", "--home=HOME"],
    ],
)
def test_options_stand_before_and_after_the_command(
    program: Program, words: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    code = run(parts(), [word.replace("HOME", str(program.home)) for word in words])
    out, err = capfd.readouterr()
    assert code == 66
    assert json.loads(out)["error"] == "not_found"
    assert "messaggio" in err


def test_the_home_comes_from_the_environment_too(
    program: Program, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TUI_MAIL_HOME", str(program.home))
    assert run(parts(), ["config", "check", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["settings"] == f"{program.home}/settings.toml"


def test_an_operator_is_made_on_first_use(house: Program) -> None:
    house("account", "add", "info@rossi.example", "--local", "--shared")
    assert [row["email"] for row in house("account", "list", "--as", "carla").records] == [
        "info@rossi.example"
    ]
    house.fails(64, "wrong_use", "account", "list", "--as", "x\x1b[2J")
    house.fails(64, "wrong_use", "account", "list", "--as", " ")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"], ["--nonsense"], ["search"], ["search", "x", "--limit"], ["account"],
        ["search", "x", "--json=yes"], ["show", "1", "2"], ["--lang", "fr", "search", "x"],
        ["--home"], [],
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "it"])
def test_wrong_use_is_one_sentence_in_the_users_language(
    program: Program, words: list[str], language: str
) -> None:
    result = program("--lang", language, *words, json=False)
    assert (result.code, result.out) == (64, "")
    assert len(result.err.splitlines()) == 1
    assert "Usage" not in result.err


def test_the_language_is_that_of_the_option_the_settings_or_the_environment(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sentence(*options: str) -> str:
        return program("show", "99", *options, json=False).err

    english, italian = sentence("--lang", "en"), sentence("--lang", "it")
    assert english != italian
    monkeypatch.setenv("LC_ALL", "it_IT.UTF-8")
    assert sentence() == italian
    (program.home / "settings.toml").write_text('language = "en"\n', "utf-8")
    assert sentence() == english
    assert sentence("--lang", "it") == italian


# -- help ------------------------------------------------------------------------------------------


def _paths(group: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [above]
    for name, below in getattr(group, "commands", {}).items():
        found += _paths(below, (*above, name))
    return found


@pytest.mark.parametrize("path", _paths(command()), ids=" ".join)
def test_every_command_has_help_with_an_example(program: Program, path: tuple[str, ...]) -> None:
    text = program.lines(*path, "--help")
    assert "Usage: tui-mail" in text
    assert "--json" in text
    example = " ".join(text.split()).partition("Example: tui-mail ")[2]
    assert " ".join(path) in example


def test_the_version_is_told(program: Program) -> None:
    assert re.fullmatch(r"tui-mail \d+\.\d+\.\d+\n", program.lines("--version"))
    assert set(program("--version").record) == {"version"}


# -- what goes wrong outside -----------------------------------------------------------------------


def test_an_error_of_the_program_is_logged_and_told_in_a_sentence(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object, **_options: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("tui_mail.db.fulltext.count", broken)
    sentence = program.fails(74, "error", "search", "x", "--count")
    assert "tui_mail.log" in sentence
    assert "ZeroDivisionError" in (program.home / "logs" / "tui_mail.log").read_text("utf-8")


def test_a_full_disk_under_standard_output_is_said(house: Program) -> None:
    with Path("/dev/full").open("w") as full:
        for words in (
            ["search", "in:INBOX", "--json"],
            ["show", "4", "--raw"],
            ["nonsense", "--json"],
        ):
            result = _outside(house.home, *words, stdout=full)
            assert result.returncode == 73
            assert "Traceback" not in result.stderr
            assert result.stderr.strip()


def test_a_reader_that_goes_away_is_no_mistake(house: Program) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    result = _outside(house.home, "search", "in:INBOX", "--json", stdout=writing)
    os.close(writing)
    assert (result.returncode, result.stderr) == (0, "")


def test_closed_streams_do_no_harm(house: Program) -> None:
    line = " ".join(command_line("--home", house.home, "search", "in:INBOX", "--count"))
    result = subprocess.run(
        ["/bin/sh", "-c", f"{line} <&- >&-"], stderr=subprocess.PIPE, timeout=30, check=False
    )
    assert (result.returncode, result.stderr) == (0, b"")
    line = " ".join(command_line("--home", house.home, "show", "99"))
    result = subprocess.run(["/bin/sh", "-c", f"{line} <&- >&- 2>&-"], timeout=30, check=False)
    assert result.returncode == 66


def test_a_terminal_without_unicode_gets_what_it_can_show(house: Program) -> None:
    result = _outside(
        house.home,
        "worker",
        "status",
        stdout=subprocess.PIPE,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    )
    assert result.returncode == 0, result
    assert "anna@rossi.example" in result.stdout


def test_the_console_needs_a_terminal(program: Program) -> None:
    result = _outside(program.home, stdout=subprocess.PIPE)
    assert (result.returncode, result.stdout) == (64, "")
    assert "--help" in result.stderr


def test_the_installed_program_is_the_same(house: Program) -> None:
    script = Path(sys.executable).with_name("tui-mail")
    if not script.exists():
        pytest.skip("the package is not installed here")
    done = subprocess.run(
        [script, "--home", house.home, "search", "in:INBOX", "--count", "--json"],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert Result(0, done.stdout, done.stderr).record == {"count": 4}


# -- quick to start --------------------------------------------------------------------------------

_HEAVY = {
    "textual", "rich", "alembic", "httpx", "markdown_it", "psycopg", "aiosmtplib",
    "aioimaplib", "aiosmtpd", "dns", "babel",
}  # fmt: skip


@pytest.mark.parametrize(
    ("words", "allowed"),
    [
        (["--help"], set()),
        (["search", "in:INBOX"], set()),
        (["search", "ordine", "--count"], set()),
        (["outbox"], set()),
        (["links", "1"], set()),
        (["account", "list"], set()),
        (["show", "99"], {"babel"}),
        (["send", "--from", "anna@rossi.example", "--to", "a@b.example"], {"babel"}),
    ],
)
def test_a_command_imports_nothing_heavy_that_it_does_not_need(
    house: Program, words: list[str], allowed: set[str]
) -> None:
    asked = (
        "import sys; from tui_mail.__main__ import parts; from tui_mail.cli.run import run; "
        "run(parts(), sys.argv[1:]); "
        "sys.stderr.write('\\n' + ' '.join({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, "--home", house.home, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert loaded & (_HEAVY - allowed) == set()


def test_a_search_loads_neither_what_takes_records_in_nor_what_moves_mail(house: Program) -> None:
    """What else there is in the database's verbs takes as long to load as the search takes."""
    asked = (
        "import sys; from tui_mail.__main__ import parts; from tui_mail.cli.run import run; "
        "run(parts(), sys.argv[1:]); sys.stderr.write('\\n' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, "--home", house.home, "search", "in:inbox", "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert len(done.stdout.splitlines()) == 4
    loaded = set(done.stderr.splitlines()[-1].split())
    verbs = {"erp", "erp_concerned", "erp_save", "actions", "moving", "triage"}
    assert loaded & {f"tui_mail.db.{name}" for name in verbs} == set()


@pytest.mark.parametrize(
    "words", [("--help",), ("search", "--help"), ("vault", "revoke", "--help")]
)
def test_help_is_in_the_users_language(house: Program, words: tuple[str, ...]) -> None:
    told = house("--lang", "it", *words, json=False).out
    assert "Uso:" in told
    assert "Opzioni:" in told
    for english in (
        "Usage",
        "Options",
        "Arguments",
        "Commands",
        "OPTIONS",
        "Show this",
        "required",
    ):
        assert english not in told
    assert "Usage: tui-mail" in house("--lang", "en", *words, json=False).out


def test_kinds_and_counts_are_in_the_users_language(house: Program) -> None:
    italian = ("--lang", "it")
    assert "macchina" in house.lines(*italian, "vault", "slots")
    assert "1 messaggio segnato" in house.lines(*italian, "mark", 1, "+read")
    assert "2 messaggi segnati" in house.lines(*italian, "mark", 1, 2, "+read")
    assert "1 message marked" in house.lines("--lang", "en", "mark", 1, "+read")
    assert "automatico" in house.lines(*italian, "links")


def test_an_operator_who_is_made_by_being_named_is_told(house: Program) -> None:
    first = house("search", "x", "--as", "brumo")
    assert (first.code, "brumo is a new operator" in first.err) == (0, True)
    assert "new operator" not in house("search", "x", "--as", "brumo").err
    assert "new operator" not in house("search", "x").err
