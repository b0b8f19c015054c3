"""Nothing that came from outside drives the terminal: the list and the end, every command."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import Program
from tests.e2e import hostile, payloads
from tests.e2e.oracle import CLEAN, foreign, last_state
from tests.terminal import Terminal

QUIT = "\x11"


@pytest.fixture(scope="module")
def ports() -> Iterator[hostile.Ports]:
    with hostile.servers() as found:
        yield found


@pytest.fixture(scope="module")
def furnished(ports: hostile.Ports, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile.build(tmp_path_factory.mktemp("hostile"), ports)


def console(home: Path, columns: int, rows: int, program: str = "tui_mail") -> Terminal:
    return Terminal([sys.executable, "-m", program, "--home", str(home)], columns, rows)


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (QUIT, 0),
        ("qq", 0),
        ("\x03", 0),
        (signal.SIGTERM, 143),
        (signal.SIGHUP, 129),
        (signal.SIGINT, 130),
    ],
    ids=["Ctrl+Q", "q q", "Ctrl+C", "SIGTERM", "SIGHUP", "SIGINT"],
)
def test_every_end_leaves_the_terminal_as_it_was(
    furnished: Path, tmp_path: Path, end: str | signal.Signals, code: int
) -> None:
    terminal = console(hostile.copy(furnished, tmp_path), 100, 30)
    try:
        before = terminal.settings()
        terminal.until("119")
        if isinstance(end, str):
            terminal.send(end)
            assert terminal.wait() == code
        else:
            assert terminal.kill(end) == code
        written = bytes(terminal.written)
        assert foreign(written) == []
        assert last_state(written) == CLEAN
        assert written.endswith(b"\x1b[?1004l")  # nothing is said after the end
        assert terminal.settings() == before
    finally:
        terminal.close()


@pytest.fixture
def program(
    furnished: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Program:
    monkeypatch.delenv("TUI_MAIL_DATABASE", raising=False)
    return Program(hostile.copy(furnished, tmp_path), capfd, monkeypatch)


def said(program: Program, *arguments: object, stdin: str = "") -> str:
    """What a command writes, to both streams, having checked it."""
    result = program(*arguments, stdin=stdin.encode("utf-8", "replace"), json=False)
    written = result.out + result.err
    assert foreign(written.encode(), plain=True) == [], arguments
    return written


def test_commands_print_no_foreign_byte(program: Program) -> None:
    assert "␛]0;PWN-TITLE␇" in said(program, "search", f"account:{hostile.LOCAL}", "--limit", 500)
    for number in range(1, 130, 3):
        assert said(program, "show", number, "--text")
    said(program, "show", 79, "--text")
    assert said(program, "links", "--query", f"account:{hostile.LOCAL}")
    for number in range(0, len(payloads.PAYLOADS), 4):
        said(program, "trace", f"customer:C{number}")
    assert hostile.SERVED in said(program, "account", "list")
    assert "␛" in said(program, "worker", "status")
    assert "␛" in said(program, "outbox")
    said(program, "erp", "status")
    said(program, "config", "show")


def test_errors_repeat_nothing_that_drives_the_terminal(program: Program, tmp_path: Path) -> None:
    text = payloads.ALL.replace("\0", "").encode("utf-8", "replace").decode()
    folder = tmp_path / "erp"
    folder.mkdir()
    columns = f"company,kind,{text.replace(',', ' ')}".translate({10: " ", 13: " ", 0x2028: " "})
    (folder / "parties.csv").write_text(f"{columns}\nR,{columns},\n", "utf-8")
    for arguments in (
        [text],
        ["show", text],
        ["show", f"mid:<{text}>"],
        ["search", text],
        ["trace", text],
        ["trace", f"customer:{text}"],
        ["links", text],
        ["mark", text, "+read"],
        ["mark", "1", text],
        ["move", "1", text],
        ["erp", "import", tmp_path / text[:60].replace("/", "|")],
        ["erp", "import", folder],
        ["import", tmp_path / text[:60].replace("/", "|"), "--account", hostile.LOCAL],
        ["account", "add", text],
        ["account", "test", text],
        ["outbox", "--state", text],
        ["send", "--from", hostile.LOCAL, "--to", text],
    ):
        said(program, *arguments)
    said(program, "send", stdin='{"' + text.replace("\\", "").replace('"', "") + '": 1}')
    said(program, "save", 1, "--to", tmp_path / "saved")
