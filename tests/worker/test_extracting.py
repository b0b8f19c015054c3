"""Reading files in processes of their own: what they may not do, and that they may die."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.extract import making
from tui_mail.demo.attachments import pdf
from tui_mail.extract.limits import MOST_BYTES
from tui_mail.extract.wire import Extracted, Outcome
from tui_mail.worker.extracting import Extractor


def _children() -> set[int]:
    """The processes that read files, started by this one."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
            line = path.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and b"tui_mail.extract" in line:
            found.add(int(path.parent.name))
    return found


async def test_files_are_read_one_after_another_by_one_process() -> None:
    async with Extractor() as extractor:
        found = await asyncio.gather(
            *(extractor.extract(f"{n}.pdf", "", pdf([f"Fattura {n}"])) for n in range(8))
        )
        assert [one.text for one in found] == [f"Fattura {n}" for n in range(8)]
        (child,) = _children()
        line = Path(f"/proc/{child}/cmdline").read_bytes()
        assert b".pdf" not in line
        assert os.getpgid(child) == child
    assert _children() == set()


async def test_no_process_is_started_for_what_has_no_text() -> None:
    async with Extractor() as extractor:
        assert await extractor.extract("a.jpg", "image/jpeg", b"x") == Extracted(Outcome.DONE)
        large = await extractor.extract("a.pdf", "", b"x" * (MOST_BYTES + 1))
        assert large.outcome == Outcome.TOO_LARGE
        assert _children() == set()


@pytest.mark.parametrize(
    ("name", "content", "outcomes"),
    [
        ("a.docx", making.bomb(), {Outcome.TOO_LARGE}),
        (
            "a.pdf",
            making.pdf_bomb(),
            {Outcome.TOO_LARGE, Outcome.TIMED_OUT, Outcome.FAILED, Outcome.DONE},
        ),
        ("a.xml", making.laughs(), {Outcome.FAILED}),
        ("a.xml", making.outside(), {Outcome.FAILED}),
        ("a.pdf", b"%PDF-1.4 broken", {Outcome.FAILED}),
    ],
)
async def test_a_file_made_to_hurt_hurts_nobody_and_the_next_one_is_read(
    name: str, content: bytes, outcomes: set[Outcome]
) -> None:
    async with Extractor() as extractor:
        async with asyncio.timeout(20):
            found = await extractor.extract(name, "", content)
        assert found.outcome in outcomes
        assert (await extractor.extract("b.txt", "text/plain", b"bene")).text == "bene"


async def test_a_process_that_dies_is_replaced() -> None:
    async with Extractor() as extractor:
        await extractor.extract("a.txt", "", b"uno")
        (child,) = _children()
        os.kill(child, signal.SIGKILL)
        first = await extractor.extract("b.txt", "", b"due")
        assert first.outcome in {Outcome.TIMED_OUT, Outcome.FAILED}
        assert (await extractor.extract("c.txt", "", b"tre")).text == "tre"


async def test_a_process_that_hangs_is_ended_at_the_deadline() -> None:
    async with Extractor(deadline=0.5) as extractor:
        await asyncio.wait_for(extractor.extract("a.txt", "", b"uno"), 20)
        for child in _children():
            os.kill(child, signal.SIGSTOP)
        found = await asyncio.wait_for(extractor.extract("b.txt", "", b"due"), 20)
        assert found.outcome == Outcome.TIMED_OUT
        assert _children() == set()


async def test_whoever_gives_up_waiting_leaves_no_half_answer() -> None:
    async with Extractor() as extractor:
        await extractor.extract("a.txt", "", b"uno")
        task = asyncio.ensure_future(extractor.extract("a.docx", "", making.bomb()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await extractor.extract("c.txt", "", b"tre")).text == "tre"


CONFINED = """
import socket, sys
from tui_mail.extract.confined import confine
confine()
found = []
try:
    socket.create_connection(("127.0.0.1", int(sys.argv[1])), 2)
except OSError:
    found.append("no network")
try:
    with open(sys.argv[2], "w") as file:
        file.write("x")
        file.flush()
except OSError:
    found.append("no file")
try:
    bytearray(2 << 30)
except MemoryError:
    found.append("no memory")
print(found)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the confinement is Linux's")
async def test_the_process_has_no_network_no_new_files_and_little_memory(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    # As the writing of a file is refused by a signal that ends a program: Python ignores it.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CONFINED, str(port), str(tmp_path / "new")),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _err = await process.communicate()
    server.close()
    assert "no file" in out.decode()
    assert "no memory" in out.decode()
    assert "no network" in out.decode()
