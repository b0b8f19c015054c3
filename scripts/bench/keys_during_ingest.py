"""Measures how quick the console's keys are while mail comes in, beside how quick they are at rest.

    .venv/bin/python scripts/bench/keys_during_ingest.py [--messages 20000] [--mail OUT] [--keys 300]

A console in a pseudo-terminal shows the list of one account; the cursor moves down key by key. At
first nothing else happens; then a second account's first synchronization runs in the console's
own process, from a real IMAP server. Prints key to paint of both, their ratio, and how many
messages came in meanwhile. OUT is made by mail.py, or by this. Needs Dovecot.
"""

import argparse
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.bench.console import cursor_row, has_moved, percentile
from scripts.bench.mail import ACCOUNT
from tests.servers.dovecot import Dovecot, missing
from tests.terminal import Terminal

_PROGRAM = str(Path(sys.executable).with_name("tui-mail"))
_HERE = Path(__file__).resolve().parent
_USER, _PASSWORD = "bench", "segreta"
_SHOWN = 3_000
_SYNCING_FROM = 300  # messages: then the processes that help are there
_PATIENCE_SECONDS = 20.0


def run(home: Path, *arguments: str, say: str = "") -> None:
    subprocess.run(
        [_PROGRAM, "--home", str(home), "--as", "bench", *arguments],
        input=say.encode(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def stored(home: Path) -> int:
    """How many messages are in the database."""
    with sqlite3.connect(f"file:{home / 'tui_mail.db'}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT sum(total) FROM folder").fetchone()[0] or 0)


def key(terminal: Terminal, before: int) -> float:
    """Milliseconds from a key to the cursor's new place on the screen."""
    sent = time.perf_counter()
    terminal.send(b"j")
    while not has_moved(terminal, before):
        terminal.read(0.002)
        if time.perf_counter() - sent > _PATIENCE_SECONDS:
            sys.exit(f"The cursor stays:\n{terminal.text}")
    return (terminal.came - sent) * 1000


def moves(terminal: Terminal, keys: int, going_on: Callable[[], bool]) -> list[float]:
    """Key to paint of `keys` moves at a person's pace, or of fewer when it is over before."""
    pace = random.Random(7)
    waits: list[float] = []
    while len(waits) < keys and going_on():
        waits.append(key(terminal, cursor_row(terminal)))
        end = time.perf_counter() + pace.uniform(0.05, 0.15)
        while (left := end - time.perf_counter()) > 0:
            terminal.read(left)
    return waits


def told(name: str, waits: list[float]) -> None:
    print(
        f"{name}: key to paint p50 {percentile(waits, 0.5):.1f} ms,"
        f" p95 {percentile(waits, 0.95):.1f} ms, worst {max(waits):.1f} ms ({len(waits)} keys);"
        f" load {os.getloadavg()[0]:.1f}"
    )


def console(home: Path) -> Terminal:
    terminal = Terminal([_PROGRAM, "--home", str(home), "--as", "bench"], 120, 40)
    terminal.until(lambda one: cursor_row(one) >= 0)
    return terminal


def leave(terminal: Terminal) -> None:
    terminal.kill(signal.SIGTERM)
    terminal.close()


def at_rest(home: Path, keys: int) -> list[float]:
    terminal = console(home)
    terminal.settle()
    waits = moves(terminal, keys, lambda: True)
    leave(terminal)
    return waits


def while_syncing(home: Path, keys: int, messages: int) -> list[float]:
    before = stored(home)
    terminal = console(home)
    terminal.until(lambda _one: stored(home) - before >= _SYNCING_FROM, seconds=120)
    began, since = time.perf_counter(), stored(home)
    waits = moves(terminal, keys, lambda: stored(home) - before < messages)
    came = stored(home) - since
    print(f"{came} messages came meanwhile, {came / (time.perf_counter() - began):.0f} a second")
    leave(terminal)
    return waits


def give_way(server: Dovecot) -> None:
    """A mail server is another machine: it must not compete with the console for this one."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            ours = server.home.name.encode() in status.read_bytes()
        except OSError:  # it has ended
            continue
        if ours:
            os.setpriority(os.PRIO_PROCESS, int(status.parent.name), 19)


def measure(made: Path, work: Path, asked: argparse.Namespace) -> None:
    home, shown = work / "home", work / "shown"
    for part in ("cur", "new", "tmp"):
        (shown / part).mkdir(parents=True)
    for file in islice(sorted((made / "mail" / "cur").iterdir(), reverse=True), _SHOWN):
        shutil.copy(file, shown / "cur")
    run(home, "init")
    run(home, "erp", "import", str(made / "erp"))
    run(home, "account", "add", "archivio@rossi-srl.example", "--local")
    run(home, "import", str(shown), "--account", "archivio@rossi-srl.example")
    rest = at_rest(home, asked.keys)
    told("at rest", rest)
    server = Dovecot()
    try:
        server.start({_USER: _PASSWORD})
        for file in islice(sorted((made / "mail" / "cur").iterdir()), asked.messages):
            server.deliver(_USER, file.read_bytes())
        give_way(server)
        place = f"{server.host}:{server.port_imaps}"
        options = ["--imap", place, "--ca", server.ca_file, "--user", _USER, "--password-stdin"]
        run(home, "account", "add", ACCOUNT, *options, say=f"{_PASSWORD}\n")
        busy = while_syncing(home, asked.keys, asked.messages)
    finally:
        server.stop()
    told("while mail comes in", busy)
    print(f"p95 {percentile(busy, 0.95) / percentile(rest, 0.95):.2f} times that at rest")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--mail", type=Path, help="made by mail.py before")
    options.add_argument("--keys", type=int, default=300)
    asked = options.parse_args()
    if reason := missing():
        sys.exit(reason)
    work = Path(tempfile.mkdtemp())
    try:
        made = asked.mail or work / "made"
        if asked.mail is None:
            generator = [sys.executable, str(_HERE / "mail.py"), str(made)]
            subprocess.run([*generator, "--messages", str(asked.messages)], check=True)
        measure(made, work, asked)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
