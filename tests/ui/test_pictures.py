"""Pictures in a real terminal: one that says it can draw them, one that says nothing; and those
that came as files, looked at by the keys."""

import io
import re
import struct
import sys
import zlib
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.mail.pictures import letter, noise, picture, plain_png, with_files
from tests.terminal import Terminal
from tests.ui.stage import Showing, Stage, build, showing
from tui_mail.db.engine import Database
from tui_mail.ui.kitty import PLACEHOLDER, Slot
from tui_mail.ui.screens.pick import PickScreen
from tui_mail.ui.screens.picture import PictureScreen
from tui_mail.ui.widgets.text import SafeInput

_PROGRAM = Path(__file__).with_name("console_program.py")
_QUESTION = b"\x1b[>q"
_COMMAND = re.compile(rb"\x1b_G([^;\x1b]*)(?:;([^\x1b]*))?\x1b\\")

Open = Callable[..., Terminal]


@pytest.fixture
def stage(sqlite_database: Database, tmp_path: Path) -> Stage:
    return build(sqlite_database, tmp_path)


@pytest.fixture
def opened(stage: Stage) -> Iterator[Open]:
    terminals: list[Terminal] = []

    def open_terminal(**environment: str) -> Terminal:
        url = stage.database.engine.url.render_as_string(hide_password=False)
        arguments = [sys.executable, str(_PROGRAM), url, str(stage.folder), str(stage.anna)]
        path = {"PYTHONPATH": str(_PROGRAM.parents[2])}
        terminals.append(Terminal(arguments, 120, 40, path | environment))
        return terminals[-1]

    yield open_terminal
    for terminal in terminals:
        terminal.close()
    sys.stdout.write((stage.folder / "console.log").read_text())  # shown if the test failed


def _commands(terminal: Terminal) -> list[tuple[dict[str, str], bytes]]:
    """What the terminal was told about pictures, in order."""
    return [
        (dict(key.split("=") for key in keys.decode().split(",")), data)
        for keys, data in _COMMAND.findall(bytes(terminal.written))
    ]


def _sent(terminal: Terminal) -> dict[int, bytes]:
    """The PNGs that came whole, by number."""
    found: dict[int, bytes] = {}
    number, data = 0, b""
    for keys, piece in _commands(terminal):
        if keys.get("a") != "d":
            number, data = int(keys.get("i", number)), data + piece
            if keys["m"] == "0":
                found[number], data = b64decode(data, validate=True), b""
    return found


def _deleted(terminal: Terminal) -> list[int]:
    return [int(keys["i"]) for keys, _data in _commands(terminal) if keys.get("a") == "d"]


async def test_a_terminal_that_draws_pictures_is_given_them_and_forgets_them(
    stage: Stage, opened: Open
) -> None:
    evil = f"<p>\x1b_Ga=T,f=100;AAAA\x1b\\ {PLACEHOLDER}\u0305\u0305 fine</p>"
    await stage.take(letter(plain_png(), html=evil.encode(), subject="falso"))
    await stage.take(letter(plain_png(), noise(400, 300), html=b"<img src='cid:0@x'>"))
    terminal = opened()
    terminal.until(lambda one: _QUESTION in one.written)
    assert b"Inbox" in terminal.written[: terminal.written.index(_QUESTION)]
    terminal.send("\x1bP>|kitty(0.35.2)\x1b\\")
    terminal.send("\r")
    terminal.until(lambda one: bool(_sent(one)))
    terminal.until(lambda one: one.text.count(PLACEHOLDER) == 20 * 4)
    [(number, png)] = _sent(terminal).items()
    with Image.open(io.BytesIO(png), formats=("PNG",)) as read:
        assert read.size == (160, 64)
        assert read.convert("RGB").getpixel((80, 32)) == (200, 16, 8)
    assert number == Slot(0).number(true_colour=True)
    cells = [row for row in terminal.screen.display if PLACEHOLDER in row]
    assert [row.count(PLACEHOLDER) for row in cells] == [20] * 4
    assert "▀" not in terminal.text
    terminal.send("J")  # the one that pretends
    terminal.until("fine")
    terminal.settle()
    assert _deleted(terminal) == [number]
    assert PLACEHOLDER not in terminal.text
    terminal.send("K")
    terminal.until(lambda one: PLACEHOLDER in one.text)
    again = set(_sent(terminal)) - {number}
    assert len(again) == 1
    terminal.send("\x11")
    assert terminal.wait() == 0
    assert _deleted(terminal) == [number, *again]


