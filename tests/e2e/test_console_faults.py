"""The console in a real terminal while its connection breaks in every way: keys answer throughout."""

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_mailbox import PASSWORD, Program
from tests.servers.dovecot import Dovecot
from tests.servers.faults import FaultProxy, Kind, Side
from tests.terminal import Terminal
from tests.worker.office import letter

_KEYS = 12
_LATE_SECONDS = 0.1
_FIRST = 40
_F5 = "\x1b[15~"
_USER = "rotta"


@contextmanager
def proxy_for(dovecot: Dovecot) -> Iterator[FaultProxy]:
    """The proxy, served by a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Coroutine[Any, Any, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(20)

    proxy = FaultProxy(dovecot.host, dovecot.port_imap)
    try:
        run(proxy.__aenter__())
        yield proxy
        run(proxy.__aexit__())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def cursor(terminal: Terminal) -> int:
    """The list's row that has the cursor's sign, -1 when none."""
    lines = terminal.screen.display
    return next((row for row, line in enumerate(lines) if "▌" in line[20:]), -1)


def queued(terminal: Terminal) -> float:
    """Seconds that the console, and who looks at it here, were ready and had no processor.

    Of all its threads: whoever has the interpreter keeps it while waiting for a processor.
    """
    threads = [*Path(f"/proc/{terminal.pid}/task").iterdir(), Path("/proc/thread-self")]
    waited = 0
    for thread in threads:
        with suppress(OSError):  # it has ended
            waited += int((thread / "schedstat").read_text("ascii").split()[1])
    return waited / 1e9


def moved(terminal: Terminal, key: str) -> float:
    """Seconds from a key to the cursor's new place on the screen, but for those in which other
    programs had the processors: how many there are is no matter of the console's."""
    before, waited, sent = cursor(terminal), queued(terminal), time.perf_counter()
    terminal.send(key)
    terminal.until(lambda one: cursor(one) not in {before, -1}, 10)
    return terminal.came - sent - (queued(terminal) - waited)


def _keys_during_faults(
    terminal: Terminal, proxy: FaultProxy, deliver: Callable[[], None]
) -> list[float]:
    """How long keys take while mail comes over a connection that breaks in each way, both sides."""
    pace = random.Random(7)
    waits: list[float] = []
    terminal.until(lambda one: cursor(one) >= 0)
    terminal.settle()
    for kind in (Kind.DELAY, Kind.SLICE, Kind.CUT, Kind.STALL):  # silence last: it lasts a minute
        for side in Side if kind is not Kind.STALL else (Side.SERVER,):
            proxy.break_next(side, kind)
            deliver()
            terminal.send(_F5)
            for number in range(_KEYS):
                waits.append(moved(terminal, "jk"[number % 2]))
                end = time.perf_counter() + pace.uniform(0.05, 0.15)
                while (left := end - time.perf_counter()) > 0:
                    terminal.read(left)
            terminal.until(lambda _one: proxy.happened)
    return waits


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


def test_keys_answer_whatever_becomes_of_the_connection(program: Program, dovecot: Dovecot) -> None:
    numbers = itertools.count(1)
    dovecot.add_user(_USER, PASSWORD)

    def deliver(count: int) -> None:
        for number in itertools.islice(numbers, count):
            dovecot.deliver(_USER, letter(f"m{number}", text="x" * 2_000))

    deliver(_FIRST)
    with proxy_for(dovecot) as proxy:
        email = f"{_USER}@rossi.example"
        program.run(
            *("account", "add", email, "--imap", f"127.0.0.1:{proxy.port}", "--tls", "none"),
            *("--user", _USER, "--password-stdin"),
            password=f"{PASSWORD}\n",
        )
        program.run("worker", "--once")
        terminal = Terminal(program.arguments)
        try:
            waits = _keys_during_faults(terminal, proxy, lambda: deliver(10))
        finally:
            terminal.close()
        program.run("worker", "--once")
        assert program.count(f"account:{email}") == next(numbers) - 1
    late = [wait for wait in waits if wait > _LATE_SECONDS]
    assert not late, f"{len(late)} of {len(waits)} keys took up to {max(late):.3f} s"
