"""A process that computes for this one: give it a value, and get one back.

Hides starting it, the pipes, what it may spend, and every way to end. It is a fresh interpreter,
so neither threads nor locks of this one are in it; nothing of a message or of a key is on its
command line or in its environment. It ends when this process does, whatever ends this one: the
kernel closes its standard input, and a timer of its own ends it where it does not look there.
"""

import gc
import logging
import os
import pickle
import select
import signal
import struct
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from msgspec import MsgspecError, msgpack

import tui_mail
from tui_mail import aside
from tui_mail.extract.confined import confine

_LENGTH = struct.Struct("<Q")
_DONE, _FAILED = b"+", b"-"  # what an answer begins with
_LONGEST_REPORT = 2_000
_PIPE_BYTES = 1 << 20
_READ_AT_ONCE = 1 << 20
_START_SECONDS = 60.0
_MEMORY_BYTES = 4 << 30  # of address space: a message of the greatest size several times
_COLLECTED_AFTER = (100_000, 20, 50)
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TZ")

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class ChildFailed(Exception):
    """The process crashed, took too long, or could not be started; another may be tried."""


class Child(Generic[Answer]):
    """A process that calls one function, of a module that imports little.

    `answer`: what the function gives, of plain values: nothing else is taken from the process,
    which may be in the hands of whoever wrote what it reads.
    `processor_seconds`: what a call may take of the processor, `wall_seconds`: in all, after which
    the process is ended. `nice`: how much it gives way to others on the machine, 0 to 19.
    `confined`: it reads what strangers wrote: its memory has a limit, there is no network and no
    new file for it, and nothing is in its environment that is not needed to run. Not for several
    threads at once.
    """

    def __init__(
        self,
        function: Callable[[Any], Answer],
        answer: type[Answer],
        *,
        processor_seconds: float,
        wall_seconds: float,
        nice: int,
        confined: bool,
    ) -> None:
        self._wall = wall_seconds
        self._answer = msgpack.Decoder(answer)
        shared = aside.share()
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-c", "from tui_mail.worker.child import serve; serve()"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(confined=confined),
                process_group=0,  # Ctrl+C is for who started us
                bufsize=0,
                pass_fds=(shared,),
            )
        except OSError as error:
            raise ChildFailed from error
        self._end = weakref.finalize(self, _end, process)
        assert process.stdin is not None
        assert process.stdout is not None
        self._to, self._from = process.stdin.fileno(), process.stdout.fileno()
        for end in (self._to, self._from):
            os.set_blocking(end, False)
            _widen(end)
        self._exchange(
            pickle.dumps((function, shared, processor_seconds, wall_seconds, nice, confined)),
            _START_SECONDS,
        )

    def call(self, value: object) -> Answer:
        """What the function makes of `value`.

        Raises ChildFailed; then this child is closed.
        """
        aside.stand()
        answer = self._exchange(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), self._wall)
        aside.stand()
        try:
            return self._answer.decode(answer)
        except MsgspecError as error:
            self.close()
            raise ChildFailed from error

    def _exchange(self, request: bytes, seconds: float) -> memoryview:
        try:
            deadline = time.monotonic() + seconds
            self._write(_LENGTH.pack(len(request)), deadline)
            self._write(request, deadline)
            size = _LENGTH.unpack(self._read(_LENGTH.size, deadline))[0]
            answer = memoryview(self._read(size, deadline))
        except (OSError, EOFError) as error:
            self.close()
            raise ChildFailed from error
        if answer[:1] != _DONE:
            self.close()
            log.error("a process failed: %r", bytes(answer[1:_LONGEST_REPORT]))
            raise ChildFailed
        return answer[1:]

    def _write(self, data: bytes, deadline: float) -> None:
        rest = memoryview(data)
        while rest:
            _wait(self._to, select.POLLOUT, deadline)
            with suppress(BlockingIOError):
                rest = rest[os.write(self._to, rest) :]

    def _read(self, size: int, deadline: float) -> bytearray:
        data = bytearray()
        while len(data) < size:
            _wait(self._from, select.POLLIN, deadline)
            part = os.read(self._from, min(_READ_AT_ONCE, size - len(data)))
            if not part:
                raise EOFError
            data += part
        return data

    def close(self) -> None:
        """End it at once; closing it again is fine. Done by itself when nobody has it any more."""
        self._end()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _environment(*, confined: bool) -> dict[str, str]:
    """Ours, or the least of it, and where this very package is."""
    root = str(Path(tui_mail.__file__).parents[1])
    paths: Sequence[str] = [root, *filter(None, [os.environ.get("PYTHONPATH", "")])]
    kept = [name for name in _ENVIRONMENT if name in os.environ] if confined else os.environ
    return {**{name: os.environ[name] for name in kept}, "PYTHONPATH": os.pathsep.join(paths)}


def _widen(end: int) -> None:
    """Where the system can: fewer turns for the same bytes."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)


def _wait(end: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(end, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError


# -- on the other side -----------------------------------------------------------------------------


def serve() -> None:
    """Be the process: a function first, then a call after the other until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)  # the kernel ends us, in the midst of C code too
    source = os.fdopen(os.dup(0), "rb", buffering=_PIPE_BYTES)
    target = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 1)  # whoever prints must not be taken for an answer
    with suppress(BrokenPipeError, EOFError):
        function, shared, processor_seconds, wall_seconds, nice, confined = _taken(source)
        aside.join(shared)
        os.nice(nice)
        # What it reads and writes is very many small values that are no rubbish.
        gc.freeze()
        gc.set_threshold(*_COLLECTED_AFTER)
        if confined:
            confine(_MEMORY_BYTES)
        _give(target, _DONE)
        while True:
            value = _taken(source)
            signal.setitimer(signal.ITIMER_PROF, processor_seconds)
            signal.setitimer(signal.ITIMER_REAL, wall_seconds)
            _give(target, _answered(function, value))
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)


def _answered(function: Callable[[Any], Any], value: object) -> bytes:
    try:
        return _DONE + msgpack.encode(function(value))
    except Exception as error:  # noqa: BLE001 — told to the other side, which decides
        import traceback

        frames = traceback.extract_tb(error.__traceback__)
        places = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames))
        return _FAILED + f"{type(error).__name__} at {places}".encode()


def _taken(source: Any) -> Any:
    """The next value; raises EOFError when there will be none."""
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    return pickle.loads(source.read(_LENGTH.unpack(head)[0]))  # noqa: S301 — our own process


def _give(target: Any, data: bytes) -> None:
    rest = memoryview(_LENGTH.pack(len(data)) + data)
    while rest:
        rest = rest[target.write(rest) :]
