"""Measures the console as a person meets it: in a pseudo-terminal, with many messages.

    .venv/bin/python scripts/bench/console.py HOME [--keys 200] [--starts 7] [--size 120x40]
        [--number 2025/2]

Prints the start to the first drawn list, key to paint, bytes for each cursor move, and how long it
takes from a document's number, typed at `g o`, to its mail. HOME is made by corpus.py. How fast the machine is shows in a bare interpreter's start and in the load;
processor seconds do not depend on who else computes.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.terminal import Terminal

_QUIET_SECONDS = 0.02
_PATIENCE_SECONDS = 10.0
_HELD_HERTZ = 30
_NUMBERS = 40
_MAIL = ("─ Mail · ", "━ Mail · ", "─ Posta · ", "━ Posta · ")


def cursor_row(terminal: Terminal) -> int:
    """The list's row that has the cursor's sign, -1 when none."""
    for number, line in enumerate(terminal.screen.display):
        if "▌" in line[20:]:
            return number
    return -1


def has_moved(terminal: Terminal, before: int) -> bool:
    return cursor_row(terminal) not in {before, -1}


def top_rows(terminal: Terminal) -> list[str]:
    """The list's first rows."""
    return [line[22:88] for line in terminal.screen.display[2:10]]


def shows_others(terminal: Terminal, before: list[str]) -> bool:
    """Whether the list is at another place, and its rows have come."""
    return top_rows(terminal) != before and cursor_row(terminal) >= 0


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def press(terminal: Terminal, key: bytes, seen: Callable[[], bool]) -> tuple[float, int]:
    """Milliseconds until what `seen` looks for was written, and all bytes that the key caused.

    The moment counts at which the bytes came, not the one at which the model of the screen here
    had understood them.
    """
    sent = time.perf_counter()
    terminal.send(key)
    size, painted = 0, 0.0
    while not painted or time.perf_counter() - terminal.came < _QUIET_SECONDS:
        size += terminal.read(0.005)
        if not painted and seen():
            painted = terminal.came
        if time.perf_counter() - sent > _PATIENCE_SECONDS:
            sys.exit(f"Nothing came of {key!r}:\n{terminal.text}")
    return (painted - sent) * 1000, size


def starts(command: list[str], size: tuple[int, int], runs: int) -> Terminal:
    """Start the console again and again; the last one stays."""
    walls: list[float] = []
    processor: list[float] = []
    while True:
        terminal = Terminal(command, *size)
        terminal.until(lambda one: cursor_row(one) >= 0)
        walls.append(terminal.came - terminal.started)
        processor.append(terminal.processor_seconds)
        terminal.settle()
        if len(walls) == runs:
            break
        terminal.kill(signal.SIGTERM)
        terminal.close()
    print(
        f"start to first list: median {statistics.median(walls):.3f} s, best {min(walls):.3f} s, "
        f"worst {max(walls):.3f} s; of the processor: median {statistics.median(processor):.3f} s"
    )
    return terminal


def moves(terminal: Terminal, keys: int) -> None:
    """The cursor down, key by key, at leisure."""
    waits: list[float] = []
    flips: list[float] = []
    sizes: list[float] = []
    flip_sizes: list[float] = []
    began = terminal.processor_seconds
    for _key in range(keys):
        before = cursor_row(terminal)
        wait, size = press(terminal, b"j", partial(has_moved, terminal, before))
        moved = cursor_row(terminal) == before + 1
        (waits if moved else flips).append(wait)
        (sizes if moved else flip_sizes).append(size)
        terminal.settle()
    spent = (terminal.processor_seconds - began) / keys * 1000
    both = waits + flips
    print(f"key to paint: p50 {percentile(both, 0.5):.1f} ms, p95 {percentile(both, 0.95):.1f} ms")
    print(
        f"  within the page: p95 {percentile(waits, 0.95):.1f} ms, "
        f"bytes: median {statistics.median(sizes):.0f}, most {max(sizes):.0f}"
    )
    if flips:
        print(
            f"  half-page flips ({len(flips)}): median {statistics.median(flips):.1f} ms, "
            f"p95 {percentile(flips, 0.95):.1f} ms, {statistics.median(flip_sizes):.0f} bytes"
        )
    print(f"  processor for a key and what follows it: {spent:.1f} ms")


def held(terminal: Terminal) -> None:
    """The cursor up, as a held key repeats."""
    total, began = 0, terminal.processor_seconds
    for _key in range(60):
        terminal.send(b"k")
        end = time.perf_counter() + 1 / _HELD_HERTZ
        while (left := end - time.perf_counter()) > 0:
            total += terminal.read(left)
    spent = (terminal.processor_seconds - began) / 60 * 1000
    print(f"held key at {_HELD_HERTZ} Hz: {total / 60:.0f} bytes and {spent:.1f} ms a move")


def jumps(terminal: Terminal) -> None:
    """Far away and back, and a message opened."""
    for name, key in (("end", b"G"), ("home", b"gg"), ("page down", b"\x1b[6~")):
        terminal.settle()
        before = top_rows(terminal)
        wait, size = press(terminal, key, partial(shows_others, terminal, before))
        print(f"{name}: {wait:.1f} ms, {size} bytes")


def numbers(terminal: Terminal, number: str) -> None:
    """From the last sign of a document's number and Enter to the mail on its card."""
    waits = []
    for _time in range(_NUMBERS):
        terminal.settle()
        press(terminal, b"go", lambda: " › " in terminal.screen.display[-2])
        wait, _size = press(terminal, f"{number}\r".encode(), lambda: _shows_mail(terminal))
        waits.append(wait)
        press(terminal, b"\x1b", lambda: cursor_row(terminal) >= 0 and not _shows_mail(terminal))
    print(
        f"number at g o to its mail: p50 {percentile(waits, 0.5):.1f} ms, "
        f"p95 {percentile(waits, 0.95):.1f} ms"
    )


def _shows_mail(terminal: Terminal) -> bool:
    """Whether a card is shown, with how much mail there is about its record."""
    return any(line.startswith(_MAIL) for line in terminal.screen.display)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("home", type=Path)
    options.add_argument("--keys", type=int, default=200)
    options.add_argument("--starts", type=int, default=7)
    options.add_argument("--size", default="120x40")
    options.add_argument("--number", default="2025/2")
    asked = options.parse_args()
    columns, rows = map(int, asked.size.split("x"))
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    print(
        f"bare interpreter: {time.perf_counter() - bare:.3f} s; "
        f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    )
    program = str(Path(sys.executable).with_name("tui-mail"))
    command = [program, "--home", str(asked.home), "--as", "bench"]
    terminal = starts(command, (columns, rows), asked.starts)
    moves(terminal, asked.keys)
    held(terminal)
    jumps(terminal)
    numbers(terminal, asked.number)
    status = Path(f"/proc/{terminal.pid}/status").read_text("utf-8")
    memory = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    print(f"memory: {int(memory) // 1024} MB; load now {os.getloadavg()[0]:.1f}")
    terminal.kill(signal.SIGTERM)
    terminal.close()


if __name__ == "__main__":
    main()
