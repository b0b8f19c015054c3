"""How fast messages are read and laid out: the rate by size, and the ten slowest, over the test data.

    .venv/bin/python scripts/bench/parse.py [--every N] [SET…]

Each message is read and laid out at 80 cells three times; the median counts. Exit code 1 when
one under 100 kB takes more than 50 ms, or any more than two seconds.
"""

import argparse
import email
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.data import data_folder, messages
from tui_mail.mail.parse import parse
from tui_mail.mail.render import render
from tui_mail.mail.source import dismantle
from tui_mail.mail.structure import read_structure

SIZES = (2, 8, 32, 100, 1_000_000)  # kB
SMALL = 100_000
SMALL_SECONDS = 0.050
ANY_SECONDS = 2.0


def corpus(sets: list[str], every: int) -> Iterator[tuple[str, bytes]]:
    """The messages of the sets, and pages as messages."""
    names = sets or sorted(path.name for path in data_folder().iterdir() if path.is_dir())
    for name in names:
        for path, raw in messages(name, every):
            if path.endswith(".html"):
                yield path, b"Content-Type: text/html\n\n" + raw
                continue
            yield path, raw


def seconds(work: Callable[[], object]) -> float:
    """The median of three runs, of this thread's time on a processor."""
    taken = []
    for _run in range(3):
        start = time.thread_time()
        work()
        taken.append(time.thread_time() - start)
    return statistics.median(taken)


def rate(work: Callable[[bytes], object], raws: list[bytes]) -> str:
    """Messages and megabytes in a second of this processor's time."""
    start = time.process_time()
    for raw in raws:
        work(raw)
    taken = time.process_time() - start
    return f"{len(raws) / taken:8,.0f}/s {sum(map(len, raws)) / taken / 1e6:7.1f} MB/s"


def _laid_out(raw: bytes) -> object:
    return render(parse(raw), 80)


def main() -> int:
    """Print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("sets", nargs="*")
    arguments.add_argument("--every", type=int, default=1)
    given = arguments.parse_args()
    found = list(corpus(given.sets, given.every))
    below = 0
    steps: dict[str, Callable[[bytes], object]] = {
        "structure": read_structure,
        "parse": parse,
        "parse+dismantle": lambda raw: dismantle(raw, parse(raw)),
        "parse+render": lambda raw: render(parse(raw), 80),
        "compat32": email.message_from_bytes,
    }
    for size in SIZES:
        raws = [raw for _path, raw in found if below <= len(raw) < size * 1000]
        if raws:
            print(f"{len(raws)} messages of {below // 1000} to {size} kB")
            for name, work in steps.items():
                print(f"  {name:16} {rate(work, raws)}")
        below = size * 1000
    timed = [(seconds(partial(_laid_out, raw)), len(raw), path) for path, raw in found]
    timed.sort(reverse=True)
    print(f"the ten slowest of {len(timed)} to read and lay out:")
    for taken, length, path in timed[:10]:
        print(f"  {taken * 1000:8.1f} ms {length / 1000:8.1f} kB  {path}")
    small = max((taken for taken, length, _path in timed if length < SMALL), default=0.0)
    print(f"slowest under {SMALL // 1000} kB: {small * 1000:.1f} ms")
    return int(small > SMALL_SECONDS or timed[0][0] > ANY_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
