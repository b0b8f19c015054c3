"""A program in a real pseudo-terminal: what it writes, byte by byte, and what its screen shows."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import pyte
from wcwidth import wcwidth

QUIET_SECONDS = 0.05
LAST_SECONDS = 30.0
_APC = re.compile(rb"\x1b_.*?\x1b\\", re.DOTALL)  # pyte would draw what is in it


class Screen(pyte.Screen):
    """pyte's screen, which otherwise forgets the rest of a text after some vowel signs, and cannot
    tell a line in which something narrow was written over the first half of something wide."""

    @property
    def display(self) -> list[str]:
        return ["".join(self._cells(self.buffer[y])) for y in range(self.lines)]

    def _cells(self, row: Mapping[int, pyte.screens.Char]) -> Iterator[str]:
        wide = False
        for x in range(self.columns):
            data = row[x].data
            if not wide or data:
                yield data or " "
            wide = bool(data) and wcwidth(data[0]) == 2

    def draw(self, data: str) -> None:
        for part in (data,) if data.isascii() else data:
            super().draw(part)


class Terminal:
    """`columns` x `rows`; the program sees an xterm with true colour."""

    def __init__(
        self,
        arguments: Sequence[str],
        columns: int = 120,
        rows: int = 36,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = Screen(columns, rows)
        self.written = bytearray()
        self._stream = pyte.ByteStream(self.screen)
        self._begun = b""
        self.started = self.came = time.perf_counter()  # `came`: when something last came
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
            for name in ("COLUMNS", "LINES"):
                os.environ.pop(name, None)
            os.environ.update(environment or {})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            # Not execv: readline may have put LINES and COLUMNS where Python does not see them.
            os.execve(arguments[0], list(arguments), dict(os.environ))
        self.exit_code: int | None = None

    @property
    def text(self) -> str:
        """The screen as lines."""
        return "\n".join(self.screen.display)

    def settings(self) -> list[object]:
        """How the terminal itself is set (`stty -a`)."""
        return list(termios.tcgetattr(self._fd))

    def send(self, keys: str | bytes) -> None:
        """Type; escape sequences are the caller's."""
        os.write(self._fd, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds: float) -> int:
        """Take what comes within `seconds`; how many bytes."""
        ready, _write, _error = select.select([self._fd], [], [], seconds)
        if not ready:
            return 0
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:  # the program has ended
            return 0
        self.came = time.perf_counter()
        self.written += data
        self._feed(data)
        return len(data)

    def _feed(self, data: bytes) -> None:
        """Draw what came; a command to draw a picture is no text."""
        data = _APC.sub(b"", self._begun + data)
        whole, begin, rest = data.partition(b"\x1b_")
        self._begun = begin + rest
        if whole.endswith(b"\x1b"):
            whole, self._begun = whole[:-1], b"\x1b"
        self._stream.feed(whole)

    def until(self, condition: "str | Callable[[Terminal], bool]", seconds: float = 30.0) -> float:
        """Wait until the screen shows a text or meets a condition; the moment it first did.

        Raises AssertionError with the screen when it never does.
        """
        met = condition if callable(condition) else lambda one: condition in one.text
        end = time.perf_counter() + seconds
        while not met(self):
            assert time.perf_counter() < end, f"never shown: {condition}\n{self.text}"
            self.read(0.01)
        return time.perf_counter()

    def settle(self) -> int:
        """Read until nothing comes for a while; how many bytes."""
        total = 0
        while size := self.read(QUIET_SECONDS):
            total += size
        return total

    @property
    def processor_seconds(self) -> float:
        """How long the program has computed so far, in all its threads (Linux)."""
        return time.clock_gettime((~self.pid << 3) | 2)  # the clock of another process

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """End the program by a signal; its exit status as a shell has it."""
        if self.exit_code is None:
            os.kill(self.pid, number)
        return self.wait()

    def wait(self) -> int:
        """Wait until the program has ended; its exit status as a shell has it."""
        end = time.monotonic() + LAST_SECONDS
        while self.exit_code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
                break
            self.read(0.05)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        while self.read(QUIET_SECONDS):
            pass
        return self.exit_code

    def close(self) -> None:
        """Leave nothing behind."""
        if self.exit_code is None:
            self.kill()
        os.close(self._fd)
