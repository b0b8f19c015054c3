"""Messages are prepared in other processes, and whatever becomes of those, no message is lost."""

import os
import select
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar

import pytest

from tests.worker.office import NOW, letter
from tui_mail.db.prepared import Arrival
from tui_mail.worker.child import Child, ChildFailed
from tui_mail.worker.preparers import Preparers
from tui_mail.worker.preparing import Delivery, Parcel, prepare, prepare_all

_PATIENCE = 30_000  # milliseconds
_OWN = frozenset({"vendite@rossi.it"})

Answer = TypeVar("Answer")


def deadly(request: tuple[Sequence[bytes], Collection[str]]) -> list[Parcel]:
    """Reads messages until one ends the process, keeps it busy for ever, or is too much for us."""
    raws, _own = request
    for raw in raws:
        if b"Subject: crash" in raw:
            os.kill(os.getpid(), signal.SIGKILL)
        if b"Subject: error" in raw:
            raise ZeroDivisionError
    return prepare_all(request)


def endless(_value: object) -> None:
    while True:
        pass


def greedy(size: int) -> int:
    return len(b"x" * size)


def environment(_value: object) -> list[str]:
    return sorted(os.environ)


def reach(given: tuple[int, str]) -> list[str]:
    """What keeps a process from telling somebody, and from leaving something."""
    port, place = given
    met = []
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        met.append("no network")
    try:
        Path(place).write_bytes(b"x")
    except OSError:
        met.append("no file")
    return met


def pid(_value: object) -> int:
    return os.getpid()


def told(value: bytes) -> int:
    sys.stdout.write("whoever prints must not be taken for an answer\n")
    sys.stdout.flush()
    return len(value)


def child(
    function: Callable[[Any], Answer],
    answer: type[Answer],
    *,
    processor: float = 20,
    wall: float = 60,
) -> Child[Answer]:
    return Child(
        function,
        answer,
        processor_seconds=processor,
        wall_seconds=wall,
        nice=10,
        confined=True,
    )


@pytest.fixture
def preparers() -> Iterator[Preparers]:
    made = Preparers(background=False, there=deadly)
    yield made
    made.close()


def opened(parcel: Parcel) -> tuple[Arrival, Mapping[int, bytes]]:
    """What is in it, with a file's number for where it is."""
    blobs = {number: str(number) for number in parcel.files}
    return Delivery(parcel.content, blobs, "", frozenset(), NOW).arrival(), parcel.files


async def started(preparers: Preparers) -> None:
    """Messages enough that processes are worth it, until there are some."""
    while not (preparers._starting and preparers._starting.done()):
        await preparers.prepare([letter(f"first{number}") for number in range(100)], _OWN)


def gone(number: int) -> bool:
    """Whether a process has ended, once it has."""
    try:
        handle = os.pidfd_open(number)
    except ProcessLookupError:
        return True
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    ended = bool(poll.poll(_PATIENCE))
    os.close(handle)
    return ended


async def test_many_messages_are_prepared_as_one_is(preparers: Preparers) -> None:
    await started(preparers)
    raws = [letter(f"m{number}", text="Però\r\n" * number) for number in range(200)]
    prepared = await preparers.prepare(raws, _OWN)
    assert [opened(one) for one in prepared] == [opened(prepare(raw, _OWN)) for raw in raws]


async def test_what_ends_a_process_is_kept_as_it_came_and_the_others_are_read(
    preparers: Preparers,
) -> None:
    await started(preparers)
    raws = [letter(f"m{number}") for number in range(70)]
    raws[3] = letter("m3", subject="crash")
    raws[60] = letter("m60", subject="error")
    prepared = await preparers.prepare(raws, _OWN)
    unread = {number for number, one in enumerate(prepared) if one.damage}
    assert unread == {3, 60}
    assert prepared[3].damage == ("unread",)
    for number in set(range(70)) - unread:
        assert opened(prepared[number]) == opened(prepare(raws[number], _OWN))
    assert prepared[3].content_hash == prepare(raws[3], _OWN).content_hash


def test_a_process_gives_back_large_values_and_nothing_that_it_prints() -> None:
    one = child(told, int)
    assert one.call(b"x" * 5_000_000) == 5_000_000
    assert one.call(b"") == 0
    one.close()
    one.close()


def test_a_process_that_computes_for_ever_is_ended() -> None:
    one = child(endless, NoneType, processor=0.2)
    with pytest.raises(ChildFailed):
        one.call(None)
    with pytest.raises(ChildFailed):
        one.call(None)


def test_a_process_that_wants_all_memory_is_refused_it() -> None:
    one = child(greedy, int)
    assert one.call(1 << 20) == 1 << 20
    with pytest.raises(ChildFailed):
        one.call(8 << 30)


def test_a_process_that_reads_mail_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUI_MAIL_DATABASE", "postgresql://anna:segreta@host/mail")
    one = child(environment, list[str])
    assert set(one.call(None)) <= {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TZ", "LC_CTYPE"}
    one.close()


@pytest.mark.skipif(sys.platform != "linux", reason="the confinement is Linux's")
def test_a_process_that_reads_mail_has_no_network_and_writes_no_file(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        one = child(reach, list[str])
        port = server.getsockname()[1]
        assert one.call((port, str(tmp_path / "new"))) == ["no network", "no file"]
        one.close()


async def test_a_large_message_is_read_by_another_process(preparers: Preparers) -> None:
    large = letter("large", subject="crash", text="x" * 2_000_000)
    prepared = await preparers.prepare([letter("small"), large], _OWN)
    assert [one.damage for one in prepared] == [(), ("unread",)]


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, time
        from tests.worker.test_preparers import child, endless, pid
        idle, busy = child(pid, int), child(pid, int)
        print(idle.call(None), busy.call(None), flush=True)
        sys.stdin.read()
        """
    )
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root
    ) as parent:
        assert parent.stdout is not None
        children = [int(number) for number in parent.stdout.readline().split()]
        parent.kill()
    assert len(children) == 2
    assert all(gone(number) for number in children)


def test_nothing_of_what_is_done_is_on_the_command_line() -> None:
    one = child(pid, int)
    number = one.call("segreta")
    line = Path(f"/proc/{number}/cmdline").read_bytes()
    assert b"segreta" not in line
    given_way = Path(f"/proc/{number}/stat").read_text().split()[18]
    assert int(given_way) == min(os.nice(0) + 10, 19)
    one.close()
