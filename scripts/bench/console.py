"""Measures the console as a person meets it: in a pseudo-terminal, with many messages.

    .venv/bin/python scripts/bench/console.py HOME [--keys 200] [--size 120x40]

Prints the start to the first drawn list, key to paint, and bytes for each cursor move. HOME is
made by corpus.py. A bare `python -c pass` in the same run shows how fast the machine is.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.terminal import Terminal


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
            terminal.kill(signal.SIGTERM)
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
    terminal.kill(signal.SIGTERM)
    terminal.close()


if __name__ == "__main__":
    main()
