"""The console in a real terminal: only our sequences, few bytes a key, a clean end."""

import re
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tests.ui.stage import HOSTILE, Stage, build
from tui_mail.db.engine import Database

_PROGRAM = Path(__file__).with_name("console_program.py")
_ROOT = _PROGRAM.parents[2]
_OURS = re.compile(
    rb"\x1b\[[0-9;:]*m|\x1b\[[0-9;]*[HK]|\x1b\[\?[0-9;]+(?:[hl]|\$p)|\x1b\[[<>][0-9;]*u|\x1b\[>q|[\r\n\x07]"
)
_MOST_BYTES = 600


@pytest.fixture
async def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    built = build(sqlite_database, tmp_path)
    for number in range(60):
        await built.receive(f"ordine 2026/119 numero {number}", seen=number % 3 > 0)
    for subject in HOSTILE:
        await built.receive(subject, body=subject)
    return built


@pytest.fixture
async def terminal(stage: Stage) -> AsyncIterator[Terminal]:
    url = stage.database.engine.url.render_as_string(hide_password=False)
    arguments = [sys.executable, str(_PROGRAM), url, str(stage.folder), str(stage.anna)]
    opened = Terminal(arguments, 120, 40, {"PYTHONPATH": str(_ROOT)})
    yield opened
    opened.close()


async def test_a_key_costs_few_bytes_and_hostile_mail_moves_nothing_else(
    terminal: Terminal,
) -> None:
    terminal.until("Inbox · 66")
    terminal.until("Mail of")
    terminal.until("to vendite@")  # the reader shows what the cursor rests on
    terminal.settle()
    sizes = []
    for _key in range(8):
        terminal.send("j")
        size = terminal.read(1.0)
        sizes.append(size + terminal.read(0.02))
        terminal.settle()  # the message that the cursor rests on is shown
    assert max(sizes) <= _MOST_BYTES, sizes
    terminal.send("\x1b[H\r")
    terminal.until("Ferri Impianti Srl")
    for keys in ("h", "i", "\r", "\x1b", "g", "f", "\x1b", "?"):
        terminal.send(keys)
        terminal.settle()
    rest = _OURS.sub(b"", bytes(terminal.written)).decode()
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", rest)


async def test_what_is_typed_with_the_key_that_answers_is_in_the_letter(
    terminal: Terminal,
) -> None:
    terminal.until("Inbox · 66")
    terminal.until("Mail of")
    terminal.send("recd#Ceee")
    terminal.until("Reply to")
    terminal.until("ecd#Ceee")
    terminal.send("\x1b")
    terminal.until("Inbox · 66")


async def test_alt_with_a_digit_goes_to_a_panel(terminal: Terminal) -> None:
    terminal.until("Mail of")
    for digit, title in (
        ("1", "━ Folders"),
        ("4", "━ Records"),
        ("5", "━ Today"),
        ("2", "━ Inbox"),
    ):
        terminal.send(f"\x1b{digit}")
        terminal.until(title)


@pytest.mark.parametrize("key", ["\x03", "\x11"])
async def test_leaving_gives_the_terminal_back_as_it_was(terminal: Terminal, key: str) -> None:
    terminal.until("Inbox · 66")
    terminal.send(key)
    assert terminal.wait() == 0
    end = bytes(terminal.written[-200:])
    for sequence in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?2004l"):
        assert sequence in end
    assert b"Traceback" not in terminal.written


async def test_the_console_draws_on_the_terminal_when_its_errors_go_to_a_file(
    stage: Stage, tmp_path: Path
) -> None:
    url = stage.database.engine.url.render_as_string(hide_password=False)
    program = [sys.executable, str(_PROGRAM), url, str(stage.folder), str(stage.anna)]
    errors = tmp_path / "errors"
    command = f"exec {shlex.join(program)} 2>{shlex.quote(str(errors))}"
    opened = Terminal(["/bin/sh", "-c", command], 120, 40, {"PYTHONPATH": str(_ROOT)})
    try:
        opened.until("Inbox · 66")
    finally:
        opened.close()
    assert errors.read_bytes() == b""
