"""Measures the console as a person meets it: in a pseudo-terminal, with many messages.

    .venv/bin/python scripts/bench/console.py HOME [--keys 200] [--size 120x40]

Prints the start to the first drawn list, key to paint, and bytes for each cursor move. HOME is
made by corpus.py. A bare `python -c pass` in the same run shows how fast the machine is.
"""

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pyte

QUIET = 0.05


class Terminal:
    """A program in a pseudo-terminal, and what its screen shows."""

    def __init__(self, arguments: list[str], columns: int, rows: int) -> None:
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.started = time.perf_counter()
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
            os.execv(arguments[0], arguments)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys: bytes) -> None:
        os.write(self._fd, keys)

    def read(self, seconds: float) -> int:
        """Take what comes within `seconds`; how many bytes."""
        ready, _write, _error = select.select([self._fd], [], [], seconds)
        if not ready:
            return 0
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # the program has ended
            return 0
        self._stream.feed(data)
        return len(data)

    def until(self, condition: Callable[["Terminal"], bool], seconds: float = 30) -> float:
        """The moment at which the screen first met `condition`."""
        end = time.perf_counter() + seconds
        while not condition(self):
            if time.perf_counter() > end:
                self.close()
                sys.exit(
                    "The screen never showed what was waited for:\n"
                    + "\n".join(self.screen.display)
                )
            self.read(0.01)
        return time.perf_counter()

    def settle(self) -> int:
        """Read until nothing comes for a while; how many bytes."""
        total = 0
        while size := self.read(QUIET):
            total += size
        return total

    def close(self) -> None:
        os.kill(self._pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        while os.waitpid(self._pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
            self.read(0.05)


def cursor_row(terminal: Terminal) -> int:
    """The list's row that has the cursor's sign, -1 when none."""
    for number, line in enumerate(terminal.screen.display):
        if "▌" in line[20:]:
            return number
    return -1


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("home", type=Path)
    options.add_argument("--keys", type=int, default=200)
    options.add_argument("--size", default="120x40")
    asked = options.parse_args()
    columns, rows = map(int, asked.size.split("x"))
    program = str(Path(sys.executable).with_name("tui-mail"))
    bare = time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    print(f"bare interpreter: {time.perf_counter() - bare:.3f} s")

    starts = []
    for _run in range(5):
        terminal = Terminal([program, "--home", str(asked.home), "--as", "bench"], columns, rows)
        starts.append(terminal.until(lambda t: cursor_row(t) >= 0) - terminal.started)
        terminal.settle()
        if _run < 4:
            terminal.close()
    print(
        f"start to first list: median {statistics.median(starts):.3f} s, worst {max(starts):.3f} s"
    )

    waits, sizes, flips = [], [], []
    for _key in range(asked.keys):
        before = cursor_row(terminal)
        sent = time.perf_counter()
        terminal.send(b"j")
        size, painted = 0, 0.0
        while not painted or time.perf_counter() - painted < 0.02:
            size += terminal.read(0.005)
            if not painted and cursor_row(terminal) not in {before, -1}:
                painted = time.perf_counter()
            if time.perf_counter() - sent > 2:
                sys.exit("The cursor did not move:\n" + "\n".join(terminal.screen.display))
        after = cursor_row(terminal)
        waits.append((painted - sent) * 1000)
        (sizes if after == before + 1 else flips).append(size)
        terminal.settle()
    print(
        f"key to paint: p50 {percentile(waits, 0.5):.1f} ms, p95 {percentile(waits, 0.95):.1f} ms"
    )
    print(f"bytes a cursor move: median {statistics.median(sizes):.0f}, most {max(sizes)}")
    if flips:
        print(f"half-page flips: {len(flips)}, median {statistics.median(flips):.0f} bytes")

    total = 0
    for _key in range(60):
        terminal.send(b"k")
        end = time.perf_counter() + 1 / 30
        while (left := end - time.perf_counter()) > 0:
            total += terminal.read(left)
    print(f"held key at 30 Hz: {total / 60:.0f} bytes a move")
    terminal.close()


if __name__ == "__main__":
    main()
