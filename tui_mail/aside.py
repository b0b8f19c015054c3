"""Work in the background stands aside for a moment after each key, in every process of ours.

A priority does not do: whoever computes already goes on for milliseconds, and the processes of a
console are of other scheduling groups than their neighbours. So a console says how long the
processor is its own, in memory that it shares with the processes it starts, and these look there
between two messages or two statements.
"""

import mmap
import os
import struct
import tempfile
import time

_MOMENT_SECONDS = 0.025  # from a key to its answer on the screen, with some to spare
_MOST_SECONDS = 1.0  # of waiting at once: what is written there is not believed further
_UNTIL = struct.Struct("d")

_file: int | None = None
_shared: mmap.mmap | None = None


def share() -> int:
    """The file, by its number, for a process that is being started."""
    global _file, _shared  # noqa: PLW0603 — one for the whole process, as the processor is
    if _file is None:
        with tempfile.TemporaryFile() as file:
            file.truncate(_UNTIL.size)
            _file = os.dup(file.fileno())
        _shared = mmap.mmap(_file, _UNTIL.size)
    return _file


def join(file: int) -> None:
    """Look from now on where the process that started this one says when."""
    global _file, _shared
    _file, _shared = file, mmap.mmap(file, _UNTIL.size)


def ask() -> None:
    """Somebody typed: the processor is wanted for a moment from now."""
    if _shared is not None:
        _UNTIL.pack_into(_shared, 0, time.monotonic() + _MOMENT_SECONDS)


def left() -> float:
    """How many seconds to stand aside; 0 when nobody wants the processor."""
    if _shared is None:
        return 0.0
    seconds = float(_UNTIL.unpack_from(_shared)[0]) - time.monotonic()
    return min(max(seconds, 0.0), _MOST_SECONDS)


def stand() -> None:
    """Wait while somebody else wants the processor, but once: who types without a pause must not
    stop it for ever. Not on an event loop."""
    if (seconds := left()) > 0:
        time.sleep(seconds)