async def test_a_terminal_that_says_nothing_gets_half_blocks(stage: Stage, opened: Open) -> None:
    await stage.take(letter(plain_png()))
    terminal = opened()
    terminal.until(lambda one: _QUESTION in one.written)
    terminal.send("\r")
    terminal.until(lambda one: one.text.count("▀") == 20 * 4)
    terminal.send("\x1b")  # held back for a moment, not lost
    terminal.until("━ Inbox")
    terminal.send("\x11")
    assert terminal.wait() == 0
    assert b"\x1b_" not in terminal.written
    assert PLACEHOLDER.encode() not in terminal.written


@pytest.mark.parametrize("environment", [{"TERM": "screen-256color"}, {"TMUX": "x,1,0"}])
async def test_a_terminal_behind_another_program_is_not_asked(
    stage: Stage, opened: Open, environment: dict[str, str]
) -> None:
    await stage.take(letter(plain_png()))
    terminal = opened(**environment)
    terminal.until("Mail of" if "TERM" in environment else "logo")
    terminal.send("\r")
    terminal.until(lambda one: one.text.count("▀") == 20 * 4)
    assert _QUESTION not in terminal.written
    assert b"\x1b_" not in terminal.written


async def test_what_is_typed_around_the_answer_is_not_lost(stage: Stage, opened: Open) -> None:
    await stage.receive("ordine 12")
    terminal = opened()
    terminal.until(lambda one: _QUESTION in one.written)
    terminal.send("/or\x1bP>|XTerm(388)\x1b\\dine")
    terminal.until(lambda one: "ordine" in [row.strip() for row in one.screen.display])


async def test_the_end_waits_for_an_answer_that_is_due(stage: Stage, opened: Open) -> None:
    terminal = opened()
    terminal.until(lambda one: _QUESTION in one.written)
    terminal.send("\x11\x1bP>|kitty(0.35.2)\x1b\\")
    assert terminal.wait() == 0
    assert terminal.written.endswith(b"\x1b[?1004l")


# -- attached


async def _looks_at(shown: Showing, *keys: str) -> None:
    await shown.press("enter", "v")
    await shown.until(lambda: isinstance(shown.console.screen, PickScreen))
    await shown.press(*keys, "enter")
    await shown.until(lambda: isinstance(shown.console.screen, PictureScreen))


async def test_an_attached_picture_is_looked_at_and_then_saved(
    stage: Stage, tmp_path: Path
) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    blue = picture(Image.new("RGB", (4000, 3000), (8, 16, 200)), "JPEG")
    await stage.take(with_files(("rosso.png", plain_png()), ("foto.jpeg", blue)))
    async with showing(stage) as shown:
        await _looks_at(shown)
        await shown.sees("rosso.png · 160 x 64", "▀" * 20)
        await shown.press("n")
        await shown.sees("foto.jpeg · 4000 x 3000")
        await shown.until(lambda: sum("▀" * 80 in line for line in shown.screen()) >= 30)
        await shown.press("S")
        await shown.sees("Save 1 file in")
        shown.console.screen.query_one(SafeInput).value = str(folder)
        await shown.sees("saved/", "save here")
        await shown.press("enter")
        await shown.sees("Saved ")
    assert (folder / "foto.jpeg").read_bytes() == blue


async def test_escape_leads_back_from_a_picture_to_the_message(stage: Stage) -> None:
    await stage.take(with_files(("rosso.png", plain_png())))
    async with showing(stage) as shown:
        await _looks_at(shown)
        await shown.sees("▀" * 20)
        await shown.press("escape")
        await shown.sees("allego", "▪ rosso.png")
        await shown.lacks("▀")
        assert shown.focused == "reader"


def _bomb() -> bytes:
    """A PNG of 40,000 x 40,000 pixels in a few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (_bomb(), "too many pixels to be shown here: S saves it."),
        (b"%!PS-Adobe", "This is no PNG, JPEG, GIF or WebP picture"),
        (noise(200, 100)[:-9000], "damaged"),
    ],
)
async def test_a_picture_that_cannot_be_shown_says_why(
    stage: Stage, data: bytes, words: str
) -> None:
    await stage.take(with_files(("foto.png", data)))
    async with showing(stage) as shown:
        await _looks_at(shown)
        await shown.sees(words)


async def test_without_pictures_a_picture_is_a_file_to_save(stage: Stage) -> None:
    await stage.take(with_files(("rosso.png", plain_png())))
    async with showing(stage, pictures="none") as shown:
        await shown.press("enter", "v")
        await shown.sees("1 attachment: Enter saves")
        await shown.press("enter")
        await shown.sees("Save 1 file in")
