"""Reads files for the search in processes of their own, which may die: the program never does.

Hides starting, feeding, waiting, killing. Nothing of a file gets into a command line, an
environment or a log; a process is ended with its group when a file takes too long, and another
one is started for the next.
"""

import asyncio
import contextlib
import os
import signal
import sys
from types import TracebackType
from typing import Self

from tui_mail.extract.files import may_have_text
from tui_mail.extract.limits import MOST_BYTES, MOST_TEXT
from tui_mail.extract.wire import ANSWER, OUTCOMES, REQUEST, Extracted, Outcome

DEADLINE_SECONDS = 10.0
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")
_MOST_ANSWER = MOST_TEXT * 4


class Extractor:
    """A few processes that read files; they are started when first needed."""

    def __init__(self, processes: int = 1, *, deadline: float = DEADLINE_SECONDS) -> None:
        self._deadline = deadline
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        self._all = [_Process() for _number in range(processes)]
        for process in self._all:
            self._idle.put_nowait(process)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def extract(self, name: str, media_type: str, content: bytes) -> Extracted:
        """The text in a file. Raises nothing for what a file does."""
        if not may_have_text(name, media_type):
            return Extracted(Outcome.DONE)
        if len(content) > MOST_BYTES:
            return Extracted(Outcome.TOO_LARGE)
        process = await self._idle.get()
        try:
            async with asyncio.timeout(self._deadline):
                return await process.ask(name, media_type, content)
        except TimeoutError:
            await process.kill()
            return Extracted(Outcome.TIMED_OUT)
        except (OSError, EOFError, ValueError):
            code = await process.kill()
            late = code in {-signal.SIGXCPU, -signal.SIGKILL}
            return Extracted(Outcome.TIMED_OUT if late else Outcome.FAILED)
        except asyncio.CancelledError:
            await process.kill()  # it may be in the middle of an answer
            raise
        finally:
            self._idle.put_nowait(process)

    async def close(self) -> None:
        """End the processes."""
        for process in self._all:
            await process.kill()


class _Process:
    """One process, or none yet."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, name: str, media_type: str, content: bytes) -> Extracted:
        """Raises OSError, EOFError, ValueError when it has died or talks nonsense."""
        process = self._process or await self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        names = [text.encode("utf-8", "replace")[:1000] for text in (name, media_type)]
        process.stdin.write(REQUEST.pack(*map(len, names), len(content)))
        process.stdin.writelines([*names, content])
        await process.stdin.drain()
        head = await process.stdout.readexactly(ANSWER.size)
        outcome, size = ANSWER.unpack(head)
        if outcome >= len(OUTCOMES) or size > _MOST_ANSWER:
            raise ValueError("no answer of ours")
        text = await process.stdout.readexactly(size)
        return Extracted(OUTCOMES[outcome], text.decode("utf-8", "replace"))

    async def _start(self) -> asyncio.subprocess.Process:
        environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
        environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-B", "-m", "tui_mail.extract"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            cwd="/",
            start_new_session=True,
        )
        return self._process

    async def kill(self) -> int | None:
        """End it with all that it may have started; how it ended by itself, None: it had not."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.returncode is None:
            # Dead for a moment already, and not yet known to be.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1 if _is_at_end(process) else 0):
                    await process.wait()
        code = process.returncode
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        return code


def _is_at_end(process: asyncio.subprocess.Process) -> bool:
    return process.stdout is not None and process.stdout.at_eof()
